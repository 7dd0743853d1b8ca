/*
 * Lines of a file, of plain text or gzip data.
 */

#ifndef HC_BENCH_LINES_H_INCLUDED_
#define HC_BENCH_LINES_H_INCLUDED_


#include <zlib.h>

#include "../src/base/hc_base.h"


#define LINES_BUFFER  (256 * 1024)       /* and the longest line */


typedef struct {
    gzFile       gz;
    const char  *file;
    uint64_t     number;             /* of the line read last, from 1 */
    char        *buffer;
    size_t       start;
    size_t       end;
    int          eof;
} lines_t;


/* 0: ok; -1: said why not. */

int lines_open(lines_t *l, const char *file);
void lines_close(lines_t *l);

/* 1: a line, without its end, until the next call; 0: there is none; -1: said
 * why not. */

int lines_next(lines_t *l, hc_str_t *line);

/* Says FILE:LINE: what is wrong; returns -1. */

int lines_wrong(const lines_t *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));


#endif /* HC_BENCH_LINES_H_INCLUDED_ */

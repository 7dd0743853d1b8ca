/*
 * A trace of requests in memory, read from `time,key,size,ttl` lines.
 *
 * Keys are told apart by their text and numbered in the order they come.
 */

#ifndef HC_BENCH_TRACE_H_INCLUDED_
#define HC_BENCH_TRACE_H_INCLUDED_


#include "../src/base/hc_base.h"


#define TRACE_SIZE_MAX  (1ull << 40)


typedef struct {
    uint64_t  time;              /* ms */
    uint64_t  size;              /* bytes */
    uint32_t  key;               /* its number */
    uint32_t  ttl;               /* ms; UINT32_MAX: none, or longer */
} trace_request_t;


typedef struct {
    size_t    at;                /* in `text` */
    uint32_t  len;
    uint32_t  hash;
} trace_key_t;


typedef struct {
    trace_request_t  *requests;
    size_t            nrequests;
    trace_key_t      *keys;
    size_t            nkeys;
    char             *text;      /* of all keys, one after the other */
    size_t            text_len;
    uint64_t          bytes;     /* of all requests */
    uint64_t          unique;    /* of all keys, at the size they came with */

    size_t            space[3];  /* private: allocated of these arrays */
    uint32_t         *table;     /* private: key + 1 by hash */
    size_t            mask;
} trace_t;


/* 0: read; -1: said on stderr why not, as FILE:LINE: what is wrong.  The file
 * may be gzip data. */

int trace_load(trace_t *t, const char *file);
void trace_free(trace_t *t);


static inline hc_str_t
trace_key(const trace_t *t, uint32_t key)
{
    return hc_str(t->text + t->keys[key].at, t->keys[key].len);
}


#endif /* HC_BENCH_TRACE_H_INCLUDED_ */

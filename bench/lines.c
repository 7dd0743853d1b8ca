/*
 * Lines of a file, of plain text or gzip data.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lines.h"


int
lines_wrong(const lines_t *l, const char *format, ...)
{
    va_list  args;

    fprintf(stderr, "%s:%llu: ", l->file, (unsigned long long) l->number);

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);

    fputc('\n', stderr);

    return -1;
}


/* zlib reads what is no gzip data as it is: only a name tells what was meant. */

static int
lines_is_not_gzip(lines_t *l)
{
    size_t  len;

    len = strlen(l->file);

    return len > 3 && strcmp(l->file + len - 3, ".gz") == 0
           && gzdirect(l->gz);
}


int
lines_open(lines_t *l, const char *file)
{
    memset(l, 0, sizeof(*l));

    l->file = file;
    l->buffer = malloc(LINES_BUFFER);
    l->gz = gzopen(file, "rb");

    if (l->gz == NULL || l->buffer == NULL) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno ? errno : ENOMEM));
        lines_close(l);
        return -1;
    }

    (void) gzbuffer(l->gz, LINES_BUFFER);

    if (lines_is_not_gzip(l)) {
        l->number = 1;
        (void) lines_wrong(l, "not gzip data");
        lines_close(l);
        return -1;
    }

    return 0;
}


void
lines_close(lines_t *l)
{
    if (l->gz) {
        (void) gzclose(l->gz);
    }

    free(l->buffer);
}


/* More bytes behind those that are left.  -1: said why not; bytes before the
 * error have been given then. */

static int
lines_read(lines_t *l)
{
    int          n, error;
    const char  *text;

    memmove(l->buffer, l->buffer + l->start, l->end - l->start);
    l->end -= l->start;
    l->start = 0;

    n = gzread(l->gz, l->buffer + l->end, (unsigned) (LINES_BUFFER - l->end));
    text = gzerror(l->gz, &error);

    if (n <= 0 && error < 0) {
        l->number++;

        return lines_wrong(l, "%s",
                           error == Z_ERRNO ? strerror(errno)
                           : error == Z_BUF_ERROR ? "gzip data is cut off"
                           : text);
    }

    l->end += (size_t) n;
    l->eof = n == 0;

    return 0;
}


static void
lines_take(lines_t *l, size_t len, hc_str_t *line)
{
    char  *p;

    p = l->buffer + l->start;
    *line = hc_str(p, len);

    if (len && p[len - 1] == '\r') {
        line->len--;
    }

    l->number++;
}


int
lines_next(lines_t *l, hc_str_t *line)
{
    char    *p, *lf;
    size_t   len;

    for ( ;; ) {
        p = l->buffer + l->start;
        len = l->end - l->start;
        lf = memchr(p, '\n', len);

        if (lf) {
            lines_take(l, (size_t) (lf - p), line);
            l->start += (size_t) (lf - p) + 1;
            return 1;
        }

        if (l->eof) {
            break;
        }

        if (len == LINES_BUFFER) {
            l->number++;
            return lines_wrong(l, "the line is too long");
        }

        if (lines_read(l) != 0) {
            return -1;
        }
    }

    if (len == 0) {
        return 0;
    }

    lines_take(l, len, line);                /* without an end */
    l->start = l->end;

    return 1;
}

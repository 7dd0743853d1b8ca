/*
 * Sizes as people write them, and the clock; for command lines.
 */

#ifndef HC_BENCH_SIZES_H_INCLUDED_
#define HC_BENCH_SIZES_H_INCLUDED_


#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>


/* `64m`: a number with k, m, g or nothing.  1: ok. */

static inline int
parse_size(const char *text, uint64_t *size)
{
    char         *end;
    unsigned      shift;

    if (*text < '0' || *text > '9') {
        return 0;
    }

    errno = 0;
    *size = strtoull(text, &end, 10);

    switch (*end) {
    case 'k': case 'K':  shift = 10;  break;
    case 'm': case 'M':  shift = 20;  break;
    case 'g': case 'G':  shift = 30;  break;
    default:             shift = 0;
    }

    end += shift != 0;

    if (errno || *end || *size > UINT64_MAX >> shift) {
        return 0;
    }

    *size <<= shift;

    return 1;
}


/* `5%` or `0.5%` of a whole.  1: ok. */

static inline int
parse_share(const char *text, uint64_t whole, uint64_t *size)
{
    char    *end;
    double   share;

    if (*text < '0' || *text > '9') {
        return 0;
    }

    share = strtod(text, &end);

    if (end[0] != '%' || end[1] || !(share <= 1000000)) {
        return 0;
    }

    *size = (uint64_t) ((double) whole * share / 100);

    return 1;
}


static inline uint64_t
clock_ns(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000u + (uint64_t) ts.tv_nsec;
}


static inline uint64_t
clock_ms(void)
{
    return clock_ns() / 1000000;
}


#endif /* HC_BENCH_SIZES_H_INCLUDED_ */

/*
 * Keys as they are asked for: the n-th 1 / n as often as the first.
 */

#ifndef HC_BENCH_ZIPF_H_INCLUDED_
#define HC_BENCH_ZIPF_H_INCLUDED_


#include "store.h"


/* The first whose sum is not below. */

static inline uint32_t
zipf_find(const double *sum, uint32_t n, double drawn)
{
    uint32_t  low, high, middle;

    for (low = 0, high = n - 1; low < high; /* void */) {
        middle = (low + high) / 2;

        if (sum[middle] < drawn) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }

    return low;
}


/* `len` keys drawn from `n`; the same ones each time.  To be freed. */

static inline uint32_t *
zipf_sequence(uint32_t n, size_t len)
{
    double    *sum;
    size_t     i;
    uint32_t   random, *sequence;

    sum = malloc(n * sizeof(*sum));
    sequence = malloc(len * sizeof(*sequence));
    must(sum && sequence);

    for (i = 0; i < n; i++) {
        sum[i] = 1.0 / (double) (i + 1) + (i ? sum[i - 1] : 0);
    }

    for (random = 1, i = 0; i < len; i++) {
        random = random * 1664525 + 1013904223;
        sequence[i] = zipf_find(sum, n,
                                (double) random / 4294967296.0 * sum[n - 1]);
    }

    free(sum);

    return sequence;
}


#endif /* HC_BENCH_ZIPF_H_INCLUDED_ */

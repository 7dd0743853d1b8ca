/*
 * How often a key was asked for: a count-min sketch of two rows of bytes.
 *
 * Loads and stores are plain relaxed ones: a count lost in a race is a miss
 * more before an entry is stored.
 */

#include "hc_l1_priv.h"


/* Every 512th call halves one line of both rows, so a row is halved once in
 * eight calls per counter, and no call ever pays for a whole row. */

#define HC_L1_AGE_CALLS  512


static unsigned
hc_l1_count(uint8_t *counter)
{
    uint8_t  n;

    n = __atomic_load_n(counter, __ATOMIC_RELAXED);

    if (n < UINT8_MAX) {
        n++;
        __atomic_store_n(counter, n, __ATOMIC_RELAXED);
    }

    return n;
}


static void
hc_l1_age(uint8_t *line)
{
    uint8_t   n;
    unsigned  i;

    for (i = 0; i < HC_L1_LINE; i++) {
        n = __atomic_load_n(&line[i], __ATOMIC_RELAXED);
        __atomic_store_n(&line[i], n / 2, __ATOMIC_RELAXED);
    }
}


unsigned
hc_l1_seen(hc_l1_t *l1, const hc_l1_key_t *k)
{
    uint8_t   *one, *two;
    uint32_t   width, calls, line;
    unsigned   n, m;

    width = l1->header->nseen;
    one = l1->base + l1->header->seen_at;
    two = one + width;

    calls = __atomic_add_fetch(&l1->header->seen_calls, 1, __ATOMIC_RELAXED);

    if (calls % HC_L1_AGE_CALLS == 0) {
        line = calls / HC_L1_AGE_CALLS % (width / HC_L1_LINE) * HC_L1_LINE;
        hc_l1_age(one + line);
        hc_l1_age(two + line);
    }

    n = hc_l1_count(one + (k->hash & (width - 1)));
    m = hc_l1_count(two + (k->hash >> 32 & (width - 1)));

    return hc_min(n, m);
}

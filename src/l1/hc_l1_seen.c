/*
 * How often a key was asked for while it was not stored: a count-min sketch
 * (Cormode and Muthukrishnan, 2005) of two rows of bytes.
 *
 * Loads and stores are plain relaxed ones: a count lost in a race is a miss
 * more before an entry is stored.
 */

#include "hc_l1_priv.h"


/* Every 512th call halves one line of both rows, so a row is halved once in
 * eight calls per counter, and no call ever pays for a whole row. */

#define HC_L1_AGE_CALLS  512


typedef struct {
    uint8_t  *one;
    uint8_t  *two;
} hc_l1_counts_t;


/* The second place follows from the hash, too (Fibonacci hashing). */

static hc_l1_counts_t
hc_l1_counts(const hc_l1_t *l1, uint32_t hash)
{
    uint32_t        width;
    uint8_t        *rows;
    hc_l1_counts_t  counts;

    width = l1->header->nseen;
    rows = l1->base + l1->header->seen_at;

    counts.one = rows + (hash & (width - 1));
    counts.two = rows + width
                 + ((uint64_t) (hash * 2654435769u) * width >> 32);

    return counts;
}


static unsigned
hc_l1_count(const uint8_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}


static void
hc_l1_count_set(uint8_t *counter, unsigned n)
{
    __atomic_store_n(counter, (uint8_t) hc_min(n, UINT8_MAX),
                     __ATOMIC_RELAXED);
}


static void
hc_l1_age(uint8_t *line)
{
    unsigned  i;

    for (i = 0; i < HC_L1_LINE; i++) {
        hc_l1_count_set(&line[i], hc_l1_count(&line[i]) / 2);
    }
}


static void
hc_l1_age_some(hc_l1_t *l1)
{
    uint8_t   *rows;
    uint32_t   width, calls, line;

    width = l1->header->nseen;
    rows = l1->base + l1->header->seen_at;

    calls = __atomic_add_fetch(&l1->header->seen_calls, 1, __ATOMIC_RELAXED);

    if (calls % HC_L1_AGE_CALLS == 0) {
        line = calls / HC_L1_AGE_CALLS % (width / HC_L1_LINE) * HC_L1_LINE;
        hc_l1_age(rows + line);
        hc_l1_age(rows + width + line);
    }
}


unsigned
hc_l1_seen(hc_l1_t *l1, const hc_l1_key_t *k)
{
    unsigned        n;
    hc_l1_counts_t  counts;

    hc_l1_age_some(l1);

    counts = hc_l1_counts(l1, (uint32_t) k->hash);
    n = hc_min(hc_l1_count(counts.one), hc_l1_count(counts.two)) + 1;

    hc_l1_count_set(counts.one, hc_l1_count(counts.one) + 1);
    hc_l1_count_set(counts.two, hc_l1_count(counts.two) + 1);

    return hc_min(n, UINT8_MAX);
}


unsigned
hc_l1_recall(const hc_l1_t *l1, uint32_t hash)
{
    hc_l1_counts_t  counts;

    counts = hc_l1_counts(l1, hash);

    return hc_min(hc_l1_count(counts.one), hc_l1_count(counts.two));
}


/* At least so many. */

void
hc_l1_remember(hc_l1_t *l1, uint32_t hash, unsigned uses)
{
    hc_l1_counts_t  counts;

    hc_l1_age_some(l1);

    counts = hc_l1_counts(l1, hash);

    hc_l1_count_set(counts.one, hc_max(hc_l1_count(counts.one), uses));
    hc_l1_count_set(counts.two, hc_max(hc_l1_count(counts.two), uses));
}

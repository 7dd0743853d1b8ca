/*
 * Which entry goes: the one that is worth least among a few.
 *
 * The only file that decides it.  A hit writes two small numbers into the item
 * and nothing else: no list is kept in any order.  To find a victim, the next
 * items in the order of the table are looked at, which is as good as random
 * ones and misses none, and the one with the lowest value goes:
 *
 *   value = 3/2 log(1 + uses) - log(idle + 1/32) - 7/16 log(size)
 *
 * This is hyperbolic caching (Blankstein, Sen and Freedman, 2017) with the
 * time since the last use for the time in the cache, and a part of the size:
 * the whole of it would keep the small ones at the expense of bytes.  Idle
 * time is counted in turnovers: how often the shard could have been filled
 * with what was stored since, a clock that stops when nothing is needed.
 *
 * Uses outlive the item in the sketch of hc_l1_seen.c, so that what comes
 * back is known, and what comes by once is not kept for long.
 */

#include <limits.h>

#include "hc_l1_priv.h"


#define HC_L1_USES_MAX  15

#define HC_L1_TURNOVER  256              /* units of the clock */


/* 256 * 3/2 * log2(1 + uses); never hit: worth half of once, and less */

static const int16_t  hc_l1_weight[HC_L1_USES_MAX + 1] = {
    -384, 384, 576, 768, 864, 960, 1056, 1152,
    1200, 1248, 1296, 1344, 1392, 1440, 1488, 1536
};


/* log2(n) in 1/256, n > 0; between powers of two a straight line. */

static int
hc_l1_log2(uint32_t n)
{
    int  power;

    power = 31 - __builtin_clz(n);

    return power * 256 + (int) (((uint64_t) n << 8 >> power) & 0xff);
}


/* What is known of the sample so far. */

typedef struct {
    hc_l1_item_t  *item;             /* NULL: none yet */
    int            value;
    unsigned       n;
} hc_l1_lowest_t;


/* Of a pinned item, so it stays where it is; of two processes at once one may
 * be forgotten.  Written when they change, so that a line which many read stays
 * shared. */

void
hc_l1_used(const hc_l1_shard_t *s, hc_l1_item_t *item)
{
    unsigned  uses;

    uses = item->uses;

    if (uses < HC_L1_USES_MAX) {
        item->uses = (uses + 1) & 0xf;
    }

    if (item->stamp != s->clock) {
        item->stamp = s->clock;
    }
}


/* What was known when it went counts half. */

unsigned
hc_l1_history_locked(hc_l1_t *l1, const hc_l1_key_t *k,
    const hc_l1_item_t *old)
{
    if (old) {
        return old->uses;
    }

    return (hc_l1_recall(l1, (uint32_t) k->hash) + 1) / 2;
}


void
hc_l1_born_locked(hc_l1_shard_t *s, hc_l1_item_t *item, unsigned uses)
{
    uint32_t  unit;

    unit = (s->end - s->start) / HC_L1_TURNOVER;

    s->turned += item->size;
    s->clock += (uint16_t) (s->turned / unit);
    s->turned %= unit;

    item->uses = hc_min(uses, HC_L1_USES_MAX) & 0xf;
    item->stamp = s->clock;
}


static int
hc_l1_value_locked(const hc_l1_shard_t *s, const hc_l1_item_t *item)
{
    uint32_t  idle;

    idle = (uint16_t) (s->clock - item->stamp);

    return hc_l1_weight[item->uses]
           - hc_l1_log2(idle + HC_L1_TURNOVER / 32)
           - hc_l1_log2(item->size) * 7 / 16;
}


static void
hc_l1_sample_chain_locked(hc_l1_t *l1, const hc_l1_shard_t *s, uint64_t now,
    hc_l1_lowest_t *lowest)
{
    int            value;
    uint32_t       at;
    hc_l1_item_t  *item;

    for (at = hc_l1_buckets(l1, s)[s->hand]; at; at = item->next) {
        item = hc_l1_at(l1, at);

        if (hc_l1_is_pinned(l1, at)) {
            continue;
        }

        value = hc_l1_before(now, hc_l1_keep_until(item))
                ? hc_l1_value_locked(s, item) : INT_MIN;

        if (lowest->item == NULL || value < lowest->value) {
            lowest->item = item;
            lowest->value = value;
        }

        lowest->n++;
    }
}


/* NULL: all that is left is pinned. */

hc_l1_item_t *
hc_l1_victim_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t now,
    unsigned sample)
{
    uint32_t        n;
    hc_l1_lowest_t  lowest;

    memset(&lowest, 0, sizeof(lowest));

    for (n = 0; n < s->nbuckets && lowest.n < sample; n++) {
        hc_l1_sample_chain_locked(l1, s, now, &lowest);
        s->hand = s->hand + 1 < s->nbuckets ? s->hand + 1 : 0;
    }

    return lowest.item;
}


void
hc_l1_evicted_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_item_t *item,
    uint64_t now)
{
    if (item->gen != s->gen) {
        return;
    }

    if (!hc_l1_before(now, hc_l1_keep_until(item))) {
        s->n.expired++;
        return;
    }

    s->n.evictions++;
    hc_l1_remember(l1, item->hash, item->uses + 1u);
}

/*
 * Accounts for every byte of a shard.
 */

#include "hc_l1_priv.h"


typedef struct {
    uint64_t  used;
    uint64_t  linked;            /* items that should be in a chain */
    uint64_t  entries;           /* of these, the ones not purged */
    uint64_t  bytes;
    uint64_t  pinned;
} hc_l1_sums_t;


/* A pin must cover exactly one item of the walk. */

static int
hc_l1_check_pins_locked(const hc_l1_t *l1, uint32_t at, uint32_t size,
    hc_l1_sums_t *sums)
{
    uint32_t  i;

    for (i = 0; i < l1->npins; i++) {
        if (l1->pins[i] == hc_l1_row(at, size)) {
            sums->pinned++;

        } else if (hc_l1_row_at(l1->pins[i]) < at + size
                   && hc_l1_row_at(l1->pins[i]) + hc_l1_row_size(l1->pins[i])
                      > at)
        {
            return 0;
        }
    }

    return 1;
}


static int
hc_l1_check_chained_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    uint32_t       at;
    hc_l1_item_t  *other;

    for (at = *hc_l1_bucket(l1, s, item->hash); at; at = other->next) {
        other = hc_l1_at(l1, at);

        if (other == item) {
            return 1;
        }
    }

    return 0;
}


static int
hc_l1_check_live_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at,
    hc_l1_sums_t *sums)
{
    uint64_t         need;
    hc_l1_item_t    *item;
    hc_entry_core_t  core;

    item = hc_l1_at(l1, at);
    core = hc_l1_core(item);
    need = sizeof(hc_l1_item_t) + HC_ENTRY_CORE_SIZE
           + core.ntags * sizeof(hc_tag_t) + hc_l1_payload(&core);

    if (core.ntags > HC_TAGS_MAX
        || need > (uint64_t) item->size * HC_L1_UNIT
        || !hc_l1_check_chained_locked(l1, s, item))
    {
        return 0;
    }

    sums->linked++;

    if (!hc_l1_purged(s, at)) {
        sums->entries++;
        sums->bytes += hc_l1_payload(&core);
    }

    return 1;
}


static int
hc_l1_check_walk_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_sums_t *sums)
{
    uint32_t       at;
    hc_l1_item_t  *item;

    at = s->tail;

    while (sums->used < s->used) {
        item = hc_l1_at(l1, at);

        if (item->size == 0 || item->size > s->end - at
            || !hc_l1_check_pins_locked(l1, at, item->size, sums))
        {
            return 0;
        }

        if (item->state == HC_L1_LIVE) {
            if (!hc_l1_check_live_locked(l1, s, at, sums)) {
                return 0;
            }

        } else if (item->state != HC_L1_DEAD && item->state != HC_L1_FILLER) {
            return 0;
        }

        sums->used += item->size;
        at = at + item->size == s->end ? s->start : at + item->size;
    }

    return at == s->head;
}


/* Everything in a chain is live and hashed there. */

static int
hc_l1_check_chains_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t linked)
{
    uint32_t       i, at, *bucket;
    uint64_t       n;
    hc_l1_item_t  *item;

    bucket = hc_l1_bucket(l1, s, 0);
    n = 0;

    for (i = 0; i <= s->mask; i++) {
        for (at = bucket[i]; at; at = item->next) {
            item = hc_l1_at(l1, at);

            if (at < s->start || at >= s->end
                || item->state != HC_L1_LIVE
                || (item->hash & s->mask) != i
                || ++n > linked)
            {
                return 0;
            }
        }
    }

    return n == linked;
}


int
hc_l1_check_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    hc_l1_sums_t  sums;

    memset(&sums, 0, sizeof(sums));
    hc_l1_collect_locked(l1, s);

    if (s->changing
        || s->head < s->start || s->head >= s->end
        || s->tail < s->start || s->tail >= s->end
        || s->purged > s->used || s->used > s->end - s->start)
    {
        return 0;
    }

    return hc_l1_check_walk_locked(l1, s, &sums)
           && sums.used == s->used
           && sums.entries == s->entries
           && sums.bytes == s->bytes
           && sums.pinned == l1->npins
           && hc_l1_check_chains_locked(l1, s, sums.linked);
}

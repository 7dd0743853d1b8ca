/*
 * Accounts for every byte of a shard.
 */

#include "hc_l1_priv.h"


typedef struct {
    uint64_t  free;
    uint64_t  holes;
    uint64_t  live;
    uint64_t  graves;
    uint64_t  entries;           /* live and not purged */
    uint64_t  bytes;
    uint64_t  pinned;
} hc_l1_sums_t;


/* A pin must cover exactly one item. */

static int
hc_l1_check_pins_locked(const hc_l1_t *l1, uint32_t at, uint32_t size,
    hc_l1_sums_t *sums)
{
    uint32_t  i;

    for (i = 0; i < l1->npins; i++) {
        if (l1->pins[i] == hc_l1_row(at, size)) {
            sums->pinned++;

        } else if (hc_l1_row_meets(l1->pins[i], at, size)) {
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

    at = hc_l1_buckets(l1, s)[hc_l1_bucket(s, item->hash)];

    for ( /* void */ ; at; at = other->next) {
        other = hc_l1_at(l1, at);

        if (other == item) {
            return 1;
        }
    }

    return 0;
}


static int
hc_l1_check_live_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    hc_l1_sums_t *sums)
{
    size_t  least;

    least = sizeof(hc_l1_item_t) + item->ntags * sizeof(hc_tag_t)
            + item->key_len + item->variant_len + item->headers_len;

    if (item->ntags > HC_TAGS_MAX
        || hc_l1_length(item) < least
        || !hc_l1_check_chained_locked(l1, s, item))
    {
        return 0;
    }

    sums->live++;

    if (item->gen == s->gen) {
        sums->entries++;
        sums->bytes += hc_l1_payload(item);
    }

    return 1;
}


static int
hc_l1_check_hole(const hc_l1_item_t *item, hc_l1_sums_t *sums)
{
    const uint32_t  *footer;

    footer = (const uint32_t *) ((const unsigned char *) item
                                 + (size_t) item->size * HC_L1_UNIT) - 1;

    sums->holes++;
    sums->free += item->size;

    return *footer == item->size && !item->after_hole;
}


/* Items and holes from start to end, no two holes side by side. */

static int
hc_l1_check_arena_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_sums_t *sums)
{
    int            sound;
    uint32_t       at, hole;
    hc_l1_item_t  *item;

    hole = 0;

    for (at = s->start; at < s->end; at += item->size) {
        item = hc_l1_at(l1, at);

        if (item->size < HC_L1_HOLE_MIN || item->size > s->end - at
            || item->after_hole != hole)
        {
            return 0;
        }

        hole = item->kind == HC_L1_HOLE;

        if (hole) {
            sound = hc_l1_check_hole(item, sums);

        } else {
            sound = hc_l1_check_pins_locked(l1, at, item->size, sums);
            sums->graves += item->kind == HC_L1_GRAVE;

            if (item->kind == HC_L1_LIVE) {
                sound &= hc_l1_check_live_locked(l1, s, item, sums);
            }
        }

        if (!sound) {
            return 0;
        }
    }

    return at == s->end;
}


/* Everything in a chain is live and hashed there. */

static int
hc_l1_check_chains_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t live)
{
    uint32_t       i, at, *bucket;
    uint64_t       n;
    hc_l1_item_t  *item;

    bucket = hc_l1_buckets(l1, s);
    n = 0;

    for (i = 0; i < s->nbuckets; i++) {
        for (at = bucket[i]; at; at = item->next) {
            item = hc_l1_at(l1, at);

            if (at < s->start || at >= s->end
                || item->kind != HC_L1_LIVE
                || hc_l1_bucket(s, item->hash) != i
                || ++n > live)
            {
                return 0;
            }
        }
    }

    return n == live;
}


/* Members of a list, all of a kind; more than `most`: not sound. */

static uint64_t
hc_l1_count_list(hc_l1_t *l1, const hc_l1_node_t *head, unsigned kind,
    uint64_t most)
{
    uint32_t       at;
    uint64_t       n;
    hc_l1_item_t  *item;

    n = 0;

    for (at = head->next; at != hc_l1_place(l1, head); at = item->node.next) {
        item = hc_l1_item_of(l1, at);

        if (item->kind != kind || ++n > most) {
            return UINT32_MAX;
        }
    }

    return n;
}


static int
hc_l1_check_lists_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_sums_t *sums)
{
    unsigned  level, n;
    uint64_t  on_wheel, members;

    on_wheel = 0;

    for (level = 0; level < HC_L1_LEVELS; level++) {
        for (n = 0; n < HC_L1_SPOKES; n++) {
            members = hc_l1_count_list(l1, &s->spokes[level][n], HC_L1_LIVE,
                                       sums->live);
            on_wheel += members;

            if (members && !(s->occupied[level] & 1u << n)) {
                return 0;
            }
        }
    }

    return on_wheel == sums->live
           && hc_l1_count_list(l1, &s->graves, HC_L1_GRAVE, sums->graves)
              == sums->graves;
}


static int
hc_l1_check_holes_locked(const hc_l1_t *l1, const hc_l1_shard_t *s,
    uint64_t holes)
{
    uint32_t             class, at, before;
    uint64_t             n;
    const hc_l1_hole_t  *hole;

    n = 0;

    for (class = 0; class < HC_L1_CLASSES; class++) {
        before = 0;

        if (!(s->small[class / 8] & 1u << class % 8) != !s->holes[class]
            || !(s->large & 1u << class / 8) != !s->small[class / 8])
        {
            return 0;
        }

        for (at = s->holes[class]; at; at = hole->next) {
            hole = hc_l1_at(l1, at);

            if (hole->kind != HC_L1_HOLE || hole->prev != before
                || ++n > holes)
            {
                return 0;
            }

            before = at;
        }
    }

    return n == holes;
}


int
hc_l1_check_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    hc_l1_sums_t  sums;

    memset(&sums, 0, sizeof(sums));
    hc_l1_collect_locked(l1, s);

    if (s->changing || s->unswept > s->nbuckets) {
        return 0;
    }

    return hc_l1_check_arena_locked(l1, s, &sums)
           && sums.free == s->free
           && sums.entries == s->entries
           && sums.bytes == s->bytes
           && sums.pinned == l1->npins
           && hc_l1_check_chains_locked(l1, s, sums.live)
           && hc_l1_check_lists_locked(l1, s, &sums)
           && hc_l1_check_holes_locked(l1, s, sums.holes);
}

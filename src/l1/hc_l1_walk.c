/*
 * Walking: what is in a shard, bucket by bucket, some of it at a time.
 *
 * A place in the table is all that is kept between two calls, since items
 * move and go; a bucket is where its items are whatever happens.
 */

#include "hc_l1_priv.h"


/* What one hold of the lock may look at: an empty bucket is one word, an item
 * is a cache line or two beside what the visitor copies. */

#define HC_L1_WALK_BUCKETS  4096
#define HC_L1_WALK_ITEMS    64


/* 1: a get would find it now. */

static int
hc_l1_worth_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    uint64_t now, hc_entry_t *e)
{
    hc_l1_rc_e  rc;

    if (item->gen != s->gen) {
        return 0;
    }

    rc = hc_l1_usable(l1, item, now);

    if (rc != HC_L1_HIT && rc != HC_L1_STALE) {
        return 0;
    }

    hc_l1_item_read(item, e);

    return 1;
}


/* 1: the chain is done; 0: the cursor stands in it. */

static int
hc_l1_walk_chain_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_cursor_t *c,
    uint32_t *budget, uint64_t now, hc_l1_visit_pt visit, void *data)
{
    uint32_t       n, at;
    hc_entry_t     e;
    hc_l1_item_t  *item;

    at = hc_l1_buckets(l1, s)[c->bucket];

    for (n = 0; at; n++) {
        item = hc_l1_at(l1, at);
        at = item->next;

        if (n < c->item) {
            continue;
        }

        if (*budget == 0) {
            return 0;
        }

        (*budget)--;

        if (hc_l1_worth_locked(l1, s, item, now, &e)
            && visit(data, &e, e.core.born_at + item->fresh_for) != 0)
        {
            *budget = 0;
            return 0;
        }

        c->item++;
    }

    return 1;
}


int
hc_l1_walk_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_cursor_t *c,
    uint64_t now, hc_l1_visit_pt visit, void *data)
{
    uint32_t  items, buckets;

    items = HC_L1_WALK_ITEMS;

    for (buckets = 0; buckets < HC_L1_WALK_BUCKETS; buckets++) {

        if (c->bucket >= s->nbuckets) {
            return 1;
        }

        if (!hc_l1_walk_chain_locked(l1, s, c, &items, now, visit, data)) {
            return 0;
        }

        c->bucket++;
        c->item = 0;
    }

    return c->bucket >= s->nbuckets;
}

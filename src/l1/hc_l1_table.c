/*
 * The table: chains of live items by hash.
 *
 * The hash part in an item only saves looking at its key; what counts is the
 * full key and variant.
 */

#include "hc_l1_priv.h"


/* NULL: not there. */

hc_l1_item_t *
hc_l1_find_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_key_t *k)
{
    uint32_t       at;
    hc_l1_item_t  *item;

    at = hc_l1_buckets(l1, s)[hc_l1_bucket(s, (uint32_t) k->hash)];

    while (at) {
        item = hc_l1_at(l1, at);

        if (item->hash == (uint32_t) k->hash
            && item->gen == s->gen
            && item->key_len == k->key.len
            && item->variant_len == k->variant.len
            && hc_l1_is_key(hc_l1_key_of(item), k))
        {
            return item;
        }

        at = item->next;
    }

    return NULL;
}


void
hc_l1_link_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    uint32_t  *link;

    link = hc_l1_buckets(l1, s) + hc_l1_bucket(s, item->hash);

    item->next = *link;
    item->kind = HC_L1_LIVE;
    item->gen = s->gen;
    hc_l1_pause_at("item before its chain");
    *link = hc_l1_place(l1, item);

    hc_l1_wheel_add_locked(l1, s, item);

    s->entries++;
    s->bytes += hc_l1_payload(item);
}


/* The word that leads to a live item. */

uint32_t *
hc_l1_find_link_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    uint32_t       at, *link;
    hc_l1_item_t  *other;

    at = hc_l1_place(l1, item);
    link = hc_l1_buckets(l1, s) + hc_l1_bucket(s, item->hash);

    while (*link != at) {
        hc_assert(*link != 0);
        other = hc_l1_at(l1, *link);
        link = &other->next;
    }

    return link;
}


void
hc_l1_unlink_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    hc_assert(item->kind == HC_L1_LIVE);

    *hc_l1_find_link_locked(l1, s, item) = item->next;
    hc_l1_pause_at("item out of its chain");
    hc_l1_list_remove(l1, &item->node);

    if (item->gen == s->gen) {
        s->entries--;
        s->bytes -= hc_l1_payload(item);
    }
}


/* A generation's number comes round: before it may mean two, all is cleared
 * the long way, which only happens when 255 purges come before a sweep ends. */

void
hc_l1_purge_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    s->gen++;
    hc_l1_pause_at("purged");

    if (s->gen == s->swept_gen) {
        hc_l1_collect_locked(l1, s);
        hc_l1_clear_locked(l1, s);
        return;
    }

    s->unswept = s->nbuckets;
    s->entries = 0;
    s->bytes = 0;
}


/* 1: the chain had purged items, which are gone. */

static int
hc_l1_sweep_chain_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at)
{
    int            gone;
    hc_l1_item_t  *item;

    gone = 0;

    while (at) {
        item = hc_l1_at(l1, at);
        at = item->next;

        if (item->gen != s->gen) {
            hc_l1_drop_locked(l1, s, item);
            gone = 1;
        }
    }

    return gone;
}


int
hc_l1_swept_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t buckets)
{
    int        gone;
    uint32_t  *bucket;

    bucket = hc_l1_buckets(l1, s);
    gone = 0;

    while (s->unswept && buckets-- && !gone) {
        gone = hc_l1_sweep_chain_locked(l1, s, bucket[s->unswept - 1]);
        s->unswept--;

        if (s->unswept == 0) {
            s->swept_gen = s->gen;
        }
    }

    return gone;
}

/*
 * The table: chains of live items by hash.
 *
 * The hash part in an item only saves looking at its key; what counts is the
 * full key and variant.
 */

#include "hc_l1_priv.h"


static int
hc_l1_has_key(const hc_l1_item_t *item, const hc_l1_key_t *k)
{
    hc_entry_core_t       core;
    const unsigned char  *p;

    core = hc_l1_core(item);

    p = (const unsigned char *) (item + 1) + HC_ENTRY_CORE_SIZE
        + core.ntags * sizeof(hc_tag_t);

    return hc_str_eq(hc_str(p, core.key_len), k->key)
           && hc_str_eq(hc_str(p + core.key_len, core.variant_len),
                        k->variant);
}


static void
hc_l1_drop_purged_locked(hc_l1_shard_t *s, uint32_t *link, hc_l1_item_t *item)
{
    hc_l1_change_locked(s);

    *link = item->next;
    hc_l1_pause_at("purged item out of its chain");
    item->state = HC_L1_DEAD;

    hc_l1_changed_locked(s);
}


/* NULL: not there.  Purged items met on the way leave the chain, so that a
 * purge is paid for once and by those who come by. */

hc_l1_item_t *
hc_l1_find_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_key_t *k)
{
    uint32_t      *link;
    hc_l1_item_t  *item;

    link = hc_l1_bucket(l1, s, (uint32_t) k->hash);

    while (*link) {
        item = hc_l1_at(l1, *link);

        if (hc_l1_purged(s, *link)) {
            hc_l1_drop_purged_locked(s, link, item);
            continue;
        }

        if (item->hash == (uint32_t) k->hash && hc_l1_has_key(item, k)) {
            return item;
        }

        link = &item->next;
    }

    return NULL;
}


void
hc_l1_link_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    uint32_t         *link;
    hc_entry_core_t   core;

    link = hc_l1_bucket(l1, s, item->hash);
    core = hc_l1_core(item);

    item->next = *link;
    item->state = HC_L1_LIVE;
    hc_l1_pause_at("item before its chain");
    *link = hc_l1_place(l1, item);

    s->entries++;
    s->bytes += hc_l1_payload(&core);
}


/* The word that leads to a live item. */

uint32_t *
hc_l1_find_link_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    uint32_t       at, *link;
    hc_l1_item_t  *other;

    at = hc_l1_place(l1, item);
    link = hc_l1_bucket(l1, s, item->hash);

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
    uint32_t         *link;
    hc_entry_core_t   core;

    hc_assert(item->state == HC_L1_LIVE);

    hc_l1_change_locked(s);

    link = hc_l1_find_link_locked(l1, s, item);
    *link = item->next;
    hc_l1_pause_at("item out of its chain");
    item->state = HC_L1_DEAD;

    if (!hc_l1_purged(s, hc_l1_place(l1, item))) {
        core = hc_l1_core(item);
        s->entries--;
        s->bytes -= hc_l1_payload(&core);
    }

    hc_l1_changed_locked(s);
}

/*
 * What get and put do under the lock of the key's shard.
 */

#include "hc_l1_priv.h"


void
hc_l1_gone_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    hc_l1_seq_begin_locked(s);
    hc_l1_collect_locked(l1, s);
    hc_l1_drop_locked(l1, s, item);
    hc_l1_seq_end_locked(s);
}


/* HIT or STALE, or why not: MISS means that it is past its time. */

hc_l1_rc_e
hc_l1_usable(const hc_l1_t *l1, const hc_l1_item_t *item, uint64_t now)
{
    if (!hc_l1_before(now, hc_l1_keep_until(item))) {
        return HC_L1_MISS;
    }

    if (!hc_tags_current(l1->versions, hc_l1_tags(item), item->ntags)) {
        return HC_L1_INVALIDATED;
    }

    return hc_l1_before(now, hc_l1_born_at(item) + item->fresh_for)
           ? HC_L1_HIT : HC_L1_STALE;
}


void
hc_l1_hand_out(const hc_l1_item_t *item, hc_l1_ref_t *ref)
{
    hc_l1_item_read(item, &ref->entry);
    ref->fresh_until = hc_l1_born_at(item) + item->fresh_for;
}


void
hc_l1_count_get(hc_l1_t *l1, hc_l1_rc_e rc, const hc_l1_ref_t *ref)
{
    l1->slot->hits += rc == HC_L1_HIT;
    l1->slot->stale += rc == HC_L1_STALE;
    l1->slot->copied += ref->copy;
}


/* A pin that finds no row makes it a miss: the caller holds more refs with
 * copy = 1 than it should. */

hc_l1_rc_e
hc_l1_get_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_key_t *k,
    uint64_t now, hc_l1_ref_t *ref)
{
    hc_l1_rc_e     rc;
    hc_l1_item_t  *item;

    item = hc_l1_find_locked(l1, s, k);

    if (item == NULL) {
        l1->slot->misses++;
        return HC_L1_MISS;
    }

    rc = hc_l1_usable(l1, item, now);

    if (rc != HC_L1_HIT && rc != HC_L1_STALE) {
        hc_l1_gone_locked(l1, s, item);
        s->n.expired += rc == HC_L1_MISS;
        s->n.invalidated += rc == HC_L1_INVALIDATED;
        l1->slot->misses += rc == HC_L1_MISS;
        return rc;
    }

    if (hc_l1_pin(l1, hc_l1_place(l1, item), item->size, ref) != 0) {
        l1->slot->misses++;
        return HC_L1_MISS;
    }

    hc_l1_used(s, item);
    hc_l1_hand_out(item, ref);
    hc_l1_count_get(l1, rc, ref);

    return rc;
}


/* Units an entry takes; 0: too large for this block, or cannot be written. */

uint32_t
hc_l1_need(const hc_l1_t *l1, const hc_entry_t *e)
{
    uint64_t              payload, units;
    const hc_l1_shard_t  *s;

    payload = (uint64_t) e->key.len + e->variant.len + e->headers.len
              + e->body.len;

    if (hc_entry_size(e) == 0
        || e->headers.len > HC_L1_HEADERS_MAX
        || payload > l1->header->max_object)
    {
        return 0;
    }

    s = &l1->shards[0];
    units = (sizeof(hc_l1_item_t) + e->core.ntags * sizeof(hc_tag_t) + payload
             + HC_L1_UNIT - 1) / HC_L1_UNIT;

    return units <= s->end - s->start ? (uint32_t) units : 0;
}


/* 1: the new entry can be written where the old one is. */

static int
hc_l1_fits_locked(const hc_l1_t *l1, const hc_l1_item_t *old, uint32_t need)
{
    return old != NULL
           && need <= old->size
           && !hc_l1_is_pinned(l1, hc_l1_place(l1, old));
}


static hc_l1_item_t *
hc_l1_over_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *old,
    const hc_l1_put_t *put)
{
    uint32_t  rest;

    hc_l1_unlink_locked(l1, s, old);

    rest = old->size - put->need;

    if (rest >= HC_L1_HOLE_MIN) {
        old->size = put->need;
        hc_l1_release_locked(l1, s, hc_l1_place(l1, old) + put->need, rest,
                             0);
    }

    return old;
}


static hc_l1_item_t *
hc_l1_place_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *old,
    const hc_l1_put_t *put)
{
    uint32_t       at, size;
    hc_l1_item_t  *item;

    if (old) {
        hc_l1_drop_locked(l1, s, old);
    }

    at = hc_l1_room_locked(l1, s, put->need, put->now, &size);

    if (at == 0) {
        return NULL;                 /* a pin that comes too late was in the way */
    }

    item = hc_l1_at(l1, at);
    item->size = size;
    item->after_hole = 0;

    return item;
}


/* OK or NO_MEMORY.  Pins are collected first, and bind all that follows. */

static hc_l1_rc_e
hc_l1_store_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_put_t *put)
{
    int            fits;
    unsigned       uses;
    hc_l1_item_t  *old, *item;

    hc_l1_collect_locked(l1, s);
    hc_l1_bury_locked(l1, s);

    old = hc_l1_find_locked(l1, s, put->key);
    fits = hc_l1_fits_locked(l1, old, put->need);

    if (!fits && !hc_l1_has_room_locked(l1, s, put->need)) {
        return HC_L1_NO_MEMORY;
    }

    hc_l1_change_locked(s);

    uses = hc_l1_history_locked(l1, put->key, old);
    s->n.replaced += old != NULL;

    item = fits ? hc_l1_over_locked(l1, s, old, put)
                : hc_l1_place_locked(l1, s, old, put);

    if (item) {
        hc_l1_born_locked(s, item, uses);
        hc_l1_item_write(item, put);
        hc_l1_link_locked(l1, s, item);
        s->n.stores++;
    }

    hc_l1_changed_locked(s);

    return item ? HC_L1_OK : HC_L1_NO_MEMORY;
}


/*
 * The versions are compared here and by every get.  Here it keeps dead weight
 * out; a write that moves one right after it is noticed by the get.  So the
 * race between a fill and a write needs no lock around both.
 */

hc_l1_rc_e
hc_l1_put_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_put_t *put)
{
    hc_l1_rc_e  rc;

    if (put->need == 0) {
        return HC_L1_TOO_LARGE;
    }

    if (!hc_tags_current(l1->versions, put->entry->tags,
                         put->entry->core.ntags))
    {
        return HC_L1_FENCED;
    }

    hc_l1_seq_begin_locked(s);
    rc = hc_l1_store_locked(l1, s, put);
    hc_l1_seq_end_locked(s);

    return rc;
}

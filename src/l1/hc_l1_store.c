/*
 * What get and put do under the lock of the key's shard.
 */

#include "hc_l1_priv.h"


/* In-place replacement may leave this many units of the old item unused. */

#define HC_L1_SLACK  4


static int
hc_l1_read(hc_l1_item_t *item, hc_entry_t *e)
{
    size_t           len;
    hc_entry_core_t  core;

    core = hc_l1_core(item);
    len = HC_ENTRY_CORE_SIZE + core.ntags * sizeof(hc_tag_t)
          + hc_l1_payload(&core);

    return hc_entry_read(e, hc_l1_entry_of(item), len);
}


/* A pin that finds no row makes it a miss: the caller holds more refs with
 * copy = 1 than it should. */

hc_l1_rc_e
hc_l1_get_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_key_t *k,
    uint64_t now, hc_l1_ref_t *ref)
{
    hc_entry_t    *e;
    hc_l1_item_t  *item;

    e = &ref->entry;
    item = hc_l1_find_locked(l1, s, k);

    if (item == NULL) {
        s->n.misses++;
        return HC_L1_MISS;
    }

    if (!hc_l1_read(item, e)) {
        hc_l1_unlink_locked(l1, s, item);
        s->n.misses++;
        return HC_L1_MISS;
    }

    ref->fresh_until = e->core.born_at + item->fresh_for;

    if (!hc_l1_before(now, ref->fresh_until)
        && !hc_l1_before(now, hc_l1_keep_until(&e->core)))
    {
        hc_l1_unlink_locked(l1, s, item);
        s->n.expired++;
        s->n.misses++;
        return HC_L1_MISS;
    }

    if (!hc_tags_current(l1->versions, e->tags, e->core.ntags)) {
        hc_l1_unlink_locked(l1, s, item);
        s->n.invalidated++;
        return HC_L1_INVALIDATED;
    }

    if (hc_l1_pin_locked(l1, item, ref) != 0) {
        s->n.misses++;
        return HC_L1_MISS;
    }

    if (!item->hit) {
        item->hit = 1;               /* a line that stays shared is cheaper */
    }

    s->n.copied += ref->copy;

    if (hc_l1_before(now, ref->fresh_until)) {
        s->n.hits++;
        return HC_L1_HIT;
    }

    s->n.stale++;

    return HC_L1_STALE;
}


/* Units an entry takes; 0: too large for this block, or cannot be written. */

uint32_t
hc_l1_need(const hc_l1_t *l1, const hc_entry_t *e)
{
    uint64_t              size, units;
    const hc_l1_shard_t  *s;

    size = hc_entry_size(e);

    if (size == 0
        || (uint64_t) e->key.len + e->variant.len + e->headers.len
           + e->body.len > l1->header->max_object)
    {
        return 0;
    }

    s = &l1->shards[0];
    units = (sizeof(hc_l1_item_t) + size + HC_L1_UNIT - 1) / HC_L1_UNIT;

    if (units > HC_L1_SIZE_MAX || units > s->end - s->start) {
        return 0;
    }

    return (uint32_t) units;
}


/* From born_at, in 32 bits: later than that is soon enough to look again. */

static uint32_t
hc_l1_fresh_for(uint64_t born_at, uint64_t fresh_until)
{
    uint64_t  ms;

    ms = fresh_until - born_at;

    if (ms <= UINT32_MAX) {
        return (uint32_t) ms;
    }

    return fresh_until > born_at ? UINT32_MAX : 0;
}


static void
hc_l1_write_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    const hc_l1_put_t *put)
{
    item->hash = (uint32_t) put->key->hash;
    item->fresh_for = hc_l1_fresh_for(put->entry->core.born_at,
                                      put->fresh_until);

    hc_l1_pause_at("entry half written");
    hc_entry_write(put->entry, hc_l1_entry_of(item));
    hc_l1_pause_at("entry written");

    hc_l1_link_locked(l1, s, item);
    s->n.stores++;
}


/* 1: the new entry can be written where the old one is. */

static int
hc_l1_in_place_locked(const hc_l1_t *l1, const hc_l1_item_t *old,
    uint32_t need)
{
    return old != NULL
           && need <= old->size
           && old->size - need <= HC_L1_SLACK
           && !hc_l1_is_pinned(l1, hc_l1_place(l1, old));
}


/*
 * The versions are compared here and by every get.  Here it keeps dead weight
 * out; a write that moves one right after it is noticed by the get.  So the
 * race between a fill and a write needs no lock around both.
 */

hc_l1_rc_e
hc_l1_put_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_put_t *put)
{
    int            in_place;
    uint32_t       at;
    hc_l1_item_t  *old, *item;

    if (put->need == 0) {
        return HC_L1_TOO_LARGE;
    }

    if (!hc_tags_current(l1->versions, put->entry->tags,
                         put->entry->core.ntags))
    {
        return HC_L1_FENCED;
    }

    old = hc_l1_find_locked(l1, s, put->key);

    hc_l1_collect_locked(l1, s);
    in_place = hc_l1_in_place_locked(l1, old, put->need);

    if (!in_place && !hc_l1_has_room_locked(l1, s, put->need)) {
        return HC_L1_NO_MEMORY;
    }

    hc_l1_change_locked(s);

    if (old) {
        hc_l1_unlink_locked(l1, s, old);
        s->n.replaced++;
    }

    item = old;

    if (in_place) {
        item->hit = 1;               /* it is new, but may be near the tail */

    } else {
        at = hc_l1_room_locked(l1, s, put->need, put->now);
        hc_assert(at != 0);          /* asked before */

        if (at == 0) {
            hc_l1_changed_locked(s);
            return HC_L1_NO_MEMORY;
        }

        item = hc_l1_at(l1, at);
        item->size = put->need;
        item->hit = 0;
    }

    hc_l1_write_locked(l1, s, item, put);

    hc_l1_changed_locked(s);

    return HC_L1_OK;
}

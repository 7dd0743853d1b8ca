/*
 * Public calls of a put in two steps.
 *
 *                    room taken           publish
 *   holes ---------> grave, one row ----------------> live, in its chain
 *                          |
 *                          |  abandon, death: no row
 *                          +---------------------------> hole, when a put
 *                                                        looks at the graves
 *
 * What is held is told from other graves by its row alone.  So nothing that
 * handles graves needs to know, a reset after a death least of all.
 */

#include "hc_l1_hold.h"
#include "hc_l1_lock.h"


/* The name of an item is what its row says.  NULL: there is no such grave. */

static hc_l1_item_t *
hc_l1_grave_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t name)
{
    uint32_t       node;
    hc_l1_item_t  *item;

    node = s->graves.next;

    while (node != hc_l1_place(l1, &s->graves)) {
        item = hc_l1_item_of(l1, node);

        if (hc_l1_row(hc_l1_place(l1, item), item->size) == name) {
            return item;
        }

        node = item->node.next;
    }

    return NULL;
}


static hc_l1_item_t *
hc_l1_chained_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t name,
    const hc_l1_key_t *k)
{
    uint32_t       at;
    hc_l1_item_t  *item;

    at = hc_l1_buckets(l1, s)[hc_l1_bucket(s, (uint32_t) k->hash)];

    for ( /* void */ ; at; at = item->next) {
        item = hc_l1_at(l1, at);

        if (hc_l1_row(at, item->size) == name) {
            return item->gen == s->gen ? item : NULL;
        }
    }

    return NULL;
}


/* After a reset a grave may begin where no item did: no length is believed. */

static int
hc_l1_is_of(const hc_l1_item_t *item, const hc_l1_key_t *k)
{
    size_t  least;

    least = sizeof(hc_l1_item_t) + item->ntags * sizeof(hc_tag_t)
            + item->key_len + item->variant_len + item->headers_len;

    return item->ntags <= HC_TAGS_MAX
           && hc_l1_length(item) >= least
           && item->key_len == k->key.len
           && item->variant_len == k->variant.len
           && hc_l1_is_key(hc_l1_key_of(item), k);
}


/* The item is a grave before it has a row, and has one before the shard is
 * whole again. */

static void
hc_l1_hold_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at, uint32_t size,
    const hc_l1_put_t *put, hc_l1_hold_t *hold)
{
    int            rc;
    hc_l1_item_t  *item;

    item = hc_l1_at(l1, at);

    item->size = size;
    item->kind = HC_L1_GRAVE;
    item->after_hole = 0;
    item->next = 0;
    item->gen = s->gen;

    hc_l1_item_write(item, put);
    hc_l1_list_add(l1, &s->graves, &item->node);
    hc_l1_pause_at("held, not pinned");

    rc = hc_l1_pin(l1, at, size, &hold->ref);
    hc_assert(rc == 0 && !hold->ref.copy);
    (void) rc;

    hc_l1_hand_out(item, &hold->ref);
    hold->body = (unsigned char *) item + hc_l1_length(item)
                 - put->entry->body.len;
    hold->len = put->entry->body.len;
    hold->item = hc_l1_row(at, size);
}


/* OK or NO_MEMORY. */

static hc_l1_rc_e
hc_l1_take_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_put_t *put,
    hc_l1_hold_t *hold)
{
    uint32_t  at, size;

    hc_l1_collect_locked(l1, s);
    hc_l1_bury_locked(l1, s);

    if (!hc_l1_has_room_locked(l1, s, put->need)) {
        return HC_L1_NO_MEMORY;
    }

    hc_l1_change_locked(s);

    at = hc_l1_room_locked(l1, s, put->need, put->now, &size);

    if (at) {
        hc_l1_hold_locked(l1, s, at, size, put, hold);
    }

    hc_l1_changed_locked(s);

    return at ? HC_L1_OK : HC_L1_NO_MEMORY;
}


static hc_l1_rc_e
hc_l1_reserve_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_put_t *put,
    hc_l1_hold_t *hold)
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
    rc = hc_l1_take_locked(l1, s, put, hold);
    hc_l1_seq_end_locked(s);

    return rc;
}


/* What is in the way may be pins of the dead: swept once.  A hole may be one
 * unit larger than what is needed. */

hc_l1_rc_e
hc_l1_reserve(hc_l1_t *l1, const hc_l1_key_t *k, const hc_entry_t *e,
    uint64_t now, hc_l1_hold_t *hold)
{
    int             swept;
    hc_entry_t      entry;
    hc_l1_rc_e      rc;
    hc_l1_put_t     put;
    hc_l1_shard_t  *s;

    memset(hold, 0, sizeof(*hold));

    entry = *e;
    entry.key = k->key;
    entry.variant = k->variant;

    put.key = k;
    put.entry = &entry;
    put.fresh_until = now;
    put.now = now;
    put.need = hc_l1_need(l1, &entry);

    if (l1->slot == NULL || !hc_l1_may_keep(l1, put.need + 1)) {
        return HC_L1_NO_MEMORY;
    }

    s = hc_l1_shard(l1, k);

    for (swept = 0; /* void */ ; swept = 1) {
        hc_l1_lock(l1, s);
        rc = hc_l1_reserve_locked(l1, s, &put, hold);

        if (rc != HC_L1_NO_MEMORY || swept) {
            hc_l1_count_put_locked(s, rc);
            hc_l1_unlock(s);
            return rc;
        }

        hc_l1_unlock(s);
        hc_l1_sweep(l1);
    }
}


/* What was stored under the key meanwhile, or before, goes. */

static void
hc_l1_revive_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    const hc_l1_key_t *k, uint64_t fresh_until)
{
    unsigned       uses;
    hc_l1_item_t  *old;

    old = hc_l1_find_locked(l1, s, k);
    uses = hc_l1_history_locked(l1, k, old);

    if (old) {
        hc_l1_drop_locked(l1, s, old);
        s->n.replaced++;
    }

    hc_l1_list_remove(l1, &item->node);
    hc_l1_pause_at("held, in no list");

    hc_l1_born_locked(s, item, uses);
    hc_l1_item_set_fresh(item, fresh_until);
    hc_l1_link_locked(l1, s, item);
    s->n.stores++;
}


/* After a reset around pins that overlapped it, the item cannot be told from
 * the run of units it is in. */

static hc_l1_rc_e
hc_l1_publish_locked(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_hold_t *hold,
    const hc_l1_key_t *k, uint64_t fresh_until, uint64_t now)
{
    hc_l1_item_t  *item;

    item = hc_l1_grave_locked(l1, s, hold->item);

    if (item == NULL) {
        return HC_L1_NO_MEMORY;
    }

    hc_assert(hc_l1_is_of(item, k));

    if (!hc_tags_current(l1->versions, hc_l1_tags(item), item->ntags)) {
        return HC_L1_FENCED;
    }

    hc_l1_seq_begin_locked(s);
    hc_l1_collect_locked(l1, s);
    hc_l1_change_locked(s);

    (void) hc_l1_expire_locked(l1, s, now, HC_L1_DUE);
    hc_l1_revive_locked(l1, s, item, k, fresh_until);

    hc_l1_changed_locked(s);
    hc_l1_seq_end_locked(s);

    return HC_L1_OK;
}


hc_l1_rc_e
hc_l1_publish(hc_l1_t *l1, hc_l1_hold_t *hold, const hc_l1_key_t *k,
    uint64_t fresh_until, uint64_t now)
{
    hc_l1_rc_e      rc;
    hc_l1_shard_t  *s;

    if (!hold->ref.pinned || l1->slot == NULL) {
        hold->ref.pinned = 0;
        return HC_L1_NO_MEMORY;
    }

    s = hc_l1_shard(l1, k);

    hc_l1_lock(l1, s);
    rc = hc_l1_publish_locked(l1, s, hold, k, fresh_until, now);
    hc_l1_count_put_locked(s, rc);
    hc_l1_unlock(s);

    hc_l1_pause_at("published, still pinned");
    hc_l1_unpin(l1, &hold->ref);

    return rc;
}


void
hc_l1_abandon(hc_l1_t *l1, hc_l1_hold_t *hold)
{
    hc_l1_unpin(l1, &hold->ref);
}


/* The places of items are found in lists, never believed of a name. */

hc_l1_rc_e
hc_l1_attach(hc_l1_t *l1, uint64_t name, const hc_l1_key_t *k,
    hc_l1_ref_t *ref)
{
    hc_l1_item_t   *item;
    hc_l1_shard_t  *s;

    ref->pinned = 0;
    ref->copy = 0;

    if (l1->slot == NULL || !hc_l1_may_keep(l1, hc_l1_row_size(name))) {
        return HC_L1_MISS;
    }

    s = hc_l1_shard(l1, k);

    hc_l1_lock(l1, s);

    item = hc_l1_grave_locked(l1, s, name);

    if (item == NULL) {
        item = hc_l1_chained_locked(l1, s, name, k);
    }

    if (item
        && hc_l1_is_of(item, k)
        && hc_l1_pin(l1, hc_l1_row_at(name), item->size, ref) == 0)
    {
        hc_l1_hand_out(item, ref);
    }

    hc_l1_unlock(s);

    return ref->pinned ? HC_L1_OK : HC_L1_MISS;
}

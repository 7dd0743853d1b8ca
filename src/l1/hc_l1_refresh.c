/*
 * Other times for an item that stays where it is: the app said that what is
 * stored is still right (RFC 9111, 4.3.4).
 *
 * Who has it pinned has its times already, in the ref; the spans stay.
 */

#include "hc_l1_priv.h"


/* 1: the item is the one that was asked about, and its bytes stay. */

static int
hc_l1_is_same(const hc_l1_item_t *item, const hc_entry_core_t *was,
    const hc_entry_t *e)
{
    hc_entry_t  stored;

    hc_l1_item_read(item, &stored);

    return stored.core.born_at == was->born_at
           && stored.core.status == e->core.status
           && stored.core.ntags == e->core.ntags
           && stored.body.len == e->body.len
           && hc_str_eq(stored.headers, e->headers);
}


hc_l1_rc_e
hc_l1_refresh_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_entry_core_t *was, const hc_l1_put_t *put)
{
    hc_l1_item_t      *item;
    const hc_entry_t  *e;

    e = put->entry;

    if (!hc_tags_current(l1->versions, e->tags, e->core.ntags)) {
        return HC_L1_FENCED;
    }

    item = hc_l1_find_locked(l1, s, put->key);

    if (item == NULL || !hc_l1_is_same(item, was, e)) {
        return HC_L1_MISS;
    }

    hc_l1_seq_begin_locked(s);
    hc_l1_change_locked(s);

    hc_l1_list_remove(l1, &item->node);
    hc_l1_pause_at("item off the wheel");
    hc_l1_item_refresh(item, put);
    hc_l1_wheel_add_locked(l1, s, item);

    hc_l1_changed_locked(s);
    hc_l1_seq_end_locked(s);

    return HC_L1_OK;
}

/*
 * Making room.
 *
 * The total is what counts: as soon as there is enough free memory, in
 * whatever pieces, items are moved together until one hole is large enough.
 */

#include "hc_l1_priv.h"


/* Items are moved together when that much more than what is needed is free:
 * with less there are hardly places for them. */

#define HC_L1_SPARE(s, n)  ((n) / 4 + ((s)->end - (s)->start) / 256)

/* Places tried for a new large hole, before one more item goes. */

#define HC_L1_WIDEN_TRIES  3

/* After a purge each store sweeps so many buckets, or until one had garbage. */

#define HC_L1_SWEEP  32

/* Items a store takes from the wheel, even if there is room. */

#define HC_L1_DUE  4


static void
hc_l1_free_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    hc_l1_release_locked(l1, s, hc_l1_place(l1, item), item->size,
                         item->after_hole);
}


void
hc_l1_drop_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    hc_l1_change_locked(s);

    hc_l1_unlink_locked(l1, s, item);

    if (hc_l1_is_pinned(l1, hc_l1_place(l1, item))) {
        item->kind = HC_L1_GRAVE;
        hc_l1_list_add(l1, &s->graves, &item->node);

    } else {
        hc_l1_free_locked(l1, s, item);
    }

    hc_l1_changed_locked(s);
}


/* Graves that nobody sends any more. */

void
hc_l1_bury_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    uint32_t       at, next;
    hc_l1_item_t  *item;

    for (at = s->graves.next; at != hc_l1_place(l1, &s->graves); at = next) {
        item = hc_l1_item_of(l1, at);
        next = item->node.next;

        if (hc_l1_is_pinned(l1, hc_l1_place(l1, item))) {
            continue;
        }

        hc_l1_change_locked(s);

        hc_l1_list_remove(l1, &item->node);
        hc_l1_pause_at("grave out of its list");
        hc_l1_free_locked(l1, s, item);

        hc_l1_changed_locked(s);
    }
}


/* The item is at `to` then, in `size` units; its old place is nobody's. */

static void
hc_l1_move_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    uint32_t to, uint32_t size)
{
    size_t         len;
    uint32_t      *link;
    hc_l1_item_t  *moved;

    link = hc_l1_find_link_locked(l1, s, item);
    len = hc_l1_length(item);
    moved = hc_l1_at(l1, to);

    hc_l1_pause_at("item before its move");
    memcpy(moved, item, len);

    moved->size = size;
    moved->slack = (uint32_t) (size * (size_t) HC_L1_UNIT - len) & 0xf;
    moved->after_hole = 0;

    *link = to;
    hc_l1_list_moved(l1, &moved->node);
}


/* Units that came free at `at`, behind a hole that is in no list: those of a
 * hole, or of an item that could be moved elsewhere; 0: none. */

static uint32_t
hc_l1_clear_place_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at)
{
    uint32_t       to, size, n;
    hc_l1_item_t  *item;

    item = hc_l1_at(l1, at);
    n = item->size;

    if (item->kind == HC_L1_HOLE) {
        hc_l1_unhook_locked(l1, s, at);
        return n;
    }

    if (item->kind == HC_L1_GRAVE || hc_l1_is_pinned(l1, at)) {
        return 0;
    }

    to = hc_l1_alloc_locked(l1, s,
                            (uint32_t) ((hc_l1_length(item) + HC_L1_UNIT - 1)
                                        / HC_L1_UNIT),
                            &size);
    if (to == 0) {
        return 0;
    }

    hc_l1_move_locked(l1, s, item, to, size);

    return n;
}


/* A hole at `at` grows to n units; 1: it did. */

static int
hc_l1_widen_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at, uint32_t n)
{
    uint32_t       size, more;
    hc_l1_hole_t  *hole;

    hole = hc_l1_at(l1, at);
    size = hole->size;
    hc_l1_unhook_locked(l1, s, at);

    while (size < n && at + size < s->end) {
        more = hc_l1_clear_place_locked(l1, s, at + size);
        hc_l1_pause_at("hole widened");

        if (more == 0) {
            break;
        }

        size += more;
    }

    hc_l1_release_locked(l1, s, at, size, 0);

    return size >= n;
}


static uint32_t
hc_l1_gather_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n,
    uint32_t *size)
{
    uint32_t  i, at;

    for (i = 0; i < HC_L1_WIDEN_TRIES; i++) {
        at = hc_l1_large_hole_locked(l1, s, i);

        if (at == 0) {
            return 0;
        }

        if (hc_l1_widen_locked(l1, s, at, n)) {
            return hc_l1_alloc_locked(l1, s, n, size);
        }
    }

    return 0;
}


/* 1: an item went.  In the order of what it costs: nothing, nothing, a miss
 * later. */

static int
hc_l1_give_up_one_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t now)
{
    hc_l1_item_t  *item;

    if (hc_l1_expire_locked(l1, s, now, HC_L1_DUE)
        || hc_l1_swept_locked(l1, s, s->unswept))
    {
        return 1;
    }

    item = hc_l1_victim_locked(l1, s);

    if (item == NULL) {
        return 0;
    }

    s->n.evictions++;
    hc_l1_drop_locked(l1, s, item);

    return 1;
}


uint32_t
hc_l1_room_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n, uint64_t now,
    uint32_t *size)
{
    uint32_t  at;

    hc_l1_change_locked(s);

    (void) hc_l1_swept_locked(l1, s, HC_L1_SWEEP);
    (void) hc_l1_expire_locked(l1, s, now, HC_L1_DUE);

    for ( ;; ) {
        at = hc_l1_alloc_locked(l1, s, n, size);

        if (at == 0 && s->free >= n + HC_L1_SPARE(s, n)) {
            at = hc_l1_gather_locked(l1, s, n, size);
        }

        if (at || !hc_l1_give_up_one_locked(l1, s, now)) {
            break;
        }
    }

    hc_l1_changed_locked(s);

    return at;
}


/* Could n units be had if all that is not pinned went?  Asked first, so that
 * a store which cannot succeed evicts nothing. */

int
hc_l1_has_room_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t n)
{
    uint32_t  i, at;

    at = s->start;

    for (i = 0; i < l1->npins; i++) {
        if (hc_l1_row_at(l1->pins[i]) >= at + (uint64_t) n) {
            return 1;
        }

        at = hc_l1_row_at(l1->pins[i]) + hc_l1_row_size(l1->pins[i]);
    }

    return s->end - at >= n;
}

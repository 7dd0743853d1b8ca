/*
 * Making room: first in, first out, with a second chance for what was hit.
 *
 * The only file that decides which entry goes.
 */

#include "hc_l1_priv.h"


/* Moved to the head by one store: enough to keep the hot ones of a region,
 * little enough to bound the time under the lock.  A store of more bytes than
 * that may move as many as it writes. */

#define HC_L1_MOVE_BYTES  (64 * 1024)


/* 1: the live item at the tail goes round once more. */

static int
hc_l1_deserves_locked(const hc_l1_item_t *item, uint64_t now)
{
    hc_entry_core_t  core;

    if (!item->hit) {
        return 0;
    }

    core = hc_l1_core(item);

    return hc_l1_before(now, hc_l1_keep_until(&core));
}


static void
hc_l1_evict_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    uint64_t now)
{
    hc_entry_core_t  core;

    if (!hc_l1_purged(s, s->tail)) {
        core = hc_l1_core(item);

        if (hc_l1_before(now, hc_l1_keep_until(&core))) {
            s->n.evictions++;

        } else {
            s->n.expired++;
        }
    }

    hc_l1_unlink_locked(l1, s, item);
}


/* From the tail to the head; the gap between them is free, so the two places
 * may overlap but nothing else is written to. */

static void
hc_l1_move_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    uint32_t  n, *link;

    n = item->size;
    link = hc_l1_find_link_locked(l1, s, item);

    *link = s->head;
    hc_l1_pause_at("item before its move");
    memmove(hc_l1_at(l1, s->head), item, (size_t) n * HC_L1_UNIT);

    (void) hc_l1_take_locked(s, n);
    hc_l1_pass_locked(s, n);
}


/* One item at the tail goes, moves or is jumped over.  Returns its size. */

static uint32_t
hc_l1_step_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t *budget,
    uint64_t now)
{
    int            pinned, keep;
    uint32_t       n;
    hc_l1_item_t  *item;

    item = hc_l1_at(l1, s->tail);
    n = item->size;
    hc_assert(n > 0);

    pinned = item->state != HC_L1_FILLER && hc_l1_is_pinned(l1, s->tail);
    keep = 0;

    if (item->state == HC_L1_LIVE) {
        keep = !hc_l1_purged(s, s->tail)
               && hc_l1_deserves_locked(item, now)
               && (pinned || n <= *budget);

        if (!keep) {
            hc_l1_evict_locked(l1, s, item, now);
        }

        item->hit = 0;
    }

    if (pinned) {
        hc_l1_jump_locked(l1, s, n);

    } else if (keep) {
        *budget -= n;
        hc_l1_move_locked(l1, s, item);

    } else {
        hc_l1_pass_locked(s, n);
    }

    return n;
}


/*
 * Ends: an item is kept once, as nobody can hit it meanwhile.  So after one
 * lap everything that is not pinned goes, and within the next one the head
 * comes by the space that hc_l1_has_room_locked() found.
 */

uint32_t
hc_l1_room_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n, uint64_t now)
{
    uint32_t  gap, budget;
    uint64_t  walked, most;

    budget = hc_max(n, HC_L1_MOVE_BYTES / HC_L1_UNIT);
    most = 3 * (uint64_t) (s->end - s->start);
    walked = 0;

    while (walked <= most) {
        gap = hc_l1_gap_locked(s);

        if (gap >= n) {
            return hc_l1_take_locked(s, n);
        }

        if (gap > 0 && s->head >= s->tail) {
            hc_l1_fill_locked(l1, s, gap);
            hc_l1_pause_at("filler at the end");
            continue;
        }

        walked += hc_l1_step_locked(l1, s, &budget, now);
        hc_l1_pause_at("tail moved");
    }

    return 0;
}

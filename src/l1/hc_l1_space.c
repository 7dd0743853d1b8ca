/*
 * Making room: the total is what counts, gather makes one hole of it.
 */

#include "hc_l1_priv.h"


/* Items are moved together when that much more than what is needed is free:
 * with less there are hardly places for them. */

#define HC_L1_SPARE(s, n)  ((n) / 4 + ((s)->end - (s)->start) / 256)

/* Items looked at for a victim; one store that needs more victims than that is
 * in a hurry. */

#define HC_L1_SAMPLE   16
#define HC_L1_VICTIMS  64

/* After a purge each store sweeps so many buckets, or until one had garbage. */

#define HC_L1_SWEEP  32

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

        if (hc_l1_is_sent(l1, hc_l1_place(l1, item), item->size)) {
            continue;
        }

        hc_l1_change_locked(s);

        hc_l1_list_remove(l1, &item->node);
        hc_l1_pause_at("grave out of its list");
        hc_l1_free_locked(l1, s, item);

        hc_l1_changed_locked(s);
    }
}


static unsigned
hc_l1_sample(uint32_t gone)
{
    return gone < HC_L1_VICTIMS ? HC_L1_SAMPLE : HC_L1_SAMPLE / 4;
}


/* 1: an item went, or may have.  In the order of what it costs: nothing,
 * nothing, a miss later. */

static int
hc_l1_give_up_one_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t now,
    unsigned sample)
{
    hc_l1_item_t  *item;

    if (hc_l1_expire_locked(l1, s, now, HC_L1_DUE)) {
        return 1;
    }

    if (s->unswept) {
        (void) hc_l1_swept_locked(l1, s, s->unswept);
        return 1;
    }

    item = hc_l1_victim_locked(l1, s, now, sample);

    if (item == NULL) {
        return 0;
    }

    hc_l1_evicted_locked(l1, s, item, now);
    hc_l1_drop_locked(l1, s, item);

    return 1;
}


uint32_t
hc_l1_room_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n, uint64_t now,
    uint32_t *size)
{
    uint32_t  at, gone, tries;
    uint64_t  enough;

    hc_l1_change_locked(s);

    (void) hc_l1_swept_locked(l1, s, HC_L1_SWEEP);
    (void) hc_l1_expire_locked(l1, s, now, HC_L1_DUE);

    at = hc_l1_alloc_locked(l1, s, n, size);
    enough = n + HC_L1_SPARE(s, n);
    tries = 0;

    for (gone = 0; at == 0 && tries <= HC_L1_TRIES; gone++) {

        if ((s->free >= enough && s->unswept == 0)
            || !hc_l1_give_up_one_locked(l1, s, now, hc_l1_sample(gone)))
        {
            at = hc_l1_gather_locked(l1, s, n, now, tries, size);
            enough += HC_L1_SPARE(s, n);
            tries++;

        } else {
            at = hc_l1_alloc_locked(l1, s, n, size);
        }
    }

    hc_l1_changed_locked(s);

    return at;
}

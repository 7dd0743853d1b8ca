/*
 * The ring of a shard: what is free, taken, passed and jumped over.
 *
 * used == 0 puts head and tail back to the start, so that head == tail means
 * an empty ring at the start or a full one anywhere.
 */

#include "hc_l1_priv.h"


/* Free units in one piece at the head. */

uint32_t
hc_l1_gap_locked(const hc_l1_shard_t *s)
{
    if (s->used == s->end - s->start) {
        return 0;
    }

    return s->head < s->tail ? s->tail - s->head : s->end - s->head;
}


static uint32_t
hc_l1_wrapped(const hc_l1_shard_t *s, uint32_t at)
{
    return at == s->end ? s->start : at;
}


/* Moves the head; returns where it was. */

uint32_t
hc_l1_take_locked(hc_l1_shard_t *s, uint32_t n)
{
    uint32_t  at;

    hc_assert(n <= s->end - s->head);

    at = s->head;
    s->head = hc_l1_wrapped(s, at + n);
    s->used += n;

    return at;
}


/* Moves the tail over one item. */

void
hc_l1_pass_locked(hc_l1_shard_t *s, uint32_t n)
{
    hc_assert(n <= s->end - s->tail);
    hc_assert(n <= s->used);

    s->tail = hc_l1_wrapped(s, s->tail + n);
    s->used -= n;
    s->purged -= hc_min(s->purged, n);

    if (s->used == 0) {
        s->head = s->start;
        s->tail = s->start;
    }
}


static void
hc_l1_fill(hc_l1_t *l1, uint32_t at, uint32_t n, unsigned state)
{
    hc_l1_item_t  *item;

    item = hc_l1_at(l1, at);
    item->size = n;
    item->state = state;
    item->hit = 0;
}


/* Takes n units at the head for nothing. */

void
hc_l1_fill_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n)
{
    uint32_t  size;

    while (n) {
        size = hc_min(n, HC_L1_SIZE_MAX);
        hc_l1_fill(l1, hc_l1_take_locked(s, size), size, HC_L1_FILLER);
        n -= size;
    }
}


/* The item of n units at the tail becomes the one before the head, where it
 * is.  The ring is full then. */

void
hc_l1_jump_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n)
{
    hc_assert(s->head <= s->tail);

    hc_l1_fill_locked(l1, s, s->tail - s->head);
    hc_l1_pause_at("filler before a pinned item");

    (void) hc_l1_take_locked(s, n);
    hc_l1_pass_locked(s, n);
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


/*
 * A process died in the middle of a change.  Nothing in the arena is believed:
 * the new walk has dead items where the rows say, and fillers between them.
 * Readers of pinned items look at entries, never at the headers written here.
 * `changing` stays set to the end, so that dying in here is no worse.
 */

void
hc_l1_reset_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    uint32_t  i, at, free, size;

    s->changing = 1;

    hc_l1_collect_locked(l1, s);

    memset(l1->base + s->buckets, 0, (s->mask + 1) * sizeof(uint32_t));

    s->head = s->start;
    s->tail = s->start;
    s->used = 0;
    s->purged = 0;
    s->entries = 0;
    s->bytes = 0;

    free = s->start;

    for (i = 0; i < l1->npins; i++) {
        at = hc_l1_row_at(l1->pins[i]);
        size = hc_l1_row_size(l1->pins[i]);

        if (at < free) {
            continue;                /* pinned by two */
        }

        hc_l1_fill_locked(l1, s, at - free);
        hc_l1_pause_at("reset");
        hc_l1_fill(l1, hc_l1_take_locked(s, size), size, HC_L1_DEAD);
        free = at + size;
    }

    s->n.resets++;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    s->changing = 0;
}

/*
 * Who waits on a place, and telling them.
 *
 * The rows of the workers are the truth; mask and sum of a place follow.
 */

#include "hc_flight_priv.h"


/* A worker whose mark was there already is about to look. */

static void
hc_flight_mark(hc_flight_t *f, unsigned slot, uint32_t index)
{
    uint64_t  bit, old;

    bit = (uint64_t) 1 << index % 64;
    old = __atomic_fetch_or(&f->marks[slot][index / 64], bit,
                            __ATOMIC_SEQ_CST);

    if (!(old & bit)) {
        hc_flight_mask_add(&f->owed, slot);
    }
}


void
hc_flight_tell_locked(hc_flight_t *f, hc_flight_place_t *p)
{
    unsigned  n, slot;
    uint64_t  left;

    for (n = 0; n < HC_FLIGHT_WORKERS / 64; n++) {
        for (left = p->mask.word[n]; left; left &= left - 1) {
            slot = n * 64 + (unsigned) __builtin_ctzll(left);
            hc_flight_mark(f, slot, hc_flight_index(f, p));
            hc_flight_pause_at("marked");
        }
    }
}


void
hc_flight_free_locked(hc_flight_t *f, hc_flight_place_t *p)
{
    unsigned  n, slot;
    uint64_t  left;

    hc_flight_tell_locked(f, p);

    for (n = 0; n < HC_FLIGHT_WORKERS / 64; n++) {
        for (left = p->mask.word[n]; left; left &= left - 1) {
            slot = n * 64 + (unsigned) __builtin_ctzll(left);
            f->waits[slot][hc_flight_index(f, p)] = 0;
            hc_flight_pause_at("row freed");
        }

        p->mask.word[n] = 0;
    }

    p->waiters = 0;
}


/* 1: this process waits on it once more; 0: enough do. */

int
hc_flight_wait_locked(hc_flight_t *f, hc_flight_place_t *p, uint32_t max)
{
    uint16_t  *row;

    row = &f->waits[f->slot][hc_flight_index(f, p)];

    if (p->waiters >= max || *row == HC_FLIGHT_WAITS_MAX) {
        return 0;
    }

    (*row)++;
    hc_flight_pause_at("row counted");
    p->waiters++;
    hc_flight_mask_add(&p->mask, (unsigned) f->slot);

    return 1;
}


void
hc_flight_drop_locked(hc_flight_t *f, hc_flight_place_t *p, unsigned slot,
    uint32_t n)
{
    uint16_t  *row;

    row = &f->waits[slot][hc_flight_index(f, p)];
    n = hc_min(n, *row);

    *row -= (uint16_t) n;
    hc_flight_pause_at("row dropped");
    p->waiters -= n;

    if (*row == 0) {
        hc_flight_mask_remove(&p->mask, slot);
    }
}


/* Whoever waits is told, since he may have been about to be. */

void
hc_flight_recount_locked(hc_flight_t *f, hc_flight_place_t *p)
{
    unsigned   slot;
    uint16_t   row;

    memset(&p->mask, 0, sizeof(p->mask));
    p->waiters = 0;

    for (slot = 0; slot < HC_FLIGHT_WORKERS; slot++) {
        row = f->waits[slot][hc_flight_index(f, p)];

        if (row) {
            hc_flight_mask_add(&p->mask, slot);
            p->waiters += row;
        }
    }

    if (hc_flight_word_state(p->word) == HC_FLIGHT_LIVE) {
        hc_flight_tell_locked(f, p);

    } else {
        hc_flight_free_locked(f, p);
    }
}


void
hc_flight_give(hc_flight_t *f, hc_flight_mask_t *wake)
{
    *wake = f->owed;
    memset(&f->owed, 0, sizeof(f->owed));
}


uint64_t
hc_flight_marks(hc_flight_t *f, unsigned word)
{
    uint64_t  *marks;

    if (f->slot == -1) {
        return 0;
    }

    marks = &f->marks[f->slot][word];

    if (__atomic_load_n(marks, __ATOMIC_RELAXED) == 0) {
        return 0;
    }

    return __atomic_exchange_n(marks, 0, __ATOMIC_SEQ_CST);
}

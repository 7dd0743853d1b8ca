/*
 * Slots: which processes there are, and what those that died have left.
 *
 * The mutex of a slot is held for life, and only ever tried by others.
 */

#include <errno.h>
#include <unistd.h>

#include "hc_flight_priv.h"


/* 1: the mutex of the slot is ours now; its owner is gone, or there was none.
 * A process dies with EOWNERDEAD, however it dies. */

static int
hc_flight_slot_trylock(hc_flight_slot_t *slot)
{
    int  rc;

    rc = pthread_mutex_trylock(&slot->mutex);

    if (rc == EOWNERDEAD) {
        (void) pthread_mutex_consistent(&slot->mutex);
        return 1;
    }

    return rc == 0;
}


/* A dead one is left to be swept. */

int
hc_flight_alive(hc_flight_t *f, unsigned slot)
{
    if ((int) slot == f->slot) {
        return 1;
    }

    if (!hc_flight_in_use(f, slot)) {
        return 0;
    }

    if (hc_flight_slot_trylock(&f->slots[slot])) {
        (void) pthread_mutex_unlock(&f->slots[slot].mutex);
        return 0;
    }

    return 1;
}


static void
hc_flight_clear_place_locked(hc_flight_t *f, hc_flight_place_t *p,
    unsigned slot, uint64_t now)
{
    if (f->waits[slot][hc_flight_index(f, p)]) {
        hc_flight_drop_locked(f, p, slot, HC_FLIGHT_WAITS_MAX);
    }

    if (hc_flight_word_state(p->word) == HC_FLIGHT_LIVE && p->owner == slot) {
        hc_flight_finish_locked(f, p, HC_FLIGHT_GONE, p->until, now);
    }
}


/* The caller holds the mutex of the slot.  Each shard is locked, for the slot's
 * owner may have died in any; who dies in here is followed by the next one. */

static void
hc_flight_slot_clear(hc_flight_t *f, unsigned slot, uint64_t now)
{
    uint32_t  i, n;

    for (i = 0; i < HC_FLIGHT_LEASES; i += HC_FLIGHT_SHARD) {
        hc_flight_lock(f, i);

        for (n = i; n < i + HC_FLIGHT_SHARD; n++) {
            hc_flight_clear_place_locked(f, &f->places[n], slot, now);
        }

        hc_flight_unlock(f, i);
    }

    for (i = 0; i < HC_FLIGHT_WORDS; i++) {
        __atomic_store_n(&f->marks[slot][i], 0, __ATOMIC_RELAXED);
    }

    for (i = 0; i < HC_FLIGHT_GROUPS; i++) {
        __atomic_store_n(&f->groups[slot][i], 0, __ATOMIC_RELAXED);
    }

    /* it may have died while it looked for the least one */

    __atomic_store_n(&f->header->deadline, 0, __ATOMIC_SEQ_CST);
    hc_flight_pause_at("slot cleared");

    f->slots[slot].pid = 0;
    __atomic_store_n(&f->header->in_use[slot], 0, __ATOMIC_RELEASE);
}


/* Looks at all places only when one may be past its deadline; the least one is
 * found anew by that, and lowered again by whoever begins or comes late. */

static void
hc_flight_sweep_deadlines(hc_flight_t *f, uint64_t now)
{
    uint32_t            i;
    uint64_t            deadline;
    hc_flight_place_t  *p;

    if (now < __atomic_load_n(&f->header->deadline, __ATOMIC_SEQ_CST)) {
        return;
    }

    __atomic_store_n(&f->header->deadline, UINT64_MAX, __ATOMIC_SEQ_CST);

    for (i = 0; i < HC_FLIGHT_LEASES; i++) {
        p = &f->places[i];

        if (hc_flight_word_state(__atomic_load_n(&p->word, __ATOMIC_SEQ_CST))
            != HC_FLIGHT_LIVE)
        {
            continue;
        }

        deadline = __atomic_load_n(&p->deadline, __ATOMIC_RELAXED);

        if (now < deadline) {
            hc_flight_deadline_min(f, deadline);
            continue;
        }

        hc_flight_lock(f, i);

        if (hc_flight_word_state(p->word) == HC_FLIGHT_LIVE
            && now >= p->deadline)
        {
            hc_flight_finish_locked(f, p, HC_FLIGHT_GONE, p->until, now);
        }

        hc_flight_unlock(f, i);
    }
}


static void
hc_flight_sweep_dead(hc_flight_t *f, uint64_t now)
{
    unsigned  slot;

    for (slot = 0; slot < HC_FLIGHT_WORKERS; slot++) {
        if ((int) slot != f->slot
            && hc_flight_in_use(f, slot)
            && hc_flight_slot_trylock(&f->slots[slot]))
        {
            hc_flight_slot_clear(f, slot, now);
            (void) pthread_mutex_unlock(&f->slots[slot].mutex);
        }
    }
}


void
hc_flight_sweep(hc_flight_t *f, uint64_t now, hc_flight_mask_t *wake)
{
    hc_flight_sweep_dead(f, now);
    hc_flight_sweep_deadlines(f, now);
    hc_flight_give(f, wake);
}


int
hc_flight_join(hc_flight_t *f, uint64_t now, hc_flight_mask_t *wake)
{
    unsigned  slot;

    hc_flight_sweep_dead(f, now);

    for (slot = 0; f->slot == -1 && slot < HC_FLIGHT_WORKERS; slot++) {
        if (!hc_flight_slot_trylock(&f->slots[slot])) {
            continue;
        }

        hc_flight_slot_clear(f, slot, now);

        f->slots[slot].pid = (uint32_t) getpid();
        f->slot = (int) slot;
        __atomic_store_n(&f->header->in_use[slot], 1, __ATOMIC_RELEASE);
        hc_flight_pause_at("slot taken");
    }

    hc_flight_give(f, wake);

    return f->slot == -1 ? -1 : 0;
}


void
hc_flight_leave(hc_flight_t *f, uint64_t now, hc_flight_mask_t *wake)
{
    unsigned  slot;

    if (f->slot != -1) {
        slot = (unsigned) f->slot;
        f->slot = -1;

        hc_flight_slot_clear(f, slot, now);
        (void) pthread_mutex_unlock(&f->slots[slot].mutex);
    }

    hc_flight_give(f, wake);
}


int
hc_flight_slot(const hc_flight_t *f)
{
    return f->slot;
}


static uint32_t
hc_flight_sum(const hc_flight_t *f, uint32_t group)
{
    uint32_t  i, slot, sum;
    uint64_t  row;

    sum = 0;

    for (slot = 0; slot < HC_FLIGHT_WORKERS; slot++) {
        for (i = 0; i < HC_FLIGHT_GROUPS && hc_flight_in_use(f, slot); i++) {
            row = __atomic_load_n(&f->groups[slot][i], __ATOMIC_RELAXED);

            if (row >> 32 == group) {
                sum += (uint32_t) row;
            }
        }
    }

    return sum;
}


/* Rows are written by their own worker alone. */

uint32_t
hc_flight_count(hc_flight_t *f, uint32_t group, int delta)
{
    int        n;
    uint32_t   i;
    uint64_t  *row, *hole;

    if (f->slot == -1) {
        return UINT32_MAX;
    }

    row = NULL;
    hole = NULL;

    for (i = 0; i < HC_FLIGHT_GROUPS; i++) {
        if (f->groups[f->slot][i] == 0) {
            hole = &f->groups[f->slot][i];

        } else if (f->groups[f->slot][i] >> 32 == group) {
            row = &f->groups[f->slot][i];
        }
    }

    n = (row ? (int) (uint32_t) *row : 0) + delta;

    if (n > 0 && row == NULL) {
        row = hole;
    }

    if (n > 0 && row == NULL) {
        return UINT32_MAX;
    }

    if (row) {
        __atomic_store_n(row, n > 0 ? (uint64_t) group << 32 | (uint32_t) n : 0,
                         __ATOMIC_SEQ_CST);
    }

    return hc_flight_sum(f, group);
}

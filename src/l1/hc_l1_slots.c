/*
 * Slots: which processes there are.
 *
 * The mutex of a slot is held for life, and only ever tried by others.
 */

#include <errno.h>
#include <unistd.h>

#include "hc_l1_priv.h"


/* The caller holds the mutex of the slot. */

static void
hc_l1_slot_clear(hc_l1_t *l1, uint32_t n)
{
    uint32_t      i;
    hc_l1_row_t  *rows;

    rows = l1->rows + (size_t) n * l1->header->nrows;

    for (i = 0; i < l1->header->nrows; i++) {
        __atomic_store_n(&rows[i], 0, __ATOMIC_RELEASE);
    }

    hc_l1_pause_at("slot cleared");

    l1->slots[n].pid = 0;
    l1->slots[n].top = 0;
    __atomic_store_n(&l1->header->in_use[n], 0, __ATOMIC_RELEASE);
}


static void
hc_l1_slot_take(hc_l1_t *l1, uint32_t n)
{
    uint32_t  i;

    hc_l1_slot_clear(l1, n);

    l1->slot = &l1->slots[n];
    l1->slot->pid = (uint32_t) getpid();
    l1->own = l1->rows + (size_t) n * l1->header->nrows;
    l1->pinned = 0;
    l1->nfree = l1->header->nrows;

    for (i = 0; i < l1->nfree; i++) {
        l1->free[i] = l1->nfree - 1 - i;
    }

    __atomic_store_n(&l1->header->in_use[n], 1, __ATOMIC_RELEASE);
}


/* Counted anew each time: a number kept by steps would drift when a process
 * dies between them. */

static void
hc_l1_slots_count(hc_l1_t *l1)
{
    uint32_t  n, workers;

    workers = 0;

    for (n = 0; n < l1->header->nslots; n++) {
        workers += __atomic_load_n(&l1->header->in_use[n], __ATOMIC_RELAXED);
    }

    __atomic_store_n(&l1->header->workers, workers, __ATOMIC_RELAXED);
}


void
hc_l1_slots_sum(const hc_l1_t *l1, hc_l1_stats_t *stats)
{
    uint32_t             n;
    const hc_l1_slot_t  *slot;

    for (n = 0; n < l1->header->nslots; n++) {
        slot = &l1->slots[n];

        stats->hits += __atomic_load_n(&slot->hits, __ATOMIC_RELAXED);
        stats->stale += __atomic_load_n(&slot->stale, __ATOMIC_RELAXED);
        stats->misses += __atomic_load_n(&slot->misses, __ATOMIC_RELAXED);
        stats->copied += __atomic_load_n(&slot->copied, __ATOMIC_RELAXED);
    }
}


/* 1: the mutex of the slot is ours now; its owner is gone, or there was none.
 * A process dies with EOWNERDEAD, however it dies. */

static int
hc_l1_slot_trylock(hc_l1_slot_t *slot)
{
    int  rc;

    rc = pthread_mutex_trylock(&slot->mutex);

    if (rc == EOWNERDEAD) {
        (void) pthread_mutex_consistent(&slot->mutex);
        return 1;
    }

    return rc == 0;
}


int
hc_l1_join(hc_l1_t *l1)
{
    uint32_t  n;

    if (l1->slot) {
        return 0;
    }

    hc_l1_sweep(l1);

    for (n = 0; n < l1->header->nslots; n++) {
        if (hc_l1_slot_trylock(&l1->slots[n])) {
            hc_l1_slot_take(l1, n);
            hc_l1_pause_at("slot taken");
            hc_l1_slots_count(l1);
            l1->refused = 0;
            return 0;
        }
    }

    l1->refused = 1;

    return -1;
}


/* Slots come free when old processes end: one that found none asks again. */

int
hc_l1_joined(hc_l1_t *l1, uint64_t now)
{
    if (l1->slot) {
        return 1;
    }

    if (!l1->refused || now - l1->asked < HC_L1_ASK_AGAIN) {
        return 0;
    }

    l1->asked = now;

    return hc_l1_join(l1) == 0;
}


void
hc_l1_leave(hc_l1_t *l1)
{
    hc_l1_slot_t  *slot;

    if (l1->slot == NULL) {
        return;
    }

    slot = l1->slot;
    l1->slot = NULL;
    l1->pinned = 0;
    l1->nfree = 0;

    hc_l1_slot_clear(l1, (uint32_t) (slot - l1->slots));
    hc_l1_slots_count(l1);

    (void) pthread_mutex_unlock(&slot->mutex);
}


/* Whoever dies in here is swept by the next one. */

void
hc_l1_sweep(hc_l1_t *l1)
{
    uint32_t  n;

    for (n = 0; n < l1->header->nslots; n++) {
        if (__atomic_load_n(&l1->header->in_use[n], __ATOMIC_ACQUIRE)
            && hc_l1_slot_trylock(&l1->slots[n]))
        {
            hc_l1_slot_clear(l1, n);
            (void) pthread_mutex_unlock(&l1->slots[n].mutex);
        }
    }

    hc_l1_slots_count(l1);
}

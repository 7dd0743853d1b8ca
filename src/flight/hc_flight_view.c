/*
 * Leases, looked at: by anyone without a lock, and by tests with one.
 */

#include "hc_flight_priv.h"


/* Of an older generation only the last outcome is known. */

static void
hc_flight_peek_older(const hc_flight_lease_t *lease, uint64_t word,
    hc_flight_view_t *view)
{
    memset(view, 0, sizeof(*view));

    view->ended = 1;
    view->outcome = hc_flight_word_generation(word) == lease->generation + 1
                        ? hc_flight_word_before(word) : HC_FLIGHT_GONE;
}


/* The fields are good if the generation is still the same after they were
 * read: it moves before they do. */

void
hc_flight_peek(const hc_flight_t *f, const hc_flight_lease_t *lease,
    hc_flight_view_t *view)
{
    uint64_t                  word, again;
    const hc_flight_place_t  *p;

    p = &f->places[lease->index];
    word = __atomic_load_n(&p->word, __ATOMIC_ACQUIRE);

    if (hc_flight_word_generation(word) != lease->generation) {
        hc_flight_peek_older(lease, word, view);
        return;
    }

    memset(view, 0, sizeof(*view));

    if (hc_flight_word_state(word) != HC_FLIGHT_LIVE) {
        view->ended = 1;
        view->outcome = hc_flight_word_outcome(word);
    }

    if (word & HC_FLIGHT_OFFERED) {
        view->offered = 1;
        view->item = __atomic_load_n(&p->item, __ATOMIC_RELAXED);
        view->total = __atomic_load_n(&p->total, __ATOMIC_RELAXED);
        view->filled = __atomic_load_n(&p->filled, __ATOMIC_ACQUIRE);

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        again = __atomic_load_n(&p->word, __ATOMIC_RELAXED);

        if (hc_flight_word_generation(again) != lease->generation) {
            hc_flight_peek_older(lease, again, view);
        }
    }
}


static int
hc_flight_check_locked(hc_flight_t *f, const hc_flight_place_t *p)
{
    unsigned  slot;
    uint32_t  sum;
    uint16_t  row;

    sum = 0;

    for (slot = 0; slot < HC_FLIGHT_WORKERS; slot++) {
        row = f->waits[slot][hc_flight_index(f, p)];
        sum += row;

        if (hc_flight_mask_has(&p->mask, slot) != (row != 0)) {
            return 0;
        }
    }

    if (hc_flight_word_state(p->word) == HC_FLIGHT_FREE) {
        return sum == 0 && p->waiters == 0;
    }

    return sum == p->waiters
           && hc_flight_find_locked(f, &p->id) == p
           && (sum == 0 || hc_flight_word_state(p->word) == HC_FLIGHT_LIVE);
}


int
hc_flight_check(hc_flight_t *f)
{
    int       sound;
    uint32_t  i;

    sound = 1;

    for (i = 0; i < HC_FLIGHT_LEASES; i++) {
        hc_flight_lock(f, i);
        sound &= hc_flight_check_locked(f, &f->places[i]);
        hc_flight_unlock(f, i);
    }

    return sound;
}

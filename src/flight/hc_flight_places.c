/*
 * Places: finding one, a new generation of it, its end; the locks.
 */

#include <errno.h>

#include "hc_flight_priv.h"


/* After a death each place is whole; who waits is counted anew. */

static void
hc_flight_repair_locked(hc_flight_t *f, uint32_t shard)
{
    uint32_t  i;

    for (i = 0; i < HC_FLIGHT_SHARD; i++) {
        hc_flight_recount_locked(f, &f->places[shard * HC_FLIGHT_SHARD + i]);
    }
}


void
hc_flight_lock(hc_flight_t *f, uint32_t index)
{
    int              rc;
    uint32_t         shard;
    pthread_mutex_t *mutex;

    shard = index / HC_FLIGHT_SHARD;
    mutex = &f->shards[shard].mutex;

    rc = pthread_mutex_lock(mutex);
    hc_assert(rc == 0 || rc == EOWNERDEAD);
    hc_flight_pause_at("locked");

    if (rc == EOWNERDEAD) {
        hc_flight_repair_locked(f, shard);
        hc_flight_pause_at("repaired");
        (void) pthread_mutex_consistent(mutex);
    }
}


void
hc_flight_unlock(hc_flight_t *f, uint32_t index)
{
    hc_flight_pause_at("unlock");
    (void) pthread_mutex_unlock(&f->shards[index / HC_FLIGHT_SHARD].mutex);
}


hc_flight_place_t *
hc_flight_find_locked(hc_flight_t *f, const hc_flight_id_t *id)
{
    unsigned            i;
    hc_flight_place_t  *p;

    p = &f->places[hc_flight_bucket(id)];

    for (i = 0; i < HC_FLIGHT_WAYS; i++, p++) {
        if (p->id.a == id->a
            && p->id.b == id->b
            && hc_flight_word_state(p->word) != HC_FLIGHT_FREE)
        {
            return p;
        }
    }

    return NULL;
}


/* One that is FREE longest, so that its outcome can be read meanwhile; else
 * what is KEPT and ends first. */

hc_flight_place_t *
hc_flight_vacant_locked(hc_flight_t *f, const hc_flight_id_t *id)
{
    unsigned            i, state, best_state;
    hc_flight_place_t  *p, *best;

    p = &f->places[hc_flight_bucket(id)];
    best = NULL;
    best_state = HC_FLIGHT_LIVE;

    for (i = 0; i < HC_FLIGHT_WAYS; i++, p++) {
        state = hc_flight_word_state(p->word);

        if (state == HC_FLIGHT_LIVE
            || (best_state == HC_FLIGHT_FREE && state == HC_FLIGHT_KEPT))
        {
            continue;
        }

        if (best == NULL || state != best_state || p->until < best->until) {
            best = p;
            best_state = state;
        }
    }

    return best;
}


/* No LIVE place has an earlier deadline than the header's. */

void
hc_flight_deadline_min(hc_flight_t *f, uint64_t deadline)
{
    uint64_t  old, *least;

    least = &f->header->deadline;
    old = __atomic_load_n(least, __ATOMIC_SEQ_CST);

    while (deadline < old
           && !__atomic_compare_exchange_n(least, &old, deadline, 0,
                                           __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST))
    {
        /* void */
    }
}


void
hc_flight_lead_locked(hc_flight_t *f, hc_flight_place_t *p,
    const hc_flight_id_t *id, uint64_t deadline, int refresh,
    uint32_t failures)
{
    uint64_t  word, outcome;

    word = p->word;
    outcome = hc_flight_word_state(word) == HC_FLIGHT_LIVE
                  ? HC_FLIGHT_GONE : hc_flight_word_outcome(word);

    word = (hc_flight_word_generation(word) + 1) << 8 | outcome << 4;

    hc_flight_word_set(p, word);
    hc_flight_free_locked(f, p);

    p->id = *id;
    p->failures = (uint16_t) failures;
    p->until = failures ? p->until : 0;
    __atomic_store_n(&p->owner, (uint16_t) f->slot, __ATOMIC_RELAXED);
    __atomic_store_n(&p->deadline, deadline, __ATOMIC_RELAXED);
    __atomic_store_n(&p->filled, 0, __ATOMIC_RELAXED);
    hc_flight_pause_at("fields set");

    hc_flight_word_set(p, word | (refresh ? HC_FLIGHT_REFRESH : 0)
                          | HC_FLIGHT_LIVE);
    hc_flight_deadline_min(f, deadline);
}


/* KEPT when there is something to remember: until > now, or failures. */

void
hc_flight_finish_locked(hc_flight_t *f, hc_flight_place_t *p,
    hc_flight_outcome_e outcome, uint64_t until, uint64_t now)
{
    uint64_t  word, state;

    state = (until > now || p->failures) ? HC_FLIGHT_KEPT : HC_FLIGHT_FREE;

    word = p->word & ~(uint64_t) 0xf;

    p->until = state == HC_FLIGHT_KEPT ? until : now;
    hc_flight_word_set(p, word | (uint64_t) outcome << 2 | state);
    hc_flight_free_locked(f, p);
}

/*
 * Leases: what may be asked of them.  Here, and nowhere else but in a sweep,
 * shards are locked.
 */

#include "hc_flight_priv.h"


static uint64_t
hc_flight_backoff(uint32_t failures)
{
    uint32_t  shift;

    shift = hc_min(failures - 1, 6);

    return hc_min((uint64_t) HC_FLIGHT_BACKOFF_MIN << shift,
                  (uint64_t) HC_FLIGHT_BACKOFF_MAX);
}


static hc_flight_rc_e
hc_flight_lead(hc_flight_t *f, hc_flight_place_t *p, const hc_flight_id_t *id,
    const hc_flight_options_t *o, uint64_t now, uint32_t failures)
{
    if (p == NULL) {
        return HC_FLIGHT_NONE;
    }

    hc_flight_lead_locked(f, p, id, now + o->deadline_ms, o->refresh,
                          failures);

    return HC_FLIGHT_LEADER;
}


static hc_flight_rc_e
hc_flight_begin_live(hc_flight_t *f, hc_flight_place_t *p,
    const hc_flight_options_t *o, uint64_t now)
{
    if (now >= p->deadline || !hc_flight_alive(f, p->owner)) {
        return hc_flight_lead(f, p, &p->id, o, now, p->failures);
    }

    if (o->refresh) {
        return HC_FLIGHT_BUSY;
    }

    return hc_flight_wait_locked(f, p, o->max_waiters) ? HC_FLIGHT_WAITER
                                                       : HC_FLIGHT_FULL;
}


/* A row of failures is forgotten when nobody has tried for long. */

static hc_flight_rc_e
hc_flight_begin_kept(hc_flight_t *f, hc_flight_place_t *p,
    const hc_flight_options_t *o, uint64_t now)
{
    uint32_t  failures;

    if (hc_flight_word_outcome(p->word) == HC_FLIGHT_REFUSED) {
        return now < p->until ? HC_FLIGHT_PASS
                              : hc_flight_lead(f, p, &p->id, o, now, 0);
    }

    if (o->refresh && now < p->until) {
        return HC_FLIGHT_BACKOFF;
    }

    failures = now < p->until + HC_FLIGHT_BACKOFF_MAX ? p->failures : 0;

    return hc_flight_lead(f, p, &p->id, o, now, failures);
}


/* Whoever looked for the answer before that would ask for it once more. */

static int
hc_flight_just_stored_locked(hc_flight_t *f, const hc_flight_id_t *id,
    uint64_t now)
{
    unsigned            i;
    hc_flight_place_t  *p;

    p = &f->places[hc_flight_bucket(id)];

    for (i = 0; i < HC_FLIGHT_WAYS; i++, p++) {
        if (p->id.a == id->a
            && p->id.b == id->b
            && hc_flight_word_state(p->word) == HC_FLIGHT_FREE
            && hc_flight_word_outcome(p->word) == HC_FLIGHT_STORED
            && now < p->until + HC_FLIGHT_JUST)
        {
            return 1;
        }
    }

    return 0;
}


static hc_flight_rc_e
hc_flight_begin_new(hc_flight_t *f, const hc_flight_id_t *id,
    const hc_flight_options_t *o, uint64_t now, hc_flight_place_t **p)
{
    if (!o->looked && hc_flight_just_stored_locked(f, id, now)) {
        return HC_FLIGHT_AGAIN;
    }

    *p = hc_flight_vacant_locked(f, id);

    return hc_flight_lead(f, *p, id, o, now, 0);
}


static void
hc_flight_begin_count(hc_flight_t *f, hc_flight_rc_e rc)
{
    switch (rc) {

    case HC_FLIGHT_LEADER:
        hc_flight_add(f, HC_FLIGHT_COUNT_leases);
        break;

    case HC_FLIGHT_WAITER:
        hc_flight_add(f, HC_FLIGHT_COUNT_waits);
        break;

    case HC_FLIGHT_FULL:
        hc_flight_add(f, HC_FLIGHT_COUNT_surplus);
        break;

    case HC_FLIGHT_PASS:
        hc_flight_add(f, HC_FLIGHT_COUNT_passed);
        break;

    case HC_FLIGHT_NONE:
        hc_flight_add(f, HC_FLIGHT_COUNT_no_place);
        break;

    default:
        break;
    }
}


hc_flight_rc_e
hc_flight_begin(hc_flight_t *f, const hc_flight_id_t *id,
    const hc_flight_options_t *o, uint64_t now, hc_flight_lease_t *lease,
    hc_flight_mask_t *wake)
{
    uint32_t            bucket;
    hc_flight_rc_e      rc;
    hc_flight_place_t  *p;

    bucket = hc_flight_bucket(id);
    rc = HC_FLIGHT_NONE;
    memset(lease, 0, sizeof(*lease));

    if (f->slot != -1) {
        hc_flight_lock(f, bucket);

        p = hc_flight_find_locked(f, id);

        if (p == NULL) {
            rc = hc_flight_begin_new(f, id, o, now, &p);

        } else if (hc_flight_word_state(p->word) == HC_FLIGHT_LIVE) {
            rc = hc_flight_begin_live(f, p, o, now);

        } else {
            rc = hc_flight_begin_kept(f, p, o, now);
        }

        if (rc == HC_FLIGHT_LEADER || rc == HC_FLIGHT_WAITER) {
            lease->index = hc_flight_index(f, p);
            lease->generation = hc_flight_word_generation(p->word);
        }

        hc_flight_unlock(f, bucket);
    }

    hc_flight_begin_count(f, rc);
    hc_flight_give(f, wake);

    return rc;
}


int
hc_flight_is_refused(hc_flight_t *f, const hc_flight_id_t *id, uint64_t now)
{
    int                 refused;
    uint32_t            bucket;
    hc_flight_place_t  *p;

    bucket = hc_flight_bucket(id);

    hc_flight_lock(f, bucket);

    p = hc_flight_find_locked(f, id);

    refused = p
              && hc_flight_word_state(p->word) == HC_FLIGHT_KEPT
              && hc_flight_word_outcome(p->word) == HC_FLIGHT_REFUSED
              && now < p->until;

    hc_flight_unlock(f, bucket);

    return refused;
}


/* NULL: the lease has ended, or was taken over. */

static hc_flight_place_t *
hc_flight_held_locked(hc_flight_t *f, const hc_flight_lease_t *lease)
{
    hc_flight_place_t  *p;

    p = &f->places[lease->index];

    return hc_flight_word_state(p->word) == HC_FLIGHT_LIVE
           && hc_flight_word_generation(p->word) == lease->generation
               ? p : NULL;
}


static void
hc_flight_end_locked(hc_flight_t *f, hc_flight_place_t *p,
    hc_flight_outcome_e outcome, uint64_t remember_ms, uint64_t now)
{
    uint64_t  until;

    until = p->until;

    switch (outcome) {

    case HC_FLIGHT_STORED:
        p->failures = 0;
        until = 0;
        break;

    case HC_FLIGHT_REFUSED:
        p->failures = 0;
        until = now + remember_ms;
        break;

    case HC_FLIGHT_FAILED:
        if (p->word & HC_FLIGHT_REFRESH) {
            p->failures += p->failures < UINT16_MAX;
            until = now + hc_flight_backoff(p->failures);
        }
        break;

    case HC_FLIGHT_GONE:
        break;
    }

    hc_flight_finish_locked(f, p, outcome, until, now);
}


void
hc_flight_end(hc_flight_t *f, const hc_flight_lease_t *lease,
    hc_flight_outcome_e outcome, uint64_t remember_ms, uint64_t now,
    hc_flight_mask_t *wake)
{
    hc_flight_place_t  *p;

    hc_flight_lock(f, lease->index);

    p = hc_flight_held_locked(f, lease);

    if (p) {
        hc_flight_end_locked(f, p, outcome, remember_ms, now);
    }

    hc_flight_unlock(f, lease->index);
    hc_flight_give(f, wake);
}


int
hc_flight_renew(hc_flight_t *f, const hc_flight_lease_t *lease,
    uint64_t deadline_ms, uint64_t now)
{
    hc_flight_place_t  *p;

    hc_flight_lock(f, lease->index);

    p = hc_flight_held_locked(f, lease);

    if (p) {
        __atomic_store_n(&p->deadline, now + deadline_ms, __ATOMIC_RELAXED);
        hc_flight_deadline_min(f, now + deadline_ms);
    }

    hc_flight_unlock(f, lease->index);

    return p ? 0 : -1;
}


int
hc_flight_offer(hc_flight_t *f, const hc_flight_lease_t *lease, uint64_t item,
    uint64_t total, hc_flight_mask_t *wake)
{
    hc_flight_place_t  *p;

    hc_flight_lock(f, lease->index);

    p = hc_flight_held_locked(f, lease);

    if (p && !(p->word & HC_FLIGHT_OFFERED)) {
        __atomic_store_n(&p->item, item, __ATOMIC_RELAXED);
        __atomic_store_n(&p->total, total, __ATOMIC_RELAXED);
        hc_flight_pause_at("offer written");
        hc_flight_word_set(p, p->word | HC_FLIGHT_OFFERED);
        hc_flight_tell_locked(f, p);
    }

    hc_flight_unlock(f, lease->index);
    hc_flight_give(f, wake);

    return p ? 0 : -1;
}


int
hc_flight_progress(hc_flight_t *f, const hc_flight_lease_t *lease,
    uint64_t filled, hc_flight_mask_t *wake)
{
    hc_flight_place_t  *p;

    hc_flight_lock(f, lease->index);

    p = hc_flight_held_locked(f, lease);

    if (p) {
        __atomic_store_n(&p->filled, filled, __ATOMIC_RELEASE);
        hc_flight_tell_locked(f, p);
    }

    hc_flight_unlock(f, lease->index);
    hc_flight_give(f, wake);

    return p ? 0 : -1;
}


void
hc_flight_unwait(hc_flight_t *f, const hc_flight_lease_t *lease)
{
    hc_flight_place_t  *p;

    if (f->slot == -1) {
        return;
    }

    hc_flight_lock(f, lease->index);

    p = hc_flight_held_locked(f, lease);

    if (p) {
        hc_flight_drop_locked(f, p, (unsigned) f->slot, 1);
    }

    hc_flight_unlock(f, lease->index);
}

/*
 * What a process of the storm does with puts in two steps: fills one piece by
 * piece, and reads what others fill.
 */

#include "storm.h"


#define STORM_PIECES  4                  /* of a body, on average */


/* Readers are told of an offer that is whole, or of none. */

static void
storm_offer(storm_fill_t *f, uint32_t salt)
{
    storm_offer_t  *o;

    o = f->offer;

    __atomic_store_n(&o->turn, (o->turn | 1) + 2, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);

    o->key = f->key;
    o->item = f->hold.item;
    o->salt = salt;
    o->filled = 0;

    __atomic_store_n(&o->turn, (o->turn | 1) + 1, __ATOMIC_RELEASE);
}


static void
storm_withdraw(storm_fill_t *f)
{
    __atomic_store_n(&f->offer->turn, f->offer->turn | 1, __ATOMIC_SEQ_CST);
}


static void
storm_begin(storm_fill_t *f, store_t *st, uint32_t key, const hc_entry_t *e)
{
    hc_l1_key_t    k;
    storm_proof_t  proof;

    memcpy(&proof, e->headers.data, sizeof(proof));
    k = number_key(st, &key);

    if (hc_l1_reserve(st->l1, &k, e, e->core.born_at, &f->hold) != HC_L1_OK) {
        return;
    }

    f->key = key;
    f->seed = storm_body_seed(key, e->tags[HC_TAG_KEY].version, proof.salt);
    f->filled = 0;
    storm_offer(f, proof.salt);
}


/* Some of them are given up, and end as they would have been published. */

static void
storm_end(storm_fill_t *f, store_t *st, storm_worker_t *own, uint32_t *random)
{
    uint64_t                until;
    hc_l1_key_t             k;
    const hc_entry_core_t  *core;

    k = number_key(st, &f->key);
    core = &f->hold.ref.entry.core;
    until = core->born_at + core->lifetime;

    own->wrong += !is_body(hc_str(f->hold.body, f->hold.len), f->seed);

    if (storm_random(random) % 8 == 0) {
        storm_withdraw(f);
        hc_l1_abandon(st->l1, &f->hold);
        return;
    }

    own->fills += hc_l1_publish(st->l1, &f->hold, &k, until, clock_ms())
                  == HC_L1_OK;
    storm_withdraw(f);
}


static void
storm_piece(storm_fill_t *f, uint32_t *random)
{
    uint32_t  i, end;

    end = f->filled + 1
          + storm_random(random) % (uint32_t) (f->hold.len * 2 / STORM_PIECES
                                               + 1);
    end = hc_min(end, (uint32_t) f->hold.len);

    for (i = f->filled; i < end; i++) {
        f->hold.body[i] = body_byte(f->seed, i);
    }

    f->filled = end;
    __atomic_store_n(&f->offer->filled, end, __ATOMIC_RELEASE);
}


void
storm_fill_step(storm_fill_t *f, store_t *st, storm_worker_t *own,
    uint32_t key, const hc_entry_t *e, uint32_t *random)
{
    if (!f->hold.ref.pinned) {
        storm_begin(f, st, key, e);

    } else if (f->filled < f->hold.len) {
        storm_piece(f, random);

    } else {
        storm_end(f, st, own, random);
    }
}


/* 1: as much of the body as was there, and all the rest, is right. */

static int
storm_is_filled(const hc_l1_ref_t *ref, uint32_t there)
{
    uint32_t              key;
    storm_proof_t         proof;
    const hc_entry_t     *e;

    e = &ref->entry;

    if (e->key.len != sizeof(key) || e->headers.len != sizeof(proof)) {
        return 0;
    }

    memcpy(&key, e->key.data, sizeof(key));
    memcpy(&proof, e->headers.data, sizeof(proof));

    return e->body.len == proof.len
           && there <= proof.len
           && is_body(hc_str(e->body.data, there),
                      storm_body_seed(key, e->tags[HC_TAG_KEY].version,
                                      proof.salt));
}


static void
storm_let_go(storm_fill_t *f, store_t *st, storm_worker_t *own)
{
    if (f->ref.pinned) {
        own->wrong += !storm_is_filled(&f->ref, f->there);
        hc_l1_unpin(st->l1, &f->ref);
    }
}


/* 1: the offer is the same, and what is attached is what was offered: another
 * fill of the key may lie there by now. */

static int
storm_is_offered(const hc_l1_ref_t *ref, const storm_offer_t *offer,
    uint32_t turn, uint32_t salt)
{
    storm_proof_t  proof;

    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    if (__atomic_load_n(&offer->turn, __ATOMIC_RELAXED) != turn
        || ref->entry.headers.len != sizeof(proof))
    {
        return 0;
    }

    memcpy(&proof, ref->entry.headers.data, sizeof(proof));

    return proof.salt == salt;
}


void
storm_fill_peek(storm_fill_t *f, store_t *st, storm_worker_t *own,
    const storm_offer_t *offer)
{
    uint32_t     turn, key, salt, filled;
    uint64_t     item;
    hc_l1_key_t  k;

    storm_let_go(f, st, own);

    turn = __atomic_load_n(&offer->turn, __ATOMIC_ACQUIRE);
    key = offer->key;
    item = offer->item;
    salt = offer->salt;
    filled = __atomic_load_n(&offer->filled, __ATOMIC_ACQUIRE);

    if (turn & 1 || item == 0) {
        return;
    }

    k = number_key(st, &key);

    if (hc_l1_attach(st->l1, item, &k, &f->ref) != HC_L1_OK) {
        return;
    }

    own->wrong += f->ref.copy != 0;
    own->wrong += !hc_str_eq(f->ref.entry.key, k.key);

    if (!storm_is_offered(&f->ref, offer, turn, salt)) {
        hc_l1_unpin(st->l1, &f->ref);
        return;
    }

    f->there = filled;
    own->attached++;
    own->wrong += !storm_is_filled(&f->ref, f->there);
}


void
storm_fill_drop(storm_fill_t *f, store_t *st, storm_worker_t *own)
{
    storm_let_go(f, st, own);

    if (f->hold.ref.pinned) {
        storm_withdraw(f);
        hc_l1_abandon(st->l1, &f->hold);
    }
}

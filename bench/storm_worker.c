/*
 * One process of the storm: what it does, and how it tells right from wrong.
 */

#include "core.h"
#include "storm.h"


#define STORM_HELD  5                    /* pins over other operations */
#define STORM_PROOF 8                    /* bytes of headers */


typedef struct {
    store_t         *store;
    storm_t         *storm;
    storm_worker_t  *own;
    uint32_t         random;
    hc_l1_ref_t      held[STORM_HELD];
    storm_fill_t     fill;

    int              schedstat;          /* -1: not to be had */
    uint64_t         sampled;            /* ns, when */
    uint64_t         waited;             /* ns for a core, up to then */
    uint64_t         last;               /* ns, end of the last round */
} storm_self_t;


_Static_assert(sizeof(storm_proof_t) == STORM_PROOF, "headers");


static uint32_t
storm_version_slot(hc_str_t key)
{
    return hc_version_slot(hc_str("key", 3), key);
}


static int
storm_is_whole(const hc_l1_ref_t *ref, hc_str_t key)
{
    uint32_t              number;
    storm_proof_t         proof;
    const hc_entry_t     *e;

    e = &ref->entry;

    if (!hc_str_eq(e->key, key) || key.len != sizeof(number)
        || e->headers.len != sizeof(proof) || e->core.ntags != 2)
    {
        return 0;
    }

    memcpy(&number, key.data, sizeof(number));
    memcpy(&proof, e->headers.data, sizeof(proof));

    return e->body.len == proof.len
           && is_body(e->body,
                      storm_body_seed(number, e->tags[HC_TAG_KEY].version,
                                      proof.salt));
}


/* A hit is fresh, and what is stale is not beyond its time. */

static int
storm_is_in_time(const hc_l1_ref_t *ref, hc_l1_rc_e rc, uint64_t now)
{
    const hc_entry_core_t  *c;

    c = &ref->entry.core;

    if (ref->fresh_until != c->born_at + c->lifetime) {
        return 0;
    }

    if (rc == HC_L1_HIT) {
        return now < ref->fresh_until;
    }

    return now >= ref->fresh_until && now < ref->fresh_until + c->stale_for;
}


static void
storm_must(storm_self_t *self, int right)
{
    if (!right) {
        self->own->wrong++;
    }
}


static void
storm_release(storm_self_t *self, hc_l1_ref_t *ref)
{
    if (ref->pinned) {
        storm_must(self, storm_is_whole(ref, ref->entry.key));
        hc_l1_unpin(self->store->l1, ref);
        ref->pinned = 0;
    }
}


static void
storm_release_all(storm_self_t *self)
{
    int  i;

    for (i = 0; i < STORM_HELD; i++) {
        storm_release(self, &self->held[i]);
    }

    storm_fill_drop(&self->fill, self->store, self->own);
}


/* Nothing older than what was current before the call. */

static void
storm_get(storm_self_t *self, const hc_l1_key_t *k)
{
    uint32_t      version;
    uint64_t      now;
    hc_l1_rc_e    rc;
    hc_l1_ref_t  *ref;

    ref = &self->held[storm_random(&self->random) % STORM_HELD];
    storm_release(self, ref);

    version = hc_version_get(self->store->versions, storm_version_slot(k->key));
    now = clock_ms();
    rc = hc_l1_get(self->store->l1, k, now, ref);
    self->own->gets++;

    if (rc != HC_L1_HIT && rc != HC_L1_STALE) {
        ref->pinned = 0;
        return;
    }

    self->own->hits += rc == HC_L1_HIT;
    self->own->stale += rc == HC_L1_STALE;

    storm_must(self, storm_is_whole(ref, k->key));
    storm_must(self, storm_is_in_time(ref, rc, now));
    storm_must(self, (int32_t) (ref->entry.tags[HC_TAG_KEY].version - version)
                     >= 0);

    if (ref->copy) {
        storm_release(self, ref);
    }
}


/* Most are small, some large, a few the largest there may be. */

static uint32_t
storm_size(uint32_t *random)
{
    uint32_t  most, kind;

    most = STORM_LARGEST - STORM_PROOF - sizeof(uint32_t);
    kind = storm_random(random) % 64;

    return kind == 0 ? most : storm_random(random) % (kind < 16 ? most : 700);
}


/* ms: half of them over before the entry would be evicted. */

static uint32_t
storm_time(uint32_t *random)
{
    return storm_random(random) % (storm_random(random) % 2 ? 10 : 300);
}


/* All but the body, which is as long as the proof says. */

static hc_entry_t
storm_entry(storm_self_t *self, const hc_l1_key_t *k, storm_proof_t *proof)
{
    hc_entry_t  e;

    proof->salt = storm_random(&self->random);
    proof->len = storm_size(&self->random);

    e = entry_of(self->store, k, hc_str(NULL, proof->len));
    e.headers = hc_str(proof, sizeof(*proof));
    e.core.born_at = clock_ms();
    e.core.lifetime = storm_time(&self->random);
    e.core.stale_for = storm_time(&self->random);

    return e;
}


static void
storm_put(storm_self_t *self, const hc_l1_key_t *k, uint32_t key)
{
    uint64_t               now;
    hc_entry_t             e;
    storm_proof_t          proof;
    static unsigned char   body[STORM_LARGEST];

    e = storm_entry(self, k, &proof);
    e.body.data = body;
    now = e.core.born_at;

    fill_body(body, proof.len,
              storm_body_seed(key, e.tags[HC_TAG_KEY].version, proof.salt));

    (void) hc_l1_put(self->store->l1, k, &e, now + e.core.lifetime, now);
    self->own->puts++;
}


static void
storm_fill(storm_self_t *self, const hc_l1_key_t *k, uint32_t key)
{
    hc_entry_t     e;
    storm_proof_t  proof;

    e = storm_entry(self, k, &proof);
    storm_fill_step(&self->fill, self->store, self->own, key, &e,
                    &self->random);
}


static void
storm_peek(storm_self_t *self)
{
    uint32_t  n;

    n = storm_random(&self->random) % self->storm->workers;
    storm_fill_peek(&self->fill, self->store, self->own,
                    &self->storm->offer[n]);
}


/* The versions are those it was stored under, so that its body stays right. */

static void
storm_refresh(storm_self_t *self)
{
    uint64_t      now;
    hc_entry_t    e;
    hc_l1_key_t   k;
    hc_l1_ref_t  *ref;

    ref = &self->held[storm_random(&self->random) % STORM_HELD];

    if (!ref->pinned) {
        return;
    }

    now = clock_ms();
    e = ref->entry;
    e.core.born_at = now;
    e.core.lifetime = storm_time(&self->random);
    e.core.stale_for = storm_time(&self->random);

    k.key = e.key;
    k.variant = e.variant;
    hc_l1_hash(self->store->l1, &k);

    self->own->refreshed +=
        hc_l1_refresh(self->store->l1, &k, &ref->entry.core, &e,
                      now + e.core.lifetime, now) == HC_L1_OK;
}


/* A process that leaves has let its pins go. */

static void
storm_rejoin(storm_self_t *self)
{
    storm_release_all(self);
    hc_l1_leave(self->store->l1);
    storm_must(self, hc_l1_join(self->store->l1) == 0);
}


static void
storm_round(storm_self_t *self)
{
    uint32_t      key, what;
    hc_l1_key_t   k;

    key = storm_random(&self->random) % STORM_KEYS;
    what = storm_random(&self->random) % 10000;
    k = number_key(self->store, &key);

    if (what < 6000) {
        storm_get(self, &k);

    } else if (what < 8000) {
        storm_put(self, &k, key);

    } else if (what < 8900) {
        storm_fill(self, &k, key);

    } else if (what < 9400) {
        storm_peek(self);

    } else if (what < 9500) {
        storm_refresh(self);

    } else if (what < 9800) {
        (void) hc_l1_delete(self->store->l1, &k);

    } else if (what < 9997) {
        hc_version_move(self->store->versions, storm_version_slot(k.key));

    } else if (what < 9999) {
        storm_rejoin(self);

    } else {
        hc_l1_purge(self->store->l1);
    }

    self->own->rounds++;
}


/*
 * How long the round took.  What the machine took from it is known to a ms:
 * others here use its cores, too.
 */

static void
storm_measure(storm_self_t *self)
{
    uint64_t  now, gap, waited, running;

    now = clock_ns();
    gap = now - self->last;
    self->last = now;

    if (gap > self->own->longest) {
        self->own->longest = gap;
    }

    if (now - self->sampled < 1000000) {
        return;
    }

    waited = core_waited(self->schedstat);
    running = gap - hc_min(gap, waited - self->waited);
    self->waited = waited;
    self->sampled = now;

    if (running > self->own->running) {
        self->own->running = running;
    }
}


static int
storm_holds(const storm_self_t *self)
{
    return __atomic_load_n(&self->storm->hold, __ATOMIC_SEQ_CST) & 1;
}


static void
storm_hold(storm_self_t *self)
{
    while (storm_holds(self)) {
        __atomic_store_n(&self->own->held,
                         __atomic_load_n(&self->storm->hold, __ATOMIC_SEQ_CST),
                         __ATOMIC_SEQ_CST);
        usleep(100);
    }

    self->waited = core_waited(self->schedstat);
    self->last = self->sampled = clock_ns();
}


int
storm_work(store_t *st, storm_t *storm, unsigned n, uint32_t random)
{
    storm_self_t  self;

    memset(&self, 0, sizeof(self));
    self.store = st;
    self.storm = storm;
    self.own = &storm->worker[n];
    self.fill.offer = &storm->offer[n];
    self.random = random;
    self.schedstat = core_open();
    self.waited = core_waited(self.schedstat);
    self.last = self.sampled = clock_ns();

    if (hc_l1_join(st->l1) != 0) {
        return 1;
    }

    while (!__atomic_load_n(&storm->stop, __ATOMIC_RELAXED)) {
        if (storm_holds(&self)) {
            storm_hold(&self);
            continue;
        }

        storm_round(&self);
        storm_measure(&self);
    }

    storm_release_all(&self);
    hc_l1_leave(st->l1);

    return 0;
}

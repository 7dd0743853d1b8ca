/*
 * Coalescing: of all requests for one key, over all workers, one asks the app
 * (the leader); the others wait for what it brings.
 * Layer: hc_, stores.  One block of shared memory; no nginx, no L1.
 *
 * A lease is the right to ask for one key: a place in the block and a
 * generation.  It ends once, with an outcome; whoever holds an older
 * generation of the place has nothing to say any more.  A lease whose owner
 * died, or that is past its deadline, is taken from it.
 *
 * Processes.  The block may be mapped at any address; inside are offsets only.
 * A handle is local and for one thread; fork() copies it, so open in the
 * parent, join in each child that leads or waits, leave at its exit.  A
 * process that has not joined gets NONE and may sweep and look.
 *
 * Locks.  Robust mutexes, one a shard; no call holds two or sleeps on anything
 * else, and a process may die at any instruction.  _view takes none.
 *
 * Waking.  A call that changes a lease marks it in the bitmaps of the workers
 * that wait on it, and adds those workers to *wake: the caller then wakes them
 * by means of its own, and each takes its marks.  A mark may come for nothing,
 * and a wake-up may be lost with the process that owed it, the mark is not:
 * so whoever waits looks at its marks now and then.
 *
 * Time.  `now` is monotonic ms, the same for all processes of a block.
 */

#ifndef HC_FLIGHT_H_INCLUDED_
#define HC_FLIGHT_H_INCLUDED_


#include "../base/hc_base.h"
#include "../base/hc_counters.h"
#include "../base/hc_hash.h"


#define HC_FLIGHT_LAYOUT_VERSION  2
#define HC_FLIGHT_LEASES          8192
#define HC_FLIGHT_WORKERS         128
#define HC_FLIGHT_WORDS           (HC_FLIGHT_LEASES / 64)


typedef struct hc_flight_s  hc_flight_t;


typedef struct {
    uint64_t  a;
    uint64_t  b;
} hc_flight_id_t;


typedef struct {
    uint64_t  generation;
    uint32_t  index;
} hc_flight_lease_t;


/* A set of workers: bit n of word[n / 64] is the worker with slot n. */

typedef struct {
    uint64_t  word[HC_FLIGHT_WORKERS / 64];
} hc_flight_mask_t;


typedef enum {
    HC_FLIGHT_LEADER = 0,          /* ask, then end the lease */
    HC_FLIGHT_WAITER,              /* wait on the lease, or leave it */
    HC_FLIGHT_FULL,                /* max_waiters wait already */
    HC_FLIGHT_PASS,                /* known not to be shareable: go alone */
    HC_FLIGHT_BUSY,                /* refresh: somebody asks already */
    HC_FLIGHT_BACKOFF,             /* refresh: one failed lately */
    HC_FLIGHT_AGAIN,               /* one has just stored it: look, and say so */
    HC_FLIGHT_NONE                 /* no room, or not joined: go alone */
} hc_flight_rc_e;


typedef enum {
    HC_FLIGHT_GONE = 0,            /* nobody knows: begin again */
    HC_FLIGHT_STORED,
    HC_FLIGHT_REFUSED,             /* not shareable */
    HC_FLIGHT_FAILED               /* an error, or cut */
} hc_flight_outcome_e;


typedef struct {
    uint64_t  deadline_ms;         /* from now on, to end or renew it */
    uint32_t  max_waiters;         /* of a lease, in all workers */
    unsigned  refresh:1;           /* never a waiter */
    unsigned  looked:1;            /* never AGAIN */
} hc_flight_options_t;


/* What is known of a lease.  item, total and filled once it is offered. */

typedef struct {
    hc_flight_outcome_e  outcome;  /* once it is ended */
    uint64_t             item;
    uint64_t             total;    /* bytes */
    uint64_t             filled;
    unsigned             ended:1;
    unsigned             offered:1;
} hc_flight_view_t;


#define hc_flight_counter_id(name, text)      HC_FLIGHT_COUNT_##name,
#define hc_flight_counter_member(name, text)  uint64_t  name;

typedef enum {
    HC_FLIGHT_COUNTERS(hc_flight_counter_id)
    HC_FLIGHT_NCOUNTERS
} hc_flight_counter_e;

typedef struct {
    HC_FLIGHT_COUNTERS(hc_flight_counter_member)
    HC_FLIGHT_GAUGES(hc_flight_counter_member)
} hc_flight_stats_t;


/* Bytes of a block. */
size_t hc_flight_size(void);

/* Adopts a block of this layout (*adopted = 1), else builds it anew, which is
 * only for a block no other process uses.  block: aligned to 64.  NULL: no
 * memory. */
hc_flight_t *hc_flight_open(void *block, const hc_seed_t *seed, int *adopted);
void hc_flight_close(hc_flight_t *f);

/* A slot for this process.  0: ok, hc_flight_slot() is its number; -1: none is
 * free.  Leaving ends the leases it still has as GONE. */
int hc_flight_join(hc_flight_t *f, uint64_t now, hc_flight_mask_t *wake);
void hc_flight_leave(hc_flight_t *f, uint64_t now, hc_flight_mask_t *wake);
int hc_flight_slot(const hc_flight_t *f);

hc_flight_id_t hc_flight_id(const hc_flight_t *f, hc_str_t key,
    hc_str_t variant, uint32_t cell);

/* The lease is set for LEADER and WAITER, else it is all 0, which is none. */
hc_flight_rc_e hc_flight_begin(hc_flight_t *f, const hc_flight_id_t *id,
    const hc_flight_options_t *o, uint64_t now, hc_flight_lease_t *lease,
    hc_flight_mask_t *wake);

/* 1: PASS is what begin would say. */
int hc_flight_is_refused(hc_flight_t *f, const hc_flight_id_t *id,
    uint64_t now);

/* By the leader; nothing happens when the lease was taken over.
 * REFUSED is remembered for remember_ms: PASS.  A refresh that FAILED holds
 * back the next ones: 1 s, doubled each time, 60 s at most. */
void hc_flight_end(hc_flight_t *f, const hc_flight_lease_t *lease,
    hc_flight_outcome_e outcome, uint64_t remember_ms, uint64_t now,
    hc_flight_mask_t *wake);

/* By the leader.  0: ok; -1: it is not his any more, he goes on alone.
 * deadline_ms from now on; an offer is made once. */
int hc_flight_renew(hc_flight_t *f, const hc_flight_lease_t *lease,
    uint64_t deadline_ms, uint64_t now);
int hc_flight_offer(hc_flight_t *f, const hc_flight_lease_t *lease,
    uint64_t item, uint64_t total, hc_flight_mask_t *wake);
int hc_flight_progress(hc_flight_t *f, const hc_flight_lease_t *lease,
    uint64_t filled, hc_flight_mask_t *wake);

/* By a waiter that waits no more; nothing if the lease has ended. */
void hc_flight_unwait(hc_flight_t *f, const hc_flight_lease_t *lease);

/* Lock-free; by anyone. */
void hc_flight_peek(const hc_flight_t *f, const hc_flight_lease_t *lease,
    hc_flight_view_t *view);

/* Takes marks of this process: bit n is the lease with index 64 word + n. */
uint64_t hc_flight_marks(hc_flight_t *f, unsigned word);

/* Ends leases of dead workers and those past their deadline, as GONE; cheap
 * when there are none. */
void hc_flight_sweep(hc_flight_t *f, uint64_t now, hc_flight_mask_t *wake);

/* Adds to a number this process keeps for the group (not 0) and returns the
 * sum of all living workers'; UINT32_MAX when it cannot be kept. */
uint32_t hc_flight_count(hc_flight_t *f, uint32_t group, int delta);

/* One more of those a process counts itself: told_* and timeouts. */
void hc_flight_add(hc_flight_t *f, hc_flight_counter_e counter);
void hc_flight_stats(const hc_flight_t *f, hc_flight_stats_t *stats);

/* 1: every lease is accounted for.  For tests. */
int hc_flight_check(hc_flight_t *f);


#endif /* HC_FLIGHT_H_INCLUDED_ */

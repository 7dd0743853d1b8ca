/*
 * A storm: processes that read, write, move versions, purge and die over a tiny
 * block, with bodies that prove themselves.
 *
 * A body follows from its key, the version it was stored under and a salt.
 * Each process holds pins over its other operations and looks at them again
 * when it lets them go.  It fills one entry in pieces, which it offers to the
 * others, and reads what they offer.
 */

#ifndef HC_BENCH_STORM_H_INCLUDED_
#define HC_BENCH_STORM_H_INCLUDED_


#include "sizes.h"
#include "store.h"

#include "../src/l1/hc_l1_hold.h"


#define STORM_WORKERS  64                /* at most */
#define STORM_POINTS   64
#define STORM_KEYS     2000
#define STORM_LARGEST  (6 * KB)          /* max_object */


typedef struct {
    unsigned  workers;
    unsigned  ms;
    int       kills;
    size_t    size;                      /* of the block */
    uint32_t  seed;
} storm_options_t;


/* Written by one process, or the one that came in its place. */

typedef struct {
    _Alignas(64)
    uint64_t  rounds;
    uint64_t  gets;
    uint64_t  hits;
    uint64_t  stale;
    uint64_t  puts;
    uint64_t  fills;                     /* in two steps */
    uint64_t  attached;                  /* to what was being filled */
    uint64_t  refreshed;
    uint64_t  wrong;                     /* bytes, keys, versions, freshness */
    uint64_t  longest;                   /* ns from one round to the next ... */
    uint64_t  running;                   /* ... without waiting for a core */
    uint32_t  held;                      /* the last `hold` it stood still for */
} storm_worker_t;


/* What a process is filling.  Odd: none, or it is being written.  A new fill,
 * also of the process that came in its place, has another salt. */

typedef struct {
    _Alignas(64)
    uint32_t  turn;
    uint32_t  key;
    uint64_t  item;
    uint32_t  salt;
    uint32_t  filled;                    /* bytes */
} storm_offer_t;


typedef struct {
    const char  *name;                   /* the same in all processes: forks */
    uint64_t     kills;
} storm_point_t;


typedef struct {
    unsigned        workers;
    uint32_t        stop;
    uint32_t        hold;                /* odd: stand still; grows */
    storm_worker_t  worker[STORM_WORKERS];
    storm_offer_t   offer[STORM_WORKERS];
    storm_point_t   point[STORM_POINTS];
} storm_t;


typedef struct {
    uint64_t        rounds;
    uint64_t        gets;
    uint64_t        hits;
    uint64_t        stale;
    uint64_t        puts;
    uint64_t        fills;
    uint64_t        attached;
    uint64_t        refreshed;
    uint64_t        wrong;
    uint64_t        longest;             /* ns */
    uint64_t        running;
    uint64_t        kills;               /* by signal from outside */
    uint64_t        deaths;              /* at a pause point */
    uint64_t        checks;
    uint64_t        unsound;             /* checks that said no */
    unsigned        points;              /* pause points met */
    unsigned        died_at;             /* of them */
    unsigned        failed;              /* processes that ended otherwise */
    int             lost;                /* 1: one does not go on: a lost lock */
    hc_l1_stats_t   stats;               /* when all have left */
    storm_point_t   point[STORM_POINTS];
} storm_result_t;


void storm_run(const storm_options_t *o, storm_result_t *r);

/* 1: no wrong byte, no unsound check, no pin and no process left. */
int storm_is_sound(const storm_result_t *r);


/* --- between the files --- */

static inline uint32_t
storm_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;

    return *random >> 8;
}


/* Headers of an entry: of what its body is made. */

typedef struct {
    uint32_t  salt;
    uint32_t  len;
} storm_proof_t;

static inline uint32_t
storm_body_seed(uint32_t key, uint32_t version, uint32_t salt)
{
    return ((key * 2654435761u) ^ version) * 2246822519u ^ salt;
}


/* The fill of a process in pieces, and a pin of another's. */

typedef struct {
    hc_l1_hold_t    hold;                /* hold.ref.pinned: there is one */
    storm_offer_t  *offer;
    uint32_t        key;
    uint32_t        seed;
    uint32_t        filled;

    hc_l1_ref_t     ref;                 /* attached */
    uint32_t        there;               /* bytes of it that were filled */
} storm_fill_t;


/* _step: begins one, of e with its headers, or goes on with what there is.
 * _peek: attaches to another's.  _drop: ends both.  What they find wrong, and
 * done, is counted. */

void storm_fill_step(storm_fill_t *f, store_t *st, storm_worker_t *own,
    uint32_t key, const hc_entry_t *e, uint32_t *random);
void storm_fill_peek(storm_fill_t *f, store_t *st, storm_worker_t *own,
    const storm_offer_t *offer);
void storm_fill_drop(storm_fill_t *f, store_t *st, storm_worker_t *own);

/* One process, until `stop`: 0, or 1 if it found no slot. */
int storm_work(store_t *st, storm_t *storm, unsigned n, uint32_t random);

/* In a child: from now on it yields at pause points, or dies at one. */
void storm_points_start(storm_t *storm, uint32_t random, int kills);


#endif /* HC_BENCH_STORM_H_INCLUDED_ */

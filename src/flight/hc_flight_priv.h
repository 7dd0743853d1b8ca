/*
 * Inside of the leases.
 *
 *   block    | header | slots | shards | marks | groups | counters | places |
 *            | waits |
 *
 *   places   | 8 of bucket 0 | 8 of bucket 1 | ...     16 buckets are a shard
 *
 *   marks    one bit for each place, a row for each worker
 *   groups   numbers by group, a row for each worker
 *   counters a row for each worker, which the next one with its slot goes on
 *            with
 *   waits    how many wait on each place, a row for each worker
 *
 * A place goes through
 *
 *          begin            end
 *   FREE ---------> LIVE ---------> FREE     outcome and generation still stand
 *     ^              ^  \
 *     |        begin |   `--------> KEPT     REFUSED: PASS until `until`
 *     `--------------+---------------'       FAILED: BACKOFF until then
 *
 * and all that says where it is lies in one word, which moves in one step:
 *
 *   | generation | refresh | offered | outcome before | outcome | state |
 *
 * A new generation first makes the place FREE, then writes its fields, then
 * makes it LIVE.  So there is nothing to repair in a place when a process dies,
 * except its number of waiters and their mask, which follow from the rows of
 * the workers; and marks that were not made any more are made for all.
 *
 * Functions that end in _locked need the lock of the shard of the place.
 */

#ifndef HC_FLIGHT_PRIV_H_INCLUDED_
#define HC_FLIGHT_PRIV_H_INCLUDED_


#include <pthread.h>

#include "hc_flight.h"


#define HC_FLIGHT_LINE         64        /* bytes of a cache line */
#define HC_FLIGHT_WAYS         8
#define HC_FLIGHT_BUCKETS      (HC_FLIGHT_LEASES / HC_FLIGHT_WAYS)
#define HC_FLIGHT_SHARDS       64
#define HC_FLIGHT_SHARD        (HC_FLIGHT_LEASES / HC_FLIGHT_SHARDS)
#define HC_FLIGHT_GROUPS       32        /* of a worker at a time */
#define HC_FLIGHT_WAITS_MAX    UINT16_MAX
#define HC_FLIGHT_JUST         1000      /* ms */
#define HC_FLIGHT_BACKOFF_MIN  1000      /* ms */
#define HC_FLIGHT_BACKOFF_MAX  60000


/* The word of a place. */

#define HC_FLIGHT_FREE         0u
#define HC_FLIGHT_LIVE         1u
#define HC_FLIGHT_KEPT         2u

#define HC_FLIGHT_OFFERED      0x40u
#define HC_FLIGHT_REFRESH      0x80u

#define hc_flight_word_state(w)       ((unsigned) (w) & 3)
#define hc_flight_word_outcome(w)     ((unsigned) (w) >> 2 & 3)
#define hc_flight_word_before(w)      ((unsigned) (w) >> 4 & 3)
#define hc_flight_word_generation(w)  ((w) >> 8)


typedef struct {
    _Alignas(HC_FLIGHT_LINE)
    uint64_t          word;
    hc_flight_id_t    id;
    uint64_t          deadline;  /* ms; of a LIVE one */
    uint64_t          until;     /* ms; of a KEPT one; since when it is FREE */
    uint64_t          item;
    uint64_t          total;
    uint64_t          filled;

    hc_flight_mask_t  mask;      /* workers with a row that is not 0 */
    uint32_t          waiters;   /* sum of the rows */
    uint16_t          owner;     /* slot */
    uint16_t          failures;  /* of refreshes, in a row */
} hc_flight_place_t;


/* A process holds the mutex of its slot for life, so that the system itself
 * tells others of its death. */

typedef struct {
    _Alignas(HC_FLIGHT_LINE)
    pthread_mutex_t   mutex;
    uint32_t          pid;       /* for people */
} hc_flight_slot_t;


typedef struct {
    _Alignas(HC_FLIGHT_LINE)
    pthread_mutex_t   mutex;
} hc_flight_shard_t;


typedef struct {
    uint64_t  magic;
    uint32_t  layout;
    uint32_t  leases;
    uint32_t  workers;
    uint32_t  place_size;
    uint64_t  size;
    hc_seed_t seed[2];           /* of the halves of an id */
    uint64_t  built;             /* written last */

    _Alignas(HC_FLIGHT_LINE)
    uint64_t  deadline;          /* ms; no LIVE place has an earlier one */

    _Alignas(HC_FLIGHT_LINE)
    uint8_t   in_use[HC_FLIGHT_WORKERS];
} hc_flight_header_t;


typedef uint64_t  hc_flight_marks_t[HC_FLIGHT_WORDS];
typedef uint64_t  hc_flight_groups_t[HC_FLIGHT_GROUPS];  /* group, number */
typedef uint64_t  hc_flight_counters_t[hc_align(HC_FLIGHT_NCOUNTERS, 8)];
typedef uint16_t  hc_flight_waits_t[HC_FLIGHT_LEASES];


struct hc_flight_s {
    hc_flight_header_t  *header;
    hc_flight_slot_t    *slots;
    hc_flight_shard_t   *shards;
    hc_flight_marks_t   *marks;
    hc_flight_groups_t  *groups;
    hc_flight_counters_t  *counters;
    hc_flight_place_t   *places;
    hc_flight_waits_t   *waits;

    int                  slot;   /* -1: not joined */
    hc_flight_mask_t     owed;   /* workers to be woken */
};


/* Points at which a test may stop or kill the process. */

#if (HC_TEST_HOOKS)

extern void  (*hc_flight_pause)(const char *point);

#define hc_flight_pause_at(point)                                             \
    do {                                                                      \
        if (hc_flight_pause) {                                                \
            hc_flight_pause(point);                                           \
        }                                                                     \
    } while (0)

#else
#define hc_flight_pause_at(point)  ((void) 0)
#endif


/* The fence: what is written to the place next is not seen before this. */

static inline void
hc_flight_word_set(hc_flight_place_t *p, uint64_t word)
{
    __atomic_store_n(&p->word, word, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    hc_flight_pause_at("word set");
}


static inline void
hc_flight_mask_add(hc_flight_mask_t *mask, unsigned slot)
{
    mask->word[slot / 64] |= (uint64_t) 1 << slot % 64;
}


static inline void
hc_flight_mask_remove(hc_flight_mask_t *mask, unsigned slot)
{
    mask->word[slot / 64] &= ~((uint64_t) 1 << slot % 64);
}


static inline int
hc_flight_mask_has(const hc_flight_mask_t *mask, unsigned slot)
{
    return mask->word[slot / 64] >> slot % 64 & 1;
}


static inline int
hc_flight_in_use(const hc_flight_t *f, unsigned slot)
{
    return __atomic_load_n(&f->header->in_use[slot], __ATOMIC_ACQUIRE);
}


/* shards: the lock of a place; it repairs what a dead owner left */

void hc_flight_lock(hc_flight_t *f, uint32_t index);
void hc_flight_unlock(hc_flight_t *f, uint32_t index);

/* slots: 0: nobody is there any more */

int hc_flight_alive(hc_flight_t *f, unsigned slot);

/* places: finds by id, NULL: none; one to use for it, NULL: all are LIVE;
 * a new generation; the end of one */

hc_flight_place_t *hc_flight_find_locked(hc_flight_t *f,
    const hc_flight_id_t *id);
hc_flight_place_t *hc_flight_vacant_locked(hc_flight_t *f,
    const hc_flight_id_t *id);
void hc_flight_lead_locked(hc_flight_t *f, hc_flight_place_t *p,
    const hc_flight_id_t *id, uint64_t deadline, int refresh,
    uint32_t failures);
void hc_flight_finish_locked(hc_flight_t *f, hc_flight_place_t *p,
    hc_flight_outcome_e outcome, uint64_t until, uint64_t now);
void hc_flight_deadline_min(hc_flight_t *f, uint64_t deadline);

/* waits: who waits for a place.  _tell marks it for all of them, _free also
 * ends their waiting; _drop ends that of one worker; _recount after a death. */

void hc_flight_tell_locked(hc_flight_t *f, hc_flight_place_t *p);
void hc_flight_free_locked(hc_flight_t *f, hc_flight_place_t *p);
int hc_flight_wait_locked(hc_flight_t *f, hc_flight_place_t *p, uint32_t max);
void hc_flight_drop_locked(hc_flight_t *f, hc_flight_place_t *p,
    unsigned slot, uint32_t n);
void hc_flight_recount_locked(hc_flight_t *f, hc_flight_place_t *p);

/* Hands out what is owed. */

void hc_flight_give(hc_flight_t *f, hc_flight_mask_t *wake);


static inline uint32_t
hc_flight_index(const hc_flight_t *f, const hc_flight_place_t *p)
{
    return (uint32_t) (p - f->places);
}


static inline uint32_t
hc_flight_bucket(const hc_flight_id_t *id)
{
    return (uint32_t) (id->a % HC_FLIGHT_BUCKETS) * HC_FLIGHT_WAYS;
}


#endif /* HC_FLIGHT_PRIV_H_INCLUDED_ */

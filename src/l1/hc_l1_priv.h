/*
 * Inside of the first-level cache.
 *
 *   block    | header | slots | rows of pins | seen | shards | regions |
 *
 *   region   | buckets | arena            one per shard, all of one size
 *
 *   arena    start        tail                     head         end
 *            |  free      | item | item | ... | item |  free    |
 *            |  ... item  | free | item | ...        | filler   |   wrapped
 *
 *   item     | size, state, hit | next | hash | fresh_for |     16 bytes
 *            | core 32 | tags | key | variant | headers | body  an hc_entry
 *
 *   bucket -> item -> item -> 0           chained by `next`, live items only
 *
 * Places and lengths are u32 in units of 8 bytes, places counted from the
 * block's start; hence no block above 32 GB.  0 is no place: the header is
 * there.
 *
 * The arena is a ring, walked item by item from the tail; sizes of items and
 * fillers add up to `used`.  New items go to the head.  What the tail meets is
 * taken back, or moved to the head when it was hit since (evict).  A pinned
 * item stays where it is: the head jumps over it, with a filler before it, so
 * that it becomes the youngest item of the walk (space).
 *
 * Purge: the first `purged` units from the tail are forgotten, whatever their
 * items say.  Such items leave their chains when somebody meets them.
 *
 * Death: `changing` of a shard is not 0 while its structure is in between.
 * The next owner of the lock then rebuilds the shard from the rows alone.
 *
 * Who locks: only hc_l1.c.  Functions that end in _locked need the lock of the
 * shard they are given.
 */

#ifndef HC_L1_PRIV_H_INCLUDED_
#define HC_L1_PRIV_H_INCLUDED_


#include <pthread.h>

#include "hc_l1.h"


#define HC_L1_UNIT         8
#define HC_L1_LINE         64            /* bytes of a cache line */
#define HC_L1_SLOTS        128
#define HC_L1_ASK_AGAIN    1000          /* ms, for a slot */
#define HC_L1_SHARDS_MAX   64
#define HC_L1_SIZE_MAX     ((1u << 28) - 1)          /* units of one item */

#define HC_L1_FILLER       1
#define HC_L1_DEAD         2             /* was an entry; in no chain */
#define HC_L1_LIVE         3             /* in its chain, unless purged */


/* A filler may be one unit long: only its first word exists then. */

typedef struct {
    uint32_t  size:28;           /* units, all included */
    uint32_t  state:3;
    uint32_t  hit:1;             /* since it last was at the head */
    uint32_t  next;
    uint32_t  hash;              /* low half of the key's hash */
    uint32_t  fresh_for;         /* ms from the entry's born_at */
} hc_l1_item_t;

_Static_assert(sizeof(hc_l1_item_t) == 16, "item header");
_Static_assert(sizeof(hc_entry_core_t) == HC_ENTRY_CORE_SIZE, "entry core");


typedef struct {
#define hc_l1_member(name, text)  uint64_t  name;
    HC_L1_COUNTERS(hc_l1_member)
#undef hc_l1_member
} hc_l1_counters_t;


typedef struct {
    _Alignas(HC_L1_LINE)
    pthread_mutex_t   mutex;
    uint32_t          changing;  /* nests */
    uint32_t          mask;      /* buckets - 1 */
    uint64_t          buckets;   /* bytes from the block's start */
    uint32_t          start;     /* of the arena */
    uint32_t          end;
    uint32_t          head;      /* start .. end - 1 */
    uint32_t          tail;
    uint32_t          used;
    uint32_t          purged;    /* <= used */
    uint64_t          entries;
    uint64_t          bytes;
    hc_l1_counters_t  n;
} hc_l1_shard_t;


/*
 * A process that uses the block holds the mutex of its slot for life, so that
 * the system itself tells others of its death.
 */

typedef struct {
    _Alignas(HC_L1_LINE)
    pthread_mutex_t   mutex;
    uint32_t          pid;       /* for people */
    uint32_t          top;       /* rows at and above it were never used */
} hc_l1_slot_t;


/* A row: what is pinned; 0: free.  Low half place, high half length. */

typedef uint64_t  hc_l1_row_t;

#define hc_l1_row(at, size)  ((uint64_t) (size) << 32 | (at))
#define hc_l1_row_at(row)    ((uint32_t) (row))
#define hc_l1_row_size(row)  ((uint32_t) ((row) >> 32))


/* Up to and without `built` it is compared when a block is adopted. */

typedef struct {
    uint64_t    magic;
    uint32_t    layout;
    uint32_t    header_size;
    uint32_t    slot_size;
    uint32_t    shard_size;
    uint32_t    nslots;
    uint32_t    nrows;           /* of one slot */
    uint32_t    nseen;           /* of one row of the sketch */
    uint32_t    nshards;
    uint32_t    nbuckets;        /* of one shard */
    uint32_t    unit;
    uint64_t    size;
    uint64_t    max_object;
    uint64_t    slots_at;        /* bytes from the block's start */
    uint64_t    rows_at;
    uint64_t    seen_at;
    uint64_t    shards_at;
    uint64_t    regions_at;
    uint64_t    region_size;
    hc_seed_t   seed;
    uint64_t    built;           /* written last */

    _Alignas(HC_L1_LINE)
    uint32_t    workers;         /* recounted by join, leave and sweep */
    uint8_t     in_use[HC_L1_SLOTS];

    _Alignas(HC_L1_LINE)
    uint32_t    seen_calls;
} hc_l1_header_t;


struct hc_l1_s {
    unsigned char        *base;
    hc_l1_header_t       *header;
    hc_l1_shard_t        *shards;
    hc_l1_slot_t         *slots;
    hc_l1_row_t          *rows;
    const hc_versions_t  *versions;
    hc_seed_t             seed;

    hc_l1_slot_t         *slot;          /* NULL: not joined */
    int                   refused;       /* no slot was free */
    uint64_t              asked;         /* ms, when that was last found */
    hc_l1_row_t          *own;           /* rows of it */
    uint32_t             *free;          /* stack of free ones */
    uint32_t              nfree;
    uint64_t              pinned;        /* units in own rows */

    hc_l1_row_t          *pins;          /* collected, by place */
    uint32_t              npins;
};


/* What a put carries down. */

typedef struct {
    const hc_l1_key_t  *key;
    const hc_entry_t   *entry;
    uint64_t            fresh_until;
    uint64_t            now;
    uint32_t            need;            /* units; 0: too large */
} hc_l1_put_t;


/* Points at which a test may stop or kill the process. */

#if (HC_TEST_HOOKS)

extern void  (*hc_l1_pause)(const char *point);

#define hc_l1_pause_at(point)                                                 \
    do {                                                                      \
        if (hc_l1_pause) {                                                    \
            hc_l1_pause(point);                                               \
        }                                                                     \
    } while (0)

#else
#define hc_l1_pause_at(point)  ((void) 0)
#endif


static inline void *
hc_l1_at(const hc_l1_t *l1, uint32_t at)
{
    return l1->base + (size_t) at * HC_L1_UNIT;
}


static inline uint32_t
hc_l1_place(const hc_l1_t *l1, const void *p)
{
    return (uint32_t) ((size_t) ((const unsigned char *) p - l1->base)
                       / HC_L1_UNIT);
}


static inline unsigned char *
hc_l1_entry_of(hc_l1_item_t *item)
{
    return (unsigned char *) (item + 1);
}


static inline hc_entry_core_t
hc_l1_core(const hc_l1_item_t *item)
{
    hc_entry_core_t  core;

    memcpy(&core, item + 1, sizeof(core));

    return core;
}


static inline uint64_t
hc_l1_payload(const hc_entry_core_t *core)
{
    return (uint64_t) core->key_len + core->variant_len + core->headers_len
           + core->body_len;
}


/* born_at lies before the clock's 0 when the answer is older than the machine
 * is up: times are compared by their distance. */

static inline int
hc_l1_before(uint64_t now, uint64_t when)
{
    return (int64_t) (now - when) < 0;
}


static inline uint64_t
hc_l1_keep_until(const hc_entry_core_t *core)
{
    return core->born_at + core->lifetime + core->stale_for;
}


static inline int
hc_l1_purged(const hc_l1_shard_t *s, uint32_t at)
{
    uint32_t  age;

    age = at - s->tail + (at < s->tail ? s->end - s->start : 0);

    return age < s->purged;
}


/* The fences keep the compiler from moving changes out of the pair; a process
 * that is killed has done what comes before in program order. */

static inline void
hc_l1_change_locked(hc_l1_shard_t *s)
{
    s->changing++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hc_l1_pause_at("changing");
}


static inline void
hc_l1_changed_locked(hc_l1_shard_t *s)
{
    hc_l1_pause_at("changed");
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    s->changing--;
}


/* block: plan and building */

int hc_l1_block_plan(hc_l1_header_t *plan, const hc_l1_options_t *o);
int hc_l1_block_fits(const hc_l1_header_t *h, hc_l1_header_t *plan);
int hc_l1_block_build(void *block, const hc_l1_header_t *plan);

/* store: get and put under the lock.  need: units an entry takes, 0: too large
 * for this block */

hc_l1_rc_e hc_l1_get_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_key_t *k, uint64_t now, hc_l1_ref_t *ref);
uint32_t hc_l1_need(const hc_l1_t *l1, const hc_entry_t *e);
hc_l1_rc_e hc_l1_put_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_put_t *put);

/* table: finds by key; forgets an item, which stays in the walk as dead */

hc_l1_item_t *hc_l1_find_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_key_t *k);
void hc_l1_link_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item);
void hc_l1_unlink_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item);
uint32_t *hc_l1_find_link_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    hc_l1_item_t *item);

static inline uint32_t *
hc_l1_bucket(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t hash)
{
    return (uint32_t *) (l1->base + s->buckets) + (hash & s->mask);
}

/* space: the ring; knows nothing of entries */

uint32_t hc_l1_gap_locked(const hc_l1_shard_t *s);
uint32_t hc_l1_take_locked(hc_l1_shard_t *s, uint32_t n);
void hc_l1_pass_locked(hc_l1_shard_t *s, uint32_t n);
void hc_l1_fill_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n);
void hc_l1_jump_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n);
int hc_l1_has_room_locked(const hc_l1_t *l1, const hc_l1_shard_t *s,
    uint32_t n);
void hc_l1_reset_locked(hc_l1_t *l1, hc_l1_shard_t *s);

/* evict: n units at the head, whatever has to go; 0: no room.  The caller has
 * collected the pins. */

uint32_t hc_l1_room_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n,
    uint64_t now);

/* pins: rows of all slots that lie in a shard; rows of this process */

void hc_l1_collect_locked(hc_l1_t *l1, const hc_l1_shard_t *s);
int hc_l1_is_pinned(const hc_l1_t *l1, uint32_t at);
int hc_l1_pin_locked(hc_l1_t *l1, const hc_l1_item_t *item, hc_l1_ref_t *ref);
void hc_l1_slot_clear(hc_l1_t *l1, uint32_t n);
void hc_l1_slot_take(hc_l1_t *l1, uint32_t n);
void hc_l1_slots_count(hc_l1_t *l1);
void hc_l1_pins_sum(const hc_l1_t *l1, hc_l1_stats_t *stats);

/* check */

int hc_l1_check_locked(hc_l1_t *l1, hc_l1_shard_t *s);


#endif /* HC_L1_PRIV_H_INCLUDED_ */

/*
 * Inside of the first-level cache.
 *
 *   block    | header | slots | rows of pins | seen | shards | regions |
 *
 *   region   | buckets | arena            one per shard, all of one size
 *
 *   arena    | item | hole | item | item | ... | hole | item |
 *
 *   bucket -> item -> item -> 0           chained by `next`, live items only
 *
 * Places and lengths are u32 in units of 8 bytes, places counted from the
 * block's start; hence no block above 32 GB.  0 is no place: the header is
 * there.
 *
 * Room (alloc, space): holes are kept by size as in TLSF (Masmano et al.,
 * 2004); two never lie side by side.  When there is enough free memory, but
 * in pieces, the items behind a hole are moved into other holes.  So nearly
 * all of the arena is in use, whatever the sizes that come and go.
 *
 * Who goes (wheel, table, evict, in this order): what is past its time, found
 * by a timing wheel; what a purge has forgotten; what is worth least.
 *
 * Purge: a new generation.  Items of an older one are forgotten; they leave
 * their chains when somebody meets them, and every put sweeps a few buckets.
 *
 * Pinned items are never moved or written over.  One that has to go becomes a
 * grave until nobody sends it any more.  One that is held, for its body to be
 * filled, is a grave that may yet live: the row of who fills it keeps it.
 *
 * A get takes no lock: it looks, pins what it found, and looks at `seq` again.
 * Who moves or frees an item makes `seq` odd first and then asks who has
 * pinned it.  A get that was too late, or finds `seq` odd, takes the lock.
 *
 * Death: `changing` of a shard is not 0 while its structure is in between.
 * The next owner of the lock then rebuilds the shard from the rows alone.
 *
 * Who locks a shard: hc_l1.c and hc_l1_hold.c, by hc_l1_lock.h.  Functions that
 * end in _locked need the lock of the shard they are given.
 */

#ifndef HC_L1_PRIV_H_INCLUDED_
#define HC_L1_PRIV_H_INCLUDED_


#include <pthread.h>

#include "hc_l1_item.h"


#define HC_L1_LINE         64            /* bytes of a cache line */
#define HC_L1_SLOTS        512
#define HC_L1_ASK_AGAIN    1000          /* ms, for a slot */
#define HC_L1_SPINS        100           /* most puts are done by then */
#define HC_L1_SHARDS_MAX   64
#define HC_L1_SIZE_MAX     ((1u << 29) - 1)          /* units of a shard */

#define HC_L1_CLASSES      216           /* of holes, by size */
#define HC_L1_LEVELS       4             /* of the wheel */
#define HC_L1_SPOKES       32            /* of a level */


typedef struct {
#define hc_l1_member(name, text)  uint64_t  name;
    HC_L1_COUNTERS(hc_l1_member)
#undef hc_l1_member
} hc_l1_counters_t;


/* All that a hit reads here is in the first line. */

typedef struct {
    _Alignas(HC_L1_LINE)
    pthread_mutex_t   mutex;
    uint32_t          changing;  /* nests */
    uint32_t          nbuckets;
    uint32_t          buckets;   /* place */
    uint16_t          clock;     /* evict's */
    uint8_t           gen;
    uint8_t           swept_gen; /* no older one is left */
    uint32_t          seq;       /* odd: items may move or go */

    hc_l1_counters_t  n;

    uint64_t          entries;
    uint64_t          bytes;
    uint32_t          start;     /* of the arena */
    uint32_t          end;
    uint32_t          free;      /* units in holes */
    uint32_t          hand;      /* evict's next bucket */
    uint32_t          unswept;   /* buckets, since the last purge */
    uint32_t          turned;    /* units stored since the clock moved */

    uint32_t          large;     /* bit n: a class of 8 n .. 8 n + 7 has one */
    uint8_t           small[HC_L1_CLASSES / 8];
    uint32_t          holes[HC_L1_CLASSES];

    uint64_t          tick;      /* the wheel's; ms / HC_L1_TICK */
    uint32_t          occupied[HC_L1_LEVELS];
    hc_l1_node_t      spokes[HC_L1_LEVELS][HC_L1_SPOKES];
    hc_l1_node_t      graves;
} hc_l1_shard_t;

_Static_assert(offsetof(hc_l1_shard_t, n) <= HC_L1_LINE, "one line for a hit");


/*
 * A process that uses the block holds the mutex of its slot for life, so that
 * the system itself tells others of its death.  The sums stay when the slot
 * gets another owner.
 */

typedef struct {
    _Alignas(HC_L1_LINE)
    pthread_mutex_t   mutex;
    uint32_t          pid;       /* for people */
    uint32_t          top;       /* rows at and above it were never used */

    _Alignas(HC_L1_LINE)
    uint64_t          hits;
    uint64_t          stale;
    uint64_t          misses;
    uint64_t          copied;
} hc_l1_slot_t;


/* A row: what is pinned; 0: free.  Low half place, high half length. */

typedef uint64_t  hc_l1_row_t;

#define hc_l1_row(at, size)  ((uint64_t) (size) << 32 | (at))
#define hc_l1_row_at(row)    ((uint32_t) (row))
#define hc_l1_row_size(row)  ((uint32_t) ((row) >> 32))


/* 1: some of these units are the row's. */

static inline int
hc_l1_row_meets(hc_l1_row_t row, uint32_t at, uint32_t size)
{
    return hc_l1_row_at(row) < at + size
           && hc_l1_row_at(row) + hc_l1_row_size(row) > at;
}


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
    _Alignas(8)
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


static inline hc_l1_item_t *
hc_l1_item_of(const hc_l1_t *l1, uint32_t node)
{
    return hc_l1_at(l1, node - (uint32_t) HC_L1_NODE_AT);
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


/* block */

int hc_l1_block_plan(hc_l1_header_t *plan, const hc_l1_options_t *o);
int hc_l1_block_fits(const hc_l1_header_t *h, hc_l1_header_t *plan);
int hc_l1_block_build(void *block, const hc_l1_header_t *plan);

/* From here on readers without the lock are on their guard; what they have
 * pinned is seen by a collection that comes after it. */

static inline void
hc_l1_seq_begin_locked(hc_l1_shard_t *s)
{
    __atomic_store_n(&s->seq, s->seq | 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}


static inline void
hc_l1_seq_end_locked(hc_l1_shard_t *s)
{
    __atomic_store_n(&s->seq, (s->seq | 1) + 1, __ATOMIC_RELEASE);
}


/* glance: get without a lock; HC_L1_OK: it has to be done with it */

hc_l1_rc_e hc_l1_glance(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_key_t *k,
    uint64_t now, hc_l1_ref_t *ref);

/* store, refresh: under the lock.  need: units an entry takes, 0: too large for
 * this block */

hc_l1_rc_e hc_l1_get_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_key_t *k, uint64_t now, hc_l1_ref_t *ref);
void hc_l1_gone_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item);
hc_l1_rc_e hc_l1_usable(const hc_l1_t *l1, const hc_l1_item_t *item,
    uint64_t now);
void hc_l1_hand_out(const hc_l1_item_t *item, hc_l1_ref_t *ref);
void hc_l1_count_get(hc_l1_t *l1, hc_l1_rc_e rc, const hc_l1_ref_t *ref);
uint32_t hc_l1_need(const hc_l1_t *l1, const hc_entry_t *e);
hc_l1_rc_e hc_l1_put_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_put_t *put);
hc_l1_rc_e hc_l1_refresh_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_entry_core_t *was, const hc_l1_put_t *put);

/* item: an entry in and out of it; body.data NULL: its room is left */

void hc_l1_item_write(hc_l1_item_t *item, const hc_l1_put_t *put);
void hc_l1_item_read(const hc_l1_item_t *item, hc_entry_t *e);
void hc_l1_item_set_fresh(hc_l1_item_t *item, uint64_t fresh_until);
void hc_l1_item_refresh(hc_l1_item_t *item, const hc_l1_put_t *put);
hc_l1_rc_e hc_l1_refresh_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_entry_core_t *was, const hc_l1_put_t *put);

/* table: finds by key; in and out of its chain, which is also in and out of
 * the wheel and the sums; forgets all; takes back what was forgotten, at most
 * so many buckets of it, 1: there was something */

hc_l1_item_t *hc_l1_find_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_key_t *k);
void hc_l1_link_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item);
void hc_l1_unlink_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item);
uint32_t *hc_l1_find_link_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    hc_l1_item_t *item);
void hc_l1_purge_locked(hc_l1_t *l1, hc_l1_shard_t *s);
int hc_l1_swept_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t buckets);

static inline uint32_t *
hc_l1_buckets(const hc_l1_t *l1, const hc_l1_shard_t *s)
{
    return hc_l1_at(l1, s->buckets);
}

static inline uint32_t
hc_l1_bucket(const hc_l1_shard_t *s, uint32_t hash)
{
    return (uint32_t) ((uint64_t) hash * s->nbuckets >> 32);
}

/* node: circular lists */

void hc_l1_list_init(hc_l1_t *l1, hc_l1_node_t *head);
int hc_l1_list_empty(const hc_l1_t *l1, const hc_l1_node_t *head);
void hc_l1_list_add(hc_l1_t *l1, hc_l1_node_t *head, hc_l1_node_t *node);
void hc_l1_list_remove(hc_l1_t *l1, hc_l1_node_t *node);
void hc_l1_list_moved(hc_l1_t *l1, hc_l1_node_t *node);

/* alloc: holes by size.  _alloc: n units or one more, in *size; 0: no hole is
 * large enough.  _release: any run of units.  `after` is what follows a run:
 * told whether a hole ends before it. */

uint32_t hc_l1_alloc_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n,
    uint32_t *size);
void hc_l1_release_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at,
    uint32_t size, int after_hole);
void hc_l1_hook_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at,
    uint32_t size);
void hc_l1_unhook_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at);
uint32_t hc_l1_large_hole_locked(const hc_l1_t *l1, const hc_l1_shard_t *s,
    uint32_t n);
void hc_l1_tell_after_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at,
    int hole);

/* space: an item's memory back, now or when nobody sends it any more; n units,
 * whatever has to go, 0: no room.  The caller has collected the pins. */

void hc_l1_drop_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item);
void hc_l1_bury_locked(hc_l1_t *l1, hc_l1_shard_t *s);
uint32_t hc_l1_room_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n,
    uint64_t now, uint32_t *size);

/* gather: n units of those in holes, 0: not with this try; the last of them
 * fails only without room, when something is pinned everywhere */

#define HC_L1_TRIES  3                   /* after that one */

uint32_t hc_l1_gather_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n,
    uint64_t now, unsigned try, uint32_t *size);
int hc_l1_has_room_locked(const hc_l1_t *l1, const hc_l1_shard_t *s,
    uint32_t n);

/* reset: one hole but for the collected pins; the same after a death */

void hc_l1_clear_locked(hc_l1_t *l1, hc_l1_shard_t *s);
void hc_l1_reset_locked(hc_l1_t *l1, hc_l1_shard_t *s);

/* wheel: at most `steps` items looked at; 1: something went */

#define HC_L1_DUE  4                     /* even if there is room */

void hc_l1_wheel_add_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    hc_l1_item_t *item);
int hc_l1_expire_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t now,
    unsigned steps);

/* evict: what is known of an item's use; which one of so many goes, NULL: none
 * can; what is to be kept of one that goes.  _history: of a key that is about
 * to be stored, over `old` or NULL. */

void hc_l1_used(const hc_l1_shard_t *s, hc_l1_item_t *item);
unsigned hc_l1_history_locked(hc_l1_t *l1, const hc_l1_key_t *k,
    const hc_l1_item_t *old);
void hc_l1_born_locked(hc_l1_shard_t *s, hc_l1_item_t *item, unsigned uses);
hc_l1_item_t *hc_l1_victim_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    uint64_t now, unsigned sample);
void hc_l1_evicted_locked(hc_l1_t *l1, hc_l1_shard_t *s,
    const hc_l1_item_t *item, uint64_t now);

/* seen: how often a key was asked for while it was not stored */

unsigned hc_l1_recall(const hc_l1_t *l1, uint32_t hash);
void hc_l1_remember(hc_l1_t *l1, uint32_t hash, unsigned uses);

/* pins: rows of all slots that lie in a shard; rows of this process */

void hc_l1_collect_locked(hc_l1_t *l1, const hc_l1_shard_t *s);
int hc_l1_is_pinned(const hc_l1_t *l1, uint32_t at);
int hc_l1_is_sent(const hc_l1_t *l1, uint32_t at, uint32_t size);
int hc_l1_pin(hc_l1_t *l1, uint32_t at, uint32_t size, hc_l1_ref_t *ref);
int hc_l1_may_keep(const hc_l1_t *l1, uint32_t size);
void hc_l1_pins_sum(const hc_l1_t *l1, hc_l1_stats_t *stats);

/* slots: 1: this process has one, perhaps only now */

int hc_l1_joined(hc_l1_t *l1, uint64_t now);
void hc_l1_slots_sum(const hc_l1_t *l1, hc_l1_stats_t *stats);

/* walk: 1: the cursor left this shard; check: 1: it is sound */

int hc_l1_walk_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_cursor_t *c,
    uint64_t now, hc_l1_visit_pt visit, void *data);
int hc_l1_check_locked(hc_l1_t *l1, hc_l1_shard_t *s);


#endif /* HC_L1_PRIV_H_INCLUDED_ */

/*
 * First-level cache: a store of answers in one block of shared memory.
 * Layer: hc_, stores.  Knows entries and versions; no nginx, no L2.
 *
 * Processes.  The block may be mapped at any address; inside are offsets only.
 * The caller owns it and keeps it mapped while a handle is open.  A handle is
 * local and for one thread; fork() copies it, so open in the parent, join in
 * each child that reads or writes, leave at its exit.
 *
 * Locks.  The store is cut into shards by the hash of the key, each behind a
 * robust mutex that only public calls take.  A get that finds its entry, or none,
 * takes none unless a put is in its way.  No call sleeps on anything else and
 * none holds two.  When a process dies inside, the next owner finds the shard
 * whole, or marked as being changed: then it resets that shard (counted)
 * around what living processes still send.
 *
 * Pins.  The spans of a ref stay readable and unchanged until hc_l1_unpin(),
 * even if the entry is replaced, purged or evicted meanwhile.  A ref with
 * copy = 1 must be copied and unpinned before the caller returns to its event
 * loop: a quarter of the store is pinned, or the process's rows are used up.
 * Pins of a dead process are known and dropped by hc_l1_sweep().
 *
 * What a hit costs.  One atomic read-modify-write, or a fence; an unpin none.
 * Lines that other processes write: the shard's first (a put), the item's
 * first (a hit while its use is news).  Lines they only read: the bucket, the
 * one or two with tags and key, one for each version counter, then what the
 * answer is made of.  Its own: the row of the pin, the counters.
 *
 * Memory.  About 72 bytes for an entry beside its key, variant, headers and
 * body, and 6 of tables for each KB of the block; what is deleted, expired,
 * purged or replaced is used again at once, in whatever pieces.  What has to go
 * for a new entry is the least valuable of a few, by uses, idle time and size.
 *
 * Time.  `now` is monotonic ms, the same for all processes of a block.
 */

#ifndef HC_L1_H_INCLUDED_
#define HC_L1_H_INCLUDED_


#include "../base/hc_base.h"
#include "../base/hc_hash.h"
#include "../base/hc_counters.h"
#include "../base/hc_versions.h"
#include "../policy/hc_entry.h"


#define HC_L1_LAYOUT_VERSION  3
#define HC_L1_MIN_SIZE        (1024 * 1024)      /* bytes */
#define HC_L1_MAX_SIZE        (31ll << 30)


typedef struct hc_l1_s  hc_l1_t;


typedef struct {
    void                 *block;       /* aligned to 4096 */
    size_t                size;        /* bytes, >= HC_L1_MIN_SIZE */
    size_t                max_object;  /* bytes of key, variant, headers, body;
                                          0: 1 MiB or block / 8, the smaller */
    hc_seed_t             seed;        /* random; used when built anew */
    const hc_versions_t  *versions;
} hc_l1_options_t;


typedef struct {
    hc_str_t  key;
    hc_str_t  variant;
    uint64_t  hash;                    /* set by hc_l1_hash() */
} hc_l1_key_t;


typedef enum {
    HC_L1_OK = 0,
    HC_L1_HIT,                         /* fresh; pinned */
    HC_L1_STALE,                       /* past fresh_until; pinned */
    HC_L1_MISS,
    HC_L1_INVALIDATED,                 /* a miss: a version moved since */
    HC_L1_TOO_LARGE,
    HC_L1_NO_MEMORY,
    HC_L1_FENCED                       /* one moved since the fill began */
} hc_l1_rc_e;


typedef struct {
    hc_entry_t  entry;                 /* spans into the block */
    uint64_t    fresh_until;           /* ms */
    uint32_t    row;                   /* private: which pin */
    unsigned    pinned:1;
    unsigned    copy:1;                /* copy now, unpin now */
} hc_l1_ref_t;


typedef struct {
#define hc_l1_member(name, text)  uint64_t  name;
    HC_L1_COUNTERS(hc_l1_member)
    HC_L1_GAUGES(hc_l1_member)
#undef hc_l1_member
    uint64_t  size;                    /* bytes of the block */
    uint64_t  max_object;
    uint64_t  shards;
    uint64_t  workers;                 /* slots held by living processes */
} hc_l1_stats_t;


/* Where a walk is; all 0: at its start.  Kept by the caller between calls. */

typedef struct {
    uint32_t  shard;
    uint32_t  bucket;
    uint32_t  item;                    /* of the bucket's chain */
} hc_l1_cursor_t;


/* The spans are good during the call, which is made under a lock: it copies
 * and calls nothing back.  0: go on; else: not taken, stop before it. */

typedef int (*hc_l1_visit_pt)(void *data, const hc_entry_t *e,
    uint64_t fresh_until);


/* Adopts the block when its magic, layout version, sizes and max_object are
 * those of the options (*adopted = 1), else builds it anew, which is only for a
 * block no other process uses.  NULL: block too small, above 32 GB or not
 * aligned, or no memory for the handle. */
hc_l1_t *hc_l1_open(const hc_l1_options_t *o, int *adopted);
void hc_l1_close(hc_l1_t *l1);

/* Takes a slot for this process and sweeps.  0: ok; -1: no slot is free, then
 * gets miss and puts are refused until a later get finds one. */
int hc_l1_join(hc_l1_t *l1);
void hc_l1_leave(hc_l1_t *l1);

/* Drops the pins of processes that died; cheap. */
void hc_l1_sweep(hc_l1_t *l1);

void hc_l1_hash(const hc_l1_t *l1, hc_l1_key_t *k);

/* HIT or STALE (ref is pinned), MISS or INVALIDATED.  Never allocates. */
hc_l1_rc_e hc_l1_get(hc_l1_t *l1, const hc_l1_key_t *k, uint64_t now,
    hc_l1_ref_t *ref);
void hc_l1_unpin(hc_l1_t *l1, hc_l1_ref_t *ref);

/* Copies the entry in, under the key and variant of `k`.  It is a hit until
 * fresh_until, stale until born_at + lifetime + stale_for.  OK, TOO_LARGE,
 * NO_MEMORY or FENCED; the last three change nothing but counters. */
hc_l1_rc_e hc_l1_put(hc_l1_t *l1, const hc_l1_key_t *k, const hc_entry_t *e,
    uint64_t fresh_until, uint64_t now);

/* Other times, windows, flags and tags for the entry a get gave as `was`:
 * those of e, whose status, headers and length of the body are the same; its
 * body is not looked at.  OK; FENCED; MISS: it is another one by now, or not
 * the same: put it anew. */
hc_l1_rc_e hc_l1_refresh(hc_l1_t *l1, const hc_l1_key_t *k,
    const hc_entry_core_t *was, const hc_entry_t *e, uint64_t fresh_until,
    uint64_t now);

/* Forget one entry: OK or MISS.  Forget all, in constant time per shard. */
hc_l1_rc_e hc_l1_delete(hc_l1_t *l1, const hc_l1_key_t *k);
void hc_l1_purge(hc_l1_t *l1);

/* Counts one request for a key that is not stored; returns about how many there
 * were lately, 1 .. 255, rather more than fewer.  (hc_cache_min_uses) */
unsigned hc_l1_seen(hc_l1_t *l1, const hc_l1_key_t *k);

/* Visits some of the entries a get would find, fresh or stale, and moves the
 * cursor behind them; 1: there may be more.  The store may change between the
 * calls: what is there all the while is visited, unless it changes its place
 * in a chain just then; what comes or goes may be, or twice.  It needs no slot
 * and counts as no use. */
int hc_l1_walk(hc_l1_t *l1, hc_l1_cursor_t *c, uint64_t now,
    hc_l1_visit_pt visit, void *data);

/* _check accounts for every byte, shard by shard; 1: sound.  For tests. */
void hc_l1_stats(hc_l1_t *l1, hc_l1_stats_t *stats);
int hc_l1_check(hc_l1_t *l1);


#endif /* HC_L1_H_INCLUDED_ */

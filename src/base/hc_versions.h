/*
 * Version counters: the fence between a write and the fills around it.
 *
 * A tag is anything that can be invalidated at once: a key, a host + target,
 * later a named tag.  It hashes to a slot of a fixed array of counters.  An
 * invalidation moves the counter of each of its tags forward.  A fill reads
 * the counters of its tags before it asks anybody for the value and carries
 * them along; a store refuses the entry, and a lookup misses, when a counter
 * is no longer what the entry carries.  Two tags that share a slot cost an
 * extra miss, never a wrong answer.
 *
 *   fill   |-- read v=7 ------ old value -------- put(v=7): refused
 *   write          |-- app --- v := 8 -- answer
 *
 * Named tags are only known when the answer's header is there, so their
 * counters cannot be read when the fill begins.  The fill remembers a mark
 * then, and takes the counters later, when hc_version_named_since() says that
 * none of its names was moved in between.  It may say so of a name that was
 * not (there are fewer cells than slots), never the other way round.
 *
 *   fill   |-- mark=4 ------- old value, "a": moved since 4: not stored
 *   purge         |-- "a" moves, as the 5th -- 204
 *
 * Everything of a zone is invalidated at once by one counter, which is added
 * to the version of a slot that names the zone's cell:
 *
 *   slot   31      30 ... 20              19 ... 0
 *          | named | cell of a zone, 0: - | counter |
 *
 * The array lives in shared memory apart from any L1, with one fixed size, so
 * that it survives reloads and changes of a zone's size.  Counters are read
 * and moved atomically, without a lock.  They wrap at 2^32; equality is what
 * counts, so a wrap is noticed unless one slot is moved exactly 2^32 times
 * during one entry's life.
 *
 * Counters begin at 0 when the memory is made, and that is one life of them;
 * what outlives it (a file on disk) says in which life its tags were stamped.
 */

#ifndef HC_VERSIONS_H_INCLUDED_
#define HC_VERSIONS_H_INCLUDED_


#include "hc_base.h"


#define HC_VERSIONS_SLOTS   (1u << 20)
#define HC_VERSIONS_ZONES   (1u << 11)
#define HC_VERSIONS_NAMES   (1u << 16)

#define HC_SLOT_COUNTER     (HC_VERSIONS_SLOTS - 1)
#define HC_SLOT_NAMED       (1u << 31)
#define HC_SLOT_ZONE_SHIFT  20

/* the tags every entry has; named tags follow */

#define HC_TAG_KEY          0
#define HC_TAG_TARGET       1
#define HC_TAGS_OWN         2

#define HC_TAGS_MAX         40
#define HC_TAGS_NAMED_MAX   (HC_TAGS_MAX - HC_TAGS_OWN)


typedef struct {
    uint32_t  slot;
    uint32_t  version;           /* as read when the fill began */
} hc_tag_t;


typedef struct {
    uint32_t  version[HC_VERSIONS_SLOTS];
    uint32_t  all[HC_VERSIONS_ZONES];      /* the first never moves */
    uint64_t  names;                       /* moves of named tags so far */
    uint64_t  moved[HC_VERSIONS_NAMES];    /* which of them was the last */
    uint64_t  life;                        /* random, not 0 */
} hc_versions_t;


/* The slot of a tag; of a named tag; with the cell of a zone.  Same on every
 * node: the seed is fixed. */

uint32_t hc_version_slot(hc_str_t scope, hc_str_t name);
uint32_t hc_version_named_slot(hc_str_t scope, hc_str_t name);
uint32_t hc_version_zone_slot(hc_str_t zone, uint32_t slot);

/* Moves a slot that hc_version_named_slot() gave; 1: one may have been moved
 * since the mark was taken, asked after it was stamped. */

void hc_version_move_named(hc_versions_t *v, uint32_t slot);
uint64_t hc_version_mark(const hc_versions_t *v);
int hc_version_named_since(const hc_versions_t *v, uint32_t slot,
    uint64_t mark);

/* Moves everything of a zone; slot is any of that zone's. */

void hc_version_move_all(hc_versions_t *v, uint32_t slot);


static inline uint32_t
hc_version_get(const hc_versions_t *v, uint32_t slot)
{
    uint32_t  zone;

    zone = (slot & ~HC_SLOT_NAMED) >> HC_SLOT_ZONE_SHIFT;

    return __atomic_load_n(&v->version[slot & HC_SLOT_COUNTER],
                           __ATOMIC_SEQ_CST)
           + __atomic_load_n(&v->all[zone], __ATOMIC_SEQ_CST);
}


static inline void
hc_version_move(hc_versions_t *v, uint32_t slot)
{
    (void) __atomic_add_fetch(&v->version[slot & HC_SLOT_COUNTER], 1,
                              __ATOMIC_SEQ_CST);
}


/* 1: every tag still has the version it carries. */

static inline int
hc_tags_current(const hc_versions_t *v, const hc_tag_t *tag, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (hc_version_get(v, tag[i].slot) != tag[i].version) {
            return 0;
        }
    }

    return 1;
}


/* The same of tags stamped in any life: those of another have not moved while
 * their counters stand where this life began. */

static inline int
hc_tags_current_of(const hc_versions_t *v, uint64_t life, const hc_tag_t *tag,
    unsigned n)
{
    unsigned  i;

    if (life == v->life) {
        return hc_tags_current(v, tag, n);
    }

    for (i = 0; i < n; i++) {
        if (hc_version_get(v, tag[i].slot) != 0) {
            return 0;
        }
    }

    return 1;
}


/* Stamps the tags with the versions of now. */

static inline void
hc_tags_stamp(const hc_versions_t *v, hc_tag_t *tag, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        tag[i].version = hc_version_get(v, tag[i].slot);
    }
}


#endif /* HC_VERSIONS_H_INCLUDED_ */

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
 * The array lives in shared memory apart from any L1, with one fixed size, so
 * that it survives reloads and changes of a zone's size.  Counters are read
 * and moved atomically, without a lock.  They wrap at 2^32; equality is what
 * counts, so a wrap is noticed unless one slot is moved exactly 2^32 times
 * during one entry's life.
 */

#ifndef HC_VERSIONS_H_INCLUDED_
#define HC_VERSIONS_H_INCLUDED_


#include "hc_base.h"


#define HC_VERSIONS_SLOTS   (1u << 20)

/* the tags every entry has; named tags follow */

#define HC_TAG_KEY          0
#define HC_TAG_TARGET       1

#define HC_TAGS_MAX         16


typedef struct {
    uint32_t  slot;              /* 0 .. HC_VERSIONS_SLOTS - 1 */
    uint32_t  version;           /* as read when the fill began */
} hc_tag_t;


typedef struct {
    uint32_t  version[HC_VERSIONS_SLOTS];
} hc_versions_t;


/* The slot of a tag.  Same on every node: the seed is fixed. */

uint32_t hc_version_slot(hc_str_t scope, hc_str_t name);


static inline uint32_t
hc_version_get(const hc_versions_t *v, uint32_t slot)
{
    return __atomic_load_n(&v->version[slot & (HC_VERSIONS_SLOTS - 1)],
                           __ATOMIC_SEQ_CST);
}


static inline void
hc_version_move(hc_versions_t *v, uint32_t slot)
{
    (void) __atomic_add_fetch(&v->version[slot & (HC_VERSIONS_SLOTS - 1)], 1,
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

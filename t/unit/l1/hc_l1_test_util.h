/*
 * What unit tests of the store add to bench/store.h.
 */

#ifndef HC_L1_TEST_UTIL_H_INCLUDED_
#define HC_L1_TEST_UTIL_H_INCLUDED_


#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../../bench/store.h"


static inline hc_l1_rc_e
put_text(store_t *st, hc_l1_key_t k, const char *body)
{
    hc_entry_t  e;

    e = entry_of(st, &k, hc_str(body, strlen(body)));

    return hc_l1_put(st->l1, &k, &e, 1000, 0);
}


/* 1: a hit whose body is the text. */

static inline int
has_text(store_t *st, hc_l1_key_t k, const char *body)
{
    int          same;
    hc_l1_ref_t  ref;

    if (hc_l1_get(st->l1, &k, 0, &ref) != HC_L1_HIT) {
        return 0;
    }

    same = hc_str_eq(ref.entry.body, hc_str(body, strlen(body)))
           && hc_str_eq(ref.entry.key, k.key)
           && hc_str_eq(ref.entry.variant, k.variant);
    hc_l1_unpin(st->l1, &ref);

    return same;
}


static inline hc_l1_rc_e
get_at(store_t *st, hc_l1_key_t k, uint64_t now)
{
    hc_l1_rc_e   rc;
    hc_l1_ref_t  ref;

    rc = hc_l1_get(st->l1, &k, now, &ref);
    hc_l1_unpin(st->l1, &ref);

    return rc;
}


/* Its body is zeros, which costs nothing; from `now` on it lives so long. */

static inline hc_l1_rc_e
put_for(store_t *st, hc_l1_key_t k, size_t len, uint32_t lifetime,
    uint64_t now)
{
    hc_entry_t         e;
    static const char  zeros[MB];

    must(len <= sizeof(zeros));

    e = entry_of(st, &k, hc_str(zeros, len));
    e.core.born_at = now;
    e.core.lifetime = lifetime;
    e.core.stale_for = 0;

    return hc_l1_put(st->l1, &k, &e, now + lifetime, now);
}


/* Puts under numbers from .. to - 1, all of one size and lifetime. */

static inline void
put_many(store_t *st, uint32_t from, uint32_t to, size_t len,
    uint32_t lifetime, uint64_t now)
{
    uint32_t  i;

    for (i = from; i < to; i++) {
        assert_int_equal(put_for(st, number_key(st, &i), len, lifetime, now),
                         HC_L1_OK);
    }
}


/* How many of the numbers from .. to - 1 are a hit. */

static inline uint32_t
count_hits(store_t *st, uint32_t from, uint32_t to, uint64_t now)
{
    uint32_t  i, hits;

    hits = 0;

    for (i = from; i < to; i++) {
        hits += get_at(st, number_key(st, &i), now) == HC_L1_HIT;
    }

    return hits;
}


static inline uint32_t
next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;

    return *random >> 8;
}


/* The end of a test, when nothing is pinned any more: every byte is accounted
 * for, and all of the memory can be had again. */

static inline void
close_sound(store_t *st)
{
    uint32_t       i;
    hc_l1_key_t    k;
    hc_l1_stats_t  stats;

    assert_int_equal(hc_l1_check(st->l1), 1);

    hc_l1_purge(st->l1);

    for (i = 0; i < 4; i++) {
        assert_int_equal(put_seeded(st, number_key(st, &i), i,
                                    stats_of(st).max_object - sizeof(i)),
                         HC_L1_OK);
    }

    for (i = 0; i < 4; i++) {
        k = number_key(st, &i);
        (void) hc_l1_delete(st->l1, &k);
    }

    stats = stats_of(st);
    assert_int_equal(stats.entries, 0);
    assert_int_equal(stats.bytes, 0);
    assert_int_equal(stats.pinned, 0);
    assert_int_equal(stats.no_memory, 0);
    assert_int_equal(hc_l1_check(st->l1), 1);

    close_store(st);
}


#endif /* HC_L1_TEST_UTIL_H_INCLUDED_ */

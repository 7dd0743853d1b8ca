/*
 * Entries that are held, for the tests of puts in two steps.
 */

#ifndef HC_L1_HOLD_UTIL_H_INCLUDED_
#define HC_L1_HOLD_UTIL_H_INCLUDED_


#include "hc_l1_test_util.h"

#include "l1/hc_l1_hold.h"


#define FOREVER  40000000u
#define LEN      (60 * KB)


static inline hc_l1_rc_e
reserve(store_t *st, hc_l1_key_t k, size_t len, hc_l1_hold_t *hold)
{
    hc_entry_t  e;

    e = entry_of(st, &k, hc_str(NULL, len));
    e.headers = hc_str("headers", 7);

    return hc_l1_reserve(st->l1, &k, &e, 0, hold);
}


static inline hc_l1_hold_t
held(store_t *st, hc_l1_key_t k, size_t len)
{
    hc_l1_hold_t  hold;

    assert_int_equal(reserve(st, k, len, &hold), HC_L1_OK);
    assert_int_equal(hold.len, len);

    return hold;
}


/* 1: a hit with the body of the seed. */

static inline int
has_seeded(store_t *st, hc_l1_key_t k, uint32_t seed, size_t len)
{
    int          same;
    hc_l1_ref_t  ref;

    if (hc_l1_get(st->l1, &k, 0, &ref) != HC_L1_HIT) {
        return 0;
    }

    same = ref.entry.body.len == len && is_body(ref.entry.body, seed)
           && hc_str_eq(ref.entry.headers, hc_str("headers", 7))
           && hc_str_eq(ref.entry.key, k.key);
    hc_l1_unpin(st->l1, &ref);

    return same;
}


#endif /* HC_L1_HOLD_UTIL_H_INCLUDED_ */

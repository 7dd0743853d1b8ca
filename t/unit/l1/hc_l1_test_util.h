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


#endif /* HC_L1_TEST_UTIL_H_INCLUDED_ */

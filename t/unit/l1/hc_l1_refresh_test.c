/*
 * Other times for an entry that stays: the app said that it is still right.
 */

#include "hc_l1_test_util.h"


#define MINUTE  60000u


/* Stored at `born`, fresh for a minute, and stale for another. */

static hc_entry_t
minute_entry(store_t *st, const hc_l1_key_t *k, const char *headers,
    uint64_t born)
{
    hc_entry_t  e;

    e = entry_of(st, k, hc_str("body", 4));
    e.headers = hc_str(headers, strlen(headers));
    e.core.born_at = born;
    e.core.lifetime = MINUTE;
    e.core.stale_for = MINUTE;

    return e;
}


static hc_l1_ref_t
stored(store_t *st, hc_l1_key_t k, const char *headers, uint64_t born)
{
    hc_entry_t   e;
    hc_l1_ref_t  ref;

    e = minute_entry(st, &k, headers, born);
    assert_int_equal(hc_l1_put(st->l1, &k, &e, born + MINUTE, born),
                     HC_L1_OK);
    assert_int_equal(hc_l1_get(st->l1, &k, born, &ref), HC_L1_HIT);

    return ref;
}


static hc_l1_rc_e
refreshed(store_t *st, hc_l1_key_t k, const hc_l1_ref_t *ref,
    const hc_entry_t *e)
{
    return hc_l1_refresh(st->l1, &k, &ref->entry.core, e,
                         e->core.born_at + MINUTE, e->core.born_at);
}


static void
a_refreshed_entry_is_fresh_for_its_new_time(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref, now;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    ref = stored(&st, k, "same", 0);
    assert_int_equal(get_at(&st, k, MINUTE), HC_L1_STALE);

    e = minute_entry(&st, &k, "same", MINUTE);
    e.core.flags = HC_ENTRY_PUBLIC;
    e.body = hc_str(NULL, 4);
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_OK);

    assert_int_equal(hc_l1_get(st.l1, &k, 2 * MINUTE - 1, &now), HC_L1_HIT);
    assert_int_equal(now.fresh_until, 2 * MINUTE);
    assert_int_equal(now.entry.core.born_at, MINUTE);
    assert_int_equal(now.entry.core.flags, HC_ENTRY_PUBLIC);
    assert_true(hc_str_eq(now.entry.body, hc_str("body", 4)));
    assert_ptr_equal(now.entry.body.data, ref.entry.body.data);
    assert_int_equal(get_at(&st, k, 2 * MINUTE), HC_L1_STALE);

    hc_l1_unpin(st.l1, &ref);
    hc_l1_unpin(st.l1, &now);
    assert_int_equal(get_at(&st, k, 3 * MINUTE), HC_L1_MISS);
    close_sound(&st);
}


/* At its old time, of a few seconds, the wheel would take it unasked. */

static void
it_is_kept_past_its_old_time(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_entry_t   e;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    e = minute_entry(&st, &k, "same", 0);
    e.core.lifetime = 5000;
    e.core.stale_for = 5000;
    assert_int_equal(hc_l1_put(st.l1, &k, &e, 5000, 0), HC_L1_OK);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);
    hc_l1_unpin(st.l1, &ref);

    e = minute_entry(&st, &k, "same", 9000);
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_OK);

    for (i = 10; i < 60; i++) {
        put_many(&st, i, i + 1, 10, 10, i * 1000);
        assert_int_equal(get_at(&st, k, i * 1000), HC_L1_HIT);
    }

    for (i = 60; i < 200; i++) {
        put_many(&st, i, i + 1, 10, 10, i * 1000);
    }

    assert_int_equal(stats_of(&st).entries + stats_of(&st).expired, 191);
    assert_true(stats_of(&st).entries < 4);
    close_sound(&st);
}


static void
another_entry_is_not_refreshed(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref, other;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    e = minute_entry(&st, &k, "same", MINUTE);
    ref = stored(&st, k, "same", 0);

    e.headers = hc_str("else", 4);
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_MISS);
    e.headers = hc_str("longer", 6);
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_MISS);
    e = minute_entry(&st, &k, "same", MINUTE);
    e.body.len = 5;
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_MISS);
    e = minute_entry(&st, &k, "same", MINUTE);
    e.core.ntags = 1;
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_MISS);

    e = minute_entry(&st, &k, "same", MINUTE);
    other = stored(&st, k, "same", 5);
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_MISS);
    assert_int_equal(refreshed(&st, k, &other, &e), HC_L1_OK);

    hc_l1_unpin(st.l1, &ref);
    hc_l1_unpin(st.l1, &other);
    assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);
    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_MISS);
    close_sound(&st);
}


static void
a_write_since_it_was_asked_fences_it(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    ref = stored(&st, k, "same", 0);
    e = minute_entry(&st, &k, "same", MINUTE);
    hc_version_move(st.versions, e.tags[HC_TAG_KEY].slot);

    assert_int_equal(refreshed(&st, k, &ref, &e), HC_L1_FENCED);
    assert_int_equal(stats_of(&st).fenced, 1);
    assert_int_equal(get_at(&st, k, 10), HC_L1_INVALIDATED);
    hc_l1_unpin(st.l1, &ref);
    close_sound(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_refreshed_entry_is_fresh_for_its_new_time),
        cmocka_unit_test(it_is_kept_past_its_old_time),
        cmocka_unit_test(another_entry_is_not_refreshed),
        cmocka_unit_test(a_write_since_it_was_asked_fences_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * One process: entries, times, versions.
 */

#include "hc_l1_test_util.h"


static void
what_was_put_is_found(void **state)
{
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_entry_t    e;

    (void) state;

    open_store(&st, 4 * MB, 0);
    k = key_of(&st, "/page", 5, "gzip");
    e = entry_of(&st, &k, hc_str("body", 4));
    e.headers = hc_str("headers", 7);
    e.core.status = 404;

    assert_int_equal(hc_l1_put(st.l1, &k, &e, 1000, 0), HC_L1_OK);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);

    assert_int_equal(ref.entry.core.status, 404);
    assert_true(hc_str_eq(ref.entry.key, k.key));
    assert_true(hc_str_eq(ref.entry.variant, k.variant));
    assert_true(hc_str_eq(ref.entry.headers, e.headers));
    assert_true(hc_str_eq(ref.entry.body, e.body));
    assert_int_equal(ref.fresh_until, 1000);
    assert_int_equal(ref.copy, 0);

    hc_l1_unpin(st.l1, &ref);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


static void
an_unknown_key_is_a_miss(void **state)
{
    store_t  st;

    (void) state;

    open_store(&st, MB, 0);
    assert_int_equal(get_at(&st, text_key(&st, "x"), 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).misses, 1);
    close_store(&st);
}


static void
the_boundary_between_key_and_variant_counts(void **state)
{
    store_t      st;
    hc_l1_key_t  one, two;

    (void) state;

    open_store(&st, MB, 0);
    one = key_of(&st, "ab", 2, "c");
    two = key_of(&st, "a", 1, "bc");
    two.hash = one.hash;

    assert_int_equal(put_text(&st, one, "1"), HC_L1_OK);
    assert_int_equal(get_at(&st, two, 0), HC_L1_MISS);
    assert_int_equal(put_text(&st, two, "2"), HC_L1_OK);
    assert_true(has_text(&st, one, "1"));
    assert_true(has_text(&st, two, "2"));
    close_store(&st);
}


static void
keys_of_any_legal_length_work(void **state)
{
    static unsigned char  key[HC_ENTRY_KEY_MAX];
    static const size_t   len[] = { 1, 2, 7, 8, 9, 255, 256, 4096, 65534,
                                    65535 };
    size_t                i;
    store_t               st;

    (void) state;

    open_store(&st, 8 * MB, 0);
    memset(key, 'k', sizeof(key));

    for (i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
        assert_int_equal(put_seeded(&st, key_of(&st, key, len[i], ""), i, 100),
                         HC_L1_OK);
    }

    for (i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
        assert_int_equal(get_at(&st, key_of(&st, key, len[i], ""), 0),
                         HC_L1_HIT);
    }

    close_store(&st);
}


static void
keys_with_one_hash_are_told_apart_by_their_bytes(void **state)
{
    char         text[16];
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, 16 * MB, MB);

    for (i = 0; i < 10000; i++) {
        k = number_key(&st, &i);
        k.hash = k.hash & 7;
        sprintf(text, "%08u", i);
        assert_int_equal(put_text(&st, k, text), HC_L1_OK);
    }

    for (i = 0; i < 10000; i++) {
        k = number_key(&st, &i);
        k.hash = k.hash & 7;
        sprintf(text, "%08u", i);
        assert_true(has_text(&st, k, text));
    }

    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


static void
an_entry_is_fresh_then_stale_then_gone(void **state)
{
    store_t        st;
    hc_l1_key_t    k;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "x");

    assert_int_equal(get_at(&st, k, 999), HC_L1_HIT);
    assert_int_equal(get_at(&st, k, 1000), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 1999), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 2000), HC_L1_MISS);
    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);

    stats = stats_of(&st);
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.stale, 2);
    assert_int_equal(stats.expired, 1);
    assert_int_equal(stats.misses, 2);
    assert_int_equal(stats.entries, 0);
    close_store(&st);
}


/* An answer can be older than the machine is up: born_at wraps below 0. */

static void
an_answer_older_than_the_clock_keeps_its_times(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    e = entry_of(&st, &k, hc_str("x", 1));
    e.core.born_at = (uint64_t) 100 - 5000;
    e.core.lifetime = 6000;

    assert_int_equal(hc_l1_put(st.l1, &k, &e, 1100, 100), HC_L1_OK);
    assert_int_equal(get_at(&st, k, 1099), HC_L1_HIT);
    assert_int_equal(get_at(&st, k, 1100), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 2099), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 2100), HC_L1_MISS);
    close_store(&st);
}


static void
an_answer_stale_before_the_clock_began_is_stale(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    e = entry_of(&st, &k, hc_str("x", 1));
    e.core.born_at = (uint64_t) 100 - 5000;
    e.core.stale_for = 10000;

    assert_int_equal(hc_l1_put(st.l1, &k, &e, e.core.born_at + 1000, 100),
                     HC_L1_OK);
    assert_int_equal(get_at(&st, k, 100), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 6099), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 6100), HC_L1_MISS);
    close_store(&st);
}


static void
a_fill_that_began_before_a_write_is_fenced(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "older still");
    e = entry_of(&st, &k, hc_str("old", 3));
    hc_version_move(st.versions, e.tags[HC_TAG_TARGET].slot);

    assert_int_equal(hc_l1_put(st.l1, &k, &e, 1000, 0), HC_L1_FENCED);
    assert_int_equal(get_at(&st, k, 0), HC_L1_INVALIDATED);
    assert_int_equal(stats_of(&st).fenced, 1);
    close_store(&st);
}


static void
a_fenced_fill_leaves_a_newer_entry_alone(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    e = entry_of(&st, &k, hc_str("old", 3));
    hc_version_move(st.versions, e.tags[HC_TAG_TARGET].slot);
    put_text(&st, k, "new");

    assert_int_equal(hc_l1_put(st.l1, &k, &e, 1000, 0), HC_L1_FENCED);
    assert_true(has_text(&st, k, "new"));
    close_store(&st);
}


static void
a_write_invalidates_what_is_stored(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "old");
    e = entry_of(&st, &k, hc_str("new", 3));
    hc_version_move(st.versions, e.tags[HC_TAG_KEY].slot);

    assert_int_equal(get_at(&st, k, 0), HC_L1_INVALIDATED);
    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).invalidated, 1);

    assert_int_equal(put_text(&st, k, "new"), HC_L1_OK);
    assert_true(has_text(&st, k, "new"));
    close_store(&st);
}


static void
a_later_put_replaces_whatever_its_size(void **state)
{
    size_t         len;
    store_t        st;
    hc_l1_key_t    k;
    hc_l1_ref_t    ref;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");

    for (len = 0; len < 300; len++) {
        assert_int_equal(put_seeded(&st, k, len, (len * 37) % 301), HC_L1_OK);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);
        assert_int_equal(ref.entry.body.len, (len * 37) % 301);
        assert_true(is_body(ref.entry.body, len));
        hc_l1_unpin(st.l1, &ref);
    }

    stats = stats_of(&st);
    assert_int_equal(stats.entries, 1);
    assert_int_equal(stats.replaced, 299);
    assert_int_equal(stats.stores, 300);
    assert_int_equal(stats.bytes, 1 + (299 * 37) % 301);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


static void
a_deleted_entry_is_gone(void **state)
{
    store_t      st;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "x");

    assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);
    assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_MISS);
    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).deletes, 1);
    assert_int_equal(stats_of(&st).bytes, 0);
    close_store(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(an_unknown_key_is_a_miss),
        cmocka_unit_test(the_boundary_between_key_and_variant_counts),
        cmocka_unit_test(keys_of_any_legal_length_work),
        cmocka_unit_test(keys_with_one_hash_are_told_apart_by_their_bytes),
        cmocka_unit_test(an_entry_is_fresh_then_stale_then_gone),
        cmocka_unit_test(an_answer_older_than_the_clock_keeps_its_times),
        cmocka_unit_test(an_answer_stale_before_the_clock_began_is_stale),
        cmocka_unit_test(a_fill_that_began_before_a_write_is_fenced),
        cmocka_unit_test(a_fenced_fill_leaves_a_newer_entry_alone),
        cmocka_unit_test(a_write_invalidates_what_is_stored),
        cmocka_unit_test(a_later_put_replaces_whatever_its_size),
        cmocka_unit_test(a_deleted_entry_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A put in two steps: what is held stays where it is, and is found by a get
 * from its publish on.
 */

#include "hc_l1_hold_util.h"


static void
an_entry_is_no_hit_before_its_publish(void **state)
{
    store_t        st;
    hc_l1_key_t    k;
    hc_l1_hold_t   hold;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    hold = held(&st, k, LEN);

    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(stats_of(&st).pinned, 1);
    assert_int_equal(hc_l1_check(st.l1), 1);

    fill_body(hold.body, hold.len, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);

    stats = stats_of(&st);
    assert_int_equal(stats.entries, 1);
    assert_int_equal(stats.stores, 1);
    assert_int_equal(stats.replaced, 0);
    assert_int_equal(stats.pinned, 0);
    assert_true(has_seeded(&st, k, 5, LEN));
    assert_int_equal(get_at(&st, k, 1000), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 2000), HC_L1_MISS);
    close_sound(&st);
}


static void
any_length_fits_exactly(void **state)
{
    store_t       st;
    uint32_t      len;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 0);

    for (len = 0; len < 64; len++) {
        k = number_key(&st, &len);
        hold = held(&st, k, len);
        fill_body(hold.body, hold.len, len);
        assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    }

    assert_int_equal(hc_l1_check(st.l1), 1);

    for (len = 0; len < 64; len++) {
        assert_true(has_seeded(&st, number_key(&st, &len), len, len));
    }

    close_sound(&st);
}


static void
what_is_under_the_key_stays_until_the_publish(void **state)
{
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "old");
    hold = held(&st, k, LEN);
    assert_true(has_text(&st, k, "old"));
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);

    fill_body(hold.body, hold.len, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);

    assert_true(has_seeded(&st, k, 5, LEN));
    assert_true(hc_str_eq(ref.entry.body, hc_str("old", 3)));
    assert_int_equal(stats_of(&st).replaced, 1);
    assert_int_equal(stats_of(&st).entries, 1);
    assert_int_equal(hc_l1_check(st.l1), 1);
    hc_l1_unpin(st.l1, &ref);
    close_sound(&st);
}


/* Sizes that are moved about, evicted, expired and purged around it. */

static void
a_held_entry_stays_where_it_is(void **state)
{
    store_t       st;
    uint32_t      i;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 50, 3000, FOREVER, 0);
    hold = held(&st, k, LEN);
    fill_body(hold.body, LEN / 2, 5);

    for (i = 1000; i < 4000; i++) {
        (void) put_for(&st, number_key(&st, &i), i * 131 % (100 * KB),
                       i % 3 * 60000 + 500, i * 10);

        if (i % 1000 == 500) {
            hc_l1_purge(st.l1);
            assert_int_equal(hc_l1_check(st.l1), 1);
        }
    }

    assert_true(is_body(hc_str(hold.body, LEN / 2), 5));
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_OK);
    assert_ptr_equal(ref.entry.body.data, hold.body);
    hc_l1_unpin(st.l1, &ref);

    fill_body(hold.body, LEN, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_true(has_seeded(&st, k, 5, LEN));
    close_sound(&st);
}


/* When the number of a generation comes round a shard is cleared. */

static void
as_many_purges_as_generations_spare_it(void **state)
{
    int           i;
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 50, 3000, FOREVER, 0);
    hold = held(&st, k, LEN);

    for (i = 0; i < 600; i++) {
        hc_l1_purge(st.l1);
    }

    fill_body(hold.body, LEN, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_true(has_seeded(&st, k, 5, LEN));
    assert_int_equal(stats_of(&st).entries, 1);
    close_sound(&st);
}


static void
a_write_in_between_fences_it(void **state)
{
    store_t       st;
    hc_entry_t    e;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    e = entry_of(&st, &k, hc_str(NULL, 100));
    hold = held(&st, k, LEN);

    hc_version_move(st.versions, e.tags[HC_TAG_KEY].slot);

    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_FENCED);
    assert_int_equal(hc_l1_reserve(st.l1, &k, &e, 0, &hold), HC_L1_FENCED);
    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).fenced, 2);
    assert_int_equal(stats_of(&st).pinned, 0);
    assert_int_equal(stats_of(&st).stores, 0);
    close_sound(&st);
}


/* Names that lead nowhere, or to another one. */

static void
only_the_name_of_an_item_of_the_key_is_attached_to(void **state)
{
    store_t       st;
    uint32_t      i;
    hc_l1_key_t   k, other;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    other = text_key(&st, "l");
    hold = held(&st, k, LEN);

    for (i = 0; i < 64; i++) {
        assert_int_equal(hc_l1_attach(st.l1, hold.item ^ 1ull << i, &k, &ref),
                         HC_L1_MISS);
        assert_int_equal(ref.pinned, 0);
    }

    assert_int_equal(hc_l1_attach(st.l1, 0, &k, &ref), HC_L1_MISS);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &other, &ref), HC_L1_MISS);

    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_OK);
    hc_l1_unpin(st.l1, &ref);

    hc_l1_purge(st.l1);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_MISS);
    close_sound(&st);
}


/* A quarter of the block is 256 KB, and eight rows are there, one of them for
 * copies. */

static void
what_would_have_to_be_copied_is_refused(void **state)
{
    int            i;
    store_t        st;
    hc_l1_key_t    k;
    hc_l1_ref_t    ref[6], more;
    hc_l1_hold_t   hold, too;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, MB, 800 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 100, 3000, FOREVER, 0);
    assert_int_equal(reserve(&st, k, 300 * KB, &hold), HC_L1_NO_MEMORY);
    hold = held(&st, k, 150 * KB);
    assert_int_equal(reserve(&st, k, 150 * KB, &too), HC_L1_NO_MEMORY);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &more), HC_L1_MISS);
    hc_l1_abandon(st.l1, &hold);

    hold = held(&st, k, 1000);

    for (i = 0; i < 6; i++) {
        assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref[i]),
                         HC_L1_OK);
    }

    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &more), HC_L1_MISS);
    assert_int_equal(reserve(&st, k, 1, &too), HC_L1_NO_MEMORY);

    for (i = 0; i < 6; i++) {
        hc_l1_unpin(st.l1, &ref[i]);
    }

    hc_l1_abandon(st.l1, &hold);
    stats = stats_of(&st);
    assert_int_equal(stats.entries, 100);
    assert_int_equal(stats.pinned, 0);
    close_sound(&st);
}


static void
one_too_large_and_one_without_a_slot_are_refused(void **state)
{
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 64 * KB);
    k = text_key(&st, "k");
    assert_int_equal(reserve(&st, k, 64 * KB, &hold), HC_L1_TOO_LARGE);
    assert_int_equal(stats_of(&st).too_large, 1);
    hc_l1_abandon(st.l1, &hold);

    hold = held(&st, k, 100);
    hc_l1_leave(st.l1);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_MISS);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0),
                     HC_L1_NO_MEMORY);
    assert_int_equal(reserve(&st, k, 100, &hold), HC_L1_NO_MEMORY);
    assert_int_equal(hc_l1_join(st.l1), 0);
    close_sound(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_entry_is_no_hit_before_its_publish),
        cmocka_unit_test(any_length_fits_exactly),
        cmocka_unit_test(what_is_under_the_key_stays_until_the_publish),
        cmocka_unit_test(a_held_entry_stays_where_it_is),
        cmocka_unit_test(as_many_purges_as_generations_spare_it),
        cmocka_unit_test(a_write_in_between_fences_it),
        cmocka_unit_test(only_the_name_of_an_item_of_the_key_is_attached_to),
        cmocka_unit_test(what_would_have_to_be_copied_is_refused),
        cmocka_unit_test(one_too_large_and_one_without_a_slot_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Pins: what a reader holds stays readable and unchanged.
 */

#include "hc_l1_test_util.h"


static void
a_pinned_entry_keeps_its_bytes_when_replaced(void **state)
{
    store_t      st;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 64 * KB);
    k = text_key(&st, "k");
    put_text(&st, k, "old");
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);

    assert_int_equal(put_text(&st, k, "new"), HC_L1_OK);

    assert_true(hc_str_eq(ref.entry.body, hc_str("old", 3)));
    assert_true(has_text(&st, k, "new"));
    assert_int_equal(hc_l1_check(st.l1), 1);
    hc_l1_unpin(st.l1, &ref);
    close_store(&st);
}


static void
pinned_entries_keep_their_bytes_over_many_laps(void **state)
{
    store_t      st;
    uint32_t     i, n;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref[5];

    (void) state;

    open_store(&st, MB, 32 * KB);

    for (i = 0; i < 100; i++) {
        put_seeded(&st, number_key(&st, &i), i, 3000);
    }

    for (n = 0; n < 5; n++) {
        i = n * 20;
        k = number_key(&st, &i);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[n]), HC_L1_HIT);
    }

    for (i = 1000; i < 6000; i++) {
        assert_int_equal(put_seeded(&st, number_key(&st, &i), i,
                                    i * 131 % (31 * KB)), HC_L1_OK);
    }

    assert_int_equal(hc_l1_check(st.l1), 1);
    assert_int_equal(stats_of(&st).pinned, 5);

    for (n = 0; n < 5; n++) {
        assert_int_equal(ref[n].entry.body.len, 3000);
        assert_true(is_body(ref[n].entry.body, n * 20));
        hc_l1_unpin(st.l1, &ref[n]);
    }

    assert_int_equal(stats_of(&st).pinned, 0);
    close_store(&st);
}


static void
a_pinned_entry_keeps_its_bytes_when_purged(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 32 * KB);
    k = text_key(&st, "k");
    put_seeded(&st, k, 7, 5000);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);
    hc_l1_purge(st.l1);

    for (i = 0; i < 3000; i++) {
        put_seeded(&st, number_key(&st, &i), i, 3000);
    }

    assert_true(is_body(ref.entry.body, 7));
    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(hc_l1_check(st.l1), 1);
    hc_l1_unpin(st.l1, &ref);
    close_store(&st);
}


/* Being sent again and again must not cost an entry its place. */

static void
a_hot_entry_that_is_pinned_stays_in_the_store(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref, next;

    (void) state;

    open_store(&st, MB, 32 * KB);
    k = text_key(&st, "k");
    put_seeded(&st, k, 7, 500);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);

    for (i = 0; i < 20000; i++) {
        put_seeded(&st, number_key(&st, &i), i, 300);

        if (i % 100 == 0) {
            assert_int_equal(hc_l1_get(st.l1, &k, 0, &next), HC_L1_HIT);
            hc_l1_unpin(st.l1, &ref);
            ref = next;
        }
    }

    assert_true(is_body(ref.entry.body, 7));
    hc_l1_unpin(st.l1, &ref);
    close_store(&st);
}


static void
unpinned_space_is_used_again(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 0);

    for (i = 0; i < 1000; i++) {
        k = number_key(&st, &i);
        assert_int_equal(put_seeded(&st, k, i, 100 * KB), HC_L1_OK);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);
        assert_true(is_body(ref.entry.body, i));
        hc_l1_unpin(st.l1, &ref);
    }

    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


/* Eight rows in a block of this size: seven to keep, one reserved. */

static void
the_last_row_is_for_a_copy(void **state)
{
    int          i;
    store_t      st;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref[8], more;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "x");

    for (i = 0; i < 7; i++) {
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[i]), HC_L1_HIT);
        assert_int_equal(ref[i].copy, 0);
    }

    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[7]), HC_L1_HIT);
    assert_int_equal(ref[7].copy, 1);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &more), HC_L1_MISS);
    assert_int_equal(more.pinned, 0);
    assert_int_equal(stats_of(&st).copied, 1);

    hc_l1_unpin(st.l1, &ref[7]);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[7]), HC_L1_HIT);
    assert_int_equal(ref[7].copy, 1);

    for (i = 0; i < 8; i++) {
        hc_l1_unpin(st.l1, &ref[i]);
    }

    assert_int_equal(hc_l1_get(st.l1, &k, 0, &more), HC_L1_HIT);
    assert_int_equal(more.copy, 0);
    hc_l1_unpin(st.l1, &more);
    close_store(&st);
}


static void
above_a_quarter_of_the_block_hits_are_copied(void **state)
{
    store_t        st;
    uint32_t       i;
    hc_l1_key_t    k;
    hc_l1_ref_t    ref[4];
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, MB, 0);

    for (i = 0; i < 3; i++) {
        k = number_key(&st, &i);
        put_seeded(&st, k, i, 120 * KB);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[i]), HC_L1_HIT);
        assert_int_equal(ref[i].copy, i == 2);
    }

    stats = stats_of(&st);
    assert_int_equal(stats.copied, 1);
    assert_int_equal(stats.pinned, 3);
    assert_true(stats.pinned_bytes >= 360 * KB);

    hc_l1_unpin(st.l1, &ref[2]);
    hc_l1_unpin(st.l1, &ref[1]);
    i = 1;
    k = number_key(&st, &i);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[1]), HC_L1_HIT);
    assert_int_equal(ref[1].copy, 0);

    hc_l1_unpin(st.l1, &ref[0]);
    hc_l1_unpin(st.l1, &ref[1]);
    assert_int_equal(stats_of(&st).pinned_bytes, 0);
    close_store(&st);
}


/* Two refs 350 KB apart leave no 400 KB between them: refused, nothing lost. */

static void
a_put_that_pins_leave_no_room_for_evicts_nothing(void **state)
{
    store_t        st;
    uint32_t       i;
    hc_l1_key_t    k;
    hc_l1_ref_t    ref[2];
    hc_l1_stats_t  before, after;

    (void) state;

    open_store(&st, MB, 500 * KB);

    for (i = 0; i < 9; i++) {
        put_seeded(&st, number_key(&st, &i), i, 100 * KB);
    }

    for (i = 3; i < 8; i += 3) {
        k = number_key(&st, &i);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[i / 3 - 1]), HC_L1_HIT);
    }

    before = stats_of(&st);
    assert_int_equal(put_seeded(&st, text_key(&st, "k"), 1, 400 * KB),
                     HC_L1_NO_MEMORY);
    after = stats_of(&st);
    assert_int_equal(after.no_memory, 1);
    assert_int_equal(after.entries, before.entries);

    hc_l1_unpin(st.l1, &ref[0]);
    assert_int_equal(put_seeded(&st, text_key(&st, "k"), 1, 400 * KB),
                     HC_L1_OK);
    assert_true(is_body(ref[1].entry.body, 6));
    hc_l1_unpin(st.l1, &ref[1]);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


static void
without_a_slot_gets_miss_and_puts_are_refused(void **state)
{
    store_t      st;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "x");
    hc_l1_leave(st.l1);

    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(put_text(&st, k, "y"), HC_L1_NO_MEMORY);
    assert_int_equal(stats_of(&st).workers, 0);

    assert_int_equal(hc_l1_join(st.l1), 0);
    assert_true(has_text(&st, k, "x"));
    assert_int_equal(stats_of(&st).workers, 1);
    close_store(&st);
}


/* a block of 32 MB has 128 slots */

static void
the_129th_handle_finds_no_slot(void **state)
{
    int      i;
    store_t  st, more[128];

    (void) state;

    open_store(&st, 32 * MB, 0);

    for (i = 0; i < 128; i++) {
        more[i] = st;
        assert_int_equal(reopen(&more[i], 32 * MB, 0), 1);
        assert_int_equal(hc_l1_join(more[i].l1), i < 127 ? 0 : -1);
    }

    assert_int_equal(stats_of(&st).workers, 128);

    hc_l1_leave(more[5].l1);
    assert_int_equal(hc_l1_join(more[127].l1), 0);

    for (i = 0; i < 128; i++) {
        hc_l1_close(more[i].l1);
    }

    assert_int_equal(stats_of(&st).workers, 1);
    close_store(&st);
}


static void
a_handle_without_a_slot_asks_for_one_again(void **state)
{
    int          i;
    store_t      st, more[128];
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, 32 * MB, 0);
    k = text_key(&st, "k");

    for (i = 0; i < 128; i++) {
        more[i] = st;
        (void) reopen(&more[i], 32 * MB, 0);
        (void) hc_l1_join(more[i].l1);
    }

    (void) get_at(&more[127], k, 1000);
    hc_l1_leave(more[5].l1);
    assert_int_equal(stats_of(&st).workers, 127);

    (void) get_at(&more[127], k, 1999);
    assert_int_equal(stats_of(&st).workers, 127);

    (void) get_at(&more[127], k, 2000);
    assert_int_equal(stats_of(&st).workers, 128);

    for (i = 0; i < 128; i++) {
        hc_l1_close(more[i].l1);
    }

    close_store(&st);
}


static void
leaving_drops_the_pins(void **state)
{
    store_t      st;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "x");
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);
    assert_int_equal(stats_of(&st).pinned, 1);

    hc_l1_leave(st.l1);
    assert_int_equal(stats_of(&st).pinned, 0);
    hc_l1_unpin(st.l1, &ref);
    close_store(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_pinned_entry_keeps_its_bytes_when_replaced),
        cmocka_unit_test(pinned_entries_keep_their_bytes_over_many_laps),
        cmocka_unit_test(a_pinned_entry_keeps_its_bytes_when_purged),
        cmocka_unit_test(a_hot_entry_that_is_pinned_stays_in_the_store),
        cmocka_unit_test(unpinned_space_is_used_again),
        cmocka_unit_test(the_last_row_is_for_a_copy),
        cmocka_unit_test(above_a_quarter_of_the_block_hits_are_copied),
        cmocka_unit_test(a_put_that_pins_leave_no_room_for_evicts_nothing),
        cmocka_unit_test(without_a_slot_gets_miss_and_puts_are_refused),
        cmocka_unit_test(the_129th_handle_finds_no_slot),
        cmocka_unit_test(a_handle_without_a_slot_asks_for_one_again),
        cmocka_unit_test(leaving_drops_the_pins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Purge: forgotten at once, for ever, and the memory used again.
 */

#include "hc_l1_test_util.h"


#define FOREVER  40000000u


static unsigned long  points;


static void
count_points(const char *point)
{
    (void) point;

    points++;
}


static unsigned long
points_of_a_purge(store_t *st)
{
    points = 0;
    hc_l1_pause = count_points;
    hc_l1_purge(st->l1);
    hc_l1_pause = NULL;

    return points;
}


static void
a_purge_forgets_all_and_the_store_goes_on(void **state)
{
    store_t  st;

    (void) state;

    open_store(&st, 2 * MB, 64 * KB);
    put_many(&st, 0, 1000, 500, FOREVER, 0);

    hc_l1_purge(st.l1);
    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(stats_of(&st).bytes, 0);
    assert_int_equal(hc_l1_check(st.l1), 1);
    assert_int_equal(count_hits(&st, 0, 1000, 0), 0);

    put_many(&st, 500, 1500, 500, FOREVER, 0);
    assert_int_equal(count_hits(&st, 0, 1500, 0), 1000);
    assert_int_equal(stats_of(&st).evictions, 0);
    close_sound(&st);
}


static void
a_purge_takes_as_many_steps_whatever_is_stored(void **state)
{
    store_t        st;
    unsigned long  empty;

    (void) state;

    open_store(&st, 8 * MB, 64 * KB);
    empty = points_of_a_purge(&st);

    put_many(&st, 0, 20000, 200, FOREVER, 0);
    assert_int_equal(stats_of(&st).entries, 20000);
    assert_int_equal(points_of_a_purge(&st), empty);

    /* and again, with all of that still to be swept */

    assert_int_equal(points_of_a_purge(&st), empty);
    close_sound(&st);
}


/* Most of the arenas cannot be touched meanwhile. */

static void
a_purge_looks_at_no_entry(void **state)
{
    char     *p;
    store_t   st;

    (void) state;

    open_store(&st, 16 * MB, 64 * KB);
    put_many(&st, 0, 100000, 1, FOREVER, 0);
    assert_true(stats_of(&st).entries > 90000);

    p = (char *) st.block + 2 * MB;

    assert_int_equal(mprotect(p, 14 * MB, PROT_NONE), 0);
    hc_l1_purge(st.l1);
    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(mprotect(p, 14 * MB, PROT_READ | PROT_WRITE), 0);

    close_sound(&st);
}


/* Of whatever size: what comes is not what went. */

static void
memory_of_the_purged_comes_back(void **state)
{
    store_t   st;
    uint32_t  i;
    size_t    len;

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);

    for (i = 0, len = 100; i < 10; i++, len *= 2) {
        put_many(&st, 0, (uint32_t) (1800000 / (len + 80)), len, FOREVER, 0);
        assert_true(stats_of(&st).bytes * 100 > 2 * MB * 45u);
        hc_l1_purge(st.l1);
    }

    assert_int_equal(stats_of(&st).evictions, 0);
    close_sound(&st);
}


static void
what_was_purged_goes_before_what_is_stored(void **state)
{
    store_t   st;
    uint32_t  n;

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);
    n = 1700;                            /* 90 % */

    put_many(&st, 0, n, 1000, FOREVER, 0);
    hc_l1_purge(st.l1);
    put_many(&st, n, 2 * n, 1000, FOREVER, 0);

    assert_int_equal(count_hits(&st, 0, 2 * n, 0), n);
    assert_int_equal(stats_of(&st).evictions, 0);
    close_sound(&st);
}


/* Numbers of generations come round: at each purge one entry is stored, so
 * that every number has something to bring back. */

static void
three_hundred_purges_bring_nothing_back(void **state)
{
    store_t   st;
    uint32_t  i;

    (void) state;

    open_store(&st, 4 * MB, 64 * KB);

    for (i = 0; i < 600; i++) {
        put_many(&st, i, i + 1, 100, FOREVER, 0);
        assert_int_equal(count_hits(&st, 0, i + 1, 0), 1);
        hc_l1_purge(st.l1);
        assert_int_equal(stats_of(&st).entries, 0);
        assert_int_equal(get_at(&st, number_key(&st, &i), 0), HC_L1_MISS);
        assert_true(i % 50 || hc_l1_check(st.l1) == 1);
    }

    assert_int_equal(count_hits(&st, 0, 600, 0), 0);
    close_sound(&st);
}


/* With so much to sweep that no sweep ends before its number comes round. */

static void
not_even_of_a_full_store_that_is_never_swept(void **state)
{
    store_t   st;
    uint32_t  i, n;

    (void) state;

    open_store(&st, 8 * MB, 64 * KB);
    n = 20000;
    put_many(&st, 0, n, 200, FOREVER, 0);

    for (i = 0; i < 300; i++) {
        hc_l1_purge(st.l1);

        if (i % 3 == 0) {
            put_many(&st, n + i, n + i + 1, 100, FOREVER, 0);
        }

        if (i % 16 == 0 || (i > 250 && i < 260)) {
            assert_int_equal(count_hits(&st, 0, n + i + 1, 0), i % 3 == 0);
            assert_int_equal(hc_l1_check(st.l1), 1);
        }
    }

    assert_int_equal(count_hits(&st, 0, n + 300, 0), 0);
    close_sound(&st);
}


static void
what_is_pinned_outlives_any_number_of_purges(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref[3];

    (void) state;

    open_store(&st, MB, 64 * KB);

    for (i = 0; i < 3; i++) {
        k = text_key(&st, i ? "k" : "other");
        put_seeded(&st, k, i, 5000);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref[i]), HC_L1_HIT);
    }

    for (i = 0; i < 600; i++) {
        hc_l1_purge(st.l1);
        put_many(&st, i * 20, i * 20 + 20, 3000, FOREVER, 0);
        assert_true(i % 20 || hc_l1_check(st.l1) == 1);
    }

    for (i = 0; i < 3; i++) {
        assert_int_equal(ref[i].entry.body.len, 5000);
        assert_true(is_body(ref[i].entry.body, i));
        hc_l1_unpin(st.l1, &ref[i]);
    }

    close_sound(&st);
}


/* Deleted, replaced, expired: what a purge forgot is not met by any of them. */

static void
what_was_purged_is_not_deleted_replaced_or_counted(void **state)
{
    store_t        st;
    uint32_t       i;
    hc_l1_key_t    k;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, 2 * MB, 64 * KB);
    put_many(&st, 0, 600, 200, 1000, 0);
    hc_l1_purge(st.l1);

    for (i = 0; i < 200; i++) {
        k = number_key(&st, &i);
        assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_MISS);
    }

    put_many(&st, 200, 400, 200, FOREVER, 0);
    put_many(&st, 1000, 3000, 200, FOREVER, 10000);

    stats = stats_of(&st);
    assert_int_equal(stats.deletes, 0);
    assert_int_equal(stats.replaced, 0);
    assert_int_equal(stats.expired, 0);
    assert_int_equal(stats.evictions, 0);
    assert_int_equal(stats.entries, 2200);
    assert_int_equal(stats.bytes, 2200 * 204);
    close_sound(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_purge_forgets_all_and_the_store_goes_on),
        cmocka_unit_test(a_purge_takes_as_many_steps_whatever_is_stored),
        cmocka_unit_test(a_purge_looks_at_no_entry),
        cmocka_unit_test(memory_of_the_purged_comes_back),
        cmocka_unit_test(what_was_purged_goes_before_what_is_stored),
        cmocka_unit_test(three_hundred_purges_bring_nothing_back),
        cmocka_unit_test(not_even_of_a_full_store_that_is_never_swept),
        cmocka_unit_test(what_is_pinned_outlives_any_number_of_purges),
        cmocka_unit_test(what_was_purged_is_not_deleted_replaced_or_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

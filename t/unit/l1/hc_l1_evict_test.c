/*
 * Who goes: what is asked for stays, what comes by once does not push it out.
 */

#include "hc_l1_test_util.h"


#define FOREVER  40000000u
#define SCAN     1000000u            /* first number of what comes by once */


static void
use(store_t *st, uint32_t from, uint32_t to, unsigned times)
{
    while (times--) {
        (void) count_hits(st, from, to, 0);
    }
}


static uint64_t
stored_bytes(store_t *st)
{
    return stats_of(st).bytes;
}


static void
an_entry_that_is_hit_outlives_a_scan(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  hot;

    (void) state;

    open_store(&st, MB, 64 * KB);
    hot = text_key(&st, "hot");
    put_text(&st, hot, "hot");

    for (i = 0; i < 20000; i++) {
        put_seeded(&st, number_key(&st, &i), i, 200);
        assert_true(i % 100 || has_text(&st, hot, "hot"));
    }

    i = 0;
    assert_int_equal(get_at(&st, number_key(&st, &i), 0), HC_L1_MISS);
    close_sound(&st);
}


/* A fifth of the store, used now and then while ten times the store comes by
 * once. */

static void
a_hot_set_survives_a_scan_of_ten_times_the_store(void **state)
{
    store_t   st;
    uint32_t  i, n;

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);
    n = 2 * MB / 5 / 1100;

    put_many(&st, 0, n, 1000, FOREVER, 0);
    use(&st, 0, n, 3);

    for (i = 0; i < 10; i++) {
        put_many(&st, SCAN + i * 1900, SCAN + (i + 1) * 1900, 1000, FOREVER,
                 0);
        use(&st, 0, n, 1);
    }

    assert_true(stats_of(&st).evictions > 15000);
    assert_true(count_hits(&st, 0, n, 0) * 100 >= n * 99);
    close_sound(&st);
}


/* Used often, then not at all while twice the store comes by. */

static void
what_was_used_often_survives_a_scan_without_being_used(void **state)
{
    store_t   st;
    uint32_t  n;

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);
    n = 2 * MB / 5 / 1100;

    put_many(&st, 0, n, 1000, FOREVER, 0);
    use(&st, 0, n, 10);
    put_many(&st, SCAN, SCAN + 2 * 1900, 1000, FOREVER, 0);

    assert_true(count_hits(&st, 0, n, 0) * 100 >= n * 95);
    close_sound(&st);
}


/* But not for ever: a new hot set takes the place of the old one. */

static void
a_set_that_is_used_no_more_gives_way(void **state)
{
    store_t   st;
    uint32_t  i, n;

    (void) state;

    open_store(&st, MB, 128 * KB);
    n = 700;                             /* of about 950 */

    put_many(&st, 0, n, 1000, FOREVER, 0);
    use(&st, 0, n, 15);

    for (i = 0; i < 100; i++) {
        put_many(&st, n, 2 * n, 1000, FOREVER, 0);
        use(&st, n, 2 * n, 1);
        put_many(&st, SCAN + i * 100, SCAN + i * 100 + 100, 1000, FOREVER, 0);
    }

    assert_true(count_hits(&st, n, 2 * n, 0) * 100 >= n * 95);
    assert_true(count_hits(&st, 0, n, 0) * 100 <= n * 25);
    close_sound(&st);
}


/* Two sets are evicted, one of which was used: that one is known when it
 * comes back, and outlives the other.  Even numbers are of the one. */

static void
uses_are_known_after_an_eviction(void **state)
{
    store_t   st;
    uint32_t  i, n, hits[2];

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);
    n = 100;                             /* of about 250 */

    put_many(&st, 0, n, 8000, FOREVER, 0);

    for (i = 0; i < n; i += 2) {
        use(&st, i, i + 1, 2);
    }

    put_many(&st, SCAN, SCAN + 8000, 8000, FOREVER, 0);
    assert_int_equal(count_hits(&st, 0, n, 0), 0);

    put_many(&st, 0, n, 8000, FOREVER, 0);
    put_many(&st, 2 * SCAN, 2 * SCAN + 300, 8000, FOREVER, 0);

    for (i = 0, hits[0] = 0, hits[1] = 0; i < n; i++) {
        hits[i % 2] += count_hits(&st, i, i + 1, 0);
    }

    print_message("of %u: %u used before, %u not\n", n / 2, hits[0], hits[1]);
    assert_true(hits[0] > 2 * hits[1]);
    close_sound(&st);
}


static void
misses_before_the_first_store_count_too(void **state)
{
    store_t      st;
    uint32_t     i, j, n;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);
    n = 150;

    for (i = 0; i < n; i++) {
        for (j = 0; j < 12; j++) {
            k = number_key(&st, &i);
            (void) hc_l1_seen(st.l1, &k);
        }
    }

    put_many(&st, 0, 2 * n, 1000, FOREVER, 0);
    put_many(&st, SCAN, SCAN + 3000, 1000, FOREVER, 0);

    assert_true(count_hits(&st, 0, n, 0) > 2 * count_hits(&st, n, 2 * n, 0));
    close_sound(&st);
}


/* Half of the bytes in large objects, half in small ones, none ever used. */

static void
large_ones_go_before_small_ones_of_equal_use(void **state)
{
    store_t   st;
    uint32_t  i, large, small;

    (void) state;

    open_store(&st, 4 * MB, 256 * KB);

    for (i = 0; i < 50; i++) {
        put_many(&st, i, i + 1, 40000, FOREVER, 0);
        put_many(&st, 100 + i * 60, 100 + (i + 1) * 60, 500, FOREVER, 0);
    }

    assert_int_equal(stats_of(&st).evictions, 0);

    put_many(&st, SCAN, SCAN + 3000, 500, FOREVER, 0);

    large = count_hits(&st, 0, 50, 0) * 100 / 50;
    small = count_hits(&st, 100, 3100, 0) * 100 / 3000;
    print_message("%u %% of the large, %u %% of the small\n", large, small);

    assert_true(large < 50 && small > 85);
    close_sound(&st);
}


/* A large one that is used stays all the same. */

static void
a_large_one_that_is_used_stays(void **state)
{
    store_t   st;
    uint32_t  i;

    (void) state;

    open_store(&st, 4 * MB, 256 * KB);
    put_many(&st, 0, 1, 200 * KB, FOREVER, 0);
    use(&st, 0, 1, 3);

    for (i = 0; i < 100; i++) {
        put_many(&st, SCAN + i * 500, SCAN + (i + 1) * 500, 500, FOREVER, 0);
        assert_int_equal(count_hits(&st, 0, 1, 0), 1);
    }

    assert_true(stats_of(&st).evictions > 40000);
    close_sound(&st);
}


static void
what_was_just_stored_is_there(void **state)
{
    store_t   st;
    uint32_t  i, random;

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);

    for (i = 0, random = 1; i < 20000; i++) {
        put_many(&st, i, i + 1,
                 next_random(&random) % (i % 16 ? 2000 : 128 * KB - 3),
                 FOREVER, 0);
        assert_int_equal(count_hits(&st, i, i + 1, 0), 1);
    }

    assert_true(stored_bytes(&st) * 100 > st.size * 70);
    close_sound(&st);
}


/* Uses go with the key, not with the bytes. */

static void
a_replaced_entry_keeps_its_uses(void **state)
{
    store_t   st;
    uint32_t  n;

    (void) state;

    open_store(&st, 2 * MB, 128 * KB);
    n = 200;

    put_many(&st, 0, 2 * n, 1000, FOREVER, 0);
    use(&st, 0, n, 10);
    put_many(&st, 0, 2 * n, 1100, FOREVER, 0);
    put_many(&st, SCAN, SCAN + 4000, 1000, FOREVER, 0);

    assert_true(count_hits(&st, 0, n, 0) * 100 >= n * 90);
    assert_true(count_hits(&st, n, 2 * n, 0) * 100 <= n * 50);
    close_sound(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_entry_that_is_hit_outlives_a_scan),
        cmocka_unit_test(a_hot_set_survives_a_scan_of_ten_times_the_store),
        cmocka_unit_test(
            what_was_used_often_survives_a_scan_without_being_used),
        cmocka_unit_test(a_set_that_is_used_no_more_gives_way),
        cmocka_unit_test(uses_are_known_after_an_eviction),
        cmocka_unit_test(misses_before_the_first_store_count_too),
        cmocka_unit_test(large_ones_go_before_small_ones_of_equal_use),
        cmocka_unit_test(a_large_one_that_is_used_stays),
        cmocka_unit_test(what_was_just_stored_is_there),
        cmocka_unit_test(a_replaced_entry_keeps_its_uses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

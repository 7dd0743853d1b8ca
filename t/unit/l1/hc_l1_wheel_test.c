/*
 * The wheel: what is past its time goes first, whatever its time and however
 * the clock moves.
 */

#include "hc_l1_test_util.h"


#define SECOND   1000u
#define MINUTE   (60 * SECOND)
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)

#define TICKS    2048u               /* ms after its end that it may stay */


/* One shard, so that how full it is does not depend on the hash. */

static void
open_one_shard(store_t *st, size_t size)
{
    open_store(st, size, size / 8);
    assert_int_equal(stats_of(st).shards, 1);
}


/* Half of the store lives shortly; new ones in its place evict nothing. */

static void
half_expires_and_is_used_again(uint64_t start, uint32_t brief,
    uint32_t lasting)
{
    store_t        st;
    uint32_t       i, n;
    uint64_t       now;
    hc_l1_stats_t  stats;

    open_one_shard(&st, 2 * MB);
    n = 3400;                            /* about 560 bytes each */

    for (i = 0; i < n; i++) {
        put_many(&st, i, i + 1, 480, i % 2 ? brief : lasting, start);
    }

    assert_int_equal(stats_of(&st).evictions, 0);
    assert_true(stats_of(&st).bytes * 100 > st.size * 75);

    now = start + brief + TICKS;
    put_many(&st, n, n + n / 2, 480, lasting, now);

    stats = stats_of(&st);
    assert_int_equal(stats.evictions, 0);
    assert_in_range(stats.expired, n / 2 - n / 8, n / 2);

    for (i = 0; i < n; i += 2) {
        assert_int_equal(get_at(&st, number_key(&st, &i), now), HC_L1_HIT);
    }

    assert_int_equal(count_hits(&st, n, n + n / 2, now), n / 2);
    close_sound(&st);
}


static void
memory_of_the_expired_comes_back_before_anything_is_evicted(void **state)
{
    static const uint32_t  brief[] = { 1, 500, 5 * SECOND, 5 * MINUTE, HOUR,
                                       9 * HOUR, 2 * DAY, 20 * DAY };
    size_t                 i;

    (void) state;

    for (i = 0; i < sizeof(brief) / sizeof(brief[0]); i++) {
        half_expires_and_is_used_again(123456789, brief[i], 45 * DAY);
    }
}


static void
it_does_so_from_the_first_second_of_the_clock_on(void **state)
{
    (void) state;

    half_expires_and_is_used_again(0, 3 * SECOND, HOUR);
    half_expires_and_is_used_again(1, 3 * HOUR, 49 * DAY);
}


/* The clock stood still for the store: nobody stored for a long time. */

static void
after_a_jump_of_the_clock_only_what_lives_is_kept(void **state)
{
    store_t        st;
    uint32_t       i, n;
    uint64_t       now;
    hc_l1_stats_t  stats;

    (void) state;

    open_one_shard(&st, 2 * MB);
    n = 3400;

    for (i = 0; i < n; i++) {
        put_many(&st, i, i + 1, 480, i % 2 ? SECOND + i * 10 * MINUTE
                                           : 49 * DAY, 1000);
    }

    assert_int_equal(stats_of(&st).evictions, 0);

    now = 30ull * DAY;
    put_many(&st, n, n + n / 2, 480, HOUR, now);

    stats = stats_of(&st);
    assert_int_equal(stats.evictions, 0);

    for (i = 0; i < n; i += 2) {
        assert_int_equal(get_at(&st, number_key(&st, &i), now), HC_L1_HIT);
    }

    close_sound(&st);
}


static uint32_t
any_lifetime(uint32_t *random)
{
    static const uint32_t  most[] = { SECOND, MINUTE, HOUR, DAY, 14 * DAY,
                                      49 * DAY };
    uint32_t               scale;

    scale = next_random(random) % (sizeof(most) / sizeof(most[0]));

    return 1 + (uint32_t) ((uint64_t) most[scale] * next_random(random)
                           / (1u << 24));
}


/* Stores of something else turn the wheel. */

static void
turn_the_wheel(store_t *st, uint64_t now, unsigned times)
{
    unsigned     i;
    uint32_t     number;
    hc_l1_key_t  k;

    for (i = 0; i < times; i++) {
        number = 1000000;
        k = number_key(st, &number);
        assert_int_equal(put_for(st, k, 1, HOUR, now), HC_L1_OK);
        assert_int_equal(hc_l1_delete(st->l1, &k), HC_L1_OK);
    }
}


/* What lives is there, what does not is gone; from 1 second to 49 days, so
 * that each level comes due, and the last more than once. */

static void
each_goes_after_its_time_and_none_before(void **state)
{
    store_t        st;
    uint32_t       i, n, alive, random, until[2000];
    uint64_t       now, step;

    (void) state;

    open_one_shard(&st, 4 * MB);
    n = 2000;

    for (i = 0, random = 1; i < n; i++) {
        until[i] = any_lifetime(&random);
        put_many(&st, i, i + 1, 100, until[i], 0);
    }

    for (now = 300, step = 100; now < 50ull * DAY; now += step) {
        turn_the_wheel(&st, now, 2 * n);

        for (i = 0, alive = 0; i < n; i++) {
            alive += until[i] > now;
        }

        assert_true(stats_of(&st).entries >= alive);
        assert_int_equal(count_hits(&st, 0, n, now), alive);

        step += step / 2;
    }

    turn_the_wheel(&st, now, n);
    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(stats_of(&st).expired, n);
    assert_int_equal(stats_of(&st).evictions, 0);
    close_sound(&st);
}


/* Not found by a get: the wheel alone takes them. */

static void
what_nobody_asks_for_goes_too(void **state)
{
    store_t   st;
    uint32_t  i, random;
    uint64_t  now;

    (void) state;

    open_one_shard(&st, 2 * MB);

    for (i = 0, random = 7; i < 2000; i++) {
        put_many(&st, i, i + 1, 100, any_lifetime(&random), 5000);
    }

    now = 5000 + 49ull * DAY + TICKS;
    turn_the_wheel(&st, now, 2000);

    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(stats_of(&st).expired, 2000);
    close_sound(&st);
}


/* An answer can be older than the machine is up. */

static void
born_before_the_clock_began(void **state)
{
    store_t      st;
    uint32_t     i;
    uint64_t     now;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_one_shard(&st, MB);
    now = 2000;

    for (i = 0; i < 500; i++) {
        k = number_key(&st, &i);
        e = entry_of(&st, &k, hc_str("x", 1));
        e.core.born_at = now - DAY;      /* wraps */
        e.core.lifetime = DAY + i * SECOND;
        e.core.stale_for = 0;

        assert_int_equal(hc_l1_put(st.l1, &k, &e, now + i * SECOND, now),
                         HC_L1_OK);
    }

    now += 250 * SECOND;
    turn_the_wheel(&st, now, 500);
    assert_in_range(stats_of(&st).entries, 249, 252);
    assert_int_equal(count_hits(&st, 0, 500, now), 249);

    now += 250 * SECOND + TICKS;
    turn_the_wheel(&st, now, 500);
    assert_int_equal(stats_of(&st).entries, 0);
    close_sound(&st);
}


/* Each process reads the clock for itself: some are a little behind. */

static void
a_clock_that_is_a_little_behind_loses_nothing(void **state)
{
    store_t   st;
    uint32_t  i;
    uint64_t  now;

    (void) state;

    open_one_shard(&st, 4 * MB);

    for (i = 0; i < 4000; i++) {
        now = 100000 + i * 100;
        now -= i % 3 ? 0 : i % 5000;
        put_many(&st, i, i + 1, 100, 20 * SECOND, now);
        assert_int_equal(get_at(&st, number_key(&st, &i), now), HC_L1_HIT);

        if (i >= 100) {
            assert_int_equal(count_hits(&st, i - 100, i, 100000 + i * 100),
                             100);
        }
    }

    assert_int_equal(stats_of(&st).evictions, 0);
    assert_true(stats_of(&st).expired > 3500);
    close_sound(&st);
}


/* The last that a get would find it: fresh_until may be the later one. */

static void
what_is_fresh_for_longer_than_it_lives_is_kept_so_long(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_one_shard(&st, MB);
    k = text_key(&st, "k");
    e = entry_of(&st, &k, hc_str("x", 1));

    assert_int_equal(hc_l1_put(st.l1, &k, &e, 100000, 0), HC_L1_OK);
    turn_the_wheel(&st, 90000, 10);
    assert_int_equal(get_at(&st, k, 90000), HC_L1_HIT);
    turn_the_wheel(&st, 100000 + TICKS, 10);
    assert_int_equal(stats_of(&st).entries, 0);
    close_sound(&st);
}


/* Stored when it is over already: there until the next store. */

static void
what_was_over_when_it_was_stored_goes_next(void **state)
{
    store_t      st;
    hc_entry_t   e;
    hc_l1_key_t  k;

    (void) state;

    open_one_shard(&st, MB);
    turn_the_wheel(&st, HOUR, 2);

    k = text_key(&st, "k");
    e = entry_of(&st, &k, hc_str("x", 1));
    assert_int_equal(hc_l1_put(st.l1, &k, &e, 1000, HOUR), HC_L1_OK);
    assert_int_equal(stats_of(&st).entries, 1);

    turn_the_wheel(&st, HOUR, 1);
    assert_int_equal(stats_of(&st).entries, 0);
    close_sound(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            memory_of_the_expired_comes_back_before_anything_is_evicted),
        cmocka_unit_test(it_does_so_from_the_first_second_of_the_clock_on),
        cmocka_unit_test(after_a_jump_of_the_clock_only_what_lives_is_kept),
        cmocka_unit_test(each_goes_after_its_time_and_none_before),
        cmocka_unit_test(what_nobody_asks_for_goes_too),
        cmocka_unit_test(born_before_the_clock_began),
        cmocka_unit_test(a_clock_that_is_a_little_behind_loses_nothing),
        cmocka_unit_test(
            what_is_fresh_for_longer_than_it_lives_is_kept_so_long),
        cmocka_unit_test(what_was_over_when_it_was_stored_goes_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

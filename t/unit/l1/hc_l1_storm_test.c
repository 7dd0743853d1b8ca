/*
 * The storm of `make stress`, for a moment and with sanitizers.
 */

#include "hc_l1_test_util.h"

#include "../../../bench/storm.c"
#include "../../../bench/storm_points.c"
#include "../../../bench/storm_fill.c"
#include "../../../bench/storm_worker.c"


static storm_result_t
blow(int kills)
{
    storm_result_t   r;
    storm_options_t  o;

    memset(&o, 0, sizeof(o));
    o.workers = 4;
    o.ms = 3000;
    o.kills = kills;
    o.size = MB;

    storm_run(&o, &r);

    print_message("%lu rounds, %lu hits, %lu resets, %u of %u points\n",
                  (unsigned long) r.rounds, (unsigned long) r.hits,
                  (unsigned long) r.stats.resets, r.died_at, r.points);

    assert_int_equal(r.lost, 0);
    assert_int_equal(r.failed, 0);
    assert_int_equal(r.wrong, 0);
    assert_int_equal(r.unsound, 0);
    assert_int_equal(r.stats.pinned, 0);
    assert_int_equal(r.stats.workers, 0);

    assert_true(r.hits > 1000);
    assert_true(r.stats.evictions + r.stats.expired > 1000);
    assert_true(r.stats.replaced > 100);
    assert_true(r.fills > 100);
    assert_true(r.attached > 100);
    assert_true(r.refreshed > 100);

    return r;
}


static void
many_processes_never_read_a_wrong_byte(void **state)
{
    (void) state;

    assert_int_equal(blow(0).stats.resets, 0);
}


static void
not_even_when_processes_are_killed_all_the_time(void **state)
{
    storm_result_t  r;

    (void) state;

    r = blow(1);

    assert_true(r.stats.resets > 0);
    assert_true(r.kills + r.deaths > 50);
    assert_true(r.checks > 50);
    assert_true(r.died_at > 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(many_processes_never_read_a_wrong_byte),
        cmocka_unit_test(not_even_when_processes_are_killed_all_the_time),
    };

    alarm(300);                          /* a lost lock must not hang us */

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * `make memory-l1` in small: what a zone holds does not wear off.
 */

#include "hc_l1_test_util.h"

#include "../../../bench/memory.c"


#define TIMES  300000


static size_t
two_hundred(void *data, uint64_t n)
{
    (void) data;
    (void) n;

    return 200;
}


static void
a_zone_full_of_small_objects_is_mostly_payload(void **state)
{
    memory_t       m;
    hc_l1_stats_t  stats;

    (void) state;

    memory_open(&m, 4 * MB);
    memory_fill(&m, two_hundred, NULL, 1);

    stats = stats_of(&m.store);
    assert_true(memory_share(&stats) > 0.5);
    assert_true(memory_bookkeeping(&stats) < 200);
    assert_int_equal(hc_l1_check(m.store.l1), 1);

    memory_close(&m);
}


static void
replacements_of_any_size_do_not_wear_it_off(void **state)
{
    double         before;
    memory_t       m;
    hc_l1_stats_t  stats;

    (void) state;

    memory_open(&m, 4 * MB);
    memory_fill(&m, memory_random_size, &m.random, 0);
    memory_replace(&m, TIMES / 10);

    stats = stats_of(&m.store);
    before = memory_share(&stats);

    memory_replace(&m, TIMES);

    stats = stats_of(&m.store);
    print_message("payload share: %.4f, then %.4f\n", before,
                  memory_share(&stats));

    assert_true(before > 0.7);
    assert_true(memory_share(&stats) > before - 0.03);
    assert_int_equal(stats.no_memory, 0);
    assert_int_equal(hc_l1_check(m.store.l1), 1);

    memory_close(&m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_zone_full_of_small_objects_is_mostly_payload),
        cmocka_unit_test(replacements_of_any_size_do_not_wear_it_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * How often a key was asked for.
 */

#include "hc_l1_test_util.h"


static void
seen_counts_each_key_by_itself(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  a, b;

    (void) state;

    open_store(&st, MB, 0);
    a = text_key(&st, "a");
    b = text_key(&st, "b");

    for (i = 1; i <= 300; i++) {
        assert_int_equal(hc_l1_seen(st.l1, &a), hc_min(i, 255));
    }

    assert_int_equal(hc_l1_seen(st.l1, &b), 1);
    close_store(&st);
}


static void
seen_forgets_with_time(void **state)
{
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  a;

    (void) state;

    open_store(&st, MB, 0);
    a = text_key(&st, "a");

    for (i = 0; i < 200; i++) {
        (void) hc_l1_seen(st.l1, &a);
    }

    for (i = 0; i < 100000; i++) {
        hc_l1_key_t  k = number_key(&st, &i);
        (void) hc_l1_seen(st.l1, &k);
    }

    assert_true(hc_l1_seen(st.l1, &a) < 100);
    close_store(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(seen_counts_each_key_by_itself),
        cmocka_unit_test(seen_forgets_with_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Windows past the lifetime, packed into a byte.
 */

#include "policy_test.h"
#include "../../../src/policy/hc_window.h"


#define KEPT  4000000000u


static uint32_t
kept(uint32_t ms, uint32_t stale_for)
{
    return hc_window_ms(hc_window_code(ms, stale_for), stale_for);
}


static void
no_window_is_never(void **state)
{
    (void) state;

    assert_int_equal(hc_window_code(0, 0), HC_WINDOW_NEVER);
    assert_int_equal(hc_window_code(0, KEPT), HC_WINDOW_NEVER);
    assert_int_equal(hc_window_ms(HC_WINDOW_NEVER, KEPT), 0);
}


static void
a_window_as_long_as_the_entry_is_kept_is_exact(void **state)
{
    (void) state;

    assert_int_equal(hc_window_code(1, 1), HC_WINDOW_KEPT);
    assert_int_equal(kept(1, 1), 1);
    assert_int_equal(kept(7777, 7777), 7777);
    assert_int_equal(kept(UINT32_MAX, UINT32_MAX), UINT32_MAX);
    assert_int_equal(kept(9000, 7777), 7777);
}


static void
less_than_32_seconds_are_exact(void **state)
{
    uint32_t  s;

    (void) state;

    for (s = 0; s <= 32; s++) {
        assert_int_equal(kept(s * 1000, KEPT), s * 1000);
        assert_int_equal(kept(s * 1000 + 999, KEPT), s * 1000);
    }
}


static void
longer_ones_lose_a_sixteenth_at_most(void **state)
{
    uint32_t  ms, got;

    (void) state;

    for (ms = 32000; ms < HC_WINDOW_SECONDS_MAX * 1000; ms += 977) {
        got = kept(ms, KEPT);

        assert_in_range(got, ms - 1000 - ms / 16, ms);
    }
}


static void
the_longest_window_of_its_own_is_a_bound(void **state)
{
    (void) state;

    assert_int_equal(hc_window_code(HC_WINDOW_SECONDS_MAX * 1000, KEPT), 254);
    assert_int_equal(hc_window_code(KEPT - 1, KEPT), 254);
    assert_int_equal(kept(KEPT - 1, KEPT), HC_WINDOW_SECONDS_MAX * 1000);
}


static void
every_code_is_that_of_the_window_it_stands_for(void **state)
{
    unsigned  code;

    (void) state;

    for (code = 0; code < HC_WINDOW_KEPT; code++) {
        assert_int_equal(hc_window_code(hc_window_ms((uint8_t) code, KEPT),
                                        KEPT), code);
    }
}


/* A hostile or damaged one included. */

static void
no_code_reaches_beyond_what_is_kept(void **state)
{
    unsigned  code;

    (void) state;

    for (code = 0; code <= 255; code++) {
        assert_true(hc_window_ms((uint8_t) code, 20500) <= 20500);
        assert_int_equal(hc_window_ms((uint8_t) code, 0), 0);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(no_window_is_never),
        cmocka_unit_test(a_window_as_long_as_the_entry_is_kept_is_exact),
        cmocka_unit_test(less_than_32_seconds_are_exact),
        cmocka_unit_test(longer_ones_lose_a_sixteenth_at_most),
        cmocka_unit_test(the_longest_window_of_its_own_is_a_bound),
        cmocka_unit_test(every_code_is_that_of_the_window_it_stands_for),
        cmocka_unit_test(no_code_reaches_beyond_what_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

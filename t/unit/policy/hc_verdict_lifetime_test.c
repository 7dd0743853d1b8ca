/*
 * For how long an answer is fresh, and for how long stale is good.
 */

#include "verdict_test.h"


static void
the_lifetime_comes_from_the_strongest_source(void **state)
{
    static const row_t  rows[] = {
        { FRESH, HC_REASON_NONE, 60000, 0 },
        { "Cache-Control: s-maxage=5, max-age=60", HC_REASON_NONE, 5000, 0 },
        { "Cache-Control: s-maxage=60, max-age=0", HC_REASON_NONE, 60000, 0 },
        { "Cache-Control: s-maxage=0, max-age=60", HC_REASON_EXPIRED, 0, 0 },
        { DATE "\n" IN_60_S, HC_REASON_NONE, 60000, 0 },
        { "Cache-Control: max-age=5\n" DATE "\n" IN_60_S, HC_REASON_NONE,
          5000, 0 },
        { FRESH "\n" DATE "\n" S_AGO_60, HC_REASON_NONE, 60000, 0 },
        { "X-Accel-Expires: 9\nCache-Control: s-maxage=5, max-age=6",
          HC_REASON_NONE, 9000, 0 },
        { "", HC_REASON_NO_LIFETIME, 0, 0 },
        { "Cache-Control: public", HC_REASON_NO_LIFETIME, 0, 0 },
        { "Last-Modified: Sat, 26 Sep 2020 12:00:00 GMT",
          HC_REASON_NO_LIFETIME, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
}


static void
expires_counts_from_the_date_of_the_answer(void **state)
{
    static const row_t  rows[] = {
        { IN_60_S, HC_REASON_NONE, 60000, 0 },
        { "Date: Sat, 26 Sep 2026 11:00:00 GMT\n"
          "Expires: Sat, 26 Sep 2026 11:00:30 GMT", HC_REASON_NONE, 30000, 0 },
        { "Date: Sat, 26 Sep 2026 12:00:45 GMT\n" IN_60_S, HC_REASON_NONE,
          15000, 0 },
        { "Date: nonsense\n" IN_60_S, HC_REASON_NONE, 60000, 0 },
        { "Date: Sat, 26 Sep 2026 12:01:00 GMT\n" IN_60_S, HC_REASON_EXPIRED,
          0, 0 },
        { "Date: Sat, 26 Sep 2026 12:01:01 GMT\n" IN_60_S, HC_REASON_EXPIRED,
          0, 0 },
        { S_AGO_60, HC_REASON_EXPIRED, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
}


static void
an_expires_that_is_no_date_is_in_the_past(void **state)
{
    static const row_t  rows[] = {
        { "Expires: 0", HC_REASON_EXPIRED, 0, 0 },
        { "Expires: -1", HC_REASON_EXPIRED, 0, 0 },
        { "Expires:", HC_REASON_EXPIRED, 0, 0 },
        { "Expires: 60", HC_REASON_EXPIRED, 0, 0 },
        { "Expires: Sat, 26 Sep 2026 12:01:00 CEST", HC_REASON_EXPIRED, 0, 0 },
        { IN_60_S "\n" IN_60_S, HC_REASON_EXPIRED, 0, 0 },
        { "Expires: Sat, 26 Sep 2026 12:01:00 GMT, x", HC_REASON_EXPIRED, 0,
          0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
    check(rows, n_of(rows), &conf);
}


static void
x_accel_expires_is_read_as_nginx_does(void **state)
{
    static const row_t  rows[] = {
        { "X-Accel-Expires: 5", HC_REASON_NONE, 5000, 0 },
        { "X-Accel-Expires: @1790424060", HC_REASON_NONE, 60000, 0 },
        { "X-Accel-Expires: @1790424000", HC_REASON_EXPIRED, 0, 0 },
        { "X-Accel-Expires: @1790423999", HC_REASON_EXPIRED, 0, 0 },
        { "X-Accel-Expires: @1", HC_REASON_EXPIRED, 0, 0 },
        { "X-Accel-Expires: @99999999999999999999999", HC_REASON_NONE, MS_MAX,
          0 },
        { "X-Accel-Expires: @2147483649", HC_REASON_NONE, MS_MAX, 0 },
        { "X-Accel-Expires: 0", HC_REASON_EXPIRED, 0, 0 },
        { "X-Accel-Expires: 0\n" FRESH, HC_REASON_EXPIRED, 0, 0 },
        { "X-Accel-Expires: 0\nAge: 10", HC_REASON_EXPIRED, 0, 0 },
        { "X-Accel-Expires: off\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { "X-Accel-Expires: -5\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { "X-Accel-Expires:\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { "X-Accel-Expires: @\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { "X-Accel-Expires: @-1\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { "X-Accel-Expires: x", HC_REASON_NO_LIFETIME, 0, 0 },
        { "X-Accel-Expires: 5\nExpires: 0", HC_REASON_NONE, 5000, 0 },
        { "X-Accel-Expires: 5\nCache-Control: max-age=0", HC_REASON_NONE,
          5000, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
}


static void
age_is_taken_off_the_lifetime_the_app_gave(void **state)
{
    static const row_t  rows[] = {
        { "Age: 59\n" FRESH, HC_REASON_NONE, 60000, 59000 },
        { "Age: 60\n" FRESH, HC_REASON_EXPIRED, 0, 0 },
        { "Age: 4000000000\n" FRESH, HC_REASON_EXPIRED, 0, 0 },
        { "Age: x\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { "Age: 30\n" DATE "\n" IN_60_S, HC_REASON_NONE, 60000, 30000 },
        { "Age: 60\n" DATE "\n" IN_60_S, HC_REASON_EXPIRED, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
}


static void
a_lifetime_for_this_cache_counts_from_arrival(void **state)
{
    static const row_t  rows[] = {
        { "", HC_REASON_NONE, 5000, 0 },
        { "Age: 100", HC_REASON_NONE, 105000, 100000 },
        { "Age: 100\nX-Accel-Expires: 7", HC_REASON_NONE, 107000, 100000 },
        { "Age: 100\nX-Accel-Expires: @1790424007", HC_REASON_NONE, 107000,
          100000 },
    };

    (void) state;

    check(rows, n_of(rows), &conf);
}


static void
lifetimes_are_cut_to_what_32_bits_hold(void **state)
{
    static const row_t  rows[] = {
        { "Cache-Control: max-age=4294967", HC_REASON_NONE, 4294967000, 0 },
        { "Cache-Control: max-age=4294968", HC_REASON_NONE, MS_MAX, 0 },
        { "Cache-Control: max-age=99999999999", HC_REASON_NONE, MS_MAX, 0 },
        { "Age: 4294967\nCache-Control: max-age=31536000", HC_REASON_NONE,
          MS_MAX, 4294967000 },
        { "Age: 4294968\nCache-Control: max-age=31536000", HC_REASON_EXPIRED,
          0, 0 },
        { "Age: 99999999999\nX-Accel-Expires: 99999999999", HC_REASON_EXPIRED,
          0, 0 },
        { "Expires: Fri, 31 Dec 9999 23:59:59 GMT", HC_REASON_NONE, MS_MAX,
          0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
}


static void
a_configured_lifetime_is_for_answers_that_say_nothing(void **state)
{
    hc_verdict_t  v;

    (void) state;

    assert_int_equal(judge("", &conf, &v), HC_REASON_NONE);
    assert_int_equal(v.lifetime, 5000);
    assert_int_equal(v.flags, HC_ENTRY_CONF_TTL);

    assert_int_equal(judge(FRESH, &conf, &v), HC_REASON_NONE);
    assert_int_equal(v.lifetime, 60000);
    assert_int_equal(v.flags, 0);

    assert_int_equal(judge("Cache-Control: max-age=0", &conf, &v),
                     HC_REASON_EXPIRED);
    assert_int_equal(judge("X-Accel-Expires: 0", &conf, &v),
                     HC_REASON_EXPIRED);
}


static void
a_configured_lifetime_of_zero_is_none(void **state)
{
    hc_rules_t  rules = conf;

    (void) state;

    rules.conf_ttl = 0;

    assert_int_equal(reason("", &rules), HC_REASON_NO_LIFETIME);
}


static void
a_configured_lifetime_needs_a_listed_status(void **state)
{
    hc_rules_t  rules = conf;

    (void) state;

    rules.listed = 0;

    assert_int_equal(reason("", &rules), HC_REASON_NO_LIFETIME);
}


static void
a_request_with_a_cookie_gets_no_configured_lifetime(void **state)
{
    hc_rules_t  rules = conf;

    (void) state;

    rules.cookie = 1;

    assert_int_equal(reason("", &rules), HC_REASON_COOKIE);
    assert_int_equal(reason(FRESH, &rules), HC_REASON_NONE);
    assert_int_equal(reason("X-Accel-Expires: 5", &rules), HC_REASON_NONE);
    assert_int_equal(reason("Cache-Control: max-age=0", &rules),
                     HC_REASON_EXPIRED);
}


static void
staleness_is_as_configured_if_the_app_says_nothing(void **state)
{
    (void) state;

    assert_int_equal(error_for(FRESH, &plain), 7000);
    assert_int_equal(error_for("", &conf), 7000);
    assert_int_equal(error_for(FRESH ", stale-while-revalidate=5", &plain),
                     7000);
}


static void
the_app_can_say_for_how_long_stale_is_good(void **state)
{
    (void) state;

    assert_int_equal(error_for(FRESH ", stale-if-error=3", &plain), 3000);
    assert_int_equal(error_for(FRESH ", stale-if-error=0", &plain), 0);
    assert_int_equal(error_for(FRESH ", stale-if-error=x", &plain), 0);
    assert_int_equal(error_for(FRESH ", stale-if-error=99999999999", &plain),
                     MS_MAX);
}


static void
revalidation_that_is_asked_for_forbids_stale(void **state)
{
    (void) state;

    assert_int_equal(error_for(FRESH ", must-revalidate", &plain), 0);
    assert_int_equal(error_for(FRESH ", proxy-revalidate", &plain), 0);
    assert_int_equal(error_for("Cache-Control: s-maxage=60", &plain), 0);
    assert_int_equal(error_for(FRESH ", must-revalidate, stale-if-error=9",
                               &plain), 0);
    assert_int_equal(error_for("Cache-Control: proxy-revalidate", &conf), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_lifetime_comes_from_the_strongest_source),
        cmocka_unit_test(expires_counts_from_the_date_of_the_answer),
        cmocka_unit_test(an_expires_that_is_no_date_is_in_the_past),
        cmocka_unit_test(x_accel_expires_is_read_as_nginx_does),
        cmocka_unit_test(age_is_taken_off_the_lifetime_the_app_gave),
        cmocka_unit_test(a_lifetime_for_this_cache_counts_from_arrival),
        cmocka_unit_test(lifetimes_are_cut_to_what_32_bits_hold),
        cmocka_unit_test(a_configured_lifetime_is_for_answers_that_say_nothing),
        cmocka_unit_test(a_configured_lifetime_of_zero_is_none),
        cmocka_unit_test(a_configured_lifetime_needs_a_listed_status),
        cmocka_unit_test(a_request_with_a_cookie_gets_no_configured_lifetime),
        cmocka_unit_test(staleness_is_as_configured_if_the_app_says_nothing),
        cmocka_unit_test(the_app_can_say_for_how_long_stale_is_good),
        cmocka_unit_test(revalidation_that_is_asked_for_forbids_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

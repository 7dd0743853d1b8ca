/*
 * Fields that go before Cache-Control, and fields the operator ignores.
 */

#include "verdict_test.h"


#define CDN        "CDN-Cache-Control: "
#define SURROGATE  "Surrogate-Control: "


static const hc_rules_t  targeted = {
    .status = 200, .conf_stale = 7000,
    .targets = HC_TARGET_CDN | HC_TARGET_SURROGATE
};


static void
a_targeted_field_replaces_cache_control_and_expires(void **state)
{
    static const row_t  rows[] = {
        { CDN "max-age=60", HC_REASON_NONE, 60000, 0 },
        { CDN "max-age=99999999999", HC_REASON_NONE, MS_MAX, 0 },
        { CDN "max-age=60\nExpires: 0", HC_REASON_NONE, 60000, 0 },
        { CDN "max-age=60\nCache-Control: no-store", HC_REASON_NONE, 60000,
          0 },
        { CDN "max-age=60\nCache-Control: private, ;", HC_REASON_NONE, 60000,
          0 },
        { CDN "max-age=60\nPragma: no-cache", HC_REASON_NONE, 60000, 0 },
        { CDN "max-age=1\n" FRESH, HC_REASON_NONE, 1000, 0 },
        { CDN "max-age=0\n" IN_60_S, HC_REASON_EXPIRED, 0, 0 },
        { CDN "max-age=60\nAge: 120", HC_REASON_EXPIRED, 0, 0 },
        { CDN "private\n" FRESH, HC_REASON_PRIVATE, 0, 0 },
        { CDN "no-cache\n" FRESH, HC_REASON_RESPONSE_NOCACHE, 0, 0 },
        { CDN "no-store\n" FRESH, HC_REASON_NO_STORE, 0, 0 },
        { CDN "none\n" FRESH, HC_REASON_NO_LIFETIME, 0, 0 },
        { CDN "none\n" IN_60_S, HC_REASON_NO_LIFETIME, 0, 0 },
        { CDN "max-age=60\nX-Accel-Expires: 5", HC_REASON_NONE, 5000, 0 },
        { SURROGATE "max-age=60\nCache-Control: no-store", HC_REASON_NONE,
          60000, 0 },
        { SURROGATE "no-store\n" FRESH, HC_REASON_NO_STORE, 0, 0 },
        { SURROGATE "max-age=0\n" IN_60_S, HC_REASON_EXPIRED, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &targeted);
}


static void
one_that_is_not_valid_is_not_looked_at(void **state)
{
    static const row_t  rows[] = {
        { CDN "\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { CDN "max-age=9, &&&\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { CDN "max-age=9, &&&\nCache-Control: no-store", HC_REASON_NO_STORE,
          0, 0 },
        { CDN "max-age=\"9\"\nCache-Control: no-store", HC_REASON_NO_LIFETIME,
          0, 0 },
        { SURROGATE "max-age=9;other\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { SURROGATE "content=\"x\"\n" FRESH, HC_REASON_NONE, 60000, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &targeted);
}


static void
that_for_cdns_goes_before_that_for_surrogates(void **state)
{
    static const row_t  rows[] = {
        { SURROGATE "no-store\n" CDN "max-age=60", HC_REASON_NONE, 60000, 0 },
        { SURROGATE "max-age=5\n" CDN "&", HC_REASON_NONE, 5000, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &targeted);
}


static void
only_targets_that_are_ours_count(void **state)
{
    hc_rules_t  rules = plain;

    (void) state;

    assert_int_equal(reason(CDN "no-store\n" SURROGATE "no-store\n" FRESH,
                            &rules), HC_REASON_NONE);

    rules.targets = HC_TARGET_SURROGATE;
    assert_int_equal(reason(CDN "no-store\n" FRESH, &rules), HC_REASON_NONE);
    assert_int_equal(reason(SURROGATE "no-store\n" FRESH, &rules),
                     HC_REASON_NO_STORE);
}


static void
the_fields_it_names_are_withheld_and_not_those_of_cache_control(void **state)
{
    hc_verdict_t  v;

    (void) state;

    assert_int_equal(judge(CDN "max-age=60, private=\"x-a\"\n"
                           "Cache-Control: no-cache=\"x-b\"", &targeted, &v),
                     HC_REASON_NONE);
    assert_true(hc_verdict_withholds(&v, S("X-A")));
    assert_false(hc_verdict_withholds(&v, S("X-B")));
}


static void
a_field_that_is_ignored_is_as_good_as_absent(void **state)
{
    size_t      i;
    hc_rules_t  rules = targeted;
    static const struct {
        uint8_t       ignore;
        const char   *fields;
        hc_reason_e   reason;
        hc_reason_e   ignored;
    } rows[] = {
        { HC_IGNORE_CACHE_CONTROL, "Cache-Control: no-store\n" IN_60_S,
          HC_REASON_NO_STORE, HC_REASON_NONE },
        { HC_IGNORE_CACHE_CONTROL, "Cache-Control: ;\n" IN_60_S,
          HC_REASON_NO_STORE, HC_REASON_NONE },
        { HC_IGNORE_CACHE_CONTROL, "Pragma: no-cache\n" IN_60_S,
          HC_REASON_RESPONSE_NOCACHE, HC_REASON_NONE },
        { HC_IGNORE_CACHE_CONTROL, FRESH, HC_REASON_NONE,
          HC_REASON_NO_LIFETIME },
        { HC_IGNORE_EXPIRES, IN_60_S, HC_REASON_NONE, HC_REASON_NO_LIFETIME },
        { HC_IGNORE_SET_COOKIE, FRESH "\nSet-Cookie: a=b",
          HC_REASON_SET_COOKIE, HC_REASON_NONE },
        { HC_IGNORE_VARY, FRESH "\nVary: *", HC_REASON_VARY, HC_REASON_NONE },
        { HC_IGNORE_VARY, FRESH "\nVary: Accept-Encoding\n"
          "Content-Encoding: gzip", HC_REASON_VARY, HC_REASON_NONE },
        { HC_IGNORE_ACCEL_EXPIRES, FRESH "\nX-Accel-Expires: 0",
          HC_REASON_EXPIRED, HC_REASON_NONE },
        { HC_IGNORE_CDN, FRESH "\n" CDN "no-store", HC_REASON_NO_STORE,
          HC_REASON_NONE },
        { HC_IGNORE_SURROGATE, FRESH "\n" SURROGATE "no-store",
          HC_REASON_NO_STORE, HC_REASON_NONE },
    };

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        rules.ignore = 0;
        assert_int_equal(reason(rows[i].fields, &rules), rows[i].reason);

        rules.ignore = rows[i].ignore;
        assert_int_equal(reason(rows[i].fields, &rules), rows[i].ignored);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_targeted_field_replaces_cache_control_and_expires),
        cmocka_unit_test(one_that_is_not_valid_is_not_looked_at),
        cmocka_unit_test(that_for_cdns_goes_before_that_for_surrogates),
        cmocka_unit_test(only_targets_that_are_ours_count),
        cmocka_unit_test(
            the_fields_it_names_are_withheld_and_not_those_of_cache_control),
        cmocka_unit_test(a_field_that_is_ignored_is_as_good_as_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What may be stored, and for whom.
 */

#include "verdict_test.h"


static void
a_refusal_leaves_the_verdict_alone(void **state)
{
    size_t         i;
    hc_verdict_t   v;
    unsigned char  untouched[sizeof(v)];

    (void) state;

    memset(untouched, 0xa5, sizeof(untouched));

    for (i = 0; i < 3; i++) {
        assert_int_not_equal(judge(i == 0 ? "Cache-Control: no-store"
                                   : i == 1 ? "Cache-Control: max-age=0"
                                   : "Age: 1", &plain, &v), HC_REASON_NONE);
        assert_memory_equal(&v, untouched, sizeof(v));
    }
}


static void
x_accel_expires_does_not_lift_what_is_forbidden(void **state)
{
    static const row_t  rows[] = {
        { "X-Accel-Expires: 5\nCache-Control: no-store", HC_REASON_NO_STORE,
          0, 0 },
        { "X-Accel-Expires: 5\nCache-Control: private", HC_REASON_PRIVATE, 0,
          0 },
        { "X-Accel-Expires: 5\nCache-Control: no-cache",
          HC_REASON_RESPONSE_NOCACHE, 0, 0 },
        { "X-Accel-Expires: 5\nSet-Cookie: a=b", HC_REASON_SET_COOKIE, 0, 0 },
        { "X-Accel-Expires: 5\nVary: *", HC_REASON_VARY, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
}


static void
the_app_can_forbid(void **state)
{
    static const row_t  rows[] = {
        { "Cache-Control: no-store, max-age=60", HC_REASON_NO_STORE, 0, 0 },
        { "Cache-Control: private, max-age=60", HC_REASON_PRIVATE, 0, 0 },
        { "Cache-Control: private=\"\", max-age=60", HC_REASON_PRIVATE, 0,
          0 },
        { "Cache-Control: public, private", HC_REASON_PRIVATE, 0, 0 },
        { "Cache-Control: no-cache, max-age=60", HC_REASON_RESPONSE_NOCACHE,
          0, 0 },
        { "Cache-Control: no-cache=\"set-cookie\", max-age=60\nSet-Cookie: a",
          HC_REASON_SET_COOKIE, 0, 0 },
        { FRESH "\nSet-Cookie: a=b", HC_REASON_SET_COOKIE, 0, 0 },
        { FRESH ", public\nSet-Cookie: a=b", HC_REASON_SET_COOKIE, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
    check(rows, n_of(rows), &conf);
}


static void
damaged_cache_control_is_never_stored(void **state)
{
    static const row_t  rows[] = {
        { "Cache-Control: ;", HC_REASON_NO_STORE, 0, 0 },
        { "Cache-Control: max-age=60; public", HC_REASON_NO_STORE, 0, 0 },
        { "Cache-Control: max-age=60\nCache-Control: x=\"",
          HC_REASON_NO_STORE, 0, 0 },
        { "Cache-Control: max-age=60, \x01", HC_REASON_NO_STORE, 0, 0 },
        { "X-Accel-Expires: 5\nCache-Control: max-age =1",
          HC_REASON_NO_STORE, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
    check(rows, n_of(rows), &conf);
}


static void
pragma_counts_only_without_cache_control(void **state)
{
    static const row_t  rows[] = {
        { "Pragma: no-cache", HC_REASON_RESPONSE_NOCACHE, 0, 0 },
        { "Pragma: no-cache\n" IN_60_S, HC_REASON_RESPONSE_NOCACHE, 0, 0 },
        { "Pragma: no-cache\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { FRESH "\nPragma: no-cache", HC_REASON_NONE, 60000, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &conf);
}


static void
an_answer_that_nobody_else_matches_is_not_stored(void **state)
{
    static const row_t  rows[] = {
        { FRESH "\nVary: *", HC_REASON_VARY, 0, 0 },
        { FRESH "\nVary: Accept-Encoding, *", HC_REASON_VARY, 0, 0 },
        { FRESH "\nVary: no name", HC_REASON_VARY, 0, 0 },
        { FRESH "\nVary: User-Agent", HC_REASON_NONE, 60000, 0 },
        { FRESH "\nVary: Accept-Encoding\nContent-Encoding: gzip",
          HC_REASON_VARY, 0, 0 },
        { FRESH "\nVary: Accept-Encoding", HC_REASON_NONE, 60000, 0 },
        { FRESH "\nVary: Accept-Encoding\nContent-Encoding: identity",
          HC_REASON_NONE, 60000, 0 },
        { FRESH "\nContent-Encoding: gzip", HC_REASON_NONE, 60000, 0 },
        { FRESH "\nVary:", HC_REASON_NONE, 60000, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &plain);
}


static void
an_answer_for_one_user_needs_leave_to_be_shared(void **state)
{
    size_t       i;
    hc_rules_t   rules = conf;
    static const struct {
        const char   *fields;
        hc_reason_e   reason;
    } rows[] = {
        { "", HC_REASON_AUTHORIZATION },
        { FRESH, HC_REASON_AUTHORIZATION },
        { "X-Accel-Expires: 5", HC_REASON_AUTHORIZATION },
        { "Cache-Control: max-age=60, proxy-revalidate",
          HC_REASON_AUTHORIZATION },
        { "Cache-Control: max-age=60, public", HC_REASON_NONE },
        { "Cache-Control: s-maxage=60", HC_REASON_NONE },
        { "Cache-Control: max-age=60, must-revalidate", HC_REASON_NONE },
        { "Cache-Control: public, private", HC_REASON_PRIVATE },
        { "Cache-Control: public; max-age=60", HC_REASON_NO_STORE },
    };

    (void) state;

    rules.authorization = 1;

    for (i = 0; i < n_of(rows); i++) {
        assert_int_equal(reason(rows[i].fields, &rules), rows[i].reason);
    }
}


static void
only_with_that_leave_may_it_answer_authorized_requests(void **state)
{
    hc_verdict_t  v;

    (void) state;

    assert_int_equal(judge(FRESH, &plain, &v), 0);
    assert_int_equal(v.flags, 0);

    assert_int_equal(judge("Cache-Control: max-age=60, public", &plain, &v),
                     0);
    assert_int_equal(v.flags, HC_ENTRY_PUBLIC);

    assert_int_equal(judge("Cache-Control: s-maxage=60", &plain, &v), 0);
    assert_int_equal(v.flags, HC_ENTRY_PUBLIC);

    assert_int_equal(judge("Cache-Control: must-revalidate", &conf, &v), 0);
    assert_int_equal(v.flags, HC_ENTRY_PUBLIC | HC_ENTRY_CONF_TTL);
}


static void
only_some_statuses_are_stored_unless_listed(void **state)
{
    unsigned               status;
    hc_rules_t             rules = plain;
    hc_reason_e            want;
    static const uint16_t  stored[] = { 200, 203, 204, 300, 301, 302,
                                        303, 307, 308, 0 };

    (void) state;

    for (status = 0; status < 700; status++) {
        rules.status = (uint16_t) status;

        want = one_of(status, stored) ? HC_REASON_NONE
               : status == 206 ? HC_REASON_RANGE : HC_REASON_STATUS;

        assert_int_equal(reason(FRESH, &rules), want);
    }
}


static void
some_statuses_are_not_stored_even_if_listed(void **state)
{
    unsigned     status;
    hc_rules_t   rules = conf;
    hc_reason_e  want;

    (void) state;

    for (status = 0; status < 700; status++) {
        rules.status = (uint16_t) status;

        want = status == 206 ? HC_REASON_RANGE
               : status < 200 || status > 599 || status == 304
               ? HC_REASON_STATUS : HC_REASON_NONE;

        assert_int_equal(reason(FRESH, &rules), want);
        assert_int_equal(reason("", &rules), want);
    }
}


static void
content_range_says_nothing_of_a_whole_answer(void **state)
{
    hc_rules_t  rules = conf;

    (void) state;

    assert_int_equal(reason(FRESH "\nContent-Range: bytes 0-9/100", &rules),
                     HC_REASON_NONE);

    rules.status = 206;
    assert_int_equal(reason(FRESH "\nContent-Range: bytes 0-9/100", &rules),
                     HC_REASON_RANGE);
}


static void
some_redirects_have_to_say_for_how_long(void **state)
{
    hc_rules_t  rules = plain;

    (void) state;

    for (rules.status = 303; rules.status <= 307; rules.status += 4) {
        assert_int_equal(reason("", &rules), HC_REASON_STATUS);
        assert_int_equal(reason("Cache-Control: public", &rules),
                         HC_REASON_STATUS);
        assert_int_equal(reason(FRESH, &rules), HC_REASON_NONE);
        assert_int_equal(reason(IN_60_S, &rules), HC_REASON_NONE);
        assert_int_equal(reason("X-Accel-Expires: 5", &rules),
                         HC_REASON_NONE);
    }
}


static void
must_understand_allows_only_statuses_that_are_known(void **state)
{
    size_t      i;
    hc_rules_t  rules = conf;
    static const struct {
        uint16_t     status;
        hc_reason_e  reason;
    } rows[] = {
        { 200, HC_REASON_NONE },    { 404, HC_REASON_NONE },
        { 503, HC_REASON_NONE },    { 299, HC_REASON_STATUS },
        { 418, HC_REASON_STATUS },  { 599, HC_REASON_STATUS },
        { 306, HC_REASON_STATUS },  { 206, HC_REASON_RANGE },
    };

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        rules.status = rows[i].status;

        assert_int_equal(reason(FRESH ", must-understand", &rules),
                         rows[i].reason);
        assert_int_equal(reason(FRESH ", no-store, must-understand", &rules),
                         rows[i].reason);
    }

    rules.status = 404;
    rules.listed = 0;
    assert_int_equal(reason(FRESH ", must-understand", &rules),
                     HC_REASON_STATUS);
}


static void
damage_is_no_store_beside_must_understand_too(void **state)
{
    (void) state;

    assert_int_equal(reason(FRESH ", no-store, must-understand, ;", &plain),
                     HC_REASON_NO_STORE);
}


static void
the_fields_a_directive_names_are_withheld(void **state)
{
    hc_verdict_t  v;

    (void) state;

    assert_int_equal(judge(FRESH ", private=\"X-User, x-b\", no-cache=\"c\"",
                           &plain, &v), HC_REASON_NONE);

    assert_int_equal(v.flags, 0);
    assert_true(hc_verdict_withholds(&v, S("x-user")));
    assert_true(hc_verdict_withholds(&v, S("X-B")));
    assert_true(hc_verdict_withholds(&v, S("C")));
    assert_false(hc_verdict_withholds(&v, S("x-user2")));
    assert_false(hc_verdict_withholds(&v, S("X")));
}


static void
the_operator_decides_about_cookies_that_are_set(void **state)
{
    hc_rules_t    rules = plain;
    hc_verdict_t  v;

    (void) state;

    assert_int_equal(judge(FRESH, &rules, &v), HC_REASON_NONE);
    assert_true(hc_verdict_withholds(&v, S("Set-Cookie")));

    rules.set_cookie = HC_SET_COOKIE_STRIP;
    assert_int_equal(judge(FRESH "\nSet-Cookie: a=b", &rules, &v),
                     HC_REASON_NONE);
    assert_true(hc_verdict_withholds(&v, S("set-cookie")));

    rules.set_cookie = HC_SET_COOKIE_KEEP;
    assert_int_equal(judge(FRESH "\nSet-Cookie: a=b", &rules, &v),
                     HC_REASON_NONE);
    assert_false(hc_verdict_withholds(&v, S("Set-Cookie")));
    assert_int_equal(judge(FRESH ", private=\"set-cookie\"\nSet-Cookie: a=b",
                           &rules, &v), HC_REASON_NONE);
    assert_true(hc_verdict_withholds(&v, S("Set-Cookie")));

    rules.ignore = HC_IGNORE_SET_COOKIE;
    assert_int_equal(judge(FRESH "\nSet-Cookie: a=b", &rules, &v),
                     HC_REASON_NONE);
    assert_true(hc_verdict_withholds(&v, S("Set-Cookie")));
}


static void
an_encoded_answer_is_stored_if_its_coding_was_asked_for(void **state)
{
    hc_rules_t  rules = plain;

    (void) state;

    rules.coding = 1;

    assert_int_equal(reason(FRESH "\nVary: Accept-Encoding\n"
                            "Content-Encoding: gzip", &rules),
                     HC_REASON_NONE);
    assert_int_equal(reason(FRESH "\nVary: *\nContent-Encoding: gzip",
                            &rules), HC_REASON_VARY);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_refusal_leaves_the_verdict_alone),
        cmocka_unit_test(x_accel_expires_does_not_lift_what_is_forbidden),
        cmocka_unit_test(the_app_can_forbid),
        cmocka_unit_test(damaged_cache_control_is_never_stored),
        cmocka_unit_test(pragma_counts_only_without_cache_control),
        cmocka_unit_test(an_answer_that_nobody_else_matches_is_not_stored),
        cmocka_unit_test(an_answer_for_one_user_needs_leave_to_be_shared),
        cmocka_unit_test(
            only_with_that_leave_may_it_answer_authorized_requests),
        cmocka_unit_test(only_some_statuses_are_stored_unless_listed),
        cmocka_unit_test(some_statuses_are_not_stored_even_if_listed),
        cmocka_unit_test(content_range_says_nothing_of_a_whole_answer),
        cmocka_unit_test(some_redirects_have_to_say_for_how_long),
        cmocka_unit_test(damage_is_no_store_beside_must_understand_too),
        cmocka_unit_test(the_fields_a_directive_names_are_withheld),
        cmocka_unit_test(the_operator_decides_about_cookies_that_are_set),
        cmocka_unit_test(
            an_encoded_answer_is_stored_if_its_coding_was_asked_for),
        cmocka_unit_test(must_understand_allows_only_statuses_that_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

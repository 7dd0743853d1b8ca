/*
 * Answers past their lifetime: for how long they may be given, and what is
 * kept to ask the app about.
 */

#include "verdict_test.h"


#define ETAG    "\nETag: \"a\""
#define PAST    "Last-Modified: Wed, 16 Sep 2026 12:00:00 GMT"
#define DAY_MS  86400000u


static const hc_rules_t  asking = {
    .status = 200, .conf_stale = 7000, .keep = 9000, .revalidate = 1
};


typedef struct {
    const char  *fields;
    uint32_t     error_for;
    uint32_t     while_for;
    uint32_t     stale_for;
} window_row_t;


static void
check_windows(const window_row_t *row, size_t n, const hc_rules_t *rules)
{
    hc_verdict_t  v;

    for ( /* void */ ; n; n--, row++) {
        assert_int_equal(judge(row->fields, rules, &v), HC_REASON_NONE);

        if (v.error_for != row->error_for || v.while_for != row->while_for
            || v.stale_for != row->stale_for)
        {
            fail_msg("\"%s\": got %u %u %u", row->fields, v.error_for,
                     v.while_for, v.stale_for);
        }
    }
}


static void
it_is_kept_as_long_as_the_longer_window(void **state)
{
    static const window_row_t  rows[] = {
        { FRESH, 7000, 0, 7000 },
        { FRESH ", stale-while-revalidate=5", 7000, 5000, 7000 },
        { FRESH ", stale-while-revalidate=60", 7000, 60000, 60000 },
        { FRESH ", stale-if-error=3", 3000, 0, 3000 },
        { FRESH ", stale-if-error=0, stale-while-revalidate=2", 0, 2000,
          2000 },
        { FRESH ", stale-while-revalidate=x", 7000, 0, 7000 },
        { FRESH ", stale-while-revalidate=99999999999", 7000, MS_MAX,
          MS_MAX },
    };

    (void) state;

    check_windows(rows, n_of(rows), &plain);
}


static void
stale_while_it_is_refreshed_may_be_the_operators_wish(void **state)
{
    hc_rules_t                 rules = plain;
    static const window_row_t  rows[] = {
        { FRESH, 7000, 7000, 7000 },
        { FRESH ", stale-while-revalidate=0", 7000, 0, 7000 },
        { FRESH ", stale-while-revalidate=5", 7000, 5000, 7000 },
        { FRESH ", stale-if-error=3", 3000, 7000, 7000 },
    };

    (void) state;

    rules.updating = 1;

    check_windows(rows, n_of(rows), &rules);
}


static void
revalidation_that_is_asked_for_forbids_both_windows(void **state)
{
    size_t                    i;
    hc_rules_t                rules = plain;
    static const char *const  directives[] = {
        "must-revalidate", "proxy-revalidate", "s-maxage=60"
    };
    char                      fields[128];
    window_row_t              row = { fields, 0, 0, 0 };

    (void) state;

    rules.updating = 1;

    for (i = 0; i < n_of(directives); i++) {
        snprintf(fields, sizeof(fields), FRESH ", stale-if-error=9, "
                 "stale-while-revalidate=9, %s", directives[i]);
        check_windows(&row, 1, &rules);
    }
}


static void
with_a_validator_it_is_kept_to_be_asked_about(void **state)
{
    hc_rules_t                 rules = asking;
    static const window_row_t  rows[] = {
        { FRESH, 7000, 0, 7000 },
        { FRESH ETAG, 7000, 0, 9000 },
        { FRESH "\n" PAST, 7000, 0, 9000 },
        { FRESH ", must-revalidate" ETAG, 0, 0, 9000 },
        { FRESH ", stale-if-error=60" ETAG, 60000, 0, 60000 },
    };
    static const window_row_t  off[] = { { FRESH ETAG, 7000, 0, 7000 } };

    (void) state;

    check_windows(rows, n_of(rows), &rules);

    rules.revalidate = 0;
    check_windows(off, n_of(off), &rules);
}


static void
no_cache_is_stored_to_be_asked_about(void **state)
{
    size_t                    i;
    hc_verdict_t              v;
    static const char *const  fields[] = {
        "Cache-Control: no-cache" ETAG,
        "Cache-Control: no-cache\n" PAST,
        "Cache-Control: no-cache, max-age=60, stale-if-error=9" ETAG,
        "Cache-Control: no-cache\nX-Accel-Expires: 5" ETAG,
        "Pragma: no-cache" ETAG,
        "Pragma: no-cache\n" IN_60_S ETAG,
    };

    (void) state;

    for (i = 0; i < n_of(fields); i++) {
        assert_int_equal(judge(fields[i], &asking, &v), HC_REASON_NONE);

        assert_int_equal(v.flags, HC_ENTRY_REVALIDATE);
        assert_int_equal(v.lifetime, 0);
        assert_int_equal(v.error_for, 0);
        assert_int_equal(v.while_for, 0);
        assert_int_equal(v.stale_for, 9000);
    }
}


static void
no_cache_is_not_stored_where_nobody_can_be_asked(void **state)
{
    static const char  fields[] = "Cache-Control: no-cache" ETAG;
    hc_rules_t         rules = asking;

    (void) state;

    assert_int_equal(reason("Cache-Control: no-cache", &rules),
                     HC_REASON_RESPONSE_NOCACHE);
    assert_int_equal(reason(fields, &rules), HC_REASON_NONE);

    rules.keep = 0;
    assert_int_equal(reason(fields, &rules), HC_REASON_RESPONSE_NOCACHE);

    rules = asking;
    rules.revalidate = 0;
    assert_int_equal(reason(fields, &rules), HC_REASON_RESPONSE_NOCACHE);

    rules = asking;
    rules.cookie = 1;
    assert_int_equal(reason(fields, &rules), HC_REASON_RESPONSE_NOCACHE);
    assert_int_equal(reason("Cache-Control: max-age=0" ETAG, &rules),
                     HC_REASON_EXPIRED);
}


/* RFC 9111, 3 */

static void
no_cache_alone_does_not_make_every_status_storable(void **state)
{
    hc_rules_t  rules = asking;

    (void) state;

    rules.status = 302;
    assert_int_equal(reason("Cache-Control: no-cache" ETAG, &rules),
                     HC_REASON_NO_LIFETIME);
    assert_int_equal(reason("Cache-Control: no-cache, public" ETAG, &rules),
                     HC_REASON_NONE);
    assert_int_equal(reason("Cache-Control: no-cache, max-age=9" ETAG, &rules),
                     HC_REASON_NONE);

    rules.status = 404;
    assert_int_equal(reason("Cache-Control: no-cache" ETAG, &rules),
                     HC_REASON_STATUS);
    rules.listed = 1;
    assert_int_equal(reason("Cache-Control: no-cache" ETAG, &rules),
                     HC_REASON_NONE);
}


static void
an_answer_stale_on_arrival_is_kept_only_to_be_asked_about(void **state)
{
    static const row_t  rows[] = {
        { "Cache-Control: max-age=0", HC_REASON_EXPIRED, 0, 0 },
        { "Cache-Control: max-age=0" ETAG, HC_REASON_NONE, 0, 0 },
        { "Expires: 0\n" PAST, HC_REASON_NONE, 0, 0 },
        { FRESH "\nAge: 60" ETAG, HC_REASON_NONE, 60000, 60000 },
        { FRESH "\nAge: 68" ETAG, HC_REASON_NONE, 60000, 68000 },
        { FRESH "\nAge: 69" ETAG, HC_REASON_EXPIRED, 0, 0 },
        { FRESH "\nAge: 4294968" ETAG, HC_REASON_EXPIRED, 0, 0 },
        { "Cache-Control: max-age=0, stale-if-error=60", HC_REASON_EXPIRED, 0,
          0 },
        { "X-Accel-Expires: 0" ETAG, HC_REASON_EXPIRED, 0, 0 },
        { "X-Accel-Expires: @0" ETAG, HC_REASON_EXPIRED, 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows), &asking);
}


static void
an_odd_age_is_stale_if_the_operator_is_strict(void **state)
{
    size_t      i;
    hc_rules_t  rules = plain;
    static const struct {
        const char   *fields;
        hc_reason_e   strict;
    } rows[] = {
        { FRESH, HC_REASON_NONE },
        { FRESH "\nAge: 7", HC_REASON_NONE },
        { FRESH "\nAge: 0,7200", HC_REASON_NONE },
        { FRESH "\nAge: abc", HC_REASON_EXPIRED },
        { FRESH "\nAge: -7200", HC_REASON_EXPIRED },
        { FRESH "\nAge: 0, 0", HC_REASON_EXPIRED },
        { FRESH "\nAge: 0\nAge: 0", HC_REASON_EXPIRED },
        { FRESH "\nAge: 7200;foo=bar", HC_REASON_EXPIRED },
        { "X-Accel-Expires: 5\nAge: abc", HC_REASON_NONE },
    };

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        rules.strict_age = 0;
        assert_int_equal(reason(rows[i].fields, &rules), HC_REASON_NONE);

        rules.strict_age = 1;
        assert_int_equal(reason(rows[i].fields, &rules), rows[i].strict);
    }
}


static void
an_answer_that_changes_seldom_may_be_believed_for_a_share_of_that(void **state)
{
    hc_rules_t          rules = plain;
    static const row_t  rows[] = {
        { PAST, HC_REASON_NONE, DAY_MS, 0 },
        { PAST "\nDate: Wed, 16 Sep 2026 12:01:40 GMT", HC_REASON_NONE, 10000,
          0 },
        { PAST "\nDate: x", HC_REASON_NONE, DAY_MS, 0 },
        { PAST "\nAge: 60", HC_REASON_NONE, DAY_MS, 60000 },
        { PAST "\nAge: 86400", HC_REASON_EXPIRED, 0, 0 },
        { PAST "\n" FRESH, HC_REASON_NONE, 60000, 0 },
        { PAST "\nExpires: 0", HC_REASON_EXPIRED, 0, 0 },
        { PAST "\nDate: Wed, 16 Sep 2026 12:00:00 GMT", HC_REASON_NO_LIFETIME,
          0, 0 },
        { PAST "\nDate: Wed, 16 Sep 2026 11:00:00 GMT", HC_REASON_NO_LIFETIME,
          0, 0 },
        { "Last-Modified: yesterday", HC_REASON_NO_LIFETIME, 0, 0 },
        { "", HC_REASON_NO_LIFETIME, 0, 0 },
    };

    (void) state;

    rules.heuristic = 10;
    rules.heuristic_max = MS_MAX;

    check(rows, n_of(rows), &rules);

    rules.heuristic_max = 5000;
    assert_int_equal(error_for(PAST, &rules), 7000);
    check(&(row_t) { PAST, HC_REASON_NONE, 5000, 0 }, 1, &rules);

    rules.heuristic = 0;
    assert_int_equal(reason(PAST, &rules), HC_REASON_NO_LIFETIME);
}


static void
that_share_is_for_statuses_it_suits_or_for_public(void **state)
{
    unsigned               status;
    hc_rules_t             rules = plain;
    static const uint16_t  suited[] = { 200, 203, 204, 300, 301, 308, 404,
                                        405, 410, 414, 501, 0 };

    (void) state;

    rules.heuristic = 10;
    rules.heuristic_max = MS_MAX;
    rules.listed = 1;

    for (status = 200; status < 600; status++) {

        if (status == 206 || status == 304) {
            continue;
        }

        rules.status = (uint16_t) status;

        assert_int_equal(reason(PAST, &rules),
                         one_of(status, suited) ? HC_REASON_NONE
                                                : HC_REASON_NO_LIFETIME);
        assert_int_equal(reason(PAST "\nCache-Control: public", &rules),
                         HC_REASON_NONE);
    }

    rules.listed = 0;
    rules.status = 404;
    assert_int_equal(reason(PAST, &rules), HC_REASON_STATUS);
}


static void
what_is_configured_goes_before_heuristics(void **state)
{
    hc_verdict_t  v;
    hc_rules_t    rules = conf;

    (void) state;

    rules.heuristic = 10;
    rules.heuristic_max = MS_MAX;

    assert_int_equal(judge(PAST, &rules, &v), HC_REASON_NONE);
    assert_int_equal(v.lifetime, 5000);
    assert_int_equal(v.flags, HC_ENTRY_CONF_TTL);

    rules.conf_ttl = 0;

    assert_int_equal(judge(PAST, &rules, &v), HC_REASON_NONE);
    assert_int_equal(v.lifetime, DAY_MS);
    assert_int_equal(v.flags, 0);

    rules.cookie = 1;
    assert_int_equal(reason(PAST, &rules), HC_REASON_COOKIE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(it_is_kept_as_long_as_the_longer_window),
        cmocka_unit_test(stale_while_it_is_refreshed_may_be_the_operators_wish),
        cmocka_unit_test(revalidation_that_is_asked_for_forbids_both_windows),
        cmocka_unit_test(with_a_validator_it_is_kept_to_be_asked_about),
        cmocka_unit_test(no_cache_is_stored_to_be_asked_about),
        cmocka_unit_test(no_cache_is_not_stored_where_nobody_can_be_asked),
        cmocka_unit_test(no_cache_alone_does_not_make_every_status_storable),
        cmocka_unit_test(
            an_answer_stale_on_arrival_is_kept_only_to_be_asked_about),
        cmocka_unit_test(an_odd_age_is_stale_if_the_operator_is_strict),
        cmocka_unit_test(
            an_answer_that_changes_seldom_may_be_believed_for_a_share_of_that),
        cmocka_unit_test(that_share_is_for_statuses_it_suits_or_for_public),
        cmocka_unit_test(what_is_configured_goes_before_heuristics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

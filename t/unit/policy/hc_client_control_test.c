#include "policy_test.h"
#include "../../../src/policy/hc_client_control.h"


#define ANY  ((int64_t) HC_SECONDS_MAX)


typedef struct {
    const char  *line;
    int64_t      max_age;
    int64_t      max_stale;
    int64_t      min_fresh;
} seconds_row_t;


typedef struct {
    const char           *line;
    int64_t               age;       /* the lifetime is 10000 ms */
    int64_t               stale_ok;
    hc_client_verdict_e   verdict;
} allows_row_t;


static hc_client_control_t
parse(const char *line)
{
    unsigned char        *p;
    hc_client_control_t   cc;

    hc_client_control_init(&cc);

    if (line) {
        p = tight(line, strlen(line));
        hc_client_control_add(&cc, hc_str(p, strlen(line)));
        free(p);
    }

    return cc;
}


static void
check_allows(const allows_row_t *row, size_t n)
{
    hc_client_control_t  cc;
    hc_client_verdict_e  verdict;

    for ( /* void */ ; n; n--, row++) {
        cc = parse(row->line);
        verdict = hc_client_allows(&cc, row->age, 10000, row->stale_ok);

        if (verdict != row->verdict) {
            fail_msg("\"%s\" at %lld: got %d, want %d",
                     row->line ? row->line : "(none)", (long long) row->age,
                     verdict, row->verdict);
        }
    }
}


static void
each_directive_is_found_by_its_name(void **state)
{
    hc_client_control_t  cc;

    (void) state;

    cc = parse("No-Store");
    assert_true(cc.no_store && !cc.no_cache && !cc.only_if_cached);

    cc = parse("foo, ONLY-if-cached");
    assert_true(cc.only_if_cached && !cc.no_store && !cc.no_cache);

    cc = parse("no-cache");
    assert_true(cc.no_cache && !cc.no_store && !cc.only_if_cached);

    cc = parse("x=\"no-cache, no-store\", no-cachex, xno-store");
    assert_false(cc.no_store || cc.no_cache || cc.only_if_cached);
    assert_true(cc.seen);
}


static void
numbers_are_read_as_the_more_demanding_one(void **state)
{
    size_t                      i;
    hc_client_control_t         cc;
    static const seconds_row_t  rows[] = {
        { "", -1, -1, -1 },
        { "max-age=0", 0, -1, -1 },
        { "max-age=\"7\", max-stale=5, min-fresh=3", 7, 5, 3 },
        { "max-age=5, max-age=3, max-age=4", 3, -1, -1 },
        { "max-stale=5, max-stale=3", -1, 3, -1 },
        { "min-fresh=3, min-fresh=5, min-fresh=4", -1, -1, 5 },
        { "max-stale", -1, ANY, -1 },
        { "max-stale, max-stale=4", -1, 4, -1 },
        { "max-stale=4, max-stale", -1, 4, -1 },
        { "max-age, max-stale=, min-fresh", 0, 0, -1 },
        { "max-age=-1, max-stale=x, min-fresh=x", 0, 0, -1 },
        { "max-stale=\"3", -1, 0, -1 },
        { "max-age=99999999999999999999", ANY, -1, -1 },
    };

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        cc = parse(rows[i].line);

        if (cc.max_age != rows[i].max_age
            || cc.max_stale != rows[i].max_stale
            || cc.min_fresh != rows[i].min_fresh)
        {
            fail_msg("\"%s\": got %lld %lld %lld", rows[i].line,
                     (long long) cc.max_age, (long long) cc.max_stale,
                     (long long) cc.min_fresh);
        }
    }
}


static void
what_is_between_damage_is_found(void **state)
{
    hc_client_control_t  cc;

    (void) state;

    cc = parse("@, no-cache @ only-if-cached; \"no-store");
    assert_true(cc.no_cache && cc.only_if_cached && cc.no_store);
}


static void
a_fresh_answer_is_used(void **state)
{
    static const allows_row_t  rows[] = {
        { NULL, 0, 0, HC_CLIENT_USE },
        { NULL, 9999, 0, HC_CLIENT_USE },
        { "", 9999, 0, HC_CLIENT_USE },
        { "no-store, only-if-cached, max-stale", 5000, 0, HC_CLIENT_USE },
        { "max-age=5", 5000, 0, HC_CLIENT_USE },
        { "max-age=5", 5001, 0, HC_CLIENT_REVALIDATE },
        { "max-age=5, max-stale", 5001, 9000, HC_CLIENT_REVALIDATE },
        { "max-age=1", 0, 0, HC_CLIENT_USE },
        { "max-age=0", 0, 0, HC_CLIENT_REVALIDATE },
        { "no-cache", 0, 0, HC_CLIENT_REVALIDATE },
        { "no-cache, max-stale", 11000, 9000, HC_CLIENT_REVALIDATE },
        { "min-fresh=5", 5000, 0, HC_CLIENT_USE },
        { "min-fresh=5", 5001, 0, HC_CLIENT_REVALIDATE },
        { "min-fresh=11", 0, 0, HC_CLIENT_REVALIDATE },
    };

    (void) state;

    check_allows(rows, n_of(rows));
}


static void
a_stale_answer_is_used_as_far_as_both_allow(void **state)
{
    static const allows_row_t  rows[] = {
        { NULL, 10000, 0, HC_CLIENT_STALE },
        { NULL, 10000, 99000, HC_CLIENT_STALE },
        { "", 12000, 99000, HC_CLIENT_STALE },
        { "max-stale=2", 12000, 99000, HC_CLIENT_STALE_OK },
        { "max-stale=2", 12001, 99000, HC_CLIENT_REVALIDATE },
        { "max-stale=0", 10001, 99000, HC_CLIENT_REVALIDATE },
        { "max-stale", 99000, 99000, HC_CLIENT_STALE_OK },
        { "max-stale", 109000, 99000, HC_CLIENT_STALE },
        { "max-stale", INT64_C(1) << 60, INT64_MAX, HC_CLIENT_STALE_OK },
        { "max-stale", 10000, 0, HC_CLIENT_STALE },
        { "max-age=60", 12000, 99000, HC_CLIENT_REVALIDATE },
        { "max-age=60, max-stale=5", 12000, 99000, HC_CLIENT_STALE_OK },
        { "max-age=11, max-stale=5", 12000, 99000, HC_CLIENT_REVALIDATE },
        { "min-fresh=0, max-stale", 12000, 99000, HC_CLIENT_REVALIDATE },
    };

    (void) state;

    check_allows(rows, n_of(rows));
}


static void
pragma_counts_only_without_cache_control(void **state)
{
    hc_client_control_t  cc;

    (void) state;

    cc = parse(NULL);
    hc_client_control_pragma(&cc, S("foo, No-Cache"));
    assert_int_equal(hc_client_allows(&cc, 0, 9, 0), HC_CLIENT_REVALIDATE);

    hc_client_control_add(&cc, S("max-age=60"));
    assert_int_equal(hc_client_allows(&cc, 0, 9, 0), HC_CLIENT_USE);

    cc = parse(NULL);
    hc_client_control_pragma(&cc, S("foo=\"no-cache\", max-age=0, no-store"));
    assert_int_equal(hc_client_allows(&cc, 0, 9, 0), HC_CLIENT_USE);
    assert_false(cc.no_store);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_directive_is_found_by_its_name),
        cmocka_unit_test(numbers_are_read_as_the_more_demanding_one),
        cmocka_unit_test(what_is_between_damage_is_found),
        cmocka_unit_test(a_fresh_answer_is_used),
        cmocka_unit_test(a_stale_answer_is_used_as_far_as_both_allow),
        cmocka_unit_test(pragma_counts_only_without_cache_control),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

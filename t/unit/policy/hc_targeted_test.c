/*
 * CDN-Cache-Control and Surrogate-Control, parsed.
 */

#include "policy_test.h"
#include "../../../src/policy/hc_targeted.h"


static hc_targeted_t
cdn(const char *line)
{
    hc_targeted_t  t;

    hc_targeted_init(&t);
    hc_cdn_cache_control_add(&t, str(line));

    return t;
}


static hc_targeted_t
surrogate(const char *line)
{
    hc_targeted_t  t;

    hc_targeted_init(&t);
    hc_surrogate_control_add(&t, str(line));

    return t;
}


static void
a_field_counts_if_it_has_a_member_and_can_be_parsed(void **state)
{
    size_t  i;
    static const struct {
        const char  *line;
        int          valid;
    } rows[] = {
        { "max-age=60", 1 },      { "foobar, max-age=60", 1 },
        { "none", 1 },            { "max-age=\"60\"", 1 },
        { "", 0 },                { "  ", 0 },
        { "max-age=60, &&&&&", 0 }, { "MaX-aGe=60", 0 },
        { "max-age =60", 0 },     { "max-age= 60", 0 },
        { "max-age=60,", 0 },
    };
    hc_targeted_t  t;

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        t = cdn(rows[i].line);

        if (hc_targeted_valid(&t) != rows[i].valid) {
            fail_msg("\"%s\"", rows[i].line);
        }
    }
}


static void
members_of_another_type_are_absent(void **state)
{
    hc_targeted_t  t;

    (void) state;

    t = cdn("max-age=\"60\", s-maxage=6.5, no-store=1, private=(a), "
            "stale-if-error=x, no-cache=?0, public=?0, must-revalidate=a");

    assert_int_equal(t.cc.max_age, HC_SECONDS_UNSET);
    assert_int_equal(t.cc.s_maxage, HC_SECONDS_UNSET);
    assert_int_equal(t.cc.stale_if_error, HC_SECONDS_UNSET);
    assert_false(t.cc.no_store || t.cc.is_private || t.cc.no_cache
                 || t.cc.is_public || t.cc.must_revalidate || t.cc.damaged);
    assert_true(hc_targeted_valid(&t));
}


static void
of_equal_members_the_last_counts(void **state)
{
    hc_targeted_t  t;

    (void) state;

    t = cdn("max-age=1, no-store, s-maxage=5");
    hc_cdn_cache_control_add(&t, S("max-age=9, no-store=?0, s-maxage=a"));

    assert_int_equal(t.cc.max_age, 9);
    assert_int_equal(t.cc.s_maxage, HC_SECONDS_UNSET);
    assert_false(t.cc.no_store);
}


static void
seconds_are_bounded(void **state)
{
    (void) state;

    assert_int_equal(cdn("max-age=99999999999").cc.max_age, HC_SECONDS_MAX);
    assert_int_equal(cdn("max-age=2147483648").cc.max_age, 2147483648);
    assert_int_equal(cdn("max-age=-5").cc.max_age, 0);
}


static void
directives_with_field_names_are_strings(void **state)
{
    hc_targeted_t  t;

    (void) state;

    t = cdn("private=\"x, y\", no-cache=\"z\"");
    assert_false(t.cc.is_private || t.cc.no_cache);
    assert_int_equal(t.cc.nfields, 3);

    assert_true(cdn("private=\"\"").cc.is_private);
    assert_true(cdn("no-cache=\"a b\"").cc.no_cache);
    assert_true(cdn("private").cc.is_private);
}


static void
one_broken_line_breaks_the_field(void **state)
{
    hc_targeted_t  t;

    (void) state;

    t = cdn("&");
    hc_cdn_cache_control_add(&t, S("max-age=60"));
    assert_false(hc_targeted_valid(&t));
}


static void
surrogate_directives_are_read_in_any_case(void **state)
{
    hc_targeted_t  t;

    (void) state;

    t = surrogate("foobar, MaX-aGe=3600,content=\"ESI/1.0\"");
    assert_true(hc_targeted_valid(&t));
    assert_int_equal(t.cc.max_age, 3600);
    assert_false(t.cc.damaged);

    assert_true(surrogate("no-store").cc.no_store);
    assert_true(surrogate("no-cache").cc.no_cache);
}


static void
a_directive_for_another_device_does_not_count(void **state)
{
    size_t  i;
    static const struct {
        const char  *line;
        int          valid;
        int64_t      max_age;
    } rows[] = {
        { "max-age=60;hc", 1, 60 },
        { "max-age=60; HC", 1, 60 },
        { "max-age=60;other", 0, HC_SECONDS_UNSET },
        { "max-age=60;hcx", 0, HC_SECONDS_UNSET },
        { "max-age=60;other;hc", 1, 60 },
        { "no-store;other, max-age=60", 1, 60 },
        { "max-age=5;hc, max-age=1;other", 1, 5 },
        { "content=\"a\";other", 0, HC_SECONDS_UNSET },
    };
    hc_targeted_t  t;

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        t = surrogate(rows[i].line);

        if (hc_targeted_valid(&t) != rows[i].valid
            || t.cc.max_age != rows[i].max_age
            || t.cc.no_store || t.cc.damaged)
        {
            fail_msg("\"%s\"", rows[i].line);
        }
    }
}


static void
a_surrogate_may_go_on_with_a_stale_answer(void **state)
{
    hc_targeted_t  t;

    (void) state;

    t = surrogate("max-age=60+30");
    assert_int_equal(t.cc.max_age, 60);
    assert_int_equal(t.cc.stale_if_error, 30);
    assert_int_equal(t.cc.stale_while_revalidate, 30);

    t = surrogate("max-age=60");
    assert_int_equal(t.cc.stale_if_error, HC_SECONDS_UNSET);

    t = surrogate("max-age=60+x");
    assert_int_equal(t.cc.stale_if_error, 0);
}


static void
what_says_nothing_of_caching_leaves_it_to_cache_control(void **state)
{
    hc_targeted_t  t;

    (void) state;

    t = surrogate("content=\"ESI/1.0\", foo, no-store-remote");
    assert_false(hc_targeted_valid(&t));
    t = surrogate("");
    assert_false(hc_targeted_valid(&t));
}


static void
a_damaged_surrogate_control_counts_as_damaged(void **state)
{
    size_t                    i;
    static const char *const  lines[] = {
        "max-age =60", "max-age= 60", "max-age=60;", "max-age=60 no-store",
        "&&& ;", "x=\"", "max-age=60;=",
    };
    hc_targeted_t  t;

    (void) state;

    for (i = 0; i < n_of(lines); i++) {
        t = surrogate(lines[i]);

        if (!hc_targeted_valid(&t) || !t.cc.damaged) {
            fail_msg("\"%s\"", lines[i]);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_field_counts_if_it_has_a_member_and_can_be_parsed),
        cmocka_unit_test(members_of_another_type_are_absent),
        cmocka_unit_test(of_equal_members_the_last_counts),
        cmocka_unit_test(seconds_are_bounded),
        cmocka_unit_test(directives_with_field_names_are_strings),
        cmocka_unit_test(one_broken_line_breaks_the_field),
        cmocka_unit_test(surrogate_directives_are_read_in_any_case),
        cmocka_unit_test(a_directive_for_another_device_does_not_count),
        cmocka_unit_test(a_surrogate_may_go_on_with_a_stale_answer),
        cmocka_unit_test(
            what_says_nothing_of_caching_leaves_it_to_cache_control),
        cmocka_unit_test(a_damaged_surrogate_control_counts_as_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

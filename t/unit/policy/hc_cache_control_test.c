#include "policy_test.h"
#include "../../../src/policy/hc_cache_control.h"


enum {
    NO_STORE = 0x01, NO_CACHE = 0x02, PRIVATE = 0x04, PUBLIC = 0x08,
    MUST = 0x10, PROXY = 0x20, UNDERSTAND = 0x40, IMMUTABLE = 0x80,
    DAMAGED = 0x100
};


typedef struct {
    const char  *line;
    unsigned     flags;
    int64_t      max_age;
} flag_row_t;


static hc_cache_control_t
parse(const char *line)
{
    unsigned char       *p;
    hc_cache_control_t   cc;

    p = tight(line, strlen(line));

    hc_cache_control_init(&cc);
    hc_cache_control_add(&cc, hc_str(p, strlen(line)));

    free(p);

    return cc;
}


static unsigned
flags(const hc_cache_control_t *cc)
{
    return cc->no_store * NO_STORE | cc->no_cache * NO_CACHE
           | cc->is_private * PRIVATE | cc->is_public * PUBLIC
           | cc->must_revalidate * MUST | cc->proxy_revalidate * PROXY
           | cc->must_understand * UNDERSTAND | cc->immutable * IMMUTABLE
           | cc->damaged * DAMAGED;
}


static void
check(const flag_row_t *row, size_t n)
{
    hc_cache_control_t  cc;

    for ( /* void */ ; n; n--, row++) {
        cc = parse(row->line);

        if (flags(&cc) != row->flags || cc.max_age != row->max_age) {
            fail_msg("\"%s\": got %#x %lld, want %#x %lld", row->line,
                     flags(&cc), (long long) cc.max_age, row->flags,
                     (long long) row->max_age);
        }
    }
}


static void
each_directive_is_found_by_its_name(void **state)
{
    static const flag_row_t  rows[] = {
        { "", 0, -1 },
        { "no-store", NO_STORE, -1 },
        { "no-cache", NO_CACHE, -1 },
        { "private", PRIVATE, -1 },
        { "public", PUBLIC, -1 },
        { "must-revalidate", MUST, -1 },
        { "proxy-revalidate", PROXY, -1 },
        { "must-understand", UNDERSTAND, -1 },
        { "immutable", IMMUTABLE, -1 },
        { "max-age=60", 0, 60 },
        { "public, max-age=60, must-revalidate", PUBLIC | MUST, 60 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
each_number_has_its_own_place(void **state)
{
    hc_cache_control_t  cc;

    (void) state;

    cc = parse("max-age=1, s-maxage=2, stale-if-error=3, "
               "stale-while-revalidate=4");

    assert_int_equal(cc.max_age, 1);
    assert_int_equal(cc.s_maxage, 2);
    assert_int_equal(cc.stale_if_error, 3);
    assert_int_equal(cc.stale_while_revalidate, 4);
    assert_int_equal(flags(&cc), 0);
}


static void
names_match_in_any_case(void **state)
{
    static const flag_row_t  rows[] = {
        { "NO-STORE", NO_STORE, -1 },
        { "Private,Max-Age=5", PRIVATE, 5 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
blanks_and_empty_members_do_not_matter(void **state)
{
    static const flag_row_t  rows[] = {
        { ",", 0, -1 },
        { " \t, ,,", 0, -1 },
        { "public,max-age=1", PUBLIC, 1 },
        { " public\t , \tmax-age=1 ", PUBLIC, 1 },
        { ",,public,,max-age=1,,", PUBLIC, 1 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
a_name_is_a_whole_token_and_not_a_substring(void **state)
{
    static const flag_row_t  rows[] = {
        { "x-no-store", 0, -1 },
        { "no-storex", 0, -1 },
        { "no", 0, -1 },
        { "xmax-age=5", 0, -1 },
        { "max-age-x=5", 0, -1 },
        { "foo=no-store", 0, -1 },
        { "foo=max-age, public", PUBLIC, -1 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
text_between_quotes_is_no_directive(void **state)
{
    static const flag_row_t  rows[] = {
        { "foo=\"no-store\"", 0, -1 },
        { "foo=\", no-store, max-age=1, \", max-age=7", 0, 7 },
        { "foo=\"\\\"\", public", PUBLIC, -1 },
        { "foo=\"a\\\", private\"", 0, -1 },
        { "foo=\"\"", 0, -1 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
with_field_names_the_rest_of_the_answer_is_left_alone(void **state)
{
    static const flag_row_t  rows[] = {
        { "no-cache=\"set-cookie\"", 0, -1 },
        { "private=\"x, y\", max-age=3", 0, 3 },
        { "no-cache=\",a,, b ,\"", 0, -1 },
        { "private=\"x\", no-cache", NO_CACHE, -1 },
        { "private=\"x\", private", PRIVATE, -1 },
        { "private=\"a,b,c,d\", no-cache=\"e,f,g,h\"", 0, -1 },
        { "private=\"a,b,c,d,A,B\", no-cache=\"a,b,c,d,e,f,g,h\"", 0, -1 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
field_names_that_cannot_be_withheld_stand_for_the_whole(void **state)
{
    static const flag_row_t  rows[] = {
        { "private=x", PRIVATE, -1 },
        { "no-cache=x", NO_CACHE, -1 },
        { "no-cache=\"\"", NO_CACHE, -1 },
        { "no-cache=\" , \"", NO_CACHE, -1 },
        { "no-cache=\"a b\"", NO_CACHE, -1 },
        { "private=\"a;b\"", PRIVATE, -1 },
        { "private=\"\\a\"", PRIVATE, -1 },
        { "private=\"x, Content-Type\"", PRIVATE, -1 },
        { "no-cache=\"content-encoding\"", NO_CACHE, -1 },
        { "no-cache=\"a,b,c,d,e,f,g,h,i\"", NO_CACHE, -1 },
        { "private=\"a,b,c,d\", no-cache=\"e,f,g,h,i\"", NO_CACHE, -1 },
        { "no-store=\"a\"", NO_STORE, -1 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
each_field_name_is_kept_once(void **state)
{
    hc_cache_control_t  cc;

    (void) state;

    hc_cache_control_init(&cc);
    hc_cache_control_add(&cc, S("no-cache=\"a, B\", private=\"b\""));
    hc_cache_control_add(&cc, S("private=\"A , c\", private=\"d, no name\""));

    assert_int_equal(flags(&cc), PRIVATE);
    assert_int_equal(cc.nfields, 3);
    assert_true(hc_str_eq(cc.fields[0], S("a")));
    assert_true(hc_str_eq(cc.fields[1], S("B")));
    assert_true(hc_str_eq(cc.fields[2], S("c")));
}


static void
a_number_may_stand_between_quotes(void **state)
{
    static const flag_row_t  rows[] = {
        { "max-age=\"60\"", 0, 60 },
        { "max-age=\"60\", public", PUBLIC, 60 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
an_invalid_number_counts_as_zero(void **state)
{
    static const flag_row_t  rows[] = {
        { "max-age", 0, 0 },
        { "max-age=-1", 0, 0 },
        { "max-age=+1", 0, 0 },
        { "max-age=1.5", 0, 0 },
        { "max-age=1e9", 0, 0 },
        { "max-age=0x10", 0, 0 },
        { "max-age='60'", 0, 0 },
        { "max-age=60s", 0, 0 },
        { "max-age=\"6\\0\"", 0, 0 },
        { "max-age=\" 60\"", 0, 0 },
        { "max-age=\"\"", 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
numbers_saturate(void **state)
{
    static const flag_row_t  rows[] = {
        { "max-age=0000000000000000000000000000060", 0, 60 },
        { "max-age=2147483647", 0, 2147483647 },
        { "max-age=2147483648", 0, 2147483648 },
        { "max-age=2147483649", 0, 2147483648 },
        { "max-age=4294967297", 0, 2147483648 },
        { "max-age=18446744073709551617", 0, 2147483648 },
        { "max-age=99999999999999999999999999999999", 0, 2147483648 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
of_two_numbers_the_smaller_counts(void **state)
{
    static const flag_row_t  rows[] = {
        { "max-age=60, max-age=30", 0, 30 },
        { "max-age=30, max-age=60", 0, 30 },
        { "max-age=60, max-age=x", 0, 0 },
        { "max-age=0, max-age=60", 0, 0 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
what_fits_nowhere_is_damage(void **state)
{
    static const flag_row_t  rows[] = {
        { ";", DAMAGED, -1 },
        { "=", DAMAGED, -1 },
        { "=60", DAMAGED, -1 },
        { "public=", PUBLIC | DAMAGED, -1 },
        { "max-age=", DAMAGED, 0 },
        { "max-age =60", DAMAGED, 0 },
        { "max-age= 60", DAMAGED, 0 },
        { "max-age=60 public", PUBLIC | DAMAGED, 60 },
        { "\"no-store\"", NO_STORE | DAMAGED, -1 },
        { "foo=\"a\"b", DAMAGED, -1 },
        { "foo=\"a", DAMAGED, -1 },
        { "foo=\"", DAMAGED, -1 },
        { "foo=\"\\", DAMAGED, -1 },
        { "foo=\"a\x01\"", DAMAGED, -1 },
        { "foo=\"\\\x7f\"", DAMAGED, -1 },
        { "p\xc3\xbc" "blic", DAMAGED, -1 },
        { "\x01", DAMAGED, -1 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
a_prohibition_is_found_behind_damage(void **state)
{
    static const flag_row_t  rows[] = {
        { "max-age=60; private", PRIVATE | DAMAGED, 60 },
        { "no-store; max-age=60", NO_STORE | DAMAGED, 60 },
        { "foo=\"bar, no-store", NO_STORE | DAMAGED, -1 },
        { "foo=\"bar\\\", no-store, max-age=5", NO_STORE | DAMAGED, 5 },
        { ";;;no-cache", NO_CACHE | DAMAGED, -1 },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
lines_add_up(void **state)
{
    hc_cache_control_t  cc;

    (void) state;

    hc_cache_control_init(&cc);
    hc_cache_control_add(&cc, S("max-age=60, public"));
    hc_cache_control_add(&cc, S(""));
    hc_cache_control_add(&cc, hc_str(NULL, 0));
    hc_cache_control_add(&cc, S("max-age=30, no-cache"));

    assert_int_equal(cc.max_age, 30);
    assert_int_equal(flags(&cc), PUBLIC | NO_CACHE);
}


static void
seconds_are_digits_only(void **state)
{
    (void) state;

    assert_int_equal(hc_seconds_parse(S("0")), 0);
    assert_int_equal(hc_seconds_parse(S("007")), 7);
    assert_int_equal(hc_seconds_parse(S("2147483649")), 2147483648);
    assert_int_equal(hc_seconds_parse(S("")), -1);
    assert_int_equal(hc_seconds_parse(S(" 7")), -1);
    assert_int_equal(hc_seconds_parse(S("7 ")), -1);
    assert_int_equal(hc_seconds_parse(S("99999999999999x")), -1);
    assert_int_equal(hc_seconds_parse(hc_str("7\0", 2)), -1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_directive_is_found_by_its_name),
        cmocka_unit_test(each_number_has_its_own_place),
        cmocka_unit_test(names_match_in_any_case),
        cmocka_unit_test(blanks_and_empty_members_do_not_matter),
        cmocka_unit_test(a_name_is_a_whole_token_and_not_a_substring),
        cmocka_unit_test(text_between_quotes_is_no_directive),
        cmocka_unit_test(with_field_names_the_rest_of_the_answer_is_left_alone),
        cmocka_unit_test(
            field_names_that_cannot_be_withheld_stand_for_the_whole),
        cmocka_unit_test(each_field_name_is_kept_once),
        cmocka_unit_test(a_number_may_stand_between_quotes),
        cmocka_unit_test(an_invalid_number_counts_as_zero),
        cmocka_unit_test(numbers_saturate),
        cmocka_unit_test(of_two_numbers_the_smaller_counts),
        cmocka_unit_test(what_fits_nowhere_is_damage),
        cmocka_unit_test(a_prohibition_is_found_behind_damage),
        cmocka_unit_test(lines_add_up),
        cmocka_unit_test(seconds_are_digits_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

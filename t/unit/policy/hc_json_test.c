#include "policy_test.h"
#include "../../../src/policy/hc_json.h"


/* Fed in pieces of `step` bytes, each in a block of its own. */

static int
whole(hc_str_t text, size_t step)
{
    int             rc;
    size_t          n;
    hc_json_t      *j;
    unsigned char  *p;

    j = hc_json_create();
    assert_non_null(j);

    while (text.len) {
        n = hc_min(step, text.len);

        p = tight(text.data, n);
        (void) hc_json_feed(j, p, n);
        free(p);

        text.data += n;
        text.len -= n;
    }

    rc = hc_json_finish(j);
    hc_json_destroy(j);

    return rc;
}


static void
check(hc_str_t text, int want)
{
    size_t  step;

    for (step = 1; step <= text.len + 1; step += step < 16 ? 1 : step) {
        if (whole(text, step) != want) {
            fail_msg("\"%.*s\" by %zu: want %d", (int) text.len, text.data,
                     step, want);
        }
    }
}


static void
an_object_or_array_is_whole_however_it_is_cut_up(void **state)
{
    (void) state;

    check(S("{}"), 1);
    check(S("[]"), 1);
    check(S(" \t\r\n{ } \n"), 1);
    check(S("{\"a\":[1,2.5,-3e+7,true,false,null,\"x\\u00e9\\n\"],"
            "\"b\":{\"c\":{}}}"), 1);
    check(S("[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]"), 1);
}


static void
no_proper_prefix_is_whole(void **state)
{
    size_t                 n;
    static const hc_str_t  text = hc_string(
        "{\"a\":[1,2,{\"b\":\"c\\\"d\"},true],\"e\":-1.5e3,\"\":null}");

    (void) state;

    for (n = 0; n < text.len; n++) {
        check(hc_str(text.data, n), 0);
    }

    check(text, 1);
}


static void
a_value_that_stands_alone_does_not_count(void **state)
{
    (void) state;

    check(S("1"), 0);
    check(S("12 "), 0);
    check(S("true"), 0);
    check(S("null"), 0);
    check(S("\"text\""), 0);
}


static void
it_is_refused_before_the_end_is_known(void **state)
{
    hc_json_t  *j;

    (void) state;

    j = hc_json_create();
    assert_int_equal(hc_json_feed(j, "12 ", 3), 0);
    hc_json_destroy(j);
}


static void
anything_behind_the_value_is_refused(void **state)
{
    (void) state;

    check(S("{}x"), 0);
    check(S("{}{}"), 0);
    check(S("[] []"), 0);
    check(S("[]\n1"), 0);
    check(hc_str("{}\0", 3), 0);
}


static void
what_is_not_json_is_refused(void **state)
{
    (void) state;

    check(S(""), 0);
    check(S("  \n"), 0);
    check(S("<html></html>"), 0);
    check(S("{a:1}"), 0);
    check(S("{'a':1}"), 0);
    check(S("[1,]"), 0);
    check(S("[1 2]"), 0);
    check(S("{\"a\" 1}"), 0);
    check(S("{\"a\":1]"), 0);
    check(S("[01]"), 0);
    check(S("[1.]"), 0);
    check(S("[+1]"), 0);
    check(S("[NaN]"), 0);
    check(S("[1]// x"), 0);
    check(S("[/* x */1]"), 0);
    check(S("[\"\\x\"]"), 0);
    check(S("[\"a\nb\"]"), 0);
    check(S("\xef\xbb\xbf{}"), 0);
}


static void
bytes_that_are_not_utf8_are_refused(void **state)
{
    (void) state;

    check(S("[\"\xff\"]"), 0);
    check(S("[\"\xc3\"]"), 0);
    check(S("[\"\xc3(\"]"), 0);
    check(S("{\"\xe2\x82\":1}"), 0);
}


static void
depth_is_bounded(void **state)
{
    char  text[2 * (HC_JSON_DEPTH + 1)];

    (void) state;

    memset(text, '[', HC_JSON_DEPTH);
    memset(text + HC_JSON_DEPTH, ']', HC_JSON_DEPTH);
    check(hc_str(text, 2 * HC_JSON_DEPTH), 1);

    memset(text, '[', HC_JSON_DEPTH + 1);
    memset(text + HC_JSON_DEPTH + 1, ']', HC_JSON_DEPTH + 1);
    check(hc_str(text, 2 * (HC_JSON_DEPTH + 1)), 0);
}


static void
a_depth_bomb_is_refused_at_once(void **state)
{
    char       *text;
    hc_json_t  *j;

    (void) state;

    text = malloc(600000);
    memset(text, '[', 600000);

    j = hc_json_create();
    assert_int_equal(hc_json_feed(j, text, 600000), 0);
    assert_int_equal(hc_json_finish(j), 0);

    hc_json_destroy(j);
    free(text);
}


static void
numbers_are_not_converted(void **state)
{
    (void) state;

    check(S("[1e999999999,-1E-999999999,99999999999999999999999999]"), 1);
}


static void
one_token_is_bounded_however_it_is_cut_up(void **state)
{
    size_t  len, step;
    char   *text;

    (void) state;

    len = 1024 * 1024;
    text = malloc(len);
    memset(text, '9', len);

    for (step = 4096; step <= 2 * len; step *= 8) {
        text[0] = '[';
        text[len - 1] = ']';
        assert_int_equal(whole(hc_str(text, len), step), 0);
        assert_int_equal(whole(hc_str(text + len - 60000, 60000), step), 0);

        text[len - 60000] = '[';
        assert_int_equal(whole(hc_str(text + len - 60000, 60000), step), 1);
        text[len - 60000] = '9';
    }

    free(text);
}


static void
a_token_that_does_not_end_is_given_up(void **state)
{
    int         fed;
    char        piece[8192];
    hc_json_t  *j;

    (void) state;

    memset(piece, 'x', sizeof(piece));

    j = hc_json_create();
    assert_int_equal(hc_json_feed(j, "[\"", 2), 1);

    for (fed = 0; fed < 16 && hc_json_feed(j, piece, sizeof(piece)); fed++) {
        /* void */
    }

    assert_in_range(fed, 1, 15);
    hc_json_destroy(j);
}


static void
after_a_failure_nothing_helps(void **state)
{
    hc_json_t  *j;

    (void) state;

    j = hc_json_create();
    assert_int_equal(hc_json_feed(j, "}", 1), 0);
    assert_int_equal(hc_json_feed(j, "{}", 2), 0);
    assert_int_equal(hc_json_feed(j, "", 0), 0);
    assert_int_equal(hc_json_finish(j), 0);
    hc_json_destroy(j);
    hc_json_destroy(NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_object_or_array_is_whole_however_it_is_cut_up),
        cmocka_unit_test(no_proper_prefix_is_whole),
        cmocka_unit_test(a_value_that_stands_alone_does_not_count),
        cmocka_unit_test(it_is_refused_before_the_end_is_known),
        cmocka_unit_test(anything_behind_the_value_is_refused),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_depth_bomb_is_refused_at_once),
        cmocka_unit_test(numbers_are_not_converted),
        cmocka_unit_test(one_token_is_bounded_however_it_is_cut_up),
        cmocka_unit_test(a_token_that_does_not_end_is_given_up),
        cmocka_unit_test(after_a_failure_nothing_helps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "policy_test.h"
#include "../../../src/policy/hc_groups.h"


typedef struct {
    const char  *line;
    const char  *names;              /* each followed by "|"; NULL: ignored */
} row_t;


static void
check(const row_t *row, size_t n)
{
    int             count, k;
    char            got[256], *end;
    hc_str_t        line, rest, name;
    unsigned char  *p, out[HC_GROUP_LEN_MAX];

    for ( /* void */ ; n; n--, row++) {

        p = tight(row->line, strlen(row->line));
        line = hc_str(p, strlen(row->line));

        count = hc_groups_count(&line, 1);

        if ((count == -1) != (row->names == NULL)) {
            fail_msg("<%s>: counted %d", row->line, count);
        }

        if (row->names) {
            rest = line;
            end = got;

            for (k = 0; hc_groups_next(&rest, out, &name) == HC_GROUPS_NAME;
                 k++)
            {
                end += sprintf(end, "%.*s|", (int) name.len, name.data);
            }

            *end = '\0';
            assert_int_equal(k, count);
            assert_string_equal(got, row->names);
        }

        free(p);
    }
}


static void
members_are_strings(void **state)
{
    static const row_t  rows[] = {
        { "", "" },
        { "  ", "" },
        { "\"scripts\"", "scripts|" },
        { "\"a\", \"b\"", "a|b|" },
        { "  \"a\"\t,\t \"b\",\"c\"  ", "a|b|c|" },
        { "\"\"", "|" },
        { "\"A, b; c\"", "A, b; c|" },
        { "\"a\", \"a\", \"A\"", "a|a|A|" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
escapes_are_decoded(void **state)
{
    static const row_t  rows[] = {
        { "\"a\\\"b\"", "a\"b|" },
        { "\"a\\\\b\"", "a\\b|" },
        { "\"\\\\\", \"\\\"\"", "\\|\"|" },
        { "\"a\\b\"", NULL },
        { "\"a\\", NULL },
        { "\"a\\\"", NULL },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
parameters_of_every_type_are_ignored(void **state)
{
    static const row_t  rows[] = {
        { "\"a\";x", "a|" },
        { "\"a\";x;y;*z-_.*9, \"b\"", "a|b|" },
        { "\"a\"; x=1;  y=-2.125, \"b\"", "a|b|" },
        { "\"a\";x=tok/en:1;y=*t", "a|" },
        { "\"a\";x=\"q, \\\" ;\";y=?1;z=?0", "a|" },
        { "\"a\";x=:YWI=:;y=::;z=@-1659578233", "a|" },
        { "\"a\";x=%\"f%c3%bc\";y=@0", "a|" },
        { "\"a\";x=123456789012345;y=123456789012.123", "a|" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
a_bad_parameter_is_damage(void **state)
{
    static const row_t  rows[] = {
        { "\"a\";", NULL }, { "\"a\";X", NULL }, { "\"a\";1", NULL },
        { "\"a\";\tx", NULL }, { "\"a\" ;x", NULL }, { "\"a\";x=", NULL },
        { "\"a\";x= 1", NULL }, { "\"a\";x =1", NULL },
        { "\"a\";x=-", NULL }, { "\"a\";x=1.", NULL },
        { "\"a\";x=.5", NULL }, { "\"a\";x=1.1234", NULL },
        { "\"a\";x=1234567890123456", NULL },
        { "\"a\";x=1234567890123.1", NULL }, { "\"a\";x=?2", NULL },
        { "\"a\";x=?", NULL }, { "\"a\";x=:YW", NULL },
        { "\"a\";x=:Y W:", NULL }, { "\"a\";x=@", NULL },
        { "\"a\";x=@1.5", NULL }, { "\"a\";x=%\"%C3\"", NULL },
        { "\"a\";x=%\"%c\"", NULL }, { "\"a\";x=%\"a", NULL },
        { "\"a\";x=%a", NULL }, { "\"a\";x=\"b", NULL },
        { "\"a\";x=(1 2)", NULL }, { "\"a\";x=,", NULL },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
a_member_of_another_type_spoils_the_field(void **state)
{
    static const row_t  rows[] = {
        { "a", NULL }, { "\"a\", b", NULL }, { "1, \"a\"", NULL },
        { "(\"a\" \"b\")", NULL }, { "\"a\", (\"b\")", NULL },
        { "?1", NULL }, { ":YQ==:", NULL }, { "@1", NULL },
        { "%\"a\"", NULL }, { "'a'", NULL },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
what_is_no_list_is_damage(void **state)
{
    static const row_t  rows[] = {
        { "\"a\",", NULL }, { "\"a\", ", NULL }, { ",\"a\"", NULL },
        { "\"a\",,\"b\"", NULL }, { "\"a\" \"b\"", NULL },
        { "\"a\"b", NULL }, { "\"a", NULL }, { "\"", NULL },
        { "\"a\tb\"", NULL }, { "\"\303\244\"", NULL },
        { "\"a\177\"", NULL }, { ",", NULL },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
damage_in_one_line_spoils_them_all(void **state)
{
    hc_str_t  good[] = { S("\"a\", \"b\""), S(""), S("\"c\"") };
    hc_str_t  bad[] = { S("\"a\", \"b\""), S("c") };

    (void) state;

    assert_int_equal(hc_groups_count(good, 3), 3);
    assert_int_equal(hc_groups_count(bad, 2), -1);
    assert_int_equal(hc_groups_count(NULL, 0), 0);
}


static void
as_many_and_as_long_as_the_rfc_asks_for(void **state)
{
    int             k;
    char            text[HC_GROUPS_MIN * (HC_GROUP_LEN_MIN + 4)], *p;
    hc_str_t        line, rest, name;
    unsigned char   out[HC_GROUP_LEN_MAX];

    (void) state;

    for (p = text, k = 0; k < HC_GROUPS_MIN; k++) {
        p += sprintf(p, "%s\"%0*d\"", k ? "," : "", HC_GROUP_LEN_MIN, k);
    }

    line = hc_str(text, p - text);
    assert_int_equal(hc_groups_count(&line, 1), HC_GROUPS_MIN);

    rest = line;

    for (k = 0; hc_groups_next(&rest, out, &name) == HC_GROUPS_NAME; k++) {
        assert_int_equal(name.len, HC_GROUP_LEN_MIN);
        assert_int_equal(name.data[name.len - 1], '0' + k % 10);
    }

    assert_int_equal(k, HC_GROUPS_MIN);
}


static void
one_that_is_too_long_is_passed_over(void **state)
{
    size_t          n;
    hc_str_t        rest, name;
    unsigned char  *text, *out;

    (void) state;

    /* of escapes alone: what counts is what they stand for */

    n = 2 * HC_GROUP_LEN_MAX;
    text = malloc(n + 16);
    out = malloc(HC_GROUP_LEN_MAX);
    assert_non_null(text);
    assert_non_null(out);

    memset(text, '\\', n + 16);
    text[0] = '"';
    memcpy(text + 1 + n, "\",\"b\"", 5);

    rest = hc_str(text, n + 6);
    assert_int_equal(hc_groups_next(&rest, out, &name), HC_GROUPS_NAME);
    assert_int_equal(name.len, HC_GROUP_LEN_MAX);
    assert_int_equal(hc_groups_next(&rest, out, &name), HC_GROUPS_NAME);
    assert_int_equal(hc_groups_next(&rest, out, &name), HC_GROUPS_END);

    memset(text, 'x', n);
    text[0] = '"';
    memcpy(text + HC_GROUP_LEN_MAX + 2, "\",\"b\"", 5);

    rest = hc_str(text, HC_GROUP_LEN_MAX + 7);
    assert_int_equal(hc_groups_count(&rest, 1), 2);
    assert_int_equal(hc_groups_next(&rest, out, &name), HC_GROUPS_LONG);
    assert_int_equal(hc_groups_next(&rest, out, &name), HC_GROUPS_NAME);
    assert_true(hc_str_eq(name, S("b")));
    assert_int_equal(hc_groups_next(&rest, out, &name), HC_GROUPS_END);

    free(text);
    free(out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(members_are_strings),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(parameters_of_every_type_are_ignored),
        cmocka_unit_test(a_bad_parameter_is_damage),
        cmocka_unit_test(a_member_of_another_type_spoils_the_field),
        cmocka_unit_test(what_is_no_list_is_damage),
        cmocka_unit_test(damage_in_one_line_spoils_them_all),
        cmocka_unit_test(as_many_and_as_long_as_the_rfc_asks_for),
        cmocka_unit_test(one_that_is_too_long_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Dictionaries of structured fields.
 */

#include "policy_test.h"
#include "../../../src/policy/hc_structured.h"


/* Members of the whole line; -1: it cannot be parsed.  *value is the last. */

static int
parse(hc_str_t line, hc_str_t *key, hc_sf_value_t *value)
{
    int  n, rc;

    for (n = 0; (rc = hc_sf_member_next(&line, key, value)) == 1; n++) {
        /* void */
    }

    return rc == -1 ? -1 : n;
}


static int
members(const char *line)
{
    int             n;
    hc_str_t        key;
    unsigned char  *p;
    hc_sf_value_t   value;

    p = tight(line, strlen(line));
    n = parse(hc_str(p, strlen(line)), &key, &value);
    free(p);

    return n;
}


static void
each_value_has_a_type(void **state)
{
    size_t         i;
    hc_str_t       key;
    hc_sf_value_t  v;
    static const struct {
        const char    *line;
        hc_sf_type_e   type;
        int64_t        number;
        const char    *text;
    } rows[] = {
        { "a", HC_SF_BOOLEAN, 1, "" },
        { "a=?1", HC_SF_BOOLEAN, 1, "" },
        { "a=?0", HC_SF_BOOLEAN, 0, "" },
        { "a=0", HC_SF_INTEGER, 0, "" },
        { "a=-7", HC_SF_INTEGER, -7, "" },
        { "a=007", HC_SF_INTEGER, 7, "" },
        { "a=999999999999999", HC_SF_INTEGER, 999999999999999, "" },
        { "a=1.5", HC_SF_DECIMAL, 1, "" },
        { "a=-123456789012.123", HC_SF_DECIMAL, -123456789012, "" },
        { "a=\"b \\\" c\"", HC_SF_STRING, 0, "b \\\" c" },
        { "a=\"\"", HC_SF_STRING, 0, "" },
        { "a=*b/c:d", HC_SF_TOKEN, 0, "*b/c:d" },
        { "a=:aGk=:", HC_SF_BYTES, 0, "" },
        { "a=::", HC_SF_BYTES, 0, "" },
        { "a=@-5", HC_SF_DATE, -5, "" },
        { "a=%\"f%c3%bc\"", HC_SF_DISPLAY, 0, "" },
        { "a=(1 \"b\";c=2 d);e", HC_SF_LIST, 0, "" },
        { "a=()", HC_SF_LIST, 0, "" },
        { "a=( 1  2 )", HC_SF_LIST, 0, "" },
        { "a;b;c=1; d=?0", HC_SF_BOOLEAN, 1, "" },
        { "a=5;b=\"x,\"", HC_SF_INTEGER, 5, "" },
    };

    (void) state;

    for (i = 0; i < n_of(rows); i++) {

        if (parse(str(rows[i].line), &key, &v) != 1
            || v.type != rows[i].type
            || v.number != rows[i].number
            || !hc_str_eq(v.text, str(rows[i].text))
            || !hc_str_eq(key, S("a")))
        {
            fail_msg("\"%s\": got %d %lld", rows[i].line, v.type,
                     (long long) v.number);
        }
    }
}


static void
members_stand_between_commas(void **state)
{
    (void) state;

    assert_int_equal(members(""), 0);
    assert_int_equal(members("  "), 0);
    assert_int_equal(members("a"), 1);
    assert_int_equal(members(" a "), 1);
    assert_int_equal(members("a,b"), 2);
    assert_int_equal(members("a=1 ,\tb=2, *c;x, d_-.*9"), 4);
}


static void
what_fits_nowhere_fails_the_field(void **state)
{
    size_t                    i;
    static const char *const  lines[] = {
        ",", "a,", "a, ", ",a", "a,,b", "a b", "a;", "a; ", "a;=1", "a;B",
        "A", "9a", "-a", "a=", "a= 1", "a =1", "=1", "&&&&&", "\x01",
        "a=1000000000000000", "a=-", "a=--1", "a=+1", "a=1.", "a=.5",
        "a=1.2345", "a=1234567890123.1", "a=1a", "a=\"b", "a=\"", "a=\"\\",
        "a=\"\\n\"", "a=\"\x7f\"", "a=\"\x01\"", "a=\"\xc3\"", "a=\"b\"c",
        "a=:aGk", "a=:a k:", "a=?", "a=?2", "a=?true", "a=@", "a=@1.5",
        "a=%", "a=%\"", "a=%\"%c\"", "a=%\"%C3\"", "a=%\"\x01\"", "a=%x",
        "a=(", "a=(1", "a=(1,2)", "a=(1\"b\")", "a=(1;)", "a=(1)2", "a=(())",
        "max-age=10000, &&&&&", "max-age =100",
    };

    (void) state;

    for (i = 0; i < n_of(lines); i++) {
        if (members(lines[i]) != -1) {
            fail_msg("\"%s\" was parsed", lines[i]);
        }
    }

    assert_int_equal(hc_sf_member_next(&(hc_str_t) { NULL, 0 }, NULL, NULL),
                     0);
}


/* Every prefix is sound to read, whatever it means. */

static void
a_line_may_end_anywhere(void **state)
{
    size_t             n;
    char               line[128];
    static const char  whole[] =
        "a=1.5;b=\"x\\\"\", c=(1 \"d\";e=:aGk=: f), g=@5, h=%\"%c3%bc\", i=?1";

    (void) state;

    for (n = 0; n < sizeof(whole); n++) {
        memcpy(line, whole, n);
        line[n] = '\0';
        (void) members(line);
    }

    assert_int_equal(members(whole), 5);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_value_has_a_type),
        cmocka_unit_test(members_stand_between_commas),
        cmocka_unit_test(what_fits_nowhere_fails_the_field),
        cmocka_unit_test(a_line_may_end_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

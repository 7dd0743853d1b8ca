/*
 * Lists of named tags.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../../src/policy/hc_tags.h"


/* The tags of a list, each in brackets, a bad one as [!]. */

static void
is_list(const char *list, const char *want)
{
    int       rc;
    char      got[256];
    size_t    n;
    hc_str_t  rest, tag;

    n = 0;
    rest = hc_str(list, strlen(list));

    while ((rc = hc_tags_next(&rest, &tag)) != 0) {
        got[n++] = '[';

        if (rc == 1) {
            memcpy(got + n, tag.data, tag.len);
            n += tag.len;

        } else {
            got[n++] = '!';
        }

        got[n++] = ']';
    }

    got[n] = '\0';

    assert_string_equal(got, want);
    assert_int_equal(rest.len, 0);
}


static void
spaces_tabs_and_commas_separate(void **state)
{
    (void) state;

    is_list("a", "[a]");
    is_list("a b", "[a][b]");
    is_list("a,b", "[a][b]");
    is_list(" a ,\t, b,, c ", "[a][b][c]");
    is_list("", "");
    is_list(" , ", "");
}


static void
every_other_byte_is_of_a_tag(void **state)
{
    (void) state;

    is_list("user:7/x;y=\"z\" \xc3\xa4", "[user:7/x;y=\"z\"][\xc3\xa4]");
    is_list("A a", "[A][a]");
}


static void
a_control_byte_makes_its_tag_a_bad_one_and_no_other(void **state)
{
    (void) state;

    is_list("a\x01 b", "[!][b]");
    is_list("a b\x7f", "[a][!]");
    is_list("\r\n", "[!]");
}


static void
a_tag_has_1024_bytes_at_the_most(void **state)
{
    char      list[HC_TAG_LEN_MAX + 4];
    hc_str_t  rest, tag;

    (void) state;

    memset(list, 'x', sizeof(list));

    rest = hc_str(list, HC_TAG_LEN_MAX);
    assert_int_equal(hc_tags_next(&rest, &tag), 1);
    assert_int_equal(tag.len, HC_TAG_LEN_MAX);
    assert_int_equal(hc_tags_next(&rest, &tag), 0);

    list[HC_TAG_LEN_MAX + 1] = ',';

    rest = hc_str(list, sizeof(list));
    assert_int_equal(hc_tags_next(&rest, &tag), -1);
    assert_int_equal(hc_tags_next(&rest, &tag), 1);
    assert_int_equal(tag.len, 2);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(spaces_tabs_and_commas_separate),
        cmocka_unit_test(every_other_byte_is_of_a_tag),
        cmocka_unit_test(a_control_byte_makes_its_tag_a_bad_one_and_no_other),
        cmocka_unit_test(a_tag_has_1024_bytes_at_the_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

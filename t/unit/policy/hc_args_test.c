#include "policy_test.h"
#include "../../../src/policy/hc_args.h"


/* The result lies in a block of exactly args.len bytes. */

static void
check(const char *args, const hc_str_t *allowed, size_t n, const char *want)
{
    int64_t         len;
    unsigned char  *in, *out;

    in = tight(args, strlen(args));
    out = tight(args, strlen(args));

    len = hc_args_sort(hc_str(in, strlen(args)), allowed, n, out);

    if (len != (int64_t) strlen(want) || memcmp(out, want, len) != 0) {
        fail_msg("\"%s\": got \"%.*s\", want \"%s\"", args, (int) len, out,
                 want);
    }

    free(in);
    free(out);
}


static void
arguments_come_out_sorted_by_name(void **state)
{
    (void) state;

    check("", NULL, 0, "");
    check("a=1", NULL, 0, "a=1");
    check("b=1&a=2", NULL, 0, "a=2&b=1");
    check("c&b&a", NULL, 0, "a&b&c");
    check("b=1&a=2&d=4&c=3", NULL, 0, "a=2&b=1&c=3&d=4");
    check("ab=1&a=2&abc=3", NULL, 0, "a=2&ab=1&abc=3");
    check("a-b=1&a=2", NULL, 0, "a=2&a-b=1");
}


static void
a_repeated_name_keeps_its_order(void **state)
{
    (void) state;

    check("b=3&a=9&b=1&b=2&a=0", NULL, 0, "a=9&a=0&b=3&b=1&b=2");
    check("a&a=&a=1&a", NULL, 0, "a&a=&a=1&a");
}


static void
empty_pieces_are_dropped(void **state)
{
    (void) state;

    check("&", NULL, 0, "");
    check("&&b&&&a&", NULL, 0, "a&b");
}


static void
nothing_but_the_ampersand_separates(void **state)
{
    (void) state;

    check("b=1;a=2", NULL, 0, "b=1;a=2");
    check("b=x%26a=1", NULL, 0, "b=x%26a=1");
    check("b+c d&a,x", NULL, 0, "a,x&b+c d");
}


static void
names_are_compared_as_bytes(void **state)
{
    (void) state;

    check("a=1&B=2", NULL, 0, "B=2&a=1");
    check("\xff=1&z=2", NULL, 0, "z=2&\xff=1");
    check("%61=1&a=2&A=3", NULL, 0, "%61=1&A=3&a=2");
}


static void
a_name_ends_at_the_first_equals_sign(void **state)
{
    (void) state;

    check("b=c=d&a==&=x&=", NULL, 0, "=x&=&a==&b=c=d");
}


static void
only_allowed_names_are_kept(void **state)
{
    hc_str_t  allowed[] = { S("page"), S("id") };

    (void) state;

    check("utm=1&page=2&id=3&idx=4&i=5", allowed, 2, "id=3&page=2");
    check("ID=1&%69d=2", allowed, 2, "");
    check("id&page=", allowed, 2, "id&page=");
    check("id=x=y&id==", allowed, 2, "id=x=y&id==");
    check("id=1", allowed, 0, "");
}


static void
sorting_twice_changes_nothing(void **state)
{
    int            i, k;
    char           args[200], once[200], twice[200];
    int64_t        n, m;
    static char    bytes[] = "ab&&&==";

    (void) state;
    srand(7);

    for (i = 0; i < 5000; i++) {
        for (k = 0; k < (int) sizeof(args); k++) {
            args[k] = bytes[rand() % (sizeof(bytes) - 1)];
        }

        n = hc_args_sort(hc_str(args, i % sizeof(args)), NULL, 0,
                         (unsigned char *) once);
        assert_in_range(n, 0, i % sizeof(args));

        m = hc_args_sort(hc_str(once, n), NULL, 0, (unsigned char *) twice);
        assert_int_equal(n, m);
        assert_memory_equal(once, twice, n);
    }
}


static size_t
many(char *args, int n)
{
    int    i;
    char  *p;

    for (i = 0, p = args; i < n; i++) {
        p += sprintf(p, "&%x=1", n - i);
    }

    return p - args;
}


static void
the_number_of_arguments_is_bounded(void **state)
{
    char           args[4096];
    hc_str_t       allowed[] = { S("1") };
    unsigned char  out[4096];

    (void) state;

    assert_true(hc_args_sort(hc_str(args, many(args, HC_ARGS_MAX)), NULL, 0,
                             out) > 0);
    assert_int_equal(hc_args_sort(hc_str(args, many(args, HC_ARGS_MAX + 1)),
                                  NULL, 0, out), -1);
    assert_int_equal(hc_args_sort(hc_str(args, many(args, HC_ARGS_MAX + 1)),
                                  allowed, 1, out), -1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(arguments_come_out_sorted_by_name),
        cmocka_unit_test(a_repeated_name_keeps_its_order),
        cmocka_unit_test(empty_pieces_are_dropped),
        cmocka_unit_test(nothing_but_the_ampersand_separates),
        cmocka_unit_test(names_are_compared_as_bytes),
        cmocka_unit_test(a_name_ends_at_the_first_equals_sign),
        cmocka_unit_test(only_allowed_names_are_kept),
        cmocka_unit_test(sorting_twice_changes_nothing),
        cmocka_unit_test(the_number_of_arguments_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

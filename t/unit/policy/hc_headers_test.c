#include "policy_test.h"
#include "../../../src/policy/hc_headers.h"
#include "../../../src/policy/hc_policy_priv.h"


static char  long_text[HC_ENTRY_VALUE_MAX + 1];


static int
fill(void **state)
{
    (void) state;

    memset(long_text, 'x', sizeof(long_text));

    return 0;
}


static void
known_names_are_found_in_any_case(void **state)
{
    (void) state;

    assert_int_equal(hc_header_find(S("content-type")),
                     HC_HEADER_CONTENT_TYPE);
    assert_int_equal(hc_header_find(S("Content-Type")),
                     HC_HEADER_CONTENT_TYPE);
    assert_int_equal(hc_header_find(S("ETAG")), HC_HEADER_ETAG);
    assert_int_equal(hc_header_find(S("Link")), HC_HEADER_LINK);
}


static void
any_other_name_is_other(void **state)
{
    (void) state;

    assert_int_equal(hc_header_find(S("")), HC_HEADER_OTHER);
    assert_int_equal(hc_header_find(S("x-etag")), HC_HEADER_OTHER);
    assert_int_equal(hc_header_find(S("etagx")), HC_HEADER_OTHER);
    assert_int_equal(hc_header_find(S("content_type")), HC_HEADER_OTHER);
}


static void
a_name_is_a_token_of_1_to_255_bytes(void **state)
{
    int   c;
    char  name[2] = "x";

    (void) state;

    assert_int_equal(hc_header_size(S(""), S("v")), 0);
    assert_int_equal(hc_header_size(hc_str(long_text, 255), S("v")), 260);
    assert_int_equal(hc_header_size(hc_str(long_text, 256), S("v")), 0);

    for (c = 0; c < 256; c++) {
        name[1] = (char) c;

        assert_int_equal(hc_header_size(hc_str(name, 2), S("")),
                         c && strchr("!#$%&'*+-.^_`|~0123456789"
                                     "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
                         ? 6 : 0);
    }
}


static void
a_value_has_no_control_bytes_but_tab(void **state)
{
    int   c;
    char  value[3] = "a?b";

    (void) state;

    for (c = 0; c < 256; c++) {
        value[1] = (char) c;

        assert_int_equal(hc_header_size(S("x"), hc_str(value, 3)),
                         c == '\t' || (c >= 0x20 && c != 0x7f) ? 8 : 0);
    }
}


static void
a_value_has_65535_bytes_at_most(void **state)
{
    (void) state;

    assert_int_equal(hc_header_size(S("x"), S("")), 5);
    assert_int_equal(hc_header_size(S("x"), hc_str(long_text, 65535)),
                     65540);
    assert_int_equal(hc_header_size(S("x"), hc_str(long_text, 65536)), 0);
}


static void
what_was_written_is_read_back(void **state)
{
    size_t          i, size;
    hc_str_t        rest;
    hc_header_t     h;
    unsigned char  *run, *p;
    hc_str_t        names[] = { S("Content-Type"), S("X-Empty"), S("x") };
    hc_str_t        values[] = { S("text/html"), S(""),
                                 hc_str(long_text, 65535) };

    (void) state;

    for (size = 0, i = 0; i < 3; i++) {
        size += hc_header_size(names[i], values[i]);
    }

    run = tight(NULL, 0);
    run = realloc(run, size);

    for (p = run, i = 0; i < 3; i++) {
        p = hc_header_write(p, hc_header_find(names[i]), names[i], values[i]);
    }

    assert_ptr_equal(p, run + size);
    assert_true(hc_headers_sound(hc_str(run, size)));

    rest = hc_str(run, size);

    for (i = 0; i < 3; i++) {
        assert_int_equal(hc_header_next(&rest, &h), 1);
        assert_int_equal(h.id, hc_header_find(names[i]));
        assert_true(hc_str_eq(h.name, names[i]));
        assert_true(hc_str_eq(h.value, values[i]));
    }

    assert_int_equal(hc_header_next(&rest, &h), 0);

    free(run);
}


static void
a_record_cut_anywhere_is_damaged(void **state)
{
    size_t          n;
    hc_str_t        rest;
    hc_header_t     h;
    unsigned char   run[64], *p;

    (void) state;

    p = hc_header_write(run, HC_HEADER_ETAG, S("ETag"), S("\"abc\""));

    for (n = 1; n < (size_t) (p - run); n++) {
        rest = hc_str(tight(run, n), n);

        assert_int_equal(hc_header_next(&rest, &h), -1);
        assert_int_equal(rest.len, n);

        free((void *) rest.data);
    }
}


static void
a_record_without_name_or_known_id_is_damaged(void **state)
{
    hc_str_t     no_name = S("\x00\x00\x01\x00v");
    hc_str_t     no_id = S("\xff\x01\x01\x00xv");
    hc_header_t  h;

    (void) state;

    assert_int_equal(hc_header_next(&no_name, &h), -1);
    assert_int_equal(hc_header_next(&no_id, &h), -1);
}


static void
a_run_with_one_bad_record_is_not_sound(void **state)
{
    size_t                 i;
    static const hc_str_t  runs[] = {
        hc_string("\x00\x01\x01\x00x\n"),             /* value */
        hc_string("\x00\x01\x01\x00 v"),              /* name */
        hc_string("\x00\x00\x01\x00v"),               /* no name */
        hc_string("\x0a\x01\x01\x00xv"),              /* no such id */
        hc_string("\xff\x01\x01\x00xv"),
        hc_string("\x04\x01\x01\x00xv"),              /* x as ETag */
        hc_string("\x00\x04\x01\x00" "ETagv"),        /* ETag as other */
        hc_string("\x01\x04\x01\x00" "ETagv"),        /* ... as another */
        hc_string("\x00\xff\xff\xffxv"),              /* too long */
        hc_string("\x00\x01\x01\x00xv\x00"),          /* one byte left */
    };

    (void) state;

    assert_true(hc_headers_sound(S("\x00\x01\x01\x00xv")));
    assert_true(hc_headers_sound(S("\x04\x04\x01\x00" "ETagv")));
    assert_true(hc_headers_sound(hc_str(NULL, 0)));

    for (i = 0; i < n_of(runs); i++) {
        assert_false(hc_headers_sound(runs[i]));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(known_names_are_found_in_any_case),
        cmocka_unit_test(any_other_name_is_other),
        cmocka_unit_test(a_name_is_a_token_of_1_to_255_bytes),
        cmocka_unit_test(a_value_has_no_control_bytes_but_tab),
        cmocka_unit_test(a_value_has_65535_bytes_at_most),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(a_record_cut_anywhere_is_damaged),
        cmocka_unit_test(a_record_without_name_or_known_id_is_damaged),
        cmocka_unit_test(a_run_with_one_bad_record_is_not_sound),
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}

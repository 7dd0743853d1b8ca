#include "policy_test.h"
#include "../../../src/policy/hc_encoding.h"


typedef struct {
    const char  *lines[3];
    const char  *chosen;
} row_t;


static const hc_str_t  br_gzip[] = { hc_string("br"), hc_string("gzip") };


static void
check_offered(const row_t *row, size_t n, const hc_str_t *offered, size_t k)
{
    size_t          i, len;
    hc_str_t        lines[3];
    unsigned char  *out;

    for ( /* void */ ; n; n--, row++) {

        for (i = 0; i < 3 && row->lines[i]; i++) {
            lines[i] = hc_str(tight(row->lines[i], strlen(row->lines[i])),
                              strlen(row->lines[i]));
        }

        out = malloc(hc_encoding_room(offered, k) + 1);
        assert_non_null(out);

        len = hc_encoding_choose(lines, i, offered, k, out);

        if (!hc_str_eq(hc_str(out, len), str(row->chosen))) {
            fail_msg("\"%s\": got \"%.*s\"", row->lines[0], (int) len, out);
        }

        while (i--) {
            free((void *) lines[i].data);
        }

        free(out);
    }
}


static void
check(const row_t *rows, size_t n)
{
    check_offered(rows, n, br_gzip, n_of(br_gzip));
}


static void
what_is_offered_and_accepted_is_chosen(void **state)
{
    static const row_t  rows[] = {
        { { NULL }, "" },
        { { "" }, "" },
        { { "gzip" }, "gzip" },
        { { "br" }, "br" },
        { { "deflate, zstd" }, "" },
        { { "gzip, deflate, br" }, "br, gzip" },
        { { "deflate", "gzip" }, "gzip" },
        { { "GZip,BR" }, "br, gzip" },
        { { "gzipped, xbr" }, "" },
        { { " , gzip ,," }, "gzip" },
        { { "x-gzip" }, "gzip" },
        { { "identity" }, "" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
the_order_is_the_one_of_the_offer(void **state)
{
    const hc_str_t      offered[] = { S("gzip"), S("zstd"), S("br") };
    static const row_t  rows[] = {
        { { "br, zstd, gzip" }, "gzip, zstd, br" },
        { { "br;q=1, gzip;q=0.1" }, "gzip, br" },
        { { "*" }, "gzip, zstd, br" },
    };

    (void) state;

    check_offered(rows, n_of(rows), offered, n_of(offered));
    check_offered(rows, 0, offered, 0);
}


static void
a_weight_of_zero_refuses(void **state)
{
    static const row_t  rows[] = {
        { { "gzip;q=0, br" }, "br" },
        { { "gzip;q=0.000, br;q=0.001" }, "br" },
        { { "gzip ; q=0, br ;\tQ=0." }, "" },
        { { "gzip, gzip;q=0" }, "" },
        { { "gzip;q=0", "gzip" }, "" },
        { { "x-gzip;q=0, gzip" }, "" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
a_star_is_all_that_are_not_named(void **state)
{
    static const row_t  rows[] = {
        { { "*" }, "br, gzip" },
        { { "*;q=0.5" }, "br, gzip" },
        { { "*;q=0" }, "" },
        { { "gzip, *;q=0" }, "gzip" },
        { { "gzip;q=0, *" }, "br" },
        { { "*, gzip;q=0" }, "br" },
        { { "*, *;q=0" }, "" },
        { { "identity;q=0, *" }, "br, gzip" },
        { { "**" }, "" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
what_cannot_be_parsed_accepts_nothing(void **state)
{
    static const row_t  rows[] = {
        { { "gzip;q=x, br" }, "br" },
        { { "gzip;q=2, br" }, "br" },
        { { "gzip;q=1.001" }, "" },
        { { "gzip;q=" }, "" },
        { { "gzip;q" }, "" },
        { { "gzip;" }, "" },
        { { "gzip;x=1" }, "" },
        { { "gzip q=1" }, "" },
        { { "gzip br" }, "" },
        { { "\"gzip\", br" }, "br" },
        { { ";q=1, =, br" }, "br" },
        { { "gzip;q=0.5;x" }, "" },
        { { "gzip, gzip;q=x" }, "" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
no_number_of_members_is_too_many(void **state)
{
    size_t                n, i, len;
    hc_str_t              line;
    unsigned char        *text, out[16];
    static const size_t   counts[] = { 15, 16, 17, 64, 10000 };

    (void) state;

    for (n = 0; n < n_of(counts); n++) {

        text = malloc(counts[n] + 4);
        assert_non_null(text);

        memset(text, ',', counts[n]);
        memcpy(text + counts[n], "gzip", 4);
        line = hc_str(text, counts[n] + 4);

        len = hc_encoding_choose(&line, 1, br_gzip, 2, out);
        assert_true(hc_str_eq(hc_str(out, len), S("gzip")));

        for (i = 0; i < counts[n]; i += 2) {
            text[i] = 'a';
        }

        if (counts[n] % 2) {
            text[counts[n] - 1] = ',';
        }

        len = hc_encoding_choose(&line, 1, br_gzip, 2, out);
        assert_true(hc_str_eq(hc_str(out, len), S("gzip")));

        free(text);
    }
}


static void
beyond_the_most_nothing_is_offered(void **state)
{
    size_t         len;
    hc_str_t       line = S("*"), nine[HC_ENCODINGS_MAX + 1];
    unsigned char  out[64];

    (void) state;

    for (len = 0; len < n_of(nine); len++) {
        nine[len] = hc_str(&"abcdefghi"[len], 1);
    }

    len = hc_encoding_choose(&line, 1, nine, n_of(nine), out);
    assert_true(hc_str_eq(hc_str(out, len), S("a, b, c, d, e, f, g, h")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(what_is_offered_and_accepted_is_chosen),
        cmocka_unit_test(the_order_is_the_one_of_the_offer),
        cmocka_unit_test(a_weight_of_zero_refuses),
        cmocka_unit_test(a_star_is_all_that_are_not_named),
        cmocka_unit_test(what_cannot_be_parsed_accepts_nothing),
        cmocka_unit_test(no_number_of_members_is_too_many),
        cmocka_unit_test(beyond_the_most_nothing_is_offered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

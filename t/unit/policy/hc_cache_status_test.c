#include "policy_test.h"
#include "../../../src/policy/hc_cache_status.h"


typedef struct {
    hc_cache_status_t  status;
    const char        *text;         /* NULL: not to be written */
} row_t;


#define NAME    .name = hc_string("hc")


/* Room for exactly the text, then for all but one byte of it. */

static void
check(const row_t *row, size_t n)
{
    size_t          len, room;
    unsigned char  *out;

    for ( /* void */ ; n; n--, row++) {

        room = row->text ? strlen(row->text) : 256;

        out = malloc(room);
        assert_non_null(out);
        len = hc_cache_status_format(&row->status, out, room);

        if (!hc_str_eq(hc_str(out, len), str(row->text ? row->text : ""))) {
            fail_msg("got \"%.*s\", want \"%s\"", (int) len, out, row->text);
        }

        free(out);

        out = malloc(room);
        assert_non_null(out);
        assert_int_equal(hc_cache_status_format(&row->status, out, room - 1),
                         0);
        free(out);
    }
}


static void
a_hit_says_how_long_it_is_fresh(void **state)
{
    static const row_t  rows[] = {
        { { NAME }, "hc; hit" },
        { { NAME, .has_ttl = 1, .ttl = 30 }, "hc; hit; ttl=30" },
        { { NAME, .has_ttl = 1 }, "hc; hit; ttl=0" },
        { { NAME, .has_ttl = 1, .ttl = -412 }, "hc; hit; ttl=-412" },
        { { NAME, .ttl = 5, .detail = hc_string("memory") },
          "hc; hit; detail=memory" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
each_reason_to_forward_has_its_name(void **state)
{
    static const row_t  rows[] = {
        { { NAME, .fwd = HC_FWD_BYPASS }, "hc; fwd=bypass" },
        { { NAME, .fwd = HC_FWD_METHOD }, "hc; fwd=method" },
        { { NAME, .fwd = HC_FWD_URI_MISS }, "hc; fwd=uri-miss" },
        { { NAME, .fwd = HC_FWD_VARY_MISS }, "hc; fwd=vary-miss" },
        { { NAME, .fwd = HC_FWD_MISS }, "hc; fwd=miss" },
        { { NAME, .fwd = HC_FWD_REQUEST }, "hc; fwd=request" },
        { { NAME, .fwd = HC_FWD_STALE }, "hc; fwd=stale" },
        { { NAME, .fwd = HC_FWD_PARTIAL }, "hc; fwd=partial" },
    };

    (void) state;

    check(rows, n_of(rows));
    assert_int_equal(n_of(rows), HC_FWD_MAX - 1);
}


static void
what_came_of_forwarding_follows(void **state)
{
    static const row_t  rows[] = {
        { { NAME, .fwd = HC_FWD_STALE, .fwd_status = 304, .stored = 1,
            .has_ttl = 1, .ttl = 60, .detail = hc_string("revalidated") },
          "hc; fwd=stale; fwd-status=304; stored; ttl=60;"
          " detail=revalidated" },
        { { NAME, .fwd = HC_FWD_URI_MISS, .collapsed = 1 },
          "hc; fwd=uri-miss; collapsed" },
        { { NAME, .fwd = HC_FWD_MISS, .fwd_status = 200, .stored = 1,
            .collapsed = 1 },
          "hc; fwd=miss; fwd-status=200; stored; collapsed" },
        { { NAME, .fwd_status = 200, .stored = 1, .collapsed = 1 },
          "hc; hit" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
what_is_no_token_is_a_string(void **state)
{
    static const row_t  rows[] = {
        { { .name = hc_string("a.example/b:1") }, "a.example/b:1; hit" },
        { { .name = hc_string("*a") }, "*a; hit" },
        { { .name = hc_string("1a") }, "\"1a\"; hit" },
        { { .name = hc_string("Example CDN") }, "\"Example CDN\"; hit" },
        { { .name = hc_string("a\"b\\c") }, "\"a\\\"b\\\\c\"; hit" },
        { { .name = hc_string("") }, "\"\"; hit" },
        { { NAME, .detail = hc_string("a, b") }, "hc; hit; detail=\"a, b\"" },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
what_no_string_may_hold_is_not_written(void **state)
{
    static const row_t  rows[] = {
        { { .name = hc_string("a\r\nb: c") }, NULL },
        { { .name = hc_string("\303\244") }, NULL },
        { { NAME, .detail = hc_string("a\177") }, NULL },
        { { NAME, .detail = { (const unsigned char *) "a\0", 2 } }, NULL },
    };

    (void) state;

    check(rows, n_of(rows));
}


static void
numbers_have_fifteen_digits_at_most(void **state)
{
    static const row_t  rows[] = {
        { { NAME, .has_ttl = 1, .ttl = INT64_MAX },
          "hc; hit; ttl=999999999999999" },
        { { NAME, .has_ttl = 1, .ttl = INT64_MIN },
          "hc; hit; ttl=-999999999999999" },
    };

    (void) state;

    check(rows, n_of(rows));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_hit_says_how_long_it_is_fresh),
        cmocka_unit_test(each_reason_to_forward_has_its_name),
        cmocka_unit_test(what_came_of_forwarding_follows),
        cmocka_unit_test(what_is_no_token_is_a_string),
        cmocka_unit_test(what_no_string_may_hold_is_not_written),
        cmocka_unit_test(numbers_have_fifteen_digits_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

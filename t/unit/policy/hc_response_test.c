#include "policy_test.h"
#include "../../../src/policy/hc_verdict.h"


static hc_response_t
one(const char *name, const char *value)
{
    hc_response_t  r;

    hc_response_init(&r);
    hc_response_add(&r, str(name), str(value));

    return r;
}


static hc_response_t
two(const char *name, const char *first, const char *second)
{
    hc_response_t  r;

    r = one(name, first);
    hc_response_add(&r, str(name), str(second));

    return r;
}


static void
fields_are_found_in_any_case(void **state)
{
    (void) state;

    assert_true(one("Set-Cookie", "a=b").set_cookie);
    assert_true(one("SET-COOKIE", "").set_cookie);
    assert_int_equal(one("cache-CONTROL", "max-age=7").cc.max_age, 7);
    assert_int_equal(one("AGE", "7").age, 7);
}


static void
other_fields_change_nothing(void **state)
{
    hc_response_t  r, none;

    (void) state;

    hc_response_init(&none);
    r = none;

    hc_response_add(&r, S(""), S("no-store"));
    hc_response_add(&r, S("X-Cache-Control"), S("no-store"));
    hc_response_add(&r, S("Cache-Contro"), S("no-store"));
    hc_response_add(&r, S("Set-Cookie2"), S("a=b"));

    assert_memory_equal(&r, &none, sizeof(r));
}


static void
cache_control_lines_add_up(void **state)
{
    hc_response_t  r;

    (void) state;

    r = two("Cache-Control", "max-age=60", "private");

    assert_int_equal(r.cc.max_age, 60);
    assert_true(r.cc.is_private);
    assert_true(r.cache_control_seen);
}


static void
the_first_member_of_age_counts(void **state)
{
    size_t  i;
    static const struct {
        const char  *value;
        int64_t      age;
    } rows[] = {
        { "60", 60 },           { " 60\t", 60 },     { "60, 0", 60 },
        { "", 0 },              { "-60", 0 },        { "60.5", 0 },
        { "abc", 0 },           { "60;x", 0 },       { "x, 60", 0 },
        { "0, 60", 0 },         { ", 60", 60 },
        { "99999999999999999999", HC_SECONDS_MAX },
    };

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        assert_int_equal(one("Age", rows[i].value).age, rows[i].age);
    }
}


static void
of_several_age_fields_the_first_counts(void **state)
{
    (void) state;

    assert_int_equal(two("Age", "60", "5").age, 60);
    assert_int_equal(two("Age", "0", "60").age, 0);
    assert_int_equal(two("Age", "x", "60").age, 0);
}


static void
an_odd_age_is_noticed(void **state)
{
    size_t                    i;
    static const char *const  plain[] = { "0", "60", " 60 ", "60,0", "1,2,3" };
    static const char *const  odd[] = {
        "", ",", "60,", ",60", "60,,0", "60, 0", "0 ,1", "-60", "60.0", "abc",
        "60;x=1", "+60"
    };

    (void) state;

    assert_false(one("Date", "x").age_odd);
    assert_true(two("Age", "0", "0").age_odd);

    for (i = 0; i < n_of(plain); i++) {
        assert_false(one("Age", plain[i]).age_odd);
    }

    for (i = 0; i < n_of(odd); i++) {
        assert_true(one("Age", odd[i]).age_odd);
    }
}


static void
vary_is_read_by_names(void **state)
{
    size_t  i;
    static const struct {
        const char  *value;
        unsigned     any:1;
        unsigned     encoding:1;
        unsigned     other:1;
    } rows[] = {
        { "", 0, 0, 0 },
        { " , ,", 0, 0, 0 },
        { "Accept-Encoding", 0, 1, 0 },
        { "accept-ENCODING ,", 0, 1, 0 },
        { "*", 1, 0, 1 },
        { "Accept-Encoding, *", 1, 1, 1 },
        { "Accept-Encoding,User-Agent", 0, 1, 1 },
        { "Accept", 0, 0, 1 },
        { "X-Accept-Encoding", 0, 0, 1 },
        { "Accept-Encoding;q=1", 1, 0, 1 },
        { "Accept-Encoding Accept-Encoding", 1, 0, 1 },
    };
    hc_response_t  r;

    (void) state;

    for (i = 0; i < n_of(rows); i++) {
        r = one("Vary", rows[i].value);

        if (r.vary_any != rows[i].any || r.vary_encoding != rows[i].encoding
            || r.vary_other != rows[i].other)
        {
            fail_msg("\"%s\": got %u %u %u", rows[i].value, r.vary_any,
                     r.vary_encoding, r.vary_other);
        }
    }
}


static void
vary_lines_add_up(void **state)
{
    hc_response_t  r;

    (void) state;

    r = two("Vary", "Cookie", "Accept-Encoding");

    assert_true(r.vary_other && r.vary_encoding && !r.vary_any);
    assert_int_equal(r.nvary, 2);
    assert_true(hc_str_eq(r.vary[0], S("Cookie")));
    assert_true(hc_str_eq(r.vary[1], S("Accept-Encoding")));
}


static void
more_vary_lines_than_are_kept_match_nobody(void **state)
{
    unsigned       i;
    hc_response_t  r;

    (void) state;

    hc_response_init(&r);

    for (i = 0; i < HC_RESPONSE_VARY_MAX; i++) {
        hc_response_add(&r, S("Vary"), S("A"));
    }

    assert_false(r.vary_any);

    hc_response_add(&r, S("Vary"), S("A"));

    assert_true(r.vary_any);
    assert_int_equal(r.nvary, HC_RESPONSE_VARY_MAX);
}


static void
etag_and_last_modified_are_validators(void **state)
{
    hc_response_t  r;

    (void) state;

    r = one("ETag", "W/\"a\"");
    assert_true(hc_response_has_validator(&r));
    r = one("Last-Modified", "yesterday");
    assert_true(hc_response_has_validator(&r));
    r = one("ETag", " ");
    assert_false(hc_response_has_validator(&r));
    r = one("Last-Modified", "");
    assert_false(hc_response_has_validator(&r));
    r = one("Date", "x");
    assert_false(hc_response_has_validator(&r));
}


static void
a_304_brings_all_but_what_tells_of_the_content(void **state)
{
    size_t                    i;
    static const char *const  kept[] = {
        "Content-Encoding", "content-length", "Content-MD5", "Content-Range",
        "ETag", "Connection", "Keep-Alive", "Transfer-Encoding", "TE",
        "Upgrade", "Proxy-Authenticate"
    };
    static const char *const  updated[] = {
        "Cache-Control", "Content-Type", "Content-Location", "Date", "Expires",
        "Last-Modified", "Set-Cookie", "Vary", "X-A", "Content-Foo"
    };

    (void) state;

    for (i = 0; i < n_of(kept); i++) {
        assert_false(hc_header_updates(str(kept[i])));
    }

    for (i = 0; i < n_of(updated); i++) {
        assert_true(hc_header_updates(str(updated[i])));
    }
}


static void
identity_is_no_encoding(void **state)
{
    (void) state;

    assert_false(one("Content-Encoding", "").encoded);
    assert_false(one("Content-Encoding", "Identity").encoded);
    assert_true(one("Content-Encoding", "gzip").encoded);
    assert_true(one("Content-Encoding", "identity, br").encoded);
}


static void
two_expires_fields_are_noticed(void **state)
{
    hc_response_t  r;

    (void) state;

    assert_int_equal(one("Expires", "0").expires_seen, 1);

    r = two("Expires", "0", "1");
    assert_int_equal(r.expires_seen, 2);

    hc_response_add(&r, S("Expires"), S("2"));
    hc_response_add(&r, S("Expires"), S("3"));
    assert_int_equal(r.expires_seen, 2);
}


static void
the_first_date_and_accel_expires_count(void **state)
{
    hc_response_t  r;

    (void) state;

    r = two("Date", " a ", "b");
    assert_true(hc_str_eq(r.date, S("a")));

    r = two("X-Accel-Expires", "1", "2");
    assert_true(hc_str_eq(r.accel_expires, S("1")));
}


static void
pragma_is_read_by_tokens(void **state)
{
    (void) state;

    assert_true(one("Pragma", "No-Cache").pragma_no_cache);
    assert_true(one("Pragma", "x=y, no-cache").pragma_no_cache);
    assert_false(one("Pragma", "no-cachet").pragma_no_cache);
    assert_false(one("Pragma", "").pragma_no_cache);
}


static void
fields_of_one_connection_are_never_stored(void **state)
{
    size_t                    i;
    static const char *const  names[] = {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate",
        "Proxy-Authentication-Info", "Proxy-Authorization", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "UPGRADE", "te"
    };

    (void) state;

    for (i = 0; i < n_of(names); i++) {
        assert_true(hc_response_hop_by_hop(str(names[i]), S("")));
    }

    assert_false(hc_response_hop_by_hop(S("X-A"), S("")));
    assert_false(hc_response_hop_by_hop(S("Trailers"), S("")));
    assert_false(hc_response_hop_by_hop(S(""), S("")));
}


static void
what_connection_names_is_not_stored_either(void **state)
{
    static const hc_str_t  connection = hc_string("close, ,X-A ,\tx-b");

    (void) state;

    assert_true(hc_response_hop_by_hop(S("x-a"), connection));
    assert_true(hc_response_hop_by_hop(S("X-B"), connection));
    assert_false(hc_response_hop_by_hop(S("X-C"), connection));
    assert_false(hc_response_hop_by_hop(S("X"), connection));
    assert_false(hc_response_hop_by_hop(S("X-A"), S("X-A X-B")));
}


static void
connection_does_not_take_what_describes_the_content(void **state)
{
    size_t                    i;
    static const char *const  names[] = {
        "Host", "Content-Length", "Content-Type", "Content-Encoding",
        "Cache-Control", "Vary", "ETag", "Last-Modified", "Location",
        "Expires", "Date"
    };

    (void) state;

    for (i = 0; i < n_of(names); i++) {
        assert_false(hc_response_hop_by_hop(str(names[i]), str(names[i])));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(fields_are_found_in_any_case),
        cmocka_unit_test(other_fields_change_nothing),
        cmocka_unit_test(cache_control_lines_add_up),
        cmocka_unit_test(the_first_member_of_age_counts),
        cmocka_unit_test(of_several_age_fields_the_first_counts),
        cmocka_unit_test(an_odd_age_is_noticed),
        cmocka_unit_test(vary_is_read_by_names),
        cmocka_unit_test(vary_lines_add_up),
        cmocka_unit_test(more_vary_lines_than_are_kept_match_nobody),
        cmocka_unit_test(etag_and_last_modified_are_validators),
        cmocka_unit_test(a_304_brings_all_but_what_tells_of_the_content),
        cmocka_unit_test(identity_is_no_encoding),
        cmocka_unit_test(two_expires_fields_are_noticed),
        cmocka_unit_test(the_first_date_and_accel_expires_count),
        cmocka_unit_test(pragma_is_read_by_tokens),
        cmocka_unit_test(fields_of_one_connection_are_never_stored),
        cmocka_unit_test(what_connection_names_is_not_stored_either),
        cmocka_unit_test(connection_does_not_take_what_describes_the_content),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

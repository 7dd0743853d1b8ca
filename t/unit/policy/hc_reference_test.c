#include "policy_test.h"
#include "../../../src/policy/hc_reference.h"


typedef struct {
    const char  *reference;
    const char  *target;             /* "": none of this origin */
} row_t;


static void
check_from(const hc_base_uri_t *base, const row_t *row, size_t n)
{
    size_t          len;
    hc_str_t        reference;
    unsigned char  *p, *out;

    for ( /* void */ ; n; n--, row++) {

        p = tight(row->reference, strlen(row->reference));
        reference = hc_str(p, strlen(row->reference));

        out = malloc(hc_reference_room(base, reference));
        assert_non_null(out);

        len = hc_reference_resolve(base, reference, out);

        if (!hc_str_eq(hc_str(out, len), str(row->target))) {
            fail_msg("\"%s\": got \"%.*s\", want \"%s\"", row->reference,
                     (int) len, out, row->target);
        }

        free(p);
        free(out);
    }
}


static void
check(const char *scheme, const char *host, const row_t *rows, size_t n)
{
    hc_base_uri_t  base;

    base.scheme = str(scheme);
    base.host = str(host);
    base.target = S("/b/c/d;p?q");

    check_from(&base, rows, n);
}


/* RFC 3986, 5.4.1 and 5.4.2, with the base that stands there */

static void
the_examples_of_the_rfc_resolve_as_it_says(void **state)
{
    static const row_t  rows[] = {
        { "g", "/b/c/g" },
        { "./g", "/b/c/g" },
        { "g/", "/b/c/g/" },
        { "/g", "/g" },
        { "//g", "" },
        { "?y", "/b/c/d;p?y" },
        { "g?y", "/b/c/g?y" },
        { "#s", "/b/c/d;p?q" },
        { "g#s", "/b/c/g" },
        { "g?y#s", "/b/c/g?y" },
        { ";x", "/b/c/;x" },
        { "g;x", "/b/c/g;x" },
        { "g;x?y#s", "/b/c/g;x?y" },
        { "", "/b/c/d;p?q" },
        { ".", "/b/c/" },
        { "./", "/b/c/" },
        { "..", "/b/" },
        { "../", "/b/" },
        { "../g", "/b/g" },
        { "../..", "/" },
        { "../../", "/" },
        { "../../g", "/g" },
        { "../../../g", "/g" },
        { "../../../../g", "/g" },
        { "/./g", "/g" },
        { "/../g", "/g" },
        { "g.", "/b/c/g." },
        { ".g", "/b/c/.g" },
        { "g..", "/b/c/g.." },
        { "..g", "/b/c/..g" },
        { "./../g", "/b/g" },
        { "./g/.", "/b/c/g/" },
        { "g/./h", "/b/c/g/h" },
        { "g/../h", "/b/c/h" },
        { "g;x=1/./y", "/b/c/g;x=1/y" },
        { "g;x=1/../y", "/b/c/y" },
        { "g?y/./x", "/b/c/g?y/./x" },
        { "g?y/../x", "/b/c/g?y/../x" },
        { "g#s/./x", "/b/c/g" },
        { "g:h", "" },
        { "http:g", "" },
    };

    (void) state;

    check("http", "a", rows, n_of(rows));
}


static void
paths_keep_what_is_not_a_dot_segment(void **state)
{
    static const row_t  rows[] = {
        { "/", "/" },
        { "/a//b", "/a//b" },
        { "/a//../b", "/a/b" },
        { "/...", "/..." },
        { "/a/..", "/" },
        { "/a/../", "/" },
        { "/a/./", "/a/" },
        { "/..", "/" },
        { "/%2e%2E/a", "/%2e%2E/a" },
        { "?", "/b/c/d;p?" },
        { "/a?b?c", "/a?b?c" },
        { "/a:b", "/a:b" },
        { "./a:b", "/b/c/a:b" },
        { " /a ", "/a" },
        { "?a:b//c", "/b/c/d;p?a:b//c" },
    };

    (void) state;

    check("http", "a", rows, n_of(rows));
}


static void
the_same_origin_is_known_in_every_spelling(void **state)
{
    static const row_t  plain[] = {
        { "http://example.com/x", "/x" },
        { "HTTP://Example.COM/x", "/x" },
        { "http://example.com:80/x", "/x" },
        { "http://example.com:/x", "/x" },
        { "http://example.com:0080/x", "/x" },
        { "//example.com/x", "/x" },
        { "//example.com:80", "/" },
        { "http://example.com", "/" },
        { "http://example.com?q", "/?q" },
        { "http://example.com#f", "/" },
        { "http://example.com/../x/./y", "/x/y" },
    };
    static const row_t  port[] = {
        { "http://example.com:8080/x", "/x" },
        { "//EXAMPLE.com:8080/x", "/x" },
    };
    static const row_t  secure[] = {
        { "https://[::1]/x", "/x" },
        { "https://[::1]:443/x", "/x" },
        { "//[::1]", "/" },
    };

    (void) state;

    check("http", "example.com", plain, n_of(plain));
    check("HTTP", "EXAMPLE.com:80", plain, n_of(plain));
    check("http", "example.com:8080", port, n_of(port));
    check("https", "[::1]", secure, n_of(secure));
    check("https", "[::1]:443", secure, n_of(secure));
}


static void
another_origin_gives_nothing(void **state)
{
    static const row_t  rows[] = {
        { "https://example.com/x", "" },
        { "http://example.com:443/x", "" },
        { "http://example.com:8080/x", "" },
        { "http://example.org/x", "" },
        { "http://www.example.com/x", "" },
        { "http://example.com./x", "" },
        { "//example.co/x", "" },
        { "ftp://example.com/x", "" },
        { "file:///x", "" },
        { "mailto:a@example.com", "" },
        { "javascript:x", "" },
        { "data:,x", "" },
    };
    static const row_t  secure[] = {
        { "http://example.com/x", "" },
        { "https://example.com:80/x", "" },
    };

    (void) state;

    check("http", "example.com", rows, n_of(rows));
    check("https", "example.com", secure, n_of(secure));
}


static void
what_could_be_read_in_two_ways_gives_nothing(void **state)
{
    static const row_t  rows[] = {
        { "http://user@example.com/x", "" },
        { "http://example.com@example.org/x", "" },
        { "http://example.com:80@example.org/x", "" },
        { "http://example.com:80:80/x", "" },
        { "http://example.com:x/x", "" },
        { "http://example.com:99999999999/x", "" },
        { "http://example.com:0/x", "" },
        { "http://:80/x", "" },
        { "http:///x", "" },
        { "http:/x", "" },
        { "http:x", "" },
        { "//", "" },
        { "///x", "" },
        { ":x", "" },
        { "1:x", "" },
        { "a b", "" },
        { "/a\tb", "" },
        { "/a\r\nb", "" },
        { "/\\example.org", "" },
        { "\\\\example.com/x", "" },
        { "/\303\244", "" },
        { "/a\177", "" },
        { "/%", "" },
        { "/%2", "" },
        { "/%zz", "" },
        { "/a?%g0", "" },
        { "http://[::1/x", "" },
        { "http://[::1]x/x", "" },
    };

    (void) state;

    check("http", "example.com", rows, n_of(rows));
}


static void
a_base_that_is_none_gives_nothing(void **state)
{
    size_t               i;
    static const row_t   rows[] = { { "/x", "" }, { "x", "" }, { "", "" } };
    const hc_base_uri_t  bases[] = {
        { S("http"), S("a"), S("*") },
        { S("http"), S("a"), S("") },
        { S("http"), S("a"), S("?x") },
        { S("ftp"), S("a"), S("/") },
        { S(""), S("a"), S("/") },
    };
    static const row_t   empty[] = { { "http:///x", "" }, { "//a/x", "" } };
    static const row_t   user[] = { { "//u@a/x", "" }, { "//a/x", "" } };
    const hc_base_uri_t  hostless = { S("http"), S(""), S("/") };
    const hc_base_uri_t  userinfo = { S("http"), S("u@a"), S("/") };

    (void) state;

    for (i = 0; i < n_of(bases); i++) {
        check_from(&bases[i], rows, n_of(rows));
    }

    check_from(&hostless, empty, n_of(empty));
    check_from(&userinfo, user, n_of(user));
}


static void
the_query_of_the_request_is_no_path(void **state)
{
    static const row_t   rows[] = {
        { "x", "/a/x" }, { "..", "/" }, { "", "/a/b?c/d/../e" },
        { "?", "/a/b?" },
    };
    const hc_base_uri_t  base = { S("http"), S("a"), S("/a/b?c/d/../e#f/g") };

    (void) state;

    check_from(&base, rows, n_of(rows));
}


static void
a_reference_without_a_scheme_is_relative(void **state)
{
    (void) state;

    assert_true(hc_reference_is_relative(S("/x")));
    assert_true(hc_reference_is_relative(S("x/y:z")));
    assert_true(hc_reference_is_relative(S("?a=b:c")));
    assert_true(hc_reference_is_relative(S("//host/x")));
    assert_true(hc_reference_is_relative(S("")));
    assert_false(hc_reference_is_relative(S("http://host/x")));
    assert_false(hc_reference_is_relative(S(" HTTP:x")));
    assert_false(hc_reference_is_relative(S(":x")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_resolve_as_it_says),
        cmocka_unit_test(paths_keep_what_is_not_a_dot_segment),
        cmocka_unit_test(the_same_origin_is_known_in_every_spelling),
        cmocka_unit_test(another_origin_gives_nothing),
        cmocka_unit_test(what_could_be_read_in_two_ways_gives_nothing),
        cmocka_unit_test(a_base_that_is_none_gives_nothing),
        cmocka_unit_test(the_query_of_the_request_is_no_path),
        cmocka_unit_test(a_reference_without_a_scheme_is_relative),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

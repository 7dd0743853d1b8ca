#include "policy_test.h"
#include "../../../src/policy/hc_vary.h"


typedef struct {
    const char  *lines[3];
    const char  *names;              /* NULL: any */
} names_row_t;


typedef struct {
    const char  *name;
    const char  *lines[3];
    const char  *value;
} value_row_t;


static hc_vary_t
names_of(const char *const *lines)
{
    size_t          i;
    hc_vary_t       v;
    unsigned char  *p;

    hc_vary_init(&v);

    for (i = 0; i < 3 && lines[i]; i++) {
        p = tight(lines[i], strlen(lines[i]));
        hc_vary_add(&v, hc_str(p, strlen(lines[i])));
        free(p);
    }

    return v;
}


static void
check_names(const names_row_t *row, size_t n)
{
    hc_vary_t  v;

    for ( /* void */ ; n; n--, row++) {
        v = names_of(row->lines);

        if (v.any != (row->names == NULL)
            || (!v.any && !hc_str_eq(hc_vary_names(&v), str(row->names))))
        {
            fail_msg("\"%s\": got any %d, \"%.*s\"", row->lines[0], v.any,
                     (int) v.len, v.text);
        }
    }
}


/* Into a block of exactly the room that is promised to suffice. */

static void
check_values(const value_row_t *row, size_t n)
{
    size_t          k, len, room;
    hc_str_t        lines[3];
    unsigned char  *p;

    for ( /* void */ ; n; n--, row++) {

        for (room = 0, k = 0; k < 3 && row->lines[k]; k++) {
            lines[k] = str(row->lines[k]);
            room += lines[k].len;
        }

        p = malloc(room + k ? room + k : 1);
        assert_non_null(p);

        len = hc_vary_value(str(row->name), lines, k, p);

        if (!hc_str_eq(hc_str(p, len), str(row->value))) {
            fail_msg("%s: \"%s\": got \"%.*s\"", row->name, row->lines[0],
                     (int) len, p);
        }

        free(p);
    }
}


static void
names_are_lower_case_sorted_and_unique(void **state)
{
    static const names_row_t  rows[] = {
        { { NULL }, "" },
        { { "" }, "" },
        { { "Foo" }, "foo" },
        { { "foo,bar" }, "bar,foo" },
        { { "Foo, Bar, Baz" }, "bar,baz,foo" },
        { { "a, ab, A, aB, b" }, "a,ab,b" },
        { { "b", "a", "B" }, "a,b" },
        { { " , ,\ta ,, " }, "a" },
        { { "accept-encoding, Accept" }, "accept,accept-encoding" },
        { { "c,b,a" }, "a,b,c" },
        { { "a,c,b" }, "a,b,c" },
    };

    (void) state;

    check_names(rows, n_of(rows));
}


static void
a_star_anywhere_matches_nothing(void **state)
{
    static const names_row_t  rows[] = {
        { { "*" }, NULL },
        { { "*, *" }, NULL },
        { { "*", "*" }, NULL },
        { { ", *" }, NULL },
        { { "", "*" }, NULL },
        { { "*, Foo" }, NULL },
        { { "Foo, *" }, NULL },
        { { "Foo", "*" }, NULL },
        { { "*", "Foo" }, NULL },
    };

    (void) state;

    check_names(rows, n_of(rows));
}


static void
what_is_no_name_counts_as_a_star(void **state)
{
    static const names_row_t  rows[] = {
        { { "foo bar" }, NULL },
        { { "\"foo\"" }, NULL },
        { { "foo;bar" }, NULL },
        { { "foo, (bar)" }, NULL },
        { { "foo:" }, NULL },
        { { "f\001" }, NULL },
        { { "\303\244" }, NULL },
    };

    (void) state;

    check_names(rows, n_of(rows));
}


static void
nine_names_or_too_long_ones_count_as_a_star(void **state)
{
    char                      text[HC_VARY_TEXT_MAX + 2];
    hc_vary_t                 v;
    static const names_row_t  rows[] = {
        { { "a,b,c,d,e,f,g,h" }, "a,b,c,d,e,f,g,h" },
        { { "a,b,c,d,e,f,g,h,A" }, "a,b,c,d,e,f,g,h" },
        { { "a,b,c,d,e,f,g,h,i" }, NULL },
        { { "a,b,c,d", "e,f,g,h", "i" }, NULL },
    };

    (void) state;

    check_names(rows, n_of(rows));

    memset(text, 'x', sizeof(text));
    hc_vary_init(&v);
    hc_vary_add(&v, hc_str(text, HC_VARY_TEXT_MAX));
    assert_false(v.any);
    assert_int_equal(v.len, HC_VARY_TEXT_MAX);

    hc_vary_add(&v, S("y"));
    assert_true(v.any);

    hc_vary_init(&v);
    hc_vary_add(&v, hc_str(text, HC_VARY_TEXT_MAX + 1));
    assert_true(v.any);

    hc_vary_init(&v);
    hc_vary_add(&v, hc_str(text, HC_VARY_TEXT_MAX - 2));
    hc_vary_add(&v, S("a"));
    assert_false(v.any);
    assert_int_equal(v.len, HC_VARY_TEXT_MAX);
}


static void
a_name_is_dropped(void **state)
{
    hc_vary_t  v;

    (void) state;

    hc_vary_init(&v);
    hc_vary_add(&v, S("Cookie, Accept-Encoding, X-A"));
    hc_vary_drop(&v, S("accept-encoding"));

    assert_int_equal(v.n, 2);
    assert_true(hc_str_eq(hc_vary_names(&v), S("cookie,x-a")));

    hc_vary_drop(&v, S("accept"));
    assert_int_equal(v.n, 2);

    hc_vary_add(&v, S("*"));
    hc_vary_drop(&v, S("cookie"));
    assert_true(v.any);
}


static void
a_union_has_the_names_of_both(void **state)
{
    hc_vary_t          a, b;
    const char *const  first[3] = { "d, b" };
    const char *const  second[3] = { "a, b, c" };
    const char *const  star[3] = { "*" };
    const char *const  more[3] = { "1,2,3,4,5" };

    (void) state;

    a = names_of(first);
    b = names_of(second);
    hc_vary_union(&a, &b);
    assert_true(hc_str_eq(hc_vary_names(&a), S("a,b,c,d")));
    assert_int_equal(a.n, 4);

    hc_vary_union(&a, &a);
    assert_true(hc_str_eq(hc_vary_names(&a), S("a,b,c,d")));

    b = names_of(more);
    hc_vary_union(&b, &a);
    assert_true(b.any);

    b = names_of(star);
    hc_vary_union(&a, &b);
    assert_true(a.any);
}


static void
lines_and_blanks_around_members_make_no_difference(void **state)
{
    static const value_row_t  rows[] = {
        { "foo", { "1" }, "1" },
        { "foo", { "1, 2" }, "1,2" },
        { "foo", { " 1 ,\t2 " }, "1,2" },
        { "foo", { "1", "2" }, "1,2" },
        { "foo", { "1,", "", ",,2" }, "1,2" },
        { "foo", { "" }, "" },
        { "foo", { " , ," }, "" },
        { "foo", { "b, a" }, "b,a" },
        { "foo", { "A b" }, "A b" },
        { "accept-encoding", { "br, gzip" }, "br,gzip" },
    };

    (void) state;

    check_values(rows, n_of(rows));
}


static void
a_comma_between_quotes_parts_nothing(void **state)
{
    static const value_row_t  rows[] = {
        { "foo", { "\"a, b\" , c" }, "\"a, b\",c" },
        { "foo", { "\"a\\\", b\" , c" }, "\"a\\\", b\",c" },
        { "foo", { "\"a, b" }, "\"a, b" },
        { "foo", { "a\\" }, "a\\" },
        { "foo", { "\"\\" }, "\"\\" },
        { "accept", { "a/b;x=\"1, 2; Q\";Y=Z" }, "a/b;x=\"1, 2; Q\";y=Z" },
    };

    (void) state;

    check_values(rows, n_of(rows));
}


static void
fields_that_are_no_lists_stay_as_they_are(void **state)
{
    static const value_row_t  rows[] = {
        { "cookie", { " a=1, b=2 " }, "a=1, b=2" },
        { "cookie", { "a=1", "b=2" }, "a=1,b=2" },
        { "user-agent", { "x (a, b)" }, "x (a, b)" },
        { "authorization", { "Digest a=b, c=d" }, "Digest a=b, c=d" },
        { "referer", { "http://a/?b,,c" }, "http://a/?b,,c" },
    };

    (void) state;

    check_values(rows, n_of(rows));
}


static void
languages_are_alike_in_any_order_and_case(void **state)
{
    static const value_row_t  rows[] = {
        { "accept-language", { "en, de" }, "de,en" },
        { "accept-language", { "de, en" }, "de,en" },
        { "accept-language", { "eN, De" }, "de,en" },
        { "accept-language", { " en ,   de" }, "de,en" },
        { "accept-language", { "en", "de" }, "de,en" },
        { "accept-language", { "" }, "" },
        { "accept-language", { "en-GB,en;q=0.9,*;q=0.1" },
          "en-gb,en;q=0.9,*;q=0.1" },
        { "accept-language", { "a, b, c, d;q=0.5, aa" },
          "a,aa,b,c,d;q=0.5" },
    };

    (void) state;

    check_values(rows, n_of(rows));
}


static void
members_are_sorted_by_weight_and_then_by_name(void **state)
{
    static const value_row_t  rows[] = {
        { "accept-language", { "fr;q=0.5, de;q=1.0" }, "de,fr;q=0.5" },
        { "accept-language", { "a;q=0.1,b;q=0.3,c;q=0.2" },
          "b;q=0.3,c;q=0.2,a;q=0.1" },
        { "accept-language", { "a;q=0, b;q=0.001, c;q=1.000" },
          "c,b;q=0.001,a;q=0" },
        { "accept-language", { "b;q=0.50, a;q=0.5, c;q=0.500" },
          "a;q=0.5,b;q=0.5,c;q=0.5" },
        { "accept-language", { "a;Q=0.25 , b ; q=0.75" },
          "b;q=0.75,a;q=0.25" },
        { "accept-language", { "a;q=0.105" }, "a;q=0.105" },
        { "accept-language", { "a;q=0." }, "a;q=0" },
    };

    (void) state;

    check_values(rows, n_of(rows));
}


static void
of_a_media_range_only_what_has_no_case_is_lowered(void **state)
{
    static const value_row_t  rows[] = {
        { "accept", { "Text/HTML, */*;q=0.8" }, "text/html,*/*;q=0.8" },
        { "accept", { "text/html; Level=A" }, "text/html;level=A" },
        { "accept", { "text/html ;Level=A ;; q=0.30" },
          "text/html;level=A;q=0.3" },
        { "accept", { "a/b;q=1;x=y" }, "a/b;q=1;x=y" },
    };

    (void) state;

    check_values(rows, n_of(rows));
}


static void
a_weight_that_is_none_stays(void **state)
{
    static const value_row_t  rows[] = {
        { "accept", { "b;q=2, a;q=x, c;q=0.1" }, "a;q=x,b;q=2,c;q=0.1" },
        { "accept", { "a;q=1.001" }, "a;q=1.001" },
        { "accept", { "a;q=0.1234" }, "a;q=0.1234" },
        { "accept", { "a;q=" }, "a;q=" },
        { "accept", { "a;q = 0.5" }, "a;q = 0.5" },
        { "accept", { "a;q=-1" }, "a;q=-1" },
        { "accept", { ";q=0.5" }, ";q=0.5" },
        { "accept", { "b;q=0.2;q=0.1, c" }, "b;q=0.2;q=0.1,c" },
        { "accept", { "b, ;, ;q=1, a" }, "a,b" },
    };

    (void) state;

    check_values(rows, n_of(rows));
}


/* A list longer than what is sorted is told apart by its order as well. */

static void
however_many_members_there_are_they_fit(void **state)
{
    size_t                n, i, len;
    hc_str_t              line;
    unsigned char        *text, *out;
    static const size_t   counts[] = { 1, 16, 17, 63, 64, 65, 10000 };

    (void) state;

    for (n = 0; n < n_of(counts); n++) {

        text = malloc(counts[n] * 2);
        out = malloc(counts[n] * 2 + 1);
        assert_non_null(text);
        assert_non_null(out);

        for (i = 0; i < counts[n]; i++) {
            text[i * 2] = (unsigned char) ('z' - i % 26);
            text[i * 2 + 1] = ',';
        }

        line = hc_str(text, counts[n] * 2);
        len = hc_vary_value(S("accept"), &line, 1, out);

        assert_int_equal(len, counts[n] * 2 - 1);
        assert_int_equal(out[0], counts[n] > 64 || counts[n] == 1 ? 'z'
                                 : counts[n] < 26 ? 'z' - counts[n] + 1 : 'a');

        free(text);
        free(out);
    }
}


/* --- the secondary variant --- */

typedef struct {
    const char  *name;
    hc_str_t     lines[2];
    size_t       n;
} field_t;


static size_t
get(void *data, hc_str_t name, hc_str_t *lines, size_t max)
{
    size_t          i;
    const field_t  *f;

    for (f = data; f->name; f++) {

        if (!hc_str_eq(name, str(f->name))) {
            continue;
        }

        for (i = 0; i < hc_min(f->n, 2) && i < max; i++) {
            lines[i] = f->lines[i];
        }

        for ( /* void */ ; i < hc_min(f->n, max); i++) {
            lines[i] = hc_str("", 0);
        }

        return f->n;
    }

    return 0;
}


static int
secondary(const char *names, field_t *fields, unsigned char *out, size_t room)
{
    hc_vary_t  v;

    hc_vary_init(&v);
    hc_vary_add(&v, str(names));

    return hc_vary_secondary(&v, get, fields, out, room);
}


static void
a_secondary_variant_says_each_name_and_value(void **state)
{
    int             n;
    field_t         fields[] = {
        { "foo", { S("1, 2"), S("3") }, 2 },
        { "accept-language", { S("en, de;q=1") }, 1 },
        { "empty", { S("") }, 1 },
        { NULL, { S("") }, 0 }
    };
    unsigned char   out[256];

    (void) state;

    n = secondary("Foo, Accept-Language, Empty, Absent", fields, out,
                  sizeof(out));

    assert_int_not_equal(n, -1);
    assert_true(hc_str_eq(hc_str(out, n),
                S("\nv\nabsent\naccept-language:de,en\nempty:\nfoo:1,2,3")));
}


static void
without_names_it_is_the_prefix_alone(void **state)
{
    field_t        fields[] = { { NULL, { S("") }, 0 } };
    unsigned char  out[2];

    (void) state;

    assert_int_equal(secondary("", fields, out, 2), 2);
    assert_memory_equal(out, "\nv", 2);
    assert_int_equal(secondary("", fields, out, 1), -1);
}


static void
what_does_not_fit_is_no_variant(void **state)
{
    int             n;
    size_t          room;
    field_t         fields[] = {
        { "foo", { S("1234567"), S("89") }, 2 },
        { NULL, { S("") }, 0 }
    };
    unsigned char  *out;

    (void) state;

    for (room = 0; room < 24; room++) {
        out = malloc(room ? room : 1);
        assert_non_null(out);

        n = secondary("foo", fields, out, room);
        assert_int_equal(n, room < 18 ? -1 : 17);

        free(out);
    }
}


static void
a_star_too_many_lines_or_a_line_break_make_none(void **state)
{
    unsigned char  out[256];
    field_t        fields[] = {
        { "lf", { S("a\nb:c") }, 1 },
        { "cr", { S("a\rb") }, 1 },
        { "nul", { hc_str("a\0b", 3) }, 1 },
        { "many", { S("") }, HC_VARY_LINES_MAX },
        { "more", { S("") }, HC_VARY_LINES_MAX + 1 },
        { NULL, { S("") }, 0 }
    };

    (void) state;

    assert_int_equal(secondary("*", fields, out, sizeof(out)), -1);
    assert_int_equal(secondary("lf", fields, out, sizeof(out)), -1);
    assert_int_equal(secondary("cr", fields, out, sizeof(out)), -1);
    assert_int_equal(secondary("nul", fields, out, sizeof(out)), -1);
    assert_int_equal(secondary("more", fields, out, sizeof(out)), -1);
    assert_int_equal(secondary("many", fields, out, sizeof(out)), 8);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(names_are_lower_case_sorted_and_unique),
        cmocka_unit_test(a_star_anywhere_matches_nothing),
        cmocka_unit_test(what_is_no_name_counts_as_a_star),
        cmocka_unit_test(nine_names_or_too_long_ones_count_as_a_star),
        cmocka_unit_test(a_name_is_dropped),
        cmocka_unit_test(a_union_has_the_names_of_both),
        cmocka_unit_test(lines_and_blanks_around_members_make_no_difference),
        cmocka_unit_test(a_comma_between_quotes_parts_nothing),
        cmocka_unit_test(fields_that_are_no_lists_stay_as_they_are),
        cmocka_unit_test(languages_are_alike_in_any_order_and_case),
        cmocka_unit_test(members_are_sorted_by_weight_and_then_by_name),
        cmocka_unit_test(of_a_media_range_only_what_has_no_case_is_lowered),
        cmocka_unit_test(a_weight_that_is_none_stays),
        cmocka_unit_test(however_many_members_there_are_they_fit),
        cmocka_unit_test(a_secondary_variant_says_each_name_and_value),
        cmocka_unit_test(without_names_it_is_the_prefix_alone),
        cmocka_unit_test(what_does_not_fit_is_no_variant),
        cmocka_unit_test(a_star_too_many_lines_or_a_line_break_make_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

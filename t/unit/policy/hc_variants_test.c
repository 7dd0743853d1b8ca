#include "policy_test.h"
#include "../../../src/policy/hc_variants.h"


#define BODY_MAX  (1 << 18)


typedef struct {
    unsigned char  *body;
    unsigned char  *old;             /* what `dropped` points into */
    size_t          len;
    hc_variants_t   dropped;
} store_t;


static void
begin(store_t *s)
{
    memset(s, 0, sizeof(*s));
}


static void
end(store_t *s)
{
    free(s->body);
    free(s->old);
}


static hc_vary_t
vary(const char *names)
{
    hc_vary_t  v;

    hc_vary_init(&v);
    hc_vary_add(&v, str(names));

    return v;
}


static hc_str_t
numbered(char *text, unsigned n)
{
    return hc_str(text, sprintf(text, "\nv\na:%u", n));
}


static size_t
put(store_t *s, const char *names, hc_str_t secondary, size_t room)
{
    size_t          len;
    hc_vary_t       v;
    unsigned char  *out;

    out = malloc(room ? room : 1);
    assert_non_null(out);

    v = vary(names);
    len = hc_variants_put(hc_str(s->body, s->len), &v, secondary, out, room,
                          &s->dropped);

    if (len == 0) {
        free(out);
        return 0;
    }

    free(s->old);
    s->old = s->body;
    s->body = tight(out, len);
    s->len = len;
    free(out);

    return len;
}


static hc_variants_t
index_of(const store_t *s)
{
    hc_variants_t  index;

    assert_true(hc_variants_read(&index, hc_str(s->body, s->len)));

    return index;
}


static void
the_first_one_begins_an_index(void **state)
{
    hc_vary_t      v;
    store_t        s;
    hc_variants_t  index;

    (void) state;

    begin(&s);
    assert_true(put(&s, "b, a", S("\nv\na:1"), BODY_MAX));

    index = index_of(&s);
    assert_true(hc_str_eq(index.names, S("a,b")));
    assert_int_equal(index.n, 1);
    assert_true(hc_str_eq(index.list[0], S("\nv\na:1")));
    assert_int_equal(s.dropped.n, 0);

    assert_true(hc_variants_names(hc_str(s.body, s.len), &v));
    assert_true(hc_str_eq(hc_vary_names(&v), S("a,b")));
    assert_int_equal(v.n, 2);

    end(&s);
}


static void
the_most_recent_stands_first(void **state)
{
    store_t        s;
    hc_variants_t  index;

    (void) state;

    begin(&s);
    put(&s, "a", S("\nv\na:1"), BODY_MAX);
    put(&s, "a", S("\nv\na:2"), BODY_MAX);
    put(&s, "a", S("\nv\na:3"), BODY_MAX);
    put(&s, "a", S("\nv\na:1"), BODY_MAX);

    index = index_of(&s);
    assert_int_equal(index.n, 3);
    assert_int_equal(hc_variants_find(&index, S("\nv\na:1")), 0);
    assert_int_equal(hc_variants_find(&index, S("\nv\na:3")), 1);
    assert_int_equal(hc_variants_find(&index, S("\nv\na:2")), 2);
    assert_int_equal(hc_variants_find(&index, S("\nv\na:4")), -1);
    assert_int_equal(s.dropped.n, 0);

    end(&s);
}


static void
beyond_the_most_the_last_falls(void **state)
{
    char           text[32];
    store_t        s;
    unsigned       i;
    hc_variants_t  index;

    (void) state;

    begin(&s);
    for (i = 0; i < HC_VARIANTS_MAX; i++) {
        assert_true(put(&s, "a", numbered(text, i), BODY_MAX));
        assert_int_equal(s.dropped.n, 0);
    }

    for ( /* void */ ; i < HC_VARIANTS_MAX + 40; i++) {
        assert_true(put(&s, "a", numbered(text, i), BODY_MAX));
        assert_int_equal(s.dropped.n, 1);
        assert_true(hc_str_eq(s.dropped.list[0],
                              numbered(text, i - HC_VARIANTS_MAX)));
        assert_int_equal(index_of(&s).n, HC_VARIANTS_MAX);
    }

    assert_true(put(&s, "a", numbered(text, 45), BODY_MAX));
    assert_int_equal(s.dropped.n, 0);

    index = index_of(&s);
    assert_int_equal(index.n, HC_VARIANTS_MAX);
    assert_int_equal(hc_variants_find(&index, numbered(text, 45)), 0);

    end(&s);
}


static void
other_names_begin_a_new_list(void **state)
{
    store_t        s;
    hc_variants_t  index;

    (void) state;

    begin(&s);
    put(&s, "a", S("\nv\na:1"), BODY_MAX);
    put(&s, "a", S("\nv\na:2"), BODY_MAX);
    assert_true(put(&s, "a, b", S("\nv\na:2\nb"), BODY_MAX));

    index = index_of(&s);
    assert_true(hc_str_eq(index.names, S("a,b")));
    assert_int_equal(index.n, 1);

    assert_int_equal(s.dropped.n, 2);
    assert_true(hc_str_eq(s.dropped.list[0], S("\nv\na:2")));
    assert_true(hc_str_eq(s.dropped.list[1], S("\nv\na:1")));

    assert_true(put(&s, "b", S("\nv\na:2\nb"), BODY_MAX));
    assert_int_equal(s.dropped.n, 0);

    end(&s);
}


static void
names_of_the_index_join_those_of_the_answer(void **state)
{
    store_t    s;
    hc_vary_t  v;

    (void) state;

    begin(&s);
    put(&s, "c, a", S("\nv\na:1"), BODY_MAX);

    v = vary("b");
    hc_variants_join(hc_str(s.body, s.len), &v);
    assert_true(hc_str_eq(hc_vary_names(&v), S("a,b,c")));

    v = vary("b");
    hc_variants_join(hc_str(s.body, s.len - 1), &v);
    hc_variants_join(hc_str(NULL, 0), &v);
    assert_true(hc_str_eq(hc_vary_names(&v), S("b")));

    v = vary("1,2,3,4,5,6,7");
    hc_variants_join(hc_str(s.body, s.len), &v);
    assert_true(v.any);

    end(&s);
}


static void
what_does_not_fit_falls_from_the_end(void **state)
{
    store_t  s;
    size_t   one = HC_VARIANTS_HEAD_SIZE + 1 + 8, each = 8;

    (void) state;

    begin(&s);
    put(&s, "a", S("\nv\na:1"), BODY_MAX);
    put(&s, "a", S("\nv\na:2"), BODY_MAX);

    assert_int_equal(put(&s, "a", S("\nv\na:3"), one - 1), 0);
    assert_int_equal(s.dropped.n, 0);

    assert_int_equal(put(&s, "a", S("\nv\na:3"), one + each), one + each);
    assert_int_equal(s.dropped.n, 1);
    assert_true(hc_str_eq(s.dropped.list[0], S("\nv\na:1")));

    assert_int_equal(put(&s, "a", S("\nv\na:4"), one + each - 1), one);
    assert_int_equal(s.dropped.n, 2);
    assert_int_equal(index_of(&s).n, 1);

    end(&s);
}


static void
what_is_no_variant_is_not_written(void **state)
{
    store_t         s;
    unsigned char  *p;

    (void) state;

    begin(&s);
    p = malloc(HC_VARIANTS_LEN_MAX + 1);
    assert_non_null(p);
    memset(p, 'x', HC_VARIANTS_LEN_MAX + 1);
    memcpy(p, "\nv\n", 3);

    assert_false(put(&s, "*", S("\nv\na:1"), BODY_MAX));
    assert_false(put(&s, "", S("\nv\na:1"), BODY_MAX));
    assert_false(put(&s, "a", S(""), BODY_MAX));
    assert_false(put(&s, "a", S("\nv\n"), BODY_MAX));
    assert_false(put(&s, "a", S("gzip"), BODY_MAX));
    assert_false(put(&s, "a", hc_str(p, HC_VARIANTS_LEN_MAX + 1), BODY_MAX));
    assert_true(put(&s, "a", hc_str(p, HC_VARIANTS_LEN_MAX),
                    HC_VARIANTS_ROOM(HC_VARIANTS_LEN_MAX)));

    free(p);

    end(&s);
}


static void
each_cut_and_each_changed_length_is_refused(void **state)
{
    size_t          i, whole;
    store_t         s;
    hc_variants_t   index;
    unsigned char  *p;

    (void) state;

    begin(&s);
    put(&s, "a, b", S("\nv\na:1\nb:2"), BODY_MAX);
    put(&s, "a, b", S("\nv\na:1\nb:3"), BODY_MAX);
    whole = s.len;

    for (i = 0; i < whole; i++) {
        p = tight(s.body, i);
        assert_false(hc_variants_read(&index, hc_str(p, i)));
        assert_int_equal(index.n, 0);
        assert_int_equal(index.names.len, 0);
        free(p);
    }

    p = malloc(whole + 1);
    assert_non_null(p);
    memcpy(p, s.body, whole);
    p[whole] = 0;
    assert_false(hc_variants_read(&index, hc_str(p, whole + 1)));
    free(p);

    for (i = 0; i < HC_VARIANTS_HEAD_SIZE; i++) {
        p = tight(s.body, whole);
        p[i] ^= 0x41;
        assert_false(hc_variants_read(&index, hc_str(p, whole)));
        free(p);
    }

    end(&s);
}


static void
a_hostile_body_is_refused(void **state)
{
    size_t          i;
    hc_vary_t       v;
    unsigned char  *p;
    hc_variants_t   index;

    static const hc_str_t  bodies[] = {
        hc_string("\1\0\1\0a"),                          /* none */
        hc_string("\1\1\0\0\4\0\nv\na"),                 /* no names */
        hc_string("\1\1\1\0*\4\0\nv\na"),
        hc_string("\1\1\1\0A\4\0\nv\na"),                /* not lower */
        hc_string("\1\1\3\0b,a\4\0\nv\na"),              /* not sorted */
        hc_string("\1\1\3\0a,a\4\0\nv\na"),              /* twice */
        hc_string("\1\1\2\0a,\4\0\nv\na"),
        hc_string("\1\1\1\0\n\4\0\nv\na"),
        hc_string("\1\1\1\0a\3\0\nv\n"),                 /* no variant */
        hc_string("\1\1\1\0a\4\0gzip"),
        hc_string("\1\1\1\0a\0\0"),
        hc_string("\1\2\1\0a\4\0\nv\na"),                /* one of two */
        hc_string("\1\377\1\0a\4\0\nv\na"),
        hc_string("\2\1\1\0a\4\0\nv\na"),                /* format */
        hc_string("\1\1\377\377a\4\0\nv\na"),
        hc_string("\1\1\1\0a\377\377\nv\na"),
    };
    static const hc_str_t  good = hc_string("\1\1\1\0a\4\0\nv\na");

    (void) state;

    for (i = 0; i < n_of(bodies); i++) {
        p = tight(bodies[i].data, bodies[i].len);

        if (hc_variants_read(&index, hc_str(p, bodies[i].len))
            || hc_variants_names(hc_str(p, bodies[i].len), &v))
        {
            fail_msg("body %zu was taken", i);
        }

        free(p);
    }

    assert_true(hc_variants_read(&index, good));
}


static void
one_more_than_the_most_is_refused(void **state)
{
    size_t          i;
    unsigned char  *p, *end;
    hc_variants_t   index;

    (void) state;

    p = malloc(5 + (HC_VARIANTS_MAX + 1) * 6);
    assert_non_null(p);

    memcpy(p, "\1\0\1\0a", 5);
    end = p + 5;

    for (i = 1; i <= HC_VARIANTS_MAX + 1; i++) {
        memcpy(end, "\4\0\nv\na", 6);
        end += 6;

        p[1] = (unsigned char) i;
        assert_int_equal(hc_variants_read(&index, hc_str(p, end - p)),
                         i <= HC_VARIANTS_MAX);
    }

    free(p);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_first_one_begins_an_index),
        cmocka_unit_test(the_most_recent_stands_first),
        cmocka_unit_test(beyond_the_most_the_last_falls),
        cmocka_unit_test(other_names_begin_a_new_list),
        cmocka_unit_test(names_of_the_index_join_those_of_the_answer),
        cmocka_unit_test(what_does_not_fit_falls_from_the_end),
        cmocka_unit_test(what_is_no_variant_is_not_written),
        cmocka_unit_test(each_cut_and_each_changed_length_is_refused),
        cmocka_unit_test(a_hostile_body_is_refused),
        cmocka_unit_test(one_more_than_the_most_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

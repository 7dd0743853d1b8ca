/*
 * hc_hash and hc_hash_shared against a plain SipHash of the joined message,
 * which itself is held against the vectors of the paper (2-4) and of its
 * authors' code (1-3 of the empty message).
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../../src/base/hc_hash.h"


#define rotl(x, n)  (((x) << (n)) | ((x) >> (64 - (n))))


static void
rounds(uint64_t v[4], int n)
{
    while (n--) {
        v[0] += v[1];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[0] = rotl(v[0], 32);
        v[2] += v[3];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[2] = rotl(v[2], 32);
    }
}


static uint64_t
plain_siphash(const hc_seed_t *k, const unsigned char *p, size_t len, int c)
{
    size_t    i;
    uint64_t  m, v[4];

    v[0] = k->k0 ^ 0x736f6d6570736575ULL;
    v[1] = k->k1 ^ 0x646f72616e646f6dULL;
    v[2] = k->k0 ^ 0x6c7967656e657261ULL;
    v[3] = k->k1 ^ 0x7465646279746573ULL;
    m = 0;

    for (i = 0; i < len; i++) {
        m |= (uint64_t) p[i] << (8 * (i % 8));

        if (i % 8 == 7) {
            v[3] ^= m;
            rounds(v, c);
            v[0] ^= m;
            m = 0;
        }
    }

    m |= (uint64_t) len << 56;
    v[3] ^= m;
    rounds(v, c);
    v[0] ^= m;
    v[2] ^= 0xff;
    rounds(v, c + 2);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}


static uint64_t
joined(const hc_seed_t *k, hc_str_t a, hc_str_t b, int c)
{
    size_t          i;
    uint64_t        h;
    unsigned char  *p;

    p = malloc(8 + a.len + b.len);
    assert_non_null(p);

    for (i = 0; i < 8; i++) {
        p[i] = (unsigned char) ((uint64_t) a.len >> (8 * i));
    }

    memcpy(p + 8, a.data, a.len);
    memcpy(p + 8 + a.len, b.data, b.len);
    h = plain_siphash(k, p, 8 + a.len + b.len, c);
    free(p);

    return h;
}


static void
the_plain_function_gives_the_known_vectors(void **state)
{
    hc_seed_t      k = { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL };
    unsigned char  in[15];
    size_t         i;

    (void) state;

    for (i = 0; i < sizeof(in); i++) {
        in[i] = (unsigned char) i;
    }

    assert_true(plain_siphash(&k, in, 0, 2) == 0x726fdb47dd0e0e31ULL);
    assert_true(plain_siphash(&k, in, 15, 2) == 0xa129ca6149be45e5ULL);
    assert_true(plain_siphash(&k, in, 0, 1) == 0xabac0158050fc4dcULL);
}


static void
two_spans_hash_as_length_and_bytes_of_one_message(void **state)
{
    hc_seed_t      k = { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL };
    unsigned char  in[80];
    size_t         i, j;
    hc_str_t       a, b;

    (void) state;

    for (i = 0; i < sizeof(in); i++) {
        in[i] = (unsigned char) (i * 37 + 200);
    }

    for (i = 0; i <= 40; i++) {
        for (j = 0; j <= 40; j++) {
            a = hc_str(in, i);
            b = hc_str(in + i, j);
            assert_true(hc_hash(&k, a, b) == joined(&k, a, b, 1));
            assert_true(hc_hash_shared(&k, a, b) == joined(&k, a, b, 2));
        }
    }
}


static void
the_boundary_between_the_spans_counts(void **state)
{
    hc_str_t  a = hc_string("a"), bc = hc_string("bc");
    hc_str_t  ab = hc_string("ab"), c = hc_string("c");

    (void) state;

    assert_true(hc_hash(&hc_seed_fixed, a, bc)
                != hc_hash(&hc_seed_fixed, ab, c));
}


static void
the_seed_counts(void **state)
{
    hc_seed_t  s1 = { 1, 2 }, s2 = { 1, 3 }, s3 = { 2, 2 };
    hc_str_t   a = hc_string("key"), none = hc_null_string;

    (void) state;

    assert_true(hc_hash(&s1, a, none) != hc_hash(&s2, a, none));
    assert_true(hc_hash(&s1, a, none) != hc_hash(&s3, a, none));
}


/* Other nodes, of any release, rely on this value. */

static void
the_fixed_seed_never_changes(void **state)
{
    hc_str_t  a = hc_string("GET"), b = hc_string("/index.html");

    (void) state;

    assert_true(hc_seed_fixed.k0 == 0x6863207665727369ULL);
    assert_true(hc_seed_fixed.k1 == 0x6f6e20736c6f7473ULL);
    assert_true(hc_hash_shared(&hc_seed_fixed, a, b) == 0x845e54f011ccc539ULL);
}


static void
empty_spans_may_have_no_data(void **state)
{
    hc_str_t  none = hc_null_string, empty = hc_string("");

    (void) state;

    assert_true(hc_hash(&hc_seed_fixed, none, none)
                == hc_hash(&hc_seed_fixed, empty, empty));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_plain_function_gives_the_known_vectors),
        cmocka_unit_test(two_spans_hash_as_length_and_bytes_of_one_message),
        cmocka_unit_test(the_boundary_between_the_spans_counts),
        cmocka_unit_test(the_seed_counts),
        cmocka_unit_test(the_fixed_seed_never_changes),
        cmocka_unit_test(empty_spans_may_have_no_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

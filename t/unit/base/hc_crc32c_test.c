/*
 * CRC32C: the vectors of RFC 3720 B.4, pieces, both implementations.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../../src/base/hc_crc32c.h"


uint32_t hc_crc32c_by_table(uint32_t crc, const unsigned char *p, size_t len);


static void
the_vectors_of_rfc_3720_hold(void **state)
{
    int            i;
    unsigned char  zeros[32], ones[32], up[32], down[32];

    (void) state;

    for (i = 0; i < 32; i++) {
        zeros[i] = 0;
        ones[i] = 0xff;
        up[i] = (unsigned char) i;
        down[i] = (unsigned char) (31 - i);
    }

    assert_int_equal(hc_crc32c(0, zeros, 32), 0x8a9136aa);
    assert_int_equal(hc_crc32c(0, ones, 32), 0x62a8ab43);
    assert_int_equal(hc_crc32c(0, up, 32), 0x46dd794e);
    assert_int_equal(hc_crc32c(0, down, 32), 0x113fdb5c);
    assert_int_equal(hc_crc32c(0, "123456789", 9), 0xe3069283);
}


static void
nothing_leaves_the_crc_as_it_is(void **state)
{
    (void) state;

    assert_int_equal(hc_crc32c(0, "", 0), 0);
    assert_int_equal(hc_crc32c(0x12345678, NULL, 0), 0x12345678);
}


static void
pieces_in_order_give_the_crc_of_the_whole(void **state)
{
    size_t         i;
    uint32_t       whole, crc;
    unsigned char  in[67];

    (void) state;

    for (i = 0; i < sizeof(in); i++) {
        in[i] = (unsigned char) (i * 31 + 7);
    }

    whole = hc_crc32c(0, in, sizeof(in));

    for (i = 0; i <= sizeof(in); i++) {
        crc = hc_crc32c(0, in, i);
        crc = hc_crc32c(crc, in + i, sizeof(in) - i);
        assert_int_equal(crc, whole);
    }
}


static void
the_table_agrees_with_the_instruction(void **state)
{
    size_t         i;
    unsigned char  in[100];

    (void) state;

    for (i = 0; i < sizeof(in); i++) {
        in[i] = (unsigned char) (i * 131 + 5);
        assert_int_equal(hc_crc32c(7, in, i),
                         (uint32_t) ~hc_crc32c_by_table(~7u, in, i));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_3720_hold),
        cmocka_unit_test(nothing_leaves_the_crc_as_it_is),
        cmocka_unit_test(pieces_in_order_give_the_crc_of_the_whole),
        cmocka_unit_test(the_table_agrees_with_the_instruction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

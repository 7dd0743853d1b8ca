/*
 * Sealed entries that were cut, flipped or forged.
 */

#include "entry_test.h"


static void
any_flipped_bit_is_noticed(void **state)
{
    size_t          i;
    block_t         b;
    unsigned        bit;
    hc_entry_t      e;
    hc_entry_rc_e   rc;

    (void) state;

    e = sample();
    b = seal(&e);

    for (i = 0; i < b.len; i++) {
        for (bit = 0; bit < 8; bit++) {
            b.data[i] ^= 1u << bit;
            rc = open_block(b.data, b.len);
            assert_int_equal(rc, i >= 4 && i < 8 ? HC_ENTRY_OTHER_VERSION
                                                 : HC_ENTRY_DAMAGED);
            b.data[i] ^= 1u << bit;
        }

        b.data[i] ^= 0xff;
        assert_int_not_equal(open_block(b.data, b.len), HC_ENTRY_OK);
        b.data[i] ^= 0xff;
    }

    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_OK);
    free(b.data);
}


static void
an_entry_cut_at_any_length_is_damaged(void **state)
{
    size_t      n;
    block_t     b;
    hc_entry_t  e;

    (void) state;

    e = sample();
    b = seal(&e);

    for (n = 0; n < b.len; n++) {
        assert_int_equal(open_block(b.data, n), HC_ENTRY_DAMAGED);
    }

    free(b.data);
}


static void
a_cut_entry_with_a_good_crc_is_damaged(void **state)
{
    size_t          n;
    block_t         b;
    hc_entry_t      e;
    unsigned char  *p;

    (void) state;

    e = sample();
    b = seal(&e);

    for (n = FRAME; n < b.len; n++) {
        p = tight(b.data, n);
        forge(p, n);
        assert_int_equal(open_block(p, n), HC_ENTRY_DAMAGED);
        free(p);
    }

    free(b.data);
}


static void
a_byte_too_many_is_damage(void **state)
{
    block_t     b;
    hc_entry_t  e;

    (void) state;

    e = sample();
    b = seal(&e);

    b.data = realloc(b.data, b.len + 1);
    b.data[b.len] = 0;
    assert_int_equal(open_block(b.data, b.len + 1), HC_ENTRY_DAMAGED);

    forge(b.data, b.len + 1);
    assert_int_equal(open_block(b.data, b.len + 1), HC_ENTRY_DAMAGED);

    free(b.data);
}


static void
a_frame_that_claims_another_length_is_damage(void **state)
{
    block_t     b;
    hc_entry_t  e;

    (void) state;

    e = sample();
    b = seal(&e);

    forge_total(b.data, b.len, b.len + 1);
    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_DAMAGED);

    forge_total(b.data, b.len, 0);
    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_DAMAGED);

    free(b.data);
}


static void
garbage_is_damage(void **state)
{
    (void) state;

    assert_int_equal(open_block((unsigned char *) "", 0), HC_ENTRY_DAMAGED);
    assert_int_equal(open_block((unsigned char *) long_text, 65536),
                     HC_ENTRY_DAMAGED);
}


static void
a_status_outside_200_to_599_is_damage(void **state)
{
    size_t       i;
    block_t      b;
    uint16_t     status;
    hc_entry_t   e;
    static const struct {
        uint16_t       status;
        hc_entry_rc_e  rc;
    } rows[] = {
        { 0, HC_ENTRY_DAMAGED },    { 199, HC_ENTRY_DAMAGED },
        { 200, HC_ENTRY_OK },       { 599, HC_ENTRY_OK },
        { 600, HC_ENTRY_DAMAGED },  { 1023, HC_ENTRY_DAMAGED },
    };

    (void) state;

    e = sample();
    b = seal(&e);

    for (i = 0; i < n_of(rows); i++) {
        status = (uint16_t) (rows[i].status | e.core.ntags << 10);
        memcpy(b.data + CORE_STATUS, &status, 2);
        forge(b.data, b.len);
        assert_int_equal(open_block(b.data, b.len), rows[i].rc);
    }

    free(b.data);
}


/* Every length field, set to what would reach out of the block, in an entry
 * whose CRC is right. */

static void
a_forged_length_is_damage(void **state)
{
    size_t                i, k;
    block_t               b;
    hc_entry_t            e;
    unsigned char        *p;
    static const size_t   at[] = { CORE(headers_len), CORE(headers_len) + 2,
                                   CORE(body_len), CORE(body_len) + 2,
                                   CORE(key_len), CORE_VARIANT };
    static const uint16_t value[] = { 0, 1, 2, 17, 255, 256, 32768, 65534,
                                      65535 };

    (void) state;

    e = sample();
    b = seal(&e);

    for (i = 0; i < n_of(at); i++) {
        for (k = 0; k < n_of(value); k++) {
            p = tight(b.data, b.len);

            memcpy(p + at[i], &value[k], 2);
            forge(p, b.len);

            if (memcmp(p, b.data, b.len) != 0) {
                assert_int_equal(open_block(p, b.len), HC_ENTRY_DAMAGED);
            }

            free(p);
        }
    }

    free(b.data);
}


static void
lengths_that_wrap_32_bits_are_damage(void **state)
{
    block_t     b;
    uint32_t    len;
    hc_entry_t  e;

    (void) state;

    e = sample();
    b = seal(&e);

    /* the sum is the same modulo 2^32 */

    len = (uint32_t) e.headers.len + 0x80000000u;
    memcpy(b.data + CORE(headers_len), &len, 4);
    len = (uint32_t) e.body.len + 0x80000000u;
    memcpy(b.data + CORE(body_len), &len, 4);
    forge(b.data, b.len);

    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_DAMAGED);

    free(b.data);
}


static void
too_many_tags_are_damage(void **state)
{
    block_t     b;
    hc_entry_t  e;

    (void) state;

    e = sample();
    memset(e.tags, 0, sizeof(e.tags));
    e.core.ntags = HC_TAGS_MAX;
    e.headers = hc_str(NULL, 0);
    e.body = hc_str(long_text, 4096);
    b = seal(&e);
    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_OK);

    /* lengths still add up */

    b.data[CORE_STATUS + 1] += 1 << 2;
    b.data[CORE(body_len)] -= 8;
    b.data[CORE(body_len) + 1] -= 1;
    forge(b.data, b.len);
    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_DAMAGED);

    free(b.data);
}


static void
a_key_of_no_bytes_is_damage(void **state)
{
    block_t     b;
    hc_entry_t  e, got;

    (void) state;

    e = sample();
    e.key = S("k");
    e.variant = S("");
    b = seal(&e);

    b.data[CORE(key_len)] = 0;
    b.data[CORE_VARIANT] = 1;
    forge(b.data, b.len);

    assert_int_equal(hc_entry_open(&got, b.data, b.len, S(""), S("k")),
                     HC_ENTRY_DAMAGED);

    free(b.data);
}


static void
a_header_that_would_split_a_response_is_damage(void **state)
{
    block_t     b;
    hc_entry_t  e;

    (void) state;

    e = sample();
    e.headers = S("\x00\x01\x06\x00x" "a\r\nb:c");
    b = seal(&e);
    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_DAMAGED);
    free(b.data);

    e.headers = S("\x00\x01\x01\x00:v");
    b = seal(&e);
    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_DAMAGED);
    free(b.data);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(any_flipped_bit_is_noticed),
        cmocka_unit_test(an_entry_cut_at_any_length_is_damaged),
        cmocka_unit_test(a_cut_entry_with_a_good_crc_is_damaged),
        cmocka_unit_test(a_byte_too_many_is_damage),
        cmocka_unit_test(a_frame_that_claims_another_length_is_damage),
        cmocka_unit_test(garbage_is_damage),
        cmocka_unit_test(a_status_outside_200_to_599_is_damage),
        cmocka_unit_test(a_forged_length_is_damage),
        cmocka_unit_test(lengths_that_wrap_32_bits_are_damage),
        cmocka_unit_test(too_many_tags_are_damage),
        cmocka_unit_test(a_key_of_no_bytes_is_damage),
        cmocka_unit_test(a_header_that_would_split_a_response_is_damage),
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}

/*
 * Memory: what is free is found and used, in whatever pieces it lies.
 */

#include "hc_l1_test_util.h"


#define FOREVER  40000000u


/* Sizes as on the web: lognormal, median 2 KB, four fifths of them between 1
 * and 6 KB, some up to 64 KB. */

static size_t
web_size(uint32_t *random)
{
    unsigned  i;
    uint32_t  sum;

    do {
        for (i = 0, sum = 0; i < 6; i++) {
            sum += next_random(random) & 255;
        }
    } while (sum >> 7 > 10);

    return (size_t) (128 + (sum & 127)) << (sum >> 7) >> 2;
}


static void
put_web(store_t *st, uint32_t *key, uint32_t *random, uint32_t n)
{
    size_t  len;

    while (n--) {
        len = web_size(random);
        put_many(st, *key, *key + 1, len, FOREVER, 0);
        (*key)++;
    }
}


/* In tenths of a percent, on average over some turnovers: one large object
 * more or less is not what is meant. */

static uint32_t
web_share(store_t *st, uint32_t *key, uint32_t *random)
{
    unsigned  i;
    uint64_t  bytes;

    for (i = 0, bytes = 0; i < 400; i++) {
        put_web(st, key, random, 20);
        bytes += stats_of(st).bytes;
    }

    return (uint32_t) (bytes / 400 * 1000 / st->size);
}


static void
payload_is_the_same_after_very_many_replacements(void **state)
{
    store_t   st;
    uint32_t  key, random, first, last;

    (void) state;

    open_store(&st, 8 * MB, 64 * KB);
    random = 5;
    key = 0;

    while (stats_of(&st).evictions == 0) {
        put_web(&st, &key, &random, 100);
    }

    first = web_share(&st, &key, &random);
    put_web(&st, &key, &random, 300000);
    last = web_share(&st, &key, &random);

    print_message("payload %u.%u %%, later %u.%u %%\n", first / 10, first % 10,
                  last / 10, last % 10);

    assert_true(first >= 880);
    assert_in_range(last, first - 10, first + 10);
    assert_int_equal(stats_of(&st).no_memory, 0);
    close_sound(&st);
}


static void
two_hundred_bytes_cost_at_most_80_more(void **state)
{
    store_t        st;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, 16 * MB, 0);
    put_many(&st, 0, 80000, 200, FOREVER, 0);

    stats = stats_of(&st);
    assert_true(stats.evictions > 1000);
    assert_true(stats.bytes * 100 >= stats.size * 70);
    assert_true((stats.size - stats.bytes) / stats.entries <= 80);
    close_sound(&st);
}


/* Every third of a full store goes: holes of 1 KB everywhere.  They are as
 * good as one of 100 KB. */

static void
a_large_object_is_stored_when_free_memory_lies_in_pieces(void **state)
{
    store_t      st;
    uint32_t     i, n;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 128 * KB);
    n = 880;
    put_many(&st, 0, n, 1000, FOREVER, 0);

    for (i = 0; i < n; i += 3) {
        k = number_key(&st, &i);
        assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);
    }

    put_many(&st, n, n + 1, 128 * KB - 4, FOREVER, 0);
    put_many(&st, n + 1, n + 2, 128 * KB - 4, FOREVER, 0);
    assert_int_equal(stats_of(&st).evictions, 0);

    for (i = 0; i < n; i++) {
        assert_int_equal(get_at(&st, number_key(&st, &i), 0),
                         i % 3 ? HC_L1_HIT : HC_L1_MISS);
    }

    close_sound(&st);
}


static void
what_is_moved_keeps_its_bytes(void **state)
{
    size_t       len;
    store_t      st;
    uint32_t     i, random;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 128 * KB);

    for (i = 0, random = 3; i < 600; i++) {
        len = next_random(&random) % 2000;
        put_seeded(&st, number_key(&st, &i), i, len);
    }

    for (i = 0; i < 600; i += 2) {
        k = number_key(&st, &i);
        (void) hc_l1_delete(st.l1, &k);
    }

    put_many(&st, 10000, 10002, 120 * KB, FOREVER, 0);
    assert_int_equal(stats_of(&st).evictions, 0);

    for (i = 1; i < 600; i += 2) {
        k = number_key(&st, &i);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);
        assert_true(hc_str_eq(ref.entry.key, k.key));
        assert_true(is_body(ref.entry.body, i));
        hc_l1_unpin(st.l1, &ref);
    }

    close_sound(&st);
}


/* In any order: each merges with the neighbours that are holes by then. */

static void
holes_are_merged_whatever_the_order(void **state)
{
    store_t      st;
    uint32_t     i, n, step;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, 900 * KB);
    n = 97;

    for (step = 1; step < n; step += 7) {
        put_many(&st, 0, n, 9000, FOREVER, 0);

        for (i = 0; i < n; i++) {
            k = number_key(&st, &(uint32_t) { i * step % n });
            assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);
            assert_true(i % 10 || hc_l1_check(st.l1) == 1);
        }

        put_many(&st, n, n + 1, 900 * KB - 4, FOREVER, 0);
        k = number_key(&st, &n);
        assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);
    }

    assert_int_equal(stats_of(&st).evictions, 0);
    close_sound(&st);
}


static void
an_entry_grows_and_shrinks_byte_by_byte(void **state)
{
    size_t       len;
    store_t      st;
    uint32_t     i, seed;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 64 * KB);
    put_many(&st, 0, 900, 1000, FOREVER, 0);

    for (i = 0, seed = 0; i < 400; i++, seed++) {
        len = i < 200 ? 900 + i : 1300 - i;
        k = number_key(&st, &(uint32_t) { 500 });

        assert_int_equal(put_seeded(&st, k, seed, len), HC_L1_OK);
        assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);
        assert_int_equal(ref.entry.body.len, len);
        assert_true(is_body(ref.entry.body, seed));
        hc_l1_unpin(st.l1, &ref);
        assert_true(i % 16 || hc_l1_check(st.l1) == 1);
    }

    assert_int_equal(stats_of(&st).evictions, 0);
    assert_int_equal(count_hits(&st, 0, 900, 0), 900);
    close_sound(&st);
}


/* One byte and all sizes up to it, for ever over the same key: nothing of the
 * rest gets lost. */

static void
overwriting_in_place_loses_no_memory(void **state)
{
    store_t   st;
    uint32_t  i, random;

    (void) state;

    open_store(&st, MB, 64 * KB);
    put_many(&st, 0, 800, 1000, FOREVER, 0);

    for (i = 0, random = 9; i < 20000; i++) {
        put_many(&st, 300, 301, next_random(&random) % 1001, FOREVER, 0);
    }

    put_many(&st, 300, 301, 1000, FOREVER, 0);
    assert_int_equal(stats_of(&st).evictions, 0);
    assert_int_equal(stats_of(&st).bytes, 800 * 1004);
    close_sound(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(payload_is_the_same_after_very_many_replacements),
        cmocka_unit_test(two_hundred_bytes_cost_at_most_80_more),
        cmocka_unit_test(
            a_large_object_is_stored_when_free_memory_lies_in_pieces),
        cmocka_unit_test(what_is_moved_keeps_its_bytes),
        cmocka_unit_test(holes_are_merged_whatever_the_order),
        cmocka_unit_test(an_entry_grows_and_shrinks_byte_by_byte),
        cmocka_unit_test(overwriting_in_place_loses_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

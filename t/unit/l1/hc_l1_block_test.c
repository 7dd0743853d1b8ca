/*
 * The block: limits, adoption.
 */

#include "hc_l1_test_util.h"


static void
an_entry_above_max_object_is_too_large(void **state)
{
    store_t      st;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, 2 * MB, 10000);
    k = text_key(&st, "k");

    assert_int_equal(put_seeded(&st, k, 1, 9999), HC_L1_OK);
    assert_int_equal(put_seeded(&st, k, 2, 10000), HC_L1_TOO_LARGE);
    assert_int_equal(get_at(&st, k, 0), HC_L1_HIT);
    assert_int_equal(stats_of(&st).too_large, 1);
    close_store(&st);
}


static void
a_block_is_adopted_with_its_entries(void **state)
{
    store_t  st;

    (void) state;

    open_store(&st, 2 * MB, 64 * KB);
    put_text(&st, text_key(&st, "k"), "x");
    hc_l1_close(st.l1);

    assert_int_equal(reopen(&st, 2 * MB, 64 * KB), 1);
    assert_int_equal(hc_l1_join(st.l1), 0);
    assert_true(has_text(&st, text_key(&st, "k"), "x"));
    assert_int_equal(stats_of(&st).workers, 1);
    close_store(&st);
}


static void
a_block_of_another_shape_is_built_anew(void **state)
{
    store_t  st;

    (void) state;

    open_store(&st, 2 * MB, 64 * KB);
    put_text(&st, text_key(&st, "k"), "x");
    hc_l1_close(st.l1);

    assert_int_equal(reopen(&st, 2 * MB, 32 * KB), 0);
    hc_l1_close(st.l1);
    assert_int_equal(reopen(&st, MB, 32 * KB), 0);
    hc_l1_close(st.l1);
    assert_int_equal(reopen(&st, MB, 32 * KB), 1);
    hc_l1_close(st.l1);

    ((uint32_t *) st.block)[2]++;                /* the layout's version */

    assert_int_equal(reopen(&st, MB, 32 * KB), 0);
    assert_int_equal(stats_of(&st).entries, 0);
    close_store(&st);
}


static void
a_bad_block_is_refused(void **state)
{
    int              adopted;
    void            *p;
    hc_l1_options_t  o;

    (void) state;

    p = shared(2 * MB);
    memset(&o, 0, sizeof(o));

    o.block = p;
    o.size = HC_L1_MIN_SIZE - 1;
    assert_null(hc_l1_open(&o, &adopted));

    o.block = (char *) p + 8;
    o.size = HC_L1_MIN_SIZE;
    assert_null(hc_l1_open(&o, &adopted));

    o.block = p;
    o.size = (size_t) 33 * 1024 * MB;
    assert_null(hc_l1_open(&o, &adopted));

    munmap(p, 2 * MB);
}


static void
places_above_4_gb_work(void **state)
{
    store_t   st;
    uint32_t  i;

    (void) state;

    st.size = (size_t) 6 * 1024 * MB;
    st.versions = shared(sizeof(hc_versions_t));
    st.block = mmap(NULL, st.size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(st.block != MAP_FAILED);
    assert_int_equal(reopen(&st, st.size, 0), 0);
    assert_int_equal(hc_l1_join(st.l1), 0);

    for (i = 0; i < 3000; i++) {
        assert_int_equal(put_seeded(&st, number_key(&st, &i), i, 1000),
                         HC_L1_OK);
    }

    for (i = 0; i < 3000; i++) {
        assert_int_equal(get_at(&st, number_key(&st, &i), 0), HC_L1_HIT);
    }

    assert_int_equal(stats_of(&st).shards, 64);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_entry_above_max_object_is_too_large),
        cmocka_unit_test(a_block_is_adopted_with_its_entries),
        cmocka_unit_test(a_block_of_another_shape_is_built_anew),
        cmocka_unit_test(a_bad_block_is_refused),
        cmocka_unit_test(places_above_4_gb_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What nobody may move: graves, until nobody sends them any more, and what is
 * pinned when a shard is reset after a death.
 */

#include "hc_l1_test_util.h"


#define FOREVER  40000000u


static const char  *die_in;
static unsigned     spared;              /* visits before it dies */


static void
die_in_point(const char *point)
{
    if (strcmp(point, die_in) == 0 && spared-- == 0) {
        kill(getpid(), SIGKILL);
    }
}


static hc_l1_ref_t
pinned(store_t *st, hc_l1_key_t k, uint32_t seed, size_t len)
{
    hc_l1_ref_t  ref;

    assert_int_equal(put_seeded(st, k, seed, len), HC_L1_OK);
    assert_int_equal(hc_l1_get(st->l1, &k, 0, &ref), HC_L1_HIT);

    return ref;
}


/* A store that is full of what was replaced, deleted or purged while it was
 * pinned; the memory is there again with the last unpin. */

static void
memory_of_graves_comes_back(void **state)
{
    store_t      st;
    uint32_t     i, round;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref[6];

    (void) state;

    open_store(&st, MB, 128 * KB);

    for (round = 0; round < 30; round++) {
        for (i = 0; i < 6; i++) {
            k = number_key(&st, &i);
            ref[i] = pinned(&st, k, i, 60 * KB);

            if (i < 2) {
                assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);

            } else if (i < 4) {
                assert_int_equal(put_text(&st, k, "new"), HC_L1_OK);
            }
        }

        hc_l1_purge(st.l1);
        put_many(&st, 100, 200, 1000, FOREVER, 0);
        assert_int_equal(hc_l1_check(st.l1), 1);

        for (i = 0; i < 6; i++) {
            assert_true(is_body(ref[i].entry.body, i));
            hc_l1_unpin(st.l1, &ref[i]);
        }

        put_many(&st, 200, 900, 1000, FOREVER, 0);
        assert_int_equal(count_hits(&st, 100, 900, 0), 800);
        hc_l1_purge(st.l1);
    }

    assert_int_equal(stats_of(&st).evictions, 0);
    close_sound(&st);
}


static void
a_grave_is_buried_when_its_last_reader_ends(void **state)
{
    store_t      st;
    hc_l1_key_t  k;
    hc_l1_ref_t  one, two;

    (void) state;

    open_store(&st, MB, 800 * KB);
    k = text_key(&st, "k");
    one = pinned(&st, k, 1, 300 * KB);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &two), HC_L1_HIT);
    assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);

    hc_l1_unpin(st.l1, &one);
    assert_int_equal(put_seeded(&st, k, 2, 799 * KB), HC_L1_NO_MEMORY);
    assert_true(is_body(two.entry.body, 1));

    hc_l1_unpin(st.l1, &two);
    assert_int_equal(put_seeded(&st, k, 2, 799 * KB), HC_L1_OK);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


/* Meets every point of a change: expiry, cascades, graves, holes that are
 * merged, taken and widened. */

static void
change_a_lot(store_t *st)
{
    uint32_t     i;
    uint64_t     now;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    now = 100000;
    i = 50;
    k = number_key(st, &i);
    (void) hc_l1_get(st->l1, &k, 0, &ref);
    (void) hc_l1_delete(st->l1, &k);
    hc_l1_unpin(st->l1, &ref);

    for (i = 1000; i < 1400; i++) {
        now += i % 7 * 1000;
        (void) put_for(st, number_key(st, &i), i * 131 % 5000,
                       i % 3 * 60000 + 500, now);
    }

    i = 2000;
    (void) put_for(st, number_key(st, &i), 60 * KB, FOREVER, now);
    hc_l1_purge(st->l1);
    (void) put_for(st, number_key(st, &i), 60 * KB, FOREVER, now);
}


static void
resets_around_pins_after_a_death_in(const char *point, unsigned visits)
{
    pid_t        pid;
    store_t      st, other;
    uint32_t     i;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref[3];

    open_store(&st, MB, 64 * KB);

    for (i = 0; i < 300; i++) {
        put_many(&st, i, i + 1, 3000, i % 2 ? 150000 : FOREVER, 0);
    }

    for (i = 0; i < 3; i++) {
        k = number_key(&st, &i);
        ref[i] = pinned(&st, k, i, 10000 * i);
    }

    pid = fork();

    if (pid == 0) {
        other = st;
        (void) reopen(&other, MB, 64 * KB);

        if (hc_l1_join(other.l1) == 0) {
            die_in = point;
            spared = visits;
            hc_l1_pause = die_in_point;
            change_a_lot(&other);
        }

        _exit(0);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));

    i = 5;
    (void) get_at(&st, number_key(&st, &i), 0);
    assert_int_equal(stats_of(&st).resets, 1);
    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(stats_of(&st).pinned, 3);
    assert_int_equal(hc_l1_check(st.l1), 1);

    put_many(&st, 100, 1100, 3000, FOREVER, 0);
    assert_int_equal(hc_l1_check(st.l1), 1);

    for (i = 0; i < 3; i++) {
        assert_int_equal(ref[i].entry.body.len, 10000 * i);
        assert_true(is_body(ref[i].entry.body, i));
        hc_l1_unpin(st.l1, &ref[i]);
    }

    close_sound(&st);
}


static void
a_death_in_a_change_costs_no_pinned_byte_and_no_memory(void **state)
{
    static const char *const  points[] = {
        "between holes", "hole taken", "site half cleared", "item before its move",
        "item between spokes", "grave out of its list", "purged",
        "item out of its chain", "item before its chain", "entry half written"
    };
    size_t                    i;

    (void) state;

    for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        resets_around_pins_after_a_death_in(points[i], 0);
    }

    resets_around_pins_after_a_death_in("item before its move", 7);
    resets_around_pins_after_a_death_in("site half cleared", 5);
    resets_around_pins_after_a_death_in("item between spokes", 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(memory_of_graves_comes_back),
        cmocka_unit_test(a_grave_is_buried_when_its_last_reader_ends),
        cmocka_unit_test(
            a_death_in_a_change_costs_no_pinned_byte_and_no_memory),
    };

    alarm(300);                          /* a lost lock must not hang us */

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Walking over a store: everything once, bounded, whatever changes meanwhile.
 */

#include "hc_l1_test_util.h"


#define KEYS  3000u


typedef struct {
    uint32_t  seen[KEYS];
    uint32_t  visits;
    uint32_t  most;                    /* taken in one call; 0: no limit */
    uint32_t  taken;
    uint64_t  fresh_until;
} seen_t;


static int
note(void *data, const hc_entry_t *e, uint64_t fresh_until)
{
    seen_t    *seen = data;
    uint32_t   n;

    if (seen->most && seen->taken == seen->most) {
        return 1;
    }

    assert_int_equal(e->key.len, sizeof(n));
    memcpy(&n, e->key.data, sizeof(n));
    assert_true(n < KEYS);

    seen->seen[n]++;
    seen->visits++;
    seen->taken++;
    seen->fresh_until = fresh_until;

    return 0;
}


static void
fill(store_t *st, uint32_t from, uint32_t to)
{
    uint32_t  i;

    for (i = from; i < to; i++) {
        assert_int_equal(put_seeded(st, number_key(st, &i), i, 40), HC_L1_OK);
    }
}


/* Returns the calls it took. */

static uint32_t
walk_at(store_t *st, seen_t *seen, uint64_t now)
{
    uint32_t        calls;
    hc_l1_cursor_t  c;

    memset(&c, 0, sizeof(c));

    for (calls = 1; hc_l1_walk(st->l1, &c, now, note, seen); calls++) {
        assert_true(calls < 1000000);
        seen->taken = 0;
    }

    return calls;
}


static void
every_entry_is_visited_once(void **state)
{
    store_t   st;
    seen_t    seen;
    uint32_t  i;

    (void) state;

    open_store(&st, 8 * MB, 64 * KB);
    fill(&st, 0, KEYS);
    memset(&seen, 0, sizeof(seen));

    walk_at(&st, &seen, 0);

    for (i = 0; i < KEYS; i++) {
        assert_int_equal(seen.seen[i], 1);
    }

    assert_int_equal(seen.fresh_until, 1000);
    assert_int_equal(stats_of(&st).hits, 0);
    close_store(&st);
}


static void
an_empty_store_has_nothing_to_visit(void **state)
{
    store_t  st;
    seen_t   seen;

    (void) state;

    open_store(&st, 64 * MB, 0);
    memset(&seen, 0, sizeof(seen));

    assert_true(walk_at(&st, &seen, 0) > 1);
    assert_int_equal(seen.visits, 0);
    close_store(&st);
}


static void
a_process_without_a_slot_may_walk(void **state)
{
    store_t  st;
    seen_t   seen;

    (void) state;

    open_store(&st, MB, 0);
    fill(&st, 0, 10);
    hc_l1_leave(st.l1);
    memset(&seen, 0, sizeof(seen));

    walk_at(&st, &seen, 0);
    assert_int_equal(seen.visits, 10);
    close_store(&st);
}


static void
a_visitor_that_stops_loses_nothing(void **state)
{
    store_t   st;
    seen_t    seen;
    uint32_t  i;

    (void) state;

    open_store(&st, 8 * MB, 64 * KB);
    fill(&st, 0, KEYS);
    memset(&seen, 0, sizeof(seen));
    seen.most = 1;

    walk_at(&st, &seen, 0);

    for (i = 0; i < KEYS; i++) {
        assert_int_equal(seen.seen[i], 1);
    }

    close_store(&st);
}


/* a chain that is longer than what one call may visit */

static void
one_long_chain_is_walked_in_pieces(void **state)
{
    store_t      st;
    seen_t       seen;
    uint32_t     i;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, 8 * MB, 64 * KB);

    for (i = 0; i < 1000; i++) {
        k = number_key(&st, &i);
        k.hash = 5;
        assert_int_equal(put_text(&st, k, "x"), HC_L1_OK);
    }

    memset(&seen, 0, sizeof(seen));
    assert_true(walk_at(&st, &seen, 0) > 10);

    for (i = 0; i < 1000; i++) {
        assert_int_equal(seen.seen[i], 1);
    }

    close_store(&st);
}


static void
what_a_get_would_not_find_is_not_visited(void **state)
{
    store_t      st;
    seen_t       seen;
    uint32_t     i;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, 4 * MB, 64 * KB);
    fill(&st, 0, 10);

    i = 3;
    k = number_key(&st, &i);
    hc_version_move(st.versions, hc_version_slot(hc_str("key", 3), k.key));

    memset(&seen, 0, sizeof(seen));
    walk_at(&st, &seen, 1999);
    assert_int_equal(seen.visits, 9);
    assert_int_equal(seen.seen[3], 0);

    memset(&seen, 0, sizeof(seen));
    walk_at(&st, &seen, 2000);
    assert_int_equal(seen.visits, 0);

    hc_l1_purge(st.l1);
    fill(&st, 20, 22);
    memset(&seen, 0, sizeof(seen));
    walk_at(&st, &seen, 0);
    assert_int_equal(seen.visits, 2);
    assert_int_equal(seen.seen[20] + seen.seen[21], 2);

    close_store(&st);
}


/* What stays is visited although half of the store goes and comes. */

static void
what_stays_is_visited_whatever_changes(void **state)
{
    store_t         st;
    seen_t          seen;
    uint32_t        i, call;
    hc_l1_key_t     k;
    hc_l1_cursor_t  c;

    (void) state;

    open_store(&st, 8 * MB, 64 * KB);
    fill(&st, 0, KEYS / 2);
    memset(&seen, 0, sizeof(seen));
    memset(&c, 0, sizeof(c));

    for (call = 0; hc_l1_walk(st.l1, &c, 0, note, &seen); call++) {

        /* while it stands between two buckets, not within a chain */

        if (c.item == 0) {
            i = KEYS / 2 + call % (KEYS / 2);
            k = number_key(&st, &i);

            if (hc_l1_delete(st.l1, &k) == HC_L1_MISS) {
                fill(&st, i, i + 1);
            }
        }
    }

    for (i = 0; i < KEYS / 2; i++) {
        assert_int_equal(seen.seen[i], 1);
    }

    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


static void
a_cursor_from_anywhere_is_no_harm(void **state)
{
    store_t               st;
    seen_t                seen;
    size_t                i;
    uint32_t              calls;
    hc_l1_cursor_t        c;
    const hc_l1_cursor_t  wild[] = { { 0, UINT32_MAX, 0 },
                                     { UINT32_MAX, 0, 0 },
                                     { 0, 0, UINT32_MAX },
                                     { 1, 7, 9 } };

    (void) state;

    open_store(&st, 4 * MB, 64 * KB);
    fill(&st, 0, 100);

    for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        c = wild[i];
        memset(&seen, 0, sizeof(seen));

        for (calls = 0; hc_l1_walk(st.l1, &c, 0, note, &seen); calls++) {
            assert_true(calls < 1000);
        }

        assert_true(seen.visits <= 100);
    }

    close_store(&st);
}


/* A shard whose owner died while it was changing is reset by the walker. */

static void
die_in_change(const char *point)
{
    if (strcmp(point, "item before its chain") == 0) {
        raise(SIGKILL);
    }
}


static void
a_death_in_a_shard_does_not_stop_a_walk(void **state)
{
    pid_t     pid;
    store_t   st;
    seen_t    seen;
    uint32_t  n = 77;

    (void) state;

    open_store(&st, MB, 64 * KB);
    fill(&st, 0, 20);

    pid = fork();

    if (pid == 0) {
        hc_l1_leave(st.l1);
        (void) hc_l1_join(st.l1);
        hc_l1_pause = die_in_change;
        (void) put_text(&st, number_key(&st, &n), "x");
        _exit(1);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));

    memset(&seen, 0, sizeof(seen));
    walk_at(&st, &seen, 0);
    assert_int_equal(seen.seen[77], 0);
    assert_int_equal(stats_of(&st).resets, 1);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_entry_is_visited_once),
        cmocka_unit_test(an_empty_store_has_nothing_to_visit),
        cmocka_unit_test(a_process_without_a_slot_may_walk),
        cmocka_unit_test(a_visitor_that_stops_loses_nothing),
        cmocka_unit_test(one_long_chain_is_walked_in_pieces),
        cmocka_unit_test(what_a_get_would_not_find_is_not_visited),
        cmocka_unit_test(what_stays_is_visited_whatever_changes),
        cmocka_unit_test(a_cursor_from_anywhere_is_no_harm),
        cmocka_unit_test(a_death_in_a_shard_does_not_stop_a_walk)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

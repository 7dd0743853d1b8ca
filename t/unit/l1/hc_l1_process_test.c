/*
 * Several processes: sharing, and dying at any point.
 */

#include "hc_l1_test_util.h"


#define VISITS  4096


static int             die_at;     /* the visit at which the child dies */
static int             visits;
static unsigned char  *worth;      /* shared: visits worth a death */


static void
die_at_visit(const char *point)
{
    (void) point;

    if (++visits == die_at) {
        kill(getpid(), SIGKILL);
    }
}


static void
processes_see_each_others_entries(void **state)
{
    pid_t    pid;
    store_t  st;

    (void) state;

    open_store(&st, MB, 0);
    hc_l1_leave(st.l1);

    pid = fork();

    if (pid == 0) {
        _exit(hc_l1_join(st.l1) == 0
              && put_text(&st, text_key(&st, "k"), "child") == HC_L1_OK
              ? 0 : 1);
    }

    assert_int_equal(wait_for(pid), 0);
    assert_int_equal(hc_l1_join(st.l1), 0);
    assert_true(has_text(&st, text_key(&st, "k"), "child"));
    assert_int_equal(stats_of(&st).workers, 1);
    close_store(&st);
}


static void
pins_of_a_killed_process_are_dropped(void **state)
{
    pid_t        pid;
    store_t      st;
    uint32_t     i;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 500 * KB);
    k = text_key(&st, "k");
    put_seeded(&st, k, 1, 450 * KB);
    i = 1;
    put_seeded(&st, number_key(&st, &i), i, 450 * KB);
    hc_l1_leave(st.l1);

    pid = fork();

    if (pid == 0) {
        if (hc_l1_join(st.l1) == 0
            && hc_l1_get(st.l1, &k, 0, &ref) == HC_L1_HIT)
        {
            k = number_key(&st, &i);
            (void) hc_l1_get(st.l1, &k, 0, &ref);
            kill(getpid(), SIGKILL);
        }

        _exit(1);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));
    assert_int_equal(hc_l1_check(st.l1), 1);

    /* a put that they block sweeps by itself; here join did */

    assert_int_equal(hc_l1_join(st.l1), 0);
    assert_int_equal(stats_of(&st).pinned, 0);
    assert_int_equal(put_seeded(&st, k, 2, 490 * KB), HC_L1_OK);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


static void
the_slot_of_a_killed_process_is_free_again(void **state)
{
    int      i;
    pid_t    pid;
    store_t  st, more[127];

    (void) state;

    open_store(&st, 32 * MB, 0);
    hc_l1_leave(st.l1);

    pid = fork();

    if (pid == 0) {
        (void) hc_l1_join(st.l1);
        kill(getpid(), SIGKILL);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));
    hc_l1_sweep(st.l1);
    assert_int_equal(hc_l1_join(st.l1), 0);

    for (i = 0; i < 127; i++) {
        more[i] = st;
        assert_int_equal(reopen(&more[i], 32 * MB, 0), 1);
        assert_int_equal(hc_l1_join(more[i].l1), 0);
    }

    for (i = 0; i < 127; i++) {
        hc_l1_close(more[i].l1);
    }

    close_store(&st);
}


static void
a_put_blocked_by_pins_of_the_dead_sweeps(void **state)
{
    pid_t        pid;
    store_t      st, other;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 900 * KB);
    k = text_key(&st, "k");
    put_seeded(&st, text_key(&st, "first"), 1, 400 * KB);
    put_seeded(&st, k, 1, 400 * KB);

    pid = fork();

    if (pid == 0) {
        other = st;
        (void) reopen(&other, MB, 900 * KB);

        if (hc_l1_join(other.l1) == 0
            && hc_l1_get(other.l1, &k, 0, &ref) == HC_L1_HIT)
        {
            kill(getpid(), SIGKILL);
        }

        _exit(1);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));
    assert_int_equal(put_seeded(&st, text_key(&st, "large"), 2, 800 * KB),
                     HC_L1_OK);
    assert_int_equal(stats_of(&st).pinned, 0);
    assert_int_equal(stats_of(&st).no_memory, 0);
    close_store(&st);
}


/* Each point for the first times, then now and then. */

static void
note_visit(const char *point)
{
    int                  i;
    static int           times[32];
    static const char   *points[32];

    for (i = 0; points[i] && strcmp(points[i], point) != 0; i++) { /* void */ }

    points[i] = point;
    times[i]++;

    if (++visits < VISITS) {
        worth[visits] = times[i] <= 4 || times[i] % 12 == 0;
    }
}


/* Visits most points there are, some of them often. */

static void
everything_once(store_t *st)
{
    uint32_t     i;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    hc_l1_pause = die_at ? die_at_visit : note_visit;

    if (hc_l1_join(st->l1) != 0) {
        _exit(1);
    }

    i = 7;
    k = number_key(st, &i);
    (void) hc_l1_get(st->l1, &k, 0, &ref);               /* held to the end */

    for (i = 20; i < 24; i++) {                          /* hit, then stale */
        (void) get_at(st, number_key(st, &i), 0);
        (void) get_at(st, number_key(st, &i), 1500);
    }

    (void) get_at(st, number_key(st, &i), 5000);         /* expired */

    i = 30;
    put_seeded(st, number_key(st, &i), 77, 20000);       /* in place */
    put_seeded(st, number_key(st, &i), 78, 10000);       /* elsewhere */
    i = 31;
    k = number_key(st, &i);
    (void) hc_l1_delete(st->l1, &k);

    for (i = 100; i < 140; i++) {                        /* what was there */
        put_seeded(st, number_key(st, &i), i, 30000);    /* moves and goes */
    }

    hc_l1_purge(st->l1);

    for (i = 130; i < 150; i++) {
        (void) get_at(st, number_key(st, &i), 0);
        put_seeded(st, number_key(st, &i), i, 30000);
    }

    hc_l1_sweep(st->l1);
    hc_l1_leave(st->l1);
    _exit(0);
}


static void
survives_a_child_killed_at(store_t *st, int visit, int *ended)
{
    int            status;
    pid_t          pid;
    store_t        other;
    uint32_t       i;
    hc_l1_key_t    k;
    hc_l1_ref_t    ref;

    for (i = 0; i < 50; i++) {
        put_seeded(st, number_key(st, &i), i, 20000);
    }

    i = 15;
    k = number_key(st, &i);
    assert_int_equal(hc_l1_get(st->l1, &k, 0, &ref), HC_L1_HIT);

    visits = 0;
    die_at = visit;
    pid = fork();

    if (pid == 0) {
        other = *st;
        (void) reopen(&other, st->size, 64 * KB);
        everything_once(&other);
    }

    status = wait_for(pid);
    *ended = !WIFSIGNALED(status);
    assert_true(*ended ? status == 0 : WTERMSIG(status) == SIGKILL);

    assert_int_equal(put_seeded(st, number_key(st, &i), 3, 25000), HC_L1_OK);
    assert_int_equal(hc_l1_check(st->l1), 1);
    assert_int_equal(stats_of(st).pinned, 1);
    assert_int_equal(stats_of(st).workers, 1);

    for (i = 200; i < 260; i++) {
        assert_int_equal(put_seeded(st, number_key(st, &i), i, 20000),
                         HC_L1_OK);
    }

    assert_int_equal(ref.entry.body.len, 20000);
    assert_true(is_body(ref.entry.body, 15));
    hc_l1_unpin(st->l1, &ref);
    assert_int_equal(hc_l1_check(st->l1), 1);
}


static void
a_process_may_die_at_any_point(void **state)
{
    int      visit, ended, deaths;
    store_t  st;

    (void) state;

    worth = shared(VISITS);
    worth[0] = 1;                        /* lives, and notes the others */

    for (visit = 0, ended = 0, deaths = -1; visit < VISITS; visit++) {
        if (worth[visit]) {
            open_store(&st, MB, 64 * KB);
            survives_a_child_killed_at(&st, visit, &ended);
            close_store(&st);

            assert_int_equal(ended, visit == 0);
            deaths++;
        }
    }

    print_message("killed at %d visits\n", deaths);
    assert_true(deaths > 100);
    munmap(worth, VISITS);
}


/* The first child dies in a change, the second while it repairs that. */

static const char  *die_in;


static void
die_in_point(const char *point)
{
    if (strcmp(point, die_in) == 0) {
        kill(getpid(), SIGKILL);
    }
}


static void
kill_a_child_in(store_t *st, const char *point)
{
    pid_t        pid;
    store_t      other;
    hc_l1_key_t  k;

    pid = fork();

    if (pid == 0) {
        other = *st;
        (void) reopen(&other, st->size, 64 * KB);
        die_in = point;
        hc_l1_pause = die_in_point;
        k = text_key(&other, "k");

        if (hc_l1_join(other.l1) == 0) {
            (void) hc_l1_delete(other.l1, &k);
        }

        _exit(0);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));
}


static void
a_process_may_die_while_it_resets_a_shard(void **state)
{
    store_t      st;
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    (void) state;

    open_store(&st, MB, 64 * KB);
    put_seeded(&st, text_key(&st, "before"), 8, 10000);
    k = text_key(&st, "k");
    put_seeded(&st, k, 9, 10000);
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);

    kill_a_child_in(&st, "item out of its chain");
    kill_a_child_in(&st, "reset");

    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).resets, 1);
    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(hc_l1_check(st.l1), 1);
    assert_true(is_body(ref.entry.body, 9));
    hc_l1_unpin(st.l1, &ref);
    close_store(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(processes_see_each_others_entries),
        cmocka_unit_test(pins_of_a_killed_process_are_dropped),
        cmocka_unit_test(the_slot_of_a_killed_process_is_free_again),
        cmocka_unit_test(a_put_blocked_by_pins_of_the_dead_sweeps),
        cmocka_unit_test(a_process_may_die_at_any_point),
        cmocka_unit_test(a_process_may_die_while_it_resets_a_shard),
    };

    alarm(300);                          /* a lost lock must not hang us */

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Several processes: a leader that dies, a death at any point, many at once.
 */

#include "flight_test.h"

#include <sched.h>


#define VISITS  4096


static int             die_at;           /* the visit at which the child dies */
static int             visits;
static unsigned char  *worth;            /* shared: visits worth a death */


static void
die_at_visit(const char *point)
{
    (void) point;

    if (++visits == die_at) {
        kill(getpid(), SIGKILL);
    }
}


/* Runs in a child that joins, and is killed at its end. */

static pid_t
child(flight_t *t, void (*run)(hc_flight_t *f),
    void (*hook)(const char *point))
{
    pid_t         pid;
    hc_flight_t  *f;

    pid = fork();

    if (pid == 0) {
        f = open_handle(t, 1);
        hc_flight_pause = hook;

        if (hc_flight_join(f, 0, &woken) != 0) {
            _exit(1);
        }

        run(f);
        kill(getpid(), SIGKILL);
    }

    return pid;
}


static void
lead_and_wait(hc_flight_t *f)
{
    hc_flight_lease_t  lease;

    begin(f, 1, 0, &lease);              /* leads */
    begin(f, 2, 0, &lease);              /* waits */
    begin(f, 2, 0, &lease);
    (void) hc_flight_count(f, 5, 3);
}


static void
the_lease_of_a_dead_worker_is_taken_over(void **state)
{
    flight_t           t;
    hc_flight_t       *f;
    hc_flight_lease_t  lease;

    (void) state;

    open_flight(&t);
    f = worker(&t);
    begin(f, 2, 0, &lease);

    assert_true(WIFSIGNALED(wait_for(child(&t, lead_and_wait, NULL))));

    assert_int_equal(begin(f, 1, 0, &lease), HC_FLIGHT_LEADER);
    assert_int_equal(hc_flight_count(f, 5, 0), 3);

    hc_flight_sweep(f, 0, &woken);
    assert_int_equal(view_of(f, lease).ended, 0);
    assert_int_equal(hc_flight_count(f, 5, 0), 0);
    hc_flight_close(f);
    close_flight(&t);
}


static void
a_sweep_ends_leases_of_the_dead_and_tells_those_who_wait(void **state)
{
    pid_t              pid;
    flight_t           t;
    hc_flight_t       *f;
    hc_flight_lease_t  lease, other;

    (void) state;

    open_flight(&t);
    f = worker(&t);
    begin(f, 2, 0, &other);

    pid = fork();

    if (pid == 0) {
        lead_and_wait(worker(&t));
        pause();
    }

    while (begin_with(f, 2, 2, 0, 0, &other) == HC_FLIGHT_WAITER) {
        hc_flight_unwait(f, &other);     /* until it waits, twice */
        sched_yield();
    }

    assert_int_equal(begin(f, 1, 0, &lease), HC_FLIGHT_WAITER);
    hc_flight_sweep(f, 0, &woken);
    assert_true(wakes_nobody());

    kill(pid, SIGKILL);
    wait_for(pid);
    hc_flight_sweep(f, 0, &woken);

    assert_true(wakes(f));
    assert_true(marked(f, lease));
    assert_int_equal(view_of(f, lease).ended, 1);
    assert_int_equal(view_of(f, lease).outcome, HC_FLIGHT_GONE);
    assert_int_equal(begin_with(f, 2, 1, 0, 0, &other), HC_FLIGHT_WAITER);
    hc_flight_close(f);
    close_flight(&t);
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
        worth[visits] = times[i] <= 40 || times[i] % 16 == 0;
    }
}


/* Visits all points there are. */

static void
everything_once(hc_flight_t *f)
{
    hc_flight_lease_t  lease, other;

    begin(f, 1, 0, &lease);              /* the parent leads and waits */
    hc_flight_unwait(f, &lease);
    begin(f, 1, 0, &lease);

    begin(f, 3, 0, &lease);
    begin(f, 3, 0, &other);
    hc_flight_renew(f, &lease, 5000, 0);
    hc_flight_offer(f, &lease, 1, 1000, &woken);
    hc_flight_progress(f, &lease, 10, &woken);
    end(f, lease, HC_FLIGHT_STORED, 0);

    begin(f, 3, 0, &lease);
    begin(f, 3, 0, &other);
    begin(f, 3, 1000, &lease);           /* taken over */
    end(f, lease, HC_FLIGHT_REFUSED, 0);

    refresh(f, 4, 0, &lease);
    end(f, lease, HC_FLIGHT_FAILED, 0);

    begin(f, 1, 1000, &lease);           /* from the parent */
    end(f, lease, HC_FLIGHT_FAILED, 0);

    begin(f, 5, 0, &lease);
    (void) hc_flight_count(f, 5, 1);
    hc_flight_sweep(f, 0, &woken);
    hc_flight_sweep(f, 1000, &woken);
    begin(f, 6, 0, &lease);
    begin(f, 2, 0, &other);              /* waits, and lets others know */
    hc_flight_leave(f, 0, &woken);
    hc_flight_close(f);
    _exit(0);
}


static void
survives_a_child_killed_at(int visit)
{
    int                status;
    uint64_t           n;
    flight_t           t;
    hc_flight_t       *f;
    hc_flight_lease_t  first, second, other;

    open_flight(&t);
    f = worker(&t);
    begin(f, 1, 0, &first);
    begin(f, 1, 0, &other);
    begin(f, 2, 0, &second);
    assert_int_equal(begin(f, 2, 0, &other), HC_FLIGHT_WAITER);

    visits = 0;
    die_at = visit;
    status = wait_for(child(&t, everything_once,
                            visit ? die_at_visit : note_visit));
    assert_true(visit ? WIFSIGNALED(status) : status == 0);

    /* whoever waits on what has ended has a mark */

    hc_flight_sweep(f, 1, &woken);
    assert_int_equal(hc_flight_check(f), 1);
    assert_true(!view_of(f, first).ended
                || hc_flight_marks(f, first.index / 64) != 0);
    assert_int_equal(hc_flight_count(f, 5, 0), 0);

    /* and everything can be begun, and ends */

    for (n = 0; n < 8; n++) {
        if (begin(f, n, 2000, &other) == HC_FLIGHT_LEADER) {
            end(f, other, HC_FLIGHT_STORED, 2000);
            assert_int_equal(view_of(f, other).outcome, HC_FLIGHT_STORED);
        }
    }

    hc_flight_sweep(f, 5000, &woken);
    assert_int_equal(hc_flight_check(f), 1);
    hc_flight_close(f);
    close_flight(&t);
}


static void
a_process_may_die_at_any_point(void **state)
{
    int  visit, deaths;

    (void) state;

    worth = shared(VISITS);
    survives_a_child_killed_at(0);       /* lives, and notes them */

    for (visit = 1, deaths = 0; visit < VISITS; visit++) {
        if (worth[visit]) {
            survives_a_child_killed_at(visit);
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
wait_for_first(hc_flight_t *f)
{
    hc_flight_lease_t  lease;

    begin(f, 1, 0, &lease);
}


static void
a_process_may_die_while_it_repairs(void **state)
{
    flight_t           t;
    hc_flight_t       *f;
    hc_flight_lease_t  lease, same;

    (void) state;

    open_flight(&t);
    f = worker(&t);
    begin(f, 1, 0, &lease);

    die_in = "row counted";
    wait_for(child(&t, wait_for_first, die_in_point));
    die_in = "repaired";
    wait_for(child(&t, wait_for_first, die_in_point));

    hc_flight_sweep(f, 0, &woken);
    assert_int_equal(hc_flight_check(f), 1);
    assert_int_equal(view_of(f, lease).ended, 0);
    assert_int_equal(begin_with(f, 1, 1, 0, 0, &same), HC_FLIGHT_WAITER);
    hc_flight_close(f);
    close_flight(&t);
}


/* Of many processes that want the same few keys, one leads at a time; those
 * that wait are told of each end. */

#define CROWD   6
#define TURNS   3000


static unsigned  *leading;               /* shared: by key */


static int
wait_until_ended(hc_flight_t *f, const hc_flight_lease_t *lease)
{
    unsigned          spins;
    hc_flight_view_t  view;

    for (spins = 0; spins < 50000000; spins++) {
        hc_flight_peek(f, lease, &view);

        if (view.ended) {
            return 1;
        }

        sched_yield();
    }

    return 0;
}


static int
crowd(hc_flight_t *f, unsigned seed)
{
    unsigned           turn, key;
    hc_flight_lease_t  lease;

    for (turn = 0; turn < TURNS; turn++) {
        seed = seed * 1664525 + 1013904223;
        key = seed >> 16 & 3;

        switch (begin_with(f, key, 100000, 0, 0, &lease)) {

        case HC_FLIGHT_LEADER:
            if (__atomic_fetch_add(&leading[key], 1, __ATOMIC_SEQ_CST) != 0) {
                return 2;
            }

            sched_yield();
            __atomic_fetch_sub(&leading[key], 1, __ATOMIC_SEQ_CST);
            end(f, lease, HC_FLIGHT_STORED, 0);
            break;

        case HC_FLIGHT_WAITER:
            if (!wait_until_ended(f, &lease)) {
                return 3;
            }

            break;

        default:
            return 4;
        }
    }

    return 0;
}


static void
one_leads_at_a_time(void **state)
{
    int       i;
    pid_t     pid[CROWD];
    flight_t  t;

    (void) state;

    open_flight(&t);
    leading = shared(4 * sizeof(*leading));

    for (i = 0; i < CROWD; i++) {
        pid[i] = fork();

        if (pid[i] == 0) {
            _exit(crowd(worker(&t), (unsigned) i));
        }
    }

    for (i = 0; i < CROWD; i++) {
        assert_int_equal(wait_for(pid[i]), 0);
    }

    hc_flight_sweep(t.f, 0, &woken);
    munmap(leading, 4 * sizeof(*leading));
    close_flight(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_lease_of_a_dead_worker_is_taken_over),
        cmocka_unit_test(
                     a_sweep_ends_leases_of_the_dead_and_tells_those_who_wait),
        cmocka_unit_test(a_process_may_die_at_any_point),
        cmocka_unit_test(a_process_may_die_while_it_repairs),
        cmocka_unit_test(one_leads_at_a_time),
    };

    alarm(300);                          /* a lost lock must not hang us */

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Leases among workers that live: who leads, who waits, what is remembered.
 */

#include "flight_test.h"


static flight_t      t;
static hc_flight_t  *a, *b;


static int
set_up(void **state)
{
    (void) state;

    open_flight(&t);
    a = worker(&t);
    b = worker(&t);

    return 0;
}


static int
tear_down(void **state)
{
    (void) state;

    hc_flight_close(a);
    hc_flight_close(b);
    close_flight(&t);

    return 0;
}


static void
the_first_leads_and_others_wait(void **state)
{
    hc_flight_lease_t  first, second, third;

    (void) state;

    assert_int_equal(begin(a, 1, 0, &first), HC_FLIGHT_LEADER);
    assert_int_equal(begin(a, 1, 0, &second), HC_FLIGHT_WAITER);
    assert_int_equal(begin(b, 1, 0, &third), HC_FLIGHT_WAITER);
    assert_int_equal(begin(b, 2, 0, &second), HC_FLIGHT_LEADER);

    assert_memory_equal(&first, &third, sizeof(first));
    assert_int_equal(view_of(b, first).ended, 0);
}


static void
who_looked_before_it_was_stored_looks_again(void **state)
{
    hc_flight_id_t       id;
    hc_flight_lease_t    lease;
    hc_flight_options_t  o;

    (void) state;

    id = number_id(1);
    memset(&o, 0, sizeof(o));
    o.deadline_ms = 1000;
    o.max_waiters = 1000;

    assert_int_equal(begin(a, 1, 0, &lease), HC_FLIGHT_LEADER);
    end(a, lease, HC_FLIGHT_STORED, 10);

    assert_int_equal(hc_flight_begin(b, &id, &o, 10, &lease, &woken),
                     HC_FLIGHT_AGAIN);
    assert_int_equal(lease.generation, 0);

    o.looked = 1;
    assert_int_equal(hc_flight_begin(b, &id, &o, 10, &lease, &woken),
                     HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_STORED, 20);

    o.looked = 0;
    assert_int_equal(hc_flight_begin(b, &id, &o, 2000, &lease, &woken),
                     HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_FAILED, 2000);

    assert_int_equal(hc_flight_begin(b, &id, &o, 2000, &lease, &woken),
                     HC_FLIGHT_LEADER);
}


static void
an_end_wakes_the_workers_that_wait(void **state)
{
    hc_flight_lease_t  lease, same;

    (void) state;

    begin(a, 1, 0, &lease);
    begin(b, 1, 0, &same);
    end(a, lease, HC_FLIGHT_STORED, 10);

    assert_false(wakes(a));
    assert_true(wakes(b));
    assert_false(marked(a, lease));
    assert_true(marked(b, lease));
    assert_false(marked(b, lease));
    assert_int_equal(view_of(b, lease).ended, 1);
    assert_int_equal(view_of(b, lease).outcome, HC_FLIGHT_STORED);

    assert_int_equal(begin(b, 1, 10, &same), HC_FLIGHT_LEADER);
}


static void
an_outcome_is_known_after_the_next_has_begun(void **state)
{
    uint64_t            n;
    hc_flight_lease_t  first, other, next;

    (void) state;

    begin(a, 1, 0, &first);
    begin(b, 1, 0, &other);
    end(a, first, HC_FLIGHT_FAILED, 10);

    /* until its place is taken, which is after seven others */

    for (n = 0; n < 8; n++) {
        assert_int_equal(view_of(b, first).outcome, HC_FLIGHT_FAILED);
        begin(a, 1 + 8192 * (n + 1), 20 + n, &next);
    }

    assert_int_equal(next.index, first.index);
    assert_int_equal(view_of(b, first).ended, 1);
    assert_int_equal(view_of(b, first).outcome, HC_FLIGHT_FAILED);

    end(a, next, HC_FLIGHT_STORED, 30);
    begin(a, 1 + 8192 * 9, 40, &next);
    assert_int_equal(view_of(b, first).outcome, HC_FLIGHT_GONE);
}


static void
waiters_are_limited_over_all_workers(void **state)
{
    hc_flight_lease_t  lease, other;

    (void) state;

    begin(a, 1, 0, &lease);
    assert_int_equal(begin_with(a, 1, 2, 0, 0, &other), HC_FLIGHT_WAITER);
    assert_int_equal(begin_with(b, 1, 2, 0, 0, &other), HC_FLIGHT_WAITER);
    assert_int_equal(begin_with(b, 1, 2, 0, 0, &other), HC_FLIGHT_FULL);

    hc_flight_unwait(a, &lease);
    assert_int_equal(begin_with(b, 1, 2, 0, 0, &other), HC_FLIGHT_WAITER);
    assert_int_equal(begin_with(b, 1, 2, 0, 0, &other), HC_FLIGHT_FULL);

    end(a, lease, HC_FLIGHT_STORED, 0);
    assert_false(wakes(a));
    hc_flight_unwait(b, &lease);

    begin(a, 1, 0, &lease);
    assert_int_equal(begin_with(b, 1, 1, 0, 0, &other), HC_FLIGHT_WAITER);
}


static void
a_refusal_is_remembered(void **state)
{
    hc_flight_lease_t  lease;

    (void) state;

    begin(a, 1, 0, &lease);
    end(a, lease, HC_FLIGHT_REFUSED, 100);

    assert_int_equal(begin(b, 1, 599, &lease), HC_FLIGHT_PASS);
    assert_int_equal(refresh(b, 1, 599, &lease), HC_FLIGHT_PASS);
    assert_int_equal(begin(b, 1, 600, &lease), HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_STORED, 700);
    assert_int_equal(begin(b, 1, 701, &lease), HC_FLIGHT_LEADER);
}


static void
a_refresh_never_waits(void **state)
{
    hc_flight_lease_t  lease, other;

    (void) state;

    assert_int_equal(refresh(a, 1, 0, &lease), HC_FLIGHT_LEADER);
    assert_int_equal(refresh(b, 1, 0, &other), HC_FLIGHT_BUSY);
    assert_int_equal(begin(b, 1, 0, &other), HC_FLIGHT_WAITER);
    end(a, lease, HC_FLIGHT_STORED, 10);
    assert_true(wakes(b));
    assert_int_equal(refresh(b, 1, 11, &other), HC_FLIGHT_LEADER);
}


static void
refreshes_that_fail_are_held_back_longer_and_longer(void **state)
{
    int                n;
    uint64_t           now, pause;
    hc_flight_lease_t  lease;

    (void) state;

    now = 5;
    pause = 1000;

    for (n = 0; n < 10; n++) {
        assert_int_equal(refresh(a, 1, now, &lease), HC_FLIGHT_LEADER);
        end(a, lease, HC_FLIGHT_FAILED, now);

        assert_int_equal(refresh(b, 1, now + pause - 1, &lease),
                         HC_FLIGHT_BACKOFF);
        now += pause;
        pause = pause < 30000 ? pause * 2 : 60000;
    }

    /* a request that wants it now asks, and what it gets ends the row */

    assert_int_equal(begin(b, 1, now - 1, &lease), HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_FAILED, now - 1);
    assert_int_equal(refresh(b, 1, now - 1, &lease), HC_FLIGHT_BACKOFF);
    assert_int_equal(begin(b, 1, now - 1, &lease), HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_STORED, now - 1);

    assert_int_equal(refresh(b, 1, now, &lease), HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_FAILED, now);
    assert_int_equal(refresh(b, 1, now + 1000, &lease), HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_FAILED, now + 1000);

    /* long ago: as if it were the first */

    now += 3000 + 60000;
    assert_int_equal(refresh(b, 1, now, &lease), HC_FLIGHT_LEADER);
    end(b, lease, HC_FLIGHT_FAILED, now);
    assert_int_equal(refresh(b, 1, now + 1000, &lease), HC_FLIGHT_LEADER);
}


static void
a_lease_past_its_deadline_is_taken_over(void **state)
{
    hc_flight_lease_t  old, same, lease;

    (void) state;

    begin(a, 1, 0, &old);
    assert_int_equal(hc_flight_renew(a, &old, 1000, 500), 0);
    assert_int_equal(begin(b, 1, 1499, &same), HC_FLIGHT_WAITER);
    assert_int_equal(begin(b, 1, 1500, &lease), HC_FLIGHT_LEADER);

    assert_int_equal(lease.index, old.index);
    assert_true(wakes(b));
    assert_int_equal(view_of(b, same).outcome, HC_FLIGHT_GONE);

    /* the one before has nothing to say any more */

    end(a, old, HC_FLIGHT_STORED, 1600);
    assert_int_equal(hc_flight_renew(a, &old, 1000, 1600), -1);
    assert_int_equal(hc_flight_offer(a, &old, 7, 8, &woken), -1);
    assert_int_equal(hc_flight_progress(a, &old, 7, &woken), -1);
    hc_flight_unwait(b, &old);
    assert_int_equal(view_of(b, lease).ended, 0);
    assert_int_equal(view_of(b, lease).offered, 0);
    assert_int_equal(begin(a, 1, 1600, &same), HC_FLIGHT_WAITER);
}


static void
a_sweep_ends_what_is_past_its_deadline(void **state)
{
    hc_flight_lease_t  first, second, same;

    (void) state;

    begin(a, 1, 0, &first);
    begin(b, 1, 0, &same);
    begin(a, 2, 300, &second);
    begin(b, 2, 300, &same);

    hc_flight_sweep(b, 999, &woken);
    assert_true(wakes_nobody());

    hc_flight_sweep(b, 1000, &woken);
    assert_true(wakes(b));
    assert_true(marked(b, first));
    assert_int_equal(view_of(b, first).ended, 1);
    assert_int_equal(view_of(b, second).ended, 0);

    hc_flight_sweep(b, 1299, &woken);
    assert_true(wakes_nobody());
    hc_flight_sweep(b, 1300, &woken);
    assert_true(marked(b, second));
}


static void
an_offer_and_what_is_filled_are_told(void **state)
{
    hc_flight_view_t   view;
    hc_flight_lease_t  lease, same;

    (void) state;

    begin(a, 1, 0, &lease);
    begin(b, 1, 0, &same);

    assert_int_equal(hc_flight_offer(a, &lease, 77, 5000, &woken), 0);
    assert_true(wakes(b));

    /* who has not looked since is not woken again */

    assert_int_equal(hc_flight_progress(a, &lease, 100, &woken), 0);
    assert_true(wakes_nobody());
    assert_true(marked(b, lease));

    assert_int_equal(hc_flight_progress(a, &lease, 200, &woken), 0);
    assert_true(wakes(b));
    assert_true(marked(b, lease));

    view = view_of(b, lease);
    assert_int_equal(view.ended, 0);
    assert_int_equal(view.offered, 1);
    assert_int_equal(view.item, 77);
    assert_int_equal(view.total, 5000);
    assert_int_equal(view.filled, 200);

    end(a, lease, HC_FLIGHT_STORED, 1);
    view = view_of(b, lease);
    assert_int_equal(view.ended, 1);
    assert_int_equal(view.item, 77);

    begin(b, 1, 1, &lease);
    assert_int_equal(view_of(a, lease).offered, 0);
}


static void
a_full_bucket_leaves_the_next_alone(void **state)
{
    uint64_t           n;
    hc_flight_lease_t  lease, first;

    (void) state;

    for (n = 0; n < 8; n++) {
        assert_int_equal(begin(a, n * 8192, 0, &lease), HC_FLIGHT_LEADER);
        first = n ? first : lease;
    }

    assert_int_equal(begin(a, n * 8192, 0, &lease), HC_FLIGHT_NONE);
    assert_int_equal(lease.generation, 0);
    assert_int_equal(begin(b, 0, 0, &lease), HC_FLIGHT_WAITER);

    /* what is only remembered makes room */

    end(a, first, HC_FLIGHT_REFUSED, 0);
    assert_int_equal(begin(a, n * 8192, 0, &lease), HC_FLIGHT_LEADER);
    assert_int_equal(begin(a, 0, 0, &lease), HC_FLIGHT_NONE);
}


static void
all_places_can_be_led_at_a_time(void **state)
{
    uint64_t           n;
    hc_flight_lease_t  lease;

    (void) state;

    for (n = 0; n < HC_FLIGHT_LEASES; n++) {
        assert_int_equal(begin(a, n, 0, &lease), HC_FLIGHT_LEADER);
    }

    assert_int_equal(begin(a, n, 0, &lease), HC_FLIGHT_NONE);
    assert_int_equal(hc_flight_check(a), 1);
    hc_flight_leave(a, 0, &woken);
    assert_int_equal(begin(b, n, 0, &lease), HC_FLIGHT_LEADER);
}


static void
leaving_ends_leases_and_waiting(void **state)
{
    hc_flight_lease_t  lease, other, same;

    (void) state;

    begin(a, 1, 0, &lease);
    begin(b, 1, 0, &same);
    begin(b, 2, 0, &other);
    begin(a, 2, 0, &same);
    assert_int_equal(hc_flight_count(a, 9, 1), 1);

    hc_flight_leave(a, 0, &woken);
    assert_true(wakes(b));
    assert_int_equal(view_of(b, lease).ended, 1);
    assert_int_equal(view_of(b, lease).outcome, HC_FLIGHT_GONE);
    assert_int_equal(hc_flight_check(b), 1);
    assert_int_equal(hc_flight_count(b, 9, 0), 0);

    assert_int_equal(begin(a, 3, 0, &lease), HC_FLIGHT_NONE);
    assert_int_equal(hc_flight_count(a, 9, 1), UINT32_MAX);
    end(b, other, HC_FLIGHT_STORED, 0);
    assert_true(wakes_nobody());
}


static void
groups_are_counted_over_all_workers(void **state)
{
    uint32_t  n;

    (void) state;

    assert_int_equal(hc_flight_count(a, 1, 1), 1);
    assert_int_equal(hc_flight_count(b, 1, 1), 2);
    assert_int_equal(hc_flight_count(b, 2, 1), 1);
    assert_int_equal(hc_flight_count(b, 1, 1), 3);
    assert_int_equal(hc_flight_count(a, 1, -1), 2);
    assert_int_equal(hc_flight_count(a, 1, -1), 2);
    assert_int_equal(hc_flight_count(b, 1, -2), 0);

    /* 32 groups at a time are kept by a worker, any number in turn */

    for (n = 3; n < 100; n++) {
        assert_int_equal(hc_flight_count(b, n, 1), 1);
        assert_int_equal(hc_flight_count(b, n, -1), 0);
    }

    for (n = 0; n < 31; n++) {
        assert_int_equal(hc_flight_count(b, 100 + n, 1), 1);
    }

    assert_int_equal(hc_flight_count(b, 200, 1), UINT32_MAX);
    assert_int_equal(hc_flight_count(b, 200, -1), 0);
    assert_int_equal(hc_flight_count(b, 2, 1), 2);
}


static void
ids_differ_by_key_variant_and_cell(void **state)
{
    hc_flight_id_t  id, other;

    (void) state;

    id = hc_flight_id(a, hc_str("key", 3), hc_str("v", 1), 1);
    other = hc_flight_id(b, hc_str("key", 3), hc_str("v", 1), 1);
    assert_memory_equal(&id, &other, sizeof(id));
    assert_true(id.a != id.b);

    other = hc_flight_id(a, hc_str("key", 3), hc_str("v", 1), 2);
    assert_true(id.a != other.a && id.b != other.b);
    other = hc_flight_id(a, hc_str("ke", 2), hc_str("yv", 2), 1);
    assert_true(id.a != other.a && id.b != other.b);
}


static void
a_block_takes_less_than_4_mb(void **state)
{
    (void) state;

    assert_true(hc_flight_size() < 4 * 1024 * 1024);
}


static void
more_workers_than_slots_go_alone(void **state)
{
    int                i;
    hc_flight_t       *more[HC_FLIGHT_WORKERS];
    hc_flight_lease_t  lease;

    (void) state;

    for (i = 0; i < HC_FLIGHT_WORKERS - 2; i++) {
        more[i] = worker(&t);
    }

    more[i] = open_handle(&t, 1);
    assert_int_equal(hc_flight_join(more[i], 0, &woken), -1);
    assert_int_equal(begin(more[i], 1, 0, &lease), HC_FLIGHT_NONE);

    /* the last slot is as good as the first */

    begin(a, 1, 0, &lease);
    assert_int_equal(begin(more[i - 1], 1, 0, &lease), HC_FLIGHT_WAITER);
    end(a, lease, HC_FLIGHT_STORED, 0);
    assert_true(wakes(more[i - 1]));
    assert_true(marked(more[i - 1], lease));

    for ( /* void */ ; i >= 0; i--) {
        hc_flight_close(more[i]);
    }
}


#define row(test)  cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        row(the_first_leads_and_others_wait),
        row(who_looked_before_it_was_stored_looks_again),
        row(an_end_wakes_the_workers_that_wait),
        row(an_outcome_is_known_after_the_next_has_begun),
        row(waiters_are_limited_over_all_workers),
        row(a_refusal_is_remembered),
        row(a_refresh_never_waits),
        row(refreshes_that_fail_are_held_back_longer_and_longer),
        row(a_lease_past_its_deadline_is_taken_over),
        row(a_sweep_ends_what_is_past_its_deadline),
        row(an_offer_and_what_is_filled_are_told),
        row(a_full_bucket_leaves_the_next_alone),
        row(all_places_can_be_led_at_a_time),
        row(leaving_ends_leases_and_waiting),
        row(groups_are_counted_over_all_workers),
        row(ids_differ_by_key_variant_and_cell),
        row(a_block_takes_less_than_4_mb),
        row(more_workers_than_slots_go_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

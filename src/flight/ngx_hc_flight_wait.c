/*
 * Waits: parked by lease, woken by what changed.
 */

#include "ngx_hc_flight_priv.h"


static void ngx_hc_flight_wait_look(ngx_hc_flight_wait_t *wait);
static ngx_int_t ngx_hc_flight_changed(ngx_hc_flight_wait_t *wait,
    hc_flight_view_t *view);
static void ngx_hc_flight_unpark(ngx_hc_flight_wait_t *wait);
static void ngx_hc_flight_unwait(ngx_hc_flight_wait_t *wait);
static void ngx_hc_flight_wait_handler(ngx_event_t *ev);
static void ngx_hc_flight_tick_handler(ngx_event_t *ev);


ngx_int_t
ngx_hc_flight_waits_open(ngx_hc_flight_t *flight, ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    flight->parked = ngx_palloc(cycle->pool,
                                HC_FLIGHT_LEASES * sizeof(ngx_queue_t));
    if (flight->parked == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < HC_FLIGHT_LEASES; i++) {
        ngx_queue_init(&flight->parked[i]);
    }

    for (i = 0; i < NGX_HC_FLIGHT_GATES; i++) {
        ngx_queue_init(&flight->gates[i]);
    }

    flight->tick.handler = ngx_hc_flight_tick_handler;
    flight->tick.data = flight;
    flight->tick.log = cycle->log;
    flight->tick.cancelable = 1;

    return NGX_OK;
}


void
ngx_hc_flight_wait(ngx_hc_flight_t *flight, ngx_hc_flight_wait_t *wait,
    ngx_msec_t timeout)
{
    ngx_hc_assert(wait->state == NGX_HC_FLIGHT_IDLE);

    if (!wait->joined) {
        ngx_memzero(&wait->view, sizeof(wait->view));
    }

    wait->flight = flight;
    wait->joined = 1;
    wait->state = NGX_HC_FLIGHT_PARKED;

    wait->event.handler = ngx_hc_flight_wait_handler;
    wait->event.data = wait;
    wait->event.log = ngx_cycle->log;

    ngx_queue_insert_tail(&flight->parked[wait->lease.index], &wait->queue);
    flight->nparked++;

    ngx_add_timer(&wait->event, timeout);

    if (!flight->tick.timer_set) {
        ngx_add_timer(&flight->tick, NGX_HC_FLIGHT_TICK);
    }

    ngx_hc_flight_wait_look(wait);
}


void
ngx_hc_flight_forget(ngx_hc_flight_wait_t *wait)
{
    if (wait->state == NGX_HC_FLIGHT_PARKED) {
        ngx_hc_flight_unpark(wait);

    } else if (wait->gate) {
        ngx_hc_flight_gate_leave(wait);
    }

    wait->state = NGX_HC_FLIGHT_IDLE;

    if (wait->event.timer_set) {
        ngx_del_timer(&wait->event);
    }

    if (wait->event.posted) {
        ngx_delete_posted_event(&wait->event);
    }

    ngx_hc_flight_unwait(wait);
}


static void
ngx_hc_flight_unpark(ngx_hc_flight_wait_t *wait)
{
    ngx_queue_remove(&wait->queue);
    wait->flight->nparked--;
    wait->state = NGX_HC_FLIGHT_IDLE;
}


static void
ngx_hc_flight_unwait(ngx_hc_flight_wait_t *wait)
{
    if (wait->joined) {
        wait->joined = 0;
        hc_flight_unwait(wait->flight->leases, &wait->lease);
    }
}


void
ngx_hc_flight_look(ngx_hc_flight_t *flight)
{
    uint64_t      marks;
    ngx_uint_t    word;
    ngx_queue_t  *head, *q, *next;

    for (word = 0; word < HC_FLIGHT_WORDS; word++) {
        marks = hc_flight_marks(flight->leases, word);

        for ( /* void */ ; marks; marks &= marks - 1) {
            head = &flight->parked[word * 64 + __builtin_ctzll(marks)];

            for (q = ngx_queue_head(head); q != head; q = next) {
                next = ngx_queue_next(q);
                ngx_hc_flight_wait_look(ngx_queue_data(q,
                                              ngx_hc_flight_wait_t, queue));
            }
        }
    }
}


static void
ngx_hc_flight_wait_look(ngx_hc_flight_wait_t *wait)
{
    hc_flight_view_t  view;

    if (ngx_hc_flight_changed(wait, &view)) {
        ngx_hc_flight_unpark(wait);
        wait->state = NGX_HC_FLIGHT_WOKEN;
        ngx_post_event(&wait->event, &ngx_posted_events);
    }
}


static ngx_int_t
ngx_hc_flight_changed(ngx_hc_flight_wait_t *wait, hc_flight_view_t *view)
{
    hc_flight_peek(wait->flight->leases, &wait->lease, view);

    return view->ended
           || view->offered != wait->view.offered
           || view->filled != wait->view.filled;
}


/* What there is now is told, which may be more than what woke it. */

static ngx_hc_flight_why_e
ngx_hc_flight_why(ngx_hc_flight_wait_t *wait)
{
    hc_flight_view_t     view;
    ngx_hc_flight_why_e  why;

    (void) ngx_hc_flight_changed(wait, &view);

    why = view.ended ? NGX_HC_FLIGHT_DONE
                     : wait->view.offered ? NGX_HC_FLIGHT_PROGRESS
                                          : NGX_HC_FLIGHT_OFFER;
    wait->view = view;

    if (view.ended) {
        wait->joined = 0;
    }

    return why;
}


/* In the order of outcomes. */

static void
ngx_hc_flight_told(ngx_hc_flight_wait_t *wait, ngx_hc_flight_why_e why)
{
    static const hc_flight_counter_e  told[] = {
        HC_FLIGHT_COUNT_told_gone,
        HC_FLIGHT_COUNT_told_stored,
        HC_FLIGHT_COUNT_told_refused,
        HC_FLIGHT_COUNT_told_failed
    };

    if (why == NGX_HC_FLIGHT_DONE) {
        hc_flight_add(wait->flight->leases, told[wait->view.outcome]);

    } else if (why == NGX_HC_FLIGHT_TIMEOUT) {
        hc_flight_add(wait->flight->leases, HC_FLIGHT_COUNT_timeouts);
    }
}


/* Of the timer, and when it was posted.  The wait may be gone with its owner
 * once he has been called. */

static void
ngx_hc_flight_wait_handler(ngx_event_t *ev)
{
    ngx_hc_flight_why_e    why;
    ngx_hc_flight_wait_t  *wait = ev->data;

    ev->timedout = 0;
    why = NGX_HC_FLIGHT_TIMEOUT;

    switch (wait->state) {

    case NGX_HC_FLIGHT_WOKEN:
        why = ngx_hc_flight_why(wait);
        wait->state = NGX_HC_FLIGHT_IDLE;
        break;

    case NGX_HC_FLIGHT_GOING:
        why = NGX_HC_FLIGHT_GO;
        break;

    default:
        ngx_hc_flight_forget(wait);
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_CORE, ev->log, 0,
                   "hc flight wait lease:%uD why:%d", wait->lease.index, why);

    ngx_hc_flight_told(wait, why);

    wait->handler(wait->owner, why);
}


static void
ngx_hc_flight_tick_handler(ngx_event_t *ev)
{
    hc_flight_mask_t  wake;
    ngx_hc_flight_t  *flight = ev->data;

    hc_flight_sweep(flight->leases, ngx_current_msec, &wake);
    ngx_hc_flight_wake(flight, &wake);

    ngx_hc_flight_look(flight);

    if (flight->nparked) {
        ngx_add_timer(ev, NGX_HC_FLIGHT_TICK);
    }
}

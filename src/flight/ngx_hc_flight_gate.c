/*
 * Gates: who waited in vain goes on alone, a few at a time.
 */

#include "ngx_hc_flight_priv.h"


static ngx_hc_flight_gate_t *
ngx_hc_flight_gate_get(ngx_hc_flight_t *flight, hc_flight_lease_t *lease)
{
    ngx_queue_t           *head, *q;
    ngx_hc_flight_gate_t  *gate;

    head = &flight->gates[lease->index % NGX_HC_FLIGHT_GATES];

    for (q = ngx_queue_head(head); q != head; q = ngx_queue_next(q)) {
        gate = ngx_queue_data(q, ngx_hc_flight_gate_t, queue);

        if (gate->lease.index == lease->index
            && gate->lease.generation == lease->generation)
        {
            return gate;
        }
    }

    gate = ngx_alloc(sizeof(*gate), ngx_cycle->log);
    if (gate == NULL) {
        return NULL;
    }

    gate->lease = *lease;
    gate->going = 0;
    ngx_queue_init(&gate->waits);
    ngx_queue_insert_tail(head, &gate->queue);

    return gate;
}


ngx_int_t
ngx_hc_flight_pass(ngx_hc_flight_wait_t *wait, ngx_uint_t width,
    ngx_msec_t timeout)
{
    ngx_hc_flight_gate_t  *gate;

    ngx_hc_assert(wait->state == NGX_HC_FLIGHT_IDLE);

    gate = ngx_hc_flight_gate_get(wait->flight, &wait->lease);
    if (gate == NULL) {
        return NGX_OK;
    }

    wait->gate = gate;

    if (gate->going < width || gate->going == 0) {
        gate->going++;
        wait->state = NGX_HC_FLIGHT_GOING;
        return NGX_OK;
    }

    wait->state = NGX_HC_FLIGHT_QUEUED;
    ngx_queue_insert_tail(&gate->waits, &wait->queue);
    ngx_add_timer(&wait->event, timeout);

    return NGX_AGAIN;
}


void
ngx_hc_flight_passed(ngx_hc_flight_wait_t *wait)
{
    if (wait->gate) {
        ngx_hc_flight_forget(wait);
    }
}


/* The turn goes to who waits longest. */

static void
ngx_hc_flight_gate_next(ngx_hc_flight_gate_t *gate)
{
    ngx_queue_t           *q;
    ngx_hc_flight_wait_t  *wait;

    gate->going--;

    if (ngx_queue_empty(&gate->waits)) {
        return;
    }

    q = ngx_queue_head(&gate->waits);
    ngx_queue_remove(q);
    gate->going++;

    wait = ngx_queue_data(q, ngx_hc_flight_wait_t, queue);
    wait->state = NGX_HC_FLIGHT_GOING;

    ngx_del_timer(&wait->event);
    ngx_post_event(&wait->event, &ngx_posted_events);
}


void
ngx_hc_flight_gate_leave(ngx_hc_flight_wait_t *wait)
{
    ngx_hc_flight_gate_t  *gate;

    gate = wait->gate;
    wait->gate = NULL;

    if (wait->state == NGX_HC_FLIGHT_QUEUED) {
        ngx_queue_remove(&wait->queue);

    } else {
        ngx_hc_flight_gate_next(gate);
    }

    if (gate->going == 0 && ngx_queue_empty(&gate->waits)) {
        ngx_queue_remove(&gate->queue);
        ngx_free(gate);
    }
}

/*
 * Coalescing in nginx: leases in a zone, and waiting for one in any worker.
 *
 * Layer: ngx_hc_, stores.  Knows nginx core and events, never HTTP.
 *
 * Waiting.  A waiter embeds a ngx_hc_flight_wait_t (zeroed) in what lives as
 * long as it does.  Its lease comes from ngx_hc_flight_begin() = WAITER; he is
 * counted from then on, so ngx_hc_flight_wait() follows at once.  Each of these
 * calls handler() once, never from inside the call:
 *
 *   OFFER, PROGRESS   wait->view has grown; it waits on when it calls again
 *   DONE              ended, wait->view.outcome says how
 *   TIMEOUT           it waits no more
 *
 * A change that came between two calls is told by the second.  Whoever may
 * die, or wants no more, calls ngx_hc_flight_forget(), at any time and as often
 * as he likes: handler() is then not called, and a place in a gate is given up.
 *
 * Gate.  After DONE with REFUSED or FAILED those who waited need not all run
 * to the app at once: ngx_hc_flight_pass() lets `width` of a lease go in each
 * worker; the others' handler() is called with GO, one whenever one that went
 * says ngx_hc_flight_passed() or is forgotten.
 *
 * Waking.  Each worker has an eventfd.  They are made in the master, and kept
 * over reloads.  A worker that has waiters also looks by itself, every 50 ms:
 * for leases of those who died, and for wake-ups that died with them.
 */

#ifndef NGX_HC_FLIGHT_H_INCLUDED_
#define NGX_HC_FLIGHT_H_INCLUDED_


#include "../base/ngx_hc_base.h"
#include "hc_flight.h"

#include <ngx_event.h>


typedef struct ngx_hc_flight_s       ngx_hc_flight_t;
typedef struct ngx_hc_flight_gate_s  ngx_hc_flight_gate_t;


typedef enum {
    NGX_HC_FLIGHT_DONE = 0,
    NGX_HC_FLIGHT_OFFER,
    NGX_HC_FLIGHT_PROGRESS,
    NGX_HC_FLIGHT_GO,
    NGX_HC_FLIGHT_TIMEOUT
} ngx_hc_flight_why_e;


typedef void (*ngx_hc_flight_handler_pt)(void *owner, ngx_hc_flight_why_e why);


typedef struct {
    hc_flight_lease_t          lease;      /* set by the owner, as the */
    ngx_hc_flight_handler_pt   handler;    /* next two are */
    void                      *owner;
    hc_flight_view_t           view;       /* as it was told last */

    ngx_hc_flight_t           *flight;     /* private from here on */
    ngx_hc_flight_gate_t      *gate;
    ngx_queue_t                queue;
    ngx_event_t                event;      /* its timer; posted to wake it */
    unsigned                   state:3;
    unsigned                   joined:1;   /* counted as a waiter */
} ngx_hc_flight_wait_t;


/* While the configuration is read: the zone "hc_flights", one for all; NULL:
 * no memory. */

ngx_hc_flight_t *ngx_hc_flight_zone(ngx_conf_t *cf, void *tag);

/* From init_process and exit_process of any process; flight may be NULL.
 * Without a slot or an eventfd it works, but nobody or more slowly waits. */

ngx_int_t ngx_hc_flight_open(ngx_hc_flight_t *flight, ngx_cycle_t *cycle);
void ngx_hc_flight_close(ngx_hc_flight_t *flight, ngx_cycle_t *cycle);


/* As those of hc_flight.h, with this moment as now, and waking whom they
 * concern.  -1 and NONE likewise. */

hc_flight_id_t ngx_hc_flight_id(ngx_hc_flight_t *flight, hc_str_t key,
    hc_str_t variant, uint32_t cell);
hc_flight_rc_e ngx_hc_flight_begin(ngx_hc_flight_t *flight,
    const hc_flight_id_t *id, const hc_flight_options_t *o,
    hc_flight_lease_t *lease);
int ngx_hc_flight_is_refused(ngx_hc_flight_t *flight,
    const hc_flight_id_t *id);
void ngx_hc_flight_end(ngx_hc_flight_t *flight, const hc_flight_lease_t *lease,
    hc_flight_outcome_e outcome, ngx_msec_t remember);
int ngx_hc_flight_renew(ngx_hc_flight_t *flight,
    const hc_flight_lease_t *lease, ngx_msec_t deadline);
int ngx_hc_flight_offer(ngx_hc_flight_t *flight,
    const hc_flight_lease_t *lease, uint64_t item, uint64_t total);
int ngx_hc_flight_progress(ngx_hc_flight_t *flight,
    const hc_flight_lease_t *lease, uint64_t filled);
void ngx_hc_flight_peek(ngx_hc_flight_t *flight,
    const hc_flight_lease_t *lease, hc_flight_view_t *view);
uint32_t ngx_hc_flight_count(ngx_hc_flight_t *flight, uint32_t group,
    int delta);
void ngx_hc_flight_stats(ngx_hc_flight_t *flight, hc_flight_stats_t *stats);


void ngx_hc_flight_wait(ngx_hc_flight_t *flight, ngx_hc_flight_wait_t *wait,
    ngx_msec_t timeout);
void ngx_hc_flight_forget(ngx_hc_flight_wait_t *wait);

/* NGX_OK: go now; NGX_AGAIN: handler() will be called with GO, or TIMEOUT.
 * Without memory for a gate it is NGX_OK. */

ngx_int_t ngx_hc_flight_pass(ngx_hc_flight_wait_t *wait, ngx_uint_t width,
    ngx_msec_t timeout);
void ngx_hc_flight_passed(ngx_hc_flight_wait_t *wait);


#endif /* NGX_HC_FLIGHT_H_INCLUDED_ */

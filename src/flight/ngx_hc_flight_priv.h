/*
 * Inside of the waiting.
 *
 *   leases.parked[index] -> wait -> wait        PARKED on the lease's place
 *   ngx_posted_events    -> wait                WOKEN, or GOING just now
 *   gates[index] -> gate -> wait -> wait        QUEUED for their turn
 *
 * A wait is in one of these, by its state.
 */

#ifndef NGX_HC_FLIGHT_PRIV_H_INCLUDED_
#define NGX_HC_FLIGHT_PRIV_H_INCLUDED_


#include "ngx_hc_flight.h"


#define NGX_HC_FLIGHT_TICK   50          /* ms */
#define NGX_HC_FLIGHT_GATES  64          /* lists of them */


typedef enum {
    NGX_HC_FLIGHT_IDLE = 0,
    NGX_HC_FLIGHT_PARKED,
    NGX_HC_FLIGHT_WOKEN,
    NGX_HC_FLIGHT_QUEUED,
    NGX_HC_FLIGHT_GOING
} ngx_hc_flight_state_e;


/* The master's, shared by the cycles that use one zone; each process has those
 * that were there when it was forked, so none writes into anything else. */

typedef struct {
    ngx_uint_t                 cycles;
    int                        fd[HC_FLIGHT_WORKERS];    /* -1: none */
} ngx_hc_flight_fds_t;


struct ngx_hc_flight_gate_s {
    ngx_queue_t                queue;
    hc_flight_lease_t          lease;
    ngx_uint_t                 going;
    ngx_queue_t                waits;
};


struct ngx_hc_flight_s {
    hc_flight_t               *leases;
    ngx_hc_flight_fds_t       *fds;

    ngx_connection_t          *connection;   /* of this worker's eventfd */
    ngx_queue_t               *parked;
    ngx_uint_t                 nparked;
    ngx_queue_t                gates[NGX_HC_FLIGHT_GATES];
    ngx_event_t                tick;
};


/* eventfds */

ngx_hc_flight_fds_t *ngx_hc_flight_fds_create(ngx_log_t *log);
void ngx_hc_flight_fds_release(ngx_hc_flight_fds_t *fds);
void ngx_hc_flight_listen(ngx_hc_flight_t *flight, ngx_log_t *log);
void ngx_hc_flight_unlisten(ngx_hc_flight_t *flight);
void ngx_hc_flight_wake(ngx_hc_flight_t *flight, const hc_flight_mask_t *mask);

/* waits: looks at what is marked */

ngx_int_t ngx_hc_flight_waits_open(ngx_hc_flight_t *flight,
    ngx_cycle_t *cycle);
void ngx_hc_flight_look(ngx_hc_flight_t *flight);

/* gates: out of its gate, whether it waits there or went */

void ngx_hc_flight_gate_leave(ngx_hc_flight_wait_t *wait);


#endif /* NGX_HC_FLIGHT_PRIV_H_INCLUDED_ */

/*
 * Coalescing of requests: hc_cache_lock.
 *
 * Layer: ngx_http_hc_, the request layer's own.  The leases themselves and the
 * waiting for them are src/flight's.
 *
 * A request that would go to L2 or the app asks for the lease of its key
 * first.  Who gets it leads; it has to tell how that ended, at the latest in
 * its cleanup.  The others wait, and look again when they are told.
 */

#ifndef NGX_HTTP_HC_LEASE_H_INCLUDED_
#define NGX_HTTP_HC_LEASE_H_INCLUDED_


#include "ngx_http_hc_priv.h"
#include "../flight/ngx_hc_flight.h"


#define NGX_HTTP_HC_SURPLUS_STALE  0
#define NGX_HTTP_HC_SURPLUS_PASS   1
#define NGX_HTTP_HC_SURPLUS_503    2


typedef struct {
    ngx_flag_t   lock;
    ngx_msec_t   timeout;              /* ms */
    ngx_uint_t   waiters;              /* most of a key, in all workers */
    ngx_uint_t   surplus;              /* NGX_HTTP_HC_SURPLUS_* */
    size_t       stream_from;          /* bytes; 0: never */
} ngx_http_hc_lock_conf_t;


typedef struct ngx_http_hc_stream_s  ngx_http_hc_stream_t;


/* What a request has to do with leases; from its pool. */

typedef struct ngx_http_hc_lease_s {
    ngx_hc_flight_t        *flight;
    hc_flight_lease_t       lease;     /* if it leads */
    ngx_hc_flight_wait_t    wait;      /* if it waits, or went through a gate */
    ngx_http_hc_stream_t   *stream;    /* NULL: it reads no fill */
    ngx_msec_t              since;     /* when it began to wait */
    ngx_uint_t              rounds;    /* waits that brought nothing */

    unsigned                leads:1;
    unsigned                waited:1;
    unsigned                looked:1;  /* once more, for what just came */
    unsigned                alone:1;   /* asks without a lease from now on */
} ngx_http_hc_lease_t;


extern ngx_module_t  ngx_http_hc_lock_module;


static ngx_inline ngx_http_hc_lock_conf_t *
ngx_http_hc_lock_conf(ngx_http_request_t *r)
{
    return ngx_http_get_module_loc_conf(r, ngx_http_hc_lock_module);
}


/* Are answers to requests with a Cookie not shared, as was seen lately, and has
 * this one? */

ngx_uint_t ngx_http_hc_lease_known_cookie(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_http_hc_lease_t *l);

/* How it ended, for those who wait; the first word counts. */

void ngx_http_hc_lease_end(ngx_http_hc_ctx_t *ctx,
    hc_flight_outcome_e outcome);

/* The same, of an answer that was not stored. */

void ngx_http_hc_lease_refused(ngx_http_hc_ctx_t *ctx, hc_reason_e reason);

/* A commit ended so. */

void ngx_http_hc_lease_filled(ngx_http_hc_ctx_t *ctx, hc_reason_e reason);

ngx_uint_t ngx_http_hc_lease_brought(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);

/* From the request's cleanup. */

void ngx_http_hc_lease_close(ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_stream.c: when an offer was made. */

ngx_int_t ngx_http_hc_stream_join(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
void ngx_http_hc_stream_close(ngx_http_hc_stream_t *s);


#endif /* NGX_HTTP_HC_LEASE_H_INCLUDED_ */

/*
 * A request without a client: run as if the client of another one had asked
 * once more for the same target.  For background refreshes.
 *
 * Layer: ngx_http_hc_.
 *
 * It is a main request on a connection of its own, whose socket nobody is at
 * the other end of.  All that it takes from the other one is copied, so it
 * neither holds nor needs it.  It runs all phases, so `set`, rewrite,
 * try_files and captures act again; it is not logged, not counted by limit_req
 * and limit_conn and follows no error_page.  What it is answered goes no
 * further than the filters at the top of the chain (store_filter.c).
 *
 *     create()  ->  run()  ->  phases, filters  ->  done(), with its pool
 *                   posted                          exactly once
 */

#ifndef NGX_HTTP_HC_DETACHED_H_INCLUDED_
#define NGX_HTTP_HC_DETACHED_H_INCLUDED_


#include "ngx_http_hc.h"


/*
 * OK: an answer was stored.  DECLINED: there is none to be stored, since it
 * did not get to its place, under its key, or the answer is not storable; to
 * try again is of no use.  ERROR: the app failed.  The status is 0 if there
 * was no answer.  The request is on its end and must not be used.
 */

typedef void (*ngx_http_hc_detached_done_pt)(void *data, ngx_int_t rc,
    ngx_uint_t status);


typedef struct {
    ngx_http_connection_t         http;    /* its r->http_connection */
    ngx_connection_t             *connection;

    void                         *place;   /* hc_cache's configuration where
                                              it is to get; NULL: any */
    hc_l1_key_t                   key;     /* and under which key */

    ngx_http_hc_detached_done_pt  done;
    void                         *data;
    ngx_int_t                     rc;
    ngx_uint_t                    status;

    unsigned                      included:1;  /* it is like a subrequest */
} ngx_http_hc_detached_t;


/* Like `like`, which may be a subrequest, and by GET.  NULL: it cannot be made,
 * and done() will not be called.  Else it has to be run. */

ngx_http_request_t *ngx_http_hc_detached_create(ngx_http_request_t *like,
    ngx_http_hc_detached_done_pt done, void *data);

/* Never from inside the call. */

void ngx_http_hc_detached_run(ngx_http_request_t *r);

/* What done() will be told; nothing for other requests. */

void ngx_http_hc_detached_result(ngx_http_request_t *r, ngx_int_t rc);

/* ngx_http_hc_detached_conn.c: with the addresses and the TLS session of the
 * other one's, which the request's end drops.  close: there is no request. */

ngx_connection_t *ngx_http_hc_detached_open(ngx_http_request_t *like);
void ngx_http_hc_detached_drop_ssl(ngx_connection_t *c);
void ngx_http_hc_detached_close(ngx_connection_t *c);

/* ngx_http_hc_detached_copy.c: the request's fields and its target. */

ngx_int_t ngx_http_hc_detached_fields(ngx_http_request_t *r,
    ngx_http_request_t *like);
ngx_buf_t *ngx_http_hc_detached_line(ngx_pool_t *pool,
    ngx_http_request_t *like);
ngx_int_t ngx_http_hc_copy_str(ngx_pool_t *pool, ngx_str_t *to,
    ngx_str_t *from);

/* The mark of its connection; what is sent by it goes nowhere. */

ssize_t ngx_http_hc_detached_send(ngx_connection_t *c, u_char *buf,
    size_t size);


/* A subrequest of a detached request counts as one. */

static ngx_inline ngx_uint_t
ngx_http_hc_is_detached(ngx_http_request_t *r)
{
    return r->connection->send == ngx_http_hc_detached_send;
}


static ngx_inline ngx_http_hc_detached_t *
ngx_http_hc_detached_of(ngx_http_request_t *r)
{
    return (ngx_http_hc_detached_t *) r->main->http_connection;
}


/* A subrequest, or what is to be as one was: the target is its own. */

static ngx_inline ngx_uint_t
ngx_http_hc_is_included(ngx_http_request_t *r)
{
    return r != r->main
           || (ngx_http_hc_is_detached(r)
               && ngx_http_hc_detached_of(r)->included);
}


#endif /* NGX_HTTP_HC_DETACHED_H_INCLUDED_ */

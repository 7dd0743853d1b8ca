/*
 * Life of a request without a client: its beginning and its end.
 */

#include "ngx_http_hc_detached.h"


static ngx_http_request_t *ngx_http_hc_detached_begin(ngx_connection_t *c,
    ngx_http_request_t *like);
static ngx_int_t ngx_http_hc_detached_target(ngx_http_request_t *r);
static void ngx_http_hc_detached_settle(ngx_http_request_t *r,
    ngx_http_request_t *like);
static void ngx_http_hc_detached_handler(ngx_event_t *rev);
static void ngx_http_hc_detached_end(void *data);


ngx_http_request_t *
ngx_http_hc_detached_create(ngx_http_request_t *like,
    ngx_http_hc_detached_done_pt done, void *data)
{
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_hc_detached_t  *d;

    c = ngx_http_hc_detached_open(like);
    if (c == NULL) {
        return NULL;
    }

    r = ngx_http_hc_detached_begin(c, like);
    if (r == NULL) {
        ngx_http_hc_detached_close(c);
        return NULL;
    }

    ngx_http_hc_detached_settle(r, like);

    /* those who say no have ended it, as they do with a client's request */

    if (ngx_http_process_request_uri(r) != NGX_OK
        || ngx_http_hc_detached_fields(r, like) != NGX_OK)
    {
        return NULL;
    }

    d = ngx_http_hc_detached_of(r);

    d->done = done;
    d->data = data;

    return r;
}


/* NULL: there is a connection, and no request. */

static ngx_http_request_t *
ngx_http_hc_detached_begin(ngx_connection_t *c, ngx_http_request_t *like)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_request_t      *r;
    ngx_http_hc_detached_t  *d;

    c->buffer = ngx_http_hc_detached_line(c->pool, like);
    d = ngx_pcalloc(c->pool, sizeof(*d));

    if (c->buffer == NULL || d == NULL) {
        return NULL;
    }

    d->connection = c;
    d->rc = NGX_DECLINED;
    d->included = ngx_http_hc_is_included(like);

    d->http.addr_conf = like->main->http_connection->addr_conf;
    d->http.conf_ctx = like->main->http_connection->conf_ctx;
#if (NGX_HTTP_SSL)
    d->http.ssl = like->main->http_connection->ssl;
#endif

    c->data = &d->http;

    r = ngx_http_create_request(c);
    if (r == NULL) {
        return NULL;
    }

    r->logged = 1;
    c->data = r;

    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (cln == NULL || ngx_http_hc_detached_target(r) != NGX_OK) {
        ngx_http_free_request(r, 0);
        return NULL;
    }

    cln->handler = ngx_http_hc_detached_end;
    cln->data = d;

    return r;
}


static ngx_int_t
ngx_http_hc_detached_target(ngx_http_request_t *r)
{
    if (ngx_http_parse_request_line(r, r->header_in) != NGX_OK) {
        return NGX_ERROR;
    }

    r->request_line.data = r->request_start;
    r->request_line.len = r->request_end - r->request_start;
    r->request_length = r->header_in->pos - r->request_start;

    r->method_name.data = r->request_start;
    r->method_name.len = r->method_end - r->request_start + 1;

    return NGX_OK;
}


/* The server{} of the other one, and what it has passed already. */

static void
ngx_http_hc_detached_settle(ngx_http_request_t *r, ngx_http_request_t *like)
{
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(like, ngx_http_core_module);

    r->srv_conf = cscf->ctx->srv_conf;
    r->loc_conf = cscf->ctx->loc_conf;

    r->http_state = NGX_HTTP_PROCESS_REQUEST_STATE;
    r->headers_in.connection_type = NGX_HTTP_CONNECTION_CLOSE;

    r->internal = ngx_http_hc_is_included(like);
    r->error_page = 1;
    r->limit_req_status = 1;
    r->limit_conn_status = 1;
}


void
ngx_http_hc_detached_run(ngx_http_request_t *r)
{
    ngx_connection_t  *c = r->connection;

    c->read->handler = ngx_http_hc_detached_handler;

    ngx_post_event(c->read, &ngx_posted_events);
}


static void
ngx_http_hc_detached_handler(ngx_event_t *rev)
{
    ngx_connection_t  *c = rev->data;

    ngx_http_process_request(c->data);
    ngx_http_run_posted_requests(c);
}


void
ngx_http_hc_detached_result(ngx_http_request_t *r, ngx_int_t rc)
{
    if (r == r->main && ngx_http_hc_is_detached(r)) {
        ngx_http_hc_detached_of(r)->rc = rc;
    }
}


/* The first of the pool's cleanups, so the last to run.  nginx closes the
 * connection next and must find no TLS that it would shut down. */

static void
ngx_http_hc_detached_end(void *data)
{
    ngx_http_hc_detached_t  *d = data;

    ngx_http_hc_detached_drop_ssl(d->connection);

    if (d->done) {
        d->done(d->data, d->rc, d->status);
        d->done = NULL;
    }
}

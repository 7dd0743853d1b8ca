/*
 * Our hooks in a request's upstream.
 *
 *   process_header    knows the app's status before nginx decides what to do
 *                     with it: error_page steps back while a fallback will do
 *   finalize_request  the same for what nginx itself makes of a failure
 *   reinit_request    another server is tried: process_header was put back
 *
 * What ends without an answer of this location, or is led elsewhere, is told
 * those who wait for it.  And while an answer may be stored, the client's leaving does not end it.
 */

#include "ngx_http_hc_lease.h"


struct ngx_http_hc_upstream_s {
    ngx_http_upstream_t        *u;
    ngx_int_t  (*process_header)(ngx_http_request_t *r);
    ngx_int_t  (*reinit_request)(ngx_http_request_t *r);
    void       (*finalize_request)(ngx_http_request_t *r, ngx_int_t rc);

    ngx_http_event_handler_pt   read_event_handler;
    ngx_uint_t                  failure;     /* of what nginx itself saw */
    ngx_uint_t                  guard;       /* error_page was set by us */
    ngx_uint_t                  interim;     /* 1xx dropped */
};


static ngx_http_hc_ctx_t *ngx_http_hc_upstream_ctx(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_upstream_process_header(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_upstream_parse(ngx_http_request_t *r,
    struct ngx_http_hc_upstream_s *h);
static ngx_int_t ngx_http_hc_upstream_reinit_request(ngx_http_request_t *r);
static void ngx_http_hc_upstream_finalize_request(ngx_http_request_t *r,
    ngx_int_t rc);
static void ngx_http_hc_upstream_client_event(ngx_http_request_t *r);
static void ngx_http_hc_upstream_keep(ngx_http_request_t *r,
    struct ngx_http_hc_upstream_s *h);


ngx_int_t
ngx_http_hc_upstream_hook(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_http_upstream_t            *u = r->upstream;
    struct ngx_http_hc_upstream_s  *h;

    if (u == NULL || u->cleanup == NULL
        || u->process_header == ngx_http_hc_upstream_process_header)
    {
        return NGX_OK;                 /* ended, or another context's */
    }

    h = ngx_pcalloc(r->pool, sizeof(*h));
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->u = u;
    h->process_header = u->process_header;
    h->reinit_request = u->reinit_request;
    h->finalize_request = u->finalize_request;

    u->process_header = ngx_http_hc_upstream_process_header;
    u->reinit_request = ngx_http_hc_upstream_reinit_request;
    u->finalize_request = ngx_http_hc_upstream_finalize_request;

    ctx->upstream = h;

    if (ctx->may_store && !r->header_sent) {
        ngx_http_hc_upstream_keep(r, h);
    }

    return NGX_OK;
}


/*
 * nginx watches the client while it waits for the app, and gives up with it.
 * With proxy_ignore_client_abort it does not, and nothing is to be replaced.
 */

static void
ngx_http_hc_upstream_keep(ngx_http_request_t *r,
    struct ngx_http_hc_upstream_s *h)
{
    if (r->read_event_handler == ngx_http_block_reading) {
        return;
    }

    h->read_event_handler = r->read_event_handler;

    r->read_event_handler = ngx_http_hc_upstream_client_event;
    r->write_event_handler = ngx_http_request_empty_handler;
}


/* A stream that was taken back in the middle gets no more write events of its
 * own (RFC 9113, 5.4.2); one brings the body filter to see it. */

static void
ngx_http_hc_upstream_client_event(ngx_http_request_t *r)
{
    ngx_connection_t   *c = r->connection;
    ngx_http_hc_ctx_t  *ctx;

    ctx = ngx_http_hc_get_ctx(r);

    if (!c->error || ctx == NULL || ctx->fill == NULL) {
        ngx_http_block_reading(r);
        return;
    }

    ctx->client_gone = 1;
    ctx->swallow = 1;
    ngx_http_hc_upstream_client_gone(r);

    c->write->ready = 1;
    ngx_post_event(c->write, &ngx_posted_events);
}


/* Nothing will be stored after all: the client counts again. */

void
ngx_http_hc_upstream_release(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_connection_t               *c = r->connection;
    struct ngx_http_hc_upstream_s  *h = ctx->upstream;

    if (h == NULL || h->read_event_handler == NULL
        || r->read_event_handler != ngx_http_hc_upstream_client_event)
    {
        return;
    }

    r->read_event_handler = h->read_event_handler;
    h->read_event_handler = NULL;

    if (c->read->ready || c->read->pending_eof || c->error) {
        ngx_post_event(c->read, &ngx_posted_events);
    }
}


/* A redirect may have given the request another context while this upstream
 * still has its end before it. */

static ngx_http_hc_ctx_t *
ngx_http_hc_upstream_ctx(ngx_http_request_t *r)
{
    ngx_http_hc_ctx_t   *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);
    cln = r->pool->cleanup;

    while (ctx == NULL || ctx->upstream == NULL
           || ctx->upstream->u != r->upstream)
    {
        ctx = ngx_http_hc_next_ctx(r, &cln);
        ngx_hc_assert(ctx != NULL);
    }

    return ctx;
}


static ngx_int_t
ngx_http_hc_upstream_process_header(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    ngx_uint_t                      failure;
    ngx_http_hc_ctx_t              *ctx;
    ngx_http_upstream_t            *u = r->upstream;
    struct ngx_http_hc_upstream_s  *h;

    ctx = ngx_http_hc_upstream_ctx(r);
    h = ctx->upstream;

    rc = ngx_http_hc_upstream_parse(r, h);

    if (rc == NGX_HTTP_UPSTREAM_INVALID_HEADER) {
        h->failure = NGX_HTTP_HC_FAIL_INVALID_HEADER;

    } else if (rc == NGX_OK) {
        h->failure = 0;
        failure = ngx_http_hc_failure_status(u->headers_in.status_n);

        if (failure && !r->error_page
            && ngx_http_hc_fallback_covers(r, ctx, failure))
        {
            h->guard = 1;
            r->error_page = 1;
        }

        if (u->headers_in.x_accel_redirect) {
            ngx_http_hc_lease_refused(ctx, HC_REASON_STATUS);
        }
    }

    return rc;
}


static ngx_int_t
ngx_http_hc_upstream_parse(ngx_http_request_t *r,
    struct ngx_http_hc_upstream_s *h)
{
    ngx_int_t             rc;
    ngx_http_upstream_t  *u = r->upstream;

    do {
        rc = h->process_header(r);

        /* a parser hands over to the next one by itself */

        if (u->process_header != ngx_http_hc_upstream_process_header) {
            h->process_header = u->process_header;
            u->process_header = ngx_http_hc_upstream_process_header;
        }

        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_http_hc_interim_drop(r, &h->interim);

    } while (rc == NGX_AGAIN && u->buffer.pos != u->buffer.last);

    return rc;
}


static ngx_int_t
ngx_http_hc_upstream_reinit_request(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    ngx_http_hc_ctx_t              *ctx;
    ngx_http_upstream_t            *u = r->upstream;
    struct ngx_http_hc_upstream_s  *h;

    ctx = ngx_http_hc_upstream_ctx(r);
    h = ctx->upstream;

    if (h->guard) {
        h->guard = 0;
        r->error_page = 0;
    }

    rc = h->reinit_request(r);

    h->process_header = u->process_header;
    u->process_header = ngx_http_hc_upstream_process_header;

    return rc;
}


static void
ngx_http_hc_upstream_finalize_request(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_hc_ctx_t              *ctx;
    struct ngx_http_hc_upstream_s  *h;

    ctx = ngx_http_hc_upstream_ctx(r);
    h = ctx->upstream;

    if (rc >= NGX_HTTP_INTERNAL_SERVER_ERROR && !r->header_sent) {

        if (rc == NGX_HTTP_GATEWAY_TIME_OUT) {
            h->failure = NGX_HTTP_HC_FAIL_TIMEOUT;

        } else if (h->failure == 0) {
            h->failure = NGX_HTTP_HC_FAIL_ERROR;
        }

        if (ngx_http_hc_fallback_covers(r, ctx, ngx_http_hc_failure(r, ctx))) {
            r->error_page = 1;
        }

    }

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE && !r->header_sent) {
        ngx_http_hc_lease_end(ctx, rc >= NGX_HTTP_INTERNAL_SERVER_ERROR
                                   ? HC_FLIGHT_FAILED : HC_FLIGHT_REFUSED);
    }

    ngx_http_hc_fill_ended(ctx);

    h->finalize_request(r, rc);
}


/*
 * How the app failed, if it did: its own status, or what nginx saw when there
 * was none.  Called with the status of the answer set, or from the hook above.
 */

ngx_uint_t
ngx_http_hc_failure(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_uint_t            status;
    ngx_http_upstream_t  *u = r->upstream;

    if (u && ctx->upstream && ctx->upstream->failure) {
        status = u->headers_in.status_n;

        /* an intercepted status ends here as well */

        if (ctx->upstream->failure == NGX_HTTP_HC_FAIL_ERROR
            && ngx_http_hc_failure_status(status))
        {
            return ngx_http_hc_failure_status(status);
        }

        return ctx->upstream->failure;
    }

    status = r->headers_out.status;

    if (u && u->headers_in.status_n != status) {

        /* failed before there was a header, or hooks for one */

        if (status == NGX_HTTP_GATEWAY_TIME_OUT) {
            return NGX_HTTP_HC_FAIL_TIMEOUT;
        }

        if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
            return NGX_HTTP_HC_FAIL_ERROR;
        }
    }

    return ngx_http_hc_failure_status(status);
}


/* What is answered is nginx's own word for a failure, not the app's. */

ngx_uint_t
ngx_http_hc_upstream_silent(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    return ctx->upstream && ctx->upstream->u == r->upstream
           && r->upstream->headers_in.status_n != r->headers_out.status;
}


/* Did the body end by its framing, not by the end of the connection? */

ngx_uint_t
ngx_http_hc_upstream_done(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_http_upstream_t  *u = r->upstream;

    if (ctx->upstream == NULL || ctx->upstream->u != u) {
        return 1;                      /* not an upstream's, or not any more */
    }

    if (!u->header_sent) {
        return 0;
    }

    if (!u->buffering) {
        return u->length == 0;
    }

    return u->pipe->upstream_done || u->pipe->length == 0;
}


/*
 * Did it end by the connection's end, where that is how the protocol says so,
 * and without an error?  FastCGI and gRPC have ends of their own, which did not
 * come.  Unbuffered, a last buffer comes of nothing else.
 */

ngx_uint_t
ngx_http_hc_upstream_closed(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u = r->upstream;

    static ngx_str_t  modules[] = {
        ngx_string("proxy"),
        ngx_string("scgi"),
        ngx_string("uwsgi"),
        ngx_null_string
    };

    if (u == NULL || !ngx_hc_name_in(&u->conf->module, modules)) {
        return 0;
    }

    if (!u->buffering) {
        return u->length == -1;
    }

    return u->pipe->length == -1
           && u->pipe->upstream_eof && !u->pipe->upstream_error;
}


/* Buffers on their way to a client that left count as sent, so that the pipe
 * reads on. */

void
ngx_http_hc_upstream_client_gone(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u = r->upstream;

    if (u == NULL) {
        return;
    }

    ngx_hc_chain_consume(u->busy_bufs);

    if (u->buffering && u->pipe) {
        ngx_hc_chain_consume(u->pipe->busy);
    }
}

/*
 * State STREAM: a waiter is given a large answer while it is still filled in.
 *
 *   offer --> header, what is there --> told: more --> ... --> the end
 *                     |                                 |
 *                     +---- the client reads slowly ----+
 *
 * The reader is told of progress at any time and sends what is there when its
 * client has taken what it was sent: a slow client delays itself alone.  A fill
 * that ends before its body does ends the connection, so that the client sees
 * that it has not got all.
 *
 * One pin serves all readers of a fill in this worker.
 */

#include "ngx_http_hc_lease.h"
#include "../l1/hc_l1_hold.h"


/* Its leader ends it, or dies, which is seen; the time is for neither. */

#define NGX_HTTP_HC_STREAM_TIME  (24 * 3600 * 1000)    /* ms */


typedef struct ngx_http_hc_source_s  ngx_http_hc_source_t;

struct ngx_http_hc_source_s {
    ngx_http_hc_source_t  *next;
    hc_l1_t               *l1;
    hc_flight_lease_t      lease;
    hc_l1_ref_t            ref;
    ngx_uint_t             readers;
};


struct ngx_http_hc_stream_s {
    ngx_http_hc_source_t  *source;
    ngx_buf_t             *buf;
    size_t                 filled;     /* bytes that are there */
    size_t                 sent;       /* handed to the filters */
    unsigned               ended:1;    /* no more will come */
};


static ngx_uint_t ngx_http_hc_stream_suits(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static ngx_http_hc_source_t *ngx_http_hc_source_get(ngx_http_hc_ctx_t *ctx);
static ngx_http_hc_source_t *ngx_http_hc_source_open(ngx_http_hc_ctx_t *ctx);
static void ngx_http_hc_source_release(ngx_http_hc_source_t *source);
static ngx_int_t ngx_http_hc_stream_handler(ngx_http_request_t *r);
static void ngx_http_hc_stream_told(void *owner, ngx_hc_flight_why_e why);
static void ngx_http_hc_stream_writer(ngx_http_request_t *r);
static void ngx_http_hc_stream_go(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_stream_send(ngx_http_request_t *r,
    ngx_http_hc_stream_t *s);
static void ngx_http_hc_stream_pause(ngx_http_request_t *r);


static ngx_http_hc_source_t  *ngx_http_hc_sources;


static ngx_inline ngx_uint_t
ngx_http_hc_stream_buffered(ngx_http_request_t *r)
{
    return r->buffered || r->connection->buffered || r->postponed;
}


/* OK: the fill that was offered is this request's answer.  DECLINED: it waits
 * for the end. */

ngx_int_t
ngx_http_hc_stream_join(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_entry_t            *e;
    ngx_http_hc_lease_t   *l = ctx->lease;
    ngx_http_hc_stream_t  *s;

    s = ngx_pcalloc(r->pool, sizeof(*s));
    if (s == NULL) {
        return NGX_DECLINED;
    }

    s->source = ngx_http_hc_source_get(ctx);
    if (s->source == NULL) {
        return NGX_DECLINED;
    }

    e = &s->source->ref.entry;

    if (e->body.len != l->wait.view.total
        || !ngx_http_hc_stream_suits(r, ctx, e))
    {
        ngx_http_hc_source_release(s->source);
        return NGX_DECLINED;
    }

    s->filled = l->wait.view.filled;
    l->stream = s;
    l->wait.handler = ngx_http_hc_stream_told;

    ctx->state = NGX_HTTP_HC_STREAM;
    ctx->coalesced = 1;
    ctx->entry = e;
    ctx->age = (int64_t) (ngx_current_msec - e->core.born_at);
    ctx->ttl = (int64_t) e->core.lifetime - ctx->age;
    ctx->tier = NGX_HTTP_HC_TIER_L1;
    ctx->status = NGX_HTTP_HC_STATUS_HIT;

    return NGX_OK;
}


/* What is fit for a part of the body, or for none of it, is made of a whole
 * one.  What came before a write is not for who asks after it. */

static ngx_uint_t
ngx_http_hc_stream_suits(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    hc_entry_t *e)
{
    int64_t  age;

    if (r != r->main
        || r->headers_in.range
        || r->headers_in.if_match
        || r->headers_in.if_none_match
        || r->headers_in.if_modified_since
        || r->headers_in.if_unmodified_since)
    {
        return 0;
    }

    age = (int64_t) (ngx_current_msec - e->core.born_at);

    return hc_tags_current(ngx_http_hc_versions(r), e->tags, e->core.ntags)
           && ngx_http_hc_usable(r, ctx, e)
           && (ctx->client == NULL
               || ngx_http_hc_client_takes(ctx, e, age,
                                           (int64_t) e->core.lifetime - age)
                  != HC_CLIENT_REVALIDATE);
}


static ngx_http_hc_source_t *
ngx_http_hc_source_get(ngx_http_hc_ctx_t *ctx)
{
    hc_flight_lease_t     *lease = &ctx->lease->lease;
    ngx_http_hc_source_t  *source;

    for (source = ngx_http_hc_sources; source; source = source->next) {
        if (source->lease.index == lease->index
            && source->lease.generation == lease->generation
            && source->l1 == ctx->conf->zone->l1)
        {
            source->readers++;
            return source;
        }
    }

    return ngx_http_hc_source_open(ctx);
}


/* The place may hold another fill by now, unless the lease still lives when it
 * is pinned. */

static ngx_http_hc_source_t *
ngx_http_hc_source_open(ngx_http_hc_ctx_t *ctx)
{
    hc_flight_view_t       view;
    ngx_http_hc_lease_t   *l = ctx->lease;
    ngx_http_hc_source_t  *source;

    source = ngx_calloc(sizeof(*source), ctx->request->connection->log);
    if (source == NULL) {
        return NULL;
    }

    source->l1 = ctx->conf->zone->l1;
    source->lease = l->lease;

    if (hc_l1_attach(source->l1, l->wait.view.item, &ctx->key, &source->ref)
        != HC_L1_OK)
    {
        ngx_free(source);
        return NULL;
    }

    ngx_hc_flight_peek(l->flight, &l->lease, &view);

    if (view.ended) {
        hc_l1_unpin(source->l1, &source->ref);
        ngx_free(source);
        return NULL;
    }

    source->readers = 1;
    source->next = ngx_http_hc_sources;
    ngx_http_hc_sources = source;

    return source;
}


static void
ngx_http_hc_source_release(ngx_http_hc_source_t *source)
{
    ngx_http_hc_source_t  **p;

    if (--source->readers) {
        return;
    }

    for (p = &ngx_http_hc_sources; *p != source; p = &(*p)->next) {
        /* void */
    }

    *p = source->next;

    hc_l1_unpin(source->l1, &source->ref);
    ngx_free(source);
}


/* From the request's cleanup. */

void
ngx_http_hc_stream_close(ngx_http_hc_stream_t *s)
{
    ngx_http_hc_source_release(s->source);
}


ngx_int_t
ngx_http_hc_stream(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ctx->state = NGX_HTTP_HC_DONE;
    r->content_handler = ngx_http_hc_stream_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_stream_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_http_hc_ctx_t    *ctx;
    ngx_http_hc_lease_t  *l;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);
    l = ctx->lease;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_hc_entry_header(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_hc_flight_forget(&l->wait);
        return rc;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_hc_stream_writer;
    r->main->count++;

    ngx_hc_flight_wait(l->flight, &l->wait, NGX_HTTP_HC_STREAM_TIME);
    ngx_http_hc_stream_go(r, ctx);

    return NGX_DONE;
}


/* At any time, also while the client is slow: how a fill ended is not known
 * for ever. */

static void
ngx_http_hc_stream_told(void *owner, ngx_hc_flight_why_e why)
{
    ngx_http_hc_ctx_t     *ctx = owner;
    ngx_connection_t      *c = ctx->request->connection;
    ngx_http_hc_lease_t   *l = ctx->lease;
    ngx_http_hc_stream_t  *s = l->stream;

    ngx_http_set_log_request(c->log, ctx->request);

    s->ended = (why == NGX_HC_FLIGHT_DONE || why == NGX_HC_FLIGHT_TIMEOUT);
    s->filled = ngx_max(s->filled, l->wait.view.filled);

    if (why == NGX_HC_FLIGHT_DONE
        && l->wait.view.outcome == HC_FLIGHT_STORED)
    {
        s->filled = ctx->entry->body.len;
    }

    if (!s->ended) {
        ngx_hc_flight_wait(l->flight, &l->wait, NGX_HTTP_HC_STREAM_TIME);
    }

    if (!ngx_http_hc_stream_buffered(ctx->request)) {
        ngx_http_hc_stream_go(ctx->request, ctx);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_hc_stream_writer(ngx_http_request_t *r)
{
    ngx_event_t        *wev = r->connection->write;
    ngx_http_hc_ctx_t  *ctx;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        r->connection->timedout = 1;

        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (!ngx_http_hc_stream_buffered(r)) {
        return;
    }

    if (!wev->delayed && ngx_http_output_filter(r, NULL) == NGX_ERROR) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    ngx_http_hc_stream_go(r, ctx);
}


/* Once the filters have all of it, nginx's own writer sees to the rest. */

static void
ngx_http_hc_stream_go(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_int_t              rc = NGX_OK;
    ngx_http_hc_lease_t   *l = ctx->lease;
    ngx_http_hc_stream_t  *s = l->stream;

    if (!ngx_http_hc_stream_buffered(r) && s->sent < s->filled) {
        rc = ngx_http_hc_stream_send(r, s);
    }

    if (rc == NGX_ERROR || s->sent == ctx->entry->body.len) {
        ngx_hc_flight_forget(&l->wait);
        ngx_http_finalize_request(r, rc);
        return;
    }

    if (s->ended && !ngx_http_hc_stream_buffered(r)) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "hc: the answer this request shared was cut");

        ctx->reason = HC_REASON_INCOMPLETE;
        r->connection->error = 1;

        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    ngx_http_hc_stream_pause(r);
}


static ngx_int_t
ngx_http_hc_stream_send(ngx_http_request_t *r, ngx_http_hc_stream_t *s)
{
    hc_str_t      body = s->source->ref.entry.body;
    ngx_buf_t    *b = s->buf;
    ngx_chain_t   out;

    if (b == NULL || b->pos != b->last) {
        b = ngx_alloc_buf(r->pool);
        if (b == NULL) {
            return NGX_ERROR;
        }

        s->buf = b;
    }

    ngx_memzero(b, sizeof(*b));

    b->start = (u_char *) body.data;
    b->end = b->start + body.len;
    b->pos = b->start + s->sent;
    b->last = b->start + s->filled;
    b->memory = 1;
    b->last_buf = (s->filled == body.len);
    b->last_in_chain = b->last_buf;
    b->flush = !b->last_buf;

    out.buf = b;
    out.next = NULL;

    s->sent = s->filled;

    return ngx_http_output_filter(r, &out);
}


/* Until the client has taken more, or more is there. */

static void
ngx_http_hc_stream_pause(ngx_http_request_t *r)
{
    ngx_event_t               *wev = r->connection->write;
    ngx_http_core_loc_conf_t  *clcf;

    if (wev->delayed) {
        return;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (ngx_http_hc_stream_buffered(r)) {
        ngx_add_timer(wev, clcf->send_timeout);

    } else if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}

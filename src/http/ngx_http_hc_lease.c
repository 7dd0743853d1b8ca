/*
 * States LEASE and WAIT: who asks, and who waits for what that brings.
 *
 * A waiter is told how it ended and looks in L1 again.  An answer that may not
 * be shared sends all who wait on their way, a few at a time.
 */

#include "ngx_http_hc_lease.h"


/* Requests of one key that may be on their way to the app at once, in each
 * worker, after the one they waited for brought nothing to share. */

#define NGX_HTTP_HC_GATE_WIDTH   32

/* Times that another request may have brought nothing, with none to share its
 * fate next time; then each goes its own way. */

#define NGX_HTTP_HC_ROUNDS_MAX   4


static ngx_http_hc_lease_t *ngx_http_hc_lease(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_lease_begin(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_http_hc_lease_t *l);
static ngx_int_t ngx_http_hc_lease_updating(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_lease_wait(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_http_hc_lease_t *l);
static ngx_int_t ngx_http_hc_lease_surplus(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_go_on(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_lease_watch(ngx_http_request_t *r);
static void ngx_http_hc_lease_told(void *owner, ngx_hc_flight_why_e why);
static void ngx_http_hc_lease_done(ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_lease_t *l);
static void ngx_http_hc_lease_late(ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_lease_t *l);
static void ngx_http_hc_lease_queue(ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_lease_t *l);
static void ngx_http_hc_lease_alone(ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_lease_t *l, hc_reason_e reason);
static ngx_uint_t ngx_http_hc_is_personal(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_retry_after(ngx_http_request_t *r);


/* Only who would store what it gets takes part, and a HEAD, which only waits:
 * those with credentials of their own have mostly nothing to give or get. */

ngx_int_t
ngx_http_hc_take_lease(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_http_hc_lease_t  *l;

    if (!ngx_http_hc_lock_conf(r)->lock
        || !(ctx->may_store || r->method == NGX_HTTP_HEAD)
        || ctx->conf->l1_ttl == 0      /* L2 is sooner asked than waited for */
        || ctx->bypass
        || ctx->only_stored
        || r->headers_in.authorization
        || (r == r->main && ngx_http_hc_is_detached(r)))
    {
        return ngx_http_hc_go_on(r, ctx);
    }

    l = ngx_http_hc_lease(r, ctx);

    if (l == NULL || l->alone || l->leads
        || ngx_http_hc_lease_known_cookie(r, ctx, l))
    {
        return ngx_http_hc_go_on(r, ctx);
    }

    return ngx_http_hc_lease_begin(r, ctx, l);
}


static ngx_http_hc_lease_t *
ngx_http_hc_lease(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_http_hc_lease_t  *l = ctx->lease;

    if (l == NULL) {
        l = ngx_pcalloc(r->pool, sizeof(*l));
        if (l == NULL) {
            return NULL;
        }

        l->flight = ngx_http_hc_flight(r);
        ctx->lease = l;
    }

    return l->flight ? l : NULL;
}


static ngx_int_t
ngx_http_hc_lease_begin(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_lease_t *l)
{
    hc_flight_id_t            id;
    hc_flight_options_t       o;
    ngx_http_hc_lock_conf_t  *conf = ngx_http_hc_lock_conf(r);

    ngx_memzero(&o, sizeof(o));

    o.deadline_ms = conf->timeout;
    o.max_waiters = (uint32_t) conf->waiters;
    o.refresh = ctx->may_give;         /* then nobody waits */
    o.looked = l->looked;

    id = ngx_hc_flight_id(l->flight, ctx->key.key, ctx->key.variant,
                          ctx->conf->zone->cell);

    switch (ngx_hc_flight_begin(l->flight, &id, &o, &l->lease)) {

    case HC_FLIGHT_LEADER:
        l->leads = 1;
        ctx->coalesced = 0;

        if (!ctx->may_store) {
            ngx_http_hc_lease_end(ctx, HC_FLIGHT_GONE);
        }

        return ngx_http_hc_go_on(r, ctx);

    case HC_FLIGHT_WAITER:
        return ngx_http_hc_lease_wait(r, ctx, l);

    case HC_FLIGHT_FULL:
        return ngx_http_hc_lease_surplus(r, ctx);

    case HC_FLIGHT_BUSY:
    case HC_FLIGHT_BACKOFF:
        return ngx_http_hc_lease_updating(r, ctx);

    case HC_FLIGHT_AGAIN:
        l->looked = 1;
        ngx_http_hc_let_go(ctx);
        ctx->state = NGX_HTTP_HC_LOOKUP;
        return NGX_HTTP_HC_NEXT;

    default:
        return ngx_http_hc_go_on(r, ctx);
    }
}


/* Another request asks, or one has failed lately; what is held will do. */

static ngx_int_t
ngx_http_hc_lease_updating(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    if (ngx_http_hc_lookup_given(r, ctx) != NGX_OK) {
        return ngx_http_hc_go_on(r, ctx);
    }

    ctx->state = NGX_HTTP_HC_DELIVER;

    return NGX_HTTP_HC_NEXT;
}


/* Nothing stays pinned for those who wait: they look again. */

static ngx_int_t
ngx_http_hc_lease_wait(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_lease_t *l)
{
    ngx_msec_t                waited;
    ngx_http_hc_lock_conf_t  *conf = ngx_http_hc_lock_conf(r);

    ngx_http_hc_let_go(ctx);

    if (!l->waited) {
        l->waited = 1;
        l->since = ngx_current_msec;
    }

    waited = ngx_current_msec - l->since;

    l->wait.lease = l->lease;
    l->wait.handler = ngx_http_hc_lease_told;
    l->wait.owner = ctx;

    ctx->state = NGX_HTTP_HC_WAIT;

    ngx_hc_flight_wait(l->flight, &l->wait,
                       waited < conf->timeout ? conf->timeout - waited : 1);

    return ngx_http_hc_lease_watch(r) == NGX_OK
           ? NGX_AGAIN : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* A client that leaves waits no more. */

static ngx_int_t
ngx_http_hc_lease_watch(ngx_http_request_t *r)
{
    ngx_connection_t  *c = r->connection;

    if (r != r->main) {
        return NGX_OK;
    }

    r->read_event_handler = ngx_http_test_reading;

    if (c->read->pending_eof) {
        ngx_post_event(c->read, &ngx_posted_events);
    }

    return ngx_handle_read_event(c->read, 0);
}


/* Woken by anybody but the lease, it waits on. */

ngx_int_t
ngx_http_hc_wait(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    return NGX_AGAIN;
}


/*
 * More wait than may.  A 503 is one the fallback knows as any other, so that
 * "stale" gives what is held, or a file, before it is an error.
 */

static ngx_int_t
ngx_http_hc_lease_surplus(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_uint_t  surplus = ngx_http_hc_lock_conf(r)->surplus;

    ctx->reason = HC_REASON_WAITERS;

    if (surplus == NGX_HTTP_HC_SURPLUS_PASS) {
        return ngx_http_hc_go_on(r, ctx);
    }

    ngx_http_hc_let_go(ctx);

    ctx->state = NGX_HTTP_HC_DONE;
    ctx->may_store = 0;

    if (surplus == NGX_HTTP_HC_SURPLUS_STALE) {

        if (ngx_http_hc_lookup_stale(r, ctx) == NGX_OK) {
            ctx->state = NGX_HTTP_HC_DELIVER;
            return NGX_HTTP_HC_NEXT;
        }

        ctx->state = NGX_HTTP_HC_ORIGIN;
        r->error_page |= ngx_http_hc_fallback_covers(r, ctx,
                                                     NGX_HTTP_HC_FAIL_503);
    }

    if (ngx_http_hc_retry_after(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_SERVICE_UNAVAILABLE;
}


static ngx_int_t
ngx_http_hc_retry_after(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Retry-After");
    ngx_str_set(&h->value, "1");
    h->lowcase_key = NULL;
    ngx_hc_header_single(h);

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_go_on(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    if (ctx->stored == NULL) {
        ngx_http_hc_let_go(ctx);
    }

    ctx->state = ctx->conf->l2 ? NGX_HTTP_HC_L2 : NGX_HTTP_HC_ORIGIN;

    return NGX_HTTP_HC_NEXT;
}


static void
ngx_http_hc_lease_told(void *owner, ngx_hc_flight_why_e why)
{
    ngx_http_hc_ctx_t    *ctx = owner;
    ngx_http_request_t   *r = ctx->request;
    ngx_http_hc_lease_t  *l = ctx->lease;

    l->looked = 0;
    ctx->state = NGX_HTTP_HC_LOOKUP;

    switch (why) {

    case NGX_HC_FLIGHT_DONE:
        ngx_http_hc_lease_done(ctx, l);
        break;

    case NGX_HC_FLIGHT_TIMEOUT:
        ngx_http_hc_lease_late(ctx, l);
        break;

    case NGX_HC_FLIGHT_OFFER:
        if (ngx_http_hc_stream_join(ctx->request, ctx) == NGX_OK) {
            break;
        }

        /* fall through */

    case NGX_HC_FLIGHT_PROGRESS:
        (void) ngx_http_hc_lease_wait(ctx->request, ctx, l);
        break;

    default:
        l->alone = 1;
        break;
    }

    if (ctx->state == NGX_HTTP_HC_WAIT) {
        return;
    }

    if (r->read_event_handler == ngx_http_test_reading) {
        r->read_event_handler = ngx_http_block_reading;
    }

    ngx_http_hc_resume(r);
}


static void
ngx_http_hc_lease_done(ngx_http_hc_ctx_t *ctx, ngx_http_hc_lease_t *l)
{
    switch (l->wait.view.outcome) {

    case HC_FLIGHT_STORED:
        ctx->coalesced = 1;
        break;

    case HC_FLIGHT_GONE:
        if (ngx_http_hc_is_personal(ctx->request)) {
            l->alone = 1;
        }
        break;

    case HC_FLIGHT_FAILED:
        if (ctx->expired) {
            ngx_http_hc_lease_alone(ctx, l, HC_REASON_NONE);
        }

        /* fall through */

    default:
        l->alone = 1;
    }

    if (l->rounds++ == NGX_HTTP_HC_ROUNDS_MAX) {
        l->alone = 1;
    }

    if (l->alone && ctx->state == NGX_HTTP_HC_LOOKUP) {
        ngx_http_hc_lease_queue(ctx, l);
    }
}


/* All who wait began at about the same time: a few at a time go on, too, but
 * none waits a third time. */

static void
ngx_http_hc_lease_late(ngx_http_hc_ctx_t *ctx, ngx_http_hc_lease_t *l)
{
    if (l->alone) {
        return;
    }

    ngx_http_hc_lease_alone(ctx, l, HC_REASON_LOCK_TIMEOUT);

    if (ctx->state == NGX_HTTP_HC_LOOKUP) {
        ngx_http_hc_lease_queue(ctx, l);
    }
}


static void
ngx_http_hc_lease_queue(ngx_http_hc_ctx_t *ctx, ngx_http_hc_lease_t *l)
{
    ngx_http_hc_lock_conf_t  *conf = ngx_http_hc_lock_conf(ctx->request);

    if (ngx_hc_flight_pass(&l->wait, NGX_HTTP_HC_GATE_WIDTH, conf->timeout)
        == NGX_AGAIN)
    {
        ctx->state = NGX_HTTP_HC_WAIT;
    }
}


/* The wait has not led to an answer: what is held, if the operator lets it be
 * given for a failure, else the way to the app without a lease. */

static void
ngx_http_hc_lease_alone(ngx_http_hc_ctx_t *ctx, ngx_http_hc_lease_t *l,
    hc_reason_e reason)
{
    l->alone = 1;
    ctx->reason = reason;

    if ((ctx->conf->use_stale
         & (NGX_HTTP_HC_FAIL_TIMEOUT|NGX_HTTP_HC_FAIL_UPDATING))
        && ngx_http_hc_lookup_stale(ctx->request, ctx) == NGX_OK)
    {
        ctx->state = NGX_HTTP_HC_DELIVER;
    }
}


static ngx_uint_t
ngx_http_hc_is_personal(ngx_http_request_t *r)
{
    return r->headers_in.authorization || ngx_hc_has_cookie(r);
}

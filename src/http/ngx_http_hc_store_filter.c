/*
 * The filters at the top of the chain: they see the app's whole answer before
 * range, not-modified and gzip filters do.
 *
 * Header: a failure is replaced by a fallback, a storable answer begins a
 * fill.  Body: the fill is fed and committed.  A client that has its answer
 * already (a 304, a fallback), or has left, gets nothing more; what still
 * comes for it is swallowed here.  For a request without a client the chain
 * ends here.
 */

#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_refresh.h"
#include "ngx_http_hc_handlers.h"


static ngx_int_t ngx_http_hc_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_send_header(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_begin_fill(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static void ngx_http_hc_fill_validators(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_after_header(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_int_t rc);
static ngx_int_t ngx_http_hc_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_http_hc_feed(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_chain_t *in);
static ngx_uint_t ngx_http_hc_is_last(ngx_http_request_t *r, ngx_chain_t *in);
static ngx_int_t ngx_http_hc_swallow(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_chain_t *in);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/*
 * Where a request without a client ends.  A subrequest whose answer somebody
 * reads goes on as ever.
 */

static ngx_inline ngx_uint_t
ngx_http_hc_ends_here(ngx_http_request_t *r)
{
    return ngx_http_hc_is_detached(r) && !r->subrequest_in_memory;
}


static ngx_int_t
ngx_http_hc_next_header(ngx_http_request_t *r)
{
    ngx_http_hc_ctx_t  *ctx;

    if (!ngx_http_hc_ends_here(r)) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    r->header_sent = 1;
    r->header_only = (ctx == NULL || ctx->fill == NULL);

    ngx_http_hc_refresh_header(r, ctx);

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_next_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_hc_ctx_t  *ctx;

    if (!ngx_http_hc_ends_here(r)) {
        return ngx_http_next_body_filter(r, in);
    }

    ngx_hc_chain_consume(in);

    if (r->postponed) {
        return ngx_http_next_body_filter(r, NULL);    /* their turn */
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    /* a fill that was begun and given up: nobody wants the rest */

    return ctx && ctx->fill == NULL && !r->header_only ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_hc_header_filter(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    ngx_uint_t          failure;
    ngx_http_hc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    if (ctx == NULL) {
        return ngx_http_hc_next_header(r);
    }

    if (ctx->state != NGX_HTTP_HC_ORIGIN) {
        return ngx_http_hc_send_header(r);
    }

    failure = ngx_http_hc_failure(r, ctx);

    if (failure) {
        ngx_http_hc_lease_end(ctx, HC_FLIGHT_FAILED);
    }

    if (failure && ngx_http_hc_is_detached(r)) {

        /* what would be given in its place stays */

        ctx->may_store &= !(ctx->conf->use_stale & failure);

    } else if (failure) {
        rc = ngx_http_hc_fallback(r, ctx, failure, ngx_http_hc_send_header,
                                  ngx_http_hc_next_body);
        if (rc != NGX_DECLINED) {
            ngx_http_hc_upstream_release(r, ctx);
            return rc;
        }
    }

    if (ctx->stored && r->headers_out.status == NGX_HTTP_NOT_MODIFIED) {
        return ngx_http_hc_revalidated(r, ctx, ngx_http_hc_send_header,
                                       ngx_http_hc_next_body);
    }

    ngx_http_hc_let_go(ctx);

    ctx->state = NGX_HTTP_HC_DONE;

    if (ctx->may_store && ngx_http_hc_upstream_silent(r, ctx)) {
        ctx->may_store = 0;
        ctx->reason = HC_REASON_STATUS;
    }

    if (!ctx->may_store) {
        ngx_http_hc_lease_refused(ctx, ctx->reason);
        ngx_http_hc_upstream_release(r, ctx);
        return ngx_http_hc_send_header(r);
    }

    rc = ngx_http_hc_begin_fill(r, ctx);

    ngx_http_hc_fill_validators(r);

    if (rc != NGX_OK) {
        ngx_http_hc_upstream_release(r, ctx);
        return ngx_http_hc_send_header(r);
    }

    return ngx_http_hc_after_header(r, ctx, ngx_http_hc_send_header(r));
}


static ngx_int_t
ngx_http_hc_send_header(ngx_http_request_t *r)
{
    ngx_http_hc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    if (ngx_http_hc_status_header(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_hc_next_header(r);
}


static ngx_int_t
ngx_http_hc_begin_fill(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_reason_e          reason;
    ngx_http_hc_fill_t  *fill;

    fill = ngx_http_hc_fill_create(r, ctx);

    reason = fill ? ngx_http_hc_fill_header(fill) : HC_REASON_NO_MEMORY;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "hc http verdict: \"%s\"", hc_reason_text(reason));

    if (reason != HC_REASON_NONE) {
        ctx->reason = reason;
        ngx_http_hc_lease_refused(ctx, reason);

        return NGX_DECLINED;
    }

    ctx->fill = fill;

    return NGX_OK;
}


/*
 * The app was not shown the client's conditionals and Range, stored or not:
 * the filters below answer them, which upstream switches off for answers it
 * does not cache.
 */

static void
ngx_http_hc_fill_validators(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h = r->headers_out.last_modified;

    r->disable_not_modified = 0;

    ngx_http_hc_preconditions(r);

    /* several ranges want the body in one buffer */

    if (r->headers_out.status == NGX_HTTP_OK && !r->allow_ranges) {
        r->allow_ranges = 1;
        r->single_range = 1;
    }

    if (h && r->headers_out.last_modified_time == -1) {
        r->headers_out.last_modified_time = ngx_parse_http_time(h->value.data,
                                                                h->value.len);
    }
}


/*
 * A 304 or 204 makes upstream stop reading; the fill wants the body all the
 * same.  So does it when the client is found to have left.
 */

static ngx_int_t
ngx_http_hc_after_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_int_t rc)
{
    if (ngx_http_get_module_ctx(r, ngx_http_hc_cache_module) != ctx) {
        return rc;                     /* finalized by a filter below */
    }

    if (rc == NGX_ERROR && r->connection->error) {
        ctx->client_gone = 1;
        ctx->swallow = 1;
        rc = NGX_OK;
    }

    if (rc == NGX_ERROR || rc > NGX_OK) {

        /* another answer comes in its place, as for a range beyond the end */

        ngx_http_hc_fill_abandon(ctx, HC_REASON_INCOMPLETE);
        ngx_http_hc_upstream_release(r, ctx);

        return rc;
    }

    if (r->header_only) {
        r->header_only = 0;
        ctx->swallow = 1;
    }

    ngx_http_hc_fill_offer(ctx->fill);

    return rc;
}


static ngx_int_t
ngx_http_hc_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t           rc;
    ngx_http_hc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    if (ctx == NULL || (ctx->fill == NULL && !ctx->swallow)) {
        return ngx_http_hc_next_body(r, in);
    }

    if (ctx->fill && in) {
        ngx_http_hc_feed(r, ctx, in);
    }

    if (ctx->swallow) {
        return ngx_http_hc_swallow(r, ctx, in);
    }

    rc = ngx_http_hc_next_body(r, in);

    if (rc == NGX_ERROR && r->connection->error && ctx->fill && !ctx->filled) {
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "hc http client gone, the fill goes on");

        ctx->client_gone = 1;
        ctx->swallow = 1;
        ngx_http_hc_upstream_client_gone(r);

        return ngx_http_hc_swallow(r, ctx, in);
    }

    return rc;
}


static void
ngx_http_hc_feed(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_chain_t *in)
{
    hc_reason_e  reason;

    if (ctx->filled) {
        return;
    }

    reason = ngx_http_hc_fill_body(ctx->fill, in);

    if (reason != HC_REASON_NONE) {
        ngx_http_hc_fill_abandon(ctx, reason);
        ngx_http_hc_lease_refused(ctx, reason);
        ngx_http_hc_upstream_release(r, ctx);
        ngx_http_hc_detached_result(r, reason == HC_REASON_TOO_LARGE
                                       ? NGX_DECLINED : NGX_ERROR);
        return;
    }

    if (!ngx_http_hc_fill_counted(ctx->fill) && !ngx_http_hc_is_last(r, in)) {
        ngx_http_hc_fill_progress(ctx->fill);
        return;
    }

    ctx->filled = 1;
    reason = ngx_http_hc_fill_commit(ctx->fill);

    ngx_http_hc_lease_filled(ctx, reason);
    ngx_http_hc_upstream_release(r, ctx);

    if (reason != HC_REASON_NONE) {
        ctx->reason = reason;
    }

    ngx_http_hc_detached_result(r, reason == HC_REASON_NONE ? NGX_OK
                                                            : NGX_ERROR);

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "hc http fill ended: \"%s\"", hc_reason_text(reason));
}


static ngx_uint_t
ngx_http_hc_is_last(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {
        if (cl->buf->last_buf || (r != r->main && cl->buf->last_in_chain)) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_hc_swallow(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_chain_t *in)
{
    if (ctx->client_gone && (ctx->fill == NULL || ctx->filled)) {
        return NGX_ERROR;              /* nobody wants the rest */
    }

    ngx_hc_chain_consume(in);

    if (ctx->client_gone
        || (in && !r->buffered && !r->connection->buffered))
    {
        return NGX_OK;
    }

    return ngx_http_hc_next_body(r, NULL);
}


void
ngx_http_hc_store_filter_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_hc_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_hc_body_filter;
}

/*
 * Life of a request in the module: its context, the one loop that runs its
 * states, the one function that wakes it.
 */

#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_refresh.h"
#include "ngx_http_hc_rules.h"


typedef ngx_int_t (*ngx_http_hc_state_pt)(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);

typedef struct {
    const char            *name;
    ngx_http_hc_state_pt   run;
} ngx_http_hc_state_t;


static ngx_int_t ngx_http_hc_start(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_http_hc_ctx_t *ngx_http_hc_create_ctx(ngx_http_request_t *r);
static hc_reason_e ngx_http_hc_refusal(ngx_http_request_t *r,
    ngx_http_hc_cache_conf_t *hlcf);
static hc_reason_e ngx_http_hc_start_rules(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_uint_t ngx_http_hc_is_errand(ngx_http_request_t *r);
static void ngx_http_hc_cleanup(void *data);


#define ngx_http_hc_state_row(id, function)  { #id, ngx_http_hc_##function },

static const ngx_http_hc_state_t  ngx_http_hc_states[] = {
    NGX_HTTP_HC_STATES(ngx_http_hc_state_row)
};


ngx_int_t
ngx_http_hc_cache_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_hc_ctx_t         *ctx;
    ngx_http_hc_cache_conf_t  *hlcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    if (ctx == NULL) {
        hlcf = ngx_http_get_module_loc_conf(r, ngx_http_hc_cache_module);

        if (hlcf->zone == NULL && !ngx_http_hc_static_here(r)) {
            return NGX_DECLINED;
        }

        ctx = ngx_http_hc_create_ctx(r);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    do {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "hc http state:%s", ngx_http_hc_states[ctx->state].name);

        rc = ngx_http_hc_states[ctx->state].run(r, ctx);

    } while (rc == NGX_HTTP_HC_NEXT);

    return rc;
}


static ngx_http_hc_ctx_t *
ngx_http_hc_create_ctx(ngx_http_request_t *r)
{
    ngx_http_hc_ctx_t   *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_palloc(r->pool, sizeof(*ctx));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (ctx == NULL || cln == NULL) {
        return NULL;
    }

    ngx_memzero(ctx, offsetof(ngx_http_hc_ctx_t, ref));
    ctx->ref.pinned = 0;

    ctx->request = r;
    ctx->state = NGX_HTTP_HC_START;
    ctx->conf = ngx_http_get_module_loc_conf(r, ngx_http_hc_cache_module);
    ctx->uri = r->uri;

    cln->handler = ngx_http_hc_cleanup;
    cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_hc_cache_module);

    return ctx;
}


static void
ngx_http_hc_cleanup(void *data)
{
    ngx_http_hc_ctx_t  *ctx = data;

    if (ctx->l2_op) {
        ngx_hc_l2_forget(ctx->l2_op);
        ctx->l2_op = NULL;
    }

    ngx_http_hc_lease_close(ctx);

    if (ctx->fill) {
        ngx_http_hc_fill_close(ctx->fill);
    }

    ngx_http_hc_unpin(ctx);
}


/*
 * error_page and X-Accel-Redirect clear the contexts; what the request was
 * answered from is still wanted by the log, and lies in the cleanup.
 */

ngx_http_hc_ctx_t *
ngx_http_hc_get_ctx(ngx_http_request_t *r)
{
    ngx_http_hc_ctx_t   *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    if (ctx || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    cln = r->pool ? r->pool->cleanup : NULL;

    return ngx_http_hc_next_ctx(r, &cln);
}


/* The contexts a request has had, the youngest first. */

ngx_http_hc_ctx_t *
ngx_http_hc_next_ctx(ngx_http_request_t *r, ngx_pool_cleanup_t **cln)
{
    ngx_http_hc_ctx_t  *ctx;

    while (*cln) {
        ctx = ((*cln)->handler == ngx_http_hc_cleanup) ? (*cln)->data : NULL;
        *cln = (*cln)->next;

        if (ctx && ctx->request == r) {
            return ctx;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_hc_start(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
        || ngx_http_hc_is_errand(r))
    {
        ctx->state = NGX_HTTP_HC_PASS;
        return NGX_HTTP_HC_NEXT;
    }

    if (r == r->main && ngx_http_hc_is_detached(r)) {
        return ngx_http_hc_refresh_start(r, ctx);
    }

    ctx->tier = NGX_HTTP_HC_TIER_ORIGIN;
    ctx->state = NGX_HTTP_HC_ORIGIN;

    if (ctx->conf->zone) {
        ctx->reason = ngx_http_hc_refusal(r, ctx->conf);

        if (ctx->reason == HC_REASON_NONE) {
            ctx->reason = ngx_http_hc_ctx_key(r, ctx);
        }

        if (ctx->reason == HC_REASON_NONE) {
            ctx->reason = ngx_http_hc_start_rules(r, ctx);
        }

        if (ctx->reason == HC_REASON_NONE) {
            ctx->may_store = (r->method == NGX_HTTP_GET);
            ctx->state = NGX_HTTP_HC_LOOKUP;

        } else {
            ctx->status = NGX_HTTP_HC_STATUS_BYPASS;
        }
    }

    ctx->static_file = r->args.len == 0 && ngx_http_hc_static_here(r);

    return NGX_HTTP_HC_NEXT;
}


/* What is asked of the app, and what the client has a say in. */

static hc_reason_e
ngx_http_hc_start_rules(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_http_hc_rules_conf_t  *rules = ngx_http_hc_rules(r);

    if (rules->codings == NULL && !rules->client_control) {
        return HC_REASON_NONE;             /* as mostly */
    }

    if (ngx_http_hc_coding(r, ctx) != NGX_OK
        || ngx_http_hc_client(r, ctx) != NGX_OK)
    {
        return HC_REASON_NO_MEMORY;
    }

    return ctx->client && ctx->client->no_store ? HC_REASON_CLIENT
                                                : HC_REASON_NONE;
}


/*
 * Subrequests made for their status or their effect (auth_request, mirror):
 * what they ask for is about the request they were made by, not content.
 */

static ngx_uint_t
ngx_http_hc_is_errand(ngx_http_request_t *r)
{
    return r != r->main && (r->header_only || r->background);
}


/*
 * Requests that are neither looked up nor stored.  A GET with a body could
 * mean another answer to the app (a "fat GET"); an upgrade has no answer to
 * keep.
 */

static hc_reason_e
ngx_http_hc_refusal(ngx_http_request_t *r, ngx_http_hc_cache_conf_t *hlcf)
{
    if (!(r->method & hlcf->methods)) {
        return HC_REASON_METHOD;
    }

    if (r->headers_in.content_length_n > 0 || r->headers_in.chunked) {
        return HC_REASON_REQUEST_BODY;
    }

    if (r->headers_in.upgrade) {
        return HC_REASON_UPGRADE;
    }

    return HC_REASON_NONE;
}


/* The phase engine comes by again while others wait; nothing is left to do. */

ngx_int_t
ngx_http_hc_settled(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    return NGX_DECLINED;
}


void
ngx_http_hc_resume(ngx_http_request_t *r)
{
    ngx_connection_t  *c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ngx_http_post_request(r, NULL) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }

    ngx_http_run_posted_requests(c);
}


void
ngx_http_hc_unpin(ngx_http_hc_ctx_t *ctx)
{
    if (ctx->ref.pinned) {
        hc_l1_unpin(ctx->conf->zone->l1, &ctx->ref);
    }
}


/* What was held for the app to confirm. */

void
ngx_http_hc_let_go(ngx_http_hc_ctx_t *ctx)
{
    ctx->stored = NULL;
    ngx_http_hc_unpin(ctx);
}


uint64_t
ngx_http_hc_epoch_ms(void)
{
    ngx_time_t  *tp = ngx_timeofday();

    return (uint64_t) tp->sec * 1000 + tp->msec;
}


ngx_http_hc_zone_t *
ngx_http_hc_cache_zone(ngx_http_request_t *r)
{
    ngx_http_hc_cache_conf_t  *hlcf;

    hlcf = ngx_http_get_module_loc_conf(r, ngx_http_hc_cache_module);

    return hlcf->zone;
}

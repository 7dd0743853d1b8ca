/*
 * When the app has failed: what L1 or L2 still holds, then a file; the app's
 * own error only when there is neither.
 */

#include "ngx_http_hc_priv.h"


#define NGX_HTTP_HC_FAIL_STATIC                                               \
    (NGX_HTTP_HC_FAIL_ERROR|NGX_HTTP_HC_FAIL_TIMEOUT                          \
     |NGX_HTTP_HC_FAIL_INVALID_HEADER|NGX_HTTP_HC_FAIL_500                    \
     |NGX_HTTP_HC_FAIL_502|NGX_HTTP_HC_FAIL_503|NGX_HTTP_HC_FAIL_504          \
     |NGX_HTTP_HC_FAIL_OTHER_5XX)


static ngx_int_t ngx_http_hc_fallback_entry(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_chain_t *out);
static ngx_int_t ngx_http_hc_fallback_static(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_chain_t *out);


/* Is a fallback for such a failure in hand?  What nothing else would replace
 * is left to error_page. */

ngx_uint_t
ngx_http_hc_fallback_covers(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_uint_t failure)
{
    if ((ctx->conf->use_stale & failure) && (ctx->expired || ctx->l2_stale)) {
        return 1;
    }

    return (failure & NGX_HTTP_HC_FAIL_STATIC)
           && ctx->static_file
           && ngx_http_hc_static_exists(r, ctx);
}


/*
 * Instead of the header that was to be sent, and at once with its body; what
 * comes of the failed answer afterwards is swallowed.  DECLINED: there is
 * nothing, and nothing was touched.
 */

ngx_int_t
ngx_http_hc_fallback(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_uint_t failure, ngx_http_output_header_filter_pt header,
    ngx_http_output_body_filter_pt body)
{
    ngx_int_t    rc;
    ngx_chain_t  out;

    rc = NGX_DECLINED;

    if (ctx->conf->use_stale & failure) {
        rc = ngx_http_hc_fallback_entry(r, ctx, &out);
    }

    if (rc == NGX_DECLINED && (failure & NGX_HTTP_HC_FAIL_STATIC)
        && ctx->static_file)
    {
        rc = ngx_http_hc_fallback_static(r, ctx, &out);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    ctx->swallow = 1;

    if (r->header_only) {
        return rc;
    }

    return body(r, &out) == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_hc_fallback_entry(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_chain_t *out)
{
    if (ngx_http_hc_lookup_stale(r, ctx) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ngx_http_hc_entry_body(r, ctx->entry->body, out) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_hc_fallback_clean(r);

    ctx->state = NGX_HTTP_HC_STALE;

    if (ngx_http_hc_entry_header(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    r->allow_ranges = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_fallback_static(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_chain_t *out)
{
    ngx_int_t  rc;

    rc = ngx_http_hc_static_answer(r, ctx, out);

    if (rc == NGX_OK) {
        ctx->state = NGX_HTTP_HC_STATIC;
        ctx->status = NGX_HTTP_HC_STATUS_STATIC;
        ctx->tier = NGX_HTTP_HC_TIER_STATIC;
    }

    return rc;
}


/* The failed answer leaves no trace in the header.  Range and conditionals are
 * not looked at: a 412 or 416 would be a third answer where one is replaced. */

void
ngx_http_hc_fallback_clean(ngx_http_request_t *r)
{
    ngx_http_clean_header(r);

    r->err_status = 0;
    r->disable_not_modified = 1;
    r->allow_ranges = 0;
    r->single_range = 0;
}


/* Which word of hc_cache_use_stale stands for a status; 0: none. */

ngx_uint_t
ngx_http_hc_failure_status(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_FORBIDDEN:
        return NGX_HTTP_HC_FAIL_403;

    case NGX_HTTP_NOT_FOUND:
        return NGX_HTTP_HC_FAIL_404;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        return NGX_HTTP_HC_FAIL_429;

    case NGX_HTTP_INTERNAL_SERVER_ERROR:
        return NGX_HTTP_HC_FAIL_500;

    case NGX_HTTP_BAD_GATEWAY:
        return NGX_HTTP_HC_FAIL_502;

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        return NGX_HTTP_HC_FAIL_503;

    case NGX_HTTP_GATEWAY_TIME_OUT:
        return NGX_HTTP_HC_FAIL_504;

    default:
        return status >= NGX_HTTP_INTERNAL_SERVER_ERROR
               ? NGX_HTTP_HC_FAIL_OTHER_5XX : 0;
    }
}

/*
 * State ORIGIN: the location's own handler answers.
 *
 * It is wrapped, so that for a fill the app is asked for the whole answer: the
 * client's Range and conditionals are answered here, from that, and coding is
 * left to nginx's own gzip filter, so one entry serves every client.
 */

#include "ngx_http_hc_lease.h"


static ngx_int_t ngx_http_hc_origin_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_private_headers(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_list_t *list);
static ngx_int_t ngx_http_hc_push_coding(ngx_http_hc_ctx_t *ctx,
    ngx_list_t *headers);
static ngx_uint_t ngx_http_hc_withheld(ngx_table_elt_t *h);


ngx_int_t
ngx_http_hc_origin(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    unsigned  uses;

    if (ctx->only_stored) {
        ctx->reason = HC_REASON_ONLY_IF_CACHED;
        ctx->state = NGX_HTTP_HC_DONE;

        return NGX_HTTP_GATEWAY_TIME_OUT;  /* RFC 9111, 5.2.1.7 */
    }

    if (ctx->may_store && ctx->conf->min_uses > 1
        && !ngx_http_hc_is_detached(r))
    {
        uses = hc_l1_seen(ctx->conf->zone->l1, &ctx->key);

        if (uses < ctx->conf->min_uses) {
            ctx->may_store = 0;
            ctx->reason = HC_REASON_MIN_USES;

            /* the client's own conditions go to the app, not ours */

            ngx_http_hc_let_go(ctx);
            ngx_http_hc_lease_refused(ctx, ctx->reason);
        }
    }

    if (r->content_handler && r->content_handler != ngx_http_hc_origin_handler)
    {
        ctx->content_handler = r->content_handler;
        r->content_handler = ngx_http_hc_origin_handler;
    }

    return NGX_DECLINED;
}


/*
 * An upstream module makes its request before the handler returns, so the
 * header list is only lent.  It may also fail within the call (a refused
 * connection), before hooks can be in place; then error_page must not get
 * ahead of a fallback.
 */

static ngx_int_t
ngx_http_hc_origin_handler(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    ngx_list_t          headers;
    ngx_uint_t          guard;
    ngx_http_hc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    headers = r->headers_in.headers;

    if (ctx->may_store
        && ngx_http_hc_private_headers(r, ctx, &r->headers_in.headers)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    guard = !r->error_page
            && ngx_http_hc_fallback_covers(r, ctx, NGX_HTTP_HC_FAIL_ERROR);

    if (guard) {
        r->error_page = 1;
    }

    rc = ctx->content_handler(r);

    r->headers_in.headers = headers;

    if (guard && ctx->state == NGX_HTTP_HC_ORIGIN) {
        r->error_page = 0;
    }

    if (rc >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        r->error_page |= ngx_http_hc_fallback_covers(r, ctx,
                                              ngx_http_hc_failure_status(rc));
        return rc;
    }

    if (ctx->state == NGX_HTTP_HC_ORIGIN
        && ngx_http_hc_upstream_hook(r, ctx) != NGX_OK)
    {
        ctx->may_store = 0;
    }

    return rc;
}


static ngx_int_t
ngx_http_hc_private_headers(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_list_t *list)
{
    ngx_uint_t        i;
    ngx_list_t        copy;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *to;

    if (ngx_list_init(&copy, r->pool, 16, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_hc_withheld(&h[i])) {
                continue;
            }

            to = ngx_list_push(&copy);
            if (to == NULL) {
                return NGX_ERROR;
            }

            *to = h[i];
        }
    }

    if (ngx_http_hc_push_coding(ctx, &copy) != NGX_OK
        || ngx_http_hc_push_validators(ctx, &copy) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (copy.last == &copy.part) {
        copy.last = &list->part;
    }

    *list = copy;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_push_coding(ngx_http_hc_ctx_t *ctx, ngx_list_t *headers)
{
    ngx_str_t  value;

    static ngx_str_t  name = ngx_string("Accept-Encoding");

    if (ctx->coding.len == 0) {
        return NGX_OK;
    }

    value = ngx_hc_ngx_str(ctx->coding);

    return ngx_http_hc_push_request_field(headers, &name,
                                          (u_char *) "accept-encoding",
                                          &value);
}


ngx_int_t
ngx_http_hc_push_request_field(ngx_list_t *headers, ngx_str_t *name,
    u_char *lowcase, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->key = *name;
    h->value = *value;
    h->lowcase_key = lowcase;
    h->hash = ngx_hash_key(lowcase, name->len);
    ngx_hc_header_single(h);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_hc_withheld(ngx_table_elt_t *h)
{
    static ngx_str_t  names[] = {
        ngx_string("Range"),
        ngx_string("If-Range"),
        ngx_string("If-Match"),
        ngx_string("If-None-Match"),
        ngx_string("If-Modified-Since"),
        ngx_string("If-Unmodified-Since"),
        ngx_string("Accept-Encoding"),
        ngx_null_string
    };

    return ngx_hc_name_in(&h->key, names);
}

/*
 * An answer past freshness, or one that is never given without asking: the app
 * is asked whether it still holds (RFC 9111, 4.3), and spares itself the body
 * if it does.
 *
 * The entry stays pinned while the app is asked, so that its body is there
 * when a 304 comes.
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_rules.h"


static ngx_uint_t ngx_http_hc_has_validator(hc_entry_t *e);
static ngx_int_t ngx_http_hc_push_validator(ngx_list_t *headers,
    hc_header_t *header);
static hc_reason_e ngx_http_hc_confirm(ngx_http_hc_fill_t *fill);
static ngx_int_t ngx_http_hc_confirmed_header(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_array_t *ngx_http_hc_cookies_of(ngx_http_request_t *r);


/* From the lookup: the entry of ctx->ref, or one from L2.  DECLINED: it cannot
 * be confirmed. */

ngx_int_t
ngx_http_hc_keep_stored(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    hc_entry_t *e)
{
    if (!ngx_http_hc_rules(r)->revalidate
        || !ctx->may_store
        || e->core.status != NGX_HTTP_OK
        || !ngx_http_hc_has_validator(e))
    {
        return NGX_DECLINED;
    }

    if (e == &ctx->ref.entry && ctx->ref.copy) {
        e = ngx_http_hc_copy_entry(r->pool, e);
        ngx_http_hc_unpin(ctx);
    }

    ctx->stored = e;

    return e ? NGX_OK : NGX_DECLINED;
}


static ngx_uint_t
ngx_http_hc_has_validator(hc_entry_t *e)
{
    hc_str_t     rest;
    hc_header_t  header;

    rest = e->headers;

    while (hc_header_next(&rest, &header) > 0) {
        if (header.id == HC_HEADER_ETAG
            || header.id == HC_HEADER_LAST_MODIFIED)
        {
            return 1;
        }
    }

    return 0;
}


/* RFC 9111, 4.3.1: all validators there are, into the fields for the app. */

ngx_int_t
ngx_http_hc_push_validators(ngx_http_hc_ctx_t *ctx, ngx_list_t *headers)
{
    hc_str_t     rest;
    hc_header_t  header;

    if (ctx->stored == NULL) {
        return NGX_OK;
    }

    rest = ctx->stored->headers;

    while (hc_header_next(&rest, &header) > 0) {
        if (ngx_http_hc_push_validator(headers, &header) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_push_validator(ngx_list_t *headers, hc_header_t *header)
{
    ngx_str_t  value;

    static ngx_str_t  none_match = ngx_string("If-None-Match");
    static ngx_str_t  modified_since = ngx_string("If-Modified-Since");

    value = ngx_hc_ngx_str(header->value);

    switch (header->id) {

    case HC_HEADER_ETAG:
        return ngx_http_hc_push_request_field(headers, &none_match,
                                     (u_char *) "if-none-match", &value);

    case HC_HEADER_LAST_MODIFIED:
        return ngx_http_hc_push_request_field(headers, &modified_since,
                                  (u_char *) "if-modified-since", &value);

    default:
        return NGX_OK;
    }
}


/*
 * Instead of a 304 that is about what is in store: the stored body under the
 * header that both make (RFC 9111, 3.2 and 4.3.4), stored again for as long as
 * the 304 lets it.
 */

ngx_int_t
ngx_http_hc_revalidated(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_http_output_header_filter_pt header,
    ngx_http_output_body_filter_pt body)
{
    ngx_int_t            rc;
    ngx_chain_t          out;
    hc_reason_e          reason;
    ngx_http_hc_fill_t  *fill;

    fill = ngx_http_hc_fill_create(r, ctx);
    if (fill == NULL) {
        return NGX_ERROR;
    }

    reason = ngx_http_hc_confirm(fill);

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "hc http confirmed, verdict: \"%s\"",
                   hc_reason_text(reason));

    ctx->reason = reason;
    ctx->status = NGX_HTTP_HC_STATUS_REVALIDATED;
    ctx->state = NGX_HTTP_HC_DONE;

    if (ngx_http_hc_entry_body(r, ctx->entry->body, &out) != NGX_OK
        || ngx_http_hc_confirmed_header(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->filled = 1;

    if (ctx->fill) {
        ngx_http_hc_lease_filled(ctx, reason);

    } else {
        ngx_http_hc_lease_refused(ctx, reason);
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


/* ctx->entry is what the client gets; if it may not be stored any more, what
 * is in store goes. */

static hc_reason_e
ngx_http_hc_confirm(ngx_http_hc_fill_t *fill)
{
    hc_reason_e         reason;
    hc_entry_t         *e;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    fill->stored = ctx->stored;
    fill->status = ctx->stored->core.status;
    fill->body = (u_char *) ctx->stored->body.data;
    fill->size = ctx->stored->body.len;
    fill->expected = (off_t) fill->size;

    ctx->entry = ctx->stored;

    e = ngx_palloc(fill->request->pool, sizeof(*e));
    if (e == NULL) {
        return HC_REASON_NO_MEMORY;
    }

    reason = ngx_http_hc_fill_header(fill);

    if (fill->headers.data
        || ngx_http_hc_fill_headers(fill) == HC_REASON_NONE)
    {
        ngx_http_hc_fill_entry(fill, e);
        ctx->entry = e;
        ctx->age = fill->verdict.age;
        ctx->ttl = (int64_t) fill->verdict.lifetime - ctx->age;
    }

    switch (reason) {

    case HC_REASON_NONE:
        ctx->fill = fill;
        return ngx_http_hc_fill_commit(fill);

    case HC_REASON_NO_STORE:
    case HC_REASON_PRIVATE:
        (void) hc_l1_delete(ctx->conf->zone->l1, &ctx->key);
        return reason;

    default:
        return reason;
    }
}


/* Cookies of a 304 are for the one who asked, stored or not. */

static ngx_int_t
ngx_http_hc_confirmed_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_uint_t        i;
    ngx_array_t      *cookies;
    ngx_table_elt_t  *h, *cookie;

    cookies = ngx_http_hc_rules(r)->set_cookie == HC_SET_COOKIE_KEEP
              ? NULL : ngx_http_hc_cookies_of(r);

    ngx_http_hc_fallback_clean(r);

    if (ngx_http_hc_entry_header(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    r->disable_not_modified = 0;

    for (i = 0; cookies && i < cookies->nelts; i++) {
        cookie = cookies->elts;

        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = cookie[i];
    }

    return NGX_OK;
}


static ngx_array_t *
ngx_http_hc_cookies_of(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_array_t      *cookies;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *cookie;

    static ngx_str_t  names[] = {
        ngx_string("Set-Cookie"),
        ngx_null_string
    };

    cookies = ngx_array_create(r->pool, 2, sizeof(ngx_table_elt_t));

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; cookies && i < part->nelts; i++) {
            if (h[i].hash && ngx_hc_name_in(&h[i].key, names)) {
                cookie = ngx_array_push(cookies);

                if (cookie) {
                    *cookie = h[i];
                    ngx_hc_header_single(cookie);
                }
            }
        }
    }

    return cookies;
}

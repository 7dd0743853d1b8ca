/*
 * Cache-Status (RFC 9211), where hc_cache_status_header asks for it.
 */

#include "ngx_http_hc_rules.h"
#include "../policy/hc_cache_status.h"


#define NGX_HTTP_HC_STATUS_ROOM  256


static hc_fwd_e ngx_http_hc_status_fwd(ngx_http_hc_ctx_t *ctx);
static hc_fwd_e ngx_http_hc_status_bypass(ngx_http_hc_ctx_t *ctx);
static unsigned ngx_http_hc_status_of_app(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);


/* Behind what another cache on the way said: ours is nearer to the client. */

ngx_int_t
ngx_http_hc_status_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    u_char             *p;
    ngx_str_t          *name = &ngx_http_hc_rules(r)->status_name;
    ngx_table_elt_t    *h;
    hc_cache_status_t   s;

    if (name->len == 0 || r != r->main
        || ctx->status == NGX_HTTP_HC_STATUS_NONE)
    {
        return NGX_OK;
    }

    ngx_memzero(&s, sizeof(s));

    s.name = ngx_hc_str(name);
    s.fwd = ngx_http_hc_status_fwd(ctx);
    s.fwd_status = ngx_http_hc_status_of_app(r, ctx);
    s.stored = (ctx->fill != NULL);
    s.collapsed = ctx->coalesced;
    s.has_ttl = (ctx->entry != NULL);
    s.ttl = ctx->ttl / 1000;
    s.detail.data = (const u_char *) hc_reason_text(ctx->reason);
    s.detail.len = ngx_strlen(s.detail.data);

    p = ngx_pnalloc(r->pool, NGX_HTTP_HC_STATUS_ROOM);
    h = ngx_list_push(&r->headers_out.headers);

    if (p == NULL || h == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&h->key, "Cache-Status");
    h->value.data = p;
    h->value.len = hc_cache_status_format(&s, p, NGX_HTTP_HC_STATUS_ROOM);
    h->hash = (h->value.len != 0);
    h->lowcase_key = NULL;
    ngx_hc_header_single(h);

    return NGX_OK;
}


static hc_fwd_e
ngx_http_hc_status_fwd(ngx_http_hc_ctx_t *ctx)
{
    switch (ctx->status) {

    case NGX_HTTP_HC_STATUS_HIT:
        return ctx->coalesced ? HC_FWD_URI_MISS : HC_FWD_HIT;

    case NGX_HTTP_HC_STATUS_UPDATING:
        return HC_FWD_HIT;

    case NGX_HTTP_HC_STATUS_MISS:
        return ctx->selected ? HC_FWD_VARY_MISS : HC_FWD_URI_MISS;

    case NGX_HTTP_HC_STATUS_BYPASS:
        return ngx_http_hc_status_bypass(ctx);

    case NGX_HTTP_HC_STATUS_STATIC:
        return HC_FWD_MISS;

    default:
        return ctx->reason == HC_REASON_CLIENT ? HC_FWD_REQUEST
                                               : HC_FWD_STALE;
    }
}


static hc_fwd_e
ngx_http_hc_status_bypass(ngx_http_hc_ctx_t *ctx)
{
    switch (ctx->reason) {

    case HC_REASON_METHOD:
        return HC_FWD_METHOD;

    case HC_REASON_CLIENT:
        return HC_FWD_REQUEST;

    default:
        return HC_FWD_BYPASS;
    }
}


/* What the app said, if it was asked and is not what the client gets. */

static unsigned
ngx_http_hc_status_of_app(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    if (r->upstream == NULL
        || r->upstream->headers_in.status_n == r->headers_out.status)
    {
        return 0;
    }

    return (unsigned) r->upstream->headers_in.status_n;
}

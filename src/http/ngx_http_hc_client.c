/*
 * What the client says of the answers it takes (RFC 9111, 5.2.1), where
 * hc_cache_client_control lets it.
 */

#include "ngx_http_hc_rules.h"


#define NGX_HTTP_HC_CLIENT_LINES  16


static hc_client_control_t *ngx_http_hc_client_parse(ngx_http_request_t *r);


ngx_int_t
ngx_http_hc_client(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    if (!ngx_http_hc_rules(r)->client_control) {
        return NGX_OK;
    }

    ctx->client = ngx_http_hc_client_parse(r);
    if (ctx->client == NULL) {
        return NGX_ERROR;
    }

    ctx->only_stored = ctx->client->only_if_cached;

    return NGX_OK;
}


static hc_client_control_t *
ngx_http_hc_client_parse(ngx_http_request_t *r)
{
    size_t                i, n;
    hc_str_t              lines[NGX_HTTP_HC_CLIENT_LINES];
    hc_client_control_t  *cc;

    static const hc_str_t  cache_control = hc_string("cache-control");
    static const hc_str_t  pragma = hc_string("pragma");

    cc = ngx_palloc(r->pool, sizeof(*cc));
    if (cc == NULL) {
        return NULL;
    }

    hc_client_control_init(cc);

    n = ngx_http_hc_request_lines(r, cache_control, lines,
                                  NGX_HTTP_HC_CLIENT_LINES);

    for (i = 0; i < ngx_min(n, NGX_HTTP_HC_CLIENT_LINES); i++) {
        hc_client_control_add(cc, lines[i]);
    }

    n = ngx_http_hc_request_lines(r, pragma, lines, NGX_HTTP_HC_CLIENT_LINES);

    for (i = 0; i < ngx_min(n, NGX_HTTP_HC_CLIENT_LINES); i++) {
        hc_client_control_pragma(cc, lines[i]);
    }

    return cc;
}


/* ttl in ms, of an answer in store */

hc_client_verdict_e
ngx_http_hc_client_takes(ngx_http_hc_ctx_t *ctx, hc_entry_t *e, int64_t age,
    int64_t ttl)
{
    return hc_client_allows(ctx->client, age, age + ttl,
                            hc_window_ms(e->core.error_for,
                                         e->core.stale_for));
}

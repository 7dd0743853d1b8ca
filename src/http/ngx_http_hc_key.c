/*
 * What a request is kept under: its key.
 *
 * The rule behind all of it: two requests share an entry only if the app was
 * sent the same.  So $hc_uri is the very target that will be forwarded.
 */

#include "ngx_http_hc_priv.h"


static ngx_int_t ngx_http_hc_default_key(ngx_http_request_t *r, ngx_str_t *key);


hc_reason_e
ngx_http_hc_ctx_key(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_str_t     key;
    ngx_int_t    rc;
    hc_reason_e  reason;

    reason = ngx_http_hc_variant(r, ctx);
    if (reason != HC_REASON_NONE) {
        return reason;
    }

    rc = ngx_http_hc_key(r, &key);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? HC_REASON_KEY : HC_REASON_NO_MEMORY;
    }

    if (key.len == 0 || key.len > HC_ENTRY_KEY_MAX) {
        return HC_REASON_KEY;
    }

    ctx->key.key = key;
    ctx->base = ctx->key.variant;
    hc_l1_hash(ctx->conf->zone->l1, &ctx->key);

    ctx->keyed = 1;

    return HC_REASON_NONE;
}


ngx_int_t
ngx_http_hc_key(ngx_http_request_t *r, hc_str_t *key)
{
    ngx_int_t                  rc;
    ngx_str_t                  value;
    ngx_http_hc_cache_conf_t  *hlcf;

    hlcf = ngx_http_get_module_loc_conf(r, ngx_http_hc_cache_module);

    if (hlcf->args) {
        rc = ngx_http_hc_apply_args(r, hlcf);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (hlcf->key) {
        if (ngx_http_complex_value(r, hlcf->key, &value) != NGX_OK) {
            return NGX_ERROR;
        }

    } else if (ngx_http_hc_default_key(r, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    *key = hc_str(value.data, value.len);

    return NGX_OK;
}


ngx_uint_t
ngx_http_hc_key_is_default(ngx_http_request_t *r)
{
    ngx_http_hc_cache_conf_t  *hlcf;

    hlcf = ngx_http_get_module_loc_conf(r, ngx_http_hc_cache_module);

    return hlcf->key == NULL;
}


/* $scheme$host$hc_uri, without the script engine */

static ngx_int_t
ngx_http_hc_default_key(ngx_http_request_t *r, ngx_str_t *key)
{
    u_char     *p;
    ngx_str_t   host, uri;

    if (ngx_http_hc_uri(r, &uri) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_hc_host(r, &host);

    key->data = ngx_pnalloc(r->pool,
                            sizeof("https") - 1 + host.len + uri.len);
    if (key->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(key->data, "http", 4);

    if (ngx_http_hc_is_https(r)) {
        *p++ = 's';
    }

    p = ngx_hc_cpystr(p, &host);
    p = ngx_cpymem(p, uri.data, uri.len);

    key->len = p - key->data;

    return NGX_OK;
}


/*
 * The target as it will be forwarded.  While nginx forwards the unparsed URI
 * that is it; "/a%2Fb" and "/a/b" differ.  Once it was rewritten, it is the
 * URI escaped again, which tells "/p%3Fid=1" from "/p?id=1"; and since a
 * FastCGI app is told the original target too (REQUEST_URI), that is part of
 * it, behind a "#", which an escaped URI cannot contain and which is doubled
 * in arguments.
 */

ngx_int_t
ngx_http_hc_uri(ngx_http_request_t *r, ngx_str_t *uri)
{
    u_char     *p;
    size_t      i, len;
    uintptr_t   escape;

    if (r->valid_unparsed_uri && !ngx_http_hc_is_included(r)) {
        *uri = r->unparsed_uri;
        return NGX_OK;
    }

    escape = 2 * ngx_escape_uri(NULL, r->uri.data, r->uri.len, NGX_ESCAPE_URI);

    len = r->uri.len + escape + 1 + 2 * r->args.len;

    if (!ngx_http_hc_is_included(r)) {
        len += 1 + r->unparsed_uri.len;
    }

    uri->data = ngx_pnalloc(r->pool, len);
    if (uri->data == NULL) {
        return NGX_ERROR;
    }

    p = (u_char *) ngx_escape_uri(uri->data, r->uri.data, r->uri.len,
                                  NGX_ESCAPE_URI);

    if (r->args.len) {
        *p++ = '?';

        for (i = 0; i < r->args.len; i++) {
            if (r->args.data[i] == '#') {
                *p++ = '#';
            }

            *p++ = r->args.data[i];
        }
    }

    if (!ngx_http_hc_is_included(r)) {
        *p++ = '#';
        p = ngx_cpymem(p, r->unparsed_uri.data, r->unparsed_uri.len);
    }

    uri->len = p - uri->data;

    return NGX_OK;
}


void
ngx_http_hc_host(ngx_http_request_t *r, ngx_str_t *host)
{
    ngx_http_core_srv_conf_t  *cscf;

    if (r->headers_in.server.len) {
        *host = r->headers_in.server;
        return;
    }

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    *host = cscf->server_name;
}

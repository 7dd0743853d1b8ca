/*
 * What a request is kept under: its key and its variant.
 *
 * The rule behind all of it: two requests share an entry only if the app was
 * sent the same.  So $hc_uri is the very target that will be forwarded.
 */

#include "ngx_http_hc_priv.h"


static ngx_int_t ngx_http_hc_default_key(ngx_http_request_t *r, ngx_str_t *key);
static ngx_int_t ngx_http_hc_variant(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static void ngx_http_hc_server(ngx_http_request_t *r, ngx_str_t *server);
static ngx_int_t ngx_http_hc_host_differs(ngx_http_request_t *r,
    ngx_str_t *rest);


hc_reason_e
ngx_http_hc_ctx_key(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_str_t   key;
    ngx_int_t  rc;

    rc = ngx_http_hc_variant(r, ctx);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? HC_REASON_HOST : HC_REASON_NO_MEMORY;
    }

    rc = ngx_http_hc_key(r, &key);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? HC_REASON_KEY : HC_REASON_NO_MEMORY;
    }

    if (key.len == 0 || key.len > HC_ENTRY_KEY_MAX
        || ctx->key.variant.len > HC_ENTRY_VARIANT_MAX)
    {
        return HC_REASON_KEY;
    }

    ctx->key.key = key;
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

    rc = ngx_http_hc_apply_args(r, hlcf);
    if (rc != NGX_OK) {
        return rc;
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


/* $scheme$host$hc_uri, without the script engine */

static ngx_int_t
ngx_http_hc_default_key(ngx_http_request_t *r, ngx_str_t *key)
{
    u_char     *p;
    ngx_str_t   host, uri;
    ngx_uint_t  https;

    if (ngx_http_hc_uri(r, &uri) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_hc_host(r, &host);

#if (NGX_HTTP_SSL)
    https = r->connection->ssl ? 1 : 0;
#else
    https = 0;
#endif

    key->data = ngx_pnalloc(r->pool,
                            sizeof("https") - 1 + host.len + uri.len);
    if (key->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(key->data, "https", sizeof("http") - 1 + https);
    p = ngx_cpymem(p, host.data, host.len);
    p = ngx_cpymem(p, uri.data, uri.len);

    key->len = p - key->data;

    return NGX_OK;
}


/*
 * The target as it will be forwarded.  While nginx forwards the unparsed URI
 * that is it; "/a%2Fb" and "/a/b" differ.  Once it was rewritten, it is the
 * URI escaped again, which tells "/p%3Fid=1" from "/p?id=1"; and since a
 * FastCGI app is told the original target too (REQUEST_URI), that is part of
 * it, behind a "#", which an escaped URI cannot contain.
 */

ngx_int_t
ngx_http_hc_uri(ngx_http_request_t *r, ngx_str_t *uri)
{
    u_char     *p;
    size_t      len;
    uintptr_t   escape;

    if (r == r->main && r->valid_unparsed_uri) {
        *uri = r->unparsed_uri;
        return NGX_OK;
    }

    escape = 2 * ngx_escape_uri(NULL, r->uri.data, r->uri.len, NGX_ESCAPE_URI);

    len = r->uri.len + escape + 1 + r->args.len;

    if (r == r->main) {
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
        p = ngx_cpymem(p, r->args.data, r->args.len);
    }

    if (r == r->main) {
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


/*
 * What tells two requests of one key apart and is not the operator's to
 * choose; most often nothing:
 *
 *   what the client's Host says beyond $host, unless it is the port the
 *   request came in by: it reaches apps that are sent $http_host
 *
 *   the server{}'s name, when it was asked by another: as the default of its
 *   port it would share with the one that has the name somewhere else
 *
 *   the location after an internal redirect: its access rules were passed to
 *   get there, and are not when it is found from outside
 */

static ngx_int_t
ngx_http_hc_variant(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    u_char                    *p;
    ngx_str_t                  rest, location, server;
    ngx_http_core_loc_conf_t  *clcf;

    if (ngx_http_hc_host_differs(r, &rest) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_http_hc_server(r, &server);
    ngx_str_null(&location);

    if (r == r->main && r->internal) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        location = clcf->name;
    }

    if (rest.len + location.len == 0) {
        ctx->key.variant = ngx_hc_str(&server);
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, server.len + rest.len + location.len + 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->key.variant.data = p;

    p = ngx_cpymem(p, server.data, server.len);
    *p++ = '\n';
    p = ngx_cpymem(p, rest.data, rest.len);
    *p++ = '\n';
    p = ngx_cpymem(p, location.data, location.len);

    ctx->key.variant.len = p - ctx->key.variant.data;

    return NGX_OK;
}


static void
ngx_http_hc_server(ngx_http_request_t *r, ngx_str_t *server)
{
    ngx_str_t                 *host = &r->headers_in.server;
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    *server = cscf->server_name;

    if (host->len == 0
        || (host->len == server->len
            && ngx_strncasecmp(host->data, server->data, host->len) == 0))
    {
        ngx_str_null(server);
    }
}


/* DECLINED: an absolute-form target and Host name different hosts. */

static ngx_int_t
ngx_http_hc_host_differs(ngx_http_request_t *r, ngx_str_t *rest)
{
    in_port_t   port;
    ngx_int_t   n;
    ngx_str_t  *raw, *host;

    ngx_str_null(rest);

    if (r->headers_in.host == NULL || r->headers_in.server.len == 0) {
        return NGX_OK;
    }

    raw = &r->headers_in.host->value;
    host = &r->headers_in.server;

    if (raw->len < host->len
        || ngx_strncasecmp(raw->data, host->data, host->len) != 0)
    {
        return NGX_DECLINED;
    }

    rest->data = raw->data + host->len;
    rest->len = raw->len - host->len;

    if (rest->len < 2 || rest->data[0] != ':') {
        return NGX_OK;
    }

    n = ngx_atoi(rest->data + 1, rest->len - 1);
    port = ngx_inet_get_port(r->connection->local_sockaddr);

    if (n == (ngx_int_t) port) {
        ngx_str_null(rest);
    }

    return NGX_OK;
}

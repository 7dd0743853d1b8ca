/*
 * What a request is kept under: its key, its variant, its tags.
 *
 * The rule behind all of it: two requests share an entry only if the app was
 * sent the same.  So $hc_uri is the very target that will be forwarded, and
 * arguments that hc_cache_args drops or sorts are dropped and sorted in the
 * request itself before anything else looks at it.
 */

#include "ngx_http_hc_priv.h"
#include "../policy/hc_args.h"


static ngx_int_t ngx_http_hc_apply_args(ngx_http_request_t *r,
    ngx_http_hc_cache_conf_t *hlcf);
static ngx_int_t ngx_http_hc_sort_args(ngx_pool_t *pool,
    ngx_http_hc_cache_conf_t *hlcf, ngx_str_t *args, ngx_str_t *sorted);
static ngx_int_t ngx_http_hc_default_key(ngx_http_request_t *r, ngx_str_t *key);
static ngx_int_t ngx_http_hc_variant(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_host_differs(ngx_http_request_t *r,
    ngx_str_t *rest);
static void ngx_http_hc_host(ngx_http_request_t *r, ngx_str_t *host);
static ngx_int_t ngx_http_hc_decoded_slot(ngx_http_request_t *r,
    ngx_http_hc_cache_conf_t *hlcf, ngx_str_t *uri, uint32_t *slot);
static ngx_int_t ngx_http_hc_path_slot(ngx_http_request_t *r,
    ngx_http_hc_cache_conf_t *hlcf, ngx_str_t *path, ngx_str_t *args,
    uint32_t *slot);
static void ngx_http_hc_split_uri(ngx_str_t *uri, ngx_str_t *path,
    ngx_str_t *args);


extern ngx_int_t  ngx_http_hc_request_uri_index;


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

    ctx->tags[HC_TAG_KEY].slot = ngx_http_hc_key_slot(key);

    if (ngx_http_hc_target_slot(r, &ctx->tags[HC_TAG_TARGET].slot) != NGX_OK) {
        return HC_REASON_NO_MEMORY;
    }

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


static void
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
 * choose: what the client's Host says beyond $host, when it is not simply the
 * port the request came in by (it reaches apps that are sent $http_host), and
 * the location after an internal redirect, whose own access rules were passed
 * to get there.
 */

static ngx_int_t
ngx_http_hc_variant(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    u_char                    *p;
    ngx_str_t                  rest, name;
    ngx_http_core_loc_conf_t  *clcf;

    if (ngx_http_hc_host_differs(r, &rest) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_str_null(&name);

    if (r == r->main && r->internal) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        name = clcf->name;
    }

    if (rest.len + name.len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, rest.len + 1 + name.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->key.variant.data = p;

    p = ngx_cpymem(p, rest.data, rest.len);
    *p++ = '\n';
    p = ngx_cpymem(p, name.data, name.len);

    ctx->key.variant.len = p - ctx->key.variant.data;

    return NGX_OK;
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


/*
 * Sorted, and what is not named dropped: for the key, and in the request for
 * whoever handles it next.  The original target is rewritten too, since apps
 * behind FastCGI read it; a cached $request_uri is forgotten for that.
 */

static ngx_int_t
ngx_http_hc_apply_args(ngx_http_request_t *r, ngx_http_hc_cache_conf_t *hlcf)
{
    u_char                     *p;
    ngx_int_t                   rc;
    ngx_str_t                   path, args, sorted;
    ngx_http_variable_value_t  *v;

    if (hlcf->args == NULL) {
        return NGX_OK;
    }

    rc = ngx_http_hc_sort_args(r->pool, hlcf, &r->args, &r->args);

    if (rc != NGX_OK || r != r->main) {
        return rc;
    }

    ngx_http_hc_split_uri(&r->unparsed_uri, &path, &args);

    if (path.len == r->unparsed_uri.len) {
        return NGX_OK;
    }

    rc = ngx_http_hc_sort_args(r->pool, hlcf, &args, &sorted);
    if (rc != NGX_OK) {
        return rc;
    }

    p = ngx_pnalloc(r->pool, path.len + 1 + sorted.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->unparsed_uri.data = p;
    p = ngx_cpymem(p, path.data, path.len);

    if (sorted.len) {
        *p++ = '?';
        p = ngx_cpymem(p, sorted.data, sorted.len);
    }

    r->unparsed_uri.len = p - r->unparsed_uri.data;

    v = &r->variables[ngx_http_hc_request_uri_index];
    v->valid = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_sort_args(ngx_pool_t *pool, ngx_http_hc_cache_conf_t *hlcf,
    ngx_str_t *args, ngx_str_t *sorted)
{
    u_char          *p;
    int64_t          n;
    const hc_str_t  *allowed;

    if (args->len == 0) {
        ngx_str_null(sorted);
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, args->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    allowed = (hlcf && hlcf->args) ? hlcf->args->elts : NULL;

    n = hc_args_sort(hc_str(args->data, args->len), allowed,
                     allowed ? hlcf->args->nelts : 0, p);
    if (n < 0) {
        return NGX_DECLINED;
    }

    sorted->data = p;
    sorted->len = (size_t) n;

    return NGX_OK;
}


static void
ngx_http_hc_split_uri(ngx_str_t *uri, ngx_str_t *path, ngx_str_t *args)
{
    u_char  *p;

    ngx_str_null(args);
    *path = *uri;

    p = ngx_strlchr(uri->data, uri->data + uri->len, '?');

    if (p) {
        path->len = p - uri->data;
        args->data = p + 1;
        args->len = uri->data + uri->len - args->data;
    }
}


uint32_t
ngx_http_hc_key_slot(hc_str_t key)
{
    static const hc_str_t  scope = hc_string("key");

    return hc_version_slot(scope, key);
}


/*
 * The target the client named.  Its path is decoded and its arguments sorted,
 * so that a write finds the entry however either of them was spelled; what
 * hc_cache_args drops here is no part of it.
 */

ngx_int_t
ngx_http_hc_target_slot(ngx_http_request_t *r, uint32_t *slot)
{
    ngx_str_t                  path, args;
    ngx_http_hc_cache_conf_t  *hlcf;

    hlcf = ngx_http_get_module_loc_conf(r, ngx_http_hc_cache_module);

    if (r != r->main) {
        return ngx_http_hc_path_slot(r, hlcf, &r->uri, &r->args, slot);
    }

    if (!r->valid_unparsed_uri) {
        return ngx_http_hc_decoded_slot(r, hlcf, &r->unparsed_uri, slot);
    }

    ngx_http_hc_split_uri(&r->unparsed_uri, &path, &args);

    return ngx_http_hc_path_slot(r, hlcf, &r->uri, &args, slot);
}


ngx_int_t
ngx_http_hc_uri_slot(ngx_http_request_t *r, ngx_str_t *uri, uint32_t *slot)
{
    return ngx_http_hc_decoded_slot(r, NULL, uri, slot);
}


static ngx_int_t
ngx_http_hc_decoded_slot(ngx_http_request_t *r, ngx_http_hc_cache_conf_t *hlcf,
    ngx_str_t *uri, uint32_t *slot)
{
    u_char     *dst, *src;
    ngx_str_t   path, args, decoded;

    ngx_http_hc_split_uri(uri, &path, &args);

    decoded.data = ngx_pnalloc(r->pool, path.len);
    if (decoded.data == NULL) {
        return NGX_ERROR;
    }

    dst = decoded.data;
    src = path.data;

    ngx_unescape_uri(&dst, &src, path.len, 0);
    decoded.len = dst - decoded.data;

    return ngx_http_hc_path_slot(r, hlcf, &decoded, &args, slot);
}


static ngx_int_t
ngx_http_hc_path_slot(ngx_http_request_t *r, ngx_http_hc_cache_conf_t *hlcf,
    ngx_str_t *path, ngx_str_t *args, uint32_t *slot)
{
    u_char     *p, *name;
    ngx_str_t   host, sorted;

    if (ngx_http_hc_sort_args(r->pool, hlcf, args, &sorted) != NGX_OK) {
        sorted = *args;
    }

    name = ngx_pnalloc(r->pool, path->len + 1 + sorted.len);
    if (name == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(name, path->data, path->len);
    *p++ = '?';
    p = ngx_cpymem(p, sorted.data, sorted.len);

    ngx_http_hc_host(r, &host);

    *slot = hc_version_slot(hc_str(host.data, host.len),
                            hc_str(name, p - name));
    return NGX_OK;
}

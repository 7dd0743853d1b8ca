/*
 * The tags of a request: slots of its key and of its host + target.
 */

#include "ngx_http_hc_priv.h"
#include "../policy/hc_reference.h"


static void ngx_http_hc_base_uri(ngx_http_request_t *r, hc_base_uri_t *base);
static void ngx_http_hc_merge_slashes(ngx_str_t *uri);
static ngx_int_t ngx_http_hc_decoded_slot(ngx_http_request_t *r,
    ngx_http_hc_cache_conf_t *hlcf, ngx_str_t *uri, uint32_t *slot);
static ngx_int_t ngx_http_hc_path_slot(ngx_http_request_t *r,
    ngx_http_hc_cache_conf_t *hlcf, ngx_str_t *path, ngx_str_t *args,
    uint32_t *slot);


uint32_t
ngx_http_hc_key_slot(hc_str_t key)
{
    static const hc_str_t  scope = hc_string("key");

    return hc_version_slot(scope, key);
}


/*
 * The target the client named.  It is decoded and its arguments sorted, so
 * that a write finds the entry however either of them was spelled; what
 * hc_cache_args drops here is no part of it.
 */

ngx_int_t
ngx_http_hc_target_slot(ngx_http_request_t *r, uint32_t *slot)
{
    ngx_str_t                  path, args;
    ngx_http_hc_cache_conf_t  *hlcf;

    hlcf = ngx_http_get_module_loc_conf(r, ngx_http_hc_cache_module);

    if (ngx_http_hc_is_included(r)) {
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


ngx_int_t
ngx_http_hc_reference_slot(ngx_http_request_t *r, ngx_str_t *reference,
    uint32_t *slot)
{
    hc_str_t                   ref;
    ngx_str_t                  uri;
    hc_base_uri_t              base;
    ngx_http_core_srv_conf_t  *cscf;

    ref = ngx_hc_str(reference);
    ngx_http_hc_base_uri(r, &base);

    uri.data = ngx_pnalloc(r->pool, hc_reference_room(&base, ref));
    if (uri.data == NULL) {
        return NGX_ERROR;
    }

    uri.len = hc_reference_resolve(&base, ref, uri.data);

    if (uri.len == 0) {
        return NGX_DECLINED;
    }

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    if (cscf->merge_slashes) {
        ngx_http_hc_merge_slashes(&uri);
    }

    return ngx_http_hc_uri_slot(r, &uri, slot);
}


/* The host of a target in absolute form counts, not Host (RFC 9112, 3.2.2);
 * nginx keeps that one without its port. */

static void
ngx_http_hc_base_uri(ngx_http_request_t *r, hc_base_uri_t *base)
{
    ngx_str_t  host;

    static const hc_str_t  http = hc_string("http");
    static const hc_str_t  https = hc_string("https");

    if (r->headers_in.host && r->host_start == NULL) {
        host = r->headers_in.host->value;

    } else {
        ngx_http_hc_host(r, &host);
    }

    base->scheme = ngx_http_hc_is_https(r) ? https : http;
    base->host = ngx_hc_str(&host);
    base->target = ngx_hc_str(&r->unparsed_uri);
}


/* As nginx does to the path of a request. */

static void
ngx_http_hc_merge_slashes(ngx_str_t *uri)
{
    u_char  *p, *src, *last;

    p = uri->data + 1;
    last = uri->data + uri->len;

    for (src = p; src < last && *src != '?'; src++) {
        if (*src != '/' || p[-1] != '/') {
            *p++ = *src;
        }
    }

    p = ngx_movemem(p, src, last - src);
    uri->len = p - uri->data;
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
    u_char     *p, *src, *name;
    ngx_str_t   host, sorted;

    if (ngx_http_hc_sort_args(r->pool, hlcf, args, &sorted) != NGX_OK) {
        sorted = *args;
    }

    name = ngx_pnalloc(r->pool, path->len + 1 + sorted.len);
    if (name == NULL) {
        return NGX_ERROR;
    }

    p = ngx_hc_cpystr(name, path);
    *p++ = '?';

    src = sorted.data;
    ngx_unescape_uri(&p, &src, sorted.len, 0);

    ngx_http_hc_host(r, &host);

    *slot = hc_version_slot(hc_str(host.data, host.len),
                            hc_str(name, p - name));
    return NGX_OK;
}

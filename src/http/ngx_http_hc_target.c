/*
 * The tags of a request: slots of its key and of its host + target.
 */

#include "ngx_http_hc_priv.h"


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

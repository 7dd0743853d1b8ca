/*
 * hc_cache_args: what is dropped and sorted for the key is dropped and sorted
 * in the request itself, before anything else looks at it.
 */

#include "ngx_http_hc_priv.h"
#include "../policy/hc_args.h"


/*
 * Sorted, and what is not named dropped: for the key, and in the request for
 * whoever handles it next.  The original target is rewritten too, since apps
 * behind FastCGI read it; a cached $request_uri is forgotten for that.
 */

ngx_int_t
ngx_http_hc_apply_args(ngx_http_request_t *r, ngx_http_hc_cache_conf_t *hlcf)
{
    u_char                     *p;
    ngx_int_t                   rc;
    ngx_str_t                       path, args, sorted;
    ngx_http_variable_value_t      *v;
    ngx_http_hc_cache_main_conf_t  *hmcf;

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

    hmcf = ngx_http_get_module_main_conf(r, ngx_http_hc_cache_module);

    v = &r->variables[hmcf->request_uri];
    v->valid = 0;
    v->not_found = 0;

    return NGX_OK;
}


ngx_int_t
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


void
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

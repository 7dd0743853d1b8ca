/*
 * hc_cache_valid [code ... | any] time [l2=time];
 *
 * Without codes: 200, 301 and 302, as in proxy_cache_valid.
 */

#include "ngx_http_hc_conf.h"


static ngx_int_t ngx_http_hc_valid_times(ngx_conf_t *cf,
    ngx_http_hc_valid_t *valid, ngx_uint_t *codes);
static ngx_int_t ngx_http_hc_valid_code(ngx_str_t *value);
static ngx_int_t ngx_http_hc_valid_add(ngx_http_hc_cache_conf_t *hlcf,
    ngx_http_hc_valid_t *valid, ngx_uint_t status);


ngx_int_t
ngx_http_hc_parse_time(ngx_str_t *value)
{
    ngx_int_t  ms;

    ms = ngx_parse_time(value, 0);

    if (ms == NGX_ERROR || ms > (ngx_int_t) 49 * 24 * 3600 * 1000) {
        return NGX_ERROR;
    }

    return ms;
}


char *
ngx_http_hc_cache_valid(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_int_t             status;
    ngx_str_t            *value;
    ngx_uint_t            i, codes;
    ngx_http_hc_valid_t   valid;

    static ngx_uint_t  usual[] = { 200, 301, 302 };

    if (ngx_http_hc_valid_times(cf, &valid, &codes) != NGX_OK) {
        return "expects \"[code ...] time [l2=time]\", times from 0 to 49d";
    }

    if (hlcf->valid == NGX_CONF_UNSET_PTR) {
        hlcf->valid = ngx_array_create(cf->pool, 4, sizeof(valid));
        if (hlcf->valid == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i <= codes; i++) {
        status = ngx_http_hc_valid_code(&value[i]);

        if (status == NGX_ERROR) {
            return "expects codes from 200 to 599 except 206 and 304, or "
                   "\"any\"";
        }

        if (ngx_http_hc_valid_add(hlcf, &valid, status) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    for (i = 0; codes == 0 && i < 3; i++) {
        if (ngx_http_hc_valid_add(hlcf, &valid, usual[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_hc_valid_times(ngx_conf_t *cf, ngx_http_hc_valid_t *valid,
    ngx_uint_t *codes)
{
    ngx_int_t    ms;
    ngx_str_t   *value, text;
    ngx_uint_t   last;

    value = cf->args->elts;
    last = cf->args->nelts - 1;

    text = value[last];
    ms = 0;

    if (text.len > 3 && ngx_strncmp(text.data, "l2=", 3) == 0) {
        text.data += 3;
        text.len -= 3;

        ms = ngx_http_hc_parse_time(&text);
        last--;
    }

    if (ms == NGX_ERROR || last == 0) {
        return NGX_ERROR;
    }

    valid->l2_ttl = (ngx_msec_t) ms;

    ms = ngx_http_hc_parse_time(&value[last]);
    if (ms == NGX_ERROR) {
        return NGX_ERROR;
    }

    valid->ttl = (ngx_msec_t) ms;
    valid->l2_ttl = ngx_max(valid->l2_ttl, valid->ttl);

    *codes = last - 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_valid_code(ngx_str_t *value)
{
    ngx_int_t  status;

    if (ngx_strcmp(value->data, "any") == 0) {
        return 0;
    }

    status = ngx_atoi(value->data, value->len);

    if (status < 200 || status > 599
        || status == NGX_HTTP_PARTIAL_CONTENT
        || status == NGX_HTTP_NOT_MODIFIED)
    {
        return NGX_ERROR;
    }

    return status;
}


static ngx_int_t
ngx_http_hc_valid_add(ngx_http_hc_cache_conf_t *hlcf,
    ngx_http_hc_valid_t *valid, ngx_uint_t status)
{
    ngx_http_hc_valid_t  *v;

    v = ngx_array_push(hlcf->valid);
    if (v == NULL) {
        return NGX_ERROR;
    }

    *v = *valid;
    v->status = status;

    return NGX_OK;
}

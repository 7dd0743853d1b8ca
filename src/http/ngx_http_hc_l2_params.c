/*
 * Parameters inside of hc_l2 { }: one row each.
 */

#include "ngx_http_hc_conf.h"


#define NGX_HTTP_HC_L2_PORT  6379


typedef struct {
    ngx_str_t    name;
    char      *(*set)(ngx_conf_t *cf, ngx_hc_l2_t *l2, ngx_str_t *value,
                      size_t offset);
    size_t       offset;
} ngx_http_hc_l2_param_t;


static char *ngx_http_hc_l2_server(ngx_conf_t *cf, ngx_hc_l2_t *l2,
    ngx_str_t *value, size_t offset);
static char *ngx_http_hc_l2_prefix(ngx_conf_t *cf, ngx_hc_l2_t *l2,
    ngx_str_t *value, size_t offset);
static char *ngx_http_hc_l2_msec(ngx_conf_t *cf, ngx_hc_l2_t *l2,
    ngx_str_t *value, size_t offset);
static char *ngx_http_hc_l2_number(ngx_conf_t *cf, ngx_hc_l2_t *l2,
    ngx_str_t *value, size_t offset);
static char *ngx_http_hc_l2_size(ngx_conf_t *cf, ngx_hc_l2_t *l2,
    ngx_str_t *value, size_t offset);


static ngx_http_hc_l2_param_t  ngx_http_hc_l2_params[] = {
    { ngx_string("server"), ngx_http_hc_l2_server, 0 },
    { ngx_string("prefix"), ngx_http_hc_l2_prefix, 0 },
    { ngx_string("connect_timeout"), ngx_http_hc_l2_msec,
      offsetof(ngx_hc_l2_t, connect_timeout) },
    { ngx_string("timeout"), ngx_http_hc_l2_msec,
      offsetof(ngx_hc_l2_t, timeout) },
    { ngx_string("connections"), ngx_http_hc_l2_number,
      offsetof(ngx_hc_l2_t, connections) },
    { ngx_string("max_value"), ngx_http_hc_l2_size,
      offsetof(ngx_hc_l2_t, max_value) },
    { ngx_null_string, NULL, 0 }
};


char *
ngx_http_hc_l2_param(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    char                    *rv;
    ngx_str_t               *value;
    ngx_hc_l2_t             *l2 = conf;
    ngx_http_hc_l2_param_t  *param;

    value = cf->args->elts;

    for (param = ngx_http_hc_l2_params; param->name.len; param++) {

        if (value[0].len != param->name.len
            || ngx_strcmp(value[0].data, param->name.data) != 0)
        {
            continue;
        }

        if (cf->args->nelts != 2) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in hc_l2 expects one value", &value[0]);
            return NGX_CONF_ERROR;
        }

        rv = param->set(cf, l2, &value[1], param->offset);

        if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in hc_l2 %s", &value[0], rv);
            return NGX_CONF_ERROR;
        }

        return rv;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown \"%V\" in hc_l2, allowed are server, prefix, "
                       "connect_timeout, timeout, connections and max_value",
                       &value[0]);
    return NGX_CONF_ERROR;
}


/* server redis://host[:port] | redis://unix:path; */

static char *
ngx_http_hc_l2_server(ngx_conf_t *cf, ngx_hc_l2_t *l2, ngx_str_t *value,
    size_t offset)
{
    ngx_url_t  u;

    if (l2->addr) {
        return "is duplicate, one server is allowed";
    }

    if (value->len <= 8 || ngx_strncmp(value->data, "redis://", 8) != 0) {
        return "expects redis://host[:port] or redis://unix:/path";
    }

    ngx_memzero(&u, sizeof(u));

    u.url.data = value->data + 8;
    u.url.len = value->len - 8;
    u.default_port = NGX_HTTP_HC_L2_PORT;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in hc_l2 server \"%V\", expected is "
                           "redis://host[:port] or redis://unix:/path",
                           u.err ? u.err : "invalid URL", value);
        return NGX_CONF_ERROR;
    }

    if (u.uri.len || u.naddrs == 0) {
        return "expects redis://host[:port] or redis://unix:/path, nothing "
               "behind it";
    }

    l2->url = *value;
    l2->addr = &u.addrs[0];

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_l2_prefix(ngx_conf_t *cf, ngx_hc_l2_t *l2, ngx_str_t *value,
    size_t offset)
{
    size_t  i;

    if (l2->prefix.data) {
        return "is duplicate";
    }

    if (value->len > 64) {
        return "is too long, 64 bytes are the most";
    }

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] >= 0x7f) {
            return "expects printable characters without spaces";
        }
    }

    l2->prefix = *value;

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_l2_msec(ngx_conf_t *cf, ngx_hc_l2_t *l2, ngx_str_t *value,
    size_t offset)
{
    ngx_int_t    ms;
    ngx_msec_t  *field;

    field = (ngx_msec_t *) ((char *) l2 + offset);

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    ms = ngx_parse_time(value, 0);

    if (ms == NGX_ERROR || ms == 0 || ms > 60000) {
        return "expects a time from 1ms to 60s";
    }

    *field = (ngx_msec_t) ms;

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_l2_number(ngx_conf_t *cf, ngx_hc_l2_t *l2, ngx_str_t *value,
    size_t offset)
{
    ngx_int_t    n;
    ngx_uint_t  *field;

    field = (ngx_uint_t *) ((char *) l2 + offset);

    if (*field != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    n = ngx_atoi(value->data, value->len);

    if (n < 1 || n > 64) {
        return "expects a number from 1 to 64";
    }

    *field = (ngx_uint_t) n;

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_l2_size(ngx_conf_t *cf, ngx_hc_l2_t *l2, ngx_str_t *value,
    size_t offset)
{
    size_t   *field;
    ssize_t   size;

    field = (size_t *) ((char *) l2 + offset);

    if (*field != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    size = ngx_parse_size(value);

    if (size < 1024 || size > 512 * 1024 * 1024) {
        return "expects a size from 1k to 512m";
    }

    *field = (size_t) size;

    return NGX_CONF_OK;
}

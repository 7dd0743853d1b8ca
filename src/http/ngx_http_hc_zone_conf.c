/*
 * hc_zone zone=name:size [max_object=size];
 */

#include "ngx_http_hc_conf.h"
#include "ngx_http_hc_handlers.h"


static char *ngx_http_hc_zone_parse(ngx_conf_t *cf, ngx_str_t *name,
    ssize_t *size);


char *
ngx_http_hc_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                *rv;
    ssize_t              size, max_object;
    ngx_str_t           *value, name, text;
    ngx_http_hc_zone_t  *zone;

    value = cf->args->elts;
    name = value[1];

    rv = ngx_http_hc_zone_parse(cf, &name, &size);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    max_object = ngx_min(size / 8, 1024 * 1024);

    if (cf->args->nelts == 3) {
        if (ngx_strncmp(value[2].data, "max_object=", 11) != 0) {
            return "expects \"zone=name:size [max_object=size]\"";
        }

        text.data = value[2].data + 11;
        text.len = value[2].len - 11;

        max_object = ngx_parse_size(&text);

        if (max_object <= 0) {
            return "expects max_object as a size above 0, as in "
                   "max_object=1m";
        }

        if (max_object > size / 8) {
            return "has a max_object above an eighth of the zone";
        }
    }

    zone = ngx_http_hc_zone_named(cf, &name);
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (zone->shm_zone) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "hc_zone \"%V\" is already defined", &name);
        return NGX_CONF_ERROR;
    }

    zone->max_object = max_object;

    return ngx_http_hc_zone_define(cf, zone, size);
}


static char *
ngx_http_hc_zone_parse(ngx_conf_t *cf, ngx_str_t *name, ssize_t *size)
{
    u_char     *colon;
    ngx_str_t   text;

    if (ngx_strncmp(name->data, "zone=", 5) != 0) {
        return "expects \"zone=name:size [max_object=size]\"";
    }

    name->data += 5;
    name->len -= 5;

    colon = ngx_strlchr(name->data, name->data + name->len, ':');

    if (colon == NULL || colon == name->data) {
        return "expects \"zone=name:size\", as in zone=pages:256m";
    }

    text.data = colon + 1;
    text.len = name->data + name->len - text.data;
    name->len = colon - name->data;

    *size = ngx_parse_size(&text);

    if (*size == NGX_ERROR) {
        return "has an invalid size, expects one as in zone=pages:256m";
    }

    if (*size < HC_L1_MIN_SIZE) {
        return "is too small, 1m is the least";
    }

    if (*size > HC_L1_MAX_SIZE) {
        return "is too large, 31g is the most";
    }

    if (name->len == 3 && ngx_strncmp(name->data, "off", 3) == 0) {
        return "cannot be named \"off\", hc_cache takes that for none";
    }

    return NGX_CONF_OK;
}

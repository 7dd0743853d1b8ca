/*
 * hc_zone zone=name:size [max_object=size]
 *         [snapshot=path [snapshot_interval=time]];
 */

#include "ngx_http_hc_conf.h"
#include "ngx_http_hc_handlers.h"


#define NGX_HTTP_HC_SNAPSHOT_INTERVAL      (10 * 60 * 1000)        /* ms */
#define NGX_HTTP_HC_SNAPSHOT_INTERVAL_MIN  1000
#define NGX_HTTP_HC_SNAPSHOT_INTERVAL_MAX  (24 * 3600 * 1000)


#define NGX_HTTP_HC_ZONE_SYNTAX                                               \
    "expects \"zone=name:size [max_object=size] [snapshot=path "               \
    "[snapshot_interval=time]]\""


/* Members that were not given are 0 and NULL. */

typedef struct {
    ssize_t     size;
    ssize_t     max_object;
    ngx_str_t   snapshot;
    ngx_int_t   interval;
} ngx_http_hc_zone_params_t;


typedef struct {
    ngx_str_t   name;                /* with its "=" */
    char     *(*parse)(ngx_http_hc_zone_params_t *zp, ngx_str_t *text);
} ngx_http_hc_zone_param_t;


static char *ngx_http_hc_zone_parse(ngx_conf_t *cf, ngx_str_t *name,
    ssize_t *size);
static char *ngx_http_hc_zone_param(ngx_http_hc_zone_params_t *zp,
    ngx_str_t *value);
static char *ngx_http_hc_zone_max_object(ngx_http_hc_zone_params_t *zp,
    ngx_str_t *text);
static char *ngx_http_hc_zone_snapshot(ngx_http_hc_zone_params_t *zp,
    ngx_str_t *text);
static char *ngx_http_hc_zone_interval(ngx_http_hc_zone_params_t *zp,
    ngx_str_t *text);
static char *ngx_http_hc_zone_check(ngx_conf_t *cf,
    ngx_http_hc_zone_params_t *zp, ngx_str_t *name);


static const ngx_http_hc_zone_param_t  ngx_http_hc_zone_params[] = {
    { ngx_string("max_object="), ngx_http_hc_zone_max_object },
    { ngx_string("snapshot="), ngx_http_hc_zone_snapshot },
    { ngx_string("snapshot_interval="), ngx_http_hc_zone_interval },
    { ngx_null_string, NULL }
};


char *
ngx_http_hc_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                       *rv;
    ngx_str_t                  *value, name;
    ngx_uint_t                  i;
    ngx_http_hc_zone_t         *zone;
    ngx_http_hc_zone_params_t   zp;

    value = cf->args->elts;
    name = value[1];

    ngx_memzero(&zp, sizeof(zp));

    rv = ngx_http_hc_zone_parse(cf, &name, &zp.size);

    for (i = 2; rv == NGX_CONF_OK && i < cf->args->nelts; i++) {
        rv = ngx_http_hc_zone_param(&zp, &value[i]);
    }

    if (rv == NGX_CONF_OK) {
        rv = ngx_http_hc_zone_check(cf, &zp, &name);
    }

    if (rv != NGX_CONF_OK) {
        return rv;
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

    zone->max_object = zp.max_object;

    if (zp.snapshot.data) {
        rv = ngx_http_hc_snapshot_define(cf, zone, &zp.snapshot, zp.interval);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return ngx_http_hc_zone_define(cf, zone, zp.size);
}


static char *
ngx_http_hc_zone_param(ngx_http_hc_zone_params_t *zp, ngx_str_t *value)
{
    ngx_str_t                        text;
    const ngx_http_hc_zone_param_t  *param;

    for (param = ngx_http_hc_zone_params; param->parse; param++) {

        if (value->len >= param->name.len
            && ngx_strncmp(value->data, param->name.data, param->name.len)
               == 0)
        {
            text.data = value->data + param->name.len;
            text.len = value->len - param->name.len;

            return param->parse(zp, &text);
        }
    }

    return NGX_HTTP_HC_ZONE_SYNTAX;
}


static char *
ngx_http_hc_zone_max_object(ngx_http_hc_zone_params_t *zp, ngx_str_t *text)
{
    if (zp->max_object) {
        return "has max_object twice";
    }

    zp->max_object = ngx_parse_size(text);

    return zp->max_object > 0
           ? NGX_CONF_OK
           : "expects max_object as a size above 0, as in max_object=1m";
}


static char *
ngx_http_hc_zone_snapshot(ngx_http_hc_zone_params_t *zp, ngx_str_t *text)
{
    if (zp->snapshot.data) {
        return "has snapshot twice";
    }

    zp->snapshot = *text;

    return text->len ? NGX_CONF_OK
                     : "expects snapshot as a path, as in "
                       "snapshot=/var/cache/nginx/pages.hc";
}


static char *
ngx_http_hc_zone_interval(ngx_http_hc_zone_params_t *zp, ngx_str_t *text)
{
    if (zp->interval) {
        return "has snapshot_interval twice";
    }

    zp->interval = ngx_parse_time(text, 0);

    return zp->interval >= NGX_HTTP_HC_SNAPSHOT_INTERVAL_MIN
           && zp->interval <= NGX_HTTP_HC_SNAPSHOT_INTERVAL_MAX
           ? NGX_CONF_OK
           : "expects snapshot_interval as a time from 1s to 24h, as in "
             "snapshot_interval=10m";
}


/* What hangs together, and what was not given. */

static char *
ngx_http_hc_zone_check(ngx_conf_t *cf, ngx_http_hc_zone_params_t *zp,
    ngx_str_t *name)
{
    if (zp->max_object == 0) {
        zp->max_object = ngx_min(zp->size / 8, 1024 * 1024);
    }

    if (zp->max_object > zp->size / 8) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "hc_zone \"%V\" has a max_object above an eighth "
                           "of the zone: %uLk is the least size for it", name,
                           ((uint64_t) zp->max_object * 8 + 1023) / 1024);
        return NGX_CONF_ERROR;
    }

    if (zp->interval && zp->snapshot.data == NULL) {
        return "has snapshot_interval without snapshot";
    }

    if (zp->interval == 0) {
        zp->interval = NGX_HTTP_HC_SNAPSHOT_INTERVAL;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_zone_parse(ngx_conf_t *cf, ngx_str_t *name, ssize_t *size)
{
    u_char     *colon;
    ngx_str_t   text;

    if (ngx_strncmp(name->data, "zone=", 5) != 0) {
        return NGX_HTTP_HC_ZONE_SYNTAX;
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
        return "is too large, 31744m is the most";
    }

    if (name->len == 3 && ngx_strncmp(name->data, "off", 3) == 0) {
        return "cannot be named \"off\", hc_cache takes that for none";
    }

    return NGX_CONF_OK;
}

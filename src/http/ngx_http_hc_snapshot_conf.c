/*
 * hc_zone ... snapshot=path [snapshot_interval=time];
 */

#include "ngx_http_hc_snapshot.h"


static char *ngx_http_hc_snapshot_path(ngx_conf_t *cf,
    ngx_http_hc_zone_t *zone);
static char *ngx_http_hc_snapshot_alone(ngx_conf_t *cf,
    ngx_http_hc_zone_t *zone);


char *
ngx_http_hc_snapshot_define(ngx_conf_t *cf, ngx_http_hc_zone_t *zone,
    ngx_str_t *path, ngx_msec_t interval)
{
    char                    *rv;
    ngx_http_hc_snapshot_t  *snapshot;

    snapshot = ngx_pcalloc(cf->pool, sizeof(*snapshot));
    if (snapshot == NULL) {
        return NGX_CONF_ERROR;
    }

    snapshot->path = *path;
    snapshot->interval = interval;
    snapshot->job.fd = NGX_INVALID_FILE;

    if (ngx_conf_full_name(cf->cycle, &snapshot->path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    zone->snapshot = snapshot;

    rv = ngx_http_hc_snapshot_path(cf, zone);

    if (rv == NGX_CONF_OK) {
        rv = ngx_http_hc_snapshot_alone(cf, zone);
    }

    if (rv == NGX_CONF_OK
        && ngx_http_hc_snapshot_memory(cf, zone) != NGX_OK)
    {
        rv = NGX_CONF_ERROR;
    }

    return rv;
}


/* The path has a "/" by now: it is absolute. */

static char *
ngx_http_hc_snapshot_path(ngx_conf_t *cf, ngx_http_hc_zone_t *zone)
{
    u_char                  *p;
    size_t                   len;
    ngx_err_t                err;
    ngx_file_info_t          info;
    ngx_http_hc_snapshot_t  *snapshot = zone->snapshot;
    ngx_str_t               *path = &snapshot->path;

    for (p = path->data + path->len; p[-1] != '/'; p--) { /* void */ }

    snapshot->base.data = p;
    snapshot->base.len = path->data + path->len - p;

    if (snapshot->base.len == 0
        || (ngx_file_info(path->data, &info) != -1 && ngx_is_dir(&info)))
    {
        return "expects snapshot as a file, not a directory";
    }

    len = ngx_max(p - path->data - 1, 1);

    snapshot->dir = ngx_pnalloc(cf->pool, len + 1);
    if (snapshot->dir == NULL) {
        return NGX_CONF_ERROR;
    }

    (void) ngx_cpystrn(snapshot->dir, path->data, len + 1);

    err = 0;

    if (ngx_file_info(snapshot->dir, &snapshot->dir_info) == -1) {
        err = ngx_errno;

    } else if (!ngx_is_dir(&snapshot->dir_info)) {
        err = NGX_ENOTDIR;
    }

    if (err) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, err,
                           "hc_zone \"%V\": the directory \"%s\" of its "
                           "snapshot cannot be used", &zone->name,
                           snapshot->dir);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* By the directory itself, which may have many names. */

static char *
ngx_http_hc_snapshot_alone(ngx_conf_t *cf, ngx_http_hc_zone_t *zone)
{
    ngx_uint_t               i;
    ngx_array_t             *zones;
    ngx_http_hc_zone_t     **other;
    ngx_http_hc_snapshot_t  *a, *b;

    zones = ngx_http_hc_conf_zones(cf);
    other = zones->elts;
    a = zone->snapshot;

    for (i = 0; i < zones->nelts; i++) {
        b = other[i]->snapshot;

        if (b == NULL || b == a) {
            continue;
        }

        if (a->base.len == b->base.len
            && ngx_strncmp(a->base.data, b->base.data, a->base.len) == 0
            && a->dir_info.st_dev == b->dir_info.st_dev
            && a->dir_info.st_ino == b->dir_info.st_ino)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "hc_zone \"%V\" has the same snapshot as "
                               "hc_zone \"%V\", each needs a file of its own",
                               &zone->name, &other[i]->name);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}

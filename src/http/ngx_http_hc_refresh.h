/*
 * Freshness without waiting: background update and its like.
 *
 * Layer: ngx_http_hc_, the request layer's own.
 */

#ifndef NGX_HTTP_HC_REFRESH_H_INCLUDED_
#define NGX_HTTP_HC_REFRESH_H_INCLUDED_


#include "ngx_http_hc_priv.h"


typedef struct {
    ngx_flag_t   background;
    ngx_msec_t   ahead;                /* ms before the end; 0: off */
    ngx_uint_t   ahead_share;          /* percent of the lifetime, or 0 */
    ngx_uint_t   jitter;               /* percent of the lifetime */
    ngx_uint_t   max;                  /* under way at once, in all workers */
    uint32_t     group;                /* of those that share a maximum */
} ngx_http_hc_refresh_conf_t;


extern ngx_module_t  ngx_http_hc_refresh_module;


static ngx_inline ngx_http_hc_refresh_conf_t *
ngx_http_hc_refresh_conf(ngx_http_request_t *r)
{
    return ngx_http_get_module_loc_conf(r, ngx_http_hc_refresh_module);
}


/* A random part of `ms`, up to `share` percent of it: what was stored together
 * does not expire together. */

static ngx_inline uint64_t
ngx_http_hc_refresh_jitter(uint64_t ms, ngx_uint_t share)
{
    return share ? ms * share / 100 * (ngx_random() & 0xffff) / 0x10000 : 0;
}


/* Is an entry that is believed for `all` ms so near to its end that a hit has
 * it asked for anew?  A time is that of half of them at most, or a short-lived
 * one would be asked for all the time. */

static ngx_inline ngx_uint_t
ngx_http_hc_refresh_due(ngx_http_hc_refresh_conf_t *conf, uint64_t all,
    int64_t ttl)
{
    uint64_t  ahead;

    ahead = conf->ahead_share ? all * conf->ahead_share / 100
                              : ngx_min(conf->ahead, all / 2);

    return ttl < (int64_t) ahead;
}


static ngx_inline ngx_uint_t
ngx_http_hc_refreshes_ahead(ngx_http_hc_refresh_conf_t *conf)
{
    return conf->ahead || conf->ahead_share;
}


/* Sees to it that the entry in ctx->ref is asked for anew.  1: somebody does,
 * or nobody may yet, so it is to be given; 0: the client has to ask. */

ngx_uint_t ngx_http_hc_refresh(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);

/* A hit: the same, if its end is near. */

void ngx_http_hc_refresh_ahead(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    uint64_t now);

/* START of the request that asks. */

ngx_int_t ngx_http_hc_refresh_start(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
void ngx_http_hc_refresh_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);


#endif /* NGX_HTTP_HC_REFRESH_H_INCLUDED_ */

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


/* Is it so near to its end that a hit has it asked for anew? */

static ngx_inline ngx_uint_t
ngx_http_hc_refresh_due(ngx_http_hc_refresh_conf_t *conf, hc_entry_t *e,
    int64_t ttl)
{
    return ttl < (int64_t) conf->ahead
           || (conf->ahead_share
               && ttl < (int64_t) e->core.lifetime
                        * (int64_t) conf->ahead_share / 100);
}


/* Sees to it that the entry in ctx->ref is asked for anew.  1: somebody does,
 * or nobody may yet, so it is to be given; 0: the client has to ask. */

ngx_uint_t ngx_http_hc_refresh(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);

/* START of the request that asks. */

ngx_int_t ngx_http_hc_refresh_start(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
void ngx_http_hc_refresh_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);


#endif /* NGX_HTTP_HC_REFRESH_H_INCLUDED_ */

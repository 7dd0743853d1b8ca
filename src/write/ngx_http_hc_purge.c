/*
 * PURGE: the key of a target is forgotten, where hc_cache_purge allows it.
 *
 *   204   the key moved in L1, and every L2 has answered or had its time
 *
 * Whether there was anything is not told: an L2 that is down cannot say.
 */

#include "ngx_http_hc_invalidation.h"
#include "../http/ngx_http_hc_handlers.h"


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_hc_invalidation_t   inv;
    ngx_uint_t                   done;         /* unsigned  done:1; */
} ngx_http_hc_purge_ctx_t;


static ngx_int_t ngx_http_hc_purge_start(ngx_http_request_t *r);
static void ngx_http_hc_purge_now(ngx_http_request_t *r, hc_str_t key);
static void ngx_http_hc_purge_done(void *owner);
static void ngx_http_hc_purge_cleanup(void *data);


static ngx_http_module_t  ngx_http_hc_purge_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_hc_purge_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_purge_module_ctx,         /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


ngx_int_t
ngx_http_hc_purge_handler(ngx_http_request_t *r)
{
    ngx_http_hc_purge_ctx_t  *ctx;

    static ngx_str_t  purge = ngx_string("PURGE");

    if (r->method != NGX_HTTP_UNKNOWN || r != r->main
        || r->method_name.len != purge.len
        || ngx_strncmp(r->method_name.data, purge.data, purge.len) != 0)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_purge_module);

    if (ctx) {
        return ctx->done ? NGX_HTTP_NO_CONTENT : NGX_AGAIN;
    }

    if (ngx_http_hc_cache_zone(r) == NULL || !ngx_http_hc_may_purge(r)) {
        return NGX_DECLINED;
    }

    return ngx_http_hc_purge_start(r);
}


static ngx_int_t
ngx_http_hc_purge_start(ngx_http_request_t *r)
{
    hc_str_t                  key;
    uint32_t                  slot;
    ngx_pool_cleanup_t       *cln;
    ngx_http_hc_purge_ctx_t  *ctx;

    if (ngx_http_hc_key(r, &key) != NGX_OK) {
        return NGX_HTTP_BAD_REQUEST;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_hc_purge_ctx_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(*ctx));

    ctx->request = r;
    ngx_http_hc_invalidation_init(&ctx->inv, ngx_http_hc_purge_done, ctx);

    cln->handler = ngx_http_hc_purge_cleanup;

    ngx_http_set_ctx(r, ctx, ngx_http_hc_purge_module);

    (void) ngx_http_hc_invalidation_add(&ctx->inv, ngx_http_hc_key_slot(key));

    /* behind try_files the default key is of where it leads to */

    if (ngx_http_hc_key_is_default(r)) {
        if (ngx_http_hc_target_slot(r, &slot) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        (void) ngx_http_hc_invalidation_add(&ctx->inv, slot);
    }

    ngx_http_hc_purge_now(r, key);

    if (ngx_http_hc_invalidation_start(r, &ctx->inv) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ctx->done = 1;

    return NGX_HTTP_NO_CONTENT;
}


/* The moved version is what purges; this gives the usual entry's memory back
 * at once. */

static void
ngx_http_hc_purge_now(ngx_http_request_t *r, hc_str_t key)
{
    hc_l1_key_t          k;
    ngx_http_hc_zone_t  *zone = ngx_http_hc_cache_zone(r);

    k.key = key;
    k.variant = hc_str(NULL, 0);

    hc_l1_hash(zone->l1, &k);
    (void) hc_l1_delete(zone->l1, &k);
}


static void
ngx_http_hc_purge_done(void *owner)
{
    ngx_http_hc_purge_ctx_t  *ctx = owner;

    ctx->done = 1;

    ngx_http_hc_resume(ctx->request);
}


static void
ngx_http_hc_purge_cleanup(void *data)
{
    ngx_http_hc_purge_ctx_t  *ctx = data;

    ngx_http_hc_invalidation_forget(&ctx->inv);
}

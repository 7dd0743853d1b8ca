/*
 * PURGE: the key of a target, named tags, or all of a zone are forgotten,
 * where hc_cache_purge allows it.
 *
 *   204   it moved in L1, and every L2 has answered or had its time
 *   400   a bad list of tags, or tags and all at once
 *
 * Whether there was anything is not told: an L2 that is down cannot say.
 */

#include "ngx_http_hc_invalidation.h"
#include "../http/ngx_http_hc_handlers.h"


typedef struct {
    ngx_array_t                 *allow;        /* of ngx_http_complex_value_t */
    ngx_http_hc_tag_source_t    *tag;
    ngx_http_complex_value_t    *all;
} ngx_http_hc_purge_conf_t;


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_hc_invalidation_t   inv;
    ngx_uint_t                   done;         /* unsigned  done:1; */
} ngx_http_hc_purge_ctx_t;


static ngx_int_t ngx_http_hc_purge_start(ngx_http_request_t *r,
    ngx_http_hc_purge_conf_t *hpcf);
static ngx_int_t ngx_http_hc_purge_what(ngx_http_request_t *r,
    ngx_http_hc_purge_conf_t *hpcf, ngx_http_hc_invalidation_t *inv);
static ngx_int_t ngx_http_hc_purge_all(ngx_http_request_t *r,
    ngx_http_hc_purge_conf_t *hpcf);
static ngx_int_t ngx_http_hc_purge_key(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv);
static void ngx_http_hc_purge_now(ngx_http_request_t *r, hc_str_t key);
static void ngx_http_hc_purge_done(void *owner);
static void ngx_http_hc_purge_cleanup(void *data);
static void *ngx_http_hc_purge_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_purge_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_hc_cache_purge(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_purge_tag_param(ngx_conf_t *cf,
    ngx_http_hc_purge_conf_t *hpcf, ngx_str_t *value);
static char *ngx_http_hc_purge_all_param(ngx_conf_t *cf,
    ngx_http_hc_purge_conf_t *hpcf, ngx_str_t *value);


static ngx_command_t  ngx_http_hc_purge_commands[] = {

    { ngx_string("hc_cache_purge"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_hc_cache_purge,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_hc_purge_conf_t, allow),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_purge_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_hc_purge_create_loc_conf,     /* create location configuration */
    ngx_http_hc_purge_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_http_hc_purge_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_purge_module_ctx,         /* module context */
    ngx_http_hc_purge_commands,            /* module directives */
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
    ngx_http_hc_purge_ctx_t   *ctx;
    ngx_http_hc_purge_conf_t  *hpcf;

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

    hpcf = ngx_http_get_module_loc_conf(r, ngx_http_hc_purge_module);

    if (ngx_http_hc_cache_zone(r) == NULL
        || ngx_http_test_predicates(r, hpcf->allow) != NGX_DECLINED)
    {
        return NGX_DECLINED;
    }

    return ngx_http_hc_purge_start(r, hpcf);
}


static ngx_int_t
ngx_http_hc_purge_start(ngx_http_request_t *r, ngx_http_hc_purge_conf_t *hpcf)
{
    ngx_int_t                 rc;
    ngx_pool_cleanup_t       *cln;
    ngx_http_hc_purge_ctx_t  *ctx;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_hc_purge_ctx_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(*ctx));

    ctx->request = r;
    ngx_http_hc_invalidation_init(&ctx->inv, ngx_http_hc_purge_done, ctx);

    cln->handler = ngx_http_hc_purge_cleanup;

    rc = ngx_http_hc_purge_what(r, hpcf, &ctx->inv);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "hc: PURGE of a key that is too long, of a bad list of "
                      "tags, or of tags and all at once");
        return NGX_HTTP_BAD_REQUEST;
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_hc_purge_module);

    if (ngx_http_hc_invalidation_start(r, &ctx->inv) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ctx->done = 1;

    return NGX_HTTP_NO_CONTENT;
}


/*
 * A list of tags takes the place of the key, also one without any: it is bad,
 * not a PURGE of something else.  Who says "all" must say nothing beside it.
 */

static ngx_int_t
ngx_http_hc_purge_what(ngx_http_request_t *r, ngx_http_hc_purge_conf_t *hpcf,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_int_t  rc, all;

    all = ngx_http_hc_purge_all(r, hpcf);

    if (all == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (hpcf->tag) {
        rc = ngx_http_hc_invalidation_add_named(r, inv, hpcf->tag,
                                                ngx_http_hc_cache_zone(r));
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (inv->listed) {
        return (all || inv->n == 0) ? NGX_DECLINED : NGX_OK;
    }

    if (all) {
        inv->all = ngx_http_hc_cache_zone(r);
        return NGX_OK;
    }

    return ngx_http_hc_purge_key(r, inv);
}


static ngx_int_t
ngx_http_hc_purge_all(ngx_http_request_t *r, ngx_http_hc_purge_conf_t *hpcf)
{
    ngx_str_t  value;

    if (hpcf->all == NULL) {
        return 0;
    }

    if (ngx_http_complex_value(r, hpcf->all, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return value.len && !(value.len == 1 && value.data[0] == '0');
}


static ngx_int_t
ngx_http_hc_purge_key(ngx_http_request_t *r, ngx_http_hc_invalidation_t *inv)
{
    hc_str_t  key;
    uint32_t  slot;

    if (ngx_http_hc_key(r, &key) != NGX_OK) {
        return NGX_DECLINED;
    }

    (void) ngx_http_hc_invalidation_add(inv, ngx_http_hc_key_slot(key));

    /* behind try_files the default key is of where it leads to */

    if (ngx_http_hc_key_is_default(r)) {
        if (ngx_http_hc_target_slot(r, &slot) != NGX_OK) {
            return NGX_ERROR;
        }

        (void) ngx_http_hc_invalidation_add(inv, slot);
    }

    ngx_http_hc_purge_now(r, key);

    return NGX_OK;
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


static void *
ngx_http_hc_purge_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_hc_purge_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(*conf));
    if (conf == NULL) {
        return NULL;
    }

    conf->allow = NGX_CONF_UNSET_PTR;

    return conf;
}


static char *
ngx_http_hc_purge_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_hc_purge_conf_t  *prev = parent;
    ngx_http_hc_purge_conf_t  *conf = child;

    if (conf->allow != NGX_CONF_UNSET_PTR) {
        return NGX_CONF_OK;
    }

    *conf = *prev;

    ngx_conf_init_ptr_value(conf->allow, NULL);

    return NGX_CONF_OK;
}


/* hc_cache_purge string ... [tag=string] [all=string]; */

static char *
ngx_http_hc_cache_purge(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char        *rc;
    ngx_str_t   *value;
    ngx_uint_t   i, n;

    value = cf->args->elts;
    n = 1;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "tag=", 4) == 0) {
            rc = ngx_http_hc_purge_tag_param(cf, conf, &value[i]);

        } else if (ngx_strncmp(value[i].data, "all=", 4) == 0) {
            rc = ngx_http_hc_purge_all_param(cf, conf, &value[i]);

        } else {
            rc = NGX_CONF_OK;
            value[n++] = value[i];
        }

        if (rc != NGX_CONF_OK) {
            return rc;
        }
    }

    if (n == 1) {
        return "expects a string that says who may purge, beside \"tag=\" "
               "and \"all=\"";
    }

    cf->args->nelts = n;

    return ngx_http_set_predicate_slot(cf, cmd, conf);
}


static char *
ngx_http_hc_purge_tag_param(ngx_conf_t *cf, ngx_http_hc_purge_conf_t *hpcf,
    ngx_str_t *value)
{
    ngx_str_t  text;

    if (hpcf->tag) {
        return "has more than one \"tag=\"";
    }

    text.data = value->data + 4;
    text.len = value->len - 4;

    if (text.len == 0) {
        return "expects a string behind \"tag=\", as in "
               "tag=$http_surrogate_key";
    }

    hpcf->tag = ngx_palloc(cf->pool, sizeof(*hpcf->tag));

    if (hpcf->tag == NULL
        || ngx_http_hc_tag_source(cf, &text, hpcf->tag) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A constant would make every PURGE one of everything. */

static char *
ngx_http_hc_purge_all_param(ngx_conf_t *cf, ngx_http_hc_purge_conf_t *hpcf,
    ngx_str_t *value)
{
    ngx_str_t                         text;
    ngx_http_compile_complex_value_t  ccv;

    if (hpcf->all) {
        return "has more than one \"all=\"";
    }

    text.data = value->data + 4;
    text.len = value->len - 4;

    if (ngx_http_script_variables_count(&text) == 0) {
        return "expects a variable behind \"all=\", as in "
               "all=$http_purge_all";
    }

    hpcf->all = ngx_palloc(cf->pool, sizeof(*hpcf->all));
    if (hpcf->all == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ccv));

    ccv.cf = cf;
    ccv.value = &text;
    ccv.complex_value = hpcf->all;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}

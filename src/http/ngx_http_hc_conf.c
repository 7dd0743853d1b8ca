/*
 * The hc_cache* directives.
 */

#include "ngx_http_hc_priv.h"
#include "ngx_http_hc_handlers.h"
#include "ngx_http_hc_conf.h"


static ngx_int_t ngx_http_hc_cache_preconfiguration(ngx_conf_t *cf);
static void *ngx_http_hc_cache_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_hc_cache_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_cache_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_hc_cache_behind(ngx_conf_t *cf,
    ngx_http_hc_cache_conf_t *conf);


#define NGX_HTTP_HC_LOC                                                       \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)

#define ngx_http_hc_offset(field)  offsetof(ngx_http_hc_cache_conf_t, field)


#define ngx_http_hc_failure_word(id, bit, text)  { ngx_string(text), bit },

static ngx_http_hc_word_t  ngx_http_hc_stale_words[] = {
    NGX_HTTP_HC_FAILURES(ngx_http_hc_failure_word)
    { ngx_string("off"), 0 },
    { ngx_null_string, 0 }
};


static ngx_http_hc_word_t  ngx_http_hc_method_words[] = {
    { ngx_string("GET"), NGX_HTTP_GET },
    { ngx_string("HEAD"), NGX_HTTP_HEAD },
    { ngx_null_string, 0 }
};


static ngx_http_hc_word_t  ngx_http_hc_cookie_words[] = {
    { ngx_string("pass"), NGX_HTTP_HC_COOKIES_PASS },
    { ngx_string("ignore"), NGX_HTTP_HC_COOKIES_IGNORE },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_hc_cache_commands[] = {

    { ngx_string("hc_cache"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_l2"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_l2,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_key"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_args"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_args,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_valid"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_valid,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_l1_ttl"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(l1_ttl),
      NULL },

    { ngx_string("hc_cache_stale"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(stale),
      NULL },

    { ngx_string("hc_cache_use_stale"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(use_stale),
      ngx_http_hc_stale_words },

    { ngx_string("hc_cache_methods"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(methods),
      ngx_http_hc_method_words },

    { ngx_string("hc_cache_cookies"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(cookies),
      ngx_http_hc_cookie_words },

    { ngx_string("hc_cache_min_uses"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_min_uses,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(min_uses),
      NULL },

    { ngx_string("hc_cache_bypass"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_set_predicate_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(bypass),
      NULL },

    { ngx_string("hc_no_cache"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_set_predicate_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(no_cache),
      NULL },

    { ngx_string("hc_cache_tag"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_tag,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_cache_module_ctx = {
    ngx_http_hc_cache_preconfiguration,    /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_http_hc_cache_create_main_conf,    /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_hc_cache_create_loc_conf,     /* create location configuration */
    ngx_http_hc_cache_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_http_hc_cache_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_cache_module_ctx,         /* module context */
    ngx_http_hc_cache_commands,            /* module directives */
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


static ngx_int_t
ngx_http_hc_cache_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_hc_add_variables(cf);
}


static void *
ngx_http_hc_cache_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_hc_cache_main_conf_t  *hmcf;

    hmcf = ngx_pcalloc(cf->pool, sizeof(*hmcf));
    if (hmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&hmcf->l2_uses, cf->pool, 4,
                       sizeof(struct ngx_http_hc_l2_use_s *))
        != NGX_OK)
    {
        return NULL;
    }

    return hmcf;
}


ngx_int_t
ngx_http_hc_check_l2_uses(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    struct ngx_http_hc_l2_use_s    **uses;
    ngx_http_hc_cache_main_conf_t   *hmcf;

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_cache_module);

    uses = hmcf->l2_uses.elts;

    for (i = 0; i < hmcf->l2_uses.nelts; i++) {
        if (!uses[i]->used) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"hc_cache_l2\" needs an \"hc_cache\" with a zone "
                          "there or below in %s:%ui",
                          uses[i]->file, uses[i]->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void *
ngx_http_hc_cache_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_hc_cache_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(*conf));
    if (conf == NULL) {
        return NULL;
    }

    conf->zone = NGX_CONF_UNSET_PTR;
    conf->l2 = NGX_CONF_UNSET_PTR;
    conf->args = NGX_CONF_UNSET_PTR;
    conf->valid = NGX_CONF_UNSET_PTR;
    conf->bypass = NGX_CONF_UNSET_PTR;
    conf->no_cache = NGX_CONF_UNSET_PTR;
    conf->tags = NGX_CONF_UNSET_PTR;
    conf->methods = NGX_CONF_UNSET_UINT;
    conf->min_uses = NGX_CONF_UNSET_UINT;
    conf->use_stale = NGX_CONF_UNSET_UINT;
    conf->cookies = NGX_CONF_UNSET_UINT;
    conf->l1_ttl = NGX_CONF_UNSET_MSEC;
    conf->stale = NGX_CONF_UNSET_MSEC;

    return conf;
}


static char *
ngx_http_hc_cache_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_hc_cache_conf_t  *prev = parent;
    ngx_http_hc_cache_conf_t  *conf = child;

    if (conf->l2 == NGX_CONF_UNSET_PTR) {
        conf->l2_use = prev->l2_use;
    }

    ngx_conf_merge_ptr_value(conf->zone, prev->zone, NULL);
    ngx_conf_merge_ptr_value(conf->l2, prev->l2, NULL);
    ngx_conf_merge_ptr_value(conf->args, prev->args, NULL);
    ngx_conf_merge_ptr_value(conf->valid, prev->valid, NULL);
    ngx_conf_merge_ptr_value(conf->bypass, prev->bypass, NULL);
    ngx_conf_merge_ptr_value(conf->no_cache, prev->no_cache, NULL);
    ngx_conf_merge_ptr_value(conf->tags, prev->tags, NULL);
    ngx_conf_merge_uint_value(conf->methods, prev->methods,
                              NGX_HTTP_GET|NGX_HTTP_HEAD);
    ngx_conf_merge_uint_value(conf->min_uses, prev->min_uses, 1);
    ngx_conf_merge_uint_value(conf->use_stale, prev->use_stale,
                              NGX_HTTP_HC_FAIL_ERROR|NGX_HTTP_HC_FAIL_TIMEOUT
                              |NGX_HTTP_HC_FAIL_INVALID_HEADER
                              |NGX_HTTP_HC_FAIL_500|NGX_HTTP_HC_FAIL_502
                              |NGX_HTTP_HC_FAIL_503|NGX_HTTP_HC_FAIL_504);
    ngx_conf_merge_uint_value(conf->cookies, prev->cookies,
                              NGX_HTTP_HC_COOKIES_PASS);
    ngx_conf_merge_msec_value(conf->l1_ttl, prev->l1_ttl, NGX_HTTP_HC_NO_CAP);
    ngx_conf_merge_msec_value(conf->stale, prev->stale, 10 * 60 * 1000);

    if (!conf->key_set) {
        conf->key_set = prev->key_set;
        conf->key = prev->key;
    }

    if (conf->zone && conf->l2_use) {
        conf->l2_use->used = 1;
    }

    return ngx_http_hc_cache_behind(cf, conf);
}


/* An answer of the zone may be in any L2 that is behind it somewhere. */

static char *
ngx_http_hc_cache_behind(ngx_conf_t *cf, ngx_http_hc_cache_conf_t *conf)
{
    ngx_uint_t           i;
    ngx_hc_l2_t        **l2;
    ngx_http_hc_zone_t  *zone = conf->zone;

    if (zone == NULL || conf->l2 == NULL) {
        return NGX_CONF_OK;
    }

    if (zone->l2s == NULL) {
        zone->l2s = ngx_array_create(cf->pool, 2, sizeof(ngx_hc_l2_t *));
        if (zone->l2s == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    l2 = zone->l2s->elts;

    for (i = 0; i < zone->l2s->nelts; i++) {
        if (l2[i] == &conf->l2->store) {
            return NGX_CONF_OK;
        }
    }

    l2 = ngx_array_push(zone->l2s);
    if (l2 == NULL) {
        return NGX_CONF_ERROR;
    }

    *l2 = &conf->l2->store;

    return NGX_CONF_OK;
}

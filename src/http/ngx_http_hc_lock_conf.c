/*
 * hc_cache_lock and its like.
 */

#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_conf.h"


static void *ngx_http_hc_lock_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_lock_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_hc_cache_lock_timeout(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_hc_cache_lock_waiters(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_hc_cache_stream_from(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#define NGX_HTTP_HC_LOC                                                       \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)

#define NGX_HTTP_HC_WAITERS_MAX  1000000


static ngx_http_hc_word_t  ngx_http_hc_surplus_words[] = {
    { ngx_string("stale"), NGX_HTTP_HC_SURPLUS_STALE },
    { ngx_string("pass"), NGX_HTTP_HC_SURPLUS_PASS },
    { ngx_string("503"), NGX_HTTP_HC_SURPLUS_503 },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_hc_lock_commands[] = {

    { ngx_string("hc_cache_lock"),
      NGX_HTTP_HC_LOC|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_hc_lock_conf_t, lock),
      NULL },

    { ngx_string("hc_cache_lock_timeout"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_lock_timeout,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_lock_waiters"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE12,
      ngx_http_hc_cache_lock_waiters,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_stream_from"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_stream_from,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_lock_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_hc_lock_create_loc_conf,      /* create location configuration */
    ngx_http_hc_lock_merge_loc_conf        /* merge location configuration */
};


ngx_module_t  ngx_http_hc_lock_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_lock_module_ctx,          /* module context */
    ngx_http_hc_lock_commands,             /* module directives */
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


static void *
ngx_http_hc_lock_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_hc_lock_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(*conf));
    if (conf == NULL) {
        return NULL;
    }

    conf->lock = NGX_CONF_UNSET;
    conf->timeout = NGX_CONF_UNSET_MSEC;
    conf->waiters = NGX_CONF_UNSET_UINT;
    conf->stream_from = NGX_CONF_UNSET_SIZE;

    return conf;
}


static char *
ngx_http_hc_lock_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_hc_lock_conf_t  *prev = parent;
    ngx_http_hc_lock_conf_t  *conf = child;

    if (conf->waiters == NGX_CONF_UNSET_UINT) {
        conf->surplus = prev->surplus;
    }

    ngx_conf_merge_value(conf->lock, prev->lock, 1);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 5000);
    ngx_conf_merge_uint_value(conf->waiters, prev->waiters, 10000);
    ngx_conf_merge_size_value(conf->stream_from, prev->stream_from,
                              256 * 1024);

    return NGX_CONF_OK;
}


/* hc_cache_lock_timeout time; */

static char *
ngx_http_hc_cache_lock_timeout(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_lock_conf_t  *hlcf = conf;

    ngx_int_t   ms;
    ngx_str_t  *value;

    if (hlcf->timeout != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;
    ms = ngx_http_hc_parse_time(&value[1]);

    if (ms <= 0) {
        return "expects a time above 0, as in 500ms or 5s";
    }

    hlcf->timeout = (ngx_msec_t) ms;

    return NGX_CONF_OK;
}


/* hc_cache_lock_waiters number [stale | pass | 503]; */

static char *
ngx_http_hc_cache_lock_waiters(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_lock_conf_t  *hlcf = conf;

    ngx_int_t            n;
    ngx_str_t           *value;
    ngx_http_hc_word_t  *word;

    if (hlcf->waiters != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n > NGX_HTTP_HC_WAITERS_MAX) {
        return "expects a number from 0 to 1000000";
    }

    hlcf->waiters = (ngx_uint_t) n;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    for (word = ngx_http_hc_surplus_words; word->name.len; word++) {
        if (ngx_strcmp(value[2].data, word->name.data) == 0) {
            hlcf->surplus = word->value;
            return NGX_CONF_OK;
        }
    }

    return "expects \"stale\", \"pass\" or \"503\" for what the surplus gets";
}


/* hc_cache_stream_from size | off; */

static char *
ngx_http_hc_cache_stream_from(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_lock_conf_t  *hlcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    if (hlcf->stream_from != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->stream_from = 0;
        return NGX_CONF_OK;
    }

    size = ngx_parse_size(&value[1]);

    if (size <= 0) {
        return "expects a size, as in 256k, or \"off\"";
    }

    hlcf->stream_from = (size_t) size;

    return NGX_CONF_OK;
}

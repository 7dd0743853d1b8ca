/*
 * hc_cache_background_update and its like.
 */

#include "ngx_http_hc_refresh.h"
#include "ngx_http_hc_conf.h"


typedef struct {
    uint32_t  groups;                  /* maxima that were set */
} ngx_http_hc_refresh_main_conf_t;


static void *ngx_http_hc_refresh_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_hc_refresh_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_refresh_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_hc_cache_jitter(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_cache_refresh_ahead(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_hc_cache_refresh_max(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_hc_parse_share(ngx_str_t *value);


#define NGX_HTTP_HC_LOC                                                       \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)

#define NGX_HTTP_HC_SHARE_MAX    90        /* percent */
#define NGX_HTTP_HC_REFRESH_MAX  32
#define NGX_HTTP_HC_GROUP        1         /* of the default */


static ngx_command_t  ngx_http_hc_refresh_commands[] = {

    { ngx_string("hc_cache_background_update"),
      NGX_HTTP_HC_LOC|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_hc_refresh_conf_t, background),
      NULL },

    { ngx_string("hc_cache_refresh_ahead"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_refresh_ahead,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_refresh_max"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_refresh_max,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_jitter"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_jitter,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_refresh_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_http_hc_refresh_create_main_conf,  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_hc_refresh_create_loc_conf,   /* create location configuration */
    ngx_http_hc_refresh_merge_loc_conf     /* merge location configuration */
};


ngx_module_t  ngx_http_hc_refresh_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_refresh_module_ctx,       /* module context */
    ngx_http_hc_refresh_commands,          /* module directives */
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
ngx_http_hc_refresh_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_hc_refresh_main_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(*conf));
    if (conf == NULL) {
        return NULL;
    }

    conf->groups = NGX_HTTP_HC_GROUP;

    return conf;
}


static void *
ngx_http_hc_refresh_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_hc_refresh_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(*conf));
    if (conf == NULL) {
        return NULL;
    }

    conf->background = NGX_CONF_UNSET;
    conf->ahead = NGX_CONF_UNSET_MSEC;
    conf->jitter = NGX_CONF_UNSET_UINT;
    conf->max = NGX_CONF_UNSET_UINT;

    return conf;
}


static char *
ngx_http_hc_refresh_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_hc_refresh_conf_t  *prev = parent;
    ngx_http_hc_refresh_conf_t  *conf = child;

    if (conf->ahead == NGX_CONF_UNSET_MSEC) {
        conf->ahead_share = prev->ahead_share;
    }

    if (conf->max == NGX_CONF_UNSET_UINT) {
        conf->group = prev->group ? prev->group : NGX_HTTP_HC_GROUP;
    }

    ngx_conf_merge_value(conf->background, prev->background, 0);
    ngx_conf_merge_msec_value(conf->ahead, prev->ahead, 0);
    ngx_conf_merge_uint_value(conf->jitter, prev->jitter, 0);
    ngx_conf_merge_uint_value(conf->max, prev->max, NGX_HTTP_HC_REFRESH_MAX);

    return NGX_CONF_OK;
}


/* hc_cache_jitter percent% | off; */

static char *
ngx_http_hc_cache_jitter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_refresh_conf_t  *hrcf = conf;

    ngx_int_t   share;
    ngx_str_t  *value;

    if (hrcf->jitter != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    share = ngx_strcmp(value[1].data, "off") == 0
            ? 0 : ngx_http_hc_parse_share(&value[1]);

    if (share == NGX_ERROR) {
        return "expects a share from 1% to 90%, as in 10%, or \"off\"";
    }

    hrcf->jitter = (ngx_uint_t) share;

    return NGX_CONF_OK;
}


/* hc_cache_refresh_ahead time | percent% | off; */

static char *
ngx_http_hc_cache_refresh_ahead(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_refresh_conf_t  *hrcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (hrcf->ahead != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;
    hrcf->ahead = 0;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    n = ngx_http_hc_parse_share(&value[1]);

    if (n != NGX_ERROR) {
        hrcf->ahead_share = (ngx_uint_t) n;
        return NGX_CONF_OK;
    }

    n = ngx_http_hc_parse_time(&value[1]);

    if (n <= 0) {
        return "expects a time above 0, as in 500ms or 5s, a share from 1% to "
               "90%, or \"off\"";
    }

    hrcf->ahead = (ngx_msec_t) n;

    return NGX_CONF_OK;
}


/* hc_cache_refresh_max number; */

static char *
ngx_http_hc_cache_refresh_max(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_refresh_conf_t  *hrcf = conf;

    ngx_int_t                         n;
    ngx_str_t                        *value;
    ngx_http_hc_refresh_main_conf_t  *hmcf;

    if (hrcf->max != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > 65535) {
        return "expects a number from 1 to 65535";
    }

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_refresh_module);

    hrcf->max = (ngx_uint_t) n;
    hrcf->group = ++hmcf->groups;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_hc_parse_share(ngx_str_t *value)
{
    ngx_int_t  n;

    if (value->len < 2 || value->data[value->len - 1] != '%') {
        return NGX_ERROR;
    }

    n = ngx_atoi(value->data, value->len - 1);

    return n >= 1 && n <= NGX_HTTP_HC_SHARE_MAX ? n : NGX_ERROR;
}

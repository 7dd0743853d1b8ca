/*
 * Directives about HTTP's rules.
 */

#include "ngx_http_hc_rules.h"
#include "ngx_http_hc_conf.h"


static void *ngx_http_hc_rules_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_rules_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_hc_cache_heuristic(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_cache_accept_encoding(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_hc_cache_status_header(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_uint_t ngx_http_hc_is_token(ngx_str_t *text);


#define NGX_HTTP_HC_LOC                                                       \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)

#define ngx_http_hc_offset(field)  offsetof(ngx_http_hc_rules_conf_t, field)

#define NGX_HTTP_HC_CODINGS_MAX  8


static ngx_http_hc_word_t  ngx_http_hc_set_cookie_words[] = {
    { ngx_string("refuse"), HC_SET_COOKIE_REFUSE },
    { ngx_string("strip"), HC_SET_COOKIE_STRIP },
    { ngx_string("keep"), HC_SET_COOKIE_KEEP },
    { ngx_null_string, 0 }
};


static ngx_http_hc_word_t  ngx_http_hc_ignore_words[] = {
    { ngx_string("Cache-Control"), HC_IGNORE_CACHE_CONTROL },
    { ngx_string("Expires"), HC_IGNORE_EXPIRES },
    { ngx_string("Set-Cookie"), HC_IGNORE_SET_COOKIE },
    { ngx_string("Vary"), HC_IGNORE_VARY },
    { ngx_string("X-Accel-Expires"), HC_IGNORE_ACCEL_EXPIRES },
    { ngx_string("off"), 0 },
    { ngx_null_string, 0 }
};


static ngx_http_hc_word_t  ngx_http_hc_target_words[] = {
    { ngx_string("CDN-Cache-Control"), HC_TARGET_CDN },
    { ngx_string("Surrogate-Control"), HC_TARGET_SURROGATE },
    { ngx_string("off"), 0 },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_hc_rules_commands[] = {

    { ngx_string("hc_cache_revalidate"),
      NGX_HTTP_HC_LOC|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(revalidate),
      NULL },

    { ngx_string("hc_cache_strict_age"),
      NGX_HTTP_HC_LOC|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(strict_age),
      NULL },

    { ngx_string("hc_cache_client_control"),
      NGX_HTTP_HC_LOC|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(client_control),
      NULL },

    { ngx_string("hc_cache_etag"),
      NGX_HTTP_HC_LOC|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(etag),
      NULL },

    { ngx_string("hc_cache_unframed"),
      NGX_HTTP_HC_LOC|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(unframed),
      NULL },

    { ngx_string("hc_cache_heuristic"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE12,
      ngx_http_hc_cache_heuristic,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_set_cookie"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(set_cookie),
      ngx_http_hc_set_cookie_words },

    { ngx_string("hc_ignore_headers"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(ignore),
      ngx_http_hc_ignore_words },

    { ngx_string("hc_cache_targets"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(targets),
      ngx_http_hc_target_words },

    { ngx_string("hc_cache_accept_encoding"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_hc_cache_accept_encoding,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("hc_cache_status_header"),
      NGX_HTTP_HC_LOC|NGX_CONF_TAKE1,
      ngx_http_hc_cache_status_header,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_rules_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_hc_rules_create_loc_conf,     /* create location configuration */
    ngx_http_hc_rules_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_http_hc_rules_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_rules_module_ctx,         /* module context */
    ngx_http_hc_rules_commands,            /* module directives */
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
ngx_http_hc_rules_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_hc_rules_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(*conf));
    if (conf == NULL) {
        return NULL;
    }

    conf->revalidate = NGX_CONF_UNSET;
    conf->strict_age = NGX_CONF_UNSET;
    conf->client_control = NGX_CONF_UNSET;
    conf->etag = NGX_CONF_UNSET;
    conf->unframed = NGX_CONF_UNSET;
    conf->heuristic = NGX_CONF_UNSET_UINT;
    conf->set_cookie = NGX_CONF_UNSET_UINT;
    conf->ignore = NGX_CONF_UNSET_UINT;
    conf->targets = NGX_CONF_UNSET_UINT;
    conf->codings = NGX_CONF_UNSET_PTR;

    return conf;
}


static char *
ngx_http_hc_rules_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_hc_rules_conf_t  *prev = parent;
    ngx_http_hc_rules_conf_t  *conf = child;

    if (conf->heuristic == NGX_CONF_UNSET_UINT) {
        conf->heuristic_max = prev->heuristic_max;
    }

    ngx_conf_merge_value(conf->revalidate, prev->revalidate, 1);
    ngx_conf_merge_value(conf->strict_age, prev->strict_age, 0);
    ngx_conf_merge_value(conf->client_control, prev->client_control, 0);
    ngx_conf_merge_value(conf->etag, prev->etag, 0);
    ngx_conf_merge_value(conf->unframed, prev->unframed, 0);
    ngx_conf_merge_uint_value(conf->heuristic, prev->heuristic, 0);
    ngx_conf_merge_uint_value(conf->set_cookie, prev->set_cookie,
                              HC_SET_COOKIE_REFUSE);
    ngx_conf_merge_uint_value(conf->ignore, prev->ignore, 0);
    ngx_conf_merge_uint_value(conf->targets, prev->targets,
                              HC_TARGET_CDN|HC_TARGET_SURROGATE);
    ngx_conf_merge_ptr_value(conf->codings, prev->codings, NULL);

    if (conf->status_name.data == NULL) {
        conf->status_name = prev->status_name;
    }

    return NGX_CONF_OK;
}


/* hc_cache_heuristic off | percent% [max=time]; */

static char *
ngx_http_hc_cache_heuristic(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_rules_conf_t  *rules = conf;

    ngx_int_t   percent, max;
    ngx_str_t  *value, text;

    static char  expects[] = "expects a share from 1% to 100%, as in 10%, and "
                             "perhaps max=1d, or \"off\"";

    if (rules->heuristic != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        rules->heuristic = 0;
        return NGX_CONF_OK;
    }

    if (value[1].len < 2 || value[1].data[value[1].len - 1] != '%') {
        return expects;
    }

    percent = ngx_atoi(value[1].data, value[1].len - 1);

    if (percent < 1 || percent > 100) {
        return expects;
    }

    max = 24 * 60 * 60 * 1000;

    if (cf->args->nelts == 3) {

        if (ngx_strncmp(value[2].data, "max=", 4) != 0) {
            return expects;
        }

        text.data = value[2].data + 4;
        text.len = value[2].len - 4;
        max = ngx_http_hc_parse_time(&text);
    }

    if (max <= 0) {
        return expects;
    }

    rules->heuristic = (ngx_uint_t) percent;
    rules->heuristic_max = (ngx_msec_t) max;

    return NGX_CONF_OK;
}


/* hc_cache_accept_encoding off | coding ...; */

static char *
ngx_http_hc_cache_accept_encoding(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_hc_rules_conf_t  *rules = conf;

    hc_str_t    *coding;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (rules->codings != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        rules->codings = NULL;
        return NGX_CONF_OK;
    }

    rules->codings = ngx_array_create(cf->pool, cf->args->nelts,
                                      sizeof(hc_str_t));
    if (rules->codings == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (i > NGX_HTTP_HC_CODINGS_MAX
            || !ngx_http_hc_is_token(&value[i])
            || ngx_strcmp(value[i].data, "off") == 0
            || ngx_strcmp(value[i].data, "identity") == 0)
        {
            return "expects at most eight content codings, as in \"br gzip\", "
                   "or \"off\"";
        }

        coding = ngx_array_push(rules->codings);
        if (coding == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_strlow(value[i].data, value[i].data, value[i].len);
        *coding = ngx_hc_str(&value[i]);
    }

    return NGX_CONF_OK;
}


/* hc_cache_status_header off | on | name; */

static char *
ngx_http_hc_cache_status_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_hc_rules_conf_t  *rules = conf;

    ngx_str_t  *value;

    if (rules->status_name.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&rules->status_name, "");
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "on") == 0) {
        ngx_str_set(&rules->status_name, "hc");
        return NGX_CONF_OK;
    }

    if (!ngx_http_hc_is_token(&value[1])) {
        return "expects \"on\", \"off\" or the name of this cache, of letters, "
               "digits, \"-\", \"_\" and \".\"";
    }

    rules->status_name = value[1];

    return NGX_CONF_OK;
}


/* Of the characters of a token those that need no care anywhere. */

static ngx_uint_t
ngx_http_hc_is_token(ngx_str_t *text)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
            continue;
        }

        if (i && ((c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) {
            continue;
        }

        return 0;
    }

    return text->len != 0;
}

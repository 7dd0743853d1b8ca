/*
 * The hc_cache* directives.
 */

#include "ngx_http_hc_priv.h"
#include "ngx_http_hc_handlers.h"


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  value;
} ngx_http_hc_word_t;


/* Where hc_cache_l2 stands: it is of no use without an hc_cache below. */

struct ngx_http_hc_l2_use_s {
    ngx_uint_t  used;                      /* unsigned  used:1; */
    u_char     *file;
    ngx_uint_t  line;
};


typedef struct {
    ngx_array_t  l2_uses;                  /* of struct ngx_http_hc_l2_use_s * */
} ngx_http_hc_cache_main_conf_t;


static char *ngx_http_hc_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_hc_cache_l2(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_cache_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_cache_args(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_cache_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_cache_words(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_cache_min_uses(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_hc_cache_preconfiguration(ngx_conf_t *cf);
static void *ngx_http_hc_cache_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_hc_cache_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_cache_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


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

    { ngx_string("hc_cache_purge"),
      NGX_HTTP_HC_LOC|NGX_CONF_1MORE,
      ngx_http_set_predicate_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      ngx_http_hc_offset(purge),
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


ngx_int_t  ngx_http_hc_request_uri_index;


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
    conf->purge = NGX_CONF_UNSET_PTR;
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
    ngx_conf_merge_ptr_value(conf->purge, prev->purge, NULL);
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

    if (conf->key == NULL) {
        conf->key = prev->key;
    }

    if (conf->zone && conf->l2_use) {
        conf->l2_use->used = 1;
    }

    return NGX_CONF_OK;
}


/* hc_cache zone | off; */

static char *
ngx_http_hc_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_str_t  *value;

    if (hlcf->zone != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "expects the name of an hc_zone or \"off\"";
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->zone = NULL;
        return NGX_CONF_OK;
    }

    hlcf->zone = ngx_http_hc_zone_named(cf, &value[1]);

    return hlcf->zone ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* hc_cache_l2 name | off; */

static char *
ngx_http_hc_cache_l2(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_str_t                       *value;
    struct ngx_http_hc_l2_use_s     *use, **uses;
    ngx_http_hc_cache_main_conf_t   *hmcf;

    if (hlcf->l2 != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->l2 = NULL;
        return NGX_CONF_OK;
    }

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_cache_module);

    use = ngx_pcalloc(cf->pool, sizeof(*use));
    uses = ngx_array_push(&hmcf->l2_uses);

    if (use == NULL || uses == NULL) {
        return NGX_CONF_ERROR;
    }

    use->file = cf->conf_file->file.name.data;
    use->line = cf->conf_file->line;

    *uses = use;
    hlcf->l2_use = use;
    hlcf->l2 = ngx_http_hc_l2_named(cf, &value[1]);

    return hlcf->l2 ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_hc_cache_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_str_t                         *value;
    ngx_http_compile_complex_value_t   ccv;

    if (hlcf->key) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "expects a string with variables, as in $scheme$host$hc_uri";
    }

    hlcf->key = ngx_palloc(cf->pool, sizeof(*hlcf->key));
    if (hlcf->key == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ccv));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = hlcf->key;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* hc_cache_args name ... | off; */

static char *
ngx_http_hc_cache_args(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    hc_str_t    *name;
    ngx_str_t   *value;
    ngx_uint_t   i;

    static ngx_str_t  request_uri = ngx_string("request_uri");

    if (hlcf->args != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->args = NULL;
        return NGX_CONF_OK;
    }

    hlcf->args = ngx_array_create(cf->pool, cf->args->nelts, sizeof(hc_str_t));
    if (hlcf->args == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0
            || strpbrk((char *) value[i].data, "&=?#"))
        {
            return "expects names of arguments or \"off\"";
        }

        name = ngx_array_push(hlcf->args);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = ngx_hc_str(&value[i]);
    }

    ngx_http_hc_request_uri_index = ngx_http_get_variable_index(cf,
                                                               &request_uri);
    if (ngx_http_hc_request_uri_index == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_cache_min_uses(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (hlcf->min_uses != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > 255) {
        return "expects a number from 1 to 255";
    }

    hlcf->min_uses = (ngx_uint_t) n;

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_cache_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t    ms;
    ngx_str_t   *value;
    ngx_msec_t  *field;

    field = (ngx_msec_t *) ((char *) conf + cmd->offset);

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;
    ms = ngx_http_hc_parse_time(&value[1]);

    if (ms == NGX_ERROR) {
        return "expects a time from 0 to 49d, as in 500ms, 5s or 10m";
    }

    *field = (ngx_msec_t) ms;

    return NGX_CONF_OK;
}


/* One or several of the words in cmd->post. */

static char *
ngx_http_hc_cache_words(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char              *p, allowed[256];
    ngx_str_t           *value;
    ngx_uint_t           i, *field;
    ngx_http_hc_word_t  *word;

    field = (ngx_uint_t *) ((char *) conf + cmd->offset);

    if (*field != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    *field = 0;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (word = cmd->post; word->name.len; word++) {
            if (ngx_strcmp(value[i].data, word->name.data) == 0) {
                *field |= word->value;
                break;
            }
        }

        if (word->name.len) {
            continue;
        }

        p = allowed;

        for (word = cmd->post; word->name.len; word++) {
            p = ngx_slprintf(p, allowed + sizeof(allowed), " %V", &word->name);
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"%V\" in \"%V\", allowed are:%*s",
                           &value[i], &cmd->name, p - allowed, allowed);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}

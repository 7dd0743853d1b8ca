/*
 * hc_invalidate: what else a write changes.
 */

#include "ngx_http_hc_invalidation.h"


typedef enum {
    NGX_HTTP_HC_INVALIDATE_URI = 0,
    NGX_HTTP_HC_INVALIDATE_KEY
} ngx_http_hc_invalidate_kind_e;


typedef struct {
    ngx_http_hc_invalidate_kind_e   kind;
    ngx_http_complex_value_t        value;
} ngx_http_hc_invalidate_t;


typedef struct {
    ngx_array_t                    *names;     /* of ngx_http_hc_invalidate_t */
} ngx_http_hc_invalidate_conf_t;


static void *ngx_http_hc_invalidate_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_invalidate_merge_loc_conf(ngx_conf_t *cf,
    void *parent, void *child);
static char *ngx_http_hc_invalidate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_http_hc_invalidate_commands[] = {

    { ngx_string("hc_invalidate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_hc_invalidate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_invalidate_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_hc_invalidate_create_loc_conf,  /* create location configuration */
    ngx_http_hc_invalidate_merge_loc_conf    /* merge location configuration */
};


ngx_module_t  ngx_http_hc_invalidate_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_invalidate_module_ctx,    /* module context */
    ngx_http_hc_invalidate_commands,       /* module directives */
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


ngx_uint_t
ngx_http_hc_invalidate_here(ngx_http_request_t *r)
{
    ngx_http_hc_invalidate_conf_t  *hicf;

    hicf = ngx_http_get_module_loc_conf(r, ngx_http_hc_invalidate_module);

    return hicf->names != NULL;
}


ngx_int_t
ngx_http_hc_invalidate_tags(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv)
{
    uint32_t                        slot;
    ngx_str_t                       value;
    ngx_uint_t                      i, n;
    ngx_http_hc_invalidate_t       *name;
    ngx_http_hc_invalidate_conf_t  *hicf;

    hicf = ngx_http_get_module_loc_conf(r, ngx_http_hc_invalidate_module);

    if (ngx_http_hc_target_slot(r, &slot) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_http_hc_invalidation_add(inv, slot);

    name = hicf->names ? hicf->names->elts : NULL;
    n = hicf->names ? hicf->names->nelts : 0;

    for (i = 0; i < n; i++) {

        if (ngx_http_complex_value(r, &name[i].value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len == 0) {
            continue;
        }

        if (name[i].kind == NGX_HTTP_HC_INVALIDATE_KEY) {
            slot = ngx_http_hc_key_slot(ngx_hc_str(&value));

        } else if (ngx_http_hc_uri_slot(r, &value, &slot) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_hc_invalidation_add(inv, slot) != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "hc: more than %d names to invalidate, \"%V\" is "
                          "left out", NGX_HTTP_HC_INVALIDATION_MAX, &value);
        }
    }

    return NGX_OK;
}


static void *
ngx_http_hc_invalidate_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_hc_invalidate_conf_t));
}


static char *
ngx_http_hc_invalidate_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child)
{
    ngx_http_hc_invalidate_conf_t  *prev = parent;
    ngx_http_hc_invalidate_conf_t  *conf = child;

    if (conf->names == NULL) {
        conf->names = prev->names;
    }

    return NGX_CONF_OK;
}


/* hc_invalidate uri=string | key=string ...; */

static char *
ngx_http_hc_invalidate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_invalidate_conf_t  *hicf = conf;

    ngx_str_t                         *value, text;
    ngx_uint_t                         i;
    ngx_http_hc_invalidate_t          *name;
    ngx_http_compile_complex_value_t   ccv;

    if (hicf->names == NULL) {
        hicf->names = ngx_array_create(cf->pool, 4, sizeof(*name));
        if (hicf->names == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        name = ngx_array_push(hicf->names);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        if (hicf->names->nelts >= NGX_HTTP_HC_INVALIDATION_MAX) {
            return "has too many names, 31 are the most";
        }

        text.data = value[i].data + 4;
        text.len = value[i].len - 4;

        if (value[i].len > 4 && ngx_strncmp(value[i].data, "uri=", 4) == 0) {
            name->kind = NGX_HTTP_HC_INVALIDATE_URI;

            if (text.data[0] != '/' && text.data[0] != '$') {
                return "expects a path behind \"uri=\", as in "
                       "uri=/api/orders?uid=$arg_uid";
            }

        } else if (value[i].len > 4
                   && ngx_strncmp(value[i].data, "key=", 4) == 0)
        {
            name->kind = NGX_HTTP_HC_INVALIDATE_KEY;

        } else {
            return "expects \"uri=string\" or \"key=string\"";
        }

        ngx_memzero(&ccv, sizeof(ccv));

        ccv.cf = cf;
        ccv.value = &text;
        ccv.complex_value = &name->value;

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}

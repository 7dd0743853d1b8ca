/*
 * hc_invalidate: what else a write changes.
 */

#include "ngx_http_hc_invalidation.h"


typedef enum {
    NGX_HTTP_HC_INVALIDATE_URI = 0,
    NGX_HTTP_HC_INVALIDATE_KEY,
    NGX_HTTP_HC_INVALIDATE_TAG
} ngx_http_hc_invalidate_kind_e;


#define NGX_HTTP_HC_INVALIDATE_NAMES  31


typedef struct {
    ngx_http_hc_invalidate_kind_e   kind;
    ngx_http_hc_tag_source_t        source;
} ngx_http_hc_invalidate_t;


typedef struct {
    ngx_array_t                    *names;     /* of ngx_http_hc_invalidate_t */
} ngx_http_hc_invalidate_conf_t;


static void *ngx_http_hc_invalidate_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_invalidate_merge_loc_conf(ngx_conf_t *cf,
    void *parent, void *child);
static char *ngx_http_hc_invalidate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_invalidate_name(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_hc_invalidate_t *name);
static ngx_int_t ngx_http_hc_invalidate_one(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_http_hc_invalidate_t *name);
static ngx_int_t ngx_http_hc_invalidate_named(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_http_hc_invalidate_t *name);


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
    ngx_int_t                       rc;
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

        if (name[i].kind == NGX_HTTP_HC_INVALIDATE_TAG) {
            rc = ngx_http_hc_invalidate_named(r, inv, &name[i]);

        } else {
            rc = ngx_http_hc_invalidate_one(r, inv, &name[i]);
        }

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "hc: \"%V\" of hc_invalidate has too many names or "
                          "a bad one, which are left out",
                          &name[i].source.value.value);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_invalidate_one(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_http_hc_invalidate_t *name)
{
    uint32_t   slot;
    ngx_str_t  value;

    if (ngx_http_complex_value(r, &name->source.value, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    if (name->kind == NGX_HTTP_HC_INVALIDATE_KEY) {
        slot = ngx_http_hc_key_slot(ngx_hc_str(&value));

    } else if (ngx_http_hc_uri_slot(r, &value, &slot) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_hc_invalidation_add(inv, slot);
}


/* Where nothing is cached, nobody knows which zone is meant: all are. */

static ngx_int_t
ngx_http_hc_invalidate_named(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_http_hc_invalidate_t *name)
{
    ngx_int_t             rc, bad;
    ngx_uint_t            i, n;
    ngx_array_t          *zones;
    ngx_http_hc_zone_t   *here, **zone;

    here = ngx_http_hc_cache_zone(r);
    zones = ngx_http_hc_zones(r);

    zone = here ? &here : zones->elts;
    n = here ? 1 : zones->nelts;
    bad = NGX_OK;

    for (i = 0; i < n; i++) {
        rc = ngx_http_hc_invalidation_add_named(r, inv, &name->source,
                                                zone[i]);
        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            bad = NGX_DECLINED;
        }
    }

    return bad;
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


/* hc_invalidate uri=string | key=string | tag=string ...; */

static char *
ngx_http_hc_invalidate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_invalidate_conf_t  *hicf = conf;

    char                      *rc;
    ngx_str_t                 *value;
    ngx_uint_t                 i;
    ngx_http_hc_invalidate_t  *name;

    if (hicf->names == NULL) {
        hicf->names = ngx_array_create(cf->pool, 4, sizeof(*name));
        if (hicf->names == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (hicf->names->nelts == NGX_HTTP_HC_INVALIDATE_NAMES) {
            return "has too many names, 31 are the most";
        }

        name = ngx_array_push(hicf->names);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        rc = ngx_http_hc_invalidate_name(cf, &value[i], name);

        if (rc != NGX_CONF_OK) {
            return rc;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_invalidate_name(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_hc_invalidate_t *name)
{
    ngx_str_t   text;
    ngx_uint_t  i;

    static const char *const  kinds[] = { "uri=", "key=", "tag=" };

    for (i = 0; i < 3; i++) {
        if (value->len > 4 && ngx_strncmp(value->data, kinds[i], 4) == 0) {
            break;
        }
    }

    if (i == 3) {
        return "expects \"uri=string\", \"key=string\" or \"tag=string\"";
    }

    name->kind = i;

    text.data = value->data + 4;
    text.len = value->len - 4;

    if (name->kind == NGX_HTTP_HC_INVALIDATE_URI
        && text.data[0] != '/' && text.data[0] != '$')
    {
        return "expects a path behind \"uri=\", as in "
               "uri=/api/orders?uid=$arg_uid";
    }

    return ngx_http_hc_tag_source(cf, &text, &name->source) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}

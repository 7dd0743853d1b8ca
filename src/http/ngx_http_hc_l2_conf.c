/*
 * hc_l2 name { ... } and the stores' life in a worker.
 */

#include "ngx_http_hc.h"
#include "ngx_http_hc_handlers.h"
#include "ngx_http_hc_conf.h"


typedef struct {
    ngx_array_t  l2s;                /* of ngx_http_hc_l2_t * */
} ngx_http_hc_l2_conf_t;


static char *ngx_http_hc_l2_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_l2_complete(ngx_conf_t *cf, ngx_hc_l2_t *l2);
static void *ngx_http_hc_l2_create_main_conf(ngx_conf_t *cf);


static ngx_command_t  ngx_http_hc_l2_commands[] = {

    { ngx_string("hc_l2"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_hc_l2_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_l2_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_http_hc_l2_create_main_conf,       /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_hc_l2_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_l2_module_ctx,            /* module context */
    ngx_http_hc_l2_commands,               /* module directives */
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
ngx_http_hc_l2_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_hc_l2_conf_t  *lcf;

    lcf = ngx_pcalloc(cf->pool, sizeof(*lcf));
    if (lcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&lcf->l2s, cf->pool, 2, sizeof(ngx_http_hc_l2_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return lcf;
}


static char *
ngx_http_hc_l2_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char              *rv;
    ngx_str_t         *value;
    ngx_conf_t         save;
    ngx_http_hc_l2_t  *l2;

    value = cf->args->elts;

    if (value[1].len == 0 || ngx_strcmp(value[1].data, "off") == 0) {
        return "expects a name, other than \"off\"";
    }

    l2 = ngx_http_hc_l2_named(cf, &value[1]);
    if (l2 == NULL) {
        return NGX_CONF_ERROR;
    }

    if (l2->defined) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "hc_l2 \"%V\" is already defined", &value[1]);
        return NGX_CONF_ERROR;
    }

    l2->defined = 1;

    save = *cf;
    cf->handler = ngx_http_hc_l2_param;
    cf->handler_conf = (char *) &l2->store;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_hc_l2_complete(cf, &l2->store);
}


static char *
ngx_http_hc_l2_complete(ngx_conf_t *cf, ngx_hc_l2_t *l2)
{
    u_char     *p;
    ngx_str_t   name;

    if (l2->addr == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "hc_l2 \"%V\" has no server, expected is "
                           "\"server redis://host[:port];\"", &l2->name);
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_msec_value(l2->connect_timeout, 50);
    ngx_conf_init_msec_value(l2->timeout, 50);
    ngx_conf_init_uint_value(l2->connections, 2);
    ngx_conf_init_size_value(l2->max_value, 1024 * 1024);

    if (l2->prefix.data == NULL) {
        ngx_str_set(&l2->prefix, "hc:");
    }

    /* by server too: what is untold belongs to it, not to the name */

    name.len = sizeof("hc_l2 ") + l2->name.len + l2->prefix.len + l2->url.len
               + 2;
    name.data = ngx_pnalloc(cf->pool, name.len);
    if (name.data == NULL) {
        return NGX_CONF_ERROR;
    }

    p = ngx_sprintf(name.data, "hc_l2 %V %V %V", &l2->name, &l2->prefix,
                    &l2->url);
    name.len = p - name.data;

    l2->shm_zone = ngx_shared_memory_add(cf, &name, NGX_HC_L2_ZONE_SIZE,
                                         &ngx_http_hc_l2_module);
    if (l2->shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    l2->shm_zone->init = ngx_hc_l2_init_zone;
    l2->shm_zone->data = l2;

    return NGX_CONF_OK;
}


ngx_http_hc_l2_t *
ngx_http_hc_l2_named(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t              i;
    ngx_http_hc_l2_t       *l2, **l2s;
    ngx_http_hc_l2_conf_t  *lcf;

    lcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_l2_module);

    l2s = lcf->l2s.elts;

    for (i = 0; i < lcf->l2s.nelts; i++) {
        if (l2s[i]->store.name.len == name->len
            && ngx_strncmp(l2s[i]->store.name.data, name->data, name->len)
               == 0)
        {
            return l2s[i];
        }
    }

    l2s = ngx_array_push(&lcf->l2s);
    l2 = ngx_pcalloc(cf->pool, sizeof(*l2));

    if (l2s == NULL || l2 == NULL) {
        return NULL;
    }

    l2->file = cf->conf_file->file.name.data;
    l2->line = cf->conf_file->line;

    l2->store.name = *name;
    l2->store.connect_timeout = NGX_CONF_UNSET_MSEC;
    l2->store.timeout = NGX_CONF_UNSET_MSEC;
    l2->store.connections = NGX_CONF_UNSET_UINT;
    l2->store.max_value = NGX_CONF_UNSET_SIZE;

    *l2s = l2;

    return l2;
}


ngx_int_t
ngx_http_hc_check_l2s(ngx_conf_t *cf)
{
    ngx_uint_t               i;
    ngx_http_hc_l2_t       **l2s;
    ngx_http_hc_l2_conf_t   *lcf;

    lcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_l2_module);

    l2s = lcf->l2s.elts;

    for (i = 0; i < lcf->l2s.nelts; i++) {
        if (!l2s[i]->defined) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "hc_cache_l2 names \"%V\", which no hc_l2 defines "
                          "in %s:%ui", &l2s[i]->store.name, l2s[i]->file,
                          l2s[i]->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_hc_open_l2s(ngx_cycle_t *cycle)
{
    ngx_uint_t               i;
    ngx_http_hc_l2_t       **l2s;
    ngx_http_hc_l2_conf_t   *lcf;

    lcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_hc_l2_module);

    if (lcf == NULL) {
        return NGX_OK;
    }

    l2s = lcf->l2s.elts;

    for (i = 0; i < lcf->l2s.nelts; i++) {
        if (ngx_hc_l2_open(&l2s[i]->store, cycle) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_http_hc_close_l2s(ngx_cycle_t *cycle)
{
    ngx_uint_t               i;
    ngx_http_hc_l2_t       **l2s;
    ngx_http_hc_l2_conf_t   *lcf;

    lcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_hc_l2_module);

    if (lcf == NULL) {
        return;
    }

    l2s = lcf->l2s.elts;

    for (i = 0; i < lcf->l2s.nelts; i++) {
        ngx_hc_l2_close(&l2s[i]->store);
    }
}


ngx_array_t *
ngx_http_hc_l2s(ngx_http_request_t *r)
{
    ngx_http_hc_l2_conf_t  *lcf;

    lcf = ngx_http_get_module_main_conf(r, ngx_http_hc_l2_module);

    return &lcf->l2s;
}

/*
 * ngx_http_hc_module: the parts, put together.
 *
 * The two tables below are the data path's table of contents.  A request meets
 * the handlers of a phase, and the filters, in the order in which they stand
 * here (nginx runs both in reverse order of registration, so they are
 * registered from the end).
 */

#include "src/http/ngx_http_hc_handlers.h"


typedef struct {
    ngx_http_phases       phase;
    ngx_http_handler_pt   handler;
} ngx_http_hc_phase_t;


static ngx_int_t ngx_http_hc_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_hc_init_process(ngx_cycle_t *cycle);
static void ngx_http_hc_exit_process(ngx_cycle_t *cycle);
static void ngx_http_hc_exit_master(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_hc_init_module(ngx_cycle_t *cycle);


/* Reads come first: a hit meets no other handler. */

static const ngx_http_hc_phase_t  ngx_http_hc_phases[] = {
    { NGX_HTTP_PRECONTENT_PHASE, ngx_http_hc_cache_handler },
    { NGX_HTTP_PRECONTENT_PHASE, ngx_http_hc_purge_handler },
    { NGX_HTTP_PRECONTENT_PHASE, ngx_http_hc_write_handler }
};


static void (*const  ngx_http_hc_filters[])(void) = {
    ngx_http_hc_store_filter_init,
    ngx_http_hc_write_filter_init
};


static ngx_command_t  ngx_http_hc_commands[] = {

    { ngx_string("hc_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1234,
      ngx_http_hc_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_hc_postconfiguration,         /* postconfiguration */

    ngx_http_hc_create_zones_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_hc_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_module_ctx,               /* module context */
    ngx_http_hc_commands,                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_hc_init_module,               /* init module */
    ngx_http_hc_init_process,              /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_hc_exit_process,              /* exit process */
    ngx_http_hc_exit_master,               /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_hc_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    if (ngx_http_hc_check_zones(cf) != NGX_OK
        || ngx_http_hc_check_l2s(cf) != NGX_OK
        || ngx_http_hc_check_l2_uses(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    i = sizeof(ngx_http_hc_phases) / sizeof(ngx_http_hc_phases[0]);

    while (i--) {
        h = ngx_array_push(
                    &cmcf->phases[ngx_http_hc_phases[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = ngx_http_hc_phases[i].handler;
    }

    i = sizeof(ngx_http_hc_filters) / sizeof(ngx_http_hc_filters[0]);

    while (i--) {
        ngx_http_hc_filters[i]();
    }

    return NGX_OK;
}


/* A single process reloads without having been a worker to its end. */

static ngx_int_t
ngx_http_hc_init_module(ngx_cycle_t *cycle)
{
    if (ngx_process == NGX_PROCESS_SINGLE) {
        ngx_http_hc_close_snapshots((ngx_cycle_t *) ngx_cycle);
    }

    return NGX_OK;
}


/* Cache manager, cache loader and other helpers run this too: they take a slot
 * and open no connection until they would use one. */

static ngx_int_t
ngx_http_hc_init_process(ngx_cycle_t *cycle)
{
    if (ngx_http_hc_open_zones(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_hc_open_flight(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_hc_open_snapshots(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_hc_open_l2s(cycle);
}


static void
ngx_http_hc_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_hc_close_l2s(cycle);
    ngx_http_hc_close_publish();
    ngx_http_hc_close_snapshots(cycle);
    ngx_http_hc_close_flight(cycle);
    ngx_http_hc_close_zones(cycle);
}


/* The workers are gone, and so is a single process's part of one. */

static void
ngx_http_hc_exit_master(ngx_cycle_t *cycle)
{
    ngx_http_hc_write_snapshots(cycle);
}

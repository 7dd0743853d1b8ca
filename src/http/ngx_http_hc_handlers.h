/*
 * What ngx_http_hc_module.c registers, in the order a request meets it: the
 * entries of every room into nginx.
 */

#ifndef NGX_HTTP_HC_HANDLERS_H_INCLUDED_
#define NGX_HTTP_HC_HANDLERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* PRECONTENT */

ngx_int_t ngx_http_hc_cache_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_hc_purge_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_hc_write_handler(ngx_http_request_t *r);

/* filters; what is initialized last is met first */

void ngx_http_hc_store_filter_init(void);
void ngx_http_hc_write_filter_init(void);

/* variables and configuration */

ngx_int_t ngx_http_hc_add_variables(ngx_conf_t *cf);
void *ngx_http_hc_create_zones_conf(ngx_conf_t *cf);
char *ngx_http_hc_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* life of a process */

ngx_int_t ngx_http_hc_check_zones(ngx_conf_t *cf);
ngx_int_t ngx_http_hc_check_l2s(ngx_conf_t *cf);
ngx_int_t ngx_http_hc_check_l2_uses(ngx_conf_t *cf);

ngx_int_t ngx_http_hc_open_zones(ngx_cycle_t *cycle);
void ngx_http_hc_close_zones(ngx_cycle_t *cycle);

ngx_int_t ngx_http_hc_open_flight(ngx_cycle_t *cycle);
void ngx_http_hc_close_flight(ngx_cycle_t *cycle);

ngx_int_t ngx_http_hc_open_snapshots(ngx_cycle_t *cycle);
void ngx_http_hc_close_snapshots(ngx_cycle_t *cycle);
void ngx_http_hc_write_snapshots(ngx_cycle_t *cycle);

void ngx_http_hc_close_publish(void);

ngx_int_t ngx_http_hc_open_l2s(ngx_cycle_t *cycle);
void ngx_http_hc_close_l2s(ngx_cycle_t *cycle);


#endif /* NGX_HTTP_HC_HANDLERS_H_INCLUDED_ */

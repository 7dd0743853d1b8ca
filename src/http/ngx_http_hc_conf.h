/*
 * Setters of directives; private to the files that make them.
 *
 * Each returns NGX_CONF_OK, NGX_CONF_ERROR after it has said what is wrong, or
 * a text that nginx puts behind the directive's name.
 */

#ifndef NGX_HTTP_HC_CONF_H_INCLUDED_
#define NGX_HTTP_HC_CONF_H_INCLUDED_


#include "ngx_http_hc_priv.h"


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


char *ngx_http_hc_cache(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_l2(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_args(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_words(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_min_uses(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_tag(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_hc_cache_valid(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The shared memory of a zone that has its sizes. */

char *ngx_http_hc_zone_define(ngx_conf_t *cf, ngx_http_hc_zone_t *zone,
    size_t size);

/* Shared memory of ours, behind what nginx keeps in each zone. */

#define NGX_HTTP_HC_PAGE  4096

static ngx_inline void *
ngx_http_hc_block(ngx_shm_zone_t *shm_zone)
{
    return shm_zone->shm.addr + NGX_HTTP_HC_PAGE;
}


/* All zones that are named so far, and those of a cycle; NULL: none. */

ngx_array_t *ngx_http_hc_conf_zones(ngx_conf_t *cf);
ngx_array_t *ngx_http_hc_cycle_zones(ngx_cycle_t *cycle);

/* snapshot= and snapshot_interval= of a zone that has a name; ms.  Before the
 * zone's own memory, which needs that of this. */

char *ngx_http_hc_snapshot_define(ngx_conf_t *cf, ngx_http_hc_zone_t *zone,
    ngx_str_t *path, ngx_msec_t interval);

/* A line of hc_l2 { }; conf is its ngx_hc_l2_t. */

char *ngx_http_hc_l2_param(ngx_conf_t *cf, ngx_command_t *dummy, void *conf);

/* ms, or NGX_ERROR: not a time, or more than an entry can say (32 bits). */

ngx_int_t ngx_http_hc_parse_time(ngx_str_t *value);


#endif /* NGX_HTTP_HC_CONF_H_INCLUDED_ */

/*
 * hc_static: shared by the files that read its configuration, serve its files
 * and publish into its directory.
 */

#ifndef NGX_HTTP_HC_STATIC_H_INCLUDED_
#define NGX_HTTP_HC_STATIC_H_INCLUDED_


#include "ngx_http_hc_priv.h"


typedef struct {
    ngx_str_t              dir;            /* "": off; no data: not set */
    ngx_uint_t             max_files;
    size_t                 max_size;
    ngx_uint_t             write;          /* unsigned  write:1; */
    u_char                *file;           /* where that is said */
    ngx_uint_t             line;
    ngx_hc_publish_dir_t  *publish;        /* NULL: only served */
} ngx_http_hc_static_conf_t;


extern ngx_module_t  ngx_http_hc_static_module;


/* ngx_http_hc_static_json.c: is a file that says it is JSON whole?  And those
 * in a directory, while the configuration is read. */

ngx_uint_t ngx_http_hc_static_sound(ngx_log_t *log, ngx_str_t *path,
    ngx_file_uniq_t uniq, time_t mtime, off_t size);
char *ngx_http_hc_static_check(ngx_conf_t *cf, ngx_str_t *dir);


/* ngx_http_hc_publish.c: as ngx_hc_publish_read(), for this request. */

ngx_int_t ngx_http_hc_published(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_str_t *path, ngx_str_t *body, ngx_str_t *type);


#endif /* NGX_HTTP_HC_STATIC_H_INCLUDED_ */

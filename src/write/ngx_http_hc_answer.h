/*
 * What the answer to a write says is changed: Location and Content-Location
 * (RFC 9111, 4.4), and Cache-Group-Invalidation (RFC 9875, 3).
 *
 * Layer: ngx_http_hc_, the write room's own.
 */

#ifndef NGX_HTTP_HC_ANSWER_H_INCLUDED_
#define NGX_HTTP_HC_ANSWER_H_INCLUDED_


#include "ngx_http_hc_invalidation.h"


typedef ngx_int_t (*ngx_http_hc_rewrite_pt)(ngx_http_request_t *r,
    ngx_table_elt_t *h, size_t prefix);


typedef struct {
    ngx_http_upstream_t      *upstream;      /* NULL: made inside nginx */
    void                    **loc_conf;      /* where it was asked */
    ngx_http_hc_rewrite_pt    rewrite;       /* proxy_redirect; NULL: none */
    ngx_uint_t                located;       /* unsigned  located:1; */
} ngx_http_hc_answer_t;


/* When r->upstream is there, and has not answered. */

void ngx_http_hc_answer_watch(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer);

/* At the response header: adds the tags; those that do not fit are left out
 * with a line in the log, an error's all. */

void ngx_http_hc_answer_tags(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer, ngx_http_hc_invalidation_t *inv);


/* ngx_http_hc_write.c: of the write under way.  NULL: none. */

ngx_http_hc_answer_t *ngx_http_hc_write_answer(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t **inv);


#endif /* NGX_HTTP_HC_ANSWER_H_INCLUDED_ */

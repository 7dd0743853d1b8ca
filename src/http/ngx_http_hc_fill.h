/*
 * An answer on its way into the stores; private to the fill's files.
 *
 * Begun when the verdict on the response header allows it (fill_header.c, and
 * fill_fields.c for what is kept of the header), fed by the body filter and
 * committed when the body has ended properly (fill.c).  L1 has it then; L2 is
 * told from the request's cleanup, when the client has its answer.  Memory is
 * the request's, which lives until the body is complete even if the client has
 * left.
 */

#ifndef NGX_HTTP_HC_FILL_H_INCLUDED_
#define NGX_HTTP_HC_FILL_H_INCLUDED_


#include "ngx_http_hc_priv.h"
#include "ngx_http_hc_tags.h"
#include "../l1/hc_l1_hold.h"
#include "../policy/hc_vary.h"


#define NGX_HTTP_HC_FILL_SPARE  64       /* bytes, for an ETag of our own */


struct ngx_http_hc_fill_s {
    ngx_http_request_t   *request;
    ngx_http_hc_ctx_t    *ctx;

    hc_response_t         response;
    hc_verdict_t          verdict;
    hc_str_t              headers;       /* as the entry wants them, with
                                            NGX_HTTP_HC_FILL_SPARE behind */
    hc_entry_t           *stored;        /* confirmed by a 304; NULL: a whole
                                            answer */
    hc_vary_t             vary;          /* by which the key is told apart */
    hc_str_t              index;         /* of the key's variants, for L2 */
    uint64_t              arrived;       /* ms, monotonic */

    u_char               *body;
    size_t                size;          /* bytes in it */
    size_t                room;
    size_t                limit;         /* most that any store takes */
    off_t                 expected;      /* Content-Length or -1 */
    ngx_uint_t            status;        /* filters below may change it */

    hc_l1_hold_t          hold;          /* of body, if it is held */
    hc_l1_ref_t           kept;          /* body, once it is published */
    size_t                told;          /* bytes others know of */
    ngx_event_t           event;         /* to tell them the rest */
    ngx_msec_t            renewed;       /* the lease, last */

    unsigned              json:1;        /* says its type */
    unsigned              committed:1;
    unsigned              held:1;
    unsigned              offered:1;     /* others may read it */
};


/* NONE: judged storable, fill->verdict and fill->headers are set. */

hc_reason_e ngx_http_hc_fill_judge(ngx_http_hc_fill_t *fill);
hc_reason_e ngx_http_hc_fill_tags(ngx_http_hc_fill_t *fill);
hc_reason_e ngx_http_hc_fill_headers(ngx_http_hc_fill_t *fill);

/* ngx_http_hc_groups.c: the groups of the answer, and what a 304 leaves of the
 * tags of the one in store.  DECLINED: they are too many. */

ngx_int_t ngx_http_hc_fill_groups(ngx_http_hc_fill_t *fill,
    ngx_http_hc_slots_t *slots);

/* ngx_http_hc_fill_hold.c: a body that others read as it comes. */

ngx_int_t ngx_http_hc_fill_hold(ngx_http_hc_fill_t *fill);
hc_l1_rc_e ngx_http_hc_fill_publish(ngx_http_hc_fill_t *fill,
    uint64_t fresh_until, uint64_t now);
void ngx_http_hc_fill_tell(ngx_http_hc_fill_t *fill);
void ngx_http_hc_fill_drop(ngx_http_hc_fill_t *fill);

/* On the clock and with the versions of L1. */

void ngx_http_hc_fill_entry(ngx_http_hc_fill_t *fill, hc_entry_t *e);

/* ngx_http_hc_sent.c: was the app sent other fields than the client's, of those
 * the key is told apart by? */

ngx_uint_t ngx_http_hc_sent_otherwise(ngx_http_hc_ctx_t *ctx,
    const hc_vary_t *v);

/* ngx_http_hc_vary.c */

hc_reason_e ngx_http_hc_fill_vary(ngx_http_hc_fill_t *fill);
void ngx_http_hc_fill_index(ngx_http_hc_fill_t *fill);
void ngx_http_hc_index_entry(ngx_http_hc_ctx_t *ctx, hc_entry_t *e,
    hc_str_t body);


#endif /* NGX_HTTP_HC_FILL_H_INCLUDED_ */

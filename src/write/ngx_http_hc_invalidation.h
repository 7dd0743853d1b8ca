/*
 * One invalidation: tags that move in L1 at once, in every L2 as soon as it
 * answers, and in L1 once more then: what was read from an L2 in between may
 * still be the old answer, and must not stay.
 *
 * Layer: ngx_http_hc_, the write room's own.
 *
 * The object belongs to the caller and lives in the request's pool.  done() is
 * called at most once, from an event, and only after start() returned AGAIN.
 * A request that goes calls forget(); the rest still happens.
 */

#ifndef NGX_HTTP_HC_INVALIDATION_H_INCLUDED_
#define NGX_HTTP_HC_INVALIDATION_H_INCLUDED_


#include "../http/ngx_http_hc_tags.h"


#define NGX_HTTP_HC_INVALIDATION_NAMED  64      /* tags of one request, and */
#define NGX_HTTP_HC_INVALIDATION_MAX   256      /* with those of its answer */


typedef struct {
    uint32_t             slots[NGX_HTTP_HC_INVALIDATION_MAX];
    ngx_uint_t           n;
    ngx_uint_t           listed;                /* tags were named, or tried */
    ngx_http_hc_zone_t  *all;                   /* NULL, or all of this zone
                                                   and nothing else */
    ngx_uint_t           pending;               /* stores that have to answer */
    ngx_queue_t          told;                  /* what waits for them */

    void               (*done)(void *owner);
    void                *owner;
} ngx_http_hc_invalidation_t;


void ngx_http_hc_invalidation_init(ngx_http_hc_invalidation_t *inv,
    void (*done)(void *owner), void *owner);

/* A tag more.  DECLINED: there are too many. */

ngx_int_t ngx_http_hc_invalidation_add(ngx_http_hc_invalidation_t *inv,
    uint32_t slot);

/* All tags the string names; DECLINED as from ngx_http_hc_tags_add(). */

ngx_int_t ngx_http_hc_invalidation_add_named(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_http_hc_tag_source_t *source,
    ngx_http_hc_zone_t *zone);

/* All groups of the field in the list; as from ngx_http_hc_groups_add(). */

ngx_int_t ngx_http_hc_invalidation_add_groups(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_list_part_t *part,
    const ngx_str_t *field, ngx_http_hc_zone_t *zone);

/* OK: nothing to wait for.  AGAIN: done() will be called.  L1 is through when
 * it returns.  r->pool is not used: it may be called from a cleanup of it. */

ngx_int_t ngx_http_hc_invalidation_start(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv);

void ngx_http_hc_invalidation_forget(ngx_http_hc_invalidation_t *inv);


/* hc_invalidate, ngx_http_hc_invalidate.c: is it set here; the tags a write
 * moves: its own target's and those named. */

ngx_uint_t ngx_http_hc_invalidate_here(ngx_http_request_t *r);
ngx_int_t ngx_http_hc_invalidate_tags(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv);


extern ngx_module_t  ngx_http_hc_invalidate_module;


#endif /* NGX_HTTP_HC_INVALIDATION_H_INCLUDED_ */

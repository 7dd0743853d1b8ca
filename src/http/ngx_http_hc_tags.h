/*
 * Named tags of a request: lists of them come from strings of directives.
 *
 * Layer: ngx_http_hc_.
 *
 * A tag is of a zone: two zones never purge each other by it, all that shares
 * a zone does.
 */

#ifndef NGX_HTTP_HC_TAGS_H_INCLUDED_
#define NGX_HTTP_HC_TAGS_H_INCLUDED_


#include "ngx_http_hc.h"


/* nginx before 1.23 takes one line of a field that comes in several: where
 * the string is such a variable and nothing else, the lines are read here. */

typedef struct {
    ngx_http_complex_value_t   value;
    ngx_str_t                  field;        /* as variables spell it */
    ngx_uint_t                 upstream;     /* unsigned  upstream:1; */
} ngx_http_hc_tag_source_t;


typedef struct {
    uint32_t                  *slots;        /* of named tags, each once */
    ngx_uint_t                 n;
    ngx_uint_t                 max;
    ngx_uint_t                 given;        /* a string was not empty */
} ngx_http_hc_slots_t;


/* One more, unless it is there.  DECLINED: there are too many. */

ngx_int_t ngx_http_hc_slots_add(ngx_http_hc_slots_t *slots, uint32_t slot);


ngx_int_t ngx_http_hc_tag_source(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_hc_tag_source_t *source);

/* Adds the slots of all tags the string names now.  DECLINED: one was too
 * long, held a control byte or was too many; the others are there. */

ngx_int_t ngx_http_hc_tags_add(ngx_http_request_t *r,
    ngx_http_hc_tag_source_t *source, ngx_http_hc_zone_t *zone,
    ngx_http_hc_slots_t *slots);


/*
 * Groups (RFC 9875) are named tags, too, each of the zone and of the request's
 * origin.  Adds those that this field of the list names; a field that cannot
 * be parsed names none, and *n says how many it does.  DECLINED: one was too
 * long, or they are too many; the others are there.
 */

ngx_int_t ngx_http_hc_groups_add(ngx_http_request_t *r, ngx_list_part_t *part,
    const ngx_str_t *field, ngx_http_hc_zone_t *zone,
    ngx_http_hc_slots_t *slots, ngx_uint_t *n);


#endif /* NGX_HTTP_HC_TAGS_H_INCLUDED_ */

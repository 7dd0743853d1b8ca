/*
 * How HTTP's rules are applied here: hc_cache_revalidate and its like.
 *
 * Layer: ngx_http_hc_, the request layer's own.
 */

#ifndef NGX_HTTP_HC_RULES_H_INCLUDED_
#define NGX_HTTP_HC_RULES_H_INCLUDED_


#include "ngx_http_hc_priv.h"


typedef struct {
    ngx_flag_t    revalidate;
    ngx_flag_t    strict_age;
    ngx_flag_t    client_control;
    ngx_flag_t    etag;
    ngx_flag_t    unframed;
    ngx_uint_t    heuristic;           /* percent; 0: off */
    ngx_msec_t    heuristic_max;       /* ms */
    ngx_uint_t    set_cookie;          /* HC_SET_COOKIE_* */
    ngx_uint_t    ignore;              /* HC_IGNORE_* */
    ngx_uint_t    targets;             /* HC_TARGET_* */
    ngx_array_t  *codings;             /* of hc_str_t; NULL: none asked for */
    ngx_str_t     status_name;         /* in Cache-Status; empty: off */
} ngx_http_hc_rules_conf_t;


extern ngx_module_t  ngx_http_hc_rules_module;


static ngx_inline ngx_http_hc_rules_conf_t *
ngx_http_hc_rules(ngx_http_request_t *r)
{
    return ngx_http_get_module_loc_conf(r, ngx_http_hc_rules_module);
}


#endif /* NGX_HTTP_HC_RULES_H_INCLUDED_ */

/*
 * Cache-Control for some caches only: CDN-Cache-Control (RFC 9213), and
 * Surrogate-Control (W3C note "Edge Architecture Specification").
 *
 * Where one of them is valid, Cache-Control and Expires are not looked at
 * (RFC 9213, 2.2); where it is not, it is not looked at itself.
 */

#ifndef HC_TARGETED_H_INCLUDED_
#define HC_TARGETED_H_INCLUDED_


#include "hc_cache_control.h"


typedef struct {
    hc_cache_control_t  cc;
    uint8_t             seen;          /* has a member, or a directive */
    uint8_t             broken;        /* RFC 9213, 2.1: could not be parsed */
} hc_targeted_t;


void hc_targeted_init(hc_targeted_t *t);

/* Lines add up. */
void hc_cdn_cache_control_add(hc_targeted_t *t, hc_str_t line);
void hc_surrogate_control_add(hc_targeted_t *t, hc_str_t line);


static inline int
hc_targeted_valid(const hc_targeted_t *t)
{
    return t->seen && !t->broken;
}


#endif /* HC_TARGETED_H_INCLUDED_ */

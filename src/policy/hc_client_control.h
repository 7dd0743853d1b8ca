/*
 * What a request says of the cached answers it would take: its Cache-Control
 * (RFC 9111, 5.2.1), and Pragma: no-cache where there is none (5.4).
 *
 * Lines are fed one by one, in any order, and add up.  Of what is said twice
 * the more demanding counts; an invalid max-age or max-stale counts as 0, an
 * invalid min-fresh is ignored.  What cannot be parsed is passed over.
 *
 * Layer: hc_, decisions.
 */

#ifndef HC_CLIENT_CONTROL_H_INCLUDED_
#define HC_CLIENT_CONTROL_H_INCLUDED_


#include "../base/hc_base.h"
#include "hc_cache_control.h"


typedef struct {
    int64_t   max_age;               /* s, HC_SECONDS_UNSET if absent */
    int64_t   max_stale;             /* without a value: HC_SECONDS_MAX */
    int64_t   min_fresh;
    unsigned  no_cache:1;
    unsigned  no_store:1;            /* the answer is not to be stored */
    unsigned  only_if_cached:1;      /* 504 rather than asking the app */
    unsigned  seen:1;                /* there was a Cache-Control */
    unsigned  pragma:1;              /* Pragma: no-cache */
} hc_client_control_t;


typedef enum {
    HC_CLIENT_USE = 0,               /* fresh, and good enough */
    HC_CLIENT_STALE,                 /* stale, nothing is demanded: what the
                                        entry's own windows say counts */
    HC_CLIENT_STALE_OK,              /* stale, max-stale covers it */
    HC_CLIENT_REVALIDATE             /* the client wants the app asked */
} hc_client_verdict_e;


void hc_client_control_init(hc_client_control_t *cc);
void hc_client_control_add(hc_client_control_t *cc, hc_str_t line);
void hc_client_control_pragma(hc_client_control_t *cc, hc_str_t line);

/* All in ms; stale_ok: how long past the lifetime the answer may be given to a
 * client that takes stale ones, 0 if it must not (RFC 9111, 4.2.4). */
hc_client_verdict_e hc_client_allows(const hc_client_control_t *cc,
    int64_t age, int64_t lifetime, int64_t stale_ok);


#endif /* HC_CLIENT_CONTROL_H_INCLUDED_ */

/*
 * For how long is an answer fresh, and for how long may it be given after
 * that (RFC 9111, 4.2; RFC 5861)?  Shared inside the policy room: hc_verdict()
 * has looked at everything else, and applied `targets` and `ignore`.
 */

#ifndef HC_LIFETIME_H_INCLUDED_
#define HC_LIFETIME_H_INCLUDED_


#include "hc_verdict.h"


/* 1: the answer itself says for how long, if only for no time. */
int hc_lifetime_is_explicit(const hc_response_t *r);

/* 1: not to be given without asking, and it may be kept for that. */
int hc_lifetime_must_ask(const hc_response_t *r);
int hc_lifetime_may_ask(const hc_response_t *r, const hc_rules_t *rules);

/* Fills in lifetime, windows, age and flags of *v. */
hc_reason_e hc_lifetime(const hc_response_t *r, const hc_rules_t *rules,
    int64_t now, hc_verdict_t *v);


#endif /* HC_LIFETIME_H_INCLUDED_ */

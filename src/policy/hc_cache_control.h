/*
 * Cache-Control (RFC 9111, 5.2): field lines in, directives out.
 *
 * Lines are fed one by one and add up, as if joined by commas (RFC 9110,
 * 5.3).  Parsed as tokens with an optional token or quoted-string argument,
 * names in any case.  What cannot be parsed sets `damaged`, and hc_verdict
 * stores no such answer: the lost part might have forbidden it.  Seconds
 * saturate at HC_SECONDS_MAX (RFC 9111, 1.2.2); of duplicates the smaller
 * counts (4.2.1); an invalid number counts as 0.
 */

#ifndef HC_CACHE_CONTROL_H_INCLUDED_
#define HC_CACHE_CONTROL_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_SECONDS_MAX      2147483648u
#define HC_SECONDS_UNSET    -1


typedef struct {
    int64_t   max_age;                 /* s, HC_SECONDS_UNSET if absent */
    int64_t   s_maxage;
    int64_t   stale_if_error;          /* RFC 5861, 4 */
    int64_t   stale_while_revalidate;  /* RFC 5861, 3 */
    unsigned  no_store:1;
    unsigned  no_cache:1;              /* with or without field names */
    unsigned  is_private:1;            /* with or without field names */
    unsigned  is_public:1;
    unsigned  must_revalidate:1;
    unsigned  proxy_revalidate:1;
    unsigned  must_understand:1;
    unsigned  immutable:1;
    unsigned  damaged:1;               /* some part could not be parsed */
} hc_cache_control_t;


void hc_cache_control_init(hc_cache_control_t *cc);
void hc_cache_control_add(hc_cache_control_t *cc, hc_str_t line);

/* delta-seconds: digits only, saturating; -1 if it is not a number. */
int64_t hc_seconds_parse(hc_str_t s);


#endif /* HC_CACHE_CONTROL_H_INCLUDED_ */

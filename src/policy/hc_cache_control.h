/*
 * Cache-Control (RFC 9111, 5.2): field lines in, directives out.
 *
 * Lines are fed one by one and add up, as if joined by commas (RFC 9110,
 * 5.3).  Parsed as tokens with an optional token or quoted-string argument,
 * names in any case.  What cannot be parsed sets `damaged`, and hc_verdict
 * stores no such answer: the lost part might have forbidden it.  Seconds
 * saturate at HC_SECONDS_MAX (RFC 9111, 1.2.2); of duplicates the smaller
 * counts (4.2.1); an invalid number counts as 0.
 *
 * no-cache and private with field names (5.2.2.4, 5.2.2.7) leave the rest of
 * the answer alone.  If there are too many names, or one that is none, or one
 * that an answer cannot do without (an id of hc_headers.h), or a bare word in
 * place of the list, they count as if they had none.
 */

#ifndef HC_CACHE_CONTROL_H_INCLUDED_
#define HC_CACHE_CONTROL_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_SECONDS_MAX      2147483648u
#define HC_SECONDS_UNSET    -1

#define HC_CACHE_CONTROL_FIELDS  8


typedef struct {
    int64_t   max_age;                 /* s, HC_SECONDS_UNSET if absent */
    int64_t   s_maxage;
    int64_t   stale_if_error;          /* RFC 5861, 4 */
    int64_t   stale_while_revalidate;  /* RFC 5861, 3 */
    uint8_t   no_store;
    uint8_t   no_cache;                /* of the answer as a whole */
    uint8_t   is_private;              /* likewise */
    uint8_t   is_public;
    uint8_t   must_revalidate;
    uint8_t   proxy_revalidate;
    uint8_t   must_understand;
    uint8_t   immutable;
    uint8_t   damaged;                 /* some part could not be parsed */
    uint8_t   nfields;
    hc_str_t  fields[HC_CACHE_CONTROL_FIELDS];
                                       /* those no-cache="..." and
                                          private="..." name, once each */
} hc_cache_control_t;


void hc_cache_control_init(hc_cache_control_t *cc);
void hc_cache_control_add(hc_cache_control_t *cc, hc_str_t line);

/* delta-seconds: digits only, saturating; -1 if it is not a number. */
int64_t hc_seconds_parse(hc_str_t s);


#endif /* HC_CACHE_CONTROL_H_INCLUDED_ */

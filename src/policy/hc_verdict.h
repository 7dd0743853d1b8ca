/*
 * May this answer be stored and shared, and for how long?
 *
 * Layer: hc_, decisions: pure functions of what the app sent, what the
 * operator configured, and `now`.  Each rule cites its section in the .c.
 *
 *   hc_response_init(&r);
 *   for each field the app sent:   hc_response_add(&r, name, value);
 *   reason = hc_verdict(&r, &rules, now, &verdict);
 *   for each field to be stored:   if (!hc_verdict_withholds(&verdict, name))
 */

#ifndef HC_VERDICT_H_INCLUDED_
#define HC_VERDICT_H_INCLUDED_


#include "hc_reason.h"
#include "hc_response.h"


/* targets: fields that go before Cache-Control, the first before the second */

#define HC_TARGET_CDN               0x01
#define HC_TARGET_SURROGATE         0x02

/* ignore: fields that are taken for absent.  Pragma, which only stands in for
 * it, goes with Cache-Control; without Set-Cookie the answer is stored, never
 * with it. */

#define HC_IGNORE_CACHE_CONTROL     0x01
#define HC_IGNORE_EXPIRES           0x02
#define HC_IGNORE_SET_COOKIE        0x04
#define HC_IGNORE_VARY              0x08
#define HC_IGNORE_ACCEL_EXPIRES     0x10
#define HC_IGNORE_CDN               0x20
#define HC_IGNORE_SURROGATE         0x40


typedef enum {
    HC_SET_COOKIE_REFUSE = 0,          /* the answer is not stored */
    HC_SET_COOKIE_STRIP,               /* it is, without the field */
    HC_SET_COOKIE_KEEP                 /* with it, for everybody */
} hc_set_cookie_e;


typedef struct {
    uint16_t         status;           /* of the answer */
    uint8_t          targets;
    uint8_t          ignore;
    uint32_t         conf_ttl;         /* ms hc_cache_valid gives this status;
                                          0: only what the answer says */
    uint32_t         conf_stale;       /* ms, hc_cache_stale */
    uint32_t         keep;             /* ms past the lifetime an answer is
                                          kept to be asked about */
    uint32_t         heuristic_max;    /* ms */
    uint8_t          heuristic;        /* percent of Date - Last-Modified */
    hc_set_cookie_e  set_cookie;
    unsigned         listed:1;         /* hc_cache_valid names this status */
    unsigned         authorization:1;  /* the request carried it */
    unsigned         cookie:1;         /* ... and hc_cache_cookies is pass */
    unsigned         revalidate:1;     /* the app can be asked with a
                                          validator */
    unsigned         updating:1;       /* stale while it is refreshed, also
                                          where the app does not say so */
    unsigned         coding:1;         /* the app was asked for a coding that
                                          is in the key */
    unsigned         strict_age:1;     /* an odd Age is stale, not ignored */
} hc_rules_t;


typedef struct {
    uint32_t         lifetime;         /* ms; not above age: stale already */
    uint32_t         stale_for;        /* ms it is kept past the lifetime */
    uint32_t         error_for;        /* ms it may be given past it when the
                                          app failed */
    uint32_t         while_for;        /* ... and while it is refreshed */
    uint32_t         age;              /* ms at arrival */
    uint8_t          flags;            /* HC_ENTRY_CONF_TTL, _PUBLIC,
                                          _REVALIDATE */
    uint8_t          set_cookie;       /* 1: stored with it */
    uint8_t          nwithheld;
    hc_str_t         withheld[HC_CACHE_CONTROL_FIELDS];
} hc_verdict_t;


/* HC_REASON_NONE: store it, *v says for how long.  Else why not, and *v is
 * untouched.  `now` in seconds since the Unix epoch.  Of Vary only what nobody
 * can match is refused: that names are matched is up to the caller. */

hc_reason_e hc_verdict(const hc_response_t *r, const hc_rules_t *rules,
    int64_t now, hc_verdict_t *v);

/* 1: the answer is stored without this field (RFC 9111, 5.2.2.4 and 5.2.2.7;
 * Set-Cookie as the rules say). */

int hc_verdict_withholds(const hc_verdict_t *v, hc_str_t name);


#endif /* HC_VERDICT_H_INCLUDED_ */

/*
 * May this answer be stored and shared, and for how long?
 *
 * Layer: hc_, decisions: pure functions of what the app sent, what the
 * operator configured, and `now`.  Each rule cites its section in the .c.
 *
 *   hc_response_init(&r);
 *   for each field the app sent:   hc_response_add(&r, name, value);
 *   reason = hc_verdict(&r, &rules, now, &verdict);
 */

#ifndef HC_VERDICT_H_INCLUDED_
#define HC_VERDICT_H_INCLUDED_


#include "hc_cache_control.h"
#include "hc_reason.h"


/* Spans are borrowed from what was added; data NULL if absent. */

typedef struct {
    hc_cache_control_t  cc;
    hc_str_t            expires;       /* the last; see expires_seen */
    hc_str_t            date;
    hc_str_t            accel_expires; /* X-Accel-Expires, as nginx reads it */
    int64_t             age;           /* s; 0 if absent or invalid */
    unsigned            expires_seen:2;  /* 0, 1, 2: more than one */
    unsigned            set_cookie:1;
    unsigned            vary_any:1;    /* "*" or a name other than
                                          Accept-Encoding */
    unsigned            vary_encoding:1;
    unsigned            encoded:1;     /* Content-Encoding, not identity */
    unsigned            content_range:1;
    unsigned            cache_control_seen:1;
    unsigned            pragma_no_cache:1;
} hc_response_t;


typedef struct {
    uint16_t  status;                  /* of the answer */
    uint32_t  conf_ttl;                /* ms hc_cache_valid gives this status */
    uint32_t  conf_stale;              /* ms, hc_cache_stale */
    unsigned  listed:1;                /* hc_cache_valid names this status */
    unsigned  authorization:1;         /* the request carried it */
    unsigned  cookie:1;                /* ... and hc_cache_cookies is pass */
} hc_rules_t;


typedef struct {
    uint32_t  lifetime;                /* ms, > 0 and > age */
    uint32_t  stale_for;               /* ms past the lifetime */
    uint32_t  age;                     /* ms at arrival */
    uint8_t   flags;                   /* HC_ENTRY_CONF_TTL, HC_ENTRY_PUBLIC */
} hc_verdict_t;


void hc_response_init(hc_response_t *r);
void hc_response_add(hc_response_t *r, hc_str_t name, hc_str_t value);

/* HC_REASON_NONE: store it, *v says for how long.  Else why not, and *v is
 * untouched.  `now` in seconds since the Unix epoch. */

hc_reason_e hc_verdict(const hc_response_t *r, const hc_rules_t *rules,
    int64_t now, hc_verdict_t *v);


/* Field names that are of one connection or one client and are never stored
 * (RFC 9110, 7.6.1; RFC 9111, 3.1): 1 if `name` is one of them or is listed in
 * `connection`, the joined Connection field values.  Fields that describe the
 * content or its framing (the ids of hc_entry.h, Content-Length, Date, Host)
 * stay even if they are listed: an answer without them would mean another. */

int hc_response_hop_by_hop(hc_str_t name, hc_str_t connection);


#endif /* HC_VERDICT_H_INCLUDED_ */

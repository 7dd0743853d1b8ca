/*
 * What the app's answer says about caching, gathered field by field; and what
 * becomes of its fields when they are stored.
 *
 * Layer: hc_, decisions.  Spans are borrowed from what was added.
 */

#ifndef HC_RESPONSE_H_INCLUDED_
#define HC_RESPONSE_H_INCLUDED_


#include "hc_cache_control.h"
#include "hc_targeted.h"


#define HC_RESPONSE_VARY_MAX  8          /* lines */


/* data NULL if absent */

typedef struct {
    hc_cache_control_t  cc;
    hc_targeted_t       cdn;           /* CDN-Cache-Control */
    hc_targeted_t       surrogate;     /* Surrogate-Control */
    hc_str_t            expires;       /* the last; see expires_seen */
    hc_str_t            date;
    hc_str_t            last_modified;
    hc_str_t            accel_expires; /* X-Accel-Expires, as nginx reads it */
    int64_t             age;           /* s; 0 if absent or invalid */
    hc_str_t            vary[HC_RESPONSE_VARY_MAX];
    uint8_t             nvary;
    unsigned            expires_seen:2;  /* 0, 1, 2: more than one */
    unsigned            age_seen:1;
    unsigned            age_odd:1;     /* not one line of digits and commas */
    unsigned            etag:1;
    unsigned            set_cookie:1;
    unsigned            vary_any:1;    /* "*", no list of names, too many
                                          lines: nobody else may have it */
    unsigned            vary_encoding:1;
    unsigned            vary_other:1;  /* a name that is not Accept-Encoding */
    unsigned            encoded:1;     /* Content-Encoding, not identity */
    unsigned            cache_control_seen:1;
    unsigned            pragma_no_cache:1;
} hc_response_t;


void hc_response_init(hc_response_t *r);
void hc_response_add(hc_response_t *r, hc_str_t name, hc_str_t value);


/* 1: the app can be asked whether the answer is still the same (RFC 9110,
 * 8.8). */

static inline int
hc_response_has_validator(const hc_response_t *r)
{
    return r->etag || r->last_modified.len != 0;
}


/* Field names that are of one connection or one client and are never stored
 * (RFC 9110, 7.6.1; RFC 9111, 3.1): 1 if `name` is one of them or is listed in
 * `connection`, the joined Connection field values.  Fields that describe the
 * content or its framing (the ids of hc_headers.h, Content-Length, Host) stay
 * even if they are listed: an answer without them would mean another. */

int hc_response_hop_by_hop(hc_str_t name, hc_str_t connection);

/* 1: a 304 brings a new value of this field to the stored answer (RFC 9111,
 * 3.2); what its own Connection names is hop by hop besides. */

int hc_header_updates(hc_str_t name);


#endif /* HC_RESPONSE_H_INCLUDED_ */

/*
 * Location and Content-Location: which target of this origin they mean
 * (RFC 3986, 5.2; RFC 9111, 4.4).
 *
 * Layer: hc_, decisions.
 */

#ifndef HC_REFERENCE_H_INCLUDED_
#define HC_REFERENCE_H_INCLUDED_


#include "../base/hc_base.h"


typedef struct {
    hc_str_t  scheme;                /* http or https */
    hc_str_t  host;                  /* with the port, if any */
    hc_str_t  target;                /* path and query, begins with "/" */
} hc_base_uri_t;


/* Room hc_reference_resolve() needs. */
#define hc_reference_room(base, reference)                                    \
    ((base)->target.len + (reference).len + 2)

/*
 * Writes path and query as the line of a request for it would have them: dot
 * segments removed, without fragment.  Returns the bytes; 0: of another
 * origin, not http(s), or malformed, which a byte that no URI has is, too.
 *
 * Hosts are the same in any case, and with the default port or without.
 */
size_t hc_reference_resolve(const hc_base_uri_t *base, hc_str_t reference,
    unsigned char *out);

/* 1: it has no scheme of its own (RFC 3986, 4.2). */
int hc_reference_is_relative(hc_str_t reference);


#endif /* HC_REFERENCE_H_INCLUDED_ */

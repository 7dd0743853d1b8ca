/*
 * Accept-Encoding against the codings the operator offers (RFC 9110, 12.5.3):
 * what is asked of the app, and the part of the key that stands for it.
 *
 * Clients that accept the same offered codings are alike, whatever their
 * weights and their order; a client that says nothing is asked nothing of.
 *
 * Layer: hc_, decisions.
 */

#ifndef HC_ENCODING_H_INCLUDED_
#define HC_ENCODING_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_ENCODINGS_MAX  8


/* Bytes hc_encoding_choose() may write. */
size_t hc_encoding_room(const hc_str_t *offered, size_t n);

/*
 * Writes the offered codings that the nlines lines accept, joined by ", ", in
 * the order they are offered in, and returns the bytes: 0 if none.  At most
 * HC_ENCODINGS_MAX are looked at.
 *
 * q=0 refuses, "*" stands for all that are not named, x-gzip is gzip.  Of a
 * coding that is named twice the lesser weight counts; a member that cannot be
 * parsed accepts nothing.  identity is no coding to offer.
 */
size_t hc_encoding_choose(const hc_str_t *lines, size_t nlines,
    const hc_str_t *offered, size_t n, unsigned char *out);


#endif /* HC_ENCODING_H_INCLUDED_ */

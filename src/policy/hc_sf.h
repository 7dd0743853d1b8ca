/*
 * Structured Fields (RFC 9651, 4.2), as far as this room reads them.  Shared
 * inside it.
 *
 * Each _take takes what it names off *rest: 1 if it stood there, else the
 * field fails to parse and is ignored.
 */

#ifndef HC_SF_H_INCLUDED_
#define HC_SF_H_INCLUDED_


#include "../base/hc_base.h"


int hc_sf_key_take(hc_str_t *rest, hc_str_t *key);

/* *raw is what stands between the quotes, escapes and all. */
int hc_sf_string_take(hc_str_t *rest, hc_str_t *raw);

/* A bare item of any type; *item is all of it. */
int hc_sf_item_take(hc_str_t *rest, hc_str_t *item);

/* *( ";" *SP key [ "=" bare-item ] ) */
int hc_sf_parameters_take(hc_str_t *rest);

/* What follows a member: the end, or a comma and another member. */
int hc_sf_comma_take(hc_str_t *rest);

/* Writes a raw string without its escapes, which is never longer. */
size_t hc_sf_string_decode(hc_str_t raw, unsigned char *out);


#endif /* HC_SF_H_INCLUDED_ */

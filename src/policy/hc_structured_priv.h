/*
 * Inside of hc_structured*.c.
 */

#ifndef HC_STRUCTURED_PRIV_H_INCLUDED_
#define HC_STRUCTURED_PRIV_H_INCLUDED_


#include "hc_policy_priv.h"
#include "hc_structured.h"


/* 1: an item without parameters was taken, and is *v. */

int hc_sf_value_take(hc_str_t *rest, hc_sf_value_t *v);


/* The byte at the front, 0 at the end; a NUL fits nowhere either. */

static inline unsigned char
hc_sf_peek(const hc_str_t *rest)
{
    return rest->len ? rest->data[0] : 0;
}


static inline int
hc_sf_take(hc_str_t *rest, unsigned char c)
{
    if (rest->len == 0 || rest->data[0] != c) {
        return 0;
    }

    hc_str_skip(rest, 1);

    return 1;
}


static inline int
hc_sf_is_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}


static inline int
hc_sf_is_alpha(unsigned char c)
{
    return hc_sf_is_lower(hc_lower(c));
}


#endif /* HC_STRUCTURED_PRIV_H_INCLUDED_ */

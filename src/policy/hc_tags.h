/*
 * Lists of named tags, as Surrogate-Key and Cache-Tag have them: separated by
 * spaces, tabs and commas, any number of them; case counts.
 *
 * Layer: hc_, decisions.
 */

#ifndef HC_TAGS_H_INCLUDED_
#define HC_TAGS_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_TAG_LEN_MAX  1024                   /* bytes */


/* Takes the next tag off *rest.  1: there was one; 0: end; -1: one that is too
 * long or holds a control byte was passed over, the list goes on. */

int hc_tags_next(hc_str_t *rest, hc_str_t *tag);


#endif /* HC_TAGS_H_INCLUDED_ */

/*
 * Lists and dictionaries of structured fields (RFC 9651, 3.1 and 3.2).
 *
 * Parsed as strictly as the RFC asks: what does not fit anywhere fails the
 * whole field.  Parameters are checked and passed over, as are the insides of
 * values that no field here has a use for.
 */

#ifndef HC_STRUCTURED_H_INCLUDED_
#define HC_STRUCTURED_H_INCLUDED_


#include "../base/hc_base.h"


typedef enum {
    HC_SF_INTEGER = 0,
    HC_SF_DECIMAL,
    HC_SF_STRING,
    HC_SF_TOKEN,
    HC_SF_BYTES,
    HC_SF_BOOLEAN,
    HC_SF_DATE,
    HC_SF_DISPLAY,
    HC_SF_LIST                       /* an inner list */
} hc_sf_type_e;


typedef struct {
    hc_sf_type_e  type;
    int64_t       number;            /* integer, boolean (0 or 1), date */
    hc_str_t      text;              /* token; string between its quotes,
                                        escapes stay */
} hc_sf_value_t;


/* Each takes the next member off *rest, which begins as a field line.  1: there
 * was one; 0: end; -1: it cannot be parsed, nothing of the field counts.  Of
 * equal keys of a dictionary the last counts. */

int hc_sf_item_next(hc_str_t *rest, hc_sf_value_t *value);
int hc_sf_member_next(hc_str_t *rest, hc_str_t *key, hc_sf_value_t *value);

/* Writes a string's text without its escapes, which is never longer. */

size_t hc_sf_string_decode(hc_str_t text, unsigned char *out);


#endif /* HC_STRUCTURED_H_INCLUDED_ */

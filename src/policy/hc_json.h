/*
 * Is a body one whole JSON object or array?
 *
 * The proof of completeness for a body whose framing proves nothing (closed
 * by the end of the connection).  A bare number or literal can be cut and
 * still be valid, so only an object or array counts.  yajl's streaming parser
 * with a cap on depth; its tree API recurses on hostile depth and is not used.
 */

#ifndef HC_JSON_H_INCLUDED_
#define HC_JSON_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_JSON_DEPTH  64


typedef struct hc_json_s  hc_json_t;


hc_json_t *hc_json_create(void);                          /* NULL: no memory */
int hc_json_feed(hc_json_t *j, const void *data, size_t len);  /* 1: sound */
int hc_json_finish(hc_json_t *j);         /* 1: one whole object or array */
void hc_json_destroy(hc_json_t *j);


#endif /* HC_JSON_H_INCLUDED_ */

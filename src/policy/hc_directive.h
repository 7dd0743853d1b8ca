/*
 * Cache directives by name, however a field writes them.  Shared inside the
 * policy room.
 */

#ifndef HC_DIRECTIVE_H_INCLUDED_
#define HC_DIRECTIVE_H_INCLUDED_


#include "hc_cache_control.h"


typedef enum {
    HC_DIRECTIVE_SECONDS = 0,
    HC_DIRECTIVE_FLAG,
    HC_DIRECTIVE_FIELDS              /* a flag, unless it names fields */
} hc_directive_e;


typedef struct {
    hc_str_t        name;
    hc_directive_e  kind;
    size_t          at;              /* in hc_cache_control_t */
} hc_directive_t;


/* In any case; NULL: not known here, to be ignored (RFC 9111, 5.2.3). */
const hc_directive_t *hc_directive_find(hc_str_t name);

/* As in Cache-Control: on a conflict the most restrictive counts.  The value
 * lies in the line it was taken off. */
void hc_directive_apply(hc_cache_control_t *cc, hc_str_t name, hc_str_t value);

/* 0: no list of names that may be withheld, nothing was added. */
int hc_directive_fields(hc_cache_control_t *cc, hc_str_t list);


static inline int64_t *
hc_directive_seconds(hc_cache_control_t *cc, const hc_directive_t *d)
{
    return (int64_t *) (void *) ((unsigned char *) cc + d->at);
}


static inline uint8_t *
hc_directive_flag(hc_cache_control_t *cc, const hc_directive_t *d)
{
    return (uint8_t *) cc + d->at;
}


#endif /* HC_DIRECTIVE_H_INCLUDED_ */

/*
 * Cache-Groups and Cache-Group-Invalidation (RFC 9875): Lists of Strings
 * (RFC 9651, 3.1 and 3.3.3).  Parameters are ignored; a field with a member of
 * another type, or that cannot be parsed, is ignored as a whole.
 *
 * A group is one of its origin alone (2.1): the caller puts the origin before
 * the name.  Case counts.
 *
 * Layer: hc_, decisions.
 */

#ifndef HC_GROUPS_H_INCLUDED_
#define HC_GROUPS_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_GROUPS_MIN     32                 /* members to be supported, and */
#define HC_GROUP_LEN_MIN  32                 /* bytes of each (RFC 9875, 2) */
#define HC_GROUP_LEN_MAX  1024


typedef enum {
    HC_GROUPS_END = 0,
    HC_GROUPS_NAME,                  /* *name is the next one */
    HC_GROUPS_LONG,                  /* beyond HC_GROUP_LEN_MAX, passed over */
    HC_GROUPS_DAMAGED                /* the field is to be ignored */
} hc_groups_rc_e;


/* The members of all lines; -1: the field is to be ignored. */
int hc_groups_count(const hc_str_t *lines, size_t n);

/* Takes the next member off *rest, which begins as a line.  The name, without
 * quotes and escapes, lies in out.  As damage may follow, hc_groups_count()
 * comes first. */
hc_groups_rc_e hc_groups_next(hc_str_t *rest,
    unsigned char out[HC_GROUP_LEN_MAX], hc_str_t *name);


#endif /* HC_GROUPS_H_INCLUDED_ */

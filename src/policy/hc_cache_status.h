/*
 * Cache-Status (RFC 9211): what this cache did with a request, as one member
 * of the list.
 *
 *   hc; hit; ttl=30
 *   hc; fwd=stale; fwd-status=304; stored; ttl=60; detail=revalidated
 *
 * Layer: hc_, decisions.
 */

#ifndef HC_CACHE_STATUS_H_INCLUDED_
#define HC_CACHE_STATUS_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_FWDS(row)                                                          \
    row(HIT,        "")               /* not forwarded */                     \
    row(BYPASS,     "bypass")         /* not to be handled by the cache */    \
    row(METHOD,     "method")                                                 \
    row(URI_MISS,   "uri-miss")       /* nothing of that key */               \
    row(VARY_MISS,  "vary-miss")      /* no variant that matches */           \
    row(MISS,       "miss")           /* one of both */                       \
    row(REQUEST,    "request")        /* Cache-Control of the request */      \
    row(STALE,      "stale")                                                  \
    row(PARTIAL,    "partial")

#define hc_fwd_id(id, name)  HC_FWD_##id,

typedef enum {
    HC_FWDS(hc_fwd_id)
    HC_FWD_MAX
} hc_fwd_e;


#define HC_CACHE_STATUS_TTL_MAX  999999999999999      /* RFC 9651, 3.3.1 */


typedef struct {
    hc_str_t  name;                  /* of the cache */
    hc_fwd_e  fwd;
    unsigned  fwd_status;            /* 0: none, or left out */
    int64_t   ttl;                   /* s; below 0 when stale */
    hc_str_t  detail;                /* empty: none */
    unsigned  has_ttl:1;
    unsigned  stored:1;
    unsigned  collapsed:1;
} hc_cache_status_t;


/* Returns the bytes; 0: no room, or name or detail hold what is not ASCII.
 * Both are written as a token where they are one, else as a string.  What a
 * hit does not have (fwd-status, stored, collapsed) is left out of it. */
size_t hc_cache_status_format(const hc_cache_status_t *s, unsigned char *out,
    size_t room);


#endif /* HC_CACHE_STATUS_H_INCLUDED_ */

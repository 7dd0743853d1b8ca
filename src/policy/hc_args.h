/*
 * Query arguments in canonical order: the allowed ones, sorted by name.
 *
 * "&" alone separates; a repeated name keeps its relative order; bytes are
 * compared as they came, nothing is decoded, so two queries that come out
 * equal were forwarded equal.  Empty pieces are dropped.
 */

#ifndef HC_ARGS_H_INCLUDED_
#define HC_ARGS_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_ARGS_MAX  256         /* arguments of one query */


/*
 * Writes at most args.len bytes to out (which may not overlap args) and
 * returns their number.  allowed = NULL: all are.  -1: more than HC_ARGS_MAX
 * pieces; the query is then not to be cached.
 */

int64_t hc_args_sort(hc_str_t args, const hc_str_t *allowed, size_t n,
    unsigned char *out);


#endif /* HC_ARGS_H_INCLUDED_ */

/*
 * Tokens, quoted strings and weights, as most fields are made of (RFC 9110,
 * 5.6 and 12.4.2).  Shared inside the policy room.
 *
 * Each _take takes what it names off *rest: 1 if it stood there.
 */

#ifndef HC_TOKENS_H_INCLUDED_
#define HC_TOKENS_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_WEIGHT_MAX  1000                  /* q=1 */


int hc_token_take(hc_str_t *rest, hc_str_t *token);

/* Nothing is taken from rest if the string does not end.  The value is what
 * stands between the quotes; escapes stay, since no value that matters here
 * has any. */
int hc_quoted_take(hc_str_t *rest, hc_str_t *value);

/* [ "=" ( token / quoted-string ) ] */
int hc_argument_take(hc_str_t *rest, hc_str_t *value);

/* Takes blanks; 1: what follows is the end, or a comma. */
int hc_member_ends(hc_str_t *rest);

/* A qvalue in thousandths; -1 if it is none. */
int hc_weight_parse(hc_str_t s);


#endif /* HC_TOKENS_H_INCLUDED_ */

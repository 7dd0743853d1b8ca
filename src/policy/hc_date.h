/*
 * HTTP-date in its three forms (RFC 9110, 5.6.7).
 */

#ifndef HC_DATE_H_INCLUDED_
#define HC_DATE_H_INCLUDED_


#include "../base/hc_base.h"


/* Seconds since the Unix epoch, or -1.  A two-digit year that seems more than
 * 50 years ahead of `now` means the past century. */

int64_t hc_date_parse(hc_str_t s, int64_t now);


#endif /* HC_DATE_H_INCLUDED_ */

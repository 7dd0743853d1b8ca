/*
 * How long past its lifetime a stored answer may be given, in one byte.
 *
 *   0          never
 *   1 .. 31    that many seconds
 *   32 .. 254  seconds with four bits behind the leading one, up to
 *              HC_WINDOW_SECONDS_MAX
 *   255        as long as the entry is kept
 *
 * Rounded down: an answer is never given later than was said.
 */

#ifndef HC_WINDOW_H_INCLUDED_
#define HC_WINDOW_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_WINDOW_NEVER        0
#define HC_WINDOW_KEPT         255

#define HC_WINDOW_SECONDS_MAX  491520u


/* stale_for: ms the entry is kept past its lifetime.  _ms never returns more
 * than that. */

uint8_t hc_window_code(uint32_t ms, uint32_t stale_for);
uint32_t hc_window_ms(uint8_t code, uint32_t stale_for);


#endif /* HC_WINDOW_H_INCLUDED_ */

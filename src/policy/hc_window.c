/*
 * A window as a small floating point number, 16 steps to an octave:
 *
 *   code     eeee mmmm        e >= 2
 *   seconds  1mmmm << (e - 1)
 */

#include "hc_window.h"


#define HC_WINDOW_EXACT     32u          /* seconds below it are the code */
#define HC_WINDOW_MANTISSA  16u


uint8_t
hc_window_code(uint32_t ms, uint32_t stale_for)
{
    uint32_t  seconds, shift;

    if (ms == 0) {
        return HC_WINDOW_NEVER;
    }

    if (ms >= stale_for) {
        return HC_WINDOW_KEPT;
    }

    seconds = hc_min(ms / 1000, HC_WINDOW_SECONDS_MAX);

    for (shift = 0; seconds >= HC_WINDOW_EXACT; shift++) {
        seconds >>= 1;
    }

    return (uint8_t) (shift * HC_WINDOW_MANTISSA + seconds);
}


uint32_t
hc_window_ms(uint8_t code, uint32_t stale_for)
{
    uint32_t  seconds;

    if (code == HC_WINDOW_KEPT) {
        return stale_for;
    }

    seconds = code;

    if (code >= HC_WINDOW_EXACT) {
        seconds = (HC_WINDOW_MANTISSA | code % HC_WINDOW_MANTISSA)
                  << (code / HC_WINDOW_MANTISSA - 1);
    }

    return hc_min(seconds * 1000, stale_for);
}

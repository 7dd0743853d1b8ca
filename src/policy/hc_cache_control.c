/*
 * Cache-Control, parsed as tokens (RFC 9111, 5.2; RFC 9110, 5.6).
 *
 *   #( token [ "=" ( token / quoted-string ) ] )
 *
 * Looking for substrings would find no-store in foo="no-store" and max-age in
 * x-max-age=60.  After a byte that fits nowhere, parsing goes on right behind
 * it, inside of a string that never ends too: the words found there still
 * count, and `damaged` tells that others may have been lost.
 */

#include "hc_cache_control.h"
#include "hc_policy_priv.h"
#include "hc_tokens.h"


#define HC_DIRECTIVES(seconds, flag)                                          \
    seconds(max_age,                 "max-age")                               \
    seconds(s_maxage,                "s-maxage")                              \
    seconds(stale_if_error,          "stale-if-error")                        \
    seconds(stale_while_revalidate,  "stale-while-revalidate")                \
    flag(no_store,                   "no-store")                              \
    flag(no_cache,                   "no-cache")                              \
    flag(is_private,                 "private")                               \
    flag(is_public,                  "public")                                \
    flag(must_revalidate,            "must-revalidate")                       \
    flag(proxy_revalidate,           "proxy-revalidate")                      \
    flag(must_understand,            "must-understand")                       \
    flag(immutable,                  "immutable")


int64_t
hc_seconds_parse(hc_str_t s)
{
    size_t   i;
    int64_t  n;

    n = 0;

    for (i = 0; i < s.len; i++) {

        if (!hc_is_digit(s.data[i])) {
            return -1;
        }

        if (n < HC_SECONDS_MAX) {
            n = n * 10 + (s.data[i] - '0');
        }
    }

    return s.len ? hc_min(n, (int64_t) HC_SECONDS_MAX) : -1;
}


/* RFC 9111, 4.2.1: on a conflict the most restrictive counts, and what is
 * invalid is taken for stale. */

static void
hc_cache_control_least(int64_t *seconds, hc_str_t value)
{
    int64_t  n;

    n = hc_max(hc_seconds_parse(value), 0);

    if (*seconds == HC_SECONDS_UNSET || n < *seconds) {
        *seconds = n;
    }
}


#define hc_directive_seconds(member, text)                                    \
    if (hc_str_caseeq(name, hc_str(text, sizeof(text) - 1))) {                \
        hc_cache_control_least(&cc->member, value);                           \
        return;                                                               \
    }

#define hc_directive_flag(member, text)                                       \
    if (hc_str_caseeq(name, hc_str(text, sizeof(text) - 1))) {                \
        cc->member = 1;                                                       \
        return;                                                               \
    }


/* Others are extensions, to be ignored (RFC 9111, 5.2.3). */

static void
hc_cache_control_apply(hc_cache_control_t *cc, hc_str_t name, hc_str_t value)
{
    HC_DIRECTIVES(hc_directive_seconds, hc_directive_flag)
}


void
hc_cache_control_init(hc_cache_control_t *cc)
{
    memset(cc, 0, sizeof(*cc));

    cc->max_age = HC_SECONDS_UNSET;
    cc->s_maxage = HC_SECONDS_UNSET;
    cc->stale_if_error = HC_SECONDS_UNSET;
    cc->stale_while_revalidate = HC_SECONDS_UNSET;
}


void
hc_cache_control_add(hc_cache_control_t *cc, hc_str_t line)
{
    hc_str_t  rest, name, value;

    rest = line;

    while (rest.len) {

        if (rest.data[0] == ',' || hc_is_blank(rest.data[0])) {
            hc_str_skip(&rest, 1);
            continue;
        }

        if (!hc_token_take(&rest, &name)) {
            cc->damaged = 1;
            hc_str_skip(&rest, 1);
            continue;
        }

        if (!hc_argument_take(&rest, &value)) {
            cc->damaged = 1;
        }

        hc_cache_control_apply(cc, name, value);

        if (!hc_member_ends(&rest)) {
            cc->damaged = 1;
        }
    }
}

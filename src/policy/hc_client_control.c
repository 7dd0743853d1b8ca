/*
 * The request's Cache-Control and Pragma.
 *
 * They are wishes, and only ever make the answer fresher or, by max-stale,
 * older within what the entry allows; so nothing here is refused.
 */

#include "hc_client_control.h"
#include "hc_policy_priv.h"
#include "hc_tokens.h"


/* Takes the next directive; 0: end.  value.data is NULL without "=". */

static int
hc_client_next(hc_str_t *rest, hc_str_t *name, hc_str_t *value)
{
    while (rest->len) {

        if (!hc_token_take(rest, name)) {
            hc_str_skip(rest, 1);
            continue;
        }

        if (!hc_argument_take(rest, value)) {
            *value = hc_str("", 0);
        }

        return 1;
    }

    return 0;
}


static int
hc_client_is(hc_str_t name, const char *text)
{
    return hc_str_caseeq(name, hc_str(text, strlen(text)));
}


static void
hc_client_least(int64_t *seconds, int64_t n)
{
    if (*seconds == HC_SECONDS_UNSET || n < *seconds) {
        *seconds = n;
    }
}


static void
hc_client_apply(hc_client_control_t *cc, hc_str_t name, hc_str_t value)
{
    int64_t  n;

    n = hc_seconds_parse(value);

    if (hc_client_is(name, "no-cache")) {
        cc->no_cache = 1;

    } else if (hc_client_is(name, "no-store")) {
        cc->no_store = 1;

    } else if (hc_client_is(name, "only-if-cached")) {
        cc->only_if_cached = 1;

    } else if (hc_client_is(name, "max-age")) {
        hc_client_least(&cc->max_age, hc_max(n, 0));

    } else if (hc_client_is(name, "max-stale")) {
        hc_client_least(&cc->max_stale,
                        value.data ? hc_max(n, 0) : (int64_t) HC_SECONDS_MAX);

    } else if (hc_client_is(name, "min-fresh")) {
        cc->min_fresh = hc_max(cc->min_fresh, n);
    }
}


void
hc_client_control_init(hc_client_control_t *cc)
{
    memset(cc, 0, sizeof(*cc));

    cc->max_age = HC_SECONDS_UNSET;
    cc->max_stale = HC_SECONDS_UNSET;
    cc->min_fresh = HC_SECONDS_UNSET;
}


void
hc_client_control_add(hc_client_control_t *cc, hc_str_t line)
{
    hc_str_t  name, value;

    cc->seen = 1;

    while (hc_client_next(&line, &name, &value)) {
        hc_client_apply(cc, name, value);
    }
}


void
hc_client_control_pragma(hc_client_control_t *cc, hc_str_t line)
{
    hc_str_t  name, value;

    while (hc_client_next(&line, &name, &value)) {
        if (hc_client_is(name, "no-cache")) {
            cc->pragma = 1;
        }
    }
}


/* max-age=0 asks for the app however young the answer is; the age is whole
 * seconds where the client sees it, and 0 all through the first one. */

static int
hc_client_demands(const hc_client_control_t *cc, int64_t age, int64_t left)
{
    if (cc->no_cache || (cc->pragma && !cc->seen)) {
        return 1;
    }

    if (cc->max_age != HC_SECONDS_UNSET
        && (cc->max_age == 0 || age > cc->max_age * 1000))
    {
        return 1;
    }

    return cc->min_fresh != HC_SECONDS_UNSET && left < cc->min_fresh * 1000;
}


hc_client_verdict_e
hc_client_allows(const hc_client_control_t *cc, int64_t age, int64_t lifetime,
    int64_t stale_ok)
{
    int64_t  left;

    left = lifetime - age;

    if (hc_client_demands(cc, age, left)) {
        return HC_CLIENT_REVALIDATE;
    }

    if (left > 0) {
        return HC_CLIENT_USE;
    }

    /* max-age alone takes no stale answer (RFC 9111, 5.2.1.1) */

    if (cc->max_stale == HC_SECONDS_UNSET) {
        return cc->max_age == HC_SECONDS_UNSET ? HC_CLIENT_STALE
                                               : HC_CLIENT_REVALIDATE;
    }

    if (cc->max_stale < (int64_t) HC_SECONDS_MAX
        && -left > cc->max_stale * 1000)
    {
        return HC_CLIENT_REVALIDATE;
    }

    return -left < stale_ok ? HC_CLIENT_STALE_OK : HC_CLIENT_STALE;
}

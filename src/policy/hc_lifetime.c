/*
 * Freshness: RFC 9111, 4.2 (for how long), 4.2.2 (heuristics), 4.2.3 (age),
 * 4.2.4 (stale answers); RFC 5861 (windows).
 */

#include "hc_lifetime.h"
#include "hc_date.h"
#include "hc_entry.h"
#include "hc_policy_priv.h"


/* Times are kept as 32 bits of ms, 49.7 days.  Cutting there is harmless:
 * what was meant to live longer is asked for anew after 49 days, and what is
 * older than that on arrival is not stored. */

#define HC_LIFETIME_MS_MAX   ((int64_t) UINT32_MAX)


static uint32_t
hc_lifetime_ms(int64_t ms)
{
    return (uint32_t) hc_min(ms, HC_LIFETIME_MS_MAX);
}


/* The epoch outgrows HC_SECONDS_MAX in 2038.  It saturates where it still can
 * be counted in ms. */

static int64_t
hc_lifetime_epoch(hc_str_t s)
{
    size_t   i;
    int64_t  n;

    n = 0;

    for (i = 0; i < s.len; i++) {

        if (!hc_is_digit(s.data[i])) {
            return -1;
        }

        if (n < INT64_MAX / 1000000) {
            n = n * 10 + (s.data[i] - '0');
        }
    }

    return s.len ? n : -1;
}


/* Seconds from arrival: "60", or until a time: "@1234567890"; -1: there is
 * none, or it is not valid, which nginx ignores. */

static int64_t
hc_lifetime_accel(hc_str_t value, int64_t now)
{
    int64_t  epoch;

    if (value.len == 0 || value.data[0] != '@') {
        return hc_seconds_parse(value);
    }

    hc_str_skip(&value, 1);
    epoch = hc_lifetime_epoch(value);

    return epoch == -1 ? -1 : hc_max(epoch - now, 0);
}


/* Without a sound Date the answer was made now (RFC 9110, 6.6.1). */

static int64_t
hc_lifetime_date(const hc_response_t *r, int64_t now)
{
    int64_t  date;

    date = hc_date_parse(r->date, now);

    return date == -1 ? now : date;
}


/* RFC 9111, 5.3: an Expires that is not a date, "0" above all, is in the
 * past; 4.2.1: so are several of them. */

static int64_t
hc_lifetime_expires(const hc_response_t *r, int64_t now)
{
    int64_t  expires;

    if (r->expires_seen > 1) {
        return 0;
    }

    expires = hc_date_parse(r->expires, now);

    if (expires == -1) {
        return 0;
    }

    return hc_max(expires - hc_lifetime_date(r, now), 0);
}


int
hc_lifetime_is_explicit(const hc_response_t *r)
{
    return hc_lifetime_accel(r->accel_expires, 0) != -1
           || r->cc.s_maxage != HC_SECONDS_UNSET
           || r->cc.max_age != HC_SECONDS_UNSET
           || r->expires_seen;
}


/* RFC 9111, 4.2.1: in seconds, from when the answer was made. */

static int64_t
hc_lifetime_said(const hc_response_t *r, int64_t now)
{
    if (r->cc.s_maxage != HC_SECONDS_UNSET) {
        return r->cc.s_maxage;
    }

    if (r->cc.max_age != HC_SECONDS_UNSET) {
        return r->cc.max_age;
    }

    return hc_lifetime_expires(r, now);
}


/* RFC 9110, 15.1, but for 206 */

static int
hc_lifetime_heuristic_status(uint16_t status)
{
    switch (status) {

    case 200:
    case 203:
    case 204:
    case 300:
    case 301:
    case 308:
    case 404:
    case 405:
    case 410:
    case 414:
    case 501:
        return 1;

    default:
        return 0;
    }
}


/* RFC 9111, 4.2.2: a share of the time for which it has not changed yet; in
 * ms, 0: there is no telling. */

static int64_t
hc_lifetime_heuristic(const hc_response_t *r, const hc_rules_t *rules,
    int64_t now)
{
    int64_t  modified, unchanged;

    modified = hc_date_parse(r->last_modified, now);

    if (modified == -1
        || !(hc_lifetime_heuristic_status(rules->status) || r->cc.is_public))
    {
        return 0;
    }

    unchanged = hc_max(hc_lifetime_date(r, now) - modified, 0);

    return hc_min(unchanged * 10 * rules->heuristic,
                  (int64_t) rules->heuristic_max);
}


/*
 * A lifetime that X-Accel-Expires or the operator sets is for this cache and
 * counts from arrival, so the age is added to it.  Of the app's own, the Age
 * field is enough to tell what is gone (RFC 9111, 4.2.3): a Date of a clock
 * that is behind would make every answer old.
 */

static hc_reason_e
hc_lifetime_fresh(const hc_response_t *r, const hc_rules_t *rules, int64_t now,
    int64_t *lifetime, int64_t *age)
{
    int64_t  accel;

    *age = r->age * 1000;
    accel = hc_lifetime_accel(r->accel_expires, now);

    if (accel != -1) {
        *lifetime = *age + accel * 1000;
        return HC_REASON_NONE;
    }

    if (hc_lifetime_is_explicit(r)) {
        *lifetime = hc_lifetime_said(r, now) * 1000;

    } else if (rules->listed && rules->conf_ttl) {
        *lifetime = *age + rules->conf_ttl;
        return rules->cookie ? HC_REASON_COOKIE : HC_REASON_NONE;

    } else {
        *lifetime = hc_lifetime_heuristic(r, rules, now);

        if (*lifetime == 0) {
            return HC_REASON_NO_LIFETIME;
        }

        if (rules->cookie) {
            return HC_REASON_COOKIE;
        }
    }

    if (rules->strict_age && r->age_odd) {
        *age = hc_max(*age, *lifetime);
    }

    return HC_REASON_NONE;
}


/* RFC 9111, 5.2.2.4 and 5.4 */

int
hc_lifetime_must_ask(const hc_response_t *r)
{
    return r->cc.no_cache || (r->pragma_no_cache && !r->cache_control_seen);
}


/* Not for a request with a Cookie: an app that lets each browser ask for its
 * own page may tell one user that the page of another is still the same.  Nor
 * where X-Accel-Expires is 0, which turns caching off. */

int
hc_lifetime_may_ask(const hc_response_t *r, const hc_rules_t *rules)
{
    return rules->revalidate && rules->keep && !rules->cookie
           && hc_lifetime_accel(r->accel_expires, 0) != 0
           && hc_response_has_validator(r);
}


/* RFC 9111, 3: what says nothing of itself is stored if its status or `public`
 * allows it. */

static int
hc_lifetime_by_default(const hc_response_t *r, const hc_rules_t *rules)
{
    return (rules->listed && rules->conf_ttl)
           || hc_lifetime_heuristic_status(rules->status)
           || r->cc.is_public;
}


/* RFC 9111, 4.2.4: these forbid it (s-maxage by 5.2.2.10); RFC 5861: the app's
 * own limits go before the operator's. */

static void
hc_lifetime_windows(const hc_response_t *r, const hc_rules_t *rules,
    hc_verdict_t *v)
{
    const hc_cache_control_t  *cc;

    cc = &r->cc;

    if (cc->must_revalidate
        || cc->proxy_revalidate
        || cc->s_maxage != HC_SECONDS_UNSET
        || (v->flags & HC_ENTRY_REVALIDATE))
    {
        return;
    }

    v->error_for = rules->conf_stale;

    if (cc->stale_if_error != HC_SECONDS_UNSET) {
        v->error_for = hc_lifetime_ms(cc->stale_if_error * 1000);
    }

    v->while_for = rules->updating ? rules->conf_stale : 0;

    if (cc->stale_while_revalidate != HC_SECONDS_UNSET) {
        v->while_for = hc_lifetime_ms(cc->stale_while_revalidate * 1000);
    }
}


/* An answer that is stale already is worth its room only if the app can be
 * asked whether it is still the same. */

static hc_reason_e
hc_lifetime_keep(const hc_response_t *r, const hc_rules_t *rules,
    hc_verdict_t *v)
{
    uint64_t  kept;

    hc_lifetime_windows(r, rules, v);

    v->stale_for = hc_max(v->error_for, v->while_for);

    if (rules->revalidate && hc_response_has_validator(r)) {
        v->stale_for = hc_max(v->stale_for, rules->keep);
    }

    if (v->age < v->lifetime) {
        return HC_REASON_NONE;
    }

    kept = (uint64_t) v->lifetime + v->stale_for;

    if (!hc_lifetime_may_ask(r, rules) || v->age >= kept) {
        return HC_REASON_EXPIRED;
    }

    return HC_REASON_NONE;
}


hc_reason_e
hc_lifetime(const hc_response_t *r, const hc_rules_t *rules, int64_t now,
    hc_verdict_t *v)
{
    int64_t      lifetime, age;
    hc_reason_e  reason;

    reason = hc_lifetime_fresh(r, rules, now, &lifetime, &age);

    if (hc_lifetime_must_ask(r)) {

        if (reason == HC_REASON_NO_LIFETIME && hc_lifetime_by_default(r, rules))
        {
            reason = HC_REASON_NONE;
        }

        lifetime = 0;
        v->flags |= HC_ENTRY_REVALIDATE;

    } else if (!hc_lifetime_is_explicit(r) && rules->listed && rules->conf_ttl) {
        v->flags |= HC_ENTRY_CONF_TTL;
    }

    if (reason != HC_REASON_NONE) {
        return reason;
    }

    v->lifetime = hc_lifetime_ms(lifetime);
    v->age = hc_lifetime_ms(age);

    return hc_lifetime_keep(r, rules, v);
}

/*
 * The verdict: RFC 9111, 3 (may it be stored), 4.2 (for how long is it
 * fresh), 4.2.4 (may it be sent stale).
 *
 * Where the RFC leaves a choice, the answer that can show one user's data to
 * another is not stored.  X-Accel-Expires gives a lifetime, as in nginx, but
 * unlike there it does not lift what Cache-Control forbids.
 */

#include "hc_verdict.h"
#include "hc_date.h"
#include "hc_entry.h"
#include "hc_policy_priv.h"


/* Times are kept as 32 bits of ms, 49.7 days.  Cutting there is harmless:
 * what was meant to live longer is asked for anew after 49 days, and what is
 * older than that on arrival is not stored. */

#define HC_VERDICT_MS_MAX   ((int64_t) UINT32_MAX)


typedef hc_reason_e (*hc_verdict_pt)(const hc_response_t *r,
    const hc_rules_t *rules);


/* Statuses whose caching needs nothing beyond the response itself; others are
 * stored if the operator lists them. */

static int
hc_verdict_plain_status(uint16_t status)
{
    switch (status) {

    case 200:
    case 203:
    case 300:
    case 301:
    case 302:
    case 308:
        return 1;

    default:
        return 0;
    }
}


/* RFC 9111, 3: the status is final, and a partial answer needs a cache that
 * combines parts (3.3); a 304 updates an entry, it is none (4.3.4). */

static hc_reason_e
hc_verdict_status(const hc_response_t *r, const hc_rules_t *rules)
{
    if (rules->status == 206 || r->content_range) {
        return HC_REASON_RANGE;
    }

    if (rules->status < 200 || rules->status > 599 || rules->status == 304) {
        return HC_REASON_STATUS;
    }

    if (hc_verdict_plain_status(rules->status)) {
        return HC_REASON_NONE;
    }

    /* RFC 9111, 5.2.2.3: only for caches that know the status */

    if (!rules->listed || r->cc.must_understand) {
        return HC_REASON_STATUS;
    }

    return HC_REASON_NONE;
}


/*
 * RFC 9111, 5.2.2.5: no-store, also besides must-understand, which merely
 * allows to ignore it.  What could not be parsed may have said so, too: a
 * cache is encouraged to take conflicting or broken directives for the most
 * restrictive ones (4.2.1).
 */

static hc_reason_e
hc_verdict_no_store(const hc_response_t *r, const hc_rules_t *rules)
{
    (void) rules;

    return (r->cc.no_store || r->cc.damaged) ? HC_REASON_NO_STORE
                                             : HC_REASON_NONE;
}


/* RFC 9111, 5.2.2.7: with field names, the rest could be stored; many send
 * them and mean the whole. */

static hc_reason_e
hc_verdict_private(const hc_response_t *r, const hc_rules_t *rules)
{
    (void) rules;

    return r->cc.is_private ? HC_REASON_PRIVATE : HC_REASON_NONE;
}


/* RFC 9111, 5.2.2.4 and 5.4: it could be stored, but not be used without
 * asking, and a hit never asks. */

static hc_reason_e
hc_verdict_no_cache(const hc_response_t *r, const hc_rules_t *rules)
{
    (void) rules;

    if (r->cc.no_cache || (r->pragma_no_cache && !r->cache_control_seen)) {
        return HC_REASON_RESPONSE_NOCACHE;
    }

    return HC_REASON_NONE;
}


/* RFC 9111, 7.3: Set-Cookie does not inhibit caching by itself, so that an
 * app which forgot to forbid it hands one session to everybody. */

static hc_reason_e
hc_verdict_set_cookie(const hc_response_t *r, const hc_rules_t *rules)
{
    (void) rules;

    return r->set_cookie ? HC_REASON_SET_COOKIE : HC_REASON_NONE;
}


/* RFC 9111, 4.1: an answer that was selected goes only to requests that
 * select alike.  An answer not encoded suits every Accept-Encoding. */

static hc_reason_e
hc_verdict_vary(const hc_response_t *r, const hc_rules_t *rules)
{
    (void) rules;

    if (r->vary_any || (r->vary_encoding && r->encoded)) {
        return HC_REASON_VARY;
    }

    return HC_REASON_NONE;
}


/* RFC 9111, 3.5 */

static int
hc_verdict_public(const hc_response_t *r)
{
    return r->cc.is_public
           || r->cc.must_revalidate
           || r->cc.s_maxage != HC_SECONDS_UNSET;
}


static hc_reason_e
hc_verdict_authorization(const hc_response_t *r, const hc_rules_t *rules)
{
    if (rules->authorization && !hc_verdict_public(r)) {
        return HC_REASON_AUTHORIZATION;
    }

    return HC_REASON_NONE;
}


static const hc_verdict_pt  hc_verdict_rules[] = {
    hc_verdict_status,
    hc_verdict_no_store,
    hc_verdict_private,
    hc_verdict_no_cache,
    hc_verdict_set_cookie,
    hc_verdict_vary,
    hc_verdict_authorization,
    NULL
};


/* The epoch outgrows HC_SECONDS_MAX in 2038.  It saturates where it still can
 * be counted in ms. */

static int64_t
hc_verdict_epoch(hc_str_t s)
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
hc_verdict_accel(hc_str_t value, int64_t now)
{
    int64_t  epoch;

    if (value.len == 0 || value.data[0] != '@') {
        return hc_seconds_parse(value);
    }

    hc_str_skip(&value, 1);
    epoch = hc_verdict_epoch(value);

    return epoch == -1 ? -1 : hc_max(epoch - now, 0);
}


/* RFC 9111, 5.3: an Expires that is not a date, "0" above all, is in the
 * past; 4.2.1: so are several of them.  Without a sound Date the answer was
 * made now (RFC 9110, 6.6.1). */

static int64_t
hc_verdict_expires(const hc_response_t *r, int64_t now)
{
    int64_t  expires, date;

    if (r->expires_seen > 1) {
        return 0;
    }

    expires = hc_date_parse(r->expires, now);

    if (expires == -1) {
        return 0;
    }

    date = hc_date_parse(r->date, now);

    return hc_max(expires - (date == -1 ? now : date), 0);
}


/*
 * RFC 9111, 4.2.1: in ms, from when the answer was made; HC_SECONDS_UNSET: it
 * does not say.  A lifetime set by X-Accel-Expires or by the operator is for
 * this cache and counts from arrival, so the age is added to it.
 */

static int64_t
hc_verdict_explicit(const hc_response_t *r, int64_t now)
{
    int64_t  accel;

    accel = hc_verdict_accel(r->accel_expires, now);

    if (accel != -1) {
        return (r->age + accel) * 1000;
    }

    if (r->cc.s_maxage != HC_SECONDS_UNSET) {
        return r->cc.s_maxage * 1000;
    }

    if (r->cc.max_age != HC_SECONDS_UNSET) {
        return r->cc.max_age * 1000;
    }

    if (r->expires_seen) {
        return hc_verdict_expires(r, now) * 1000;
    }

    return HC_SECONDS_UNSET;
}


static hc_reason_e
hc_verdict_lifetime(const hc_response_t *r, const hc_rules_t *rules,
    int64_t now, hc_verdict_t *v)
{
    int64_t  lifetime, age;

    age = r->age * 1000;
    lifetime = hc_verdict_explicit(r, now);

    if (lifetime == HC_SECONDS_UNSET) {

        if (!rules->listed || rules->conf_ttl == 0) {
            return HC_REASON_NO_LIFETIME;
        }

        if (rules->cookie) {
            return HC_REASON_COOKIE;
        }

        lifetime = age + rules->conf_ttl;
        v->flags |= HC_ENTRY_CONF_TTL;
    }

    lifetime = hc_min(lifetime, HC_VERDICT_MS_MAX);

    /* RFC 9111, 4.2.3: the Age field is enough; a Date of a clock that is
     * behind would make every answer old */

    if (lifetime <= age) {
        return HC_REASON_EXPIRED;
    }

    v->lifetime = (uint32_t) lifetime;
    v->age = (uint32_t) age;

    return HC_REASON_NONE;
}


/* RFC 9111, 4.2.4: these forbid it (s-maxage by 5.2.2.10); RFC 5861, 4: the
 * app's own limit goes before the operator's. */

static uint32_t
hc_verdict_stale_for(const hc_response_t *r, const hc_rules_t *rules)
{
    const hc_cache_control_t  *cc;

    cc = &r->cc;

    if (cc->must_revalidate
        || cc->proxy_revalidate
        || cc->s_maxage != HC_SECONDS_UNSET)
    {
        return 0;
    }

    if (cc->stale_if_error != HC_SECONDS_UNSET) {
        return (uint32_t) hc_min(cc->stale_if_error * 1000, HC_VERDICT_MS_MAX);
    }

    return rules->conf_stale;
}


hc_reason_e
hc_verdict(const hc_response_t *r, const hc_rules_t *rules, int64_t now,
    hc_verdict_t *v)
{
    hc_reason_e           reason;
    hc_verdict_t          verdict;
    const hc_verdict_pt  *rule;

    for (rule = hc_verdict_rules; *rule; rule++) {

        reason = (*rule)(r, rules);

        if (reason != HC_REASON_NONE) {
            return reason;
        }
    }

    memset(&verdict, 0, sizeof(verdict));

    reason = hc_verdict_lifetime(r, rules, now, &verdict);

    if (reason != HC_REASON_NONE) {
        return reason;
    }

    verdict.stale_for = hc_verdict_stale_for(r, rules);

    if (hc_verdict_public(r)) {
        verdict.flags |= HC_ENTRY_PUBLIC;
    }

    *v = verdict;

    return HC_REASON_NONE;
}

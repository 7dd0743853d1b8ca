/*
 * The verdict: RFC 9111, 3 (may it be stored), and what to leave out of it.
 *
 * Where the RFC leaves a choice, the answer that can show one user's data to
 * another is not stored.  X-Accel-Expires gives a lifetime, as in nginx, but
 * unlike there it does not lift what Cache-Control forbids.
 */

#include "hc_verdict.h"
#include "hc_entry.h"
#include "hc_lifetime.h"
#include "hc_policy_priv.h"


typedef hc_reason_e (*hc_verdict_pt)(const hc_response_t *r,
    const hc_rules_t *rules);


/* Statuses whose caching needs nothing beyond the response itself, or beyond
 * its saying for how long; others are stored if the operator lists them, since
 * what an app says of its pages it often says of its errors, too. */

static int
hc_verdict_plain_status(const hc_response_t *r, uint16_t status)
{
    switch (status) {

    case 200:
    case 203:
    case 204:
    case 300:
    case 301:
    case 302:
    case 308:
        return 1;

    case 303:
    case 307:
        return hc_lifetime_is_explicit(r);

    default:
        return 0;
    }
}


/* RFC 9111, 5.2.2.3: those of RFC 9110, 15, since none of them asks more of a
 * cache than is done here (206 and 304 never come so far). */

static int
hc_verdict_understands(uint16_t status)
{
    size_t                 i;
    static const uint16_t  ranges[][2] = {
        { 200, 205 }, { 300, 303 }, { 305, 305 }, { 307, 308 },
        { 400, 417 }, { 421, 422 }, { 426, 426 }, { 500, 505 },
    };

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (status >= ranges[i][0] && status <= ranges[i][1]) {
            return 1;
        }
    }

    return 0;
}


/* RFC 9111, 3: the status is final, and a partial answer needs a cache that
 * combines parts (3.3); a 304 updates an entry, it is none (4.3.4).
 * Content-Range says nothing but in a 206 (RFC 9110, 14.4). */

static hc_reason_e
hc_verdict_status(const hc_response_t *r, const hc_rules_t *rules)
{
    uint16_t  status;

    status = rules->status;

    if (status == 206) {
        return HC_REASON_RANGE;
    }

    if (status < 200 || status > 599 || status == 304) {
        return HC_REASON_STATUS;
    }

    if (r->cc.must_understand && !hc_verdict_understands(status)) {
        return HC_REASON_STATUS;
    }

    if (!rules->listed && !hc_verdict_plain_status(r, status)) {
        return HC_REASON_STATUS;
    }

    return HC_REASON_NONE;
}


/*
 * RFC 9111, 5.2.2.5; beside must-understand no-store is for caches that do not
 * know the status (5.2.2.3).  What could not be parsed may have said so, too:
 * a cache is encouraged to take conflicting or broken directives for the most
 * restrictive ones (4.2.1).
 */

static hc_reason_e
hc_verdict_no_store(const hc_response_t *r, const hc_rules_t *rules)
{
    (void) rules;

    if (r->cc.damaged || (r->cc.no_store && !r->cc.must_understand)) {
        return HC_REASON_NO_STORE;
    }

    return HC_REASON_NONE;
}


/* RFC 9111, 5.2.2.7: with field names, only those are private. */

static hc_reason_e
hc_verdict_private(const hc_response_t *r, const hc_rules_t *rules)
{
    (void) rules;

    return r->cc.is_private ? HC_REASON_PRIVATE : HC_REASON_NONE;
}


/* RFC 9111, 5.2.2.4 and 5.4: stored to be asked about, or not at all. */

static hc_reason_e
hc_verdict_no_cache(const hc_response_t *r, const hc_rules_t *rules)
{
    if (hc_lifetime_must_ask(r) && !hc_lifetime_may_ask(r, rules)) {
        return HC_REASON_RESPONSE_NOCACHE;
    }

    return HC_REASON_NONE;
}


/* RFC 9111, 7.3: Set-Cookie does not inhibit caching by itself, so that an
 * app which forgot to forbid it hands one session to everybody, unless the
 * operator knows better. */

static hc_reason_e
hc_verdict_set_cookie(const hc_response_t *r, const hc_rules_t *rules)
{
    if (r->set_cookie && rules->set_cookie == HC_SET_COOKIE_REFUSE) {
        return HC_REASON_SET_COOKIE;
    }

    return HC_REASON_NONE;
}


/* RFC 9111, 4.1: an answer that was selected goes only to requests that
 * select alike.  One that is not encoded suits every Accept-Encoding; one that
 * is, though nobody asked for it, might not even suit who asked. */

static hc_reason_e
hc_verdict_vary(const hc_response_t *r, const hc_rules_t *rules)
{
    if (r->vary_any || (r->vary_encoding && r->encoded && !rules->coding)) {
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


/* RFC 9213, 2.2: the first valid one is used instead of Cache-Control and
 * Expires. */

static const hc_targeted_t *
hc_verdict_target(const hc_response_t *r, const hc_rules_t *rules)
{
    if ((rules->targets & HC_TARGET_CDN)
        && !(rules->ignore & HC_IGNORE_CDN)
        && hc_targeted_valid(&r->cdn))
    {
        return &r->cdn;
    }

    if ((rules->targets & HC_TARGET_SURROGATE)
        && !(rules->ignore & HC_IGNORE_SURROGATE)
        && hc_targeted_valid(&r->surrogate))
    {
        return &r->surrogate;
    }

    return NULL;
}


static void
hc_verdict_take_target(hc_response_t *r, const hc_rules_t *rules)
{
    const hc_targeted_t  *target;

    target = hc_verdict_target(r, rules);

    if (target) {
        r->cc = target->cc;
        r->cache_control_seen = 1;
        r->expires_seen = 0;
        return;
    }

    if (rules->ignore & HC_IGNORE_CACHE_CONTROL) {
        hc_cache_control_init(&r->cc);
        r->pragma_no_cache = 0;
    }

    if (rules->ignore & HC_IGNORE_EXPIRES) {
        r->expires_seen = 0;
    }
}


/* What is left of the answer's fields by `targets` and `ignore`. */

static void
hc_verdict_reduce(hc_response_t *r, const hc_rules_t *rules)
{
    hc_verdict_take_target(r, rules);

    if (rules->ignore & HC_IGNORE_ACCEL_EXPIRES) {
        r->accel_expires = hc_str(NULL, 0);
    }

    if (rules->ignore & HC_IGNORE_VARY) {
        r->vary_any = 0;
        r->vary_encoding = 0;
        r->vary_other = 0;
    }

    if (rules->ignore & HC_IGNORE_SET_COOKIE) {
        r->set_cookie = 0;
    }
}


static void
hc_verdict_withhold(const hc_response_t *r, const hc_rules_t *rules,
    hc_verdict_t *v)
{
    v->set_cookie = rules->set_cookie == HC_SET_COOKIE_KEEP
                    && !(rules->ignore & HC_IGNORE_SET_COOKIE);

    v->nwithheld = r->cc.nfields;
    memcpy(v->withheld, r->cc.fields, sizeof(v->withheld));
}


hc_reason_e
hc_verdict(const hc_response_t *response, const hc_rules_t *rules,
    int64_t now, hc_verdict_t *v)
{
    hc_reason_e           reason;
    hc_verdict_t          verdict;
    hc_response_t         r;
    const hc_verdict_pt  *rule;

    r = *response;
    hc_verdict_reduce(&r, rules);

    for (rule = hc_verdict_rules; *rule; rule++) {

        reason = (*rule)(&r, rules);

        if (reason != HC_REASON_NONE) {
            return reason;
        }
    }

    memset(&verdict, 0, sizeof(verdict));

    reason = hc_lifetime(&r, rules, now, &verdict);

    if (reason != HC_REASON_NONE) {
        return reason;
    }

    hc_verdict_withhold(&r, rules, &verdict);

    if (hc_verdict_public(&r)) {
        verdict.flags |= HC_ENTRY_PUBLIC;
    }

    *v = verdict;

    return HC_REASON_NONE;
}


int
hc_verdict_withholds(const hc_verdict_t *v, hc_str_t name)
{
    unsigned               i;
    static const hc_str_t  set_cookie = hc_string("set-cookie");

    if (!v->set_cookie && hc_str_caseeq(name, set_cookie)) {
        return 1;
    }

    for (i = 0; i < v->nwithheld; i++) {
        if (hc_str_caseeq(name, v->withheld[i])) {
            return 1;
        }
    }

    return 0;
}

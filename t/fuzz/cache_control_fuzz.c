/*
 * Cache-Control and the verdict on arbitrary fields.
 *
 * The input is read as one Cache-Control line, then as lines of "name: value".
 */

#include "fuzz_main.h"
#include "../../src/policy/hc_date.h"
#include "../../src/policy/hc_entry.h"
#include "../../src/policy/hc_verdict.h"


#define NOW  1790000000


static void
in_range(int64_t seconds)
{
    fuzz_assert(seconds >= HC_SECONDS_UNSET);
    fuzz_assert(seconds <= HC_SECONDS_MAX);
}


/* Whatever stands before it, a no-store at the end of a line is found. */

static void
no_store_is_found_behind(const uint8_t *data, size_t size)
{
    uint8_t             *p;
    hc_cache_control_t   cc;

    p = malloc(size + 9);
    if (p == NULL) {
        abort();
    }

    if (size) {
        memcpy(p, data, size);
    }

    memcpy(p + size, ",no-store", 9);

    hc_cache_control_init(&cc);
    hc_cache_control_add(&cc, hc_str(p, size + 9));
    fuzz_assert(cc.no_store);

    free(p);
}


/* Names that were read before a list turned out to be none. */

static void
forget_rejected(hc_cache_control_t *cc)
{
    memset(cc->fields + cc->nfields, 0,
           (HC_CACHE_CONTROL_FIELDS - cc->nfields) * sizeof(hc_str_t));
}


/* The same of the fields that are for some caches only. */

static void
targeted_lines(const uint8_t *data, size_t size)
{
    hc_targeted_t  cdn, surrogate;

    hc_targeted_init(&cdn);
    hc_cdn_cache_control_add(&cdn, hc_str(data, size));

    in_range(cdn.cc.max_age);
    in_range(cdn.cc.s_maxage);
    fuzz_assert(!cdn.cc.damaged);
    fuzz_assert(cdn.cc.nfields <= HC_CACHE_CONTROL_FIELDS);

    hc_targeted_init(&surrogate);
    hc_surrogate_control_add(&surrogate, hc_str(data, size));

    in_range(surrogate.cc.max_age);
    in_range(surrogate.cc.stale_if_error);
    fuzz_assert(!surrogate.broken);
    fuzz_assert(!surrogate.cc.damaged || surrogate.seen);
}


/* Lines add up: reading one twice says nothing new. */

static void
a_line(const uint8_t *data, size_t size)
{
    hc_cache_control_t  once, twice;

    hc_cache_control_init(&once);
    hc_cache_control_add(&once, hc_str(data, size));

    in_range(once.max_age);
    in_range(once.s_maxage);
    in_range(once.stale_if_error);
    in_range(once.stale_while_revalidate);

    twice = once;
    hc_cache_control_add(&twice, hc_str(data, size));
    forget_rejected(&once);
    forget_rejected(&twice);
    fuzz_assert(memcmp(&once, &twice, sizeof(once)) == 0);

    no_store_is_found_behind(data, size);
    targeted_lines(data, size);

    fuzz_assert(hc_date_parse(hc_str(data, size), NOW) >= -1);
    in_range(hc_seconds_parse(hc_str(data, size)));
}


static void
a_field(hc_response_t *r, const uint8_t *p, size_t n)
{
    const uint8_t  *colon;

    colon = n ? memchr(p, ':', n) : NULL;

    if (colon) {
        hc_response_add(r, hc_str(p, colon - p),
                        hc_str(colon + 1, p + n - colon - 1));

        (void) hc_header_updates(hc_str(p, colon - p));
        (void) hc_response_hop_by_hop(hc_str(p, colon - p), hc_str(p, n));
    }
}


static hc_rules_t
rules_of(unsigned bits)
{
    hc_rules_t  rules;

    memset(&rules, 0, sizeof(rules));

    rules.status = bits & 1 ? 200 : 404;
    rules.conf_ttl = 5000;
    rules.conf_stale = 7000;
    rules.heuristic_max = 86400000;
    rules.listed = bits >> 1 & 1;
    rules.authorization = bits >> 2 & 1;
    rules.cookie = bits >> 3 & 1;
    rules.revalidate = bits >> 4 & 1;
    rules.keep = bits >> 5 & 1 ? 9000 : 0;
    rules.heuristic = bits >> 6 & 1 ? 10 : 0;
    rules.strict_age = bits >> 7 & 1;
    rules.set_cookie = (hc_set_cookie_e) ((bits >> 8 & 3) % 3);

    return rules;
}


/* Of an answer that is stored, whatever the rules. */

static void
sound(const hc_response_t *r, const hc_rules_t *rules, const hc_verdict_t *v)
{
    fuzz_assert(v->error_for <= v->stale_for);
    fuzz_assert(v->while_for <= v->stale_for);
    fuzz_assert(v->age < (uint64_t) v->lifetime + v->stale_for);
    fuzz_assert(v->nwithheld <= HC_CACHE_CONTROL_FIELDS);

    if (v->age >= v->lifetime || (v->flags & HC_ENTRY_REVALIDATE)) {
        fuzz_assert(rules->revalidate && rules->keep && !rules->cookie);
        fuzz_assert(hc_response_has_validator(r));
    }

    if (v->flags & HC_ENTRY_REVALIDATE) {
        fuzz_assert(v->lifetime == 0 && v->error_for == 0);
        fuzz_assert(v->while_for == 0);
    }
}


static void
judge_plainly(const hc_response_t *r, const hc_rules_t *rules,
    const hc_verdict_t *v)
{
    const hc_cache_control_t  *cc;

    cc = &r->cc;

    fuzz_assert(!cc->damaged && !cc->is_private && !r->vary_any);
    fuzz_assert(!cc->no_store || cc->must_understand);
    fuzz_assert(!cc->no_cache || (v->flags & HC_ENTRY_REVALIDATE));
    fuzz_assert(!r->set_cookie || rules->set_cookie);
    fuzz_assert(!rules->authorization || cc->is_public || cc->must_revalidate
                || cc->s_maxage != HC_SECONDS_UNSET);
    fuzz_assert(!cc->must_revalidate || v->error_for + v->while_for == 0);
}


static void
judge(const hc_response_t *r, unsigned bits)
{
    hc_rules_t    rules;
    hc_reason_e   reason;
    hc_verdict_t  v;

    rules = rules_of(bits);
    reason = hc_verdict(r, &rules, NOW, &v);
    fuzz_assert((unsigned) reason < HC_REASON_MAX);

    if (reason == HC_REASON_NONE) {
        sound(r, &rules, &v);
        judge_plainly(r, &rules, &v);
    }

    rules.targets = HC_TARGET_CDN | HC_TARGET_SURROGATE;
    rules.ignore = (uint8_t) (bits * 37);

    if (hc_verdict(r, &rules, NOW, &v) == HC_REASON_NONE) {
        sound(r, &rules, &v);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t         i, start;
    unsigned       bits;
    hc_response_t  r;

    a_line(data, size);

    hc_response_init(&r);

    for (start = 0, i = 0; i <= size; i++) {
        if (i == size || data[i] == '\n') {
            a_field(&r, data + start, i - start);
            start = i + 1;
        }
    }

    /* some of all rules, others for each input */

    for (bits = 0, i = 0; i < size; i++) {
        bits = bits * 31 + data[i];
    }

    for (i = 0; i < 16; i++) {
        judge(&r, bits + (unsigned) i * 0x3d5u);
    }

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    static const char *const  seeds[] = {
        "public, max-age=60, s-maxage=\"5\", x=\"a, \\\"b\"",
        "private=\"a, b\", no-cache, stale-if-error=99999999999",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Cache-Control: max-age=60, public\nAge: 5\nVary: Accept-Encoding",
        "Expires: Sun, 06 Nov 2094 08:49:37 GMT\n"
        "Date: Sunday, 06-Nov-94 08:49:37 GMT\nPragma: no-cache",
        "ETag: \"a\"\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n"
        "Cache-Control: no-cache, private=\"x\"\nSet-Cookie: a=b\nVary: A",
        "CDN-Cache-Control: max-age=9, x=(1 \"b\";c), y=:aGk=:, z=%\"%c3\"\n"
        "Surrogate-Control: max-age=5+6;hc, no-store;other, content=\"a\"",
        "X-Accel-Expires: @2147483648\nAge: 1, 2\nContent-Encoding: gzip\n"
        "Cache-Control: s-maxage=5, must-revalidate\nConnection: a, b",
    };

    if (n >= sizeof(seeds) / sizeof(seeds[0])) {
        return 0;
    }

    memcpy(out, seeds[n], strlen(seeds[n]));

    return strlen(seeds[n]);
}

#endif

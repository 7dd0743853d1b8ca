/*
 * Cache-Control and the verdict on arbitrary fields.
 *
 * The input is read as one Cache-Control line, then as lines of "name: value".
 */

#include "fuzz_main.h"
#include "../../src/policy/hc_date.h"
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
    fuzz_assert(memcmp(&once, &twice, sizeof(once)) == 0);

    no_store_is_found_behind(data, size);

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

        (void) hc_response_hop_by_hop(hc_str(p, colon - p), hc_str(p, n));
    }
}


static void
judge(const hc_response_t *r, unsigned bits)
{
    hc_rules_t    rules;
    hc_reason_e   reason;
    hc_verdict_t  v;

    memset(&rules, 0, sizeof(rules));
    rules.status = bits & 1 ? 200 : 404;
    rules.conf_ttl = 5000;
    rules.conf_stale = 7000;
    rules.listed = bits >> 1 & 1;
    rules.authorization = bits >> 2 & 1;
    rules.cookie = bits >> 3 & 1;

    reason = hc_verdict(r, &rules, NOW, &v);
    fuzz_assert((unsigned) reason < HC_REASON_MAX);

    if (reason != HC_REASON_NONE) {
        return;
    }

    fuzz_assert(v.lifetime > v.age);
    fuzz_assert(!r->cc.damaged && !r->cc.no_store && !r->cc.is_private);
    fuzz_assert(!r->cc.no_cache && !r->set_cookie && !r->vary_any);
    fuzz_assert(!r->content_range);
    fuzz_assert(!rules.authorization || r->cc.is_public
                || r->cc.must_revalidate
                || r->cc.s_maxage != HC_SECONDS_UNSET);
    fuzz_assert(!r->cc.must_revalidate || v.stale_for == 0);
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

    for (bits = 0; bits < 16; bits++) {
        judge(&r, bits);
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

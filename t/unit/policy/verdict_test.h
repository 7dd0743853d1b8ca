/*
 * Fields and rules in, verdict out, for the tests of hc_verdict.
 */

#ifndef HC_VERDICT_TEST_H_INCLUDED_
#define HC_VERDICT_TEST_H_INCLUDED_


#include "policy_test.h"
#include "../../../src/policy/hc_entry.h"
#include "../../../src/policy/hc_verdict.h"


/* Sat, 26 Sep 2026 12:00:00 GMT */

#define NOW       1790424000
#define DATE      "Date: Sat, 26 Sep 2026 12:00:00 GMT"
#define IN_60_S   "Expires: Sat, 26 Sep 2026 12:01:00 GMT"
#define S_AGO_60  "Expires: Sat, 26 Sep 2026 11:59:00 GMT"

#define FRESH     "Cache-Control: max-age=60"

#define MS_MAX    UINT32_MAX


/* fields: "name: value", one a line */

typedef struct {
    const char   *fields;
    hc_reason_e   reason;
    uint32_t      lifetime;
    uint32_t      age;
} row_t;


static const hc_rules_t  plain = { .status = 200, .conf_stale = 7000 };
static const hc_rules_t  conf = { .status = 200, .conf_stale = 7000,
                                  .conf_ttl = 5000, .listed = 1 };


static inline hc_reason_e
judge(const char *fields, const hc_rules_t *rules, hc_verdict_t *v)
{
    size_t         n;
    const char    *colon;
    hc_response_t  r;

    hc_response_init(&r);

    for ( /* void */ ; *fields; fields += n + (fields[n] != '\0')) {
        n = strcspn(fields, "\n");
        colon = memchr(fields, ':', n);
        assert_non_null(colon);

        hc_response_add(&r, hc_str(fields, colon - fields),
                        hc_str(colon + 1, fields + n - colon - 1));
    }

    memset(v, 0xa5, sizeof(*v));

    return hc_verdict(&r, rules, NOW, v);
}


static inline hc_reason_e
reason(const char *fields, const hc_rules_t *rules)
{
    hc_verdict_t  v;

    return judge(fields, rules, &v);
}


static inline uint32_t
error_for(const char *fields, const hc_rules_t *rules)
{
    hc_verdict_t  v;

    assert_int_equal(judge(fields, rules, &v), HC_REASON_NONE);
    assert_true(v.error_for <= v.stale_for && v.while_for <= v.stale_for);

    return v.error_for;
}


static inline void
check(const row_t *row, size_t n, const hc_rules_t *rules)
{
    hc_reason_e   got;
    hc_verdict_t  v;

    for ( /* void */ ; n; n--, row++) {
        got = judge(row->fields, rules, &v);

        if (got != row->reason) {
            fail_msg("\"%s\": got \"%s\", want \"%s\"", row->fields,
                     hc_reason_text(got), hc_reason_text(row->reason));
        }

        if (got == HC_REASON_NONE
            && (v.lifetime != row->lifetime || v.age != row->age))
        {
            fail_msg("\"%s\": got %u %u, want %u %u", row->fields,
                     v.lifetime, v.age, row->lifetime, row->age);
        }
    }
}


static inline int
one_of(unsigned status, const uint16_t *list)
{
    for ( /* void */ ; *list; list++) {
        if (*list == status) {
            return 1;
        }
    }

    return 0;
}


#endif /* HC_VERDICT_TEST_H_INCLUDED_ */

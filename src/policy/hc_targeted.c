/*
 * CDN-Cache-Control and Surrogate-Control.
 */

#include "hc_targeted.h"
#include "hc_directive.h"
#include "hc_policy_priv.h"
#include "hc_structured.h"
#include "hc_tokens.h"


static const hc_str_t  hc_surrogate_device = hc_string("hc");


void
hc_targeted_init(hc_targeted_t *t)
{
    memset(t, 0, sizeof(*t));

    hc_cache_control_init(&t->cc);
}


/* A directive of another type than its own is as good as absent (RFC 9213,
 * 2.1); of two with one name the last one stands. */

static int64_t
hc_targeted_number(const hc_sf_value_t *v)
{
    if (v->type != HC_SF_INTEGER) {
        return HC_SECONDS_UNSET;
    }

    return hc_min(hc_max(v->number, 0), (int64_t) HC_SECONDS_MAX);
}


static uint8_t
hc_targeted_flag(hc_cache_control_t *cc, const hc_directive_t *d,
    const hc_sf_value_t *v)
{
    if (v->type == HC_SF_BOOLEAN) {
        return (uint8_t) v->number;
    }

    return d->kind == HC_DIRECTIVE_FIELDS
           && v->type == HC_SF_STRING
           && !hc_directive_fields(cc, v->text);
}


void
hc_cdn_cache_control_add(hc_targeted_t *t, hc_str_t line)
{
    int                    rc;
    hc_str_t               key;
    hc_sf_value_t          value;
    const hc_directive_t  *d;

    while ((rc = hc_sf_member_next(&line, &key, &value)) == 1) {

        t->seen = 1;
        d = hc_directive_find(key);

        if (d == NULL) {
            continue;
        }

        if (d->kind == HC_DIRECTIVE_SECONDS) {
            *hc_directive_seconds(&t->cc, d) = hc_targeted_number(&value);

        } else {
            *hc_directive_flag(&t->cc, d) = hc_targeted_flag(&t->cc, d,
                                                             &value);
        }
    }

    if (rc == -1) {
        t->broken = 1;
    }
}


/* max-age=60+30: for 30 s more it may be given stale. */

static void
hc_surrogate_max_age(hc_cache_control_t *cc, hc_str_t name, hc_str_t value)
{
    size_t                 n;
    hc_str_t               more;
    static const hc_str_t  windows[] = {
        hc_string("stale-if-error"), hc_string("stale-while-revalidate")
    };

    for (n = 0; n < value.len && value.data[n] != '+'; n++) { /* void */ }

    hc_directive_apply(cc, name, hc_str(value.data, n));

    if (n == value.len) {
        return;
    }

    more = value;
    hc_str_skip(&more, n + 1);

    hc_directive_apply(cc, windows[0], more);
    hc_directive_apply(cc, windows[1], more);
}


/* What is no directive of caching, as content="ESI/1.0", leaves the answer to
 * Cache-Control. */

static void
hc_surrogate_apply(hc_targeted_t *t, hc_str_t name, hc_str_t value)
{
    const hc_directive_t  *d;

    d = hc_directive_find(name);

    if (d == NULL) {
        return;
    }

    t->seen = 1;

    if (d->kind == HC_DIRECTIVE_SECONDS) {
        hc_surrogate_max_age(&t->cc, name, value);

    } else {
        hc_directive_apply(&t->cc, name, value);
    }
}


/* ";" device: the directive is for that one alone.  1: for us. */

static int
hc_surrogate_targets(hc_targeted_t *t, hc_str_t *rest)
{
    int       ours, named;
    hc_str_t  device;

    ours = 0;

    for (named = 0; rest->len && rest->data[0] == ';'; named++) {
        hc_str_skip(rest, 1);
        *rest = hc_str_trim(*rest);

        if (!hc_token_take(rest, &device)) {
            t->cc.damaged = 1;
        }

        ours |= hc_str_caseeq(device, hc_surrogate_device);
    }

    return ours || named == 0;
}


/* As Cache-Control is: nothing that might be a prohibition gets lost, and what
 * cannot be parsed keeps the answer out. */

void
hc_surrogate_control_add(hc_targeted_t *t, hc_str_t line)
{
    hc_str_t  name, value;

    while (line.len) {

        if (line.data[0] == ',' || hc_is_blank(line.data[0])) {
            hc_str_skip(&line, 1);
            continue;
        }

        if (!hc_token_take(&line, &name)) {
            t->cc.damaged = 1;
            t->seen = 1;
            hc_str_skip(&line, 1);
            continue;
        }

        if (!hc_argument_take(&line, &value)) {
            t->cc.damaged = 1;
        }

        if (hc_surrogate_targets(t, &line)) {
            hc_surrogate_apply(t, name, value);
        }

        if (!hc_member_ends(&line)) {
            t->cc.damaged = 1;
        }
    }

    t->seen |= t->cc.damaged;
}

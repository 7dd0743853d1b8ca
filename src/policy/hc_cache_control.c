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

#include "hc_directive.h"
#include "hc_headers.h"
#include "hc_policy_priv.h"
#include "hc_tokens.h"


#define hc_directive_at(name, kind, member)                                   \
    { hc_string(name), HC_DIRECTIVE_##kind,                                   \
      offsetof(hc_cache_control_t, member) }


static const hc_directive_t  hc_directives[] = {
    hc_directive_at("max-age", SECONDS, max_age),
    hc_directive_at("s-maxage", SECONDS, s_maxage),
    hc_directive_at("stale-if-error", SECONDS, stale_if_error),
    hc_directive_at("stale-while-revalidate", SECONDS, stale_while_revalidate),
    hc_directive_at("no-store", FLAG, no_store),
    hc_directive_at("no-cache", FIELDS, no_cache),
    hc_directive_at("private", FIELDS, is_private),
    hc_directive_at("public", FLAG, is_public),
    hc_directive_at("must-revalidate", FLAG, must_revalidate),
    hc_directive_at("proxy-revalidate", FLAG, proxy_revalidate),
    hc_directive_at("must-understand", FLAG, must_understand),
    hc_directive_at("immutable", FLAG, immutable),
    { hc_null_string, HC_DIRECTIVE_FLAG, 0 }
};


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


const hc_directive_t *
hc_directive_find(hc_str_t name)
{
    const hc_directive_t  *d;

    for (d = hc_directives; d->name.data; d++) {
        if (hc_str_caseeq(name, d->name)) {
            return d;
        }
    }

    return NULL;
}


static int
hc_directive_named(const hc_cache_control_t *cc, unsigned n, hc_str_t name)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (hc_str_caseeq(cc->fields[i], name)) {
            return 1;
        }
    }

    return 0;
}


/* One that an answer cannot do without is better not withheld from it, nor
 * stored against its will. */

static int
hc_directive_is_field(hc_str_t name)
{
    hc_str_t  rest, token;

    rest = name;

    return hc_token_take(&rest, &token)
           && rest.len == 0
           && name.len <= HC_ENTRY_NAME_MAX
           && hc_header_find(name) == HC_HEADER_OTHER;
}


int
hc_directive_fields(hc_cache_control_t *cc, hc_str_t list)
{
    unsigned  n, members;
    hc_str_t  name;

    n = cc->nfields;

    for (members = 0; hc_list_next(&list, &name); members++) {

        if (!hc_directive_is_field(name)) {
            return 0;
        }

        if (hc_directive_named(cc, n, name)) {
            continue;
        }

        if (n == HC_CACHE_CONTROL_FIELDS) {
            return 0;
        }

        cc->fields[n++] = name;
    }

    cc->nfields = (uint8_t) n;

    return members != 0;
}


/* The list stands in quotes (RFC 9111, 5.2.2.4); whoever writes a bare word is
 * in doubt about what it says.  Before an argument is its quote, or its "=". */

static int
hc_directive_names(hc_cache_control_t *cc, hc_str_t value)
{
    return value.len
           && value.data[-1] == '"'
           && hc_directive_fields(cc, value);
}


void
hc_directive_apply(hc_cache_control_t *cc, hc_str_t name, hc_str_t value)
{
    const hc_directive_t  *d;

    d = hc_directive_find(name);

    if (d == NULL) {
        return;
    }

    switch (d->kind) {

    case HC_DIRECTIVE_SECONDS:
        hc_cache_control_least(hc_directive_seconds(cc, d), value);
        break;

    case HC_DIRECTIVE_FIELDS:
        if (hc_directive_names(cc, value)) {
            break;
        }

        /* fall through */

    default:
        *hc_directive_flag(cc, d) = 1;
        break;
    }
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

        hc_directive_apply(cc, name, value);

        if (!hc_member_ends(&rest)) {
            cc->damaged = 1;
        }
    }
}

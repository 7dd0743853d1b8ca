/*
 * What the app said about caching, gathered field by field.
 */

#include "hc_response.h"
#include "hc_headers.h"
#include "hc_policy_priv.h"
#include "hc_tokens.h"


typedef void (*hc_response_pt)(hc_response_t *r, hc_str_t value);


typedef struct {
    hc_str_t        name;
    hc_response_pt  handler;
} hc_response_field_t;


static void
hc_response_cache_control(hc_response_t *r, hc_str_t value)
{
    r->cache_control_seen = 1;

    hc_cache_control_add(&r->cc, value);
}


static void
hc_response_cdn(hc_response_t *r, hc_str_t value)
{
    hc_cdn_cache_control_add(&r->cdn, value);
}


static void
hc_response_surrogate(hc_response_t *r, hc_str_t value)
{
    hc_surrogate_control_add(&r->surrogate, value);
}


/* RFC 9111, 5.4: deprecated, and without meaning in a response; but who sends
 * it means it. */

static void
hc_response_pragma(hc_response_t *r, hc_str_t value)
{
    hc_str_t               member;
    static const hc_str_t  no_cache = hc_string("no-cache");

    while (hc_list_next(&value, &member)) {
        if (hc_str_caseeq(member, no_cache)) {
            r->pragma_no_cache = 1;
        }
    }
}


static void
hc_response_expires(hc_response_t *r, hc_str_t value)
{
    r->expires = value;

    if (r->expires_seen < 2) {
        r->expires_seen++;
    }
}


static void
hc_response_date(hc_response_t *r, hc_str_t value)
{
    if (r->date.data == NULL) {
        r->date = value;
    }
}


/* Of several the least counts: no other is as careful. */

static void
hc_response_accel_expires(hc_response_t *r, hc_str_t value)
{
    int64_t  least, n;

    if (r->accel_expires.data == NULL) {
        r->accel_expires = value;
        return;
    }

    least = hc_seconds_parse(r->accel_expires);
    n = hc_seconds_parse(value);

    if (n >= 0 && (least < 0 || n < least)) {
        r->accel_expires = value;
    }
}


static void
hc_response_last_modified(hc_response_t *r, hc_str_t value)
{
    if (r->last_modified.data == NULL) {
        r->last_modified = value;
    }
}


static void
hc_response_etag(hc_response_t *r, hc_str_t value)
{
    r->etag |= value.len != 0;
}


/* Digits, or several of them with bare commas between. */

static int
hc_response_age_plain(hc_str_t value)
{
    size_t         i;
    unsigned char  c, last;

    last = ',';

    for (i = 0; i < value.len; i++) {
        c = value.data[i];

        if (!hc_is_digit(c) && (c != ',' || last == ',')) {
            return 0;
        }

        last = c;
    }

    return last != ',';
}


/* RFC 9111, 5.1: the first member counts, others are not looked at; if it is
 * invalid, none counts. */

static void
hc_response_age(hc_response_t *r, hc_str_t value)
{
    hc_str_t  member;

    if (r->age_seen) {
        r->age_odd = 1;
        return;
    }

    r->age_seen = 1;
    r->age_odd = !hc_response_age_plain(value);

    if (hc_list_next(&value, &member)) {
        r->age = hc_max(hc_seconds_parse(member), 0);
    }
}


static void
hc_response_set_cookie(hc_response_t *r, hc_str_t value)
{
    (void) value;

    r->set_cookie = 1;
}


static int
hc_response_is_token(hc_str_t s)
{
    hc_str_t  token;

    return hc_token_take(&s, &token) && s.len == 0;
}


/* RFC 9110, 12.5.5: "*" anywhere in the list; an answer that depends on what
 * cannot be read is no better. */

static void
hc_response_vary(hc_response_t *r, hc_str_t value)
{
    hc_str_t               member;
    static const hc_str_t  any = hc_string("*");
    static const hc_str_t  encoding = hc_string("accept-encoding");

    if (r->nvary == HC_RESPONSE_VARY_MAX) {
        r->vary_any = 1;
        return;
    }

    r->vary[r->nvary++] = value;

    while (hc_list_next(&value, &member)) {

        if (hc_str_caseeq(member, encoding)) {
            r->vary_encoding = 1;
            continue;
        }

        r->vary_other = 1;

        if (hc_str_eq(member, any) || !hc_response_is_token(member)) {
            r->vary_any = 1;
        }
    }
}


static void
hc_response_content_encoding(hc_response_t *r, hc_str_t value)
{
    hc_str_t               member;
    static const hc_str_t  identity = hc_string("identity");

    while (hc_list_next(&value, &member)) {
        if (!hc_str_caseeq(member, identity)) {
            r->encoded = 1;
        }
    }
}


static const hc_response_field_t  hc_response_fields[] = {
    { hc_string("cache-control"),       hc_response_cache_control },
    { hc_string("cdn-cache-control"),   hc_response_cdn },
    { hc_string("surrogate-control"),   hc_response_surrogate },
    { hc_string("pragma"),              hc_response_pragma },
    { hc_string("expires"),             hc_response_expires },
    { hc_string("date"),                hc_response_date },
    { hc_string("last-modified"),       hc_response_last_modified },
    { hc_string("etag"),                hc_response_etag },
    { hc_string("x-accel-expires"),     hc_response_accel_expires },
    { hc_string("age"),                 hc_response_age },
    { hc_string("set-cookie"),          hc_response_set_cookie },
    { hc_string("vary"),                hc_response_vary },
    { hc_string("content-encoding"),    hc_response_content_encoding },
    { hc_null_string,                   NULL }
};


void
hc_response_init(hc_response_t *r)
{
    memset(r, 0, sizeof(*r));

    hc_cache_control_init(&r->cc);
    hc_targeted_init(&r->cdn);
    hc_targeted_init(&r->surrogate);
}


void
hc_response_add(hc_response_t *r, hc_str_t name, hc_str_t value)
{
    const hc_response_field_t  *field;

    for (field = hc_response_fields; field->handler; field++) {
        if (hc_str_caseeq(name, field->name)) {
            field->handler(r, hc_str_trim(value));
            return;
        }
    }
}


static const hc_str_t  hc_response_hops[] = {
    hc_string("connection"),
    hc_string("keep-alive"),
    hc_string("proxy-connection"),
    hc_string("proxy-authenticate"),
    hc_string("proxy-authentication-info"),
    hc_string("proxy-authorization"),
    hc_string("te"),
    hc_string("trailer"),
    hc_string("transfer-encoding"),
    hc_string("upgrade"),
    hc_null_string
};


static const hc_str_t  hc_response_kept[] = {
    hc_string("content-length"),
    hc_string("host"),
    hc_null_string
};


/* They tell of the stored content, which a 304 does not bring. */

static const hc_str_t  hc_response_frozen[] = {
    hc_string("content-encoding"),
    hc_string("content-length"),
    hc_string("content-md5"),
    hc_string("content-range"),
    hc_string("etag"),
    hc_null_string
};


static int
hc_response_listed(hc_str_t name, const hc_str_t *list)
{
    for ( /* void */ ; list->data; list++) {
        if (hc_str_caseeq(name, *list)) {
            return 1;
        }
    }

    return 0;
}


/*
 * A field meant for every recipient must not be named in Connection (RFC 9110,
 * 7.6.1); where it is, dropping Content-Encoding or Cache-Control would change
 * what the answer means.  So the name is not believed for those that describe
 * the content or its framing: the ones an entry knows by id, and a few more.
 */

int
hc_response_hop_by_hop(hc_str_t name, hc_str_t connection)
{
    hc_str_t  member;

    if (hc_response_listed(name, hc_response_hops)) {
        return 1;
    }

    if (hc_header_find(name) != HC_HEADER_OTHER
        || hc_response_listed(name, hc_response_kept))
    {
        return 0;
    }

    while (hc_list_next(&connection, &member)) {
        if (hc_str_caseeq(name, member)) {
            return 1;
        }
    }

    return 0;
}


int
hc_header_updates(hc_str_t name)
{
    return !hc_response_listed(name, hc_response_hops)
           && !hc_response_listed(name, hc_response_frozen);
}

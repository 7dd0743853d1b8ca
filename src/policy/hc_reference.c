/*
 * References of an answer, resolved against the request's target.
 *
 * An answer may name any URI, so only one of the same origin may take an entry
 * out (RFC 9111, 4.4); whatever could be read in two ways, as userinfo or a
 * backslash, is taken for another origin.
 */

#include "hc_reference.h"
#include "hc_policy_priv.h"


typedef struct {
    hc_str_t  host;                  /* brackets and all */
    unsigned  port;
} hc_authority_t;


/* A reference in its parts (RFC 3986, 5.2.2); data is NULL where undefined. */

typedef struct {
    hc_str_t  scheme;
    hc_str_t  authority;
    hc_str_t  path;
    hc_str_t  query;                 /* with the "?" */
} hc_reference_t;


static int
hc_reference_is_hex(unsigned char c)
{
    c = hc_lower(c);

    return hc_is_digit(c) || (c >= 'a' && c <= 'f');
}


static int
hc_reference_sound(hc_str_t s)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {

        c = s.data[i];

        if (c <= 0x20 || c >= 0x7f || c == '\\') {
            return 0;
        }

        if (c == '%' && (s.len - i < 3
                         || !hc_reference_is_hex(s.data[i + 1])
                         || !hc_reference_is_hex(s.data[i + 2])))
        {
            return 0;
        }
    }

    return 1;
}


/* Takes what stands before the first byte out of `ends`, or all. */

static hc_str_t
hc_reference_before(hc_str_t *rest, const char *ends)
{
    size_t    n;
    hc_str_t  s;

    for (n = 0; n < rest->len; n++) {
        if (memchr(ends, rest->data[n], strlen(ends))) {
            break;
        }
    }

    s = hc_str(rest->data, n);
    hc_str_skip(rest, n);

    return s;
}


/* A colon in the first segment ends a scheme, whatever that is (RFC 3986,
 * 4.2); one that is no scheme is not http either. */

static void
hc_reference_split(hc_str_t s, hc_reference_t *ref)
{
    hc_str_t  first, rest;

    memset(ref, 0, sizeof(*ref));

    s = hc_reference_before(&s, "#");
    rest = s;
    first = hc_reference_before(&rest, ":/?");

    if (rest.len && rest.data[0] == ':') {
        ref->scheme = first;
        hc_str_skip(&rest, 1);
        s = rest;
    }

    if (s.len > 1 && s.data[0] == '/' && s.data[1] == '/') {
        hc_str_skip(&s, 2);
        ref->authority = hc_reference_before(&s, "/?");
    }

    ref->path = hc_reference_before(&s, "?");
    ref->query = s;
}


/* 0: none, or beyond 65535 */

static unsigned
hc_reference_port(hc_str_t digits, unsigned otherwise)
{
    size_t    i;
    unsigned  port;

    if (digits.len == 0) {
        return otherwise;
    }

    for (port = 0, i = 0; i < digits.len; i++) {

        if (!hc_is_digit(digits.data[i])) {
            return 0;
        }

        port = port * 10 + (digits.data[i] - '0');

        if (port > 65535) {
            return 0;
        }
    }

    return port;
}


static int
hc_reference_authority(hc_str_t s, unsigned port, hc_authority_t *a)
{
    hc_str_t  rest;

    rest = s;

    if (s.len && s.data[0] == '[') {
        (void) hc_reference_before(&rest, "]");
        hc_str_skip(&rest, rest.len ? 1 : 0);

    } else {
        (void) hc_reference_before(&rest, ":");
    }

    a->host = hc_str(s.data, s.len - rest.len);

    if (a->host.len == 0 || memchr(s.data, '@', s.len)
        || (rest.len && rest.data[0] != ':'))
    {
        return 0;
    }

    hc_str_skip(&rest, rest.len ? 1 : 0);
    a->port = hc_reference_port(rest, port);

    return a->port != 0;
}


static int
hc_reference_same_origin(const hc_base_uri_t *base, hc_reference_t *ref)
{
    unsigned               port;
    hc_authority_t         a, b;
    static const hc_str_t  http = hc_string("http");
    static const hc_str_t  https = hc_string("https");

    if (ref->scheme.data
        && (!hc_str_caseeq(ref->scheme, base->scheme)
            || ref->authority.data == NULL))
    {
        return 0;
    }

    if (hc_str_caseeq(base->scheme, http)) {
        port = 80;

    } else if (hc_str_caseeq(base->scheme, https)) {
        port = 443;

    } else {
        return 0;
    }

    if (ref->authority.data == NULL) {
        return 1;
    }

    return hc_reference_authority(base->host, port, &a)
           && hc_reference_authority(ref->authority, port, &b)
           && a.port == b.port
           && hc_str_caseeq(a.host, b.host);
}


/* RFC 3986, 5.2.4, in place; p begins with "/".  Returns the new length. */

static size_t
hc_reference_remove_dots(unsigned char *p, size_t len)
{
    size_t  from, to, next, up;

    for (from = 0, to = 0; from < len; from = next) {

        for (next = from + 1; next < len && p[next] != '/'; next++) {
            /* void */
        }

        up = 0;

        if (next - from == 2 && p[from + 1] == '.') {
            up = 1;

        } else if (next - from == 3 && p[from + 1] == '.'
                   && p[from + 2] == '.')
        {
            up = 2;
        }

        if (up == 0) {
            memmove(p + to, p + from, next - from);
            to += next - from;
            continue;
        }

        while (up == 2 && to && p[--to] != '/') { /* void */ }

        if (next == len) {
            p[to++] = '/';
        }
    }

    return to;
}


static unsigned char *
hc_reference_write(unsigned char *p, hc_str_t s)
{
    if (s.len) {
        memcpy(p, s.data, s.len);
    }

    return p + s.len;
}


/* The path a path of a reference stands for (RFC 3986, 5.2.2 and 5.2.3). */

static unsigned char *
hc_reference_path(const hc_reference_t *ref, hc_str_t base, unsigned char *out)
{
    unsigned char  *p;

    p = out;

    if (ref->path.len == 0 && ref->authority.data) {
        *p++ = '/';
        return p;
    }

    if (ref->path.len == 0) {
        return hc_reference_write(p, base);
    }

    if (ref->path.data[0] != '/') {

        while (base.data[base.len - 1] != '/') {
            base.len--;
        }

        p = hc_reference_write(p, base);
    }

    p = hc_reference_write(p, ref->path);

    return out + hc_reference_remove_dots(out, p - out);
}


size_t
hc_reference_resolve(const hc_base_uri_t *base, hc_str_t reference,
    unsigned char *out)
{
    hc_str_t         path, query;
    unsigned char   *p;
    hc_reference_t   ref;

    reference = hc_str_trim(reference);
    hc_reference_split(reference, &ref);

    query = base->target;
    query = hc_reference_before(&query, "#");
    path = hc_reference_before(&query, "?");

    if (!hc_reference_sound(reference)
        || !hc_reference_same_origin(base, &ref)
        || path.len == 0 || path.data[0] != '/')
    {
        return 0;
    }

    p = hc_reference_path(&ref, path, out);

    if (ref.query.len || ref.path.len || ref.authority.data) {
        query = ref.query;
    }

    return hc_reference_write(p, query) - out;
}


int
hc_reference_is_relative(hc_str_t reference)
{
    hc_reference_t  ref;

    hc_reference_split(hc_str_trim(reference), &ref);

    return ref.scheme.data == NULL;
}

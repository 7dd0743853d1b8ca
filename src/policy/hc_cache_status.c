/*
 * Cache-Status, written.
 */

#include "hc_cache_status.h"
#include "hc_policy_priv.h"


typedef struct {
    unsigned char  *p;
    unsigned char  *end;
    unsigned        full:1;
} hc_status_out_t;


#define hc_fwd_name(id, name)  hc_string(name),

static const hc_str_t  hc_fwd_names[] = {
    HC_FWDS(hc_fwd_name)
};


static void
hc_status_write(hc_status_out_t *out, hc_str_t s)
{
    if (s.len > (size_t) (out->end - out->p)) {
        out->full = 1;
        return;
    }

    if (s.len) {
        memcpy(out->p, s.data, s.len);
        out->p += s.len;
    }
}


static void
hc_status_text(hc_status_out_t *out, const char *text)
{
    hc_status_write(out, hc_str(text, strlen(text)));
}


/* RFC 9651, 3.3.4: begins with a letter or "*" */

static int
hc_status_is_token(hc_str_t s)
{
    size_t         i;
    unsigned char  c;

    if (s.len == 0) {
        return 0;
    }

    c = hc_lower(s.data[0]);

    if ((c < 'a' || c > 'z') && c != '*') {
        return 0;
    }

    for (i = 1; i < s.len; i++) {

        c = s.data[i];

        if (!hc_is_token_char(c) && c != ':' && c != '/') {
            return 0;
        }
    }

    return 1;
}


static void
hc_status_token_or_string(hc_status_out_t *out, hc_str_t s)
{
    size_t         i;
    unsigned char  c;

    if (hc_status_is_token(s)) {
        hc_status_write(out, s);
        return;
    }

    hc_status_text(out, "\"");

    for (i = 0; i < s.len; i++) {

        c = s.data[i];

        if (c < 0x20 || c > 0x7e) {
            out->full = 1;
            return;
        }

        if (c == '"' || c == '\\') {
            hc_status_text(out, "\\");
        }

        hc_status_write(out, hc_str(&s.data[i], 1));
    }

    hc_status_text(out, "\"");
}


static void
hc_status_number(hc_status_out_t *out, int64_t n)
{
    uint64_t        rest;
    unsigned char   digits[24], *p;

    n = hc_min(n, HC_CACHE_STATUS_TTL_MAX);
    n = hc_max(n, -HC_CACHE_STATUS_TTL_MAX);

    p = digits + sizeof(digits);
    rest = (uint64_t) (n < 0 ? -n : n);

    do {
        *--p = (unsigned char) ('0' + rest % 10);
        rest /= 10;
    } while (rest);

    if (n < 0) {
        *--p = '-';
    }

    hc_status_write(out, hc_str(p, digits + sizeof(digits) - p));
}


/* RFC 9211, 2.3 to 2.6: only of a request that was forwarded */

static void
hc_status_forwarded(hc_status_out_t *out, const hc_cache_status_t *s)
{
    hc_status_text(out, "; fwd=");
    hc_status_write(out, hc_fwd_names[s->fwd]);

    if (s->fwd_status) {
        hc_status_text(out, "; fwd-status=");
        hc_status_number(out, s->fwd_status);
    }

    if (s->stored) {
        hc_status_text(out, "; stored");
    }

    if (s->collapsed) {
        hc_status_text(out, "; collapsed");
    }
}


size_t
hc_cache_status_format(const hc_cache_status_t *s, unsigned char *out,
    size_t room)
{
    hc_status_out_t  o;

    o.p = out;
    o.end = out + room;
    o.full = 0;

    hc_status_token_or_string(&o, s->name);

    if (s->fwd == HC_FWD_HIT) {
        hc_status_text(&o, "; hit");

    } else {
        hc_status_forwarded(&o, s);
    }

    if (s->has_ttl) {
        hc_status_text(&o, "; ttl=");
        hc_status_number(&o, s->ttl);
    }

    if (s->detail.len) {
        hc_status_text(&o, "; detail=");
        hc_status_token_or_string(&o, s->detail);
    }

    return o.full ? 0 : (size_t) (o.p - out);
}

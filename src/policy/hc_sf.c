/*
 * Structured Fields.  A field that does not parse says nothing at all
 * (RFC 9651, 4.2), so every type has to be known to its last byte, also where
 * only one of them is of use.
 */

#include "hc_sf.h"
#include "hc_policy_priv.h"


#define HC_SF_INTEGER_MAX   15               /* digits */
#define HC_SF_DECIMAL_MAX   12               /* before the dot */
#define HC_SF_FRACTION_MAX  3


typedef size_t (*hc_sf_measure_pt)(hc_str_t s);


static int
hc_sf_is_alpha(unsigned char c)
{
    c = hc_lower(c);

    return c >= 'a' && c <= 'z';
}


static int
hc_sf_is_lower_hex(unsigned char c)
{
    return hc_is_digit(c) || (c >= 'a' && c <= 'f');
}


static int
hc_sf_is_base64(unsigned char c)
{
    return hc_sf_is_alpha(c) || hc_is_digit(c) || c == '+' || c == '/'
           || c == '=';
}


static int
hc_sf_is_key_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || hc_is_digit(c)
           || c == '_' || c == '-' || c == '.' || c == '*';
}


static size_t
hc_sf_digits(hc_str_t s, size_t from)
{
    size_t  n;

    for (n = from; n < s.len && hc_is_digit(s.data[n]); n++) { /* void */ }

    return n - from;
}


/* How long the item at the beginning is; 0: there is none. */

static size_t
hc_sf_number(hc_str_t s)
{
    size_t  at, whole, fraction;

    at = s.data[0] == '-';
    whole = hc_sf_digits(s, at);
    at += whole;

    if (at == s.len || s.data[at] != '.') {
        return whole && whole <= HC_SF_INTEGER_MAX ? at : 0;
    }

    fraction = hc_sf_digits(s, at + 1);

    if (whole == 0 || whole > HC_SF_DECIMAL_MAX
        || fraction == 0 || fraction > HC_SF_FRACTION_MAX)
    {
        return 0;
    }

    return at + 1 + fraction;
}


static size_t
hc_sf_date(hc_str_t s)
{
    size_t  at, n;

    at = 1 + (s.len > 1 && s.data[1] == '-');
    n = hc_sf_digits(s, at);

    if (n == 0 || n > HC_SF_INTEGER_MAX
        || (at + n < s.len && s.data[at + n] == '.'))
    {
        return 0;
    }

    return at + n;
}


static size_t
hc_sf_string(hc_str_t s)
{
    size_t         n;
    unsigned char  c;

    for (n = 1; n < s.len; n++) {

        c = s.data[n];

        if (c == '"') {
            return n + 1;
        }

        if (c == '\\') {
            if (++n == s.len || (s.data[n] != '"' && s.data[n] != '\\')) {
                return 0;
            }

        } else if (c < 0x20 || c > 0x7e) {
            return 0;
        }
    }

    return 0;
}


/* A display string; whether its bytes are UTF-8 makes no difference here. */

static size_t
hc_sf_display(hc_str_t s)
{
    size_t         n;
    unsigned char  c;

    if (s.len < 2 || s.data[1] != '"') {
        return 0;
    }

    for (n = 2; n < s.len; n++) {

        c = s.data[n];

        if (c == '"') {
            return n + 1;
        }

        if (c < 0x20 || c > 0x7e) {
            return 0;
        }

        if (c == '%') {

            if (s.len - n < 3 || !hc_sf_is_lower_hex(s.data[n + 1])
                || !hc_sf_is_lower_hex(s.data[n + 2]))
            {
                return 0;
            }

            n += 2;
        }
    }

    return 0;
}


static size_t
hc_sf_token(hc_str_t s)
{
    size_t         n;
    unsigned char  c;

    for (n = 1; n < s.len; n++) {

        c = s.data[n];

        if (!hc_is_token_char(c) && c != ':' && c != '/') {
            break;
        }
    }

    return n;
}


static size_t
hc_sf_bytes(hc_str_t s)
{
    size_t  n;

    for (n = 1; n < s.len && hc_sf_is_base64(s.data[n]); n++) { /* void */ }

    return n < s.len && s.data[n] == ':' ? n + 1 : 0;
}


static size_t
hc_sf_boolean(hc_str_t s)
{
    return s.len > 1 && (s.data[1] == '0' || s.data[1] == '1') ? 2 : 0;
}


/* The first byte tells the type. */

static hc_sf_measure_pt
hc_sf_type(unsigned char c)
{
    switch (c) {

    case '"':
        return hc_sf_string;

    case '%':
        return hc_sf_display;

    case ':':
        return hc_sf_bytes;

    case '?':
        return hc_sf_boolean;

    case '@':
        return hc_sf_date;

    case '-':
        return hc_sf_number;

    case '*':
        return hc_sf_token;
    }

    if (hc_is_digit(c)) {
        return hc_sf_number;
    }

    return hc_sf_is_alpha(c) ? hc_sf_token : NULL;
}


int
hc_sf_item_take(hc_str_t *rest, hc_str_t *item)
{
    hc_sf_measure_pt  measure;

    measure = rest->len ? hc_sf_type(rest->data[0]) : NULL;

    *item = hc_str(rest->data, measure ? measure(*rest) : 0);
    hc_str_skip(rest, item->len);

    return item->len != 0;
}


int
hc_sf_string_take(hc_str_t *rest, hc_str_t *raw)
{
    hc_str_t  item;

    if (rest->len == 0 || rest->data[0] != '"'
        || !hc_sf_item_take(rest, &item))
    {
        return 0;
    }

    *raw = hc_str(item.data + 1, item.len - 2);

    return 1;
}


int
hc_sf_key_take(hc_str_t *rest, hc_str_t *key)
{
    size_t  n;

    for (n = 0; n < rest->len && hc_sf_is_key_char(rest->data[n]); n++) {

        if (n == 0 && rest->data[0] != '*'
            && !hc_sf_is_alpha(rest->data[0]))
        {
            break;
        }
    }

    *key = hc_str(rest->data, n);
    hc_str_skip(rest, n);

    return n != 0;
}


int
hc_sf_parameters_take(hc_str_t *rest)
{
    hc_str_t  key, item;

    while (rest->len && rest->data[0] == ';') {

        do {
            hc_str_skip(rest, 1);
        } while (rest->len && rest->data[0] == ' ');

        if (!hc_sf_key_take(rest, &key)) {
            return 0;
        }

        if (rest->len && rest->data[0] == '=') {

            hc_str_skip(rest, 1);

            if (!hc_sf_item_take(rest, &item)) {
                return 0;
            }
        }
    }

    return 1;
}


int
hc_sf_comma_take(hc_str_t *rest)
{
    *rest = hc_str_trim(*rest);

    if (rest->len == 0) {
        return 1;
    }

    if (rest->data[0] != ',') {
        return 0;
    }

    hc_str_skip(rest, 1);
    *rest = hc_str_trim(*rest);

    return rest->len != 0;
}


size_t
hc_sf_string_decode(hc_str_t raw, unsigned char *out)
{
    size_t          i;
    unsigned char  *p;

    p = out;

    for (i = 0; i < raw.len; i++) {

        if (raw.data[i] == '\\') {
            i++;
        }

        *p++ = raw.data[i];
    }

    return p - out;
}

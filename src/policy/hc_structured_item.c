/*
 * Bare items of structured fields, by the algorithms of RFC 9651, 4.2.
 */

#include "hc_structured_priv.h"


#define HC_SF_INTEGER_DIGITS   15
#define HC_SF_DECIMAL_DIGITS   12        /* before the point */
#define HC_SF_FRACTION_DIGITS  3


static size_t
hc_sf_digits(hc_str_t *rest, int64_t *n)
{
    size_t  digits;

    *n = 0;

    for (digits = 0; hc_is_digit(hc_sf_peek(rest)); digits++) {

        if (digits < HC_SF_INTEGER_DIGITS) {
            *n = *n * 10 + (rest->data[0] - '0');
        }

        hc_str_skip(rest, 1);
    }

    return digits;
}


/* 4.2.4 */

static int
hc_sf_number(hc_str_t *rest, hc_sf_value_t *v)
{
    int      minus;
    size_t   digits;
    int64_t  n, fraction;

    minus = hc_sf_take(rest, '-');
    digits = hc_sf_digits(rest, &n);

    v->type = HC_SF_INTEGER;
    v->number = minus ? -n : n;

    if (digits == 0 || digits > HC_SF_INTEGER_DIGITS) {
        return 0;
    }

    if (!hc_sf_take(rest, '.')) {
        return 1;
    }

    v->type = HC_SF_DECIMAL;

    if (digits > HC_SF_DECIMAL_DIGITS) {
        return 0;
    }

    digits = hc_sf_digits(rest, &fraction);

    return digits >= 1 && digits <= HC_SF_FRACTION_DIGITS;
}


/* 4.2.5 */

static int
hc_sf_string(hc_str_t *rest, hc_sf_value_t *v)
{
    size_t         n;
    unsigned char  c;

    v->type = HC_SF_STRING;

    for (n = 1; n < rest->len; n++) {
        c = rest->data[n];

        if (c == '"') {
            v->text = hc_str(rest->data + 1, n - 1);
            hc_str_skip(rest, n + 1);
            return 1;
        }

        if (c == '\\') {

            if (++n == rest->len) {
                return 0;
            }

            c = rest->data[n];

            if (c != '"' && c != '\\') {
                return 0;
            }
        }

        if (c < 0x20 || c >= 0x7f) {
            return 0;
        }
    }

    return 0;
}


/* 4.2.6 */

static int
hc_sf_token(hc_str_t *rest, hc_sf_value_t *v)
{
    size_t         n;
    unsigned char  c;

    v->type = HC_SF_TOKEN;

    for (n = 1; n < rest->len; n++) {
        c = rest->data[n];

        if (!hc_is_token_char(c) && c != ':' && c != '/') {
            break;
        }
    }

    v->text = hc_str(rest->data, n);
    hc_str_skip(rest, n);

    return 1;
}


/* 4.2.7; padding may be missing, or stand where it should not. */

static int
hc_sf_bytes(hc_str_t *rest, hc_sf_value_t *v)
{
    unsigned char  c;

    v->type = HC_SF_BYTES;

    hc_str_skip(rest, 1);

    for ( ;; ) {
        c = hc_sf_peek(rest);

        if (hc_sf_take(rest, ':')) {
            return 1;
        }

        if (!hc_sf_is_alpha(c) && !hc_is_digit(c)
            && c != '+' && c != '/' && c != '=')
        {
            return 0;
        }

        hc_str_skip(rest, 1);
    }
}


/* 4.2.8 */

static int
hc_sf_boolean(hc_str_t *rest, hc_sf_value_t *v)
{
    v->type = HC_SF_BOOLEAN;

    hc_str_skip(rest, 1);

    v->number = hc_sf_take(rest, '1');

    return v->number || hc_sf_take(rest, '0');
}


/* 4.2.9 */

static int
hc_sf_date(hc_str_t *rest, hc_sf_value_t *v)
{
    hc_str_skip(rest, 1);

    if (!hc_sf_number(rest, v) || v->type != HC_SF_INTEGER) {
        return 0;
    }

    v->type = HC_SF_DATE;

    return 1;
}


static int
hc_sf_escaped(hc_str_t *rest)
{
    int            i;
    unsigned char  c;

    for (i = 0; i < 2; i++) {
        c = hc_sf_peek(rest);

        if (!hc_is_digit(c) && !(c >= 'a' && c <= 'f')) {
            return 0;
        }

        hc_str_skip(rest, 1);
    }

    return 1;
}


/* 4.2.10, but for what the bytes are in UTF-8: nobody reads them. */

static int
hc_sf_display(hc_str_t *rest, hc_sf_value_t *v)
{
    unsigned char  c;

    v->type = HC_SF_DISPLAY;

    hc_str_skip(rest, 1);

    if (!hc_sf_take(rest, '"')) {
        return 0;
    }

    while (rest->len) {
        c = rest->data[0];
        hc_str_skip(rest, 1);

        if (c == '"') {
            return 1;
        }

        if (c < 0x20 || c >= 0x7f || (c == '%' && !hc_sf_escaped(rest))) {
            return 0;
        }
    }

    return 0;
}


/* 4.2.3.1 */

int
hc_sf_value_take(hc_str_t *rest, hc_sf_value_t *v)
{
    unsigned char  c;

    c = hc_sf_peek(rest);

    if (c == '-' || hc_is_digit(c)) {
        return hc_sf_number(rest, v);
    }

    if (c == '*' || hc_sf_is_alpha(c)) {
        return hc_sf_token(rest, v);
    }

    switch (c) {

    case '"':
        return hc_sf_string(rest, v);

    case ':':
        return hc_sf_bytes(rest, v);

    case '?':
        return hc_sf_boolean(rest, v);

    case '@':
        return hc_sf_date(rest, v);

    case '%':
        return hc_sf_display(rest, v);

    default:
        return 0;
    }
}


size_t
hc_sf_string_decode(hc_str_t text, unsigned char *out)
{
    size_t          i;
    unsigned char  *p;

    p = out;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] == '\\') {
            i++;
        }

        *p++ = text.data[i];
    }

    return p - out;
}

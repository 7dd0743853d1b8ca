/*
 * Tokens, quoted strings, weights (RFC 9110, 5.6 and 12.4.2).
 */

#include "hc_tokens.h"
#include "hc_policy_priv.h"


int
hc_token_take(hc_str_t *rest, hc_str_t *token)
{
    size_t  n;

    for (n = 0; n < rest->len && hc_is_token_char(rest->data[n]); n++) {
        /* void */
    }

    *token = hc_str(rest->data, n);
    hc_str_skip(rest, n);

    return n != 0;
}


int
hc_quoted_take(hc_str_t *rest, hc_str_t *value)
{
    size_t         n;
    unsigned char  c;

    for (n = 1; n < rest->len; n++) {

        c = rest->data[n];

        if (c == '"') {
            *value = hc_str(rest->data + 1, n - 1);
            hc_str_skip(rest, n + 1);
            return 1;
        }

        if (c == '\\' && ++n < rest->len) {
            c = rest->data[n];
        }

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return 0;
        }
    }

    return 0;
}


int
hc_argument_take(hc_str_t *rest, hc_str_t *value)
{
    *value = hc_str(NULL, 0);

    if (rest->len == 0 || rest->data[0] != '=') {
        return 1;
    }

    hc_str_skip(rest, 1);

    if (rest->len && rest->data[0] == '"') {
        return hc_quoted_take(rest, value);
    }

    return hc_token_take(rest, value);
}


int
hc_member_ends(hc_str_t *rest)
{
    while (rest->len && hc_is_blank(rest->data[0])) {
        hc_str_skip(rest, 1);
    }

    return rest->len == 0 || rest->data[0] == ',';
}


/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */

int
hc_weight_parse(hc_str_t s)
{
    int     weight, unit;
    size_t  i;

    if (s.len == 0 || s.len > 5 || (s.data[0] != '0' && s.data[0] != '1')
        || (s.len > 1 && s.data[1] != '.'))
    {
        return -1;
    }

    weight = (s.data[0] - '0') * HC_WEIGHT_MAX;

    for (unit = HC_WEIGHT_MAX / 10, i = 2; i < s.len; i++, unit /= 10) {

        if (!hc_is_digit(s.data[i])) {
            return -1;
        }

        weight += (s.data[i] - '0') * unit;
    }

    return weight <= HC_WEIGHT_MAX ? weight : -1;
}

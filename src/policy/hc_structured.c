/*
 * Lists and dictionaries of structured fields, by the algorithms of RFC 9651, 4.2.
 */

#include "hc_structured_priv.h"


static void
hc_sf_spaces(hc_str_t *rest)
{
    while (hc_sf_take(rest, ' ')) { /* void */ }
}


static void
hc_sf_blanks(hc_str_t *rest)
{
    while (hc_is_blank(hc_sf_peek(rest))) {
        hc_str_skip(rest, 1);
    }
}


/* 4.2.3.3 */

static int
hc_sf_key(hc_str_t *rest, hc_str_t *key)
{
    size_t         n;
    unsigned char  c;

    for (n = 0; n < rest->len; n++) {
        c = rest->data[n];

        if (hc_sf_is_lower(c) || c == '*') {
            continue;
        }

        if (n == 0 || !(hc_is_digit(c) || c == '_' || c == '-' || c == '.')) {
            break;
        }
    }

    *key = hc_str(rest->data, n);
    hc_str_skip(rest, n);

    return n != 0;
}


/* 4.2.3.2 */

static int
hc_sf_parameters(hc_str_t *rest)
{
    hc_str_t       key;
    hc_sf_value_t  value;

    while (hc_sf_take(rest, ';')) {
        hc_sf_spaces(rest);

        if (!hc_sf_key(rest, &key)) {
            return 0;
        }

        if (hc_sf_take(rest, '=') && !hc_sf_value_take(rest, &value)) {
            return 0;
        }
    }

    return 1;
}


/* 4.2.1.2 */

static int
hc_sf_inner_list(hc_str_t *rest, hc_sf_value_t *v)
{
    hc_sf_value_t  item;

    v->type = HC_SF_LIST;

    hc_str_skip(rest, 1);

    for ( ;; ) {
        hc_sf_spaces(rest);

        if (hc_sf_take(rest, ')')) {
            return 1;
        }

        if (!hc_sf_value_take(rest, &item) || !hc_sf_parameters(rest)) {
            return 0;
        }

        if (hc_sf_peek(rest) != ' ' && hc_sf_peek(rest) != ')') {
            return 0;
        }
    }
}


static int
hc_sf_item_or_list(hc_str_t *rest, hc_sf_value_t *v)
{
    memset(v, 0, sizeof(*v));

    return hc_sf_peek(rest) == '(' ? hc_sf_inner_list(rest, v)
                                   : hc_sf_value_take(rest, v);
}


static int
hc_sf_value(hc_str_t *rest, hc_sf_value_t *v)
{
    if (hc_sf_take(rest, '=')) {
        return hc_sf_item_or_list(rest, v);
    }

    memset(v, 0, sizeof(*v));

    v->type = HC_SF_BOOLEAN;
    v->number = 1;

    return 1;
}


/* Parameters, and what parts a member from the next; a comma at the end is an
 * error. */

static int
hc_sf_member_end(hc_str_t *rest)
{
    if (!hc_sf_parameters(rest)) {
        return -1;
    }

    hc_sf_blanks(rest);

    if (rest->len == 0) {
        return 1;
    }

    if (!hc_sf_take(rest, ',')) {
        return -1;
    }

    hc_sf_blanks(rest);

    return rest->len ? 1 : -1;
}


/* 4.2.1 */

int
hc_sf_item_next(hc_str_t *rest, hc_sf_value_t *value)
{
    hc_sf_spaces(rest);

    if (rest->len == 0) {
        return 0;
    }

    return hc_sf_item_or_list(rest, value) ? hc_sf_member_end(rest) : -1;
}


/* 4.2.2 */

int
hc_sf_member_next(hc_str_t *rest, hc_str_t *key, hc_sf_value_t *value)
{
    hc_sf_spaces(rest);

    if (rest->len == 0) {
        return 0;
    }

    return hc_sf_key(rest, key) && hc_sf_value(rest, value)
           ? hc_sf_member_end(rest) : -1;
}

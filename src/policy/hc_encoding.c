/*
 * Accept-Encoding, one member at a time: nothing grows with their number.
 */

#include "hc_encoding.h"
#include "hc_policy_priv.h"
#include "hc_tokens.h"


#define HC_ENCODING_UNNAMED  -1


/* [ OWS ";" OWS "q=" qvalue ]; what is no weight refuses. */

static int
hc_encoding_weight(hc_str_t rest)
{
    rest = hc_str_trim(rest);

    if (rest.len == 0) {
        return HC_WEIGHT_MAX;
    }

    if (rest.data[0] != ';') {
        return 0;
    }

    hc_str_skip(&rest, 1);
    rest = hc_str_trim(rest);

    if (rest.len < 2 || hc_lower(rest.data[0]) != 'q' || rest.data[1] != '=') {
        return 0;
    }

    hc_str_skip(&rest, 2);

    return hc_max(hc_weight_parse(rest), 0);
}


static void
hc_encoding_lessen(int *weight, int to)
{
    if (*weight == HC_ENCODING_UNNAMED || to < *weight) {
        *weight = to;
    }
}


/* RFC 9110, 8.4.1.3 */

static hc_str_t
hc_encoding_alias(hc_str_t name)
{
    static const hc_str_t  gzip = hc_string("gzip");
    static const hc_str_t  x_gzip = hc_string("x-gzip");

    return hc_str_caseeq(name, x_gzip) ? gzip : name;
}


/* weights[n] is the one of "*". */

static void
hc_encoding_read(hc_str_t line, const hc_str_t *offered, size_t n,
    int *weights)
{
    int       weight;
    size_t    i;
    hc_str_t  member, name;

    while (hc_list_next(&line, &member)) {

        if (!hc_token_take(&member, &name)) {
            continue;
        }

        weight = hc_encoding_weight(member);

        if (name.len == 1 && name.data[0] == '*') {
            hc_encoding_lessen(&weights[n], weight);
            continue;
        }

        name = hc_encoding_alias(name);

        for (i = 0; i < n; i++) {
            if (hc_str_caseeq(name, hc_encoding_alias(offered[i]))) {
                hc_encoding_lessen(&weights[i], weight);
            }
        }
    }
}


size_t
hc_encoding_room(const hc_str_t *offered, size_t n)
{
    size_t  i, room;

    for (room = 0, i = 0; i < n; i++) {
        room += offered[i].len + 2;
    }

    return room;
}


size_t
hc_encoding_choose(const hc_str_t *lines, size_t nlines,
    const hc_str_t *offered, size_t n, unsigned char *out)
{
    int             weight, weights[HC_ENCODINGS_MAX + 1];
    size_t          i;
    unsigned char  *p;

    n = hc_min(n, HC_ENCODINGS_MAX);

    for (i = 0; i <= n; i++) {
        weights[i] = HC_ENCODING_UNNAMED;
    }

    for (i = 0; i < nlines; i++) {
        hc_encoding_read(lines[i], offered, n, weights);
    }

    p = out;

    for (i = 0; i < n; i++) {

        weight = weights[i] == HC_ENCODING_UNNAMED ? weights[n] : weights[i];

        if (weight <= 0) {
            continue;
        }

        if (p != out) {
            *p++ = ',';
            *p++ = ' ';
        }

        memcpy(p, offered[i].data, offered[i].len);
        p += offered[i].len;
    }

    return p - out;
}

/*
 * What a field of a request says, in one spelling (RFC 9111, 4.1).
 *
 * Every list loses the blanks around its members and the empty ones (RFC 9110,
 * 5.6.1), and lines become one (5.3).  A comma between quotes parts nothing.
 * Where the order says nothing but by weights (Accept, Accept-Language), the
 * members are sorted: equal ones come from different browsers in any order.
 */

#include "hc_vary.h"
#include "hc_policy_priv.h"
#include "hc_tokens.h"


#define HC_VARY_SORTED_MAX  64           /* members; more stay as they came */


typedef struct {
    int     weight;
    size_t  at;                          /* in the output */
    size_t  len;                         /* a comma follows */
} hc_vary_member_t;


/* Sent by one sender as one value; a comma in it is text. */

static const hc_str_t  hc_vary_singles[] = {
    hc_string("authorization"),
    hc_string("cookie"),
    hc_string("proxy-authorization"),
    hc_string("referer"),
    hc_string("user-agent"),
    hc_null_string
};


static const hc_str_t  hc_vary_weighted[] = {
    hc_string("accept"),
    hc_string("accept-language"),
    hc_null_string
};


static int
hc_vary_listed(hc_str_t name, const hc_str_t *list)
{
    for ( /* void */ ; list->data; list++) {
        if (hc_str_eq(name, *list)) {
            return 1;
        }
    }

    return 0;
}


/* Takes what stands before the next such byte that is not between quotes. */

static hc_str_t
hc_vary_part(hc_str_t *rest, unsigned char separator)
{
    int       quoted;
    size_t    n;
    hc_str_t  part;

    quoted = 0;

    for (n = 0; n < rest->len; n++) {

        if (rest->data[n] == '"') {
            quoted = !quoted;

        } else if (quoted && rest->data[n] == '\\') {
            n++;

        } else if (!quoted && rest->data[n] == separator) {
            break;
        }
    }

    n = hc_min(n, rest->len);

    part = hc_str_trim(hc_str(rest->data, n));
    hc_str_skip(rest, hc_min(n + 1, rest->len));

    return part;
}


static unsigned char *
hc_vary_write(unsigned char *p, hc_str_t s)
{
    if (s.len) {
        memcpy(p, s.data, s.len);
    }

    return p + s.len;
}


static unsigned char *
hc_vary_write_lower(unsigned char *p, hc_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        *p++ = hc_lower(s.data[i]);
    }

    return p;
}


/* The name of a parameter has no case, what it says may have one. */

static unsigned char *
hc_vary_write_parameter(unsigned char *p, hc_str_t part)
{
    hc_str_t  name;

    *p++ = ';';

    if (hc_token_take(&part, &name)) {
        p = hc_vary_write_lower(p, name);
    }

    return hc_vary_write(p, part);
}


/* Never longer than it was: zeroes at the end go, and so does q=1. */

static unsigned char *
hc_vary_write_weight(unsigned char *p, int weight)
{
    int  unit;

    if (weight == HC_WEIGHT_MAX) {
        return p;
    }

    p = hc_vary_write(p, hc_str(";q=0", 4));

    if (weight) {
        *p++ = '.';
    }

    for (unit = HC_WEIGHT_MAX / 10; weight; unit /= 10) {
        *p++ = (unsigned char) ('0' + weight / unit);
        weight %= unit;
    }

    return p;
}


static int
hc_vary_weight(hc_str_t part)
{
    if (part.len < 2 || hc_lower(part.data[0]) != 'q' || part.data[1] != '=') {
        return -1;
    }

    return hc_weight_parse(hc_str(part.data + 2, part.len - 2));
}


/* The weight is the last parameter (RFC 9110, 12.4.2), and the only one; what
 * is otherwise is left as it is and weighs nothing. */

static unsigned char *
hc_vary_write_member(unsigned char *p, hc_str_t member, int *weight)
{
    size_t          weights;
    hc_str_t        part;
    unsigned char  *before;

    p = hc_vary_write_lower(p, hc_vary_part(&member, ';'));

    before = p;
    weights = 0;
    *weight = -1;

    while (member.len) {

        part = hc_vary_part(&member, ';');

        if (part.len) {
            before = p;
            *weight = hc_vary_weight(part);
            weights += *weight != -1;
            p = hc_vary_write_parameter(p, part);
        }
    }

    if (*weight == -1 || weights > 1) {
        *weight = HC_WEIGHT_MAX;
        return p;
    }

    return hc_vary_write_weight(before, *weight);
}


static int
hc_vary_precedes(const hc_vary_member_t *a, const hc_vary_member_t *b,
    const unsigned char *out)
{
    int  diff;

    if (a->weight != b->weight) {
        return a->weight > b->weight;
    }

    diff = memcmp(out + a->at, out + b->at, hc_min(a->len, b->len));

    return diff ? diff < 0 : a->len < b->len;
}


static void
hc_vary_reverse(unsigned char *p, size_t n)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < n / 2; i++) {
        c = p[i];
        p[i] = p[n - 1 - i];
        p[n - 1 - i] = c;
    }
}


/* The last of n + 1 members moves to where it belongs; in place, as a member
 * may be as long as a request's header. */

static void
hc_vary_sort_in(hc_vary_member_t *members, size_t n, unsigned char *out)
{
    size_t            i, size, from;
    hc_vary_member_t  last;

    last = members[n];
    size = last.len + 1;

    for (i = n; i && hc_vary_precedes(&last, &members[i - 1], out); i--) {
        members[i] = members[i - 1];
        members[i].at += size;
    }

    if (i == n) {
        return;
    }

    from = members[i + 1].at - size;

    hc_vary_reverse(out + from, last.at - from);
    hc_vary_reverse(out + last.at, size);
    hc_vary_reverse(out + from, last.at + size - from);

    members[i] = last;
    members[i].at = from;
}


/* 1: *len bytes written; 0: there are too many members. */

static int
hc_vary_sorted(const hc_str_t *lines, size_t n, unsigned char *out,
    size_t *len)
{
    size_t             i, k;
    hc_str_t           rest, part;
    unsigned char     *p;
    hc_vary_member_t   members[HC_VARY_SORTED_MAX], *m;

    k = 0;
    p = out;

    for (i = 0; i < n; i++) {

        for (rest = lines[i]; rest.len; /* void */ ) {

            part = hc_vary_part(&rest, ',');

            if (part.len == 0) {
                continue;
            }

            if (k == HC_VARY_SORTED_MAX) {
                return 0;
            }

            m = &members[k];
            m->at = p - out;
            p = hc_vary_write_member(p, part, &m->weight);
            m->len = (p - out) - m->at;

            if (m->len == 0) {
                continue;
            }

            *p++ = ',';

            hc_vary_sort_in(members, k++, out);
        }
    }

    *len = k ? (size_t) (p - out) - 1 : 0;

    return 1;
}


static size_t
hc_vary_list(const hc_str_t *lines, size_t n, unsigned char *out)
{
    size_t          i;
    hc_str_t        rest, part;
    unsigned char  *p;

    p = out;

    for (i = 0; i < n; i++) {

        for (rest = lines[i]; rest.len; /* void */ ) {

            part = hc_vary_part(&rest, ',');

            if (part.len) {
                p = hc_vary_write(p, part);
                *p++ = ',';
            }
        }
    }

    return p == out ? 0 : (size_t) (p - out) - 1;
}


static size_t
hc_vary_single(const hc_str_t *lines, size_t n, unsigned char *out)
{
    size_t          i;
    unsigned char  *p;

    p = out;

    for (i = 0; i < n; i++) {

        if (i) {
            *p++ = ',';
        }

        p = hc_vary_write(p, hc_str_trim(lines[i]));
    }

    return p - out;
}


size_t
hc_vary_value(hc_str_t name, const hc_str_t *lines, size_t n,
    unsigned char *out)
{
    size_t  len;

    if (hc_vary_listed(name, hc_vary_singles)) {
        return hc_vary_single(lines, n, out);
    }

    if (hc_vary_listed(name, hc_vary_weighted)
        && hc_vary_sorted(lines, n, out, &len))
    {
        return len;
    }

    return hc_vary_list(lines, n, out);
}

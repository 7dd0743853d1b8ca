/*
 * The names of Vary, and the variant they make of a request.
 *
 * An answer that varies by what cannot be told, or by more than is kept, is as
 * one with "*": it fits no other request (RFC 9111, 4.1).  Names are kept in
 * one order, so that two answers that list the same fields share an index.
 */

#include "hc_vary.h"
#include "hc_policy_priv.h"
#include "hc_tokens.h"


static const hc_str_t  hc_vary_prefix = hc_string("\nv");


void
hc_vary_init(hc_vary_t *v)
{
    v->len = 0;
    v->n = 0;
    v->any = 0;
}


hc_str_t
hc_vary_names(const hc_vary_t *v)
{
    return hc_str(v->text, v->len);
}


int
hc_vary_next(hc_str_t *rest, hc_str_t *name)
{
    return hc_list_next(rest, name);
}


/* `known` is in lower case. */

static int
hc_vary_compare(hc_str_t name, hc_str_t known)
{
    int     diff;
    size_t  i;

    for (i = 0; i < name.len && i < known.len; i++) {
        diff = (int) hc_lower(name.data[i]) - (int) known.data[i];

        if (diff) {
            return diff;
        }
    }

    return (name.len > known.len) - (name.len < known.len);
}


/* Where the name belongs in the text; -1: it is there. */

static int
hc_vary_place(const hc_vary_t *v, hc_str_t name)
{
    int       diff;
    hc_str_t  rest, known;

    rest = hc_vary_names(v);

    while (hc_vary_next(&rest, &known)) {

        diff = hc_vary_compare(name, known);

        if (diff == 0) {
            return -1;
        }

        if (diff < 0) {
            return (int) (known.data - v->text);
        }
    }

    return v->len;
}


static void
hc_vary_insert(hc_vary_t *v, hc_str_t name)
{
    int             at;
    size_t          i, size;
    unsigned char  *p;

    at = hc_vary_place(v, name);

    if (at == -1) {
        return;
    }

    size = name.len + (v->n ? 1 : 0);

    if (v->n == HC_VARY_NAMES_MAX || size > (size_t) HC_VARY_TEXT_MAX - v->len)
    {
        v->any = 1;
        return;
    }

    p = v->text + at;
    memmove(p + size, p, v->len - at);

    if (v->n && at == v->len) {
        *p++ = ',';
    }

    for (i = 0; i < name.len; i++) {
        *p++ = hc_lower(name.data[i]);
    }

    if (v->n && at != v->len) {
        *p = ',';
    }

    v->len += size;
    v->n++;
}


void
hc_vary_add(hc_vary_t *v, hc_str_t line)
{
    hc_str_t  member, name;

    while (!v->any && hc_list_next(&line, &member)) {

        if (!hc_token_take(&member, &name) || member.len
            || (name.len == 1 && name.data[0] == '*'))
        {
            v->any = 1;

        } else {
            hc_vary_insert(v, name);
        }
    }
}


void
hc_vary_union(hc_vary_t *v, const hc_vary_t *other)
{
    v->any |= other->any;

    hc_vary_add(v, hc_vary_names(other));
}


/* A line break in a value would read as the next name. */

void
hc_vary_drop(hc_vary_t *v, hc_str_t dropped)
{
    hc_str_t   rest, name;
    hc_vary_t  kept;

    hc_vary_init(&kept);

    kept.any = v->any;
    rest = hc_vary_names(v);

    while (hc_vary_next(&rest, &name)) {
        if (!hc_str_eq(name, dropped)) {
            hc_vary_add(&kept, name);
        }
    }

    *v = kept;
}


static int
hc_vary_sound(hc_str_t line)
{
    size_t  i;

    for (i = 0; i < line.len; i++) {
        if (line.data[i] == '\n' || line.data[i] == '\r' || !line.data[i]) {
            return 0;
        }
    }

    return 1;
}


/* Bytes that name, colon and value take, at most; 0: it is not to be had. */

static size_t
hc_vary_field_room(hc_str_t name, const hc_str_t *lines, size_t n)
{
    size_t  i, room;

    if (n > HC_VARY_LINES_MAX) {
        return 0;
    }

    room = 1 + name.len + (n ? 1 + n : 0);

    for (i = 0; i < n; i++) {

        if (!hc_vary_sound(lines[i])) {
            return 0;
        }

        room += lines[i].len;
    }

    return room;
}


static unsigned char *
hc_vary_put(unsigned char *p, hc_str_t s)
{
    memcpy(p, s.data, s.len);

    return p + s.len;
}


int
hc_vary_secondary(const hc_vary_t *v, hc_vary_get_pt get, void *data,
    unsigned char *out, size_t room)
{
    size_t          n, size;
    hc_str_t        rest, name, lines[HC_VARY_LINES_MAX];
    unsigned char  *p;

    if (v->any || room < hc_vary_prefix.len) {
        return -1;
    }

    p = hc_vary_put(out, hc_vary_prefix);
    rest = hc_vary_names(v);

    while (hc_vary_next(&rest, &name)) {

        n = get(data, name, lines, HC_VARY_LINES_MAX);
        size = hc_vary_field_room(name, lines, n);

        if (size == 0 || size > room - (size_t) (p - out)) {
            return -1;
        }

        *p++ = '\n';
        p = hc_vary_put(p, name);

        if (n) {
            *p++ = ':';
            p += hc_vary_value(name, lines, n, p);
        }
    }

    return (int) (p - out);
}

/*
 * The index of a key's variants, read and written.
 *
 * It is small and written anew at each store of a variant, so the most recent
 * come first without a clock in it, and the last are the ones to give up.
 */

#include "hc_variants.h"


#define HC_VARIANTS_FORMAT  1


static const hc_str_t  hc_variants_prefix = hc_string("\nv\n");


static int
hc_variants_secondary(hc_str_t s)
{
    return s.len > hc_variants_prefix.len
           && s.len <= HC_VARIANTS_LEN_MAX
           && memcmp(s.data, hc_variants_prefix.data,
                     hc_variants_prefix.len) == 0;
}


/* u16 length, then as many bytes */

static int
hc_variants_take(hc_str_t *rest, hc_str_t *s)
{
    uint16_t  len;

    if (rest->len < sizeof(len)) {
        return 0;
    }

    memcpy(&len, rest->data, sizeof(len));

    if (len > rest->len - sizeof(len)) {
        return 0;
    }

    *s = hc_str(rest->data + sizeof(len), len);

    rest->data += sizeof(len) + len;
    rest->len -= sizeof(len) + len;

    return 1;
}


static unsigned char *
hc_variants_write(unsigned char *p, hc_str_t s)
{
    uint16_t  len;

    len = (uint16_t) s.len;
    memcpy(p, &len, sizeof(len));
    memcpy(p + sizeof(len), s.data, s.len);

    return p + sizeof(len) + s.len;
}


/* The names have one spelling only: what hc_vary_add() makes of them. */

static int
hc_variants_vary(hc_str_t names, hc_vary_t *v)
{
    hc_vary_init(v);
    hc_vary_add(v, names);

    return !v->any && v->n && hc_str_eq(hc_vary_names(v), names);
}


static int
hc_variants_parse(hc_variants_t *index, hc_str_t body, hc_vary_t *v)
{
    size_t    i, n;
    hc_str_t  rest;

    if (body.len < HC_VARIANTS_HEAD_SIZE
        || body.data[0] != HC_VARIANTS_FORMAT
        || body.data[1] == 0
        || body.data[1] > HC_VARIANTS_MAX)
    {
        return 0;
    }

    n = body.data[1];
    rest = hc_str(body.data + 2, body.len - 2);

    if (!hc_variants_take(&rest, &index->names)
        || !hc_variants_vary(index->names, v))
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (!hc_variants_take(&rest, &index->list[i])
            || !hc_variants_secondary(index->list[i]))
        {
            return 0;
        }
    }

    index->n = n;

    return rest.len == 0;
}


static int
hc_variants_open(hc_variants_t *index, hc_str_t body, hc_vary_t *v)
{
    if (hc_variants_parse(index, body, v)) {
        return 1;
    }

    hc_vary_init(v);
    index->names = hc_str(NULL, 0);
    index->n = 0;

    return 0;
}


int
hc_variants_read(hc_variants_t *index, hc_str_t body)
{
    hc_vary_t  v;

    return hc_variants_open(index, body, &v);
}


int
hc_variants_names(hc_str_t body, hc_vary_t *v)
{
    hc_variants_t  index;

    return hc_variants_open(&index, body, v);
}


int
hc_variants_find(const hc_variants_t *index, hc_str_t secondary)
{
    size_t  i;

    for (i = 0; i < index->n; i++) {
        if (hc_str_eq(index->list[i], secondary)) {
            return (int) i;
        }
    }

    return -1;
}


void
hc_variants_join(hc_str_t body, hc_vary_t *v)
{
    hc_vary_t  known;

    if (hc_variants_names(body, &known)) {
        hc_vary_union(v, &known);
    }
}


/* Writes behind the first of *n what is kept of the list; returns the end. */

static unsigned char *
hc_variants_keep(const hc_variants_t *index, hc_str_t first, unsigned char *p,
    size_t room, unsigned char *n, hc_variants_t *dropped)
{
    size_t          i, size;
    unsigned char  *end;

    end = p + room;

    for (i = 0; i < index->n; i++) {

        if (hc_str_eq(index->list[i], first)) {
            continue;
        }

        size = sizeof(uint16_t) + index->list[i].len;

        if (dropped->n || *n == HC_VARIANTS_MAX
            || size > (size_t) (end - p))
        {
            dropped->list[dropped->n++] = index->list[i];
            continue;
        }

        p = hc_variants_write(p, index->list[i]);
        (*n)++;
    }

    return p;
}


size_t
hc_variants_put(hc_str_t body, const hc_vary_t *v, hc_str_t secondary,
    unsigned char *out, size_t room, hc_variants_t *dropped)
{
    size_t          need;
    hc_str_t        names;
    unsigned char  *p;
    hc_variants_t   index;

    dropped->names = hc_str(NULL, 0);
    dropped->n = 0;

    names = hc_vary_names(v);
    need = HC_VARIANTS_HEAD_SIZE + names.len + sizeof(uint16_t)
           + secondary.len;

    if (v->any || v->n == 0 || !hc_variants_secondary(secondary)
        || need > room)
    {
        return 0;
    }

    out[0] = HC_VARIANTS_FORMAT;
    out[1] = 1;
    p = hc_variants_write(out + 2, names);
    p = hc_variants_write(p, secondary);

    (void) hc_variants_read(&index, body);

    room = hc_str_eq(index.names, names) ? room - need : 0;

    return hc_variants_keep(&index, secondary, p, room, &out[1], dropped)
           - out;
}

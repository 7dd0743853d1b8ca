/*
 * The header fields of a fill that are kept.
 *
 * Of an answer, or of one in store and the 304 that confirms it: then every
 * field the 304 has, but for those that describe the body it does not have,
 * replaces all of that name (RFC 9111, 3.2).
 */

#include "ngx_http_hc_fill.h"


typedef struct {
    ngx_http_request_t  *request;
    ngx_http_hc_fill_t  *fill;
    hc_str_t             connection;     /* what Connection named */
    u_char              *p;              /* NULL while measuring */
    size_t               size;
    ngx_uint_t           refused;        /* unsigned  refused:1; */
} ngx_http_hc_headers_t;


static hc_str_t ngx_http_hc_fill_connection(ngx_http_request_t *r);
static hc_str_t ngx_http_hc_fill_join(ngx_pool_t *pool, hc_str_t names,
    ngx_str_t *more);
static void ngx_http_hc_fill_walk(ngx_http_hc_headers_t *hs);
static void ngx_http_hc_fill_type(ngx_http_hc_headers_t *hs);
static void ngx_http_hc_fill_modified(ngx_http_hc_headers_t *hs);
static void ngx_http_hc_fill_date(ngx_http_hc_headers_t *hs);
static void ngx_http_hc_fill_stored(ngx_http_hc_headers_t *hs);
static ngx_uint_t ngx_http_hc_fill_replaced(ngx_http_hc_headers_t *hs,
    hc_header_t *header);
static void ngx_http_hc_fill_one(ngx_http_hc_headers_t *hs, hc_header_id_e id,
    ngx_str_t *name, ngx_str_t *value);
static ngx_uint_t ngx_http_hc_fill_skipped(ngx_http_hc_headers_t *hs,
    ngx_str_t *name);


/* Measured first, then written: one allocation. */

hc_reason_e
ngx_http_hc_fill_headers(ngx_http_hc_fill_t *fill)
{
    u_char                 *p;
    ngx_http_request_t     *r = fill->request;
    ngx_http_hc_headers_t   hs;

    ngx_memzero(&hs, sizeof(hs));

    hs.request = r;
    hs.fill = fill;
    hs.connection = ngx_http_hc_fill_connection(r);

    ngx_http_hc_fill_walk(&hs);

    if (hs.refused) {
        return HC_REASON_HEADERS;
    }

    p = ngx_pnalloc(r->pool, hs.size + NGX_HTTP_HC_FILL_SPARE);
    if (p == NULL) {
        return HC_REASON_NO_MEMORY;
    }

    hs.p = p;

    ngx_http_hc_fill_walk(&hs);

    fill->headers = hc_str(p, hs.p - p);

    return HC_REASON_NONE;
}


/* What all Connection fields of an upstream's answer name, joined. */

static hc_str_t
ngx_http_hc_fill_connection(ngx_http_request_t *r)
{
    hc_str_t          names;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    names = hc_str(NULL, 0);

    if (r->upstream == NULL) {
        return names;
    }

    part = &r->upstream->headers_in.headers.part;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == sizeof("Connection") - 1
                && ngx_strncasecmp(h[i].key.data, (u_char *) "Connection",
                                   sizeof("Connection") - 1)
                   == 0)
            {
                names = ngx_http_hc_fill_join(r->pool, names, &h[i].value);
            }
        }
    }

    return names;
}


static hc_str_t
ngx_http_hc_fill_join(ngx_pool_t *pool, hc_str_t names, ngx_str_t *more)
{
    u_char  *p, *start;

    if (names.len == 0) {
        return ngx_hc_str(more);
    }

    start = ngx_pnalloc(pool, names.len + 1 + more->len);
    if (start == NULL) {
        return names;
    }

    p = ngx_cpymem(start, names.data, names.len);
    *p++ = ',';
    p = ngx_cpymem(p, more->data, more->len);

    return hc_str(start, p - start);
}


static void
ngx_http_hc_fill_walk(ngx_http_hc_headers_t *hs)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    ngx_http_hc_fill_type(hs);
    ngx_http_hc_fill_modified(hs);
    ngx_http_hc_fill_date(hs);

    part = &hs->request->headers_out.headers.part;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash && !ngx_http_hc_fill_skipped(hs, &h[i].key)) {
                ngx_http_hc_fill_one(hs, hc_header_find(ngx_hc_str(&h[i].key)),
                                     &h[i].key, &h[i].value);
            }
        }
    }

    if (hs->fill->stored) {
        ngx_http_hc_fill_stored(hs);
    }
}


/* nginx keeps the type outside of the list, and the charset apart from it. */

static void
ngx_http_hc_fill_type(ngx_http_hc_headers_t *hs)
{
    ngx_str_t                value;
    ngx_http_headers_out_t  *out = &hs->request->headers_out;

    static ngx_str_t  name = ngx_string("Content-Type");

    value = out->content_type;

    if (value.len == 0) {
        return;
    }

    if (out->content_type_len == value.len && out->charset.len) {
        value.len += sizeof("; charset=") - 1 + out->charset.len;

        value.data = ngx_pnalloc(hs->request->pool, value.len);
        if (value.data == NULL) {
            hs->refused = 1;
            return;
        }

        ngx_sprintf(value.data, "%V; charset=%V", &out->content_type,
                    &out->charset);
    }

    ngx_http_hc_fill_one(hs, HC_HEADER_CONTENT_TYPE, &name, &value);
}


/* A file's date is a number until the header filter writes it. */

static void
ngx_http_hc_fill_modified(ngx_http_hc_headers_t *hs)
{
    ngx_str_t                value;
    ngx_http_headers_out_t  *out = &hs->request->headers_out;
    u_char                   buf[sizeof("Mon, 28 Sep 1970 06:00:00 GMT") - 1];

    static ngx_str_t  name = ngx_string("Last-Modified");

    if (out->last_modified == NULL && out->last_modified_time != -1) {
        value.data = buf;
        value.len = ngx_http_time(buf, out->last_modified_time) - buf;

        ngx_http_hc_fill_one(hs, HC_HEADER_LAST_MODIFIED, &name, &value);
    }
}


/*
 * RFC 9110, 6.6.1: it says when the answer was made, and a cache does not make
 * it again.  nginx leaves it out of the list.
 */

static void
ngx_http_hc_fill_date(ngx_http_hc_headers_t *hs)
{
    ngx_str_t            *value;
    ngx_http_upstream_t  *u = hs->request->upstream;

    static ngx_str_t  name = ngx_string("Date");

    value = (ngx_str_t *) &ngx_cached_http_time;

    if (u && u->headers_in.date && u->headers_in.date->value.len) {
        value = &u->headers_in.date->value;
    }

    ngx_http_hc_fill_one(hs, HC_HEADER_DATE, &name, value);
}


static void
ngx_http_hc_fill_stored(ngx_http_hc_headers_t *hs)
{
    hc_str_t     rest;
    ngx_str_t    name, value;
    hc_header_t  header;

    rest = hs->fill->stored->headers;

    while (hc_header_next(&rest, &header) > 0) {
        if (!ngx_http_hc_fill_replaced(hs, &header)) {
            name = ngx_hc_ngx_str(header.name);
            value = ngx_hc_ngx_str(header.value);

            ngx_http_hc_fill_one(hs, header.id, &name, &value);
        }
    }
}


static ngx_uint_t
ngx_http_hc_fill_replaced(ngx_http_hc_headers_t *hs, hc_header_t *header)
{
    ngx_table_elt_t         *h;
    ngx_http_headers_out_t  *out = &hs->request->headers_out;

    if (header->id == HC_HEADER_DATE
        || (header->id == HC_HEADER_CONTENT_TYPE && out->content_type.len))
    {
        return 1;
    }

    h = ngx_hc_header_find(&out->headers.part, header->name);

    return h && !ngx_http_hc_fill_skipped(hs, &h->key);
}


static void
ngx_http_hc_fill_one(ngx_http_hc_headers_t *hs, hc_header_id_e id,
    ngx_str_t *name, ngx_str_t *value)
{
    size_t  n;

    n = hc_header_size(ngx_hc_str(name), ngx_hc_str(value));

    if (n == 0) {
        hs->refused = 1;
        return;
    }

    hs->size += n;

    if (hs->p) {
        hs->p = hc_header_write(hs->p, id, ngx_hc_str(name),
                                ngx_hc_str(value));
    }
}


/* Of one connection, or made anew for every answer (Server, Age and
 * Content-Length by nginx and by us), or only of the body a 304 is about. */

static ngx_uint_t
ngx_http_hc_fill_skipped(ngx_http_hc_headers_t *hs, ngx_str_t *name)
{
    hc_str_t  n = ngx_hc_str(name);

    static ngx_str_t  own[] = {
        ngx_string("Date"),
        ngx_string("Server"),
        ngx_string("Age"),
        ngx_string("Content-Length"),
        ngx_string("Accept-Ranges"),
        ngx_null_string
    };

    return ngx_hc_name_in(name, own)
           || (hs->fill->stored && !hc_header_updates(n))
           || hc_verdict_withholds(&hs->fill->verdict, n)
           || hc_response_hop_by_hop(n, hs->connection);
}

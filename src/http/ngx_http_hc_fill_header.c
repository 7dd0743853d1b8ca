/*
 * The response header of a fill: the one verdict on it, and the fields that
 * are kept.
 */

#include "ngx_http_hc_fill.h"


typedef struct {
    ngx_http_request_t  *request;
    hc_str_t             connection;     /* what Connection named */
    u_char              *p;              /* NULL while measuring */
    size_t               size;
    ngx_uint_t           refused;        /* unsigned  refused:1; */
} ngx_http_hc_headers_t;


static void ngx_http_hc_fill_fields(hc_response_t *response,
    ngx_list_part_t *part);
static void ngx_http_hc_fill_own_fields(ngx_http_request_t *r,
    hc_response_t *response);
static hc_str_t ngx_http_hc_fill_connection(ngx_http_request_t *r);
static hc_str_t ngx_http_hc_fill_join(ngx_pool_t *pool, hc_str_t names,
    ngx_str_t *more);
static void ngx_http_hc_fill_walk(ngx_http_hc_headers_t *hs);
static void ngx_http_hc_fill_type(ngx_http_hc_headers_t *hs);
static void ngx_http_hc_fill_date(ngx_http_hc_headers_t *hs);
static void ngx_http_hc_fill_one(ngx_http_hc_headers_t *hs, hc_header_id_e id,
    ngx_str_t *name, ngx_str_t *value);
static ngx_uint_t ngx_http_hc_is_trouble(ngx_uint_t status);
static ngx_uint_t ngx_http_hc_fill_skipped(ngx_str_t *name,
    hc_str_t connection);


hc_reason_e
ngx_http_hc_fill_judge(ngx_http_hc_fill_t *fill)
{
    hc_rules_t                 rules;
    hc_response_t              response;
    ngx_http_request_t        *r = fill->request;
    ngx_http_hc_valid_t       *valid;
    ngx_http_hc_cache_conf_t  *hlcf = fill->ctx->conf;

    switch (ngx_http_test_predicates(r, hlcf->no_cache)) {

    case NGX_ERROR:
        return HC_REASON_NO_MEMORY;

    case NGX_DECLINED:
        return HC_REASON_NO_CACHE;
    }

    hc_response_init(&response);

    /* what the app sent, before proxy_hide_header, and what became of it */

    if (r->upstream) {
        ngx_http_hc_fill_fields(&response,
                                &r->upstream->headers_in.headers.part);
    }

    ngx_http_hc_fill_own_fields(r, &response);

    ngx_memzero(&rules, sizeof(rules));

    rules.status = (uint16_t) fill->status;
    rules.conf_stale = (uint32_t) hlcf->stale;
    rules.authorization = r->headers_in.authorization != NULL;
    rules.cookie = hlcf->cookies == NGX_HTTP_HC_COOKIES_PASS
                   && ngx_hc_has_cookie(r);

    valid = ngx_http_hc_valid_for(hlcf, fill->status);

    if (valid) {
        rules.listed = 1;
        rules.conf_ttl = (uint32_t) (hlcf->l2 ? valid->l2_ttl : valid->ttl);
    }

    return hc_verdict(&response, &rules, ngx_time(), &fill->verdict);
}


static void
ngx_http_hc_fill_fields(hc_response_t *response, ngx_list_part_t *part)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash) {
                hc_response_add(response, ngx_hc_str(&h[i].key),
                                ngx_hc_str(&h[i].value));
            }
        }
    }
}


/*
 * Fields of an answer made inside nginx.  Of an upstream's they are the same
 * once more, rewritten perhaps (a second Expires would count as a conflict),
 * so there only what nginx noted apart from the list is added.
 */

static void
ngx_http_hc_fill_own_fields(ngx_http_request_t *r, hc_response_t *response)
{
    static ngx_str_t  vary = ngx_string("Vary");
    static ngx_str_t  encoding = ngx_string("Accept-Encoding");

    if (r->upstream == NULL) {
        ngx_http_hc_fill_fields(response, &r->headers_out.headers.part);
    }

#if (NGX_HTTP_GZIP)
    if (r->gzip_vary) {
        hc_response_add(response, ngx_hc_str(&vary), ngx_hc_str(&encoding));
    }
#endif
}


ngx_http_hc_valid_t *
ngx_http_hc_valid_for(ngx_http_hc_cache_conf_t *hlcf, ngx_uint_t status)
{
    ngx_uint_t            i;
    ngx_http_hc_valid_t  *valid;

    if (hlcf->valid == NULL) {
        return NULL;
    }

    valid = hlcf->valid->elts;

    for (i = 0; i < hlcf->valid->nelts; i++) {
        if (valid[i].status == status
            || (valid[i].status == 0 && !ngx_http_hc_is_trouble(status)))
        {
            return &valid[i];
        }
    }

    return NULL;
}


/* A client can provoke these with one odd request, or the app is in trouble:
 * "any" does not mean them, they have to be listed. */

static ngx_uint_t
ngx_http_hc_is_trouble(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_BAD_REQUEST:
    case NGX_HTTP_NOT_ALLOWED:
    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
    case NGX_HTTP_REQUEST_URI_TOO_LARGE:
    case 431:
        return 1;

    default:
        return status >= NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


/* Measured first, then written: one allocation. */

hc_reason_e
ngx_http_hc_fill_headers(ngx_http_hc_fill_t *fill)
{
    u_char                 *p;
    ngx_http_request_t     *r = fill->request;
    ngx_http_hc_headers_t   hs;

    ngx_memzero(&hs, sizeof(hs));

    hs.request = r;
    hs.connection = ngx_http_hc_fill_connection(r);

    ngx_http_hc_fill_walk(&hs);

    if (hs.refused) {
        return HC_REASON_HEADERS;
    }

    p = ngx_pnalloc(r->pool, hs.size + 1);
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
    ngx_http_hc_fill_date(hs);

    part = &hs->request->headers_out.headers.part;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash
                && !ngx_http_hc_fill_skipped(&h[i].key, hs->connection))
            {
                ngx_http_hc_fill_one(hs, hc_header_find(ngx_hc_str(&h[i].key)),
                                     &h[i].key, &h[i].value);
            }
        }
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
ngx_http_hc_fill_date(ngx_http_hc_headers_t *hs)
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


/* Of one connection, or made anew for every answer (Date, Server, Age and
 * Content-Length by nginx and by us). */

static ngx_uint_t
ngx_http_hc_fill_skipped(ngx_str_t *name, hc_str_t connection)
{
    static ngx_str_t  own[] = {
        ngx_string("Date"),
        ngx_string("Server"),
        ngx_string("Age"),
        ngx_string("Content-Length"),
        ngx_string("Set-Cookie"),
        ngx_string("Accept-Ranges"),
        ngx_null_string
    };

    return ngx_hc_name_in(name, own)
           || hc_response_hop_by_hop(ngx_hc_str(name), connection);
}

/*
 * An entry as an answer.  State DELIVER, and what the fallback uses.
 *
 * Header values and the body point straight into the store (pinned) or into
 * the request's pool; nothing is parsed but Last-Modified and the charset,
 * which the filters below want.
 */

#include "ngx_http_hc_priv.h"


static ngx_int_t ngx_http_hc_deliver_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_push_header(ngx_http_request_t *r,
    hc_header_t *header);
static void ngx_http_hc_known_header(ngx_http_request_t *r,
    ngx_table_elt_t *h, hc_header_id_e id);
static void ngx_http_hc_made_at(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_age_header(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);


/* As ngx_list_push(), without the call while there is room. */

static ngx_inline ngx_table_elt_t *
ngx_http_hc_next_field(ngx_http_request_t *r)
{
    ngx_list_t       *list = &r->headers_out.headers;
    ngx_list_part_t  *part = list->last;

    if (part->nelts < list->nalloc) {
        return (ngx_table_elt_t *) part->elts + part->nelts++;
    }

    return ngx_list_push(list);
}


/* The content phase sends it, so other PRECONTENT handlers are skipped. */

ngx_int_t
ngx_http_hc_deliver(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ctx->state = NGX_HTTP_HC_DONE;
    r->content_handler = ngx_http_hc_deliver_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_deliver_handler(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    ngx_chain_t         out;
    ngx_http_hc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_cache_module);

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_hc_entry_header(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    if (ngx_http_hc_entry_body(r, ctx->entry->body, &out) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_hc_entry_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    int          more;
    hc_str_t     rest;
    hc_entry_t  *e = ctx->entry;
    hc_header_t  header;

    r->headers_out.status = e->core.status;
    r->headers_out.content_length_n = e->body.len;
    r->allow_ranges = (e->core.status == NGX_HTTP_OK);

    rest = e->headers;

    while ((more = hc_header_next(&rest, &header)) > 0) {
        if (ngx_http_hc_push_header(r, &header) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (more < 0) {
        return NGX_ERROR;
    }

    ngx_http_hc_preconditions(r);

    if (r->headers_in.if_modified_since && r->headers_out.last_modified == NULL)
    {
        ngx_http_hc_made_at(r);
    }

    return ngx_http_hc_age_header(r, ctx);
}


/* RFC 9110, 13.2.2: a date does not count beside an entity tag.  nginx's
 * filter below wants both to hold. */

void
ngx_http_hc_preconditions(ngx_http_request_t *r)
{
    if (r->headers_in.if_none_match) {
        r->headers_in.if_modified_since = NULL;
    }

    if (r->headers_in.if_match) {
        r->headers_in.if_unmodified_since = NULL;
    }
}


/* RFC 9111, 4.3.2: an answer without a date of change has not changed since
 * it was made.  The field is in no list, so it is not sent, and a filter that
 * clears it does not clear the Date. */

static void
ngx_http_hc_made_at(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h, *date = r->headers_out.date;

    if (date == NULL || r->headers_in.range) {
        return;
    }

    h = ngx_palloc(r->pool, sizeof(*h));
    if (h == NULL) {
        return;
    }

    *h = *date;

    r->headers_out.last_modified_time = ngx_parse_http_time(date->value.data,
                                                            date->value.len);
    r->headers_out.last_modified = h;
}


static ngx_int_t
ngx_http_hc_push_header(ngx_http_request_t *r, hc_header_t *header)
{
    ngx_str_t         value;
    ngx_table_elt_t  *h;

    value.data = (u_char *) header->value.data;
    value.len = header->value.len;

    if (header->id == HC_HEADER_CONTENT_TYPE) {
        ngx_http_hc_content_type(r, value);
        return NGX_OK;
    }

    if (header->id == HC_HEADER_CONTENT_RANGE && r->headers_in.range) {
        return NGX_OK;                 /* the range filter makes its own */
    }

    h = ngx_http_hc_next_field(r);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) header->name.data;
    h->key.len = header->name.len;
    h->value = value;
    h->lowcase_key = NULL;
    ngx_hc_header_single(h);

    if (header->id != HC_HEADER_OTHER) {
        ngx_http_hc_known_header(r, h, header->id);
    }

    return NGX_OK;
}


/* What nginx's filters look for by name. */

static void
ngx_http_hc_known_header(ngx_http_request_t *r, ngx_table_elt_t *h,
    hc_header_id_e id)
{
    switch (id) {

    case HC_HEADER_CONTENT_ENCODING:
        r->headers_out.content_encoding = h;
        break;

    case HC_HEADER_LAST_MODIFIED:
        r->headers_out.last_modified = h;
        r->headers_out.last_modified_time = ngx_parse_http_time(h->value.data,
                                                                h->value.len);
        break;

    case HC_HEADER_ETAG:
        r->headers_out.etag = h;
        break;

    case HC_HEADER_DATE:
        r->headers_out.date = h;
        break;

    case HC_HEADER_EXPIRES:
        r->headers_out.expires = h;
        break;

    case HC_HEADER_CACHE_CONTROL:
        ngx_hc_header_append(r->pool, &r->headers_out.cache_control, h);
        break;

    case HC_HEADER_LOCATION:

        /* a relative one stays as the app wrote it */

        if (h->value.len && h->value.data[0] != '/') {
            r->headers_out.location = h;
        }
        break;

    default:
        break;
    }
}


void
ngx_http_hc_content_type(ngx_http_request_t *r, ngx_str_t value)
{
    u_char  *p, *last, *semicolon;

    r->headers_out.content_type = value;
    r->headers_out.content_type_len = value.len;
    r->headers_out.content_type_lowcase = NULL;

    last = value.data + value.len;

    semicolon = memchr(value.data, ';', value.len);
    if (semicolon == NULL) {
        return;
    }

    p = semicolon + 1;

    while (p < last && *p == ' ') {
        p++;
    }

    if (last - p <= 8
        || (ngx_memcmp(p, "charset=", 8) != 0
            && ngx_strncasecmp(p, (u_char *) "charset=", 8) != 0))
    {
        return;
    }

    p += 8;

    if (*p == '"') {
        p++;
    }

    if (last > p && *(last - 1) == '"') {
        last--;
    }

    r->headers_out.content_type_len = semicolon - value.data;
    r->headers_out.charset.data = p;
    r->headers_out.charset.len = last - p;
}


/* By hand: one sprintf is dearer than all other fields together. */

static ngx_int_t
ngx_http_hc_age_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    u_char           *p, *last;
    uint64_t          age;
    ngx_table_elt_t  *h;

    if (r != r->main) {
        return NGX_OK;
    }

    h = ngx_http_hc_next_field(r);
    if (h == NULL) {
        return NGX_ERROR;
    }

    age = (uint64_t) ngx_max(ctx->age, 0) / 1000;
    last = ctx->age_text + sizeof(ctx->age_text);
    p = last;

    do {
        *--p = (u_char) ('0' + age % 10);
        age /= 10;
    } while (age);

    h->hash = 1;
    ngx_str_set(&h->key, "Age");
    h->value.data = p;
    h->value.len = last - p;
    h->lowcase_key = NULL;
    ngx_hc_header_single(h);

    return NGX_OK;
}


/* memory = 1: a filter that wants to write into the body copies it first. */

ngx_int_t
ngx_http_hc_entry_body(ngx_http_request_t *r, hc_str_t body, ngx_chain_t *out)
{
    ngx_buf_t  *b;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (body.len) {
        b->pos = (u_char *) body.data;
        b->last = b->pos + body.len;
        b->start = b->pos;
        b->end = b->last;
        b->memory = 1;
    }

    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;
    b->sync = (b->last_buf || b->memory) ? 0 : 1;

    out->buf = b;
    out->next = NULL;

    return NGX_OK;
}

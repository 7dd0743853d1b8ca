/*
 * What a request without a client says: request line and fields of another
 * one, copied.
 */

#include "ngx_http_hc_detached.h"


static size_t ngx_http_hc_included_size(ngx_http_request_t *like);
static ngx_int_t ngx_http_hc_copy_server(ngx_http_request_t *r,
    ngx_http_request_t *like);
static ngx_int_t ngx_http_hc_copy_fields(ngx_http_request_t *r,
    ngx_list_t *from);
static ngx_int_t ngx_http_hc_copy_field(ngx_http_request_t *r,
    ngx_table_elt_t *from);
static ngx_int_t ngx_http_hc_known_field(ngx_http_request_t *r,
    ngx_table_elt_t *h);


/* About this one request's body, conditions and connection. */

static ngx_str_t  ngx_http_hc_own_fields[] = {
    ngx_string("Range"),
    ngx_string("If-Range"),
    ngx_string("If-Match"),
    ngx_string("If-None-Match"),
    ngx_string("If-Modified-Since"),
    ngx_string("If-Unmodified-Since"),
    ngx_string("Content-Length"),
    ngx_string("Transfer-Encoding"),
    ngx_string("Expect"),
    ngx_string("Upgrade"),
    ngx_string("Connection"),
    ngx_string("Keep-Alive"),
    ngx_string("TE"),
    ngx_null_string
};


/*
 * The target as the client has sent it; of a subrequest, its own.  nginx's own
 * parser reads it, so it is split, decoded and merged as any.
 */

ngx_buf_t *
ngx_http_hc_detached_line(ngx_pool_t *pool, ngx_http_request_t *like)
{
    size_t      size;
    ngx_buf_t  *b;
    ngx_str_t  *target = &like->main->unparsed_uri;

    size = ngx_http_hc_is_included(like) ? ngx_http_hc_included_size(like)
                                         : target->len;

    b = ngx_create_temp_buf(pool, size + sizeof("GET  HTTP/1.1\r\n") - 1);
    if (b == NULL) {
        return NULL;
    }

    b->last = ngx_cpymem(b->last, "GET ", 4);

    if (ngx_http_hc_is_included(like)) {
        b->last = (u_char *) ngx_escape_uri(b->last, like->uri.data,
                                            like->uri.len, NGX_ESCAPE_URI);
        if (like->args.len) {
            *b->last++ = '?';
            b->last = ngx_hc_cpystr(b->last, &like->args);
        }

    } else {
        b->last = ngx_hc_cpystr(b->last, target);
    }

    if (b->pos[4] != '/') {
        return NULL;                   /* an absolute one without a path */
    }

    b->last = ngx_cpymem(b->last, " HTTP/1.1\r\n", sizeof(" HTTP/1.1\r\n") - 1);

    return b;
}


static size_t
ngx_http_hc_included_size(ngx_http_request_t *like)
{
    return like->uri.len
           + 2 * ngx_escape_uri(NULL, like->uri.data, like->uri.len,
                                NGX_ESCAPE_URI)
           + 1 + like->args.len;
}


/* Not OK: the request was ended. */

ngx_int_t
ngx_http_hc_detached_fields(ngx_http_request_t *r, ngx_http_request_t *like)
{
    if (ngx_list_init(&r->headers_in.headers, r->pool, 20,
                      sizeof(ngx_table_elt_t))
        != NGX_OK
        || ngx_http_hc_copy_server(r, like) != NGX_OK)
    {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return NGX_ERROR;
    }

    return ngx_http_hc_copy_fields(r, &like->headers_in.headers);
}


static ngx_int_t
ngx_http_hc_copy_server(ngx_http_request_t *r, ngx_http_request_t *like)
{
    /* HTTP/3 would be looked for in the connection */

    r->http_version = ngx_min(like->http_version, NGX_HTTP_VERSION_20);

    if (ngx_http_hc_copy_str(r->pool, &r->http_protocol, &like->http_protocol)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_hc_copy_str(r->pool, &r->headers_in.server,
                                &like->headers_in.server);
}


static ngx_int_t
ngx_http_hc_copy_fields(ngx_http_request_t *r, ngx_list_t *from)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &from->part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0
                || ngx_hc_name_in(&h[i].key, ngx_http_hc_own_fields))
            {
                continue;
            }

            if (ngx_http_hc_copy_field(r, &h[i]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_copy_field(ngx_http_request_t *r, ngx_table_elt_t *from)
{
    u_char           *lowcase;
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_in.headers);
    lowcase = ngx_pnalloc(r->pool, from->key.len);

    if (h == NULL || lowcase == NULL
        || ngx_http_hc_copy_str(r->pool, &h->key, &from->key) != NGX_OK
        || ngx_http_hc_copy_str(r->pool, &h->value, &from->value) != NGX_OK)
    {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(lowcase, h->key.data, h->key.len);
    h->lowcase_key = lowcase;
    ngx_hc_header_single(h);

    return ngx_http_hc_known_field(r, h);
}


/* Where nginx keeps it by name.  Which server{} Host names was decided for the
 * other request. */

static ngx_int_t
ngx_http_hc_known_field(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    ngx_http_header_t          *known;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    known = ngx_hash_find(&cmcf->headers_in_hash, h->hash, h->lowcase_key,
                          h->key.len);

    if (known == NULL || known->handler == NULL) {
        return NGX_OK;
    }

    if (known->offset == offsetof(ngx_http_headers_in_t, host)) {
        r->headers_in.host = h;
        return NGX_OK;
    }

    return known->handler(r, h, known->offset);
}


/* With a NUL behind it, as nginx ends what it has parsed. */

ngx_int_t
ngx_http_hc_copy_str(ngx_pool_t *pool, ngx_str_t *to, ngx_str_t *from)
{
    to->data = ngx_pnalloc(pool, from->len + 1);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    to->len = from->len;
    *ngx_hc_cpystr(to->data, from) = '\0';

    return NGX_OK;
}

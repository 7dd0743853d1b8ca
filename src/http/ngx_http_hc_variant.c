/*
 * What tells two requests of one key apart and is not the operator's to
 * choose; most often nothing:
 *
 *   the server{}'s name, when it was asked by another: as the default of its
 *   port it would share with the one that has the name somewhere else
 *
 *   what the client's Host says beyond $host, unless it is the port the
 *   request came in by: it reaches apps that are sent $http_host
 *
 *   https, where the default key runs $scheme and $host together, and that
 *   the target was rewritten, where $hc_uri runs two targets together
 *
 *   the location after an internal redirect: its access rules were passed to
 *   get there, and are not when it is found from outside
 *
 *   fields of the request that apps build links from: who sends others than
 *   everybody else has an entry of its own
 */

#include "ngx_http_hc_priv.h"


#define NGX_HTTP_HC_VARIANT_MAX  4096


typedef enum {
    NGX_HTTP_HC_FIELD_OTHER = 0,
    NGX_HTTP_HC_FIELD_LINK,                /* of what links are built */
    NGX_HTTP_HC_FIELD_FORWARDED,           /* RFC 7239: in parts of it */
    NGX_HTTP_HC_FIELD_METHOD               /* another method than it says */
} ngx_http_hc_field_e;


typedef struct {
    ngx_str_t            name;
    ngx_http_hc_field_e  kind;
} ngx_http_hc_field_t;


typedef struct {
    ngx_str_t    server;
    ngx_str_t    rest;                     /* of Host */
    ngx_str_t    location;
    size_t       fields;                   /* bytes they take */
    ngx_uint_t   https;                    /* unsigned  https:1; */
    ngx_uint_t   rewritten;                /* unsigned  rewritten:1; */
} ngx_http_hc_variant_t;


static hc_reason_e ngx_http_hc_variant_write(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_http_hc_variant_t *v);
static ngx_uint_t ngx_http_hc_same_name(u_char *a, u_char *b, size_t len);
static void ngx_http_hc_server(ngx_http_request_t *r, ngx_str_t *server);
static ngx_int_t ngx_http_hc_host_differs(ngx_http_request_t *r,
    ngx_str_t *rest);
static ngx_http_hc_field_e ngx_http_hc_fields(ngx_http_request_t *r,
    size_t *size);
static u_char *ngx_http_hc_write_fields(ngx_http_request_t *r, u_char *p);
static size_t ngx_http_hc_field_write(ngx_table_elt_t *h,
    ngx_http_hc_field_e kind, u_char *p);
static size_t ngx_http_hc_forwarded_write(ngx_str_t *value, u_char *p);
static ngx_http_hc_field_e ngx_http_hc_field_kind(ngx_table_elt_t *h);
static ngx_uint_t ngx_http_hc_same_field(u_char *lowcase, ngx_str_t *name);


/* All that is known begins so; nearly nothing else does. */

static ngx_inline ngx_uint_t
ngx_http_hc_field_candidate(ngx_table_elt_t *h)
{
    return h->lowcase_key
           && (h->lowcase_key[0] == 'x' || h->lowcase_key[0] == 'f');
}


static ngx_http_hc_field_t  ngx_http_hc_known_fields[] = {
    { ngx_string("forwarded"), NGX_HTTP_HC_FIELD_FORWARDED },
    { ngx_string("front-end-https"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-base-url"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-envoy-original-host"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-envoy-original-path"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-base"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-context"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-host"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-https"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-path"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-port"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-prefix"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-proto"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-protocol"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-scheme"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-server"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-ssl"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-uri"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-forwarded-url"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-host"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-http-host-override"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-https"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-original-host"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-original-path"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-original-proto"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-original-scheme"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-original-uri"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-original-url"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-override-url"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-proxy-host"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-proxy-url"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-real-host"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-rewrite-url"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-scheme"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-script-name"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-url-scheme"), NGX_HTTP_HC_FIELD_LINK },
    { ngx_string("x-http-method"), NGX_HTTP_HC_FIELD_METHOD },
    { ngx_string("x-http-method-override"), NGX_HTTP_HC_FIELD_METHOD },
    { ngx_string("x-method-override"), NGX_HTTP_HC_FIELD_METHOD },
    { ngx_null_string, NGX_HTTP_HC_FIELD_OTHER }
};


/* NONE, or why the request is not for the cache. */

hc_reason_e
ngx_http_hc_variant(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_hc_variant_t      v;

    if (ngx_http_hc_host_differs(r, &v.rest) != NGX_OK) {
        return HC_REASON_HOST;
    }

    if (ngx_http_hc_fields(r, &v.fields) == NGX_HTTP_HC_FIELD_METHOD) {
        return HC_REASON_METHOD;
    }

    ngx_http_hc_server(r, &v.server);
    ngx_str_null(&v.location);

    if (r->internal && !ngx_http_hc_is_included(r)) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        v.location = clcf->name;
    }

    v.https = ctx->conf->key == NULL && ngx_http_hc_is_https(r);
    v.rewritten = !r->valid_unparsed_uri && !ngx_http_hc_is_included(r);

    if (v.rest.len + v.location.len + v.fields + v.https + v.rewritten == 0) {
        ctx->key.variant = ngx_hc_str(&v.server);
        return HC_REASON_NONE;
    }

    return ngx_http_hc_variant_write(r, ctx, &v);
}


static hc_reason_e
ngx_http_hc_variant_write(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_variant_t *v)
{
    u_char  *p;
    size_t   size;

    size = v->server.len + v->rest.len + v->location.len + v->fields
           + sizeof("\n\n\nsr") - 1;

    if (size > NGX_HTTP_HC_VARIANT_MAX) {
        return HC_REASON_KEY;
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return HC_REASON_NO_MEMORY;
    }

    ctx->key.variant = hc_str(p, size);

    p = ngx_hc_cpystr(p, &v->server);
    *p++ = '\n';
    p = ngx_hc_cpystr(p, &v->rest);
    *p++ = '\n';
    p = ngx_hc_cpystr(p, &v->location);
    *p++ = '\n';
    *p++ = v->https ? 's' : '-';
    *p++ = v->rewritten ? 'r' : '-';

    (void) ngx_http_hc_write_fields(r, p);

    return HC_REASON_NONE;
}


/* Mostly both are written alike, or are the same bytes. */

static ngx_uint_t
ngx_http_hc_same_name(u_char *a, u_char *b, size_t len)
{
    return a == b
           || ngx_memcmp(a, b, len) == 0
           || ngx_strncasecmp(a, b, len) == 0;
}


static void
ngx_http_hc_server(ngx_http_request_t *r, ngx_str_t *server)
{
    ngx_str_t                 *host = &r->headers_in.server;
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    *server = cscf->server_name;

    if (host->len == 0
        || (host->len == server->len
            && ngx_http_hc_same_name(host->data, server->data, host->len)))
    {
        ngx_str_null(server);
    }
}


/* DECLINED: an absolute-form target and Host name different hosts. */

static ngx_int_t
ngx_http_hc_host_differs(ngx_http_request_t *r, ngx_str_t *rest)
{
    in_port_t   port;
    ngx_int_t   n;
    ngx_str_t  *raw, *host;

    ngx_str_null(rest);

    if (r->headers_in.host == NULL) {
        ngx_str_set(rest, "-");            /* HTTP/1.0, no Host at all */
        return NGX_OK;
    }

    if (r->headers_in.server.len == 0) {
        return NGX_OK;
    }

    raw = &r->headers_in.host->value;
    host = &r->headers_in.server;

    if (raw->len < host->len
        || !ngx_http_hc_same_name(raw->data, host->data, host->len))
    {
        return NGX_DECLINED;
    }

    rest->data = raw->data + host->len;
    rest->len = raw->len - host->len;

    if (rest->len < 2 || rest->data[0] != ':') {
        return NGX_OK;
    }

    n = ngx_atoi(rest->data + 1, rest->len - 1);
    port = ngx_inet_get_port(r->connection->local_sockaddr);

    if (n == (ngx_int_t) port) {
        ngx_str_null(rest);
    }

    return NGX_OK;
}


/* The gravest kind there is, and the bytes that those of links will take. */

static ngx_http_hc_field_e
ngx_http_hc_fields(ngx_http_request_t *r, size_t *size)
{
    ngx_uint_t            i;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    ngx_http_hc_field_e   kind, gravest;

    *size = 0;
    gravest = NGX_HTTP_HC_FIELD_OTHER;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (!ngx_http_hc_field_candidate(&h[i])) {
                continue;
            }

            kind = ngx_http_hc_field_kind(&h[i]);

            *size += ngx_http_hc_field_write(&h[i], kind, NULL);
            gravest = ngx_max(gravest, kind);
        }
    }

    return gravest;
}


static u_char *
ngx_http_hc_write_fields(ngx_http_request_t *r, u_char *p)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_hc_field_candidate(&h[i])) {
                p += ngx_http_hc_field_write(&h[i],
                                             ngx_http_hc_field_kind(&h[i]), p);
            }
        }
    }

    return p;
}


/* Its bytes in the variant; p is NULL while measuring. */

static size_t
ngx_http_hc_field_write(ngx_table_elt_t *h, ngx_http_hc_field_e kind,
    u_char *p)
{
    if (kind == NGX_HTTP_HC_FIELD_FORWARDED) {
        return ngx_http_hc_forwarded_write(&h->value, p);
    }

    if (kind != NGX_HTTP_HC_FIELD_LINK) {
        return 0;
    }

    if (p) {
        *p++ = '\n';
        p = ngx_cpymem(p, h->lowcase_key, h->key.len);
        *p++ = ':';
        (void) ngx_hc_cpystr(p, &h->value);
    }

    return 2 + h->key.len + h->value.len;
}


/* host= and proto=; for= and by= differ from client to client. */

static size_t
ngx_http_hc_forwarded_write(ngx_str_t *value, u_char *p)
{
    u_char  *part, *end, *last;
    size_t   size;

    size = 0;
    part = value->data;
    last = value->data + value->len;

    while (part < last) {

        for (end = part; end < last && *end != ';' && *end != ','; end++) {
            /* void */
        }

        while (part < end && *part == ' ') {
            part++;
        }

        if ((end - part > 5
             && ngx_strncasecmp(part, (u_char *) "host=", 5) == 0)
            || (end - part > 6
                && ngx_strncasecmp(part, (u_char *) "proto=", 6) == 0))
        {
            size += 1 + (end - part);

            if (p) {
                *p++ = '\n';
                p = ngx_cpymem(p, part, end - part);
            }
        }

        part = end + 1;
    }

    return size;
}


static ngx_http_hc_field_e
ngx_http_hc_field_kind(ngx_table_elt_t *h)
{
    ngx_http_hc_field_t  *field;

    for (field = ngx_http_hc_known_fields; field->name.len; field++) {
        if (h->key.len == field->name.len
            && ngx_http_hc_same_field(h->lowcase_key, &field->name))
        {
            return field->kind;
        }
    }

    return NGX_HTTP_HC_FIELD_OTHER;
}


/* A CGI sees "_" and "-" alike; underscores_in_headers lets both through. */

static ngx_uint_t
ngx_http_hc_same_field(u_char *lowcase, ngx_str_t *name)
{
    size_t  i;

    for (i = 0; i < name->len; i++) {
        if (lowcase[i] != name->data[i]
            && (lowcase[i] != '_' || name->data[i] != '-'))
        {
            return 0;
        }
    }

    return 1;
}

/*
 * Interim answers of an app (1xx) are not its answer (RFC 9110, 15.2): they
 * are dropped, and the header that follows is parsed in their place.  nginx
 * takes 100 and 102 for the final one, and before 1.29 also 103; where it
 * knows them itself nothing is left to drop here.
 *
 * 101 is final: the connection speaks another protocol from then on.
 */

#include "ngx_http_hc_priv.h"


/* An app that never comes to its answer would be read forever. */

#define NGX_HTTP_HC_INTERIM_MAX  16


static ngx_uint_t ngx_http_hc_interim_is(ngx_http_upstream_t *u);
static ngx_int_t ngx_http_hc_interim_forget(ngx_http_request_t *r);


/*
 * OK: the header that was parsed is the answer's.  AGAIN: it was dropped, and
 * what is behind it in the buffer is to be parsed.
 */

ngx_int_t
ngx_http_hc_interim_drop(ngx_http_request_t *r, ngx_uint_t *dropped)
{
    ngx_http_upstream_t  *u = r->upstream;

    if (!ngx_http_hc_interim_is(u)) {
        return NGX_OK;
    }

    if (++*dropped > NGX_HTTP_HC_INTERIM_MAX) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "hc: upstream sent more than %d interim answers",
                      NGX_HTTP_HC_INTERIM_MAX);
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "hc http interim answer %ui dropped", u->headers_in.status_n);

    return ngx_http_hc_interim_forget(r) == NGX_OK ? NGX_AGAIN : NGX_ERROR;
}


/* Only HTTP has them: to a CGI such a status is an answer's. */

static ngx_uint_t
ngx_http_hc_interim_is(ngx_http_upstream_t *u)
{
    ngx_uint_t  status = u->headers_in.status_n;

    static ngx_str_t  proxy = ngx_string("proxy");

    return status >= NGX_HTTP_CONTINUE
           && status < NGX_HTTP_OK
           && status != NGX_HTTP_SWITCHING_PROTOCOLS
           && u->conf->module.len == proxy.len
           && ngx_strncmp(u->conf->module.data, proxy.data, proxy.len) == 0;
}


/* As upstream itself begins with another server, but for the request, which
 * was sent, and for what has been read already. */

static ngx_int_t
ngx_http_hc_interim_forget(ngx_http_request_t *r)
{
    u_char               *rest;
    ngx_http_upstream_t  *u = r->upstream;

    if (u->reinit_request(r) != NGX_OK) {
        return NGX_ERROR;
    }

    u->keepalive = 0;
    u->state->status = 0;

    ngx_memzero(&u->headers_in, sizeof(ngx_http_upstream_headers_in_t));
    u->headers_in.content_length_n = -1;
    u->headers_in.last_modified_time = -1;

    if (ngx_list_init(&u->headers_in.headers, r->pool, 8,
                      sizeof(ngx_table_elt_t))
        != NGX_OK
        || ngx_list_init(&u->headers_in.trailers, r->pool, 2,
                         sizeof(ngx_table_elt_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rest = u->buffer.pos;
    u->buffer.pos = u->buffer.start;

#if (NGX_HTTP_CACHE)

    if (r->cache) {
        u->buffer.pos += r->cache->header_start;
    }

#endif

    u->buffer.last = ngx_movemem(u->buffer.pos, rest, u->buffer.last - rest);

    return NGX_OK;
}

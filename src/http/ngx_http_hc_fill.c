/*
 * A fill and its body.
 */

#include "ngx_http_hc_fill.h"


#define NGX_HTTP_HC_FILL_FIRST  16384          /* bytes, of unknown length */


static hc_reason_e ngx_http_hc_fill_size(ngx_http_hc_fill_t *fill);
static hc_reason_e ngx_http_hc_fill_too_large(ngx_http_hc_fill_t *fill,
    size_t size);
static hc_reason_e ngx_http_hc_fill_reserve(ngx_http_hc_fill_t *fill,
    size_t n);
static ssize_t ngx_http_hc_fill_copy(ngx_buf_t *b, u_char *p, size_t n);


ngx_http_hc_fill_t *
ngx_http_hc_fill_create(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_str_t           *type;
    ngx_http_hc_fill_t  *fill;

    fill = ngx_pcalloc(r->pool, sizeof(*fill));
    if (fill == NULL) {
        return NULL;
    }

    type = &r->headers_out.content_type;

    fill->request = r;
    fill->ctx = ctx;
    fill->arrived = ngx_current_msec;
    fill->expected = r->headers_out.content_length_n;
    fill->status = r->headers_out.status;
    fill->json = type->len
                 && ngx_strlcasestrn(type->data, type->data + type->len,
                                     (u_char *) "json", 4 - 1);

    return fill;
}


/* At the response header: may it be stored, and is there a place for it? */

hc_reason_e
ngx_http_hc_fill_header(ngx_http_hc_fill_t *fill)
{
    hc_reason_e  reason;

    reason = ngx_http_hc_fill_judge(fill);

    if (reason == HC_REASON_NONE) {
        reason = ngx_http_hc_fill_vary(fill);
    }

    if (reason == HC_REASON_NONE) {
        reason = ngx_http_hc_fill_tags(fill);
    }

    if (reason == HC_REASON_NONE) {
        reason = ngx_http_hc_fill_headers(fill);
    }

    if (reason == HC_REASON_NONE) {
        reason = ngx_http_hc_fill_size(fill);
    }

    return reason;
}


static hc_reason_e
ngx_http_hc_fill_size(ngx_http_hc_fill_t *fill)
{
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    fill->limit = ctx->conf->zone->max_object;

    if (ctx->conf->l2 && ctx->l2_fenced) {
        fill->limit = ngx_max(fill->limit, ctx->conf->l2->store.max_value);
    }

    if (fill->expected <= 0 || fill->stored) {
        return HC_REASON_NONE;
    }

    if ((uint64_t) fill->expected > fill->limit) {
        return ngx_http_hc_fill_too_large(fill, (size_t) fill->expected);
    }

    if (ngx_http_hc_fill_hold(fill) == NGX_OK) {
        return HC_REASON_NONE;
    }

    return ngx_http_hc_fill_reserve(fill, (size_t) fill->expected);
}


/* L1 judges the length before it reads a byte, and counts it. */

static hc_reason_e
ngx_http_hc_fill_too_large(ngx_http_hc_fill_t *fill, size_t size)
{
    hc_entry_t  e;

    ngx_http_hc_fill_entry(fill, &e);
    e.body = hc_str(NULL, size);

    (void) hc_l1_put(fill->ctx->conf->zone->l1, &fill->ctx->key, &e, 0, 0);

    return HC_REASON_TOO_LARGE;
}


/* Takes what a chain holds, from memory or from a file; buffers are left as
 * they are for whoever sends them. */

hc_reason_e
ngx_http_hc_fill_body(ngx_http_hc_fill_t *fill, ngx_chain_t *in)
{
    off_t         n;
    hc_reason_e   reason;
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {
        n = ngx_buf_size(cl->buf);

        if (n <= 0) {
            continue;
        }

        if ((uint64_t) n > fill->limit - fill->size) {
            return ngx_http_hc_fill_too_large(fill, fill->size + (size_t) n);
        }

        reason = ngx_http_hc_fill_reserve(fill, (size_t) n);
        if (reason != HC_REASON_NONE) {
            return reason;
        }

        if (ngx_http_hc_fill_copy(cl->buf, fill->body + fill->size, (size_t) n)
            != (ssize_t) n)
        {
            return HC_REASON_INCOMPLETE;
        }

        fill->size += (size_t) n;
    }

    return HC_REASON_NONE;
}


static hc_reason_e
ngx_http_hc_fill_reserve(ngx_http_hc_fill_t *fill, size_t n)
{
    size_t   room;
    u_char  *p;

    if (n <= fill->room - fill->size) {
        return HC_REASON_NONE;
    }

    if (fill->held) {
        return HC_REASON_INCOMPLETE;   /* more than it said */
    }

    room = fill->size + n;

    if (fill->expected < 0) {
        room = ngx_max(room, fill->room * 2);
        room = ngx_max(room, NGX_HTTP_HC_FILL_FIRST);
        room = ngx_min(room, fill->limit);
    }

    p = ngx_pnalloc(fill->request->pool, room);
    if (p == NULL) {
        return HC_REASON_NO_MEMORY;
    }

    if (fill->body) {
        ngx_memcpy(p, fill->body, fill->size);
        (void) ngx_pfree(fill->request->pool, fill->body);
    }

    fill->body = p;
    fill->room = room;

    return HC_REASON_NONE;
}


static ssize_t
ngx_http_hc_fill_copy(ngx_buf_t *b, u_char *p, size_t n)
{
    if (ngx_buf_in_memory(b)) {
        ngx_memcpy(p, b->pos, n);
        return (ssize_t) n;
    }

    return ngx_read_file(b->file, p, n, b->file_pos);
}


/* All that Content-Length said is there: it is stored before the client has
 * the end of it, and may come back. */

ngx_uint_t
ngx_http_hc_fill_counted(ngx_http_hc_fill_t *fill)
{
    return fill->expected > 0 && (uint64_t) fill->expected == fill->size;
}


void
ngx_http_hc_fill_abandon(ngx_http_hc_ctx_t *ctx, hc_reason_e reason)
{
    ngx_http_hc_fill_t  *fill = ctx->fill;

    ctx->reason = reason;
    ctx->fill = NULL;

    if (fill == NULL) {
        return;
    }

    ngx_http_hc_fill_drop(fill);

    if (fill->body && fill->stored == NULL) {
        (void) ngx_pfree(fill->request->pool, fill->body);
    }
}


/* From the request's cleanup: the client has its answer by now. */

void
ngx_http_hc_fill_close(ngx_http_hc_fill_t *fill)
{
    ngx_http_hc_fill_store_l2(fill);
    ngx_http_hc_fill_drop(fill);
}

/*
 * A fill's body and its commit.
 */

#include "ngx_http_hc_fill.h"
#include "../policy/hc_json.h"


#define NGX_HTTP_HC_FILL_FIRST  16384          /* bytes, of unknown length */


static hc_reason_e ngx_http_hc_fill_size(ngx_http_hc_fill_t *fill);
static hc_reason_e ngx_http_hc_fill_too_large(ngx_http_hc_fill_t *fill,
    size_t size);
static hc_reason_e ngx_http_hc_fill_reserve(ngx_http_hc_fill_t *fill,
    size_t n);
static ssize_t ngx_http_hc_fill_copy(ngx_buf_t *b, u_char *p, size_t n);
static hc_reason_e ngx_http_hc_fill_complete(ngx_http_hc_fill_t *fill);
static ngx_uint_t ngx_http_hc_fill_is_json(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_entry(ngx_http_hc_fill_t *fill, hc_entry_t *e);
static void ngx_http_hc_fill_l2_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static hc_reason_e ngx_http_hc_fill_store_l1(ngx_http_hc_fill_t *fill);


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

    if (fill->expected <= 0) {
        return HC_REASON_NONE;
    }

    if ((uint64_t) fill->expected > fill->limit) {
        return ngx_http_hc_fill_too_large(fill, (size_t) fill->expected);
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


/* At the end of the body.  NONE: stored, or at least offered to L2. */

hc_reason_e
ngx_http_hc_fill_commit(ngx_http_hc_fill_t *fill)
{
    hc_reason_e  reason;

    reason = ngx_http_hc_fill_complete(fill);
    if (reason != HC_REASON_NONE) {
        return reason;
    }

    fill->committed = 1;

    return ngx_http_hc_fill_store_l1(fill);
}


/*
 * A last buffer is not proof: FastCGI yields one when the connection closed in
 * the middle, and so does a body whose end only the closing marks.
 */

static hc_reason_e
ngx_http_hc_fill_complete(ngx_http_hc_fill_t *fill)
{
    if (fill->expected >= 0 && (uint64_t) fill->expected != fill->size) {
        return HC_REASON_INCOMPLETE;
    }

    if (ngx_http_hc_fill_counted(fill)) {
        return HC_REASON_NONE;
    }

    if (ngx_http_hc_upstream_done(fill->request, fill->ctx)) {
        return HC_REASON_NONE;
    }

    if (fill->expected < 0 && ngx_http_hc_fill_is_json(fill)) {
        return HC_REASON_NONE;
    }

    return HC_REASON_FRAMING;
}


static ngx_uint_t
ngx_http_hc_fill_is_json(ngx_http_hc_fill_t *fill)
{
    int         rc;
    hc_json_t  *json;

    if (!fill->json) {
        return 0;
    }

    json = hc_json_create();
    if (json == NULL) {
        return 0;
    }

    rc = hc_json_feed(json, fill->body, fill->size) && hc_json_finish(json);

    hc_json_destroy(json);

    return rc;
}


/* On the clock and with the versions of L1. */

static void
ngx_http_hc_fill_entry(ngx_http_hc_fill_t *fill, hc_entry_t *e)
{
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    ngx_memzero(e, sizeof(*e));

    e->core.born_at = fill->arrived - fill->verdict.age;
    e->core.lifetime = fill->verdict.lifetime;
    e->core.stale_for = fill->verdict.stale_for;
    e->core.error_for = hc_window_code(fill->verdict.stale_for,
                                       fill->verdict.stale_for);
    e->core.status = (uint16_t) fill->status;
    e->core.flags = fill->verdict.flags;

    ngx_http_hc_entry_tags(ctx, e);

    e->key = ctx->key.key;
    e->variant = ctx->key.variant;
    e->headers = fill->headers;
    e->body = hc_str(fill->body, fill->size);
}


static hc_reason_e
ngx_http_hc_fill_store_l1(ngx_http_hc_fill_t *fill)
{
    uint64_t            now;
    hc_entry_t          e;
    ngx_msec_t          l1_for;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    ngx_http_hc_fill_entry(fill, &e);

    l1_for = ngx_http_hc_l1_for(ctx->conf, &e.core);

    if (l1_for == 0) {
        return HC_REASON_NONE;
    }

    now = ngx_current_msec;

    switch (hc_l1_put(ctx->conf->zone->l1, &ctx->key, &e,
                      ngx_http_hc_fresh_until(&e.core, l1_for, now), now))
    {
    case HC_L1_OK:
        return HC_REASON_NONE;

    case HC_L1_FENCED:
        fill->committed = 0;
        return HC_REASON_FENCED;

    case HC_L1_TOO_LARGE:
        return HC_REASON_TOO_LARGE;

    default:
        return HC_REASON_NO_MEMORY;
    }
}


/*
 * From the request's cleanup.  Without the server's versions, read before the
 * app was asked, there would be no fence; then L2 is left alone.
 */

void
ngx_http_hc_fill_store_l2(ngx_http_hc_fill_t *fill)
{
    uint64_t            lived;
    hc_entry_t          e;
    ngx_msec_t          ttl;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    if (!fill->committed || ctx->conf->l2 == NULL || !ctx->l2_fenced
        || !ngx_http_hc_tags_current(ctx))
    {
        return;
    }

    ngx_http_hc_fill_entry(fill, &e);

    lived = ngx_current_msec - e.core.born_at;

    if (lived >= e.core.lifetime) {
        return;
    }

    e.core.born_at = ngx_http_hc_epoch_ms() - lived;
    ngx_http_hc_fill_l2_tags(ctx, &e);

    ttl = e.core.lifetime - (ngx_msec_t) lived + e.core.stale_for;

    (void) ngx_hc_l2_put(&ctx->conf->l2->store, &e, ttl, NULL, NULL);
}


/* Zones are a matter of L1. */

static void
ngx_http_hc_fill_l2_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    ngx_uint_t  i;

    for (i = 0; i < HC_TAGS_OWN; i++) {
        e->tags[i].slot &= HC_SLOT_COUNTER;
        e->tags[i].version = ctx->l2_versions[i];
    }

    for ( /* void */ ; i < e->core.ntags; i++) {
        e->tags[i].version = ctx->l2_moves;
    }
}


void
ngx_http_hc_fill_abandon(ngx_http_hc_ctx_t *ctx, hc_reason_e reason)
{
    ngx_http_hc_fill_t  *fill = ctx->fill;

    ctx->reason = reason;
    ctx->fill = NULL;

    if (fill && fill->body) {
        (void) ngx_pfree(fill->request->pool, fill->body);
    }
}


/* ms an entry may be believed in L1: hc_cache_valid's own time when that made
 * the lifetime, under the cap of hc_cache_l1_ttl. */

ngx_msec_t
ngx_http_hc_l1_for(ngx_http_hc_cache_conf_t *hlcf, hc_entry_core_t *core)
{
    ngx_http_hc_valid_t  *valid;

    if (core->flags & HC_ENTRY_CONF_TTL) {
        valid = ngx_http_hc_valid_for(hlcf, core->status);

        if (valid) {
            return ngx_min(valid->ttl, hlcf->l1_ttl);
        }
    }

    return hlcf->l1_ttl;
}


uint64_t
ngx_http_hc_fresh_until(hc_entry_core_t *core, ngx_msec_t l1_for, uint64_t now)
{
    uint64_t  fresh_until;

    fresh_until = core->born_at + core->lifetime;

    if (l1_for == NGX_HTTP_HC_NO_CAP) {
        return fresh_until;
    }

    return ngx_min(fresh_until, now + l1_for);
}

/*
 * A fill's commit: is the body whole, and into which store does it go?
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_refresh.h"
#include "ngx_http_hc_rules.h"
#include "../policy/hc_json.h"


static hc_reason_e ngx_http_hc_fill_complete(ngx_http_hc_fill_t *fill);
static ngx_uint_t ngx_http_hc_fill_is_json(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_etag(ngx_http_hc_fill_t *fill);
static hc_reason_e ngx_http_hc_fill_store_l1(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_put_l2(ngx_http_hc_ctx_t *ctx, hc_entry_t *e,
    ngx_msec_t ttl);
static void ngx_http_hc_fill_l2_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);


/* At the end of the body.  NONE: stored, or at least offered to L2. */

hc_reason_e
ngx_http_hc_fill_commit(ngx_http_hc_fill_t *fill)
{
    hc_reason_e  reason;

    reason = ngx_http_hc_fill_complete(fill);
    if (reason != HC_REASON_NONE) {
        ngx_http_hc_fill_drop(fill);
        return reason;
    }

    fill->committed = 1;

    if (ngx_http_hc_rules(fill->request)->etag) {
        ngx_http_hc_fill_etag(fill);
    }

    reason = ngx_http_hc_fill_store_l1(fill);

    ngx_http_hc_publish(fill);

    return reason;
}


/* Strong: it is of the bytes of the body, in the coding they are in.  Nodes
 * agree on it. */

static void
ngx_http_hc_fill_etag(ngx_http_hc_fill_t *fill)
{
    u_char       text[34];
    hc_str_t     rest, body, name, value;
    hc_seed_t    seed;
    hc_header_t  header;

    if (fill->status != NGX_HTTP_OK) {
        return;
    }

    rest = fill->headers;

    while (hc_header_next(&rest, &header) > 0) {
        if (header.id == HC_HEADER_ETAG) {
            return;
        }
    }

    ngx_memzero(&seed, sizeof(seed));

    body = hc_str(fill->body, fill->size);
    name = hc_str("ETag", 4);

    ngx_sprintf(text, "\"%016xL%016xL\"",
                hc_hash_shared(&seed, name, body),
                hc_hash_shared(&seed, body, name));

    value = hc_str(text, sizeof(text));

    (void) hc_header_write((u_char *) fill->headers.data + fill->headers.len,
                           HC_HEADER_ETAG, name, value);
    fill->headers.len += hc_header_size(name, value);
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

    if (fill->expected < 0
        && (ngx_http_hc_fill_is_json(fill)
            || (ngx_http_hc_rules(fill->request)->unframed
                && ngx_http_hc_upstream_closed(fill->request))))
    {
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


void
ngx_http_hc_fill_entry(ngx_http_hc_fill_t *fill, hc_entry_t *e)
{
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    ngx_memzero(e, sizeof(*e));

    e->core.born_at = fill->arrived - fill->verdict.age;
    e->core.lifetime = fill->verdict.lifetime;
    e->core.stale_for = fill->verdict.stale_for;
    e->core.error_for = hc_window_code(fill->verdict.error_for,
                                       fill->verdict.stale_for);
    e->core.while_for = hc_window_code(fill->verdict.while_for,
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
    uint64_t            now, fresh_until;
    hc_entry_t          e;
    ngx_msec_t          l1_for;
    ngx_uint_t          jitter;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    ngx_http_hc_fill_entry(fill, &e);

    l1_for = ngx_http_hc_l1_for(ctx->conf, &e.core);

    if (l1_for == 0) {
        ngx_http_hc_fill_index(fill);
        return HC_REASON_NONE;
    }

    now = ngx_current_msec;

    jitter = ngx_http_hc_refresh_conf(fill->request)->jitter;

    fresh_until = ngx_http_hc_fresh_until(&e.core, l1_for, jitter, now);

    switch (fill->held ? ngx_http_hc_fill_publish(fill, fresh_until, now)
                       : hc_l1_put(ctx->conf->zone->l1, &ctx->key, &e,
                                   fresh_until, now))
    {
    case HC_L1_OK:
        ngx_http_hc_fill_index(fill);
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
 * At the request's end.  Without the server's versions, read before the
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

    if (lived >= (uint64_t) e.core.lifetime + e.core.stale_for) {
        return;
    }

    e.core.born_at = ngx_http_hc_epoch_ms() - lived;

    ttl = e.core.lifetime + e.core.stale_for - (ngx_msec_t) lived;

    ngx_http_hc_fill_put_l2(ctx, &e, ttl);

    if (fill->index.len) {
        ngx_http_hc_index_entry(ctx, &e, fill->index);
        e.core.born_at = ngx_http_hc_epoch_ms();

        ngx_http_hc_fill_put_l2(ctx, &e, e.core.lifetime);
    }
}


static void
ngx_http_hc_fill_put_l2(ngx_http_hc_ctx_t *ctx, hc_entry_t *e, ngx_msec_t ttl)
{
    ngx_http_hc_fill_l2_tags(ctx, e);

    (void) ngx_hc_l2_put(&ctx->conf->l2->store, e, ttl, NULL, NULL);
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


/* Will it be found in L1, for a while? */

ngx_uint_t
ngx_http_hc_fill_lasts(ngx_http_hc_fill_t *fill)
{
    hc_entry_core_t  core;

    core.flags = fill->verdict.flags;
    core.status = (uint16_t) fill->status;

    return fill->verdict.lifetime > fill->verdict.age
           && ngx_http_hc_l1_for(fill->ctx->conf, &core) > 0;
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


/* Of the lifetime a part was cut off by the verdict's time; what ends sooner
 * than that does not end together either. */

uint64_t
ngx_http_hc_fresh_until(hc_entry_core_t *core, ngx_msec_t l1_for,
    ngx_uint_t jitter, uint64_t now)
{
    uint64_t  fresh_until;

    fresh_until = core->born_at + core->lifetime;

    if (l1_for == NGX_HTTP_HC_NO_CAP || now + l1_for >= fresh_until) {
        return fresh_until;
    }

    return now + l1_for - ngx_http_hc_refresh_jitter(l1_for, jitter);
}

/*
 * Is there an answer in this machine's memory?  State LOOKUP.
 *
 * The versions of the request's tags are read before anybody is asked: what
 * is then filled in carries them, and is refused if a write came meanwhile.
 */

#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_refresh.h"


static ngx_int_t ngx_http_hc_found_fresh(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, uint64_t now);
static ngx_int_t ngx_http_hc_found_stale(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, uint64_t now);
static ngx_uint_t ngx_http_hc_may_give(ngx_http_hc_ctx_t *ctx, int64_t age);
static ngx_int_t ngx_http_hc_take_ref(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, uint64_t now);
static hc_l1_rc_e ngx_http_hc_find_again(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, size_t window);
static ngx_uint_t ngx_http_hc_stale_l2(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);


ngx_int_t
ngx_http_hc_lookup(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    uint64_t  now;

    if (ctx->conf->bypass) {

        switch (ngx_http_test_predicates(r, ctx->conf->bypass)) {

        case NGX_ERROR:
            return NGX_HTTP_INTERNAL_SERVER_ERROR;

        case NGX_DECLINED:
            ctx->bypass = 1;
            ctx->status = NGX_HTTP_HC_STATUS_BYPASS;
            ctx->reason = HC_REASON_BYPASS;
            return ngx_http_hc_miss(r, ctx);
        }
    }

    now = ngx_current_msec;
    ctx->may_give = 0;

    switch (ngx_http_hc_find(ctx, now)) {

    case HC_L1_HIT:
        return ngx_http_hc_found_fresh(r, ctx, now);

    case HC_L1_STALE:
        return ngx_http_hc_found_stale(r, ctx, now);

    case HC_L1_INVALIDATED:
        ctx->reason = HC_REASON_INVALIDATED;
        break;

    default:
        break;
    }

    ctx->status = NGX_HTTP_HC_STATUS_MISS;

    return ngx_http_hc_miss(r, ctx);
}


/* One lookup, or two where the app sent Vary. */

hc_l1_rc_e
ngx_http_hc_find(ngx_http_hc_ctx_t *ctx, uint64_t now)
{
    ngx_int_t    rc;
    hc_l1_rc_e   found;
    hc_l1_t     *l1 = ctx->conf->zone->l1;

    ngx_http_hc_unselect(ctx);

    found = hc_l1_get(l1, &ctx->key, now, &ctx->ref);

    if ((found != HC_L1_HIT && found != HC_L1_STALE)
        || !(ctx->ref.entry.core.flags & HC_ENTRY_VARY))
    {
        return found;
    }

    rc = ngx_http_hc_select(ctx, &ctx->ref.entry);

    ngx_http_hc_unpin(ctx);

    return rc == NGX_OK ? hc_l1_get(l1, &ctx->key, now, &ctx->ref)
                        : HC_L1_MISS;
}


static ngx_int_t
ngx_http_hc_found_fresh(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    uint64_t now)
{
    int64_t      age;
    hc_entry_t  *e = &ctx->ref.entry;

    if (!ngx_http_hc_usable(r, ctx, e)) {
        ngx_http_hc_unpin(ctx);
        return ngx_http_hc_miss(r, ctx);
    }

    if (ctx->client && !ngx_http_hc_lease_brought(ctx, e)) {
        age = (int64_t) (now - e->core.born_at);

        if (ngx_http_hc_client_takes(ctx, e, age,
                                     (int64_t) (ctx->ref.fresh_until - now))
            == HC_CLIENT_REVALIDATE)
        {
            ctx->status = NGX_HTTP_HC_STATUS_EXPIRED;
            ctx->reason = HC_REASON_CLIENT;
            ctx->expired = 1;

            if (ctx->coalesced) {
                ctx->lease->alone = 1;     /* the next would not do either */
            }

            (void) ngx_http_hc_keep_stored(r, ctx, e);

            return ngx_http_hc_miss(r, ctx);
        }
    }

    if (ngx_http_hc_refreshes_ahead(ngx_http_hc_refresh_conf(r))) {
        ngx_http_hc_refresh_ahead(r, ctx, now);
    }

    ctx->status = NGX_HTTP_HC_STATUS_HIT;
    ctx->tier = NGX_HTTP_HC_TIER_L1;
    ctx->state = NGX_HTTP_HC_DELIVER;

    return ngx_http_hc_take_ref(r, ctx, now);
}


static ngx_int_t
ngx_http_hc_found_stale(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    uint64_t now)
{
    int64_t               age;
    hc_entry_t           *e = &ctx->ref.entry;
    hc_client_verdict_e   takes;

    ctx->status = NGX_HTTP_HC_STATUS_EXPIRED;

    if (!ngx_http_hc_usable(r, ctx, e)) {
        ngx_http_hc_unpin(ctx);
        return ngx_http_hc_miss(r, ctx);
    }

    age = (int64_t) (now - e->core.born_at);
    takes = HC_CLIENT_STALE;

    if (ctx->client) {
        takes = ngx_http_hc_client_takes(ctx, e, age,
                                         (int64_t) e->core.lifetime - age);
    }

    if (takes == HC_CLIENT_STALE_OK) {
        ctx->status = NGX_HTTP_HC_STATUS_STALE;
        ctx->tier = NGX_HTTP_HC_TIER_L1;
        ctx->state = NGX_HTTP_HC_DELIVER;

        return ngx_http_hc_take_ref(r, ctx, now);
    }

    ctx->may_give = takes != HC_CLIENT_REVALIDATE
                    && ngx_http_hc_may_give(ctx, age);

    if (ctx->may_give
        && ngx_http_hc_refresh_conf(r)->background
        && ngx_http_hc_refresh(r, ctx))
    {
        ctx->status = NGX_HTTP_HC_STATUS_UPDATING;
        ctx->tier = NGX_HTTP_HC_TIER_L1;
        ctx->state = NGX_HTTP_HC_DELIVER;

        return ngx_http_hc_take_ref(r, ctx, now);
    }

    ctx->expired = ngx_http_hc_in_window(e, e->core.error_for, age);

    (void) ngx_http_hc_keep_stored(r, ctx, e);

    return ngx_http_hc_miss(r, ctx);
}


/*
 * While somebody asks for it anew (RFC 5861, 3).  What is fresh but not
 * believed any more has to be asked for; what a snapshot held never was.
 */

static ngx_uint_t
ngx_http_hc_may_give(ngx_http_hc_ctx_t *ctx, int64_t age)
{
    hc_entry_t  *e = &ctx->ref.entry;

    if (age < (int64_t) e->core.lifetime) {
        return e->core.while_for
               && (ctx->ref.fresh_until == 0
                   || (ctx->conf->l2 == NULL
                       && ctx->conf->l1_ttl == NGX_HTTP_HC_NO_CAP));
    }

    return ngx_http_hc_in_window(e, e->core.while_for, age);
}


/* Is it that short a time past its lifetime? */

ngx_uint_t
ngx_http_hc_in_window(hc_entry_t *e, uint8_t window, int64_t age)
{
    int64_t  past;

    if (e->core.flags & HC_ENTRY_REVALIDATE) {
        return 0;
    }

    past = age - (int64_t) e->core.lifetime;

    return past < 0
           || past < (int64_t) hc_window_ms(window, e->core.stale_for);
}


/*
 * RFC 9111, 3.5: an answer that did not allow it is not reused for a request
 * that carries credentials of its own.
 */

ngx_uint_t
ngx_http_hc_usable(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    hc_entry_t *e)
{
    if (r->headers_in.authorization == NULL
        || (e->core.flags & HC_ENTRY_PUBLIC))
    {
        return 1;
    }

    ctx->status = NGX_HTTP_HC_STATUS_BYPASS;
    ctx->reason = HC_REASON_AUTHORIZATION;

    return 0;
}


/* A hit needs no tags of the request's own: its entry carries them. */

ngx_int_t
ngx_http_hc_miss(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_tag_t  *tags = ctx->tags;

    tags[HC_TAG_KEY].slot = ngx_http_hc_key_slot(ctx->key.key)
                            | ctx->conf->zone->cell;

    if (ngx_http_hc_target_slot(r, &tags[HC_TAG_TARGET].slot) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->mark = hc_version_mark(ngx_http_hc_versions(r));
    hc_tags_stamp(ngx_http_hc_versions(r), tags, HC_TAGS_OWN);

    ctx->state = NGX_HTTP_HC_LEASE;

    return NGX_HTTP_HC_NEXT;
}


/* The entry stays pinned until the request's pool goes, or is copied now. */

static ngx_int_t
ngx_http_hc_take_ref(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    uint64_t now)
{
    ctx->entry = &ctx->ref.entry;
    ctx->age = (int64_t) (now - ctx->entry->core.born_at);
    ctx->ttl = (int64_t) (ctx->ref.fresh_until - now);

    if (ctx->ref.copy) {
        ctx->entry = ngx_http_hc_copy_entry(r->pool, ctx->entry);
        ngx_http_hc_unpin(ctx);

        if (ctx->entry == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return NGX_HTTP_HC_NEXT;
}


/*
 * L1 once more, after the app has failed: what is there now, fresh or stale.
 * Not pinned all the while the app was asked, so a slow app pins nothing.
 */

ngx_int_t
ngx_http_hc_lookup_stale(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_l1_rc_e  rc;

    if (!ctx->keyed) {
        return NGX_DECLINED;
    }

    rc = ngx_http_hc_find_again(r, ctx,
                                offsetof(hc_entry_core_t, error_for));

    if (rc == HC_L1_MISS) {
        return ngx_http_hc_stale_l2(r, ctx) ? NGX_OK : NGX_DECLINED;
    }

    ctx->status = (rc == HC_L1_HIT) ? NGX_HTTP_HC_STATUS_HIT
                                    : NGX_HTTP_HC_STATUS_STALE;
    return NGX_OK;
}


/* The same while another request asks. */

ngx_int_t
ngx_http_hc_lookup_given(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_l1_rc_e  rc;

    rc = ngx_http_hc_find_again(r, ctx,
                                offsetof(hc_entry_core_t, while_for));

    if (rc == HC_L1_MISS) {
        return NGX_DECLINED;
    }

    ctx->status = (rc == HC_L1_HIT) ? NGX_HTTP_HC_STATUS_HIT
                                    : NGX_HTTP_HC_STATUS_UPDATING;
    return NGX_OK;
}


/* HIT, or STALE within the window, and to be delivered; else MISS. */

static hc_l1_rc_e
ngx_http_hc_find_again(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    size_t window)
{
    uint8_t      code;
    uint64_t     now = ngx_current_msec;
    hc_entry_t  *e = &ctx->ref.entry;
    hc_l1_rc_e   rc;

    ngx_http_hc_let_go(ctx);

    rc = hc_l1_get(ctx->conf->zone->l1, &ctx->key, now, &ctx->ref);

    if (rc != HC_L1_HIT && rc != HC_L1_STALE) {
        return HC_L1_MISS;
    }

    code = *((uint8_t *) &e->core + window);

    if (!ngx_http_hc_usable(r, ctx, e)
        || !ngx_http_hc_in_window(e, code, now - e->core.born_at)
        || (e->core.flags & HC_ENTRY_VARY)
        || ngx_http_hc_take_ref(r, ctx, now) != NGX_HTTP_HC_NEXT)
    {
        ngx_http_hc_unpin(ctx);
        return HC_L1_MISS;
    }

    ctx->tier = NGX_HTTP_HC_TIER_L1;

    return rc;
}


static ngx_uint_t
ngx_http_hc_stale_l2(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    int64_t      age;
    hc_entry_t  *e = ctx->l2_stale;

    if (e == NULL) {
        return 0;
    }

    age = (int64_t) (ngx_http_hc_epoch_ms() - e->core.born_at);

    if (!ngx_http_hc_in_window(e, e->core.error_for, age)
        || !ngx_http_hc_tags_current(ctx)
        || !ngx_http_hc_usable(r, ctx, e))
    {
        return 0;
    }

    ctx->entry = e;
    ctx->age = age;
    ctx->ttl = (int64_t) e->core.lifetime - age;
    ctx->tier = NGX_HTTP_HC_TIER_L2;
    ctx->status = NGX_HTTP_HC_STATUS_STALE;

    return 1;
}


hc_entry_t *
ngx_http_hc_copy_entry(ngx_pool_t *pool, hc_entry_t *e)
{
    u_char      *p;
    size_t       size;
    hc_entry_t  *entry;

    size = hc_entry_size(e);

    if (size == 0) {
        return NULL;
    }

    p = ngx_pnalloc(pool, size);
    entry = ngx_palloc(pool, sizeof(*entry));

    if (p == NULL || entry == NULL) {
        return NULL;
    }

    hc_entry_write(e, p);

    return hc_entry_read(entry, p, size) ? entry : NULL;
}

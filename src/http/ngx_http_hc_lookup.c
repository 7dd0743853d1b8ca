/*
 * Is there an answer nearby?  States LOOKUP (L1) and L2.
 *
 * The versions of the request's tags are read before anybody is asked: what
 * is then filled in carries them, and is refused if a write came meanwhile.
 */

#include "ngx_http_hc_priv.h"


static ngx_uint_t ngx_http_hc_usable(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static ngx_int_t ngx_http_hc_miss(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_take_ref(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, uint64_t now);
static void ngx_http_hc_l2_done(void *owner, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer);
static ngx_int_t ngx_http_hc_l2_hit(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static ngx_int_t ngx_http_hc_l2_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static int64_t ngx_http_hc_kept_for(hc_entry_t *e);
static hc_entry_t *ngx_http_hc_copy_entry(ngx_pool_t *pool, hc_entry_t *e);
static void ngx_http_hc_l2_to_l1(ngx_http_hc_ctx_t *ctx, hc_entry_t *e,
    int64_t age);


ngx_int_t
ngx_http_hc_lookup(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    uint64_t    now;
    hc_l1_rc_e  rc;

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
    rc = hc_l1_get(ctx->conf->zone->l1, &ctx->key, now, &ctx->ref);

    if (rc == HC_L1_HIT) {
        if (ngx_http_hc_usable(r, ctx, &ctx->ref.entry)) {
            ctx->status = NGX_HTTP_HC_STATUS_HIT;
            ctx->tier = NGX_HTTP_HC_TIER_L1;
            ctx->state = NGX_HTTP_HC_DELIVER;

            return ngx_http_hc_take_ref(r, ctx, now);
        }

        ngx_http_hc_unpin(ctx);
        return ngx_http_hc_miss(r, ctx);
    }

    ctx->status = NGX_HTTP_HC_STATUS_MISS;

    if (rc == HC_L1_STALE) {
        ctx->status = NGX_HTTP_HC_STATUS_EXPIRED;
        ctx->expired = ngx_http_hc_usable(r, ctx, &ctx->ref.entry);
        ngx_http_hc_unpin(ctx);

    } else if (rc == HC_L1_INVALIDATED) {
        ctx->reason = HC_REASON_INVALIDATED;
    }

    return ngx_http_hc_miss(r, ctx);
}


/*
 * RFC 9111, 3.5: an answer that did not allow it is not reused for a request
 * that carries credentials of its own.
 */

static ngx_uint_t
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

static ngx_int_t
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

    ctx->state = ctx->conf->l2 ? NGX_HTTP_HC_L2 : NGX_HTTP_HC_ORIGIN;

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
    int64_t     age;
    uint64_t    now;
    hc_l1_rc_e  rc;

    if (!ctx->keyed) {
        return NGX_DECLINED;
    }

    now = ngx_current_msec;
    rc = hc_l1_get(ctx->conf->zone->l1, &ctx->key, now, &ctx->ref);

    if (rc == HC_L1_HIT || rc == HC_L1_STALE) {
        if (ngx_http_hc_usable(r, ctx, &ctx->ref.entry)
            && ngx_http_hc_take_ref(r, ctx, now) == NGX_HTTP_HC_NEXT)
        {
            ctx->tier = NGX_HTTP_HC_TIER_L1;
            ctx->status = (rc == HC_L1_HIT) ? NGX_HTTP_HC_STATUS_HIT
                                            : NGX_HTTP_HC_STATUS_STALE;
            return NGX_OK;
        }

        ngx_http_hc_unpin(ctx);
        return NGX_DECLINED;
    }

    if (ctx->l2_stale == NULL) {
        return NGX_DECLINED;
    }

    age = (int64_t) (ngx_http_hc_epoch_ms() - ctx->l2_stale->core.born_at);

    if (age < ngx_http_hc_kept_for(ctx->l2_stale)
        && ngx_http_hc_tags_current(ctx)
        && ngx_http_hc_usable(r, ctx, ctx->l2_stale))
    {
        ctx->entry = ctx->l2_stale;
        ctx->age = age;
        ctx->ttl = (int64_t) ctx->entry->core.lifetime - ctx->age;
        ctx->tier = NGX_HTTP_HC_TIER_L2;
        ctx->status = NGX_HTTP_HC_STATUS_STALE;

        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_hc_l2(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_uint_t       i;
    ngx_hc_l2_key_t  key;

    if (ctx->l2_op) {
        return NGX_AGAIN;
    }

    key.key = ctx->key.key;
    key.variant = ctx->key.variant;
    key.ntags = HC_TAGS_OWN;

    for (i = 0; i < HC_TAGS_OWN; i++) {
        key.tags[i].slot = ctx->tags[i].slot & HC_SLOT_COUNTER;
    }

    ctx->l2_op = ngx_hc_l2_get(&ctx->conf->l2->store, &key,
                               ngx_http_hc_l2_done, ctx);

    if (ctx->l2_op == NULL) {
        ctx->state = NGX_HTTP_HC_ORIGIN;
        return NGX_HTTP_HC_NEXT;
    }

    return NGX_AGAIN;
}


static void
ngx_http_hc_l2_done(void *owner, ngx_hc_l2_rc_e rc, ngx_hc_l2_answer_t *answer)
{
    ngx_http_hc_ctx_t  *ctx = owner;

    ctx->l2_op = NULL;
    ctx->l2_asked = 1;
    ctx->l2_time = answer->time;
    ctx->state = NGX_HTTP_HC_ORIGIN;         /* a cache in trouble is a miss */

    if (answer->versions) {
        ngx_memcpy(ctx->l2_versions, answer->versions,
                   sizeof(ctx->l2_versions));
        ctx->l2_moves = answer->moves;
        ctx->l2_fenced = 1;
    }

    switch (rc) {

    case NGX_HC_L2_HIT:
        if (!ctx->bypass && ngx_http_hc_l2_hit(ctx, answer->entry) == NGX_OK) {
            ctx->state = NGX_HTTP_HC_DELIVER;
        }
        break;

    case NGX_HC_L2_BAD:
        ctx->reason = HC_REASON_L2_BAD_VALUE;
        break;

    case NGX_HC_L2_DOWN:
        ctx->reason = HC_REASON_L2_DOWN;
        break;

    case NGX_HC_L2_TIMEOUT:
        ctx->reason = HC_REASON_L2_TIMEOUT;
        break;

    default:
        break;
    }

    ngx_http_hc_resume(ctx->request);
}


static ngx_int_t
ngx_http_hc_l2_hit(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    int64_t              age;
    ngx_uint_t           kept;
    hc_entry_t          *entry;
    ngx_http_request_t  *r = ctx->request;

    if (!ngx_http_hc_usable(r, ctx, e)) {
        return NGX_DECLINED;
    }

    age = (int64_t) (ngx_http_hc_epoch_ms() - e->core.born_at);

    /* another node's clock may be ahead: then its answer is new, not old */

    age = ngx_max(age, 0);

    entry = ngx_http_hc_copy_entry(r->pool, e);
    if (entry == NULL) {
        return NGX_DECLINED;
    }

    kept = (ngx_http_hc_l2_tags(ctx, entry) == NGX_OK);

    if (age >= (int64_t) e->core.lifetime) {
        ctx->status = NGX_HTTP_HC_STATUS_EXPIRED;

        if (kept && age < ngx_http_hc_kept_for(e)) {
            ctx->l2_stale = entry;
        }

        return NGX_DECLINED;
    }

    if (kept) {
        ngx_http_hc_l2_to_l1(ctx, entry, age);
    }

    ctx->entry = entry;
    ctx->age = age;
    ctx->ttl = (int64_t) e->core.lifetime - age;
    ctx->status = NGX_HTTP_HC_STATUS_HIT;
    ctx->tier = NGX_HTTP_HC_TIER_L2;

    return NGX_OK;
}


/* Not OK: the answer is for this request only. */

static ngx_int_t
ngx_http_hc_l2_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    uint32_t    slots[HC_TAGS_NAMED_MAX];
    ngx_uint_t  i, n;

    n = e->core.ntags - HC_TAGS_OWN;

    for (i = 0; i < n; i++) {
        slots[i] = e->tags[HC_TAGS_OWN + i].slot | HC_SLOT_NAMED;
    }

    return ngx_http_hc_name_tags(ctx, slots, n);
}


/* ms of age at which it may not be given any more, fresh or stale */

static int64_t
ngx_http_hc_kept_for(hc_entry_t *e)
{
    return (int64_t) e->core.lifetime + e->core.stale_for;
}


static hc_entry_t *
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


/* The same entry, on the clock and with the versions of L1. */

static void
ngx_http_hc_l2_to_l1(ngx_http_hc_ctx_t *ctx, hc_entry_t *e, int64_t age)
{
    uint64_t    now;
    hc_entry_t  l1;
    ngx_msec_t  l1_for;

    l1_for = ngx_http_hc_l1_for(ctx->conf, &e->core);

    if (l1_for == 0) {
        return;
    }

    now = ngx_current_msec;

    l1 = *e;
    l1.core.born_at = now - (uint64_t) age;
    ngx_http_hc_entry_tags(ctx, &l1);

    (void) hc_l1_put(ctx->conf->zone->l1, &ctx->key, &l1,
                     ngx_http_hc_fresh_until(&l1.core, l1_for, now), now);
}

/*
 * Is there an answer in the tier all nodes share?  State L2.
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_refresh.h"


static void ngx_http_hc_l2_done(void *owner, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer);
static void ngx_http_hc_l2_found(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static void ngx_http_hc_l2_index(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static ngx_uint_t ngx_http_hc_l2_is_due(ngx_http_hc_ctx_t *ctx, hc_entry_t *e,
    int64_t age);
static ngx_int_t ngx_http_hc_l2_hit(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static void ngx_http_hc_l2_expired(ngx_http_hc_ctx_t *ctx, hc_entry_t *e,
    int64_t age);
static ngx_int_t ngx_http_hc_l2_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
static void ngx_http_hc_l2_to_l1(ngx_http_hc_ctx_t *ctx, hc_entry_t *e,
    int64_t age);


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
        if (!ctx->bypass) {
            ngx_http_hc_l2_found(ctx, answer->entry);
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


static void
ngx_http_hc_l2_found(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    if (e->core.flags & HC_ENTRY_VARY) {
        ngx_http_hc_l2_index(ctx, e);

    } else if (ngx_http_hc_l2_hit(ctx, e) == NGX_OK) {
        ctx->state = NGX_HTTP_HC_DELIVER;
        ngx_http_hc_lease_end(ctx, HC_FLIGHT_STORED);
    }
}


/* Another node knows by what the answers differ: L2 is asked again, for the
 * one that is this request's. */

static void
ngx_http_hc_l2_index(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    uint64_t    now = ngx_current_msec;
    hc_entry_t  index;

    if (ctx->varied) {
        return;
    }

    ngx_http_hc_index_entry(ctx, &index, e->body);
    index.core.born_at = now;

    (void) hc_l1_put(ctx->conf->zone->l1, &ctx->key, &index,
                     now + index.core.lifetime, now);

    if (ngx_http_hc_select(ctx, e) == NGX_OK) {
        ctx->state = NGX_HTTP_HC_L2;
    }
}


static ngx_int_t
ngx_http_hc_l2_hit(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    int64_t              age, ttl;
    hc_entry_t          *entry;
    ngx_http_request_t  *r = ctx->request;
    hc_client_verdict_e  verdict;

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

    ttl = (int64_t) e->core.lifetime - age;

    verdict = ctx->client ? ngx_http_hc_client_takes(ctx, e, age, ttl)
                          : HC_CLIENT_USE;

    if (ttl <= 0 && verdict != HC_CLIENT_STALE_OK) {
        ngx_http_hc_l2_expired(ctx, entry, age);
        return NGX_DECLINED;
    }

    if (verdict == HC_CLIENT_REVALIDATE) {
        ctx->status = NGX_HTTP_HC_STATUS_EXPIRED;
        ctx->reason = HC_REASON_CLIENT;

        (void) ngx_http_hc_keep_stored(r, ctx, entry);
        return NGX_DECLINED;
    }

    if (ngx_http_hc_l2_is_due(ctx, e, age)) {
        (void) ngx_http_hc_keep_stored(r, ctx, entry);
        return NGX_DECLINED;
    }

    ngx_http_hc_let_go(ctx);

    if (ngx_http_hc_l2_tags(ctx, entry) == NGX_OK) {
        ngx_http_hc_l2_to_l1(ctx, entry, age);
    }

    ctx->entry = entry;
    ctx->age = age;
    ctx->ttl = ttl;
    ctx->status = ttl > 0 ? NGX_HTTP_HC_STATUS_HIT : NGX_HTTP_HC_STATUS_STALE;
    ctx->tier = NGX_HTTP_HC_TIER_L2;

    return NGX_OK;
}


/* What is asked for ahead of its end in L1 is near it in L2 as well, unless
 * another node was faster. */

static ngx_uint_t
ngx_http_hc_l2_is_due(ngx_http_hc_ctx_t *ctx, hc_entry_t *e, int64_t age)
{
    ngx_http_request_t  *r = ctx->request;

    return r == r->main
           && ngx_http_hc_is_detached(r)
           && ngx_http_hc_refresh_due(ngx_http_hc_refresh_conf(r),
                                      e->core.lifetime,
                                      (int64_t) e->core.lifetime - age);
}


/* It may still be confirmed by the app, or stand in for it. */

static void
ngx_http_hc_l2_expired(ngx_http_hc_ctx_t *ctx, hc_entry_t *e, int64_t age)
{
    ctx->status = NGX_HTTP_HC_STATUS_EXPIRED;

    if (ngx_http_hc_l2_tags(ctx, e) != NGX_OK
        || age >= (int64_t) e->core.lifetime + e->core.stale_for)
    {
        return;
    }

    if (ctx->stored == NULL) {
        (void) ngx_http_hc_keep_stored(ctx->request, ctx, e);
    }

    if (ngx_http_hc_in_window(e, e->core.error_for, age)) {
        ctx->l2_stale = e;
    }
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
                     ngx_http_hc_fresh_until(&l1.core, l1_for,
                         ngx_http_hc_refresh_conf(ctx->request)->jitter, now),
                     now);
}

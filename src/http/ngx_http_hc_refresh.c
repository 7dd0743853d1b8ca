/*
 * Background update (RFC 5861, 3): what has expired is given at once, and a
 * request without a client asks for it anew.
 *
 * It has to come to the same location under the same key and variant, by
 * itself; captures and variables may say otherwise a second time, and then
 * what it is answered is not what was asked for.
 */

#include "ngx_http_hc_refresh.h"


/* How long the app may take until another asks it, too. */

#define NGX_HTTP_HC_REFRESH_DEADLINE  60000               /* ms */

#define NGX_HTTP_HC_REFRESH_REMEMBER  10000               /* ms */


/* One that is under way; from the pool of the request that asks. */

typedef struct {
    ngx_hc_flight_t    *flight;
    hc_flight_lease_t   lease;
    uint32_t            group;
} ngx_http_hc_refresh_t;


static ngx_uint_t ngx_http_hc_refresh_in_vain(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
static ngx_int_t ngx_http_hc_refresh_detach(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_http_hc_refresh_t *from);
static void ngx_http_hc_refresh_place(ngx_http_request_t *dr,
    ngx_http_hc_ctx_t *ctx);
static void ngx_http_hc_refresh_done(void *data, ngx_int_t rc,
    ngx_uint_t status);
static ngx_uint_t ngx_http_hc_refresh_same(hc_str_t a, hc_str_t b);


ngx_uint_t
ngx_http_hc_refresh(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_flight_id_t               id;
    hc_flight_options_t          o;
    ngx_http_hc_refresh_t        refresh;
    ngx_http_hc_refresh_conf_t  *conf = ngx_http_hc_refresh_conf(r);

    refresh.flight = ngx_http_hc_flight(r);
    refresh.group = conf->group;

    if (refresh.flight == NULL || ngx_http_hc_refresh_in_vain(r, ctx)) {
        return 0;
    }

    ngx_memzero(&o, sizeof(o));

    o.deadline_ms = NGX_HTTP_HC_REFRESH_DEADLINE;
    o.refresh = 1;
    o.looked = 1;

    id = ngx_hc_flight_id(refresh.flight, ctx->key.key, ctx->key.variant,
                          ctx->conf->zone->cell);

    switch (ngx_hc_flight_begin(refresh.flight, &id, &o, &refresh.lease)) {

    case HC_FLIGHT_LEADER:
        break;

    case HC_FLIGHT_BUSY:
    case HC_FLIGHT_BACKOFF:
        return 1;

    default:
        return 0;
    }

    if (ngx_hc_flight_count(refresh.flight, refresh.group, 1) <= conf->max
        && ngx_http_hc_refresh_detach(r, ctx, &refresh) == NGX_OK)
    {
        return 1;
    }

    (void) ngx_hc_flight_count(refresh.flight, refresh.group, -1);

    ngx_hc_flight_end(refresh.flight, &refresh.lease, HC_FLIGHT_GONE, 0);

    return 1;
}


/* With a cookie the app would have to state a lifetime, and did not: what it
 * says is for this client, who asks himself.  Others can do better. */

static ngx_uint_t
ngx_http_hc_refresh_in_vain(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    return ctx->conf->cookies == NGX_HTTP_HC_COOKIES_PASS
           && (ctx->ref.entry.core.flags & HC_ENTRY_CONF_TTL)
           && ngx_hc_has_cookie(r);
}


void
ngx_http_hc_refresh_ahead(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    uint64_t now)
{
    uint64_t          all;
    hc_entry_core_t  *core = &ctx->ref.entry.core;

    all = ngx_http_hc_l1_for(ctx->conf, core);
    all = ngx_min(all, core->lifetime);

    if (ngx_http_hc_refresh_due(ngx_http_hc_refresh_conf(r), all,
                                (int64_t) (ctx->ref.fresh_until - now)))
    {
        (void) ngx_http_hc_refresh(r, ctx);
    }
}


static ngx_int_t
ngx_http_hc_refresh_detach(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_refresh_t *from)
{
    ngx_http_request_t      *dr;
    ngx_http_hc_refresh_t   *refresh;

    dr = ngx_http_hc_detached_create(r, ngx_http_hc_refresh_done, NULL);

    if (dr == NULL) {
        return NGX_ERROR;
    }

    ngx_http_hc_detached_run(dr);

    refresh = ngx_palloc(dr->pool, sizeof(*refresh));
    if (refresh == NULL) {
        return NGX_ERROR;              /* it will end, and find no place */
    }

    *refresh = *from;
    ngx_http_hc_detached_of(dr)->data = refresh;

    ngx_http_hc_refresh_place(dr, ctx);

    return NGX_OK;
}


/* Without memory it has no key, and will end where keys differ. */

static void
ngx_http_hc_refresh_place(ngx_http_request_t *dr, ngx_http_hc_ctx_t *ctx)
{
    ngx_str_t                key, variant, from;
    ngx_http_hc_detached_t  *d;

    d = ngx_http_hc_detached_of(dr);
    d->place = ctx->conf;

    from = ngx_hc_ngx_str(ctx->key.key);

    if (ngx_http_hc_copy_str(dr->pool, &key, &from) != NGX_OK) {
        return;
    }

    d->key.key = ngx_hc_str(&key);

    from = ngx_hc_ngx_str(ctx->base);

    if (ngx_http_hc_copy_str(dr->pool, &variant, &from) == NGX_OK) {
        d->key.variant = ngx_hc_str(&variant);
    }
}


/* Also when it never got as far: the app, or whoever refused it, was asked by
 * nobody, and the next client has to ask itself. */

static void
ngx_http_hc_refresh_done(void *data, ngx_int_t rc, ngx_uint_t status)
{
    hc_flight_outcome_e     outcome;
    ngx_http_hc_refresh_t  *refresh = data;

    if (refresh == NULL) {
        return;
    }

    outcome = (rc == NGX_OK) ? HC_FLIGHT_STORED
              : (rc == NGX_ERROR) ? HC_FLIGHT_FAILED : HC_FLIGHT_REFUSED;

    (void) ngx_hc_flight_count(refresh->flight, refresh->group, -1);

    ngx_hc_flight_end(refresh->flight, &refresh->lease, outcome,
                      NGX_HTTP_HC_REFRESH_REMEMBER);
}


/*
 * START.  Locations on the way there are passed: what redirects inside nginx
 * redirects again.
 */

ngx_int_t
ngx_http_hc_refresh_start(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    hc_reason_e              reason;
    ngx_http_hc_detached_t  *d;

    d = ngx_http_hc_detached_of(r);

    if (ctx->conf->zone == NULL || (d->place && d->place != ctx->conf)) {
        ctx->state = NGX_HTTP_HC_PASS;
        return NGX_HTTP_HC_NEXT;
    }

    reason = ngx_http_hc_ctx_key(r, ctx);

    if (reason != HC_REASON_NONE
        || (d->place
            && !(ngx_http_hc_refresh_same(ctx->key.key, d->key.key)
                 && ngx_http_hc_refresh_same(ctx->key.variant,
                                             d->key.variant))))
    {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "hc: a background request has another key than the "
                      "request it was made for");
        return NGX_ERROR;
    }

    d->rc = NGX_ERROR;

    ctx->tier = NGX_HTTP_HC_TIER_ORIGIN;
    ctx->status = NGX_HTTP_HC_STATUS_EXPIRED;
    ctx->may_store = 1;

    if (ngx_http_hc_coding(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (ngx_http_hc_find(ctx, ngx_current_msec)) {

    case HC_L1_HIT:
    case HC_L1_STALE:
        (void) ngx_http_hc_keep_stored(r, ctx, &ctx->ref.entry);
        break;

    default:
        break;
    }

    return ngx_http_hc_miss(r, ctx);
}


static ngx_uint_t
ngx_http_hc_refresh_same(hc_str_t a, hc_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


/* Its answer has begun.  What L2 had is in L1 by now; what may neither be
 * stored nor replaced by what is there is for clients to see. */

void
ngx_http_hc_refresh_header(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_http_hc_detached_t  *d;

    if (r != r->main) {
        return;
    }

    d = ngx_http_hc_detached_of(r);
    d->status = r->headers_out.status;

    if (ctx == NULL || d->rc != NGX_ERROR) {
        return;
    }

    if (ctx->entry) {
        d->rc = NGX_OK;

    } else if (ctx->fill == NULL
               && !(ngx_http_hc_failure(r, ctx) & ctx->conf->use_stale))
    {
        d->rc = NGX_DECLINED;
    }
}

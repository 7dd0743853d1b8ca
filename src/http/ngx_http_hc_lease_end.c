/*
 * What the one who leads tells those who wait, and what is remembered of a key
 * whose answers may not be shared: nobody waits for it for a while.
 */

#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_fill.h"


#define NGX_HTTP_HC_REMEMBER  5000             /* ms */


static hc_flight_id_t ngx_http_hc_lease_cookie_id(ngx_http_hc_ctx_t *ctx,
    ngx_hc_flight_t *flight);
static void ngx_http_hc_lease_remember_cookie(ngx_http_hc_ctx_t *ctx);


/*
 * An answer was not stored because its request has a Cookie: that holds for
 * all that have one, and nothing else is to be remembered of the key.  So it
 * is, under an id of their own.
 */

static hc_flight_id_t
ngx_http_hc_lease_cookie_id(ngx_http_hc_ctx_t *ctx, ngx_hc_flight_t *flight)
{
    return ngx_hc_flight_id(flight, ctx->key.key, ctx->key.variant,
                            ~ctx->conf->zone->cell);
}


ngx_uint_t
ngx_http_hc_lease_known_cookie(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_lease_t *l)
{
    hc_flight_id_t  id;

    if (ctx->conf->cookies == NGX_HTTP_HC_COOKIES_IGNORE
        || !ngx_hc_has_cookie(r))
    {
        return 0;
    }

    id = ngx_http_hc_lease_cookie_id(ctx, l->flight);

    return ngx_hc_flight_is_refused(l->flight, &id);
}


static void
ngx_http_hc_lease_remember_cookie(ngx_http_hc_ctx_t *ctx)
{
    hc_flight_id_t        id;
    hc_flight_lease_t     lease;
    hc_flight_options_t   o;
    ngx_http_hc_lease_t  *l = ctx->lease;

    if (l == NULL || !l->leads) {
        return;
    }

    ngx_memzero(&o, sizeof(o));

    o.looked = 1;
    o.deadline_ms = NGX_HTTP_HC_REMEMBER;

    id = ngx_http_hc_lease_cookie_id(ctx, l->flight);

    if (ngx_hc_flight_begin(l->flight, &id, &o, &lease) == HC_FLIGHT_LEADER) {
        ngx_hc_flight_end(l->flight, &lease, HC_FLIGHT_REFUSED,
                          NGX_HTTP_HC_REMEMBER);
    }
}


void
ngx_http_hc_lease_end(ngx_http_hc_ctx_t *ctx, hc_flight_outcome_e outcome)
{
    ngx_http_hc_lease_t  *l = ctx->lease;

    if (l && l->leads) {
        if (ctx->fill && outcome != HC_FLIGHT_STORED) {
            ngx_http_hc_fill_tell(ctx->fill);
        }

        l->leads = 0;
        ngx_hc_flight_end(l->flight, &l->lease, outcome, NGX_HTTP_HC_REMEMBER);
    }
}


/* For the key's sake or the request's, or because something went wrong? */

void
ngx_http_hc_lease_refused(ngx_http_hc_ctx_t *ctx, hc_reason_e reason)
{
    switch (reason) {

    case HC_REASON_COOKIE:
        ngx_http_hc_lease_remember_cookie(ctx);

        /* fall through */

    case HC_REASON_AUTHORIZATION:
    case HC_REASON_NO_CACHE:
    case HC_REASON_FENCED:
    case HC_REASON_MIN_USES:
        ngx_http_hc_lease_end(ctx, HC_FLIGHT_GONE);
        break;

    case HC_REASON_INCOMPLETE:
    case HC_REASON_NO_MEMORY:
        ngx_http_hc_lease_end(ctx, HC_FLIGHT_FAILED);
        break;

    default:
        ngx_http_hc_lease_end(ctx, HC_FLIGHT_REFUSED);
    }
}


/*
 * Has it come since the request began to wait?  Then it is as good as if it had
 * asked itself, whatever it wants of what is in store.
 */

ngx_uint_t
ngx_http_hc_lease_brought(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    return ctx->coalesced && e->core.born_at >= ctx->lease->since;
}


/* What has to be confirmed each time is of no use to those who wait.  Those
 * who read it as it came have a whole answer, stored or not. */

void
ngx_http_hc_lease_filled(ngx_http_hc_ctx_t *ctx, hc_reason_e reason)
{
    if (reason != HC_REASON_NONE
        && !(ctx->fill->offered && reason != HC_REASON_INCOMPLETE))
    {
        ngx_http_hc_lease_refused(ctx, reason);
        return;
    }

    ngx_http_hc_lease_end(ctx, ngx_http_hc_fill_lasts(ctx->fill)
                               ? HC_FLIGHT_STORED : HC_FLIGHT_REFUSED);
}


void
ngx_http_hc_lease_close(ngx_http_hc_ctx_t *ctx)
{
    ngx_http_hc_lease_t  *l = ctx->lease;

    if (l == NULL) {
        return;
    }

    ngx_http_hc_lease_end(ctx, HC_FLIGHT_FAILED);
    ngx_hc_flight_forget(&l->wait);

    if (l->stream) {
        ngx_http_hc_stream_close(l->stream);
    }
}

/*
 * A fill that others read while it goes on: its body lies in L1 from its first
 * byte.
 *
 *   hold      at the response header: room for the whole body, which the
 *             fill writes into in place of memory of its own
 *   offer     once the client's own header is on its way
 *   progress  told with every 64 KB or sixteenth of the body, and what is left
 *             of that when nothing has come for a moment
 *   publish   in place of a put
 *
 * Without room the fill is one as any other.
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_lease.h"
#include "ngx_http_hc_rules.h"


#define NGX_HTTP_HC_TELL_STEP   65536          /* bytes */
#define NGX_HTTP_HC_TELL_PARTS  16
#define NGX_HTTP_HC_TELL_AFTER  5              /* ms */


static ngx_uint_t ngx_http_hc_fill_is_for_all(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_renew(ngx_http_hc_fill_t *fill,
    ngx_http_hc_lease_t *l);
static ngx_msec_t ngx_http_hc_fill_patience(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_tell_handler(ngx_event_t *ev);
static void ngx_http_hc_fill_keep(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_untell(ngx_http_hc_fill_t *fill);


/* DECLINED: it is not for others to read meanwhile, or there is no room. */

ngx_int_t
ngx_http_hc_fill_hold(ngx_http_hc_fill_t *fill)
{
    hc_entry_t          e;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    if (!ngx_http_hc_fill_is_for_all(fill)) {
        return NGX_DECLINED;
    }

    ngx_http_hc_fill_entry(fill, &e);
    e.body = hc_str(NULL, (size_t) fill->expected);

    if (hc_l1_reserve(ctx->conf->zone->l1, &ctx->key, &e, ngx_current_msec,
                      &fill->hold)
        != HC_L1_OK)
    {
        return NGX_DECLINED;
    }

    fill->held = 1;
    fill->body = fill->hold.body;
    fill->room = fill->hold.len;

    return NGX_OK;
}


/* Those who wait did so for the key; what Vary adds to it they may not share.
 * An entity tag of our own is known at the end only. */

static ngx_uint_t
ngx_http_hc_fill_is_for_all(ngx_http_hc_fill_t *fill)
{
    hc_entry_t                e;
    ngx_http_hc_ctx_t        *ctx = fill->ctx;
    ngx_http_hc_lock_conf_t  *conf = ngx_http_hc_lock_conf(fill->request);

    if (ctx->lease == NULL || !ctx->lease->leads
        || conf->stream_from == 0
        || (uint64_t) fill->expected < conf->stream_from
        || fill->vary.n != 0
        || ngx_http_hc_rules(fill->request)->etag
        || !ngx_http_hc_fill_lasts(fill))
    {
        return 0;
    }

    ngx_http_hc_fill_entry(fill, &e);

    return ngx_http_hc_l1_for(ctx->conf, &e.core) != 0;
}


void
ngx_http_hc_fill_offer(ngx_http_hc_fill_t *fill)
{
    ngx_http_hc_lease_t  *l = fill->ctx->lease;

    if (!fill->held || !l->leads) {
        return;
    }

    ngx_http_hc_fill_renew(fill, l);

    if (ngx_hc_flight_offer(l->flight, &l->lease, fill->hold.item,
                            fill->hold.len)
        == 0)
    {
        fill->offered = 1;
    }
}


/* Some of the body has come. */

void
ngx_http_hc_fill_progress(ngx_http_hc_fill_t *fill)
{
    size_t                n, step;
    ngx_http_hc_lease_t  *l = fill->ctx->lease;

    if (l == NULL || !l->leads) {
        return;
    }

    if (ngx_current_msec - fill->renewed
        >= ngx_http_hc_lock_conf(fill->request)->timeout / 4)
    {
        ngx_http_hc_fill_renew(fill, l);
    }

    n = fill->size - fill->told;

    if (!fill->offered || n == 0) {
        return;
    }

    step = ngx_max(NGX_HTTP_HC_TELL_STEP,
                   fill->hold.len / NGX_HTTP_HC_TELL_PARTS);

    if (n >= step) {
        ngx_http_hc_fill_tell(fill);

    } else if (!fill->event.timer_set) {
        fill->event.handler = ngx_http_hc_fill_tell_handler;
        fill->event.data = fill;
        fill->event.log = ngx_cycle->log;

        ngx_add_timer(&fill->event, NGX_HTTP_HC_TELL_AFTER);
    }
}


/* A slow app keeps its lease while it sends. */

static void
ngx_http_hc_fill_renew(ngx_http_hc_fill_t *fill, ngx_http_hc_lease_t *l)
{
    fill->renewed = ngx_current_msec;

    (void) ngx_hc_flight_renew(l->flight, &l->lease,
                               ngx_http_hc_fill_patience(fill));
}


/* Those who read have begun to answer: not the lease's time ends that, but
 * what nginx allows the app, or the leader's client, to be silent. */

static ngx_msec_t
ngx_http_hc_fill_patience(ngx_http_hc_fill_t *fill)
{
    ngx_msec_t                 patience;
    ngx_http_request_t        *r = fill->request;
    ngx_http_core_loc_conf_t  *clcf;

    patience = ngx_http_hc_lock_conf(r)->timeout;

    if (!fill->held) {
        return patience;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    patience += clcf->send_timeout;

    if (r->upstream && r->upstream->conf) {
        patience += r->upstream->conf->read_timeout;
    }

    return patience;
}


/* All that is there; the last word is heard even if the lease ends with it. */

void
ngx_http_hc_fill_tell(ngx_http_hc_fill_t *fill)
{
    ngx_http_hc_lease_t  *l = fill->ctx->lease;

    ngx_http_hc_fill_untell(fill);

    if (!fill->offered || !l->leads || fill->told == fill->size) {
        return;
    }

    fill->told = fill->size;

    (void) ngx_hc_flight_progress(l->flight, &l->lease, fill->size);
}


static void
ngx_http_hc_fill_tell_handler(ngx_event_t *ev)
{
    ngx_http_hc_fill_tell(ev->data);
}


/* The app has ended.  Where it was cut the client may still be slow to take
 * what is there; others are told now, and the room is free. */

void
ngx_http_hc_fill_ended(ngx_http_hc_ctx_t *ctx)
{
    if (ctx->fill && ctx->fill->held) {
        ngx_http_hc_lease_end(ctx, HC_FLIGHT_FAILED);
        ngx_http_hc_fill_abandon(ctx, HC_REASON_INCOMPLETE);
    }
}


/* The body outlives this for L2 and a file, whatever it returns. */

hc_l1_rc_e
ngx_http_hc_fill_publish(ngx_http_hc_fill_t *fill, uint64_t fresh_until,
    uint64_t now)
{
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    ngx_http_hc_fill_untell(fill);
    ngx_http_hc_fill_keep(fill);

    fill->held = 0;

    return hc_l1_publish(ctx->conf->zone->l1, &fill->hold, &ctx->key,
                         fresh_until, now);
}


/* Pinned; copied when too much is. */

static void
ngx_http_hc_fill_keep(ngx_http_hc_fill_t *fill)
{
    u_char             *p;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    if (hc_l1_attach(ctx->conf->zone->l1, fill->hold.item, &ctx->key,
                     &fill->kept)
        == HC_L1_OK)
    {
        return;
    }

    p = ngx_pnalloc(fill->request->pool, fill->size);

    if (p) {
        ngx_memcpy(p, fill->body, fill->size);

    } else {
        fill->committed = 0;
    }

    fill->body = p;
}


/* Nothing of it is used after this. */

void
ngx_http_hc_fill_drop(ngx_http_hc_fill_t *fill)
{
    hc_l1_t  *l1 = fill->ctx->conf->zone->l1;

    ngx_http_hc_fill_untell(fill);

    if (fill->held) {
        fill->held = 0;
        fill->body = NULL;
        hc_l1_abandon(l1, &fill->hold);
    }

    hc_l1_unpin(l1, &fill->kept);
}


static void
ngx_http_hc_fill_untell(ngx_http_hc_fill_t *fill)
{
    if (fill->event.timer_set) {
        ngx_del_timer(&fill->event);
    }
}

/*
 * Answers that the app chose by fields of the request (RFC 9111, 4.1).
 *
 *   key, variant                 index: names of the fields, known variants
 *   key, variant "\nv" ...       an answer, under what the fields said
 *
 * Fields are those the client sent.  Accept-Encoding counts as the app was sent
 * it: not at all, unless hc_cache_accept_encoding offers codings.
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_rules.h"
#include "../policy/hc_encoding.h"
#include "../policy/hc_variants.h"


#define NGX_HTTP_HC_INDEX_ROOM  65536          /* bytes */
#define NGX_HTTP_HC_INDEX_LIFE  (24 * 60 * 60 * 1000)       /* ms */


static size_t ngx_http_hc_vary_lines(void *data, hc_str_t name,
    hc_str_t *lines, size_t max);
static void ngx_http_hc_vary_said(ngx_http_hc_fill_t *fill);
static ngx_int_t ngx_http_hc_vary_key(ngx_http_hc_ctx_t *ctx,
    const hc_vary_t *v);
static ngx_uint_t ngx_http_hc_index_get(ngx_http_hc_ctx_t *ctx,
    hc_l1_key_t *key, hc_l1_ref_t *ref);
static ngx_int_t ngx_http_hc_index_write(ngx_http_hc_fill_t *fill,
    hc_l1_key_t *key, hc_str_t body);
static void ngx_http_hc_index_drop(ngx_http_hc_ctx_t *ctx,
    hc_variants_t *dropped);


static const hc_str_t  ngx_http_hc_accept_encoding =
    hc_string("accept-encoding");


/* What is asked of the app: of the codings offered those the client takes. */

ngx_int_t
ngx_http_hc_coding(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    size_t        n;
    u_char       *p;
    hc_str_t      lines[HC_VARY_LINES_MAX];
    ngx_array_t  *codings = ngx_http_hc_rules(r)->codings;

    if (codings == NULL) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, hc_encoding_room(codings->elts, codings->nelts));
    if (p == NULL) {
        return NGX_ERROR;
    }

    n = ngx_http_hc_request_lines(r, ngx_http_hc_accept_encoding, lines,
                                  HC_VARY_LINES_MAX);

    ctx->coding = hc_str(p, hc_encoding_choose(lines,
                                               ngx_min(n, HC_VARY_LINES_MAX),
                                               codings->elts, codings->nelts,
                                               p));
    return NGX_OK;
}


/* An index was found: the key becomes that of the request's own variant.
 * DECLINED: it can have none. */

ngx_int_t
ngx_http_hc_select(ngx_http_hc_ctx_t *ctx, hc_entry_t *index)
{
    hc_vary_t  v;

    if (!hc_variants_names(index->body, &v)) {
        return NGX_DECLINED;
    }

    ctx->selected = 1;

    return ngx_http_hc_vary_key(ctx, &v);
}


void
ngx_http_hc_unselect(ngx_http_hc_ctx_t *ctx)
{
    if (ctx->varied) {
        ctx->varied = 0;
        ctx->key.variant = ctx->base;
        hc_l1_hash(ctx->conf->zone->l1, &ctx->key);
    }
}


static ngx_int_t
ngx_http_hc_vary_key(ngx_http_hc_ctx_t *ctx, const hc_vary_t *v)
{
    int     n;
    u_char  text[HC_ENTRY_VARIANT_MAX], *p;

    ngx_http_hc_unselect(ctx);

    n = hc_vary_secondary(v, ngx_http_hc_vary_lines, ctx, text,
                          sizeof(text) - ctx->base.len);
    if (n <= 0) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(ctx->request->pool, ctx->base.len + n);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->key.variant = hc_str(p, ctx->base.len + n);
    ctx->varied = 1;

    if (ctx->base.len) {
        p = ngx_cpymem(p, ctx->base.data, ctx->base.len);
    }

    ngx_memcpy(p, text, n);

    hc_l1_hash(ctx->conf->zone->l1, &ctx->key);

    return NGX_OK;
}


static size_t
ngx_http_hc_vary_lines(void *data, hc_str_t name, hc_str_t *lines, size_t max)
{
    ngx_http_hc_ctx_t  *ctx = data;

    if (hc_str_eq(name, ngx_http_hc_accept_encoding)) {

        if (ctx->coding.len && max) {
            lines[0] = ctx->coding;
        }

        return ctx->coding.len != 0;
    }

    return ngx_http_hc_request_lines(ctx->request, name, lines, max);
}


size_t
ngx_http_hc_request_lines(ngx_http_request_t *r, hc_str_t name,
    hc_str_t *lines, size_t max)
{
    size_t            n;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash == 0
                || h[i].key.len != name.len
                || ngx_strncasecmp(h[i].key.data, (u_char *) name.data,
                                   name.len) != 0)
            {
                continue;
            }

            if (n < max) {
                lines[n] = ngx_hc_str(&h[i].value);
            }

            n++;
        }
    }

    return n;
}


static void
ngx_http_hc_vary_said(ngx_http_hc_fill_t *fill)
{
    ngx_uint_t  i;

    hc_vary_init(&fill->vary);

    if (ngx_http_hc_rules(fill->request)->ignore & HC_IGNORE_VARY) {
        return;
    }

    for (i = 0; i < fill->response.nvary; i++) {
        hc_vary_add(&fill->vary, fill->response.vary[i]);
    }
}


/*
 * At the response header: by what is the answer told apart?  By what it says,
 * and by what other answers of its key said.
 */

hc_reason_e
ngx_http_hc_fill_vary(ngx_http_hc_fill_t *fill)
{
    hc_l1_key_t                key;
    hc_l1_ref_t                ref;
    ngx_http_hc_ctx_t         *ctx = fill->ctx;
    ngx_http_hc_rules_conf_t  *rules = ngx_http_hc_rules(fill->request);

    ngx_http_hc_vary_said(fill);

    if (rules->codings == NULL) {

        /* the app was sent none, whoever asked */

        hc_vary_drop(&fill->vary, ngx_http_hc_accept_encoding);

    } else if (fill->response.encoded) {
        hc_vary_add(&fill->vary, ngx_http_hc_accept_encoding);
    }

    if ((ctx->varied || fill->vary.n)
        && ngx_http_hc_index_get(ctx, &key, &ref))
    {
        hc_variants_join(ref.entry.body, &fill->vary);
        hc_l1_unpin(ctx->conf->zone->l1, &ref);
    }

    if (fill->vary.any) {
        return HC_REASON_VARY;
    }

    if (fill->vary.n == 0) {
        ngx_http_hc_unselect(ctx);
        return HC_REASON_NONE;
    }

    return ngx_http_hc_vary_key(ctx, &fill->vary) == NGX_OK
           && !ngx_http_hc_sent_otherwise(ctx, &fill->vary)
           ? HC_REASON_NONE : HC_REASON_VARY;
}


static ngx_uint_t
ngx_http_hc_index_get(ngx_http_hc_ctx_t *ctx, hc_l1_key_t *key,
    hc_l1_ref_t *ref)
{
    hc_l1_t  *l1 = ctx->conf->zone->l1;

    *key = ctx->key;
    key->variant = ctx->base;
    hc_l1_hash(l1, key);

    switch (hc_l1_get(l1, key, ngx_current_msec, ref)) {

    case HC_L1_HIT:
    case HC_L1_STALE:

        if (ref->entry.core.flags & HC_ENTRY_VARY) {
            return 1;
        }

        hc_l1_unpin(l1, ref);
        return 0;

    default:
        return 0;
    }
}


/* Behind the answer: its variant comes first in the index, and what falls out
 * at the end is forgotten.  L2 is given the index later. */

void
ngx_http_hc_fill_index(ngx_http_hc_fill_t *fill)
{
    size_t              n, room;
    u_char             *p;
    hc_str_t            body, secondary;
    hc_l1_key_t         key;
    hc_l1_ref_t         ref;
    ngx_uint_t          found;
    hc_variants_t       dropped;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    if (fill->vary.n == 0) {
        return;
    }

    found = ngx_http_hc_index_get(ctx, &key, &ref);
    body = found ? ref.entry.body : hc_str(NULL, 0);

    secondary = hc_str(ctx->key.variant.data + ctx->base.len,
                       ctx->key.variant.len - ctx->base.len);

    room = ngx_min(body.len + HC_VARIANTS_ROOM(secondary.len),
                   NGX_HTTP_HC_INDEX_ROOM);

    p = ngx_pnalloc(fill->request->pool, room);

    if (p) {
        n = hc_variants_put(body, &fill->vary, secondary, p, room, &dropped);

        if (n && ngx_http_hc_index_write(fill, &key, hc_str(p, n)) == NGX_OK) {
            ngx_http_hc_index_drop(ctx, &dropped);
            fill->index = hc_str(p, n);
        }
    }

    if (found) {
        hc_l1_unpin(ctx->conf->zone->l1, &ref);
    }
}


static ngx_int_t
ngx_http_hc_index_write(ngx_http_hc_fill_t *fill, hc_l1_key_t *key,
    hc_str_t body)
{
    uint64_t            now = ngx_current_msec;
    hc_entry_t          e;
    ngx_http_hc_ctx_t  *ctx = fill->ctx;

    ngx_http_hc_index_entry(ctx, &e, body);

    e.core.born_at = now;

    return hc_l1_put(ctx->conf->zone->l1, key, &e,
                     now + NGX_HTTP_HC_INDEX_LIFE, now) == HC_L1_OK
           ? NGX_OK : NGX_DECLINED;
}


/* Without born_at, and with the versions of L1. */

void
ngx_http_hc_index_entry(ngx_http_hc_ctx_t *ctx, hc_entry_t *e, hc_str_t body)
{
    ngx_memzero(e, sizeof(*e));

    e->core.lifetime = NGX_HTTP_HC_INDEX_LIFE;
    e->core.status = NGX_HTTP_OK;
    e->core.flags = HC_ENTRY_VARY;
    e->core.ntags = HC_TAGS_OWN;

    ngx_memcpy(e->tags, ctx->tags, sizeof(ctx->tags));

    e->key = ctx->key.key;
    e->variant = ctx->base;
    e->body = body;
}


static void
ngx_http_hc_index_drop(ngx_http_hc_ctx_t *ctx, hc_variants_t *dropped)
{
    size_t       i, len;
    u_char       text[HC_ENTRY_VARIANT_MAX];
    hc_l1_key_t  key;

    for (i = 0; i < dropped->n; i++) {
        len = ctx->base.len + dropped->list[i].len;

        if (len > sizeof(text)) {
            continue;
        }

        if (ctx->base.len) {
            ngx_memcpy(text, ctx->base.data, ctx->base.len);
        }

        ngx_memcpy(text + ctx->base.len, dropped->list[i].data,
                   dropped->list[i].len);

        key.key = ctx->key.key;
        key.variant = hc_str(text, len);

        hc_l1_hash(ctx->conf->zone->l1, &key);
        (void) hc_l1_delete(ctx->conf->zone->l1, &key);
    }
}

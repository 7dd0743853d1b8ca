/*
 * Writes: passed to the app untouched, and what they change is forgotten.
 *
 * An unsafe request is noted in PRECONTENT with the tags it will move: its own
 * target's and those hc_invalidate names.  When its answer's header comes by,
 * and the app did not itself refuse the request, these and what the answer
 * names move: in L1 before the header goes on, in L2 while header and body are
 * held here until every store has answered or its timeout is over.  A request
 * that ends without an answer does the same from its cleanup, since the app may
 * have applied it.
 */

#include "ngx_http_hc_answer.h"
#include "../http/ngx_http_hc_handlers.h"


/* r->buffered has four bits; nginx's SSI, sub and copy filters have three */

#define NGX_HTTP_HC_WRITE_BUFFERED  0x08


typedef enum {
    NGX_HTTP_HC_WRITE_PASSED = 0,          /* the app has it */
    NGX_HTTP_HC_WRITE_HELD,                /* the answer waits for L2 */
    NGX_HTTP_HC_WRITE_DONE
} ngx_http_hc_write_state_e;


typedef struct {
    ngx_http_request_t             *request;
    ngx_http_hc_write_state_e       state;
    ngx_http_hc_invalidation_t      inv;
    ngx_http_hc_answer_t            answer;
    ngx_http_handler_pt             content_handler;
    ngx_http_upstream_t            *upstream;  /* of the write itself */
    ngx_uint_t                      lost;      /* unsigned  lost:1; */
    ngx_chain_t                    *held;
    ngx_uint_t                      swallow;   /* unsigned  swallow:1; */
} ngx_http_hc_write_ctx_t;


static ngx_uint_t ngx_http_hc_write_is_unsafe(ngx_http_request_t *r);
static ngx_http_hc_write_ctx_t *ngx_http_hc_write_create_ctx(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_write_content_handler(ngx_http_request_t *r);
static ngx_http_hc_write_ctx_t *ngx_http_hc_write_get_ctx(
    ngx_http_request_t *r);
static void ngx_http_hc_write_cleanup(void *data);
static ngx_uint_t ngx_http_hc_write_attempts(ngx_http_request_t *r);
static ngx_uint_t ngx_http_hc_write_refused(ngx_http_hc_write_ctx_t *ctx);
static ngx_int_t ngx_http_hc_write_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_hc_write_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_http_hc_write_done(void *owner);
static ngx_int_t ngx_http_hc_write_let_go(ngx_http_request_t *r,
    ngx_http_hc_write_ctx_t *ctx);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


ngx_int_t
ngx_http_hc_write_handler(ngx_http_request_t *r)
{
    ngx_http_hc_write_ctx_t  *ctx;

    if (r != r->main || !ngx_http_hc_write_is_unsafe(r)
        || ngx_http_hc_versions(r) == NULL)
    {
        return NGX_DECLINED;
    }

    if (ngx_http_hc_cache_zone(r) == NULL && !ngx_http_hc_invalidate_here(r)) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_hc_write_get_ctx(r);

    if (ctx == NULL) {
        ctx = ngx_http_hc_write_create_ctx(r);
    }

    if (ctx == NULL || ngx_http_hc_invalidate_tags(r, &ctx->inv) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->content_handler
        && r->content_handler != ngx_http_hc_write_content_handler)
    {
        ctx->content_handler = r->content_handler;
        r->content_handler = ngx_http_hc_write_content_handler;
    }

    return NGX_DECLINED;
}


/*
 * error_page may lead to another upstream; it is the write's own that tells
 * what became of it.  If it has failed and been replaced already, nobody can.
 */

static ngx_int_t
ngx_http_hc_write_content_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_hc_write_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_invalidate_module);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ctx->content_handler(r);

    if (ngx_http_get_module_ctx(r, ngx_http_hc_invalidate_module) == ctx) {
        ctx->upstream = r->upstream;
        ngx_http_hc_answer_watch(r, &ctx->answer);

    } else {
        ctx->lost = 1;
    }

    return rc;
}


/* RFC 9110, 9.2.1; a method nobody knows may change anything (RFC 9111, 4.4).
 */

static ngx_uint_t
ngx_http_hc_write_is_unsafe(ngx_http_request_t *r)
{
    return !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS
                          |NGX_HTTP_TRACE|NGX_HTTP_PROPFIND));
}


static ngx_http_hc_write_ctx_t *
ngx_http_hc_write_create_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_hc_write_ctx_t  *ctx;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_hc_write_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(*ctx));

    ctx->request = r;
    ngx_http_hc_invalidation_init(&ctx->inv, ngx_http_hc_write_done, ctx);

    cln->handler = ngx_http_hc_write_cleanup;

    ngx_http_set_ctx(r, ctx, ngx_http_hc_invalidate_module);

    return ctx;
}


ngx_http_hc_answer_t *
ngx_http_hc_write_answer(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t **inv)
{
    ngx_http_hc_write_ctx_t  *ctx;

    ctx = ngx_http_hc_write_get_ctx(r);

    if (ctx == NULL) {
        return NULL;
    }

    *inv = &ctx->inv;

    return &ctx->answer;
}


/* error_page clears contexts; the write is still under way. */

static ngx_http_hc_write_ctx_t *
ngx_http_hc_write_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_hc_write_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_invalidate_module);

    if (ctx || r != r->main || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_hc_write_cleanup) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_http_hc_invalidate_module);
            return ctx;
        }
    }

    return NULL;
}


static void
ngx_http_hc_write_cleanup(void *data)
{
    ngx_http_hc_write_ctx_t  *ctx = data;

    if (ctx->state == NGX_HTTP_HC_WRITE_PASSED
        && ngx_http_hc_write_attempts(ctx->request)
        && !ngx_http_hc_write_refused(ctx))
    {
        (void) ngx_http_hc_invalidation_start(ctx->request, &ctx->inv);
    }

    ngx_http_hc_invalidation_forget(&ctx->inv);
}


/* How many servers were tried for it.  Another upstream after an internal
 * redirect begins with a state without a peer. */

static ngx_uint_t
ngx_http_hc_write_attempts(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL) {
        return 0;
    }

    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {
        if (state[i].peer == NULL) {
            break;
        }
    }

    return i;
}


/*
 * The app's own 4xx or 5xx says nothing was done, and so does nginx's when no
 * server was tried.  If one was tried before the one that answered, that one
 * may have done it and died of it.
 */

static ngx_uint_t
ngx_http_hc_write_refused(ngx_http_hc_write_ctx_t *ctx)
{
    ngx_http_request_t  *r = ctx->request;

    if (ctx->lost) {
        return 0;
    }

    if (ctx->upstream == NULL) {
        return r->headers_out.status >= NGX_HTTP_BAD_REQUEST;
    }

    switch (ngx_http_hc_write_attempts(r)) {

    case 0:
        return 1;

    case 1:
        return ctx->upstream->headers_in.status_n >= NGX_HTTP_BAD_REQUEST;

    default:
        return 0;
    }
}


static ngx_int_t
ngx_http_hc_write_header_filter(ngx_http_request_t *r)
{
    ngx_http_hc_write_ctx_t  *ctx;

    ctx = ngx_http_hc_write_get_ctx(r);

    if (ctx == NULL || r != r->main || ctx->state == NGX_HTTP_HC_WRITE_DONE) {
        return ngx_http_next_header_filter(r);
    }

    if (ctx->state == NGX_HTTP_HC_WRITE_HELD) {
        return NGX_OK;
    }

    ctx->state = NGX_HTTP_HC_WRITE_DONE;

    if (!ctx->lost) {
        ngx_http_hc_answer_tags(r, &ctx->answer, &ctx->inv);
    }

    if (ngx_http_hc_write_refused(ctx)
        || ngx_http_hc_invalidation_start(r, &ctx->inv) != NGX_AGAIN
        || r->headers_out.status == NGX_HTTP_SWITCHING_PROTOCOLS)
    {
        return ngx_http_next_header_filter(r);
    }

    ctx->state = NGX_HTTP_HC_WRITE_HELD;
    r->buffered |= NGX_HTTP_HC_WRITE_BUFFERED;

    /* so that upstream does not take us for a client that could take more */

    r->connection->write->delayed = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_write_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_hc_write_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_hc_invalidate_module);

    if (ctx == NULL
        || (ctx->state != NGX_HTTP_HC_WRITE_HELD && !ctx->swallow))
    {
        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->swallow) {
        ngx_hc_chain_consume(in);

        if (in && !r->buffered && !r->connection->buffered) {
            return NGX_OK;
        }

        return ngx_http_next_body_filter(r, NULL);
    }

    if (in && ngx_chain_add_copy(r->pool, &ctx->held, in) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* Every store has answered, or had its time: header and body go on, and the
 * request's own writer takes over again. */

static void
ngx_http_hc_write_done(void *owner)
{
    ngx_http_hc_write_ctx_t  *ctx = owner;

    ngx_connection_t    *c;
    ngx_http_request_t  *r = ctx->request;

    if (ctx->state != NGX_HTTP_HC_WRITE_HELD) {
        return;
    }

    c = r->connection;
    ngx_http_set_log_request(c->log, r);

    if (ngx_http_hc_write_let_go(r, ctx) == NGX_ERROR) {
        c->error = 1;
    }

    ngx_http_hc_resume(r);
}


static ngx_int_t
ngx_http_hc_write_let_go(ngx_http_request_t *r, ngx_http_hc_write_ctx_t *ctx)
{
    ngx_int_t     rc;
    ngx_chain_t  *held;

    ctx->state = NGX_HTTP_HC_WRITE_DONE;
    r->buffered &= ~NGX_HTTP_HC_WRITE_BUFFERED;
    r->connection->write->delayed = 0;

    held = ctx->held;
    ctx->held = NULL;

    rc = ngx_http_next_header_filter(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return NGX_ERROR;
    }

    if (r->header_only) {

        /* upstream was not told and may still be sending a body */

        ctx->swallow = 1;
        return NGX_OK;
    }

    return held ? ngx_http_next_body_filter(r, held) : NGX_OK;
}


void
ngx_http_hc_write_filter_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_hc_write_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_hc_write_body_filter;
}

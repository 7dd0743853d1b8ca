/*
 * Shared by the files of the request layer: the request's context, its states
 * and what one file calls in another.
 *
 * A request that meets hc_cache or hc_static has one context, and the context
 * is in exactly one state.  States are listed once; the row names the function
 * that runs it.  It assigns the next state and returns NGX_HTTP_HC_NEXT, or
 * returns to the phase engine: AGAIN (waiting), DECLINED (on to the location's
 * own handler) or OK (on to the content handler it has set).
 *
 *             +-------- WAIT <-+-> STREAM -> DONE  another request asks
 *             v                |
 *   START -> LOOKUP -> LEASE --+-> L2 -> ORIGIN -> DONE       miss
 *                 \             \    \      \
 *                  +-------------+----+-> DELIVER             hit in L1, L2
 *                                            \
 *                                      STALE, STATIC          the app failed
 *   START -> PASS                                             not ours
 *
 * From ORIGIN on, the filters at the top of the chain take over: they judge
 * the header, collect the body into the fill, put the stored body behind a
 * 304, and a fallback in place of a failure.
 */

#ifndef NGX_HTTP_HC_PRIV_H_INCLUDED_
#define NGX_HTTP_HC_PRIV_H_INCLUDED_


#include "ngx_http_hc.h"
#include "ngx_http_hc_detached.h"
#include "../policy/hc_verdict.h"
#include "../policy/hc_client_control.h"


#define NGX_HTTP_HC_STATES(row)                                               \
    row(START,   start)                                                       \
    row(LOOKUP,  lookup)                                                      \
    row(LEASE,   take_lease)                                                  \
    row(WAIT,    wait)                                                        \
    row(STREAM,  stream)                                                      \
    row(L2,      l2)                                                          \
    row(ORIGIN,  origin)                                                      \
    row(DELIVER, deliver)                                                     \
    row(STALE,   settled)                                                     \
    row(STATIC,  settled)                                                     \
    row(PASS,    settled)                                                     \
    row(DONE,    settled)

#define NGX_HTTP_HC_STATUSES(row)                                             \
    row(NONE,    "")                                                          \
    row(MISS,    "MISS")                                                      \
    row(BYPASS,  "BYPASS")                                                    \
    row(EXPIRED, "EXPIRED")                                                   \
    row(STALE,   "STALE")                                                     \
    row(UPDATING, "UPDATING")                                                 \
    row(REVALIDATED, "REVALIDATED")                                           \
    row(HIT,     "HIT")                                                       \
    row(STATIC,  "STATIC")

#define NGX_HTTP_HC_TIERS(row)                                                \
    row(NONE,    "")                                                          \
    row(L1,      "L1")                                                        \
    row(L2,      "L2")                                                        \
    row(STATIC,  "static")                                                    \
    row(ORIGIN,  "origin")

#define ngx_http_hc_state_id(id, function)  NGX_HTTP_HC_##id,
#define ngx_http_hc_status_id(id, text)     NGX_HTTP_HC_STATUS_##id,
#define ngx_http_hc_tier_id(id, text)       NGX_HTTP_HC_TIER_##id,

typedef enum { NGX_HTTP_HC_STATES(ngx_http_hc_state_id) } ngx_http_hc_state_e;
typedef enum { NGX_HTTP_HC_STATUSES(ngx_http_hc_status_id) }
    ngx_http_hc_status_e;
typedef enum { NGX_HTTP_HC_TIERS(ngx_http_hc_tier_id) } ngx_http_hc_tier_e;

#define NGX_HTTP_HC_NEXT  NGX_BUSY


typedef struct {
    ngx_uint_t    status;                  /* 0: any */
    ngx_msec_t    ttl;                     /* ms in L1 */
    ngx_msec_t    l2_ttl;                  /* ms in L2; >= ttl */
} ngx_http_hc_valid_t;


typedef struct {
    ngx_http_hc_zone_t        *zone;       /* NULL: off */
    ngx_http_hc_l2_t          *l2;
    struct ngx_http_hc_l2_use_s  *l2_use;
    ngx_http_complex_value_t  *key;        /* NULL: the default */
    ngx_uint_t                 key_set;    /* unsigned  key_set:1; */
    ngx_array_t               *args;       /* of hc_str_t; NULL: as they are */
    ngx_array_t               *valid;      /* of ngx_http_hc_valid_t */
    ngx_array_t               *bypass;
    ngx_array_t               *no_cache;
    ngx_array_t               *tags;       /* of ngx_http_hc_tag_source_t */
    ngx_uint_t                 methods;    /* NGX_HTTP_GET | NGX_HTTP_HEAD */
    ngx_uint_t                 min_uses;
    ngx_uint_t                 use_stale;  /* NGX_HTTP_HC_FAIL_* */
    ngx_uint_t                 cookies;
    ngx_msec_t                 l1_ttl;     /* ms; 0: not in L1 */
    ngx_msec_t                 stale;      /* ms past freshness */
} ngx_http_hc_cache_conf_t;

#define NGX_HTTP_HC_COOKIES_PASS    0
#define NGX_HTTP_HC_COOKIES_IGNORE  1

#define NGX_HTTP_HC_NO_CAP          ((ngx_msec_t) -2)


typedef struct ngx_http_hc_fill_s  ngx_http_hc_fill_t;


typedef struct {
    ngx_http_request_t        *request;
    ngx_http_hc_cache_conf_t  *conf;       /* of the location it began in */
    ngx_http_hc_state_e     state;
    ngx_http_hc_status_e    status;
    ngx_http_hc_tier_e      tier;
    hc_reason_e             reason;

    ngx_str_t               uri;           /* at START */
    hc_str_t                coding;        /* Accept-Encoding as the app is
                                              sent it */
    hc_l1_key_t             key;           /* of the answer itself */
    hc_str_t                base;          /* its variant without what Vary
                                              adds */
    hc_tag_t                tags[HC_TAGS_OWN];  /* stamped before anybody is
                                                   asked */
    hc_tag_t               *named;         /* the answer's own, nnamed */
    ngx_uint_t              nnamed;
    uint64_t                mark;          /* for these, of the same time */
    uint32_t                l2_versions[HC_TAGS_OWN];
    uint32_t                l2_moves;      /* what l2_versions are for named */

    hc_entry_t             *entry;         /* what the client is given */
    hc_entry_t             *l2_stale;      /* past freshness, from L2 */
    hc_entry_t             *stored;        /* what the app is asked to confirm;
                                              in ref, or l2_stale */
    int64_t                 age;           /* ms, of what the client is given */
    int64_t                 ttl;           /* ms it stays fresh; may be < 0 */
    u_char                  age_text[NGX_INT64_LEN];

    ngx_hc_l2_op_t         *l2_op;
    ngx_msec_t              l2_time;       /* ms, if l2_asked */

    hc_client_control_t    *client;        /* NULL: it has no say */
    struct ngx_http_hc_lease_s  *lease;    /* NULL: never asked for one */

    ngx_http_hc_fill_t     *fill;          /* NULL: nothing will be stored */
    ngx_http_handler_pt     content_handler;
    struct ngx_http_hc_upstream_s  *upstream;

    unsigned                keyed:1;
    unsigned                bypass:1;      /* do not look, only store */
    unsigned                varied:1;      /* key has what Vary adds */
    unsigned                selected:1;    /* by an index that was found */
    unsigned                only_stored:1; /* only-if-cached */
    unsigned                coalesced:1;   /* another request brought it */
    unsigned                may_give:1;    /* ref, while it is refreshed */
    unsigned                l2_asked:1;
    unsigned                l2_fenced:1;   /* l2_versions are known */
    unsigned                may_store:1;
    unsigned                expired:1;     /* L1 holds it, past freshness */
    unsigned                static_file:1; /* a fallback file is there */
    unsigned                swallow:1;     /* the client has its answer */
    unsigned                client_gone:1;
    unsigned                filled:1;      /* the body has ended */

    hc_l1_ref_t             ref;           /* pinned when it lies in L1; last,
                                              it is not cleared at START */
} ngx_http_hc_ctx_t;


typedef struct {
    ngx_array_t                l2_uses;    /* of struct ngx_http_hc_l2_use_s * */
    ngx_int_t                  request_uri;    /* index of the variable */
} ngx_http_hc_cache_main_conf_t;


/* How an app can fail, or that it is being asked; words of hc_cache_use_stale.
 */

#define NGX_HTTP_HC_FAILURES(row)                                             \
    row(ERROR,           0x0001, "error")                                     \
    row(TIMEOUT,         0x0002, "timeout")                                   \
    row(INVALID_HEADER,  0x0004, "invalid_header")                            \
    row(500,             0x0008, "http_500")                                  \
    row(502,             0x0010, "http_502")                                  \
    row(503,             0x0020, "http_503")                                  \
    row(504,             0x0040, "http_504")                                  \
    row(403,             0x0080, "http_403")                                  \
    row(404,             0x0100, "http_404")                                  \
    row(429,             0x0200, "http_429")                                  \
    row(OTHER_5XX,       0x0400, "http_5xx")                                  \
    row(UPDATING,        0x0800, "updating")

#define ngx_http_hc_failure_id(id, bit, text)  NGX_HTTP_HC_FAIL_##id = bit,

enum { NGX_HTTP_HC_FAILURES(ngx_http_hc_failure_id) };


extern ngx_module_t  ngx_http_hc_cache_module;


/* ngx_http_hc_request.c */
ngx_int_t ngx_http_hc_settled(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);
ngx_http_hc_ctx_t *ngx_http_hc_get_ctx(ngx_http_request_t *r);
ngx_http_hc_ctx_t *ngx_http_hc_next_ctx(ngx_http_request_t *r,
    ngx_pool_cleanup_t **cln);
void ngx_http_hc_unpin(ngx_http_hc_ctx_t *ctx);
void ngx_http_hc_let_go(ngx_http_hc_ctx_t *ctx);
uint64_t ngx_http_hc_epoch_ms(void);

/* ngx_http_hc_key.c: key and variant of the context. */
hc_reason_e ngx_http_hc_ctx_key(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_uri(ngx_http_request_t *r, ngx_str_t *uri);
void ngx_http_hc_host(ngx_http_request_t *r, ngx_str_t *host);

static ngx_inline ngx_uint_t
ngx_http_hc_is_https(ngx_http_request_t *r)
{
#if (NGX_HTTP_SSL)
    return r->connection->ssl != NULL;
#else
    return 0;
#endif
}

/* ngx_http_hc_variant.c */
hc_reason_e ngx_http_hc_variant(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_args.c: hc_cache_args, in the request itself, where there is
 * one.  DECLINED: there are too many.  sorted may be args. */
ngx_int_t ngx_http_hc_apply_args(ngx_http_request_t *r,
    ngx_http_hc_cache_conf_t *hlcf);
ngx_int_t ngx_http_hc_sort_args(ngx_pool_t *pool,
    ngx_http_hc_cache_conf_t *hlcf, ngx_str_t *args, ngx_str_t *sorted);
void ngx_http_hc_split_uri(ngx_str_t *uri, ngx_str_t *path, ngx_str_t *args);

/* ngx_http_hc_status_header.c */
ngx_int_t ngx_http_hc_status_header(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_client.c */
ngx_int_t ngx_http_hc_client(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);
hc_client_verdict_e ngx_http_hc_client_takes(ngx_http_hc_ctx_t *ctx,
    hc_entry_t *e, int64_t age, int64_t ttl);

/* ngx_http_hc_vary.c: the key of an answer that was chosen by fields. */
ngx_int_t ngx_http_hc_coding(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_select(ngx_http_hc_ctx_t *ctx, hc_entry_t *index);
void ngx_http_hc_unselect(ngx_http_hc_ctx_t *ctx);
size_t ngx_http_hc_request_lines(ngx_http_request_t *r, hc_str_t name,
    hc_str_t *lines, size_t max);

/* ngx_http_hc_lookup.c: state LOOKUP; L1 again for a fallback. */
hc_l1_rc_e ngx_http_hc_find(ngx_http_hc_ctx_t *ctx, uint64_t now);
ngx_int_t ngx_http_hc_lookup(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_lookup_stale(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_lookup_given(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_uint_t ngx_http_hc_usable(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    hc_entry_t *e);
ngx_uint_t ngx_http_hc_in_window(hc_entry_t *e, uint8_t window, int64_t age);
hc_entry_t *ngx_http_hc_copy_entry(ngx_pool_t *pool, hc_entry_t *e);

/* ngx_http_hc_lookup_l2.c: state L2. */
ngx_int_t ngx_http_hc_l2(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_lease.c: states LEASE and WAIT. */
ngx_int_t ngx_http_hc_take_lease(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_wait(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_stream.c: state STREAM; a fill as an answer, as it comes. */
ngx_int_t ngx_http_hc_stream(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_revalidate.c: what is in store, and a 304 about it. */
ngx_int_t ngx_http_hc_keep_stored(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
ngx_int_t ngx_http_hc_push_validators(ngx_http_hc_ctx_t *ctx,
    ngx_list_t *headers);
ngx_int_t ngx_http_hc_revalidated(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_http_output_header_filter_pt header,
    ngx_http_output_body_filter_pt body);

/* Stamps the tags; the next state is LEASE. */
ngx_int_t ngx_http_hc_miss(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_origin.c: state ORIGIN, the wrapped content handler. */
ngx_int_t ngx_http_hc_origin(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_push_request_field(ngx_list_t *headers,
    ngx_str_t *name, u_char *lowcase, ngx_str_t *value);

/* ngx_http_hc_upstream.c: our hooks in r->upstream. */
ngx_int_t ngx_http_hc_upstream_hook(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
void ngx_http_hc_upstream_release(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
void ngx_http_hc_upstream_client_gone(ngx_http_request_t *r);
ngx_uint_t ngx_http_hc_upstream_silent(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_uint_t ngx_http_hc_upstream_done(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_uint_t ngx_http_hc_upstream_closed(ngx_http_request_t *r);
ngx_uint_t ngx_http_hc_failure(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_interim.c: 1xx of an app.  AGAIN: the header at hand was one and
 * is gone, the next is to be parsed; dropped counts them. */
ngx_int_t ngx_http_hc_interim_drop(ngx_http_request_t *r, ngx_uint_t *dropped);

/* ngx_http_hc_deliver.c: state DELIVER; an entry as header and body. */
ngx_int_t ngx_http_hc_deliver(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_entry_header(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_entry_body(ngx_http_request_t *r, hc_str_t body,
    ngx_chain_t *out);
void ngx_http_hc_preconditions(ngx_http_request_t *r);
void ngx_http_hc_content_type(ngx_http_request_t *r, ngx_str_t value);

/* ngx_http_hc_fill.c: an answer on its way into the stores. */
ngx_msec_t ngx_http_hc_l1_for(ngx_http_hc_cache_conf_t *hlcf,
    hc_entry_core_t *core);
uint64_t ngx_http_hc_fresh_until(hc_entry_core_t *core, ngx_msec_t l1_for,
    ngx_uint_t jitter, uint64_t now);
void ngx_http_hc_fill_store_l2(ngx_http_hc_fill_t *fill);
void ngx_http_hc_fill_close(ngx_http_hc_fill_t *fill);
ngx_http_hc_valid_t *ngx_http_hc_valid_for(ngx_http_hc_cache_conf_t *hlcf,
    ngx_uint_t status);
ngx_http_hc_fill_t *ngx_http_hc_fill_create(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
hc_reason_e ngx_http_hc_fill_header(ngx_http_hc_fill_t *fill);
hc_reason_e ngx_http_hc_fill_body(ngx_http_hc_fill_t *fill, ngx_chain_t *in);
ngx_uint_t ngx_http_hc_fill_counted(ngx_http_hc_fill_t *fill);
hc_reason_e ngx_http_hc_fill_commit(ngx_http_hc_fill_t *fill);
ngx_uint_t ngx_http_hc_fill_lasts(ngx_http_hc_fill_t *fill);
void ngx_http_hc_fill_abandon(ngx_http_hc_ctx_t *ctx, hc_reason_e reason);
void ngx_http_hc_fill_offer(ngx_http_hc_fill_t *fill);
void ngx_http_hc_fill_progress(ngx_http_hc_fill_t *fill);
void ngx_http_hc_fill_ended(ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_tags.c: named tags become the context's.  DECLINED: one was
 * moved since the request asked for its answer. */
ngx_int_t ngx_http_hc_name_tags(ngx_http_hc_ctx_t *ctx,
    const uint32_t *slots, ngx_uint_t n);
void ngx_http_hc_entry_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e);
ngx_uint_t ngx_http_hc_tags_current(ngx_http_hc_ctx_t *ctx);

/* ngx_http_hc_fallback.c */
ngx_uint_t ngx_http_hc_failure_status(ngx_uint_t status);
ngx_uint_t ngx_http_hc_fallback_covers(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_uint_t failure);
ngx_int_t ngx_http_hc_fallback(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_uint_t failure, ngx_http_output_header_filter_pt header,
    ngx_http_output_body_filter_pt body);

void ngx_http_hc_fallback_clean(ngx_http_request_t *r);

/* ngx_http_hc_static.c: hc_static; the file of a request's first URI. */
ngx_uint_t ngx_http_hc_static_here(ngx_http_request_t *r);
ngx_uint_t ngx_http_hc_static_exists(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx);
ngx_int_t ngx_http_hc_static_answer(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_chain_t *out);

/* ngx_http_hc_publish.c: a committed answer as a file, if it may be one. */
void ngx_http_hc_publish(ngx_http_hc_fill_t *fill);


#endif /* NGX_HTTP_HC_PRIV_H_INCLUDED_ */

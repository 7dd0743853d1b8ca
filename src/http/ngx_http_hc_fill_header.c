/*
 * The response header of a fill: the one verdict on it.
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_refresh.h"
#include "ngx_http_hc_rules.h"


static void ngx_http_hc_fill_rules(ngx_http_hc_fill_t *fill,
    hc_rules_t *rules);
static void ngx_http_hc_fill_stored_fields(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_jitter(ngx_http_hc_fill_t *fill);
static void ngx_http_hc_fill_fields(hc_response_t *response,
    ngx_list_part_t *part);
static void ngx_http_hc_fill_own_fields(ngx_http_request_t *r,
    hc_response_t *response);
static ngx_uint_t ngx_http_hc_is_trouble(ngx_uint_t status);


hc_reason_e
ngx_http_hc_fill_judge(ngx_http_hc_fill_t *fill)
{
    hc_rules_t           rules;
    hc_reason_e          reason;
    hc_response_t       *response = &fill->response;
    ngx_http_request_t  *r = fill->request;

    static const hc_str_t  cache_control = hc_string("cache-control");

    switch (ngx_http_test_predicates(r, fill->ctx->conf->no_cache)) {

    case NGX_ERROR:
        return HC_REASON_NO_MEMORY;

    case NGX_DECLINED:
        return HC_REASON_NO_CACHE;
    }

    hc_response_init(response);

    /* what the app sent, before proxy_hide_header, and what became of it */

    if (r->upstream) {
        ngx_http_hc_fill_fields(response,
                                &r->upstream->headers_in.headers.part);
    }

    ngx_http_hc_fill_own_fields(r, response);

    if (fill->stored) {
        ngx_http_hc_fill_stored_fields(fill);
    }

    ngx_http_hc_fill_rules(fill, &rules);

    reason = hc_verdict(response, &rules, ngx_time(), &fill->verdict);

    if (reason != HC_REASON_NONE) {
        return reason;
    }

    /* proxy_hide_header: a 304 could not tell any more what is withheld */

    if (fill->verdict.nwithheld
        && ngx_hc_header_find(&r->headers_out.headers.part, cache_control)
           == NULL)
    {
        return HC_REASON_PRIVATE;
    }

    ngx_http_hc_fill_jitter(fill);

    return HC_REASON_NONE;
}


/* Here, so that both tiers and all nodes agree about the end. */

static void
ngx_http_hc_fill_jitter(ngx_http_hc_fill_t *fill)
{
    ngx_uint_t     share;
    hc_verdict_t  *v = &fill->verdict;

    share = ngx_http_hc_refresh_conf(fill->request)->jitter;

    if (v->lifetime > v->age) {
        v->lifetime -= (uint32_t) ngx_http_hc_refresh_jitter(
                                                  v->lifetime - v->age, share);
    }
}


static void
ngx_http_hc_fill_rules(ngx_http_hc_fill_t *fill, hc_rules_t *rules)
{
    ngx_http_request_t        *r = fill->request;
    ngx_http_hc_valid_t       *valid;
    ngx_http_hc_cache_conf_t  *hlcf = fill->ctx->conf;
    ngx_http_hc_rules_conf_t  *conf = ngx_http_hc_rules(r);

    ngx_memzero(rules, sizeof(*rules));

    rules->status = (uint16_t) fill->status;
    rules->conf_stale = (uint32_t) hlcf->stale;
    rules->authorization = r->headers_in.authorization != NULL;
    rules->cookie = hlcf->cookies == NGX_HTTP_HC_COOKIES_PASS
                    && ngx_hc_has_cookie(r);
    rules->updating = (hlcf->use_stale & NGX_HTTP_HC_FAIL_UPDATING) != 0;

    rules->revalidate = (conf->revalidate != 0);
    rules->keep = (uint32_t) hlcf->stale;
    rules->strict_age = (conf->strict_age != 0);
    rules->heuristic = (uint8_t) conf->heuristic;
    rules->heuristic_max = (uint32_t) conf->heuristic_max;
    rules->targets = (uint8_t) conf->targets;
    rules->ignore = (uint8_t) conf->ignore;
    rules->set_cookie = (hc_set_cookie_e) conf->set_cookie;
    rules->coding = (fill->ctx->coding.len != 0);

    valid = ngx_http_hc_valid_for(hlcf, fill->status);

    if (valid) {
        rules->listed = 1;
        rules->conf_ttl = (uint32_t) (hlcf->l2 ? valid->l2_ttl : valid->ttl);
    }
}


/* What a 304 does not say again still holds; when it was made does not. */

static void
ngx_http_hc_fill_stored_fields(ngx_http_hc_fill_t *fill)
{
    hc_str_t             rest;
    hc_header_t          header;
    ngx_list_part_t     *part;
    ngx_http_request_t  *r = fill->request;

    part = r->upstream ? &r->upstream->headers_in.headers.part
                       : &r->headers_out.headers.part;

    rest = fill->stored->headers;

    while (hc_header_next(&rest, &header) > 0) {
        if (header.id != HC_HEADER_DATE
            && ngx_hc_header_find(part, header.name) == NULL)
        {
            hc_response_add(&fill->response, header.name, header.value);
        }
    }
}


static void
ngx_http_hc_fill_fields(hc_response_t *response, ngx_list_part_t *part)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash) {
                hc_response_add(response, ngx_hc_str(&h[i].key),
                                ngx_hc_str(&h[i].value));
            }
        }
    }
}


/*
 * Fields of an answer made inside nginx.  Of an upstream's they are the same
 * once more, rewritten perhaps (a second Expires would count as a conflict),
 * so there only what nginx noted apart from the list is added.
 */

static void
ngx_http_hc_fill_own_fields(ngx_http_request_t *r, hc_response_t *response)
{
    static ngx_str_t  vary = ngx_string("Vary");
    static ngx_str_t  encoding = ngx_string("Accept-Encoding");

    if (r->upstream == NULL) {
        ngx_http_hc_fill_fields(response, &r->headers_out.headers.part);
    }

#if (NGX_HTTP_GZIP)
    if (r->gzip_vary) {
        hc_response_add(response, ngx_hc_str(&vary), ngx_hc_str(&encoding));
    }
#endif
}


ngx_http_hc_valid_t *
ngx_http_hc_valid_for(ngx_http_hc_cache_conf_t *hlcf, ngx_uint_t status)
{
    ngx_uint_t            i;
    ngx_http_hc_valid_t  *valid;

    if (hlcf->valid == NULL) {
        return NULL;
    }

    valid = hlcf->valid->elts;

    for (i = 0; i < hlcf->valid->nelts; i++) {
        if (valid[i].status == status
            || (valid[i].status == 0 && !ngx_http_hc_is_trouble(status)))
        {
            return &valid[i];
        }
    }

    return NULL;
}


/* A client can provoke these with one odd request, or the app is in trouble:
 * "any" does not mean them, they have to be listed. */

static ngx_uint_t
ngx_http_hc_is_trouble(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_BAD_REQUEST:
    case NGX_HTTP_NOT_ALLOWED:
    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
    case NGX_HTTP_REQUEST_URI_TOO_LARGE:
    case 431:
        return 1;

    default:
        return status >= NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}

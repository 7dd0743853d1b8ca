/*
 * The variables: one row each.
 */

#include "ngx_http_hc_priv.h"
#include "ngx_http_hc_handlers.h"


static ngx_int_t ngx_http_hc_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_tier(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_reason(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_age(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_ttl(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_uri(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_l2_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_hc_variable_coalesced(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/* A subrequest has its own values while variables are shared with its parent,
 * and most change in the course of a request: none is cached. */

#define ngx_http_hc_variable_row(name, function)                              \
    { ngx_string(name), NULL, ngx_http_hc_variable_##function, 0,             \
      NGX_HTTP_VAR_NOCACHEABLE, 0 }

static ngx_http_variable_t  ngx_http_hc_variables[] = {
    ngx_http_hc_variable_row("hc_cache_status", status),
    ngx_http_hc_variable_row("hc_cache_tier", tier),
    ngx_http_hc_variable_row("hc_cache_reason", reason),
    ngx_http_hc_variable_row("hc_cache_age", age),
    ngx_http_hc_variable_row("hc_cache_ttl", ttl),
    ngx_http_hc_variable_row("hc_cache_key", key),
    ngx_http_hc_variable_row("hc_uri", uri),
    ngx_http_hc_variable_row("hc_l2_time", l2_time),
    ngx_http_hc_variable_row("hc_coalesced", coalesced),
    ngx_http_null_variable
};


#define ngx_http_hc_text_row(id, text)  ngx_string(text),

static ngx_str_t  ngx_http_hc_status_texts[] = {
    NGX_HTTP_HC_STATUSES(ngx_http_hc_text_row)
};

static ngx_str_t  ngx_http_hc_tier_texts[] = {
    NGX_HTTP_HC_TIERS(ngx_http_hc_text_row)
};


ngx_int_t
ngx_http_hc_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_hc_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_variable_text(ngx_http_variable_value_t *v, const void *data,
    size_t len)
{
    if (len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = (u_char *) data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t          *text;
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    text = &ngx_http_hc_status_texts[ctx ? ctx->status
                                         : NGX_HTTP_HC_STATUS_NONE];

    return ngx_http_hc_variable_text(v, text->data, text->len);
}


static ngx_int_t
ngx_http_hc_variable_tier(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t          *text;
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    text = &ngx_http_hc_tier_texts[ctx ? ctx->tier : NGX_HTTP_HC_TIER_NONE];

    return ngx_http_hc_variable_text(v, text->data, text->len);
}


static ngx_int_t
ngx_http_hc_variable_reason(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const char         *text;
    hc_reason_e         reason;
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    reason = ctx ? ctx->reason : HC_REASON_NONE;

    if (ctx && ctx->fill && !ctx->filled && r->main->request_complete) {
        reason = HC_REASON_INCOMPLETE;
    }

    text = hc_reason_text(reason);

    return ngx_http_hc_variable_text(v, text, ngx_strlen(text));
}


static ngx_int_t
ngx_http_hc_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, int64_t n)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_hc_variable_text(v, p, ngx_sprintf(p, "%L", n) - p);
}


static ngx_int_t
ngx_http_hc_variable_age(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    if (ctx == NULL || ctx->entry == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_hc_variable_number(r, v, ctx->age / 1000);
}


static ngx_int_t
ngx_http_hc_variable_ttl(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    if (ctx == NULL || ctx->entry == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_hc_variable_number(r, v, ctx->ttl / 1000);
}


static ngx_int_t
ngx_http_hc_variable_key(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    if (ctx == NULL || !ctx->keyed) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_hc_variable_text(v, ctx->key.key.data, ctx->key.key.len);
}


static ngx_int_t
ngx_http_hc_variable_uri(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t  uri;

    if (ngx_http_hc_uri(r, &uri) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_hc_variable_text(v, uri.data, uri.len);
}


/* seconds with ms, as $upstream_response_time */

static ngx_int_t
ngx_http_hc_variable_l2_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char             *p;
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    if (ctx == NULL || !ctx->l2_asked) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_hc_variable_text(v, p,
                      ngx_sprintf(p, "%T.%03M", (time_t) ctx->l2_time / 1000,
                                  ctx->l2_time % 1000) - p);
}


static ngx_int_t
ngx_http_hc_variable_coalesced(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_hc_ctx_t  *ctx = ngx_http_hc_get_ctx(r);

    return ngx_http_hc_variable_text(v, "1", ctx && ctx->coalesced ? 1 : 0);
}

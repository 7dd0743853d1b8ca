/*
 * Which answers become files, and which requests may have them.
 *
 * A file speaks for one target of one host, for everybody: so it is written
 * only where nothing but these two decides about the answer, and given only to
 * a request for the same two.  "The same" is strict here, since a file's name
 * is the decoded path: a target that is spelled in any but the plain way
 * ("/a%2Fb", "//a") has no file, nor has one that was rewritten.
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_handlers.h"
#include "ngx_http_hc_static.h"


static ngx_uint_t ngx_http_hc_publish_request_ok(ngx_http_hc_fill_t *fill);
static ngx_uint_t ngx_http_hc_publish_variant_ok(hc_str_t variant);
static ngx_uint_t ngx_http_hc_publish_answer_ok(ngx_http_request_t *r);
static ngx_uint_t ngx_http_hc_publish_field_ok(ngx_table_elt_t *h,
    hc_cache_control_t *cc);
static ngx_int_t ngx_http_hc_publish_ending(ngx_str_t *type);
static ngx_int_t ngx_http_hc_publish_key(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, hc_str_t *key);
static ngx_uint_t ngx_http_hc_publish_plain(ngx_http_request_t *r,
    ngx_str_t *uri);
static ngx_uint_t ngx_http_hc_is(ngx_str_t *s, const char *text);


/* What a 304 confirms was published when it came, or was not to be: its own
 * fields do not say everything of it. */

void
ngx_http_hc_publish(ngx_http_hc_fill_t *fill)
{
    hc_entry_t                  e;
    ngx_int_t                   ending;
    ngx_http_request_t         *r = fill->request;
    ngx_http_hc_ctx_t          *ctx = fill->ctx;
    ngx_http_hc_static_conf_t  *hscf;

    hscf = ngx_http_get_module_loc_conf(r, ngx_http_hc_static_module);

    if (hscf->publish == NULL || !fill->committed || fill->stored
        || fill->status != NGX_HTTP_OK || fill->size > hscf->max_size
        || !ngx_http_hc_publish_request_ok(fill)
        || !ngx_http_hc_publish_answer_ok(r))
    {
        return;
    }

    ending = ngx_http_hc_publish_ending(&r->headers_out.content_type);

    ngx_memzero(&e, sizeof(e));

    if (ending == NGX_DECLINED
        || ngx_http_hc_publish_key(r, ctx, &e.key) != NGX_OK)
    {
        return;
    }

    e.core.born_at = ngx_http_hc_epoch_ms()
                     - (ngx_current_msec - (ngx_msec_t) fill->arrived);
    e.core.status = NGX_HTTP_OK;
    e.headers = fill->headers;
    e.body = hc_str(fill->body, fill->size);

    ngx_http_hc_entry_tags(ctx, &e);

    ngx_hc_publish_write(hscf->publish, ngx_http_hc_versions(r), &ctx->uri,
                         (ngx_uint_t) ending, &e);
}


/* A key of the operator's own may hold anything: a user, a language. */

static ngx_uint_t
ngx_http_hc_publish_request_ok(ngx_http_hc_fill_t *fill)
{
    ngx_http_request_t  *r = fill->request;
    ngx_http_hc_ctx_t   *ctx = fill->ctx;

    return r == r->main
           && r->method == NGX_HTTP_GET
           && ctx->static_file
           && r->headers_in.authorization == NULL
           && (ctx->conf->cookies == NGX_HTTP_HC_COOKIES_IGNORE
               || !ngx_hc_has_cookie(r))
           && ngx_http_hc_key_is_default(r)
           && ngx_http_hc_publish_variant_ok(ctx->key.variant)
           && ngx_hc_publish_path_ok(&ctx->uri);
}


/* Nothing in it, or nothing but https. */

static ngx_uint_t
ngx_http_hc_publish_variant_ok(hc_str_t variant)
{
    static const hc_str_t  https = hc_string("\n\n\ns-");

    return variant.len == 0 || hc_str_eq(variant, https);
}


/*
 * What the app sent, before proxy_hide_header.  A file is given when the app
 * fails, however old it is, so an answer that must not be given stale is none
 * (RFC 9111, 4.2.4 and 5.2.2).
 */

static ngx_uint_t
ngx_http_hc_publish_answer_ok(ngx_http_request_t *r)
{
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h;
    hc_cache_control_t   cc;

    hc_cache_control_init(&cc);

    part = r->upstream ? &r->upstream->headers_in.headers.part
                       : &r->headers_out.headers.part;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash && !ngx_http_hc_publish_field_ok(&h[i], &cc)) {
                return 0;
            }
        }
    }

    return !cc.no_store && !cc.no_cache && !cc.is_private
           && !cc.must_revalidate && !cc.proxy_revalidate && !cc.damaged
           && cc.s_maxage == HC_SECONDS_UNSET && cc.stale_if_error != 0;
}


static ngx_uint_t
ngx_http_hc_publish_field_ok(ngx_table_elt_t *h, hc_cache_control_t *cc)
{
    if (ngx_http_hc_is(&h->key, "Cache-Control")) {
        hc_cache_control_add(cc, ngx_hc_str(&h->value));

    } else if (ngx_http_hc_is(&h->key, "Vary")) {
        return ngx_http_hc_is(&h->value, "Accept-Encoding");

    } else if (ngx_http_hc_is(&h->key, "Content-Encoding")) {
        return ngx_http_hc_is(&h->value, "identity");

    } else if (ngx_http_hc_is(&h->key, "Set-Cookie")) {
        return 0;
    }

    return 1;
}


static ngx_uint_t
ngx_http_hc_is(ngx_str_t *s, const char *text)
{
    return s->len == ngx_strlen(text)
           && ngx_strncasecmp(s->data, (u_char *) text, s->len) == 0;
}


static ngx_int_t
ngx_http_hc_publish_ending(ngx_str_t *type)
{
    ngx_str_t  name;

    name.data = type->data;

    for (name.len = 0; name.len < type->len; name.len++) {
        if (type->data[name.len] == ';' || type->data[name.len] == ' ') {
            break;
        }
    }

    if (ngx_http_hc_is(&name, "text/html")) {
        return NGX_HC_PUBLISH_HTML;
    }

    if (ngx_http_hc_is(&name, "application/json")
        || (name.len > 5
            && ngx_strncasecmp(name.data, (u_char *) "application/", 12) == 0
            && ngx_strncasecmp(name.data + name.len - 5, (u_char *) "+json", 5)
               == 0))
    {
        return NGX_HC_PUBLISH_JSON;
    }

    return NGX_DECLINED;
}


/* Host and path; DECLINED: this request has no file. */

static ngx_int_t
ngx_http_hc_publish_key(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    hc_str_t *key)
{
    u_char                    *p, *start;
    ngx_str_t                 *host = &r->headers_in.server;
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    if (host->len == 0 || host->len != cscf->server_name.len
        || ngx_strncasecmp(host->data, cscf->server_name.data, host->len) != 0
        || !ngx_http_hc_publish_plain(r, &ctx->uri))
    {
        return NGX_DECLINED;
    }

    start = ngx_pnalloc(r->pool, cscf->server_name.len + ctx->uri.len);
    if (start == NULL) {
        return NGX_DECLINED;
    }

    p = ngx_hc_cpystr(start, &cscf->server_name);
    p = ngx_hc_cpystr(p, &ctx->uri);

    *key = hc_str(start, p - start);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_hc_publish_plain(ngx_http_request_t *r, ngx_str_t *uri)
{
    u_char     *p;
    size_t      len;
    ngx_str_t  *raw = &r->unparsed_uri;

    if (!r->valid_unparsed_uri) {
        return 0;
    }

    if (raw->len == uri->len
        && ngx_memcmp(raw->data, uri->data, uri->len) == 0)
    {
        return 1;
    }

    len = uri->len + 2 * ngx_escape_uri(NULL, uri->data, uri->len,
                                        NGX_ESCAPE_URI);
    if (len != raw->len) {
        return 0;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return 0;
    }

    (void) ngx_escape_uri(p, uri->data, uri->len, NGX_ESCAPE_URI);

    return ngx_memcmp(p, raw->data, len) == 0;
}


ngx_int_t
ngx_http_hc_published(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_str_t *path, ngx_str_t *body, ngx_str_t *type)
{
    hc_str_t  key;

    if (ngx_http_hc_publish_key(r, ctx, &key) != NGX_OK) {
        key = hc_str(NULL, 0);             /* matches none */
    }

    return ngx_hc_publish_read(r->pool, path, key, ngx_http_hc_versions(r),
                               body, type);
}


/* It may run in a cleanup of the request's pool. */

void
ngx_http_hc_publish_moved(ngx_http_request_t *r, ngx_uint_t others,
    hc_versions_t *versions)
{
    u_char                *p, *src;
    ngx_str_t              path, args;
    ngx_uint_t             i;
    ngx_array_t           *dirs;
    u_char                 buf[NGX_MAX_PATH];
    ngx_hc_publish_dir_t **dir;

    dirs = ngx_http_hc_publish_dirs();

    if (dirs == NULL || dirs->nelts == 0) {
        return;
    }

    dir = dirs->elts;

    if (r->valid_unparsed_uri) {
        path = r->uri;

    } else {
        ngx_http_hc_split_uri(&r->unparsed_uri, &path, &args);

        if (path.len <= sizeof(buf)) {
            p = buf;
            src = path.data;
            ngx_unescape_uri(&p, &src, path.len, 0);

            path.data = buf;
            path.len = p - buf;
        }
    }

    for (i = 0; i < dirs->nelts; i++) {
        if (ngx_hc_publish_path_ok(&path)) {
            ngx_hc_publish_remove(dir[i], versions, &path);
        }

        if (others) {
            ngx_hc_publish_sweep(dir[i], versions);
        }
    }
}


void
ngx_http_hc_close_publish(void)
{
    ngx_uint_t              i;
    ngx_array_t            *dirs;
    ngx_hc_publish_dir_t  **dir;

    dirs = ngx_http_hc_publish_dirs();

    if (dirs == NULL) {
        return;
    }

    dir = dirs->elts;

    for (i = 0; i < dirs->nelts; i++) {
        ngx_hc_publish_close(dir[i]);
    }
}

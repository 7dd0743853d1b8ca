/*
 * hc_static: the last fallback, a file that an operator has put there or that
 * was published.
 *
 *   /api/p/1  ->  dir/api/p/1.json, then dir/api/p/1.html
 *   /api/     ->  dir/api/index.json, then dir/api/index.html
 *
 * Only for requests without arguments: a file speaks for one target.  It is
 * not to be kept by anybody downstream, since it stands in for a failure.
 */

#include "ngx_http_hc_static.h"


typedef struct {
    ngx_str_t  ending;
    ngx_str_t  type;
} ngx_http_hc_static_type_t;


static ngx_int_t ngx_http_hc_static_path(ngx_http_request_t *r,
    ngx_http_hc_ctx_t *ctx, ngx_http_hc_static_type_t *type, ngx_str_t *path);
static ngx_uint_t ngx_http_hc_static_escapes(ngx_str_t *uri);
static ngx_int_t ngx_http_hc_static_open(ngx_http_request_t *r,
    ngx_str_t *path, ngx_open_file_info_t *of);
static ngx_int_t ngx_http_hc_static_body(ngx_http_request_t *r,
    ngx_str_t *path, ngx_open_file_info_t *of, ngx_chain_t *out);
static ngx_int_t ngx_http_hc_static_published(ngx_http_request_t *r,
    ngx_str_t *body, ngx_str_t *type, ngx_chain_t *out);
static ngx_int_t ngx_http_hc_static_header(ngx_http_request_t *r,
    ngx_str_t *type, off_t size);


static ngx_http_hc_static_type_t  ngx_http_hc_static_types[] = {
    { ngx_string(".json"), ngx_string("application/json") },
    { ngx_string(".html"), ngx_string("text/html") },
    { ngx_null_string, ngx_null_string }
};


ngx_uint_t
ngx_http_hc_static_here(ngx_http_request_t *r)
{
    ngx_http_hc_static_conf_t  *hscf;

    hscf = ngx_http_get_module_loc_conf(r, ngx_http_hc_static_module);

    return hscf->dir.len != 0;
}


/* Asked before the app is: of a file we wrote, whether it still holds, not
 * every byte of it. */

ngx_uint_t
ngx_http_hc_static_exists(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx)
{
    ngx_str_t                   path;
    ngx_file_info_t             fi;
    ngx_http_hc_static_type_t  *type;

    for (type = ngx_http_hc_static_types; type->ending.len; type++) {

        if (ngx_http_hc_static_path(r, ctx, type, &path) != NGX_OK) {
            return 0;
        }

        if (ngx_file_info(path.data, &fi) == NGX_FILE_ERROR
            || !ngx_is_file(&fi))
        {
            continue;
        }

        switch (ngx_http_hc_published(r, ctx, &path, NULL, NULL)) {

        case NGX_OK:
            return 1;

        case NGX_BUSY:
            continue;
        }

        if (ngx_http_hc_static_sound(r->connection->log, &path,
                                     ngx_file_uniq(&fi), ngx_file_mtime(&fi),
                                     ngx_file_size(&fi)))
        {
            return 1;
        }
    }

    return 0;
}


/* OK: header and body of the answer are in place.  DECLINED: no file. */

ngx_int_t
ngx_http_hc_static_answer(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_chain_t *out)
{
    ngx_str_t                   path, body, media;
    ngx_open_file_info_t        of;
    ngx_http_hc_static_type_t  *type;

    for (type = ngx_http_hc_static_types; type->ending.len; type++) {

        if (ngx_http_hc_static_path(r, ctx, type, &path) != NGX_OK) {
            return NGX_DECLINED;
        }

        switch (ngx_http_hc_published(r, ctx, &path, &body, &media)) {

        case NGX_OK:
            return ngx_http_hc_static_published(r, &body, &media, out);

        case NGX_BUSY:
            continue;
        }

        if (ngx_http_hc_static_open(r, &path, &of) != NGX_OK
            || !ngx_http_hc_static_sound(r->connection->log, &path, of.uniq,
                                         of.mtime, of.size))
        {
            continue;
        }

        if (ngx_http_hc_static_body(r, &path, &of, out) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_hc_static_header(r, &type->type, of.size);
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_hc_static_path(ngx_http_request_t *r, ngx_http_hc_ctx_t *ctx,
    ngx_http_hc_static_type_t *type, ngx_str_t *path)
{
    u_char                     *p;
    ngx_http_hc_static_conf_t  *hscf;

    static ngx_str_t  index = ngx_string("index");

    hscf = ngx_http_get_module_loc_conf(r, ngx_http_hc_static_module);

    if (hscf->dir.len == 0 || ngx_http_hc_static_escapes(&ctx->uri)) {
        return NGX_DECLINED;
    }

    path->data = ngx_pnalloc(r->pool, hscf->dir.len + ctx->uri.len + index.len
                                      + type->ending.len + 1);
    if (path->data == NULL) {
        return NGX_DECLINED;
    }

    p = ngx_cpymem(path->data, hscf->dir.data, hscf->dir.len);
    p = ngx_cpymem(p, ctx->uri.data, ctx->uri.len);

    if (*(p - 1) == '/') {
        p = ngx_cpymem(p, index.data, index.len);
    }

    p = ngx_cpymem(p, type->ending.data, type->ending.len);
    *p = '\0';

    path->len = p - path->data;

    return NGX_OK;
}


/* nginx resolves "..", but a rewrite may have put one back. */

static ngx_uint_t
ngx_http_hc_static_escapes(ngx_str_t *uri)
{
    size_t  i;

    if (uri->len == 0 || uri->data[0] != '/') {
        return 1;
    }

    for (i = 0; i < uri->len; i++) {

        if (uri->data[i] == '\0') {
            return 1;
        }

        if (uri->data[i] == '/' && i + 2 < uri->len
            && uri->data[i + 1] == '.' && uri->data[i + 2] == '.'
            && (i + 3 == uri->len || uri->data[i + 3] == '/'))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_hc_static_open(ngx_http_request_t *r, ngx_str_t *path,
    ngx_open_file_info_t *of)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_memzero(of, sizeof(*of));

    of->read_ahead = clcf->read_ahead;
    of->directio = NGX_MAX_OFF_T_VALUE;
    of->valid = clcf->open_file_cache_valid;
    of->min_uses = clcf->open_file_cache_min_uses;
    of->errors = clcf->open_file_cache_errors;
    of->events = clcf->open_file_cache_events;

    if (ngx_http_set_disable_symlinks(r, clcf, path, of) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ngx_open_cached_file(clcf->open_file_cache, path, of, r->pool)
        != NGX_OK)
    {
        if (of->err != NGX_ENOENT && of->err != NGX_ENOTDIR && of->err != 0) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, of->err,
                          "hc: %s \"%V\" failed", of->failed, path);
        }

        return NGX_DECLINED;
    }

    return of->is_file ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_hc_static_body(ngx_http_request_t *r, ngx_str_t *path,
    ngx_open_file_info_t *of, ngx_chain_t *out)
{
    ngx_buf_t  *b;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->file = ngx_pcalloc(r->pool, sizeof(ngx_file_t));
    if (b->file == NULL) {
        return NGX_ERROR;
    }

    b->file->fd = of->fd;
    b->file->name = *path;
    b->file->log = r->connection->log;

    b->file_last = of->size;
    b->in_file = of->size ? 1 : 0;

    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;
    b->sync = (b->last_buf || b->in_file) ? 0 : 1;

    out->buf = b;
    out->next = NULL;

    return NGX_OK;
}


/* One that we wrote, with the type it had. */

static ngx_int_t
ngx_http_hc_static_published(ngx_http_request_t *r, ngx_str_t *body,
    ngx_str_t *type, ngx_chain_t *out)
{
    ngx_int_t  rc;

    if (ngx_http_hc_entry_body(r, ngx_hc_str(body), out) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_hc_static_header(r, type, (off_t) body->len);

    ngx_http_hc_content_type(r, *type);

    return rc;
}


static ngx_int_t
ngx_http_hc_static_header(ngx_http_request_t *r, ngx_str_t *type, off_t size)
{
    ngx_table_elt_t  *h;

    ngx_http_hc_fallback_clean(r);

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = size;
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, "no-store");
    h->lowcase_key = NULL;

    return ngx_hc_header_append(r->pool, &r->headers_out.cache_control, h);
}

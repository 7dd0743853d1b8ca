/*
 * Files an operator has put into hc_static's directory and that say they are
 * JSON: half of one, left there by a copy that was cut, is not served.
 *
 * All are read when the configuration is; afterwards one is read again when it
 * has changed, on its way to a client, and what was found is remembered.
 */

#include "ngx_http_hc_static.h"
#include "../policy/hc_json.h"


#define NGX_HTTP_HC_STATIC_SEEN     256           /* of a worker */
#define NGX_HTTP_HC_STATIC_PIECE    65536         /* bytes read at once */
#define NGX_HTTP_HC_STATIC_LARGE    (16 * 1024 * 1024)
#define NGX_HTTP_HC_STATIC_WALK     10000         /* files looked at */


typedef struct {
    ngx_file_uniq_t  uniq;
    time_t           mtime;
    off_t            size;
    ngx_uint_t       sound;               /* unsigned  sound:1; */
} ngx_http_hc_static_seen_t;


typedef struct {
    ngx_conf_t      *cf;
    ngx_uint_t       n;
    ngx_uint_t       broken;              /* unsigned  broken:1; */
} ngx_http_hc_static_walk_t;


static ngx_uint_t ngx_http_hc_static_is_json(ngx_str_t *path);
static ngx_uint_t ngx_http_hc_static_whole(ngx_str_t *path, off_t size);
static ngx_uint_t ngx_http_hc_static_read(ngx_fd_t fd, hc_json_t *json);
static ngx_int_t ngx_http_hc_static_walk_file(ngx_tree_ctx_t *tree,
    ngx_str_t *path);
static ngx_int_t ngx_http_hc_static_walk_on(ngx_tree_ctx_t *tree,
    ngx_str_t *path);


static ngx_http_hc_static_seen_t
    ngx_http_hc_static_seen[NGX_HTTP_HC_STATIC_SEEN];


/* 1: it may be served.  One line in the log for each change to the worse. */

ngx_uint_t
ngx_http_hc_static_sound(ngx_log_t *log, ngx_str_t *path, ngx_file_uniq_t uniq,
    time_t mtime, off_t size)
{
    ngx_http_hc_static_seen_t  *seen;

    if (!ngx_http_hc_static_is_json(path)) {
        return 1;
    }

    seen = &ngx_http_hc_static_seen[uniq % NGX_HTTP_HC_STATIC_SEEN];

    if (seen->uniq == uniq && seen->mtime == mtime && seen->size == size) {
        return seen->sound;
    }

    seen->uniq = uniq;
    seen->mtime = mtime;
    seen->size = size;
    seen->sound = ngx_http_hc_static_whole(path, size);

    if (!seen->sound) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "hc: \"%V\" is no whole JSON, it is not served", path);
    }

    return seen->sound;
}


static ngx_uint_t
ngx_http_hc_static_is_json(ngx_str_t *path)
{
    static ngx_str_t  ending = ngx_string(".json");

    return path->len > ending.len
           && ngx_memcmp(path->data + path->len - ending.len, ending.data,
                         ending.len) == 0;
}


static ngx_uint_t
ngx_http_hc_static_whole(ngx_str_t *path, off_t size)
{
    ngx_fd_t     fd;
    hc_json_t   *json;
    ngx_uint_t   whole;

    if (size > NGX_HTTP_HC_STATIC_LARGE) {
        return 0;
    }

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);
    json = hc_json_create();

    whole = fd != NGX_INVALID_FILE && json
            && ngx_http_hc_static_read(fd, json);

    if (json) {
        hc_json_destroy(json);
    }

    if (fd != NGX_INVALID_FILE) {
        (void) ngx_close_file(fd);
    }

    return whole;
}


static ngx_uint_t
ngx_http_hc_static_read(ngx_fd_t fd, hc_json_t *json)
{
    ssize_t  n;
    u_char   piece[NGX_HTTP_HC_STATIC_PIECE];

    for ( ;; ) {
        n = ngx_read_fd(fd, piece, sizeof(piece));

        if (n == 0) {
            return hc_json_finish(json);
        }

        if (n < 0 || !hc_json_feed(json, piece, (size_t) n)) {
            return 0;
        }
    }
}


/* What is there while the configuration is read. */

char *
ngx_http_hc_static_check(ngx_conf_t *cf, ngx_str_t *dir)
{
    ngx_tree_ctx_t             tree;
    ngx_http_hc_static_walk_t  walk;

    ngx_memzero(&tree, sizeof(tree));
    ngx_memzero(&walk, sizeof(walk));

    walk.cf = cf;

    tree.data = &walk;
    tree.file_handler = ngx_http_hc_static_walk_file;
    tree.pre_tree_handler = ngx_http_hc_static_walk_on;
    tree.post_tree_handler = ngx_http_hc_static_walk_on;
    tree.spec_handler = ngx_http_hc_static_walk_on;
    tree.log = cf->log;

    (void) ngx_walk_tree(&tree, dir);

    return walk.broken ? NGX_CONF_ERROR : NGX_CONF_OK;
}


static ngx_int_t
ngx_http_hc_static_walk_file(ngx_tree_ctx_t *tree, ngx_str_t *path)
{
    ngx_http_hc_static_walk_t  *walk = tree->data;

    if (walk->n++ == NGX_HTTP_HC_STATIC_WALK) {
        return NGX_ABORT;
    }

    if (!ngx_http_hc_static_is_json(path)
        || ngx_http_hc_static_whole(path, tree->size))
    {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, walk->cf, 0,
                       "\"%V\" of hc_static is no whole JSON object or array "
                       "of at most 16m", path);
    walk->broken = 1;

    return NGX_ABORT;
}


static ngx_int_t
ngx_http_hc_static_walk_on(ngx_tree_ctx_t *tree, ngx_str_t *path)
{
    return NGX_OK;
}

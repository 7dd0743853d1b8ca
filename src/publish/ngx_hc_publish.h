/*
 * Answers as files: a directory that a CDN or a plain nginx serves, and that
 * the module falls back to.
 *
 * Layer: ngx_hc_, services.  Event loop and threads; knows no request.
 *
 *   dir/api/p/1.json         the body
 *   dir/api/p/.1.json.hc     its sidecar: a sealed entry (hc_entry.h) whose
 *                            body says which bytes the file has
 *
 * A file without a sidecar is the operator's own and is never touched.  Files
 * are written, replaced and removed in nginx's thread pool, by few jobs at a
 * time; a job owns a copy of all it needs.  Workers, old ones and those of
 * another nginx too, keep out of each other's way by a lock file in the
 * directory, held for the renames only.
 *
 * The fence is that of every store: an answer whose tags have moved is not
 * put in place, is not given (ngx_hc_publish_read), and its file goes.
 */

#ifndef NGX_HC_PUBLISH_H_INCLUDED_
#define NGX_HC_PUBLISH_H_INCLUDED_


#include "../base/ngx_hc_base.h"
#include "../policy/hc_entry.h"


/* Endings, in the order in which they are looked for. */

#define NGX_HC_PUBLISH_JSON     0
#define NGX_HC_PUBLISH_HTML     1
#define NGX_HC_PUBLISH_ENDINGS  2

#define NGX_HC_PUBLISH_COUNTERS(row)                                          \
    row(files,     "that are there now")                                      \
    row(published, "written, new or over another")                            \
    row(unchanged, "were there already, byte by byte")                        \
    row(removed,   "since they were invalidated")                             \
    row(refused,   "above max_files, no JSON, too many jobs")                 \
    row(failed,    "by the file system")

#define ngx_hc_publish_counter(name, text)  uint64_t  name;


typedef struct {
    NGX_HC_PUBLISH_COUNTERS(ngx_hc_publish_counter)
} ngx_hc_publish_stats_t;


typedef struct ngx_hc_publish_dir_s  ngx_hc_publish_dir_t;


typedef struct {
    ngx_str_t   path;           /* absolute, ends with NUL and no "/" */
    ngx_uint_t  max_files;
    size_t      max_size;       /* bytes of a body */
} ngx_hc_publish_options_t;


/* At configuration.  NULL: it has been logged. */

ngx_hc_publish_dir_t *ngx_hc_publish_add(ngx_conf_t *cf,
    ngx_hc_publish_options_t *options, void *tag);

/* 0: this nginx has no threads. */

ngx_uint_t ngx_hc_publish_possible(void);

const ngx_hc_publish_options_t *ngx_hc_publish_options(
    ngx_hc_publish_dir_t *dir);
void ngx_hc_publish_stats(ngx_hc_publish_dir_t *dir,
    ngx_hc_publish_stats_t *stats);


/* May an answer to this decoded path be a file?  Not with "." before a name,
 * a name too long for it, too deep a path. */

ngx_uint_t ngx_hc_publish_path_ok(ngx_str_t *uri);

/* Writes e->body as the file of that path (which is ok), e->core.born_at in ms
 * since the Unix epoch.  Copies all of it; what became of it is counted and
 * logged, nobody is told. */

void ngx_hc_publish_write(ngx_hc_publish_dir_t *dir, hc_versions_t *versions,
    ngx_str_t *uri, ngx_uint_t ending, hc_entry_t *e);

/* After tags have moved: the files of one path, resp. every file. */

void ngx_hc_publish_remove(ngx_hc_publish_dir_t *dir, hc_versions_t *versions,
    ngx_str_t *uri);
void ngx_hc_publish_sweep(ngx_hc_publish_dir_t *dir, hc_versions_t *versions);

/* At the exit of a process: a sweep that is due is made at once. */

void ngx_hc_publish_close(ngx_hc_publish_dir_t *dir);


/* A file as it was written, for a request whose key is this one.  OK: body and
 * type are set, from pool.  DECLINED: there is no sidecar.  BUSY: there is
 * one, and the file is of another key, invalidated or damaged (logged).  With
 * no body the file itself is left unread, and nothing logged. */

ngx_int_t ngx_hc_publish_read(ngx_pool_t *pool, ngx_str_t *file, hc_str_t key,
    hc_versions_t *versions, ngx_str_t *body, ngx_str_t *type);


#endif /* NGX_HC_PUBLISH_H_INCLUDED_ */

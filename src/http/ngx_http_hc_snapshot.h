/*
 * What outlives a zone's memory: entries carried into other sizes, and the
 * snapshot file of a zone.
 *
 *   _snapshot_conf.c   its parameters
 *   _snapshot.c        its shared state, when it is written and by whom
 *   _snapshot_job.c    writing one file, step by step
 *   _snapshot_disk.c   what takes its time there, and what is left there
 *   _snapshot_load.c   reading it at the start
 *   _carry.c           a zone of other sizes in a reload
 */

#ifndef NGX_HTTP_HC_SNAPSHOT_H_INCLUDED_
#define NGX_HTTP_HC_SNAPSHOT_H_INCLUDED_


#include "ngx_http_hc_conf.h"
#include "ngx_http_hc_batch.h"
#include "../policy/hc_snapshot.h"

#include <pthread.h>


#define NGX_HTTP_HC_SNAPSHOT_OBJECT  (16 * 1024 * 1024)  /* bytes, the most */
#define NGX_HTTP_HC_SNAPSHOT_TEMP    ".tmp"


/* In shared memory, kept over reloads.  The mutex is robust: whoever writes
 * holds it until the file is there, and when he dies the next one knows. */

typedef struct {
    pthread_mutex_t              writer;
    uint64_t                     due;          /* ms, monotonic */
    uint32_t                     failed;       /* the last time */
    ngx_http_hc_snapshot_stats_t stats;
} ngx_http_hc_snapshot_state_t;


typedef struct ngx_http_hc_snapshot_sync_s  ngx_http_hc_snapshot_sync_t;


/* One file on its way. */

typedef struct {
    ngx_http_hc_zone_t           *zone;
    ngx_log_t                    *log;
    ngx_fd_t                      fd;          /* NGX_INVALID_FILE: no job */
    u_char                       *temp;        /* name, from ngx_alloc() */
    ngx_http_hc_batch_t           batch;
    unsigned                      walked:1;
    unsigned                      ended:1;
    hc_snapshot_t                 sum;
    u_char                       *out;         /* sealed, not written yet */
    size_t                        size;
    size_t                        len;
    size_t                        sent;
    off_t                         offset;      /* of the file */
    ngx_http_hc_snapshot_sync_t  *sync;
} ngx_http_hc_snapshot_job_t;


struct ngx_http_hc_snapshot_s {
    ngx_str_t                      path;       /* NUL-terminated */
    ngx_str_t                      base;       /* of it, behind the last "/" */
    ngx_msec_t                     interval;
    u_char                        *dir;        /* of it */
    ngx_file_info_t                dir_info;   /* at parse time */
    ngx_shm_zone_t                *shm_zone;
    ngx_http_hc_snapshot_state_t  *state;
    ngx_http_hc_snapshot_job_t     job;
    ngx_event_t                    event;
    unsigned                       writing:1;  /* holds the mutex */
};


/* Adds the shared state of zone->snapshot. */

ngx_int_t ngx_http_hc_snapshot_memory(ngx_conf_t *cf,
    ngx_http_hc_zone_t *zone);

/* The zone of that name before this reload; NULL: there was none. */

ngx_shm_zone_t *ngx_http_hc_zone_before(ngx_str_t *name);

/* Both fill a zone that nobody uses yet, or leave it empty, and log it. */

void ngx_http_hc_zone_carry(ngx_http_hc_zone_t *zone, ngx_http_hc_zone_t *old,
    ngx_log_t *log);
void ngx_http_hc_snapshot_load(ngx_http_hc_zone_t *zone, ngx_log_t *log);

/* The same moment on the file's and on the store's clock. */

void ngx_http_hc_snapshot_now(hc_snapshot_clock_t *clock);

/*
 * Writing.  _start makes a file of another name beside it; then _step until it
 * does not return AGAIN, each a few ms of work; then _end, and _sync until it
 * does not return AGAIN (only with `threaded`); then _commit puts it in place.
 * Whatever fails has said so; then, as at any time, _abandon.
 */

ngx_int_t ngx_http_hc_snapshot_start(ngx_http_hc_snapshot_job_t *job,
    ngx_http_hc_zone_t *zone, ngx_log_t *log);
ngx_int_t ngx_http_hc_snapshot_step(ngx_http_hc_snapshot_job_t *job);
ngx_int_t ngx_http_hc_snapshot_end(ngx_http_hc_snapshot_job_t *job);
ngx_int_t ngx_http_hc_snapshot_sync(ngx_http_hc_snapshot_job_t *job,
    ngx_uint_t threaded);
ngx_int_t ngx_http_hc_snapshot_commit(ngx_http_hc_snapshot_job_t *job);
void ngx_http_hc_snapshot_abandon(ngx_http_hc_snapshot_job_t *job);

/* For them: fsync() that returns AGAIN while a thread is at it; the end of
 * waiting for it; files of dead writers. */

ngx_int_t ngx_http_hc_snapshot_flush(ngx_fd_t fd,
    ngx_http_hc_snapshot_sync_t **sync, ngx_uint_t threaded, ngx_err_t *err);
void ngx_http_hc_snapshot_flush_forget(ngx_http_hc_snapshot_sync_t **sync);
void ngx_http_hc_snapshot_sweep(ngx_http_hc_snapshot_t *snapshot);


#endif /* NGX_HTTP_HC_SNAPSHOT_H_INCLUDED_ */

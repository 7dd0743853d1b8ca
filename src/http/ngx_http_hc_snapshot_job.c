/*
 * Writing a snapshot: a file of another name, which takes the place of the
 * last one when it is whole and on the disk.
 *
 * The directory belongs to whom the workers run as, and the master may write
 * as root: so the name is made anew, never opened as it is found, and the file
 * is given to the workers.
 */

#include "ngx_http_hc_snapshot.h"


#define NGX_HTTP_HC_SNAPSHOT_PIECE  (256 * 1024) /* bytes read, or written */


static ngx_int_t ngx_http_hc_snapshot_create(ngx_http_hc_snapshot_job_t *job);
static ngx_int_t ngx_http_hc_snapshot_room(ngx_http_hc_snapshot_job_t *job,
    size_t len);
static ngx_int_t ngx_http_hc_snapshot_seal(ngx_http_hc_snapshot_job_t *job);
static ngx_int_t ngx_http_hc_snapshot_write(ngx_http_hc_snapshot_job_t *job);
static ngx_int_t ngx_http_hc_snapshot_failed(ngx_http_hc_snapshot_job_t *job,
    ngx_err_t err, const char *what);
static void ngx_http_hc_snapshot_release(ngx_http_hc_snapshot_job_t *job);


void
ngx_http_hc_snapshot_now(hc_snapshot_clock_t *clock)
{
    clock->epoch = ngx_http_hc_epoch_ms();
    clock->now = ngx_current_msec;
}


ngx_int_t
ngx_http_hc_snapshot_start(ngx_http_hc_snapshot_job_t *job,
    ngx_http_hc_zone_t *zone, ngx_log_t *log)
{
    hc_snapshot_clock_t  clock;

    ngx_memzero(job, sizeof(*job));

    job->zone = zone;
    job->log = log;
    job->fd = NGX_INVALID_FILE;
    job->batch.usual = NGX_HTTP_HC_SNAPSHOT_PIECE;
    job->batch.most = NGX_HTTP_HC_SNAPSHOT_OBJECT;

    ngx_http_hc_snapshot_sweep(zone->snapshot);

    if (ngx_http_hc_snapshot_create(job) != NGX_OK
        || ngx_http_hc_snapshot_room(job, HC_SNAPSHOT_HEADER_SIZE) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_hc_snapshot_now(&clock);
    hc_snapshot_begin(&job->sum, &clock, job->out);
    job->len = HC_SNAPSHOT_HEADER_SIZE;

    return NGX_OK;
}


/* A name of this process: what there is of it was left by one that died. */

static ngx_int_t
ngx_http_hc_snapshot_create(ngx_http_hc_snapshot_job_t *job)
{
    size_t           len;
    u_char          *temp;
    ngx_core_conf_t *ccf;
    ngx_str_t       *path = &job->zone->snapshot->path;

    len = path->len + sizeof(".") - 1 + NGX_INT64_LEN
          + sizeof(NGX_HTTP_HC_SNAPSHOT_TEMP);

    temp = ngx_alloc(len, job->log);
    if (temp == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(temp, "%V.%P" NGX_HTTP_HC_SNAPSHOT_TEMP "%Z", path,
                       ngx_pid);

    (void) ngx_delete_file(temp);

    job->fd = open((const char *) temp,
                   O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600);

    if (job->fd == NGX_INVALID_FILE) {
        ngx_free(temp);
        return ngx_http_hc_snapshot_failed(job, ngx_errno, "created");
    }

    job->temp = temp;

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    if (geteuid() == 0 && fchown(job->fd, ccf->user, ccf->group) == -1) {
        return ngx_http_hc_snapshot_failed(job, ngx_errno, "given away");
    }

    return NGX_OK;
}


/* Room for so many bytes more in what is to be written. */

static ngx_int_t
ngx_http_hc_snapshot_room(ngx_http_hc_snapshot_job_t *job, size_t len)
{
    u_char  *out;
    size_t   size;

    if (len <= job->size - job->len) {
        return NGX_OK;
    }

    size = ngx_max(job->len + len, 2 * NGX_HTTP_HC_SNAPSHOT_PIECE);

    out = ngx_alloc(size, job->log);
    if (out == NULL) {
        return NGX_ERROR;
    }

    if (job->len) {
        ngx_memcpy(out, job->out, job->len);
    }

    ngx_free(job->out);

    job->out = out;
    job->size = size;

    return NGX_OK;
}


/* AGAIN: there is more to do; OK: all entries are in the file. */

ngx_int_t
ngx_http_hc_snapshot_step(ngx_http_hc_snapshot_job_t *job)
{
    if (job->len) {
        return ngx_http_hc_snapshot_write(job) == NGX_OK ? NGX_AGAIN
                                                         : NGX_ERROR;
    }

    if (job->walked) {
        return NGX_OK;
    }

    switch (ngx_http_hc_batch_fill(&job->batch, job->zone->l1,
                                   ngx_current_msec, job->log))
    {
    case NGX_ERROR:
        return NGX_ERROR;

    case NGX_DONE:
        job->walked = 1;
        break;
    }

    return ngx_http_hc_snapshot_seal(job) == NGX_OK ? NGX_AGAIN : NGX_ERROR;
}


/* After a start all of them are stale: those that may never be so are left. */

static ngx_int_t
ngx_http_hc_snapshot_seal(ngx_http_hc_snapshot_job_t *job)
{
    size_t               len;
    uint64_t             fresh_until;
    hc_entry_t           e;
    hc_snapshot_clock_t  clock;

    ngx_http_hc_snapshot_now(&clock);

    while (ngx_http_hc_batch_next(&job->batch, &e, &fresh_until)) {
        len = hc_entry_sealed_size(&e);

        if (len == 0 || e.core.stale_for == 0) {
            continue;
        }

        if (ngx_http_hc_snapshot_room(job, len) != NGX_OK) {
            return NGX_ERROR;
        }

        hc_snapshot_add(&job->sum, &e, &clock, job->out + job->len);
        job->len += len;
    }

    return NGX_OK;
}


/* One piece.  The disk is set to work at once, so that little is left to wait
 * for at the end. */

static ngx_int_t
ngx_http_hc_snapshot_write(ngx_http_hc_snapshot_job_t *job)
{
    ssize_t  n;

    n = write(job->fd, job->out + job->sent,
              ngx_min(job->len - job->sent, NGX_HTTP_HC_SNAPSHOT_PIECE));

    if (n == -1 && ngx_errno == NGX_EINTR) {
        return NGX_OK;
    }

    if (n <= 0) {
        return ngx_http_hc_snapshot_failed(job, n ? ngx_errno : NGX_ENOSPC,
                                           "written");
    }

#ifdef SYNC_FILE_RANGE_WRITE
    (void) sync_file_range(job->fd, job->offset, n, SYNC_FILE_RANGE_WRITE);
#endif

    job->offset += n;
    job->sent += n;

    if (job->sent == job->len) {
        job->sent = 0;
        job->len = 0;
    }

    return NGX_OK;
}


/* With what there is of it by now. */

ngx_int_t
ngx_http_hc_snapshot_end(ngx_http_hc_snapshot_job_t *job)
{
    if (ngx_http_hc_snapshot_room(job, HC_SNAPSHOT_TRAILER_SIZE) != NGX_OK) {
        return NGX_ERROR;
    }

    hc_snapshot_end(&job->sum, job->out + job->len);
    job->len += HC_SNAPSHOT_TRAILER_SIZE;

    while (job->len) {
        if (ngx_http_hc_snapshot_write(job) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    job->ended = 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_hc_snapshot_sync(ngx_http_hc_snapshot_job_t *job, ngx_uint_t threaded)
{
    ngx_int_t  rc;
    ngx_err_t  err;

    rc = ngx_http_hc_snapshot_flush(job->fd, &job->sync, threaded, &err);

    return rc == NGX_ERROR ? ngx_http_hc_snapshot_failed(job, err, "synced")
                           : rc;
}


ngx_int_t
ngx_http_hc_snapshot_commit(ngx_http_hc_snapshot_job_t *job)
{
    ngx_http_hc_snapshot_t        *snapshot = job->zone->snapshot;
    ngx_http_hc_snapshot_stats_t  *stats = &snapshot->state->stats;

    if (ngx_rename_file(job->temp, snapshot->path.data) == NGX_FILE_ERROR) {
        return ngx_http_hc_snapshot_failed(job, ngx_errno, "renamed");
    }

    stats->written_at = job->sum.written_at / 1000;
    stats->entries = job->sum.entries;
    stats->bytes = job->offset;
    snapshot->state->failed = 0;

    ngx_http_hc_snapshot_release(job);

    return NGX_OK;
}


/* Once per change of state, as the next ones will fail as well, and at the
 * end, which is the last one. */

static ngx_int_t
ngx_http_hc_snapshot_failed(ngx_http_hc_snapshot_job_t *job, ngx_err_t err,
    const char *what)
{
    ngx_uint_t               level;
    ngx_http_hc_snapshot_t  *snapshot = job->zone->snapshot;

    level = snapshot->state->failed && ngx_process == NGX_PROCESS_WORKER
            ? NGX_LOG_INFO : NGX_LOG_ERR;

    ngx_log_error(level, job->log, err,
                  "hc_zone \"%V\": the snapshot \"%V\" cannot be %s",
                  &job->zone->name, &snapshot->path, what);

    snapshot->state->failed = 1;

    return NGX_ERROR;
}


void
ngx_http_hc_snapshot_abandon(ngx_http_hc_snapshot_job_t *job)
{
    if (job->temp) {
        (void) ngx_delete_file(job->temp);
    }

    ngx_http_hc_snapshot_release(job);
}


static void
ngx_http_hc_snapshot_release(ngx_http_hc_snapshot_job_t *job)
{
    ngx_http_hc_snapshot_flush_forget(&job->sync);

    if (job->fd != NGX_INVALID_FILE) {
        (void) ngx_close_file(job->fd);
        job->fd = NGX_INVALID_FILE;
    }

    ngx_http_hc_batch_destroy(&job->batch);

    ngx_free(job->out);
    ngx_free(job->temp);

    job->out = NULL;
    job->temp = NULL;
    job->size = 0;
    job->len = 0;
}

/*
 * When a snapshot is written, and by whom.
 *
 *   worker   ... due -- takes the mutex -- step, step, ... fsync -- due ...
 *   others   ... due -- mutex is taken -- a little later -- not due ...
 *   master   all workers are gone -- the whole of it, in its time
 *
 * Each worker has one timer, at the moment the next file is due, which is in
 * shared memory; the mutex decides who writes it, and it tells when that one
 * died meanwhile.  A reload changes nothing in this: a worker that shuts down
 * leaves off, and a new one takes over.
 */

#include "ngx_http_hc_snapshot.h"
#include "ngx_http_hc_handlers.h"

#include <errno.h>


#define NGX_HTTP_HC_SNAPSHOT_PAUSE  5            /* ms between two steps */
#define NGX_HTTP_HC_SNAPSHOT_RETRY  2000         /* ms, another one writes */
#define NGX_HTTP_HC_SNAPSHOT_EXIT   3000         /* ms for all at the exit */


static ngx_int_t ngx_http_hc_snapshot_init(ngx_shm_zone_t *shm_zone,
    void *data);
static void ngx_http_hc_snapshot_open(ngx_http_hc_zone_t *zone,
    ngx_cycle_t *cycle);
static void ngx_http_hc_snapshot_timer(ngx_event_t *ev);
static ngx_msec_t ngx_http_hc_snapshot_begin(ngx_http_hc_zone_t *zone,
    ngx_log_t *log);
static ngx_uint_t ngx_http_hc_snapshot_lock(
    ngx_http_hc_snapshot_state_t *state);
static ngx_int_t ngx_http_hc_snapshot_go_on(ngx_http_hc_snapshot_job_t *job);
static ngx_msec_t ngx_http_hc_snapshot_leave(ngx_http_hc_snapshot_t *snapshot,
    ngx_int_t rc);
static void ngx_http_hc_snapshot_exit(ngx_http_hc_zone_t *zone,
    ngx_msec_t time, ngx_log_t *log);


extern ngx_module_t  ngx_http_hc_module;


ngx_int_t
ngx_http_hc_snapshot_memory(ngx_conf_t *cf, ngx_http_hc_zone_t *zone)
{
    ngx_str_t                name;
    ngx_shm_zone_t          *shm_zone;
    ngx_http_hc_snapshot_t  *snapshot = zone->snapshot;

    /* no hc_zone can have this name */

    name.len = zone->name.len + sizeof(":snapshot") - 1;
    name.data = ngx_pnalloc(cf->pool, name.len);

    if (name.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(name.data, "%V:snapshot", &zone->name);

    shm_zone = ngx_shared_memory_add(cf, &name, 2 * NGX_HTTP_HC_PAGE,
                                     &ngx_http_hc_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_hc_snapshot_init;
    shm_zone->data = snapshot;
    snapshot->shm_zone = shm_zone;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_snapshot_init(ngx_shm_zone_t *shm_zone, void *data)
{
    int                            rc;
    uint64_t                       due;
    pthread_mutexattr_t            attr;
    ngx_http_hc_snapshot_t        *snapshot = shm_zone->data;
    ngx_http_hc_snapshot_state_t  *state;

    state = ngx_http_hc_block(shm_zone);
    snapshot->state = state;
    due = ngx_current_msec + snapshot->interval;

    if (data) {

        /* the interval may have become shorter */

        if ((int64_t) (state->due - due) > 0) {
            __atomic_store_n(&state->due, due, __ATOMIC_RELEASE);
        }

        return NGX_OK;
    }

    ngx_memzero(state, sizeof(*state));
    state->due = due;

    if (pthread_mutexattr_init(&attr) != 0) {
        return NGX_ERROR;
    }

    (void) pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    (void) pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);

    rc = pthread_mutex_init(&state->writer, &attr);

    (void) pthread_mutexattr_destroy(&attr);

    return rc == 0 ? NGX_OK : NGX_ERROR;
}


ngx_http_hc_snapshot_stats_t *
ngx_http_hc_snapshot_stats(ngx_http_hc_zone_t *zone)
{
    return zone->snapshot ? &zone->snapshot->state->stats : NULL;
}


/* Only in a process that answers requests: what else nginx starts has other
 * things to do. */

ngx_int_t
ngx_http_hc_open_snapshots(ngx_cycle_t *cycle)
{
    ngx_uint_t            i;
    ngx_array_t          *zones;
    ngx_http_hc_zone_t  **zone;

    zones = ngx_http_hc_cycle_zones(cycle);

    if (zones == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    zone = zones->elts;

    for (i = 0; i < zones->nelts; i++) {
        if (zone[i]->snapshot) {
            ngx_http_hc_snapshot_open(zone[i], cycle);
        }
    }

    return NGX_OK;
}


/* One worker asks for all of them, as it is the one who would write. */

static void
ngx_http_hc_snapshot_open(ngx_http_hc_zone_t *zone, ngx_cycle_t *cycle)
{
    ngx_event_t             *ev;
    ngx_http_hc_snapshot_t  *snapshot = zone->snapshot;

    if (ngx_worker == 0
        && faccessat(AT_FDCWD, (char *) snapshot->dir, W_OK|X_OK, AT_EACCESS)
           == -1)
    {
        ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_errno,
                      "hc_zone \"%V\": workers cannot write into \"%s\", the "
                      "snapshot is written at the exit only", &zone->name,
                      snapshot->dir);
    }

    ev = &snapshot->event;

    ev->handler = ngx_http_hc_snapshot_timer;
    ev->data = zone;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, 1);
}


void
ngx_http_hc_close_snapshots(ngx_cycle_t *cycle)
{
    ngx_uint_t               i;
    ngx_array_t             *zones;
    ngx_http_hc_zone_t     **zone;
    ngx_http_hc_snapshot_t  *snapshot;

    zones = ngx_http_hc_cycle_zones(cycle);

    if (zones == NULL) {
        return;
    }

    zone = zones->elts;

    for (i = 0; i < zones->nelts; i++) {
        snapshot = zone[i]->snapshot;

        if (snapshot == NULL) {
            continue;
        }

        if (snapshot->event.timer_set) {
            ngx_del_timer(&snapshot->event);
        }

        if (snapshot->writing) {
            (void) ngx_http_hc_snapshot_leave(snapshot, NGX_ABORT);
        }
    }
}


static void
ngx_http_hc_snapshot_timer(ngx_event_t *ev)
{
    ngx_int_t                rc;
    ngx_msec_t               wait;
    ngx_http_hc_zone_t      *zone = ev->data;
    ngx_http_hc_snapshot_t  *snapshot = zone->snapshot;

    if (!snapshot->writing) {

        if (ngx_exiting) {
            return;
        }

        wait = ngx_http_hc_snapshot_begin(zone, ev->log);
        ngx_add_timer(ev, wait);

        return;
    }

    rc = ngx_exiting ? NGX_ABORT : ngx_http_hc_snapshot_go_on(&snapshot->job);

    wait = (rc == NGX_AGAIN) ? NGX_HTTP_HC_SNAPSHOT_PAUSE
                             : ngx_http_hc_snapshot_leave(snapshot, rc);
    if (!ngx_exiting) {
        ngx_add_timer(ev, wait);
    }
}


/* Returns when to come again; then this process writes, or nobody has to. */

static ngx_msec_t
ngx_http_hc_snapshot_begin(ngx_http_hc_zone_t *zone, ngx_log_t *log)
{
    int64_t                        left;
    ngx_http_hc_snapshot_t        *snapshot = zone->snapshot;
    ngx_http_hc_snapshot_state_t  *state = snapshot->state;

    left = (int64_t) (__atomic_load_n(&state->due, __ATOMIC_ACQUIRE)
                      - ngx_current_msec);

    if (left > 0) {
        return (ngx_msec_t) left;
    }

    if (!ngx_http_hc_snapshot_lock(state)) {
        return ngx_min(NGX_HTTP_HC_SNAPSHOT_RETRY, snapshot->interval);
    }

    snapshot->writing = 1;

    left = (int64_t) (state->due - ngx_current_msec);

    if (left > 0) {
        return ngx_http_hc_snapshot_leave(snapshot, NGX_DECLINED);
    }

    if (ngx_http_hc_snapshot_start(&snapshot->job, zone, log) != NGX_OK) {
        return ngx_http_hc_snapshot_leave(snapshot, NGX_ERROR);
    }

    return NGX_HTTP_HC_SNAPSHOT_PAUSE;
}


static ngx_uint_t
ngx_http_hc_snapshot_lock(ngx_http_hc_snapshot_state_t *state)
{
    int  rc;

    rc = pthread_mutex_trylock(&state->writer);

    if (rc == EOWNERDEAD) {
        (void) pthread_mutex_consistent(&state->writer);
        return 1;
    }

    return rc == 0;
}


/* AGAIN; OK: the file is in place; ERROR: it has been said. */

static ngx_int_t
ngx_http_hc_snapshot_go_on(ngx_http_hc_snapshot_job_t *job)
{
    ngx_int_t  rc;

    if (!job->ended) {
        rc = ngx_http_hc_snapshot_step(job);

        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_http_hc_snapshot_end(job);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_http_hc_snapshot_sync(job, 1);

    return rc == NGX_OK ? ngx_http_hc_snapshot_commit(job) : rc;
}


/* DECLINED: there was no file to write; ABORT: somebody else shall do it at
 * once.  Returns when this process looks again. */

static ngx_msec_t
ngx_http_hc_snapshot_leave(ngx_http_hc_snapshot_t *snapshot, ngx_int_t rc)
{
    ngx_http_hc_snapshot_state_t  *state = snapshot->state;

    if (rc == NGX_ERROR || rc == NGX_ABORT) {
        ngx_http_hc_snapshot_abandon(&snapshot->job);
    }

    if (rc == NGX_OK || rc == NGX_ERROR) {
        __atomic_store_n(&state->due, ngx_current_msec + snapshot->interval,
                         __ATOMIC_RELEASE);
    }

    snapshot->writing = 0;
    (void) pthread_mutex_unlock(&state->writer);

    return snapshot->interval;
}


/* In the master, last of all.  Nobody answers any more, so nobody shall wait
 * to be accepted meanwhile. */

void
ngx_http_hc_write_snapshots(ngx_cycle_t *cycle)
{
    ngx_uint_t            i, n;
    ngx_msec_t            began, left;
    ngx_array_t          *zones;
    ngx_http_hc_zone_t  **zone;

    zones = ngx_http_hc_cycle_zones(cycle);

    if (zones == NULL) {
        return;
    }

    zone = zones->elts;
    n = 0;

    for (i = 0; i < zones->nelts; i++) {
        n += zone[i]->snapshot != NULL;
    }

    if (n) {
        ngx_close_listening_sockets(cycle);
    }

    ngx_time_update();
    began = ngx_current_msec;

    for (i = 0; i < zones->nelts; i++) {
        if (zone[i]->snapshot) {
            left = ngx_current_msec - began;
            left = NGX_HTTP_HC_SNAPSHOT_EXIT
                   - ngx_min(left, NGX_HTTP_HC_SNAPSHOT_EXIT);

            ngx_http_hc_snapshot_exit(zone[i], left / n--, cycle->log);
        }
    }
}


static void
ngx_http_hc_snapshot_exit(ngx_http_hc_zone_t *zone, ngx_msec_t time,
    ngx_log_t *log)
{
    ngx_int_t                    rc;
    ngx_msec_t                   began;
    ngx_http_hc_snapshot_job_t  *job = &zone->snapshot->job;

    began = ngx_current_msec;
    rc = ngx_http_hc_snapshot_start(job, zone, log);

    if (rc == NGX_OK) {
        do {
            rc = ngx_http_hc_snapshot_step(job);
            ngx_time_update();

        } while (rc == NGX_AGAIN && ngx_current_msec - began < time);
    }

    if (rc == NGX_ERROR
        || ngx_http_hc_snapshot_end(job) != NGX_OK
        || ngx_http_hc_snapshot_sync(job, 0) != NGX_OK
        || ngx_http_hc_snapshot_commit(job) != NGX_OK)
    {
        ngx_http_hc_snapshot_abandon(job);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "hc_zone \"%V\": snapshot of %uL entries written to \"%V\"%s",
                  &zone->name, job->sum.entries, &zone->snapshot->path,
                  rc == NGX_OK ? "" : ", the rest left out for want of time");
}

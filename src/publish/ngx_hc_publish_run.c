/*
 * Jobs, on the event loop: which of them run, and what became of them.
 *
 * A burst of answers to one path is one write at a time, and of those that
 * wait the newest is left.  Only a few threads are taken, so that a slow disk
 * leaves others for nginx.  When too much waits, answers are not published
 * (the next one will be); removals become a sweep.
 */

#include "ngx_hc_publish_priv.h"

#if (NGX_THREADS)

#include <ngx_thread_pool.h>

/* not in an nginx without threads, which is told so at configuration */

#pragma weak ngx_thread_pool_add
#pragma weak ngx_thread_task_alloc
#pragma weak ngx_thread_task_post

#endif


static void ngx_hc_publish_drop(ngx_hc_publish_job_t *job);
static ngx_hc_publish_job_t *ngx_hc_publish_like(ngx_queue_t *queue,
    ngx_hc_publish_job_t *job, ngx_uint_t any);
static void ngx_hc_publish_start(void);
static ngx_int_t ngx_hc_publish_post(ngx_hc_publish_job_t *job);
static void ngx_hc_publish_done(ngx_event_t *ev);
static void ngx_hc_publish_swept(ngx_hc_publish_job_t *job);
static void ngx_hc_publish_pause_handler(ngx_event_t *ev);


/* Of this process, whichever cycle they are of. */

static ngx_queue_t  ngx_hc_publish_waiting = {
    &ngx_hc_publish_waiting, &ngx_hc_publish_waiting
};
static ngx_queue_t  ngx_hc_publish_active = {
    &ngx_hc_publish_active, &ngx_hc_publish_active
};
static ngx_uint_t   ngx_hc_publish_nwaiting;
static ngx_uint_t   ngx_hc_publish_nactive;
static size_t       ngx_hc_publish_bytes;


ngx_uint_t
ngx_hc_publish_room(size_t bytes)
{
    return ngx_hc_publish_nwaiting < NGX_HC_PUBLISH_WAITING
           && ngx_hc_publish_bytes + bytes <= NGX_HC_PUBLISH_BYTES;
}


ngx_uint_t
ngx_hc_publish_removals(ngx_hc_publish_dir_t *dir)
{
    ngx_queue_t           *q;
    ngx_hc_publish_job_t  *job;

    for (q = ngx_queue_head(&ngx_hc_publish_waiting);
         q != ngx_queue_sentinel(&ngx_hc_publish_waiting);
         q = ngx_queue_next(q))
    {
        job = ngx_queue_data(q, ngx_hc_publish_job_t, queue);

        if (job->dir == dir && job->kind != NGX_HC_PUBLISH_WRITE) {
            return 1;
        }
    }

    return 0;
}


void
ngx_hc_publish_enqueue(ngx_hc_publish_job_t *job)
{
    ngx_hc_publish_job_t  *other;

    other = job->kind == NGX_HC_PUBLISH_SWEEP
            ? NULL : ngx_hc_publish_like(&ngx_hc_publish_waiting, job, 0);

    if (other) {
        ngx_hc_publish_drop(other);
    }

    ngx_queue_insert_tail(&ngx_hc_publish_waiting, &job->queue);
    ngx_hc_publish_nwaiting++;
    ngx_hc_publish_bytes += job->entry.body.len;

    ngx_hc_publish_start();
}


/* Takes it out of those that wait. */

static void
ngx_hc_publish_drop(ngx_hc_publish_job_t *job)
{
    ngx_queue_remove(&job->queue);
    ngx_hc_publish_nwaiting--;
    ngx_hc_publish_bytes -= job->entry.body.len;

    ngx_destroy_pool(job->pool);
}


/* One for the same path, of the same kind or of any. */

static ngx_hc_publish_job_t *
ngx_hc_publish_like(ngx_queue_t *queue, ngx_hc_publish_job_t *job,
    ngx_uint_t any)
{
    ngx_queue_t           *q;
    ngx_hc_publish_job_t  *other;

    for (q = ngx_queue_head(queue);
         q != ngx_queue_sentinel(queue);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_hc_publish_job_t, queue);

        if (other->dir == job->dir
            && (any || other->kind == job->kind)
            && other->path.len == job->path.len
            && ngx_memcmp(other->path.data, job->path.data, job->path.len)
               == 0)
        {
            return other;
        }
    }

    return NULL;
}


static void
ngx_hc_publish_start(void)
{
    ngx_queue_t           *q, *next;
    ngx_hc_publish_job_t  *job;

    for (q = ngx_queue_head(&ngx_hc_publish_waiting);
         q != ngx_queue_sentinel(&ngx_hc_publish_waiting)
         && ngx_hc_publish_nactive < NGX_HC_PUBLISH_ACTIVE;
         q = next)
    {
        next = ngx_queue_next(q);
        job = ngx_queue_data(q, ngx_hc_publish_job_t, queue);

        if (job->path.len
            && ngx_hc_publish_like(&ngx_hc_publish_active, job, 1))
        {
            continue;
        }

        if (ngx_hc_publish_post(job) != NGX_OK) {
            if (job->kind != NGX_HC_PUBLISH_WRITE) {
                job->dir->again = 1;
            }

            if (job->kind == NGX_HC_PUBLISH_SWEEP) {
                job->dir->sweeping = 0;
            }

            ngx_hc_publish_count(&job->dir->state->stats.refused, 1);
            ngx_hc_publish_drop(job);
            continue;
        }

        ngx_queue_remove(q);
        ngx_hc_publish_nwaiting--;

        ngx_queue_insert_tail(&ngx_hc_publish_active, q);
        ngx_hc_publish_nactive++;
    }
}


static void
ngx_hc_publish_done(ngx_event_t *ev)
{
    ngx_hc_publish_job_t  *job = ev->data;

    ngx_queue_remove(&job->queue);
    ngx_hc_publish_nactive--;
    ngx_hc_publish_bytes -= job->entry.body.len;

    ngx_log_debug4(NGX_LOG_DEBUG_CORE, ngx_cycle->log, 0,
                   "hc publish job:%d rc:%i took:%M \"%V\"", job->kind,
                   job->rc, job->took, &job->path);

    ngx_hc_publish_log(job);

    if (job->kind == NGX_HC_PUBLISH_SWEEP) {
        ngx_hc_publish_swept(job);
    }

    ngx_destroy_pool(job->pool);

    ngx_hc_publish_start();
}


/* The timer keeps no worker: what is due then is made at its exit. */

static void
ngx_hc_publish_swept(ngx_hc_publish_job_t *job)
{
    ngx_event_t           *ev;
    ngx_hc_publish_dir_t  *dir = job->dir;

    ev = &dir->pause;

    ev->handler = ngx_hc_publish_pause_handler;
    ev->data = dir;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, 1 + job->took * NGX_HC_PUBLISH_PAUSE);
}


static void
ngx_hc_publish_pause_handler(ngx_event_t *ev)
{
    ngx_hc_publish_dir_t  *dir = ev->data;

    dir->sweeping = 0;

    if (dir->again) {
        ngx_hc_publish_sweep(dir, dir->versions);
    }
}


/* Once in a while for all workers; the counters have the rest. */

void
ngx_hc_publish_log(ngx_hc_publish_job_t *job)
{
    uint64_t    last, now, *logged_at;
    ngx_uint_t  warn, level;

    if (job->what == NULL) {
        return;
    }

    warn = (job->rc == NGX_DECLINED);
    level = warn ? NGX_LOG_WARN : NGX_LOG_ERR;

    now = (uint64_t) ngx_time();
    logged_at = &job->dir->state->logged_at[warn];
    last = __atomic_load_n(logged_at, __ATOMIC_RELAXED);

    if ((last && now < last + NGX_HC_PUBLISH_QUIET)
        || !__atomic_compare_exchange_n(logged_at, &last, now, 0,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    {
        return;
    }

    ngx_log_error(level, ngx_cycle->log, job->err,
                  "hc: %s (\"%V\" below hc_static \"%V\"); the next such line "
                  "is a minute away", job->what, &job->path,
                  &job->dir->options.path);
}


#if (NGX_THREADS)

ngx_uint_t
ngx_hc_publish_possible(void)
{
    return ngx_thread_pool_add != NULL;
}


ngx_int_t
ngx_hc_publish_pool(ngx_conf_t *cf, ngx_hc_publish_dir_t *dir)
{
    dir->threads = ngx_thread_pool_add(cf, NULL);

    return dir->threads ? NGX_OK : NGX_ERROR;
}


static void
ngx_hc_publish_thread(void *data, ngx_log_t *log)
{
    ngx_hc_publish_job_t **job = data;

    ngx_hc_publish_work(*job);
}


static ngx_int_t
ngx_hc_publish_post(ngx_hc_publish_job_t *job)
{
    ngx_thread_task_t      *task;
    ngx_hc_publish_job_t  **data;

    task = ngx_thread_task_alloc(job->pool, sizeof(job));
    if (task == NULL) {
        return NGX_ERROR;
    }

    data = task->ctx;
    *data = job;

    task->handler = ngx_hc_publish_thread;
    task->event.handler = ngx_hc_publish_done;
    task->event.data = job;

    return ngx_thread_task_post(job->dir->threads, task);
}

#else

ngx_uint_t
ngx_hc_publish_possible(void)
{
    return 0;
}


ngx_int_t
ngx_hc_publish_pool(ngx_conf_t *cf, ngx_hc_publish_dir_t *dir)
{
    return NGX_ERROR;
}


static ngx_int_t
ngx_hc_publish_post(ngx_hc_publish_job_t *job)
{
    return NGX_ERROR;
}

#endif

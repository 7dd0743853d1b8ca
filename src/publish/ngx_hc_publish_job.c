/*
 * Jobs, on the event loop: what there is to do.
 */

#include "ngx_hc_publish_priv.h"


static ngx_hc_publish_job_t *ngx_hc_publish_job(ngx_hc_publish_dir_t *dir,
    hc_versions_t *versions, ngx_hc_publish_kind_e kind, ngx_str_t *uri);
static ngx_int_t ngx_hc_publish_copy(ngx_pool_t *pool, hc_str_t *s);


void
ngx_hc_publish_write(ngx_hc_publish_dir_t *dir, hc_versions_t *versions,
    ngx_str_t *uri, ngx_uint_t ending, hc_entry_t *e)
{
    ngx_hc_publish_job_t  *job;

    if (!ngx_hc_publish_room(e->body.len)) {
        ngx_hc_publish_count(&dir->state->stats.refused, 1);
        return;
    }

    job = ngx_hc_publish_job(dir, versions, NGX_HC_PUBLISH_WRITE, uri);
    if (job == NULL) {
        return;
    }

    job->ending = ending;
    job->entry = *e;

    if (ngx_hc_publish_copy(job->pool, &job->entry.key) != NGX_OK
        || ngx_hc_publish_copy(job->pool, &job->entry.headers) != NGX_OK
        || ngx_hc_publish_copy(job->pool, &job->entry.body) != NGX_OK)
    {
        ngx_destroy_pool(job->pool);
        return;
    }

    ngx_hc_publish_enqueue(job);
}


void
ngx_hc_publish_remove(ngx_hc_publish_dir_t *dir, hc_versions_t *versions,
    ngx_str_t *uri)
{
    ngx_hc_publish_job_t  *job;

    job = ngx_hc_publish_room(0)
          ? ngx_hc_publish_job(dir, versions, NGX_HC_PUBLISH_REMOVE, uri)
          : NULL;

    if (job == NULL) {
        ngx_hc_publish_sweep(dir, versions);
        return;
    }

    dir->versions = versions;

    ngx_hc_publish_enqueue(job);
}


/* One at a time, and a pause between two; what moves meanwhile is for the
 * next one. */

void
ngx_hc_publish_sweep(ngx_hc_publish_dir_t *dir, hc_versions_t *versions)
{
    ngx_hc_publish_job_t  *job;

    dir->versions = versions;

    if (dir->sweeping) {
        dir->again = 1;
        return;
    }

    job = ngx_hc_publish_job(dir, versions, NGX_HC_PUBLISH_SWEEP, NULL);
    if (job == NULL) {
        dir->again = 1;
        return;
    }

    dir->sweeping = 1;
    dir->again = 0;

    ngx_hc_publish_enqueue(job);
}


void
ngx_hc_publish_close(ngx_hc_publish_dir_t *dir)
{
    ngx_hc_publish_job_t  *job;

    if (dir->versions == NULL
        || (!dir->again && !ngx_hc_publish_removals(dir)))
    {
        return;
    }

    job = ngx_hc_publish_job(dir, dir->versions, NGX_HC_PUBLISH_SWEEP, NULL);

    if (job) {
        ngx_hc_publish_work(job);
        ngx_hc_publish_log(job);
        ngx_destroy_pool(job->pool);
    }
}


static ngx_hc_publish_job_t *
ngx_hc_publish_job(ngx_hc_publish_dir_t *dir, hc_versions_t *versions,
    ngx_hc_publish_kind_e kind, ngx_str_t *uri)
{
    u_char                *p;
    ngx_pool_t            *pool;
    ngx_hc_publish_job_t  *job;

    static ngx_str_t  index = ngx_string("index");

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    job = ngx_pcalloc(pool, sizeof(*job));
    p = uri ? ngx_pnalloc(pool, uri->len + index.len + 1) : NULL;

    if (job == NULL || (uri && p == NULL)) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    job->pool = pool;
    job->dir = dir;
    job->versions = versions;
    job->kind = kind;

    if (uri) {
        job->path.data = p;
        p = ngx_cpymem(p, uri->data + 1, uri->len - 1);

        if (uri->data[uri->len - 1] == '/') {
            p = ngx_cpymem(p, index.data, index.len);
        }

        *p = '\0';
        job->path.len = p - job->path.data;
    }

    return job;
}


static ngx_int_t
ngx_hc_publish_copy(ngx_pool_t *pool, hc_str_t *s)
{
    u_char  *p;

    p = ngx_pnalloc(pool, s->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (s->len) {
        ngx_memcpy(p, s->data, s->len);
    }

    s->data = p;

    return NGX_OK;
}


void
ngx_hc_publish_work(ngx_hc_publish_job_t *job)
{
    struct timespec  begin, end;

    (void) clock_gettime(CLOCK_MONOTONIC, &begin);

    switch (job->kind) {

    case NGX_HC_PUBLISH_WRITE:
        ngx_hc_publish_do_write(job);
        break;

    case NGX_HC_PUBLISH_REMOVE:
        ngx_hc_publish_do_remove(job);
        break;

    case NGX_HC_PUBLISH_SWEEP:
        ngx_hc_publish_do_sweep(job);
        break;
    }

    (void) clock_gettime(CLOCK_MONOTONIC, &end);

    job->took = (end.tv_sec - begin.tv_sec) * 1000
                + (end.tv_nsec - begin.tv_nsec) / 1000000;
}

/*
 * Files are put in place and removed, in a thread and under the lock.
 */

#include "ngx_hc_publish_priv.h"

#include <errno.h>


static ngx_int_t ngx_hc_publish_is_free(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);
static ngx_int_t ngx_hc_publish_rename(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);
static void ngx_hc_publish_others(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);


void
ngx_hc_publish_fail(ngx_hc_publish_job_t *job, const char *what)
{
    job->err = ngx_errno;
    job->what = what;
    job->rc = NGX_ERROR;

    ngx_hc_publish_count(&job->dir->state->stats.failed, 1);
}


void
ngx_hc_publish_refuse(ngx_hc_publish_job_t *job, const char *what)
{
    job->what = what;
    job->rc = NGX_DECLINED;

    ngx_hc_publish_count(&job->dir->state->stats.refused, 1);
}


ngx_uint_t
ngx_hc_publish_full(ngx_hc_publish_job_t *job)
{
    return __atomic_load_n(&job->dir->state->stats.files, __ATOMIC_RELAXED)
           >= job->dir->options.max_files;
}


ngx_int_t
ngx_hc_publish_put(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    ngx_int_t                rc, added;
    ngx_hc_publish_state_t  *state = job->dir->state;

    rc = ngx_hc_publish_is_free(job, t);
    added = (rc == NGX_OK);

    if (rc != NGX_OK && rc != NGX_BUSY) {
        return rc;
    }

    if (added && ngx_hc_publish_full(job)) {
        ngx_hc_publish_refuse(job, "max_files are there, nothing new is "
                              "published");
        return NGX_DECLINED;
    }

    if (!ngx_hc_publish_current_job(job)) {
        return NGX_DECLINED;
    }

    rc = ngx_hc_publish_rename(job, t);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_hc_publish_count(&state->stats.files, added);

    /* a purge between the look above and the rename found no file to remove */

    if (!ngx_hc_publish_current_job(job)) {
        (void) ngx_hc_publish_unlink(job, t->place.dir, t->name);
        return NGX_OK;
    }

    ngx_hc_publish_count(&state->stats.published, 1);

    ngx_hc_publish_others(job, t);

    return NGX_OK;
}


/* OK: it is.  BUSY: it has a file of ours that may be replaced.  DECLINED: a
 * younger one, the operator's own, or something that is no file. */

static ngx_int_t
ngx_hc_publish_is_free(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    ngx_int_t                 rc;
    ngx_uint_t                younger;
    struct stat               st;
    ngx_hc_publish_sidecar_t  s;

    rc = ngx_hc_publish_open_sidecar(t->place.dir, t->name, &s);

    if (rc == NGX_OK) {
        younger = s.about.life == job->versions->life
                  && s.entry.core.born_at > job->entry.core.born_at
                  && ngx_hc_publish_current(job->versions, &s);

        ngx_hc_publish_close_sidecar(&s);

        return younger ? NGX_DECLINED : NGX_BUSY;
    }

    if (rc == NGX_ABORT) {
        return NGX_BUSY;
    }

    if (rc == NGX_ERROR) {
        ngx_hc_publish_fail(job, "a sidecar cannot be read");
        return NGX_ERROR;
    }

    if (fstatat(t->place.dir, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_hc_publish_rename(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    int  dir = t->place.dir;

    if (renameat(dir, t->temp[1], dir, t->sidecar) == -1) {
        ngx_hc_publish_fail(job, "rename() failed");
        return NGX_ERROR;
    }

    t->temp[1][0] = '\0';

    if (renameat(dir, t->temp[0], dir, t->name) == -1) {
        ngx_hc_publish_fail(job, "rename() failed");
        (void) unlinkat(dir, t->sidecar, 0);
        return NGX_ERROR;
    }

    t->temp[0][0] = '\0';

    return NGX_OK;
}


/* The path was of another type before: that file would be found first. */

static void
ngx_hc_publish_others(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    char                      name[NAME_MAX + 1];
    ngx_uint_t                i;
    ngx_hc_publish_sidecar_t  s;

    for (i = 0; i < NGX_HC_PUBLISH_ENDINGS; i++) {

        (void) snprintf(name, sizeof(name), "%.246s%s", t->place.stem,
                        ngx_hc_publish_endings[i]);

        if (i != job->ending
            && ngx_hc_publish_open_sidecar(t->place.dir, name, &s) == NGX_OK)
        {
            ngx_hc_publish_close_sidecar(&s);
            (void) ngx_hc_publish_unlink(job, t->place.dir, name);
        }
    }
}


void
ngx_hc_publish_do_remove(ngx_hc_publish_job_t *job)
{
    char                    name[NAME_MAX + 1];
    ngx_int_t               rc;
    ngx_uint_t              i, removed;
    ngx_hc_publish_place_t  place;

    rc = ngx_hc_publish_enter(job, 0, &place);

    if (rc == NGX_ERROR) {
        return;
    }

    removed = 0;

    for (i = 0; rc == NGX_OK && i < NGX_HC_PUBLISH_ENDINGS; i++) {

        (void) snprintf(name, sizeof(name), "%.246s%s", place.stem,
                        ngx_hc_publish_endings[i]);

        if (place.lock == -1) {
            rc = ngx_hc_publish_lock(job, &place);
        }

        if (rc == NGX_OK) {
            removed |= ngx_hc_publish_remove_moved(job, place.dir, name);
        }
    }

    if (removed) {
        (void) fsync(place.dir);
    }

    ngx_hc_publish_leave(&place);
}


ngx_uint_t
ngx_hc_publish_remove_moved(ngx_hc_publish_job_t *job, int dir,
    const char *name)
{
    ngx_int_t                 rc;
    ngx_uint_t                current;
    ngx_hc_publish_sidecar_t  s;

    rc = ngx_hc_publish_open_sidecar(dir, name, &s);

    if (rc == NGX_OK) {
        current = ngx_hc_publish_current(job->versions, &s);
        ngx_hc_publish_close_sidecar(&s);

        return current ? 0 : ngx_hc_publish_unlink(job, dir, name);
    }

    return rc == NGX_ABORT ? ngx_hc_publish_unlink(job, dir, name) : 0;
}


ngx_uint_t
ngx_hc_publish_unlink(ngx_hc_publish_job_t *job, int dir, const char *name)
{
    char                     sidecar[NAME_MAX + 1];
    ngx_hc_publish_state_t  *state = job->dir->state;

    ngx_hc_publish_sidecar_name(name, sidecar);

    if ((unlinkat(dir, name, 0) == -1 && errno != ENOENT)
        || unlinkat(dir, sidecar, 0) == -1)
    {
        ngx_hc_publish_fail(job, "unlink() failed");
        return 0;
    }

    if (__atomic_load_n(&state->counted, __ATOMIC_ACQUIRE)) {
        ngx_hc_publish_count(&state->stats.files, -1);
    }

    ngx_hc_publish_count(&state->stats.removed, 1);

    return 1;
}

/*
 * A file is written, in a thread.
 *
 *   body and sidecar into files of no name, fsync
 *   lock
 *     the versions have not moved; the place is free, or what is there is
 *     ours and older
 *     rename of the sidecar, rename of the body
 *     the versions still have not moved: else both go
 *   unlock, fsync of the directory
 */

#include "ngx_hc_publish_priv.h"
#include "../policy/hc_json.h"

#include <errno.h>
#include <stdlib.h>


static ngx_uint_t ngx_hc_publish_is_json(hc_str_t body);
static ngx_int_t ngx_hc_publish_known(ngx_hc_publish_job_t *job);
static ngx_int_t ngx_hc_publish_target(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);
static void ngx_hc_publish_both(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);
static ngx_uint_t ngx_hc_publish_unchanged(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);
static ngx_int_t ngx_hc_publish_temps(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);
static ngx_int_t ngx_hc_publish_temp(ngx_hc_publish_job_t *job, int dir,
    char *name, const u_char *data, size_t size);
static ssize_t ngx_hc_publish_write_all(int fd, const u_char *data,
    size_t size);


void
ngx_hc_publish_do_write(ngx_hc_publish_job_t *job)
{
    ngx_hc_publish_target_t  t;

    if (!ngx_hc_publish_current_job(job)) {
        return;
    }

    if (job->ending == NGX_HC_PUBLISH_JSON
        && !ngx_hc_publish_is_json(job->entry.body))
    {
        ngx_hc_publish_refuse(job, "an answer that says it is JSON is not one "
                              "whole object or array, it is not published");
        return;
    }

    if (ngx_hc_publish_known(job) != NGX_OK
        || ngx_hc_publish_target(job, &t) != NGX_OK)
    {
        return;
    }

    if (ngx_hc_publish_unchanged(job, &t)) {
        ngx_hc_publish_count(&job->dir->state->stats.unchanged, 1);

    } else {
        ngx_hc_publish_both(job, &t);
    }

    ngx_hc_publish_leave(&t.place);
}


static ngx_uint_t
ngx_hc_publish_is_json(hc_str_t body)
{
    int         rc;
    hc_json_t  *json;

    json = hc_json_create();
    if (json == NULL) {
        return 0;
    }

    rc = hc_json_feed(json, body.data, body.len) && hc_json_finish(json);

    hc_json_destroy(json);

    return rc;
}


/* How many files there are is found out once in the life of shared memory. */

static ngx_int_t
ngx_hc_publish_known(ngx_hc_publish_job_t *job)
{
    ngx_int_t                rc;
    ngx_hc_publish_place_t   place;
    ngx_hc_publish_state_t  *state = job->dir->state;

    if (__atomic_load_n(&state->counted, __ATOMIC_ACQUIRE)) {
        return NGX_OK;
    }

    if (ngx_hc_publish_enter_root(job, &place) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_hc_publish_lock(job, &place);

    if (rc == NGX_OK && !__atomic_load_n(&state->counted, __ATOMIC_ACQUIRE)) {
        rc = ngx_hc_publish_count_files(job, &place);
    }

    ngx_hc_publish_leave(&place);

    return rc;
}


/* No directory is made for a file that would be too many. */

static ngx_int_t
ngx_hc_publish_target(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    ngx_int_t   rc;
    ngx_uint_t  full;

    full = ngx_hc_publish_full(job);
    rc = ngx_hc_publish_enter(job, !full, &t->place);

    if (rc == NGX_DECLINED) {
        if (full) {
            ngx_hc_publish_refuse(job, "max_files are there, nothing new is "
                                  "published");
        }

        ngx_hc_publish_leave(&t->place);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    (void) snprintf(t->name, sizeof(t->name), "%.246s%s", t->place.stem,
                    ngx_hc_publish_endings[job->ending]);

    ngx_hc_publish_sidecar_name(t->name, t->sidecar);

    t->temp[0][0] = '\0';
    t->temp[1][0] = '\0';

    return NGX_OK;
}


/* Many answers are fetched anew and are the same: no disk is written. */

static ngx_uint_t
ngx_hc_publish_unchanged(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    u_char                    *sealed;
    size_t                     size;
    ngx_uint_t                 same;
    struct stat                st;
    ngx_hc_publish_sidecar_t   s;
    ngx_hc_publish_about_t    *about = &s.about;

    if (ngx_hc_publish_open_sidecar(t->place.dir, t->name, &s) != NGX_OK) {
        return 0;
    }

    same = about->life == job->versions->life
           && about->size == job->entry.body.len
           && hc_str_eq(s.entry.key, job->entry.key)
           && hc_str_eq(s.entry.headers, job->entry.headers)
           && s.entry.core.ntags == job->entry.core.ntags
           && ngx_memcmp(s.entry.tags, job->entry.tags,
                         s.entry.core.ntags * sizeof(hc_tag_t)) == 0
           && fstatat(t->place.dir, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISREG(st.st_mode)
           && st.st_size == (off_t) about->size;

    ngx_hc_publish_close_sidecar(&s);

    if (!same) {
        return 0;
    }

    sealed = ngx_hc_publish_seal(&job->entry, job->versions->life, &size);
    if (sealed == NULL) {
        return 0;
    }

    /* the last thing a sealed entry has is what is known about the body */

    same = ngx_memcmp(sealed + size - sizeof(*about), about, sizeof(*about))
           == 0;

    free(sealed);

    return same;
}


static void
ngx_hc_publish_both(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    rc = ngx_hc_publish_temps(job, t);

    if (rc == NGX_OK) {
        rc = ngx_hc_publish_lock(job, &t->place);
    }

    if (rc == NGX_OK) {
        rc = ngx_hc_publish_put(job, t);
    }

    for (i = 0; i < 2; i++) {
        if (t->temp[i][0]) {
            (void) unlinkat(t->place.dir, t->temp[i], 0);
        }
    }

    ngx_hc_publish_unlock(&t->place);

    if (rc == NGX_OK && fsync(t->place.dir) == -1) {
        ngx_hc_publish_fail(job, "fsync() of a directory failed");
    }
}


static ngx_int_t
ngx_hc_publish_temps(ngx_hc_publish_job_t *job, ngx_hc_publish_target_t *t)
{
    u_char     *sealed;
    size_t      size;
    ngx_int_t   rc;

    sealed = ngx_hc_publish_seal(&job->entry, job->versions->life, &size);

    if (sealed == NULL) {
        return NGX_DECLINED;
    }

    rc = ngx_hc_publish_temp(job, t->place.dir, t->temp[0],
                             job->entry.body.data, job->entry.body.len);

    if (rc == NGX_OK) {
        rc = ngx_hc_publish_temp(job, t->place.dir, t->temp[1], sealed, size);
    }

    free(sealed);

    return rc;
}


static ngx_int_t
ngx_hc_publish_temp(ngx_hc_publish_job_t *job, int dir, char *name,
    const u_char *data, size_t size)
{
    int               fd;
    static uint64_t   serial;

    (void) snprintf(name, NAME_MAX + 1, NGX_HC_PUBLISH_TEMP "%d-%llu.tmp",
                    (int) getpid(), (unsigned long long)
                        __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));

    fd = openat(dir, name, O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0644);

    if (fd == -1) {
        ngx_hc_publish_fail(job, "a file cannot be created");
        name[0] = '\0';
        return NGX_ERROR;
    }

    if (ngx_hc_publish_write_all(fd, data, size) == -1) {
        ngx_hc_publish_fail(job, "write() failed");

    } else if (fsync(fd) == -1) {
        ngx_hc_publish_fail(job, "fsync() failed");
    }

    if (close(fd) == -1 && job->rc != NGX_ERROR) {
        ngx_hc_publish_fail(job, "close() failed");
    }

    return job->rc;
}


static ssize_t
ngx_hc_publish_write_all(int fd, const u_char *data, size_t size)
{
    size_t   n;
    ssize_t  done;

    for (n = 0; n < size; n += (size_t) done) {
        done = write(fd, data + n, size - n);

        if (done == -1 && errno == EINTR) {
            done = 0;

        } else if (done == -1) {
            return -1;
        }
    }

    return (ssize_t) n;
}

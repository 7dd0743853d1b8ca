/*
 * All files of a directory, in a thread: to count them, and to remove those
 * that were invalidated by something else than their own path.
 */

#include "ngx_hc_publish_priv.h"

#include <dirent.h>
#include <errno.h>


typedef struct ngx_hc_publish_walk_s  ngx_hc_publish_walk_t;

struct ngx_hc_publish_walk_s {
    ngx_hc_publish_job_t    *job;
    ngx_hc_publish_place_t  *place;
    uint64_t                 files;
    ngx_uint_t               removed;    /* in the directory it is in */

    /* a file that has a sidecar */
    void                   (*file)(ngx_hc_publish_walk_t *walk, int dir,
                                   const char *name);
};


static ngx_int_t ngx_hc_publish_walk(ngx_hc_publish_walk_t *walk, int parent,
    const char *name, ngx_uint_t depth);
static void ngx_hc_publish_walk_one(ngx_hc_publish_walk_t *walk, int dir,
    struct dirent *entry, ngx_uint_t depth);
static void ngx_hc_publish_walk_own(ngx_hc_publish_walk_t *walk, int dir,
    const char *name);
static void ngx_hc_publish_count_one(ngx_hc_publish_walk_t *walk, int dir,
    const char *name);
static void ngx_hc_publish_sweep_one(ngx_hc_publish_walk_t *walk, int dir,
    const char *name);


ngx_int_t
ngx_hc_publish_count_files(ngx_hc_publish_job_t *job,
    ngx_hc_publish_place_t *place)
{
    ngx_hc_publish_walk_t    walk;
    ngx_hc_publish_state_t  *state = job->dir->state;

    ngx_memzero(&walk, sizeof(walk));

    walk.job = job;
    walk.place = place;
    walk.file = ngx_hc_publish_count_one;

    if (ngx_hc_publish_walk(&walk, place->root, ".", 0) != NGX_OK) {
        return NGX_ERROR;
    }

    __atomic_store_n(&state->stats.files, walk.files, __ATOMIC_RELAXED);
    __atomic_store_n(&state->counted, 1, __ATOMIC_RELEASE);

    return NGX_OK;
}


static void
ngx_hc_publish_count_one(ngx_hc_publish_walk_t *walk, int dir,
    const char *name)
{
    walk->files++;
}


void
ngx_hc_publish_do_sweep(ngx_hc_publish_job_t *job)
{
    ngx_hc_publish_walk_t   walk;
    ngx_hc_publish_place_t  place;

    if (ngx_hc_publish_enter_root(job, &place) != NGX_OK) {
        return;
    }

    ngx_memzero(&walk, sizeof(walk));

    walk.job = job;
    walk.place = &place;
    walk.file = ngx_hc_publish_sweep_one;

    (void) ngx_hc_publish_walk(&walk, place.root, ".", 0);

    ngx_hc_publish_leave(&place);
}


/* The lock is taken for what is to go only. */

static void
ngx_hc_publish_sweep_one(ngx_hc_publish_walk_t *walk, int dir,
    const char *name)
{
    ngx_int_t                 rc;
    ngx_uint_t                current;
    ngx_hc_publish_sidecar_t  s;

    rc = ngx_hc_publish_open_sidecar(dir, name, &s);

    if (rc == NGX_OK) {
        current = ngx_hc_publish_current(walk->job->versions, &s);
        ngx_hc_publish_close_sidecar(&s);

        if (current) {
            return;
        }

    } else if (rc != NGX_ABORT) {
        return;
    }

    if (ngx_hc_publish_lock(walk->job, walk->place) == NGX_OK) {
        walk->removed |= ngx_hc_publish_remove_moved(walk->job, dir, name);
        ngx_hc_publish_unlock(walk->place);
    }
}


/* A directory that went meanwhile, or cannot be read, is not the end of it. */

static ngx_int_t
ngx_hc_publish_walk(ngx_hc_publish_walk_t *walk, int parent, const char *name,
    ngx_uint_t depth)
{
    int             fd;
    DIR            *dir;
    ngx_uint_t      outer;
    struct dirent  *entry;

    fd = openat(parent, name, O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);

    if (fd == -1) {
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
            return NGX_OK;
        }

        ngx_hc_publish_fail(walk->job, "a directory cannot be read");
        return NGX_ERROR;
    }

    dir = fdopendir(fd);

    if (dir == NULL) {
        ngx_hc_publish_fail(walk->job, "a directory cannot be read");
        (void) close(fd);
        return NGX_ERROR;
    }

    outer = walk->removed;
    walk->removed = 0;

    while ((entry = readdir(dir)) != NULL) {
        ngx_hc_publish_walk_one(walk, dirfd(dir), entry, depth);
    }

    if (walk->removed) {
        (void) fsync(dirfd(dir));
    }

    walk->removed = outer;
    (void) closedir(dir);

    return NGX_OK;
}


static void
ngx_hc_publish_walk_one(ngx_hc_publish_walk_t *walk, int dir,
    struct dirent *entry, ngx_uint_t depth)
{
    struct stat  st;

    if (entry->d_name[0] == '.') {
        ngx_hc_publish_walk_own(walk, dir, entry->d_name);
        return;
    }

    if (depth == NGX_HC_PUBLISH_DEPTH) {
        return;
    }

    if (entry->d_type == DT_UNKNOWN) {
        if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1
            || !S_ISDIR(st.st_mode))
        {
            return;
        }

    } else if (entry->d_type != DT_DIR) {
        return;
    }

    (void) ngx_hc_publish_walk(walk, dir, entry->d_name, depth + 1);
}


/* A sidecar; or what a write left that did not end, hours ago. */

static void
ngx_hc_publish_walk_own(ngx_hc_publish_walk_t *walk, int dir,
    const char *name)
{
    char         file[NAME_MAX + 1];
    size_t       len, end;
    struct stat  st;

    len = strlen(name);
    end = sizeof(NGX_HC_PUBLISH_SIDECAR) - 1;

    if (len > 1 + end
        && ngx_strcmp(name + len - end, NGX_HC_PUBLISH_SIDECAR) == 0)
    {
        ngx_memcpy(file, name + 1, len - 1 - end);
        file[len - 1 - end] = '\0';

        walk->file(walk, dir, file);
        return;
    }

    if (ngx_strncmp(name, NGX_HC_PUBLISH_TEMP,
                    sizeof(NGX_HC_PUBLISH_TEMP) - 1) == 0
        && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0
        && st.st_mtime + NGX_HC_PUBLISH_LEFT < time(NULL))
    {
        (void) unlinkat(dir, name, 0);
    }
}

/*
 * The way to a file, in a thread: name by name from the directory, so that no
 * link leads out of it.
 */

#include "ngx_hc_publish_priv.h"

#include <errno.h>
#include <sys/file.h>


#define NGX_HC_PUBLISH_OPEN_DIR  (O_RDONLY|O_DIRECTORY|O_CLOEXEC)
#define NGX_HC_PUBLISH_POLL      2             /* ms */


static ngx_int_t ngx_hc_publish_step(ngx_hc_publish_job_t *job,
    ngx_uint_t make, ngx_hc_publish_place_t *place);
static ngx_int_t ngx_hc_publish_no_step(ngx_hc_publish_job_t *job,
    ngx_hc_publish_place_t *place);


ngx_int_t
ngx_hc_publish_enter_root(ngx_hc_publish_job_t *job,
    ngx_hc_publish_place_t *place)
{
    place->lock = -1;
    place->stem[0] = '\0';
    place->root = open((char *) job->dir->options.path.data,
                       NGX_HC_PUBLISH_OPEN_DIR);
    place->dir = place->root;

    if (place->root == -1) {
        ngx_hc_publish_fail(job, "the directory cannot be opened");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_hc_publish_enter(ngx_hc_publish_job_t *job, ngx_uint_t make,
    ngx_hc_publish_place_t *place)
{
    char       *p, *end;
    size_t      len;
    ngx_int_t   rc;

    if (ngx_hc_publish_enter_root(job, place) != NGX_OK) {
        return NGX_ERROR;
    }

    for (p = (char *) job->path.data; /* void */ ; p = end + 1) {

        end = strchr(p, '/');
        len = end ? (size_t) (end - p) : strlen(p);

        ngx_hc_assert(len < sizeof(place->stem));

        ngx_memcpy(place->stem, p, len);
        place->stem[len] = '\0';

        if (end == NULL) {
            return NGX_OK;
        }

        rc = ngx_hc_publish_step(job, make, place);

        if (rc != NGX_OK) {
            if (rc == NGX_ERROR) {
                ngx_hc_publish_leave(place);
            }

            return rc;
        }
    }
}


/* Into the directory that stem names now.  A file in its way is no trouble: one
 * of two answers has the place. */

static ngx_int_t
ngx_hc_publish_step(ngx_hc_publish_job_t *job, ngx_uint_t make,
    ngx_hc_publish_place_t *place)
{
    int  fd;

    fd = openat(place->dir, place->stem, NGX_HC_PUBLISH_OPEN_DIR|O_NOFOLLOW);

    if (fd == -1 && errno == ENOENT && make) {

        if (mkdirat(place->dir, place->stem, 0755) == -1 && errno != EEXIST) {
            ngx_hc_publish_fail(job, "mkdir() failed");
            return NGX_ERROR;
        }

        fd = openat(place->dir, place->stem,
                    NGX_HC_PUBLISH_OPEN_DIR|O_NOFOLLOW);
    }

    if (fd == -1) {
        return ngx_hc_publish_no_step(job, place);
    }

    if (place->dir != place->root) {
        (void) close(place->dir);
    }

    place->dir = fd;

    return NGX_OK;
}


static ngx_int_t
ngx_hc_publish_no_step(ngx_hc_publish_job_t *job,
    ngx_hc_publish_place_t *place)
{
    struct stat  st;

    if (errno != ENOENT && errno != ENOTDIR) {
        ngx_hc_publish_fail(job, "a directory cannot be opened");
        return NGX_ERROR;
    }

    if (fstatat(place->dir, place->stem, &st, AT_SYMLINK_NOFOLLOW) == 0
        && S_ISLNK(st.st_mode))
    {
        errno = ELOOP;
        ngx_hc_publish_fail(job, "a link in the path is not followed");
        return NGX_ERROR;
    }

    return NGX_DECLINED;
}


void
ngx_hc_publish_leave(ngx_hc_publish_place_t *place)
{
    ngx_hc_publish_unlock(place);

    if (place->dir != place->root) {
        (void) close(place->dir);
    }

    (void) close(place->root);
}


/* Given up by the kernel when its owner dies.  One that is stopped must not
 * keep all threads for ever. */

ngx_int_t
ngx_hc_publish_lock(ngx_hc_publish_job_t *job, ngx_hc_publish_place_t *place)
{
    int         fd;
    ngx_uint_t  n;

    fd = openat(place->root, NGX_HC_PUBLISH_LOCK,
                O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600);

    if (fd == -1) {
        ngx_hc_publish_fail(job, "the lock file cannot be opened");
        return NGX_ERROR;
    }

    for (n = 0; n < NGX_HC_PUBLISH_LOCKED / NGX_HC_PUBLISH_POLL; n++) {

        if (flock(fd, LOCK_EX|LOCK_NB) == 0) {
            place->lock = fd;
            return NGX_OK;
        }

        if (errno != EWOULDBLOCK && errno != EINTR) {
            break;
        }

        ngx_msleep(NGX_HC_PUBLISH_POLL);
    }

    ngx_hc_publish_fail(job, "the directory cannot be locked");
    (void) close(fd);

    return NGX_ERROR;
}


void
ngx_hc_publish_unlock(ngx_hc_publish_place_t *place)
{
    if (place->lock != -1) {
        (void) close(place->lock);
        place->lock = -1;
    }
}

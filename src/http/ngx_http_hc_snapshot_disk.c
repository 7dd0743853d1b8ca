/*
 * Snapshots and the disk: waiting for it without standing still, and clearing
 * away what those who died left there.
 */

#include "ngx_http_hc_snapshot.h"

#include <dirent.h>
#include <signal.h>


#define NGX_HTTP_HC_SNAPSHOT_FILES  10000        /* of a directory, looked at */


/* Shared with a thread that knows nothing else. */

struct ngx_http_hc_snapshot_sync_s {
    ngx_fd_t    fd;
    ngx_err_t   err;
    pthread_t   tid;
    uint32_t    done;                /* written last */
};


static ngx_int_t ngx_http_hc_snapshot_flush_start(ngx_fd_t fd,
    ngx_http_hc_snapshot_sync_t **sync);
static void *ngx_http_hc_snapshot_flush_thread(void *data);
static ngx_uint_t ngx_http_hc_snapshot_is_left(ngx_http_hc_snapshot_t *snapshot,
    char *name);


/* AGAIN: a thread is at it, ask later. */

ngx_int_t
ngx_http_hc_snapshot_flush(ngx_fd_t fd, ngx_http_hc_snapshot_sync_t **sync,
    ngx_uint_t threaded, ngx_err_t *err)
{
    if (*sync == NULL) {
        if (threaded
            && ngx_http_hc_snapshot_flush_start(fd, sync) == NGX_OK)
        {
            return NGX_AGAIN;
        }

        *err = fsync(fd) == -1 ? ngx_errno : 0;

        return *err ? NGX_ERROR : NGX_OK;
    }

    if (!__atomic_load_n(&(*sync)->done, __ATOMIC_ACQUIRE)) {
        return NGX_AGAIN;
    }

    *err = (*sync)->err;
    ngx_http_hc_snapshot_flush_forget(sync);

    return *err ? NGX_ERROR : NGX_OK;
}


/* Waits for the thread: its code goes with the module when a worker ends. */

void
ngx_http_hc_snapshot_flush_forget(ngx_http_hc_snapshot_sync_t **sync)
{
    if (*sync) {
        (void) pthread_join((*sync)->tid, NULL);
        ngx_free(*sync);
        *sync = NULL;
    }
}


/* A disk may take seconds, for which a worker cannot stand still.  One short
 * thread every some minutes needs no pool; signals are not its business. */

static ngx_int_t
ngx_http_hc_snapshot_flush_start(ngx_fd_t fd,
    ngx_http_hc_snapshot_sync_t **sync)
{
    int                           rc;
    sigset_t                      all, old;
    ngx_http_hc_snapshot_sync_t  *s;

    s = ngx_calloc(sizeof(*s), ngx_cycle->log);
    if (s == NULL) {
        return NGX_ERROR;
    }

    s->fd = fd;

    (void) sigfillset(&all);
    (void) pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&s->tid, NULL, ngx_http_hc_snapshot_flush_thread, s);
    (void) pthread_sigmask(SIG_SETMASK, &old, NULL);

    if (rc != 0) {
        ngx_free(s);
        return NGX_ERROR;
    }

    *sync = s;

    return NGX_OK;
}


static void *
ngx_http_hc_snapshot_flush_thread(void *data)
{
    ngx_http_hc_snapshot_sync_t  *s = data;

    s->err = fsync(s->fd) == -1 ? ngx_errno : 0;
    __atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);

    return NULL;
}


/* Files on the way whose writers are dead.  Another nginx that lives may write
 * the same one, as in an upgrade of the binary. */

void
ngx_http_hc_snapshot_sweep(ngx_http_hc_snapshot_t *snapshot)
{
    int             fd;
    DIR            *dir;
    ngx_uint_t      n;
    struct dirent  *entry;

    fd = open((char *) snapshot->dir, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    dir = fd == -1 ? NULL : fdopendir(fd);

    if (dir == NULL) {
        if (fd != -1) {
            (void) close(fd);
        }

        return;
    }

    for (n = 0; n < NGX_HTTP_HC_SNAPSHOT_FILES; n++) {
        entry = readdir(dir);

        if (entry == NULL) {
            break;
        }

        if (ngx_http_hc_snapshot_is_left(snapshot, entry->d_name)) {
            (void) unlinkat(fd, entry->d_name, 0);
        }
    }

    (void) closedir(dir);
}


/* base.pid.tmp */

static ngx_uint_t
ngx_http_hc_snapshot_is_left(ngx_http_hc_snapshot_t *snapshot, char *name)
{
    size_t      len, tail;
    ngx_int_t   pid;
    ngx_str_t  *base = &snapshot->base;

    len = ngx_strlen(name);
    tail = sizeof(NGX_HTTP_HC_SNAPSHOT_TEMP) - 1;

    if (len <= base->len + 1 + tail
        || ngx_strncmp(name, base->data, base->len) != 0
        || name[base->len] != '.'
        || ngx_strcmp(name + len - tail, NGX_HTTP_HC_SNAPSHOT_TEMP) != 0)
    {
        return 0;
    }

    pid = ngx_atoi((u_char *) name + base->len + 1,
                   len - base->len - 1 - tail);

    return pid > 0 && kill((pid_t) pid, 0) == -1 && ngx_errno == NGX_ESRCH;
}

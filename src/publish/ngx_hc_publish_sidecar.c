/*
 * What lies beside a published file: whose it is, and which bytes it has.
 *
 * The sidecar is put in place first and removed last, so that a file never
 * stands without it.  A pair that does not fit, after a crash between the two
 * renames, is told by size and CRC and is not given.
 */

#include "ngx_hc_publish_priv.h"
#include "../base/hc_crc32c.h"

#include <errno.h>
#include <stdlib.h>


#define NGX_HC_PUBLISH_SIDECAR_MAX  (1024 * 1024)
#define NGX_HC_PUBLISH_TRIES        3


static u_char *ngx_hc_publish_slurp(int dir, const char *name, size_t most,
    size_t *size);
static ngx_int_t ngx_hc_publish_pair(ngx_pool_t *pool, int dir,
    const char *name, hc_str_t key, hc_versions_t *versions, ngx_str_t *body,
    ngx_str_t *type);
static ngx_int_t ngx_hc_publish_body(ngx_pool_t *pool, int dir,
    const char *name, ngx_hc_publish_about_t *about, ngx_str_t *body);
static ngx_int_t ngx_hc_publish_type(ngx_pool_t *pool,
    ngx_hc_publish_sidecar_t *s, ngx_str_t *type);


void
ngx_hc_publish_sidecar_name(const char *name, char *sidecar)
{
    (void) snprintf(sidecar, NAME_MAX + 1, ".%s" NGX_HC_PUBLISH_SIDECAR, name);
}


u_char *
ngx_hc_publish_seal(hc_entry_t *e, uint64_t life, size_t *size)
{
    u_char                  *p;
    hc_entry_t               sealed;
    ngx_hc_publish_about_t   about;

    about.life = life;
    about.size = (uint32_t) e->body.len;
    about.crc = hc_crc32c(0, e->body.data, e->body.len);

    sealed = *e;
    sealed.body = hc_str((u_char *) &about, sizeof(about));

    *size = hc_entry_sealed_size(&sealed);

    if (*size == 0 || *size > NGX_HC_PUBLISH_SIDECAR_MAX) {
        return NULL;
    }

    p = malloc(*size);

    if (p) {
        hc_entry_seal(&sealed, p);
    }

    return p;
}


/* A whole file, from the heap.  NULL: errno, 0 if it is too large. */

static u_char *
ngx_hc_publish_slurp(int dir, const char *name, size_t most, size_t *size)
{
    int          fd;
    u_char      *p;
    size_t       n;
    ssize_t      got;
    struct stat  st;

    fd = openat(dir, name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);
    if (fd == -1) {
        return NULL;
    }

    p = NULL;

    if (fstat(fd, &st) == -1) {
        goto done;
    }

    errno = 0;

    if (!S_ISREG(st.st_mode) || st.st_size < 0
        || (uint64_t) st.st_size > most)
    {
        goto done;
    }

    p = malloc((size_t) st.st_size + 1);
    if (p == NULL) {
        goto done;
    }

    for (n = 0; n < (size_t) st.st_size; n += (size_t) got) {
        got = read(fd, p + n, (size_t) st.st_size - n);

        if (got <= 0) {
            break;
        }
    }

    *size = n;

done:

    (void) close(fd);

    return p;
}


ngx_int_t
ngx_hc_publish_open_sidecar(int dir, const char *name,
    ngx_hc_publish_sidecar_t *s)
{
    char    sidecar[NAME_MAX + 1];
    size_t  size;

    ngx_hc_publish_sidecar_name(name, sidecar);

    s->data = ngx_hc_publish_slurp(dir, sidecar, NGX_HC_PUBLISH_SIDECAR_MAX,
                                   &size);

    if (s->data == NULL) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return NGX_DECLINED;
        }

        return (errno == 0 || errno == ELOOP) ? NGX_ABORT : NGX_ERROR;
    }

    if (hc_entry_open_any(&s->entry, s->data, size) != HC_ENTRY_OK
        || s->entry.body.len != sizeof(s->about))
    {
        ngx_hc_publish_close_sidecar(s);
        return NGX_ABORT;
    }

    ngx_memcpy(&s->about, s->entry.body.data, sizeof(s->about));

    return NGX_OK;
}


void
ngx_hc_publish_close_sidecar(ngx_hc_publish_sidecar_t *s)
{
    free(s->data);
    s->data = NULL;
}


/* On the event loop, where the app has failed: no file cache comes between,
 * since a pair has to be of one time. */

ngx_int_t
ngx_hc_publish_read(ngx_pool_t *pool, ngx_str_t *file, hc_str_t key,
    hc_versions_t *versions, ngx_str_t *body, ngx_str_t *type)
{
    int         dir;
    char       *name;
    ngx_int_t   rc;
    ngx_uint_t  i;

    name = strrchr((char *) file->data, '/');

    if (name == NULL || strlen(name + 1) > NAME_MAX - 4) {
        return NGX_DECLINED;
    }

    *name = '\0';
    dir = open((char *) file->data, O_PATH|O_DIRECTORY|O_CLOEXEC);
    *name++ = '/';

    if (dir == -1) {
        return NGX_DECLINED;
    }

    /* a pair that does not fit may just be being replaced */

    rc = NGX_ABORT;

    for (i = 0; i < NGX_HC_PUBLISH_TRIES && rc == NGX_ABORT; i++) {
        rc = ngx_hc_publish_pair(pool, dir, name, key, versions, body, type);
    }

    (void) close(dir);

    if (rc != NGX_ABORT && rc != NGX_ERROR) {
        return rc;
    }

    if (body) {
        ngx_log_error(NGX_LOG_ERR, pool->log, 0,
                      "hc: \"%V\" or the file that describes it is damaged "
                      "or cannot be read, it is passed over", file);
    }

    return NGX_BUSY;
}


static ngx_int_t
ngx_hc_publish_pair(ngx_pool_t *pool, int dir, const char *name, hc_str_t key,
    hc_versions_t *versions, ngx_str_t *body, ngx_str_t *type)
{
    ngx_int_t                 rc;
    ngx_hc_publish_sidecar_t  s;

    rc = ngx_hc_publish_open_sidecar(dir, name, &s);

    if (rc != NGX_OK) {
        return rc;
    }

    if (!hc_str_eq(s.entry.key, key) || !ngx_hc_publish_current(versions, &s))
    {
        rc = NGX_BUSY;

    } else if (body) {
        rc = ngx_hc_publish_body(pool, dir, name, &s.about, body);

        if (rc == NGX_OK) {
            rc = ngx_hc_publish_type(pool, &s, type);
        }
    }

    ngx_hc_publish_close_sidecar(&s);

    return rc;
}


static ngx_int_t
ngx_hc_publish_body(ngx_pool_t *pool, int dir, const char *name,
    ngx_hc_publish_about_t *about, ngx_str_t *body)
{
    u_char  *p;
    size_t   size;

    p = ngx_hc_publish_slurp(dir, name, about->size, &size);
    if (p == NULL) {
        return NGX_ABORT;
    }

    if (size != about->size || hc_crc32c(0, p, size) != about->crc) {
        free(p);
        return NGX_ABORT;
    }

    body->len = size;
    body->data = ngx_pnalloc(pool, size + 1);

    if (body->data) {
        ngx_memcpy(body->data, p, size);
    }

    free(p);

    return body->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_hc_publish_type(ngx_pool_t *pool, ngx_hc_publish_sidecar_t *s,
    ngx_str_t *type)
{
    hc_str_t     rest;
    hc_header_t  h;

    rest = s->entry.headers;

    while (hc_header_next(&rest, &h) == 1) {

        if (h.id != HC_HEADER_CONTENT_TYPE) {
            continue;
        }

        type->len = h.value.len;
        type->data = ngx_pnalloc(pool, h.value.len + 1);

        if (type->data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(type->data, h.value.data, h.value.len);

        return NGX_OK;
    }

    return NGX_ABORT;
}

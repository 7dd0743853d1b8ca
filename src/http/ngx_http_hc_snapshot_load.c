/*
 * Reading a snapshot at the start, in the master, into a zone that nobody uses
 * yet.
 *
 * Entries are put in as they are read and all are dropped if the file turns
 * out to be damaged: it is read once, by pieces.  (Mapped, a file that is cut
 * meanwhile, or a bad disk, would be the end of the process.)
 */

#include "ngx_http_hc_snapshot.h"


#define NGX_HTTP_HC_SNAPSHOT_LOAD_TIME  5000         /* ms the start waits */
#define NGX_HTTP_HC_SNAPSHOT_BUFFER     (1024 * 1024)
#define NGX_HTTP_HC_SNAPSHOT_ENDS                                             \
    (HC_SNAPSHOT_HEADER_SIZE + HC_SNAPSHOT_TRAILER_SIZE)


typedef enum {
    NGX_HTTP_HC_SNAPSHOT_GOOD = 0,
    NGX_HTTP_HC_SNAPSHOT_LATE,               /* good as far as it was read */
    NGX_HTTP_HC_SNAPSHOT_NONE,
    NGX_HTTP_HC_SNAPSHOT_UNREADABLE,
    NGX_HTTP_HC_SNAPSHOT_DAMAGED,
    NGX_HTTP_HC_SNAPSHOT_OTHER
} ngx_http_hc_snapshot_load_e;


typedef struct {
    ngx_http_hc_zone_t   *zone;
    ngx_log_t            *log;
    ngx_fd_t              fd;
    ngx_err_t             err;
    hc_snapshot_t         s;
    hc_snapshot_clock_t   clock;
    u_char               *data;              /* of the file, from `offset` */
    size_t                size;
    size_t                len;
    size_t                pos;
    off_t                 offset;
    uint64_t              loaded;
    unsigned              fetched:1;
} ngx_http_hc_snapshot_reader_t;


static ngx_http_hc_snapshot_load_e ngx_http_hc_snapshot_read(
    ngx_http_hc_snapshot_reader_t *r);
static ngx_http_hc_snapshot_load_e ngx_http_hc_snapshot_open_file(
    ngx_http_hc_snapshot_reader_t *r);
static ngx_http_hc_snapshot_load_e ngx_http_hc_snapshot_records(
    ngx_http_hc_snapshot_reader_t *r);
static ngx_http_hc_snapshot_load_e ngx_http_hc_snapshot_record(
    ngx_http_hc_snapshot_reader_t *r);
static ngx_http_hc_snapshot_load_e ngx_http_hc_snapshot_need(
    ngx_http_hc_snapshot_reader_t *r, size_t len);
static ngx_http_hc_snapshot_load_e ngx_http_hc_snapshot_fetch(
    ngx_http_hc_snapshot_reader_t *r, size_t len);
static void ngx_http_hc_snapshot_put(ngx_http_hc_snapshot_reader_t *r,
    hc_entry_t *e);
static void ngx_http_hc_snapshot_tell(ngx_http_hc_snapshot_reader_t *r,
    ngx_http_hc_snapshot_load_e rc);


void
ngx_http_hc_snapshot_load(ngx_http_hc_zone_t *zone, ngx_log_t *log)
{
    ngx_http_hc_snapshot_load_e    rc;
    ngx_http_hc_snapshot_reader_t  r;

    if (hc_l1_join(zone->l1) != 0) {
        return;
    }

    ngx_memzero(&r, sizeof(r));
    r.zone = zone;
    r.log = log;
    r.fd = NGX_INVALID_FILE;

    rc = ngx_http_hc_snapshot_read(&r);

    if (rc > NGX_HTTP_HC_SNAPSHOT_LATE) {
        hc_l1_purge(zone->l1);
        r.loaded = 0;
    }

    if (r.fd != NGX_INVALID_FILE) {
        (void) ngx_close_file(r.fd);
    }

    ngx_free(r.data);
    hc_l1_leave(zone->l1);

    zone->snapshot->state->stats.loaded = r.loaded;

    ngx_http_hc_snapshot_tell(&r, rc);
}


static ngx_http_hc_snapshot_load_e
ngx_http_hc_snapshot_read(ngx_http_hc_snapshot_reader_t *r)
{
    ngx_http_hc_snapshot_load_e  rc;

    rc = ngx_http_hc_snapshot_open_file(r);

    return rc == NGX_HTTP_HC_SNAPSHOT_GOOD ? ngx_http_hc_snapshot_records(r)
                                           : rc;
}


static ngx_http_hc_snapshot_load_e
ngx_http_hc_snapshot_verdict(hc_snapshot_rc_e rc)
{
    switch (rc) {

    case HC_SNAPSHOT_OK:
        return NGX_HTTP_HC_SNAPSHOT_GOOD;

    case HC_SNAPSHOT_OTHER_VERSION:
        return NGX_HTTP_HC_SNAPSHOT_OTHER;

    default:
        return NGX_HTTP_HC_SNAPSHOT_DAMAGED;
    }
}


/* Anything may lie there: a link is not followed, a pipe not waited for. */

static ngx_http_hc_snapshot_load_e
ngx_http_hc_snapshot_open_file(ngx_http_hc_snapshot_reader_t *r)
{
    off_t            size;
    u_char           ends[NGX_HTTP_HC_SNAPSHOT_ENDS];
    ngx_file_info_t  info;

    r->fd = open((char *) r->zone->snapshot->path.data,
                 O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);

    if (r->fd == NGX_INVALID_FILE || ngx_fd_info(r->fd, &info) == -1) {
        r->err = ngx_errno;

        return r->err == NGX_ENOENT ? NGX_HTTP_HC_SNAPSHOT_NONE
                                    : NGX_HTTP_HC_SNAPSHOT_UNREADABLE;
    }

    size = ngx_file_size(&info);

    if (!ngx_is_file(&info) || size < NGX_HTTP_HC_SNAPSHOT_ENDS) {
        return NGX_HTTP_HC_SNAPSHOT_DAMAGED;
    }

    if (pread(r->fd, ends, HC_SNAPSHOT_HEADER_SIZE, 0)
           != HC_SNAPSHOT_HEADER_SIZE
        || pread(r->fd, ends + HC_SNAPSHOT_HEADER_SIZE,
                 HC_SNAPSHOT_TRAILER_SIZE, size - HC_SNAPSHOT_TRAILER_SIZE)
           != HC_SNAPSHOT_TRAILER_SIZE)
    {
        r->err = ngx_errno;
        return NGX_HTTP_HC_SNAPSHOT_UNREADABLE;
    }

    r->offset = HC_SNAPSHOT_HEADER_SIZE;

    return ngx_http_hc_snapshot_verdict(
                 hc_snapshot_open(&r->s, ends, ends + HC_SNAPSHOT_HEADER_SIZE,
                                  size));
}


static ngx_http_hc_snapshot_load_e
ngx_http_hc_snapshot_records(ngx_http_hc_snapshot_reader_t *r)
{
    ngx_msec_t                   began;
    ngx_http_hc_snapshot_load_e  rc;

    ngx_time_update();
    ngx_http_hc_snapshot_now(&r->clock);
    began = ngx_current_msec;

    while (hc_snapshot_rest(&r->s)) {

        rc = ngx_http_hc_snapshot_record(r);

        if (rc != NGX_HTTP_HC_SNAPSHOT_GOOD) {
            return rc;
        }

        /* the clock is asked once per piece of the file */

        if (r->fetched) {
            r->fetched = 0;
            ngx_time_update();

            if (ngx_current_msec - began > NGX_HTTP_HC_SNAPSHOT_LOAD_TIME
                && hc_snapshot_rest(&r->s))
            {
                return NGX_HTTP_HC_SNAPSHOT_LATE;
            }
        }
    }

    return ngx_http_hc_snapshot_verdict(hc_snapshot_close(&r->s));
}


static ngx_http_hc_snapshot_load_e
ngx_http_hc_snapshot_record(ngx_http_hc_snapshot_reader_t *r)
{
    size_t                       len;
    hc_entry_t                   e;
    ngx_http_hc_snapshot_load_e  rc;

    rc = ngx_http_hc_snapshot_need(r, HC_ENTRY_FRAME_SIZE);

    if (rc != NGX_HTTP_HC_SNAPSHOT_GOOD) {
        return rc;
    }

    len = hc_snapshot_next(&r->s, r->data + r->pos);

    if (len == 0
        || len > NGX_HTTP_HC_SNAPSHOT_OBJECT + HC_ENTRY_FRAME_SIZE)
    {
        return NGX_HTTP_HC_SNAPSHOT_DAMAGED;
    }

    rc = ngx_http_hc_snapshot_need(r, len);

    if (rc == NGX_HTTP_HC_SNAPSHOT_GOOD) {
        rc = ngx_http_hc_snapshot_verdict(
                   hc_snapshot_take(&r->s, &e, r->data + r->pos, len));
    }

    if (rc == NGX_HTTP_HC_SNAPSHOT_GOOD) {
        ngx_http_hc_snapshot_put(r, &e);
        r->pos += len;
    }

    return rc;
}


/* So many bytes of the file from `pos` on. */

static ngx_http_hc_snapshot_load_e
ngx_http_hc_snapshot_need(ngx_http_hc_snapshot_reader_t *r, size_t len)
{
    size_t   size;
    u_char  *data;

    if (len <= r->len - r->pos) {
        return NGX_HTTP_HC_SNAPSHOT_GOOD;
    }

    data = r->data;
    size = ngx_max(len, NGX_HTTP_HC_SNAPSHOT_BUFFER);

    if (size > r->size) {
        data = ngx_alloc(size, r->log);
        if (data == NULL) {
            r->err = NGX_ENOMEM;
            return NGX_HTTP_HC_SNAPSHOT_UNREADABLE;
        }

        r->size = size;
    }

    if (r->data) {
        ngx_memmove(data, r->data + r->pos, r->len - r->pos);
    }

    if (data != r->data) {
        ngx_free(r->data);
        r->data = data;
    }

    r->offset += r->pos;
    r->len -= r->pos;
    r->pos = 0;

    return ngx_http_hc_snapshot_fetch(r, len);
}


static ngx_http_hc_snapshot_load_e
ngx_http_hc_snapshot_fetch(ngx_http_hc_snapshot_reader_t *r, size_t len)
{
    ssize_t  n;

    r->fetched = 1;

    while (r->len < len) {
        n = pread(r->fd, r->data + r->len, r->size - r->len,
                  r->offset + r->len);

        if (n == -1) {
            r->err = ngx_errno;
            return NGX_HTTP_HC_SNAPSHOT_UNREADABLE;
        }

        if (n == 0) {
            return NGX_HTTP_HC_SNAPSHOT_DAMAGED;
        }

        r->len += n;
    }

    return NGX_HTTP_HC_SNAPSHOT_GOOD;
}


/* Never fresh: a write may have come while there was nobody to know of it.
 * From now on the versions of now watch over it. */

static void
ngx_http_hc_snapshot_put(ngx_http_hc_snapshot_reader_t *r, hc_entry_t *e)
{
    hc_l1_key_t  k;

    if (!hc_snapshot_thaw(&r->s, e, &r->clock)) {
        return;
    }

    hc_tags_stamp(ngx_http_hc_block(r->zone->versions), e->tags,
                  e->core.ntags);

    k.key = e->key;
    k.variant = e->variant;
    hc_l1_hash(r->zone->l1, &k);

    if (hc_l1_put(r->zone->l1, &k, e, e->core.born_at, r->clock.now)
        == HC_L1_OK)
    {
        r->loaded++;
    }
}


static void
ngx_http_hc_snapshot_tell(ngx_http_hc_snapshot_reader_t *r,
    ngx_http_hc_snapshot_load_e rc)
{
    ngx_str_t  *name = &r->zone->name;
    ngx_str_t  *path = &r->zone->snapshot->path;

    static const char  *why[] = {
        "", "", "", "cannot be read",
        "is damaged", "is of another version of the format"
    };

    switch (rc) {

    case NGX_HTTP_HC_SNAPSHOT_NONE:
        ngx_log_error(NGX_LOG_INFO, r->log, 0,
                      "hc_zone \"%V\": there is no snapshot \"%V\" yet",
                      name, path);
        return;

    case NGX_HTTP_HC_SNAPSHOT_GOOD:
    case NGX_HTTP_HC_SNAPSHOT_LATE:
        ngx_log_error(NGX_LOG_NOTICE, r->log, 0,
                      "hc_zone \"%V\": %uL of %uL entries loaded from \"%V\", "
                      "all of them stale%s", name, r->loaded,
                      r->s.all_entries, path,
                      rc == NGX_HTTP_HC_SNAPSHOT_LATE
                      ? "; the rest left there for want of time" : "");
        return;

    default:
        ngx_log_error(NGX_LOG_NOTICE, r->log, r->err,
                      "hc_zone \"%V\": the snapshot \"%V\" %s, "
                      "the zone starts empty", name, path, why[rc]);
    }
}

/*
 * Batches: what the walk's visitor has to do under the lock is one memcpy.
 */

#include "ngx_http_hc_batch.h"


#define NGX_HTTP_HC_BATCH_WALKS  16      /* locks taken for one batch */


typedef struct {
    uint64_t  fresh_until;
    size_t    len;
} ngx_http_hc_batch_head_t;


static ngx_int_t ngx_http_hc_batch_grow(ngx_http_hc_batch_t *b, size_t size,
    ngx_log_t *log);
static int ngx_http_hc_batch_visit(void *data, const hc_entry_t *e,
    uint64_t fresh_until);


ngx_int_t
ngx_http_hc_batch_fill(ngx_http_hc_batch_t *b, hc_l1_t *l1, uint64_t now,
    ngx_log_t *log)
{
    int         more;
    ngx_uint_t  n;

    b->used = 0;
    b->read = 0;
    b->entries = 0;

    if (ngx_http_hc_batch_grow(b, b->usual, log) != NGX_OK) {
        return NGX_ERROR;
    }

    for (n = 0; n < NGX_HTTP_HC_BATCH_WALKS; n++) {

        b->wanted = 0;
        more = hc_l1_walk(l1, &b->cursor, now, ngx_http_hc_batch_visit, b);

        if (!more) {
            return NGX_DONE;
        }

        if (b->wanted == 0) {
            continue;
        }

        if (b->used) {
            return NGX_OK;
        }

        if (ngx_http_hc_batch_grow(b, b->wanted, log) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* What is in it is of no use any more. */

static ngx_int_t
ngx_http_hc_batch_grow(ngx_http_hc_batch_t *b, size_t size, ngx_log_t *log)
{
    u_char  *data;

    if (size <= b->size) {
        return NGX_OK;
    }

    data = ngx_alloc(size, log);
    if (data == NULL) {
        return NGX_ERROR;
    }

    ngx_free(b->data);

    b->data = data;
    b->size = size;

    return NGX_OK;
}


static int
ngx_http_hc_batch_visit(void *data, const hc_entry_t *e, uint64_t fresh_until)
{
    ngx_http_hc_batch_t  *b = data;

    size_t                     len;
    ngx_http_hc_batch_head_t   head;

    head.fresh_until = fresh_until;
    head.len = hc_entry_size(e);

    if (head.len == 0 || head.len > b->most) {
        b->left++;
        return 0;
    }

    len = sizeof(head) + head.len;

    if (len > b->size - b->used) {
        b->wanted = len;
        return 1;
    }

    ngx_memcpy(b->data + b->used, &head, sizeof(head));
    hc_entry_write(e, b->data + b->used + sizeof(head));
    b->used += len;
    b->entries++;

    return 0;
}


ngx_uint_t
ngx_http_hc_batch_next(ngx_http_hc_batch_t *b, hc_entry_t *e,
    uint64_t *fresh_until)
{
    ngx_http_hc_batch_head_t  head;

    if (b->read == b->used) {
        return 0;
    }

    ngx_memcpy(&head, b->data + b->read, sizeof(head));
    b->read += sizeof(head);

    *fresh_until = head.fresh_until;

    if (!hc_entry_read(e, b->data + b->read, head.len)) {
        return 0;
    }

    b->read += head.len;

    return 1;
}


void
ngx_http_hc_batch_destroy(ngx_http_hc_batch_t *b)
{
    ngx_free(b->data);

    b->data = NULL;
    b->size = 0;
    b->used = 0;
    b->read = 0;
}

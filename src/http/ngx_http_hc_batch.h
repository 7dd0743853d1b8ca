/*
 * Some of the entries of an L1, copied, to be looked at without its locks.
 */

#ifndef NGX_HTTP_HC_BATCH_H_INCLUDED_
#define NGX_HTTP_HC_BATCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "../l1/hc_l1.h"


/* All 0 but the first two; destroyed or not used any more, it is all 0 again
 * beside them. */

typedef struct {
    size_t           usual;          /* bytes of a batch of several entries */
    size_t           most;           /* bytes of an entry; others are left */

    u_char          *data;
    size_t           size;
    size_t           used;
    size_t           read;
    uint64_t         entries;        /* in it */
    size_t           wanted;         /* bytes the next one takes; 0: fitted */
    hc_l1_cursor_t   cursor;
    uint64_t         left;           /* entries above `most` */
} ngx_http_hc_batch_t;


/* The next ones, over the last.  OK: there may be more; DONE: these were all;
 * ERROR: no memory. */

ngx_int_t ngx_http_hc_batch_fill(ngx_http_hc_batch_t *b, hc_l1_t *l1,
    uint64_t now, ngx_log_t *log);

/* One after another, spans into the batch.  0: no more in it. */

ngx_uint_t ngx_http_hc_batch_next(ngx_http_hc_batch_t *b, hc_entry_t *e,
    uint64_t *fresh_until);

void ngx_http_hc_batch_destroy(ngx_http_hc_batch_t *b);


#endif /* NGX_HTTP_HC_BATCH_H_INCLUDED_ */

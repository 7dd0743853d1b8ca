/*
 * Telling the server what it missed, ahead of what is read from it.
 */

#include "ngx_hc_redis.h"


static ngx_int_t ngx_hc_redis_tell_start(ngx_hc_redis_conn_t *conn,
    ngx_uint_t n, uint64_t generation);


/* One tell for all that became due: what follows it on the connection is
 * executed after it, and needs no tell of its own. */

ngx_int_t
ngx_hc_redis_tell(ngx_hc_redis_conn_t *conn, ngx_uint_t *relies)
{
    uint64_t         generation;
    ngx_uint_t       n;
    ngx_hc_redis_t  *driver;

    driver = conn->driver;
    *relies = 0;

    if (driver->shared->untold.count == 0) {
        return NGX_OK;
    }

    n = ngx_hc_l2_untold_due(driver->l2, ngx_current_msec, &generation,
                             driver->due);
    if (n == 0) {
        return NGX_OK;
    }

    *relies = 1;

    if (conn->tells && conn->told == generation) {
        return NGX_OK;
    }

    return ngx_hc_redis_tell_start(conn, n, generation);
}


static ngx_int_t
ngx_hc_redis_tell_start(ngx_hc_redis_conn_t *conn, ngx_uint_t n,
    uint64_t generation)
{
    ngx_uint_t       i, nslots;
    ngx_hc_l2_op_t  *op;
    ngx_hc_redis_t  *driver;

    driver = conn->driver;

    op = ngx_hc_l2_create(driver, NGX_HC_L2_TELL, n * sizeof(*op->claims));
    if (op == NULL) {
        return NGX_ERROR;
    }

    op->claims = (ngx_hc_l2_claim_t *) (op + 1);
    op->nclaims = n;
    ngx_memcpy(op->claims, driver->due, n * sizeof(*op->claims));

    nslots = (op->claims[0].index == NGX_HC_L2_ITEM_ALL) ? 0 : n;

    for (i = 0; i < nslots; i++) {
        driver->slots[i] = op->claims[i].slot;
    }

    op->conn = conn;

    if (ngx_hc_redis_move(op, conn, driver->slots, nslots) != NGX_OK) {
        ngx_hc_l2_destroy(op);
        return NGX_ERROR;
    }

    conn->tells++;
    conn->told = generation;

    ngx_hc_l2_start(op);

    return NGX_OK;
}


/* Other nodes read the server too, and do not know: it is told even if nobody
 * reads it here, whichever worker failed to. */

void
ngx_hc_redis_retell_handler(ngx_event_t *ev)
{
    ngx_uint_t            relies;
    ngx_hc_redis_t       *driver;
    ngx_hc_redis_conn_t  *conn;

    driver = ev->data;
    ev->timedout = 0;

    if (ngx_exiting) {
        return;
    }

    ngx_add_timer(ev, NGX_HC_REDIS_RETELL);

    if (driver->shared->untold.count == 0) {
        return;
    }

    conn = ngx_hc_redis_pick(driver);

    if (conn) {
        (void) ngx_hc_redis_tell(conn, &relies);
    }
}

/*
 * The store as its users see it.  What is said to the server, and how, is in
 * ngx_hc_redis*.c; the life of an operation is in ngx_hc_l2_op.c.
 */

#include "ngx_hc_redis.h"


/* of a worker beyond the table's end */
static ngx_hc_l2_gauge_t  ngx_hc_l2_no_gauge;


ngx_int_t
ngx_hc_l2_open(ngx_hc_l2_t *l2, ngx_cycle_t *cycle)
{
    u_char          *p;
    ngx_uint_t       i;
    ngx_hc_redis_t  *driver;

    driver = ngx_calloc(sizeof(*driver)
                        + l2->connections * sizeof(ngx_hc_redis_conn_t)
                        + 2 * (l2->prefix.len + sizeof("versions1:") + 32),
                        cycle->log);
    if (driver == NULL) {
        return NGX_ERROR;
    }

    driver->l2 = l2;
    driver->log = cycle->log;
    driver->shared = ngx_hc_l2_shared(l2);
    driver->gauge = ngx_hc_l2_gauge(l2);
    driver->conns = (ngx_hc_redis_conn_t *) (driver + 1);
    driver->backoff = NGX_HC_REDIS_BACKOFF;

    if (driver->gauge == NULL) {
        driver->gauge = &ngx_hc_l2_no_gauge;
    }

    ngx_queue_init(&driver->ops);

    for (i = 0; i < l2->connections; i++) {
        ngx_hc_redis_conn_init(&driver->conns[i], driver);
    }

    p = (u_char *) (driver->conns + l2->connections);

    driver->versions.data = p;
    p = ngx_cpymem(p, l2->prefix.data, l2->prefix.len);
    p = ngx_cpymem(p, "versions", sizeof("versions") - 1);
    driver->versions.len = p - driver->versions.data;

    driver->name.data = p;

    driver->retell.handler = ngx_hc_redis_retell_handler;
    driver->retell.data = driver;
    driver->retell.log = driver->log;
    driver->retell.cancelable = 1;

    /* whoever failed to tell the server may not live to try again */

    ngx_add_timer(&driver->retell, NGX_HC_REDIS_RETELL);

    l2->driver = driver;

    return NGX_OK;
}


void
ngx_hc_l2_close(ngx_hc_l2_t *l2)
{
    ngx_uint_t       i;
    ngx_queue_t     *q;
    ngx_hc_redis_t  *driver;

    driver = l2->driver;
    if (driver == NULL) {
        return;
    }

    for (i = 0; i < l2->connections; i++) {
        ngx_hc_redis_conn_drop(&driver->conns[i]);
    }

    while (!ngx_queue_empty(&driver->ops)) {
        q = ngx_queue_head(&driver->ops);
        ngx_hc_l2_destroy(ngx_queue_data(q, ngx_hc_l2_op_t, queue));
    }

    if (driver->retell.timer_set) {
        ngx_del_timer(&driver->retell);
    }

    l2->driver = NULL;
    ngx_free(driver);
}


ngx_hc_l2_op_t *
ngx_hc_l2_get(ngx_hc_l2_t *l2, ngx_hc_l2_key_t *key, ngx_hc_l2_done_pt done,
    void *owner)
{
    ngx_hc_l2_op_t  *op;

    op = ngx_hc_l2_create(l2->driver, NGX_HC_L2_GET,
                          key->key.len + key->variant.len);
    if (op == NULL) {
        return NULL;
    }

    op->done = done;
    op->owner = owner;
    ngx_hc_l2_copy_key(op, key);

    ngx_hc_l2_count(op->driver, gets);

    op->conn = ngx_hc_redis_pick(op->driver);

    if (op->conn && ngx_hc_redis_get(op, op->conn) != NGX_OK) {
        ngx_hc_l2_destroy(op);
        return NULL;
    }

    ngx_hc_l2_start(op);

    return op;
}


ngx_hc_l2_op_t *
ngx_hc_l2_put(ngx_hc_l2_t *l2, hc_entry_t *entry, ngx_msec_t ttl,
    ngx_hc_l2_done_pt done, void *owner)
{
    size_t           size;
    ngx_hc_l2_op_t  *op;

    op = ngx_hc_l2_create(l2->driver, NGX_HC_L2_PUT, 0);
    if (op == NULL) {
        return NULL;
    }

    op->done = done;
    op->owner = owner;

    ngx_hc_l2_count(op->driver, puts);

    size = hc_entry_sealed_size(entry);

    if (size == 0 || size > l2->max_value || ttl == 0) {
        ngx_hc_l2_destroy(op);
        return NULL;
    }

    op->conn = ngx_hc_redis_pick(op->driver);

    if (op->conn && ngx_hc_redis_put(op, op->conn, entry, ttl) != NGX_OK) {
        ngx_hc_l2_destroy(op);
        return NULL;
    }

    ngx_hc_l2_start(op);

    return op;
}


/* Remembered before anything is sent: a worker that dies must not take the
 * invalidation with it. */

ngx_hc_l2_op_t *
ngx_hc_l2_invalidate(ngx_hc_l2_t *l2, uint32_t *slots, ngx_uint_t n,
    ngx_hc_l2_done_pt done, void *owner)
{
    ngx_hc_l2_op_t  *op;

    if (n > NGX_HC_L2_SLOTS_MAX) {
        n = 0;
    }

    op = ngx_hc_l2_create(l2->driver, NGX_HC_L2_INVALIDATE,
                          ngx_max(n, 1) * sizeof(ngx_hc_l2_claim_t));
    if (op == NULL) {
        (void) ngx_hc_l2_untold_add(l2, slots, n, 1, NULL);
        return NULL;
    }

    op->done = done;
    op->owner = owner;
    op->claims = (ngx_hc_l2_claim_t *) (op + 1);
    op->nclaims = ngx_hc_l2_untold_add(l2, slots, n,
                                       ngx_current_msec + l2->timeout,
                                       op->claims);

    ngx_hc_l2_count(op->driver, invalidations);

    op->conn = ngx_hc_redis_pick(op->driver);

    if (op->conn && ngx_hc_redis_move(op, op->conn, slots, n) != NGX_OK) {
        ngx_hc_l2_failed(op);
        ngx_hc_l2_destroy(op);
        return NULL;
    }

    ngx_hc_l2_start(op);

    return op;
}


void
ngx_hc_l2_forget(ngx_hc_l2_op_t *op)
{
    ngx_hc_assert(!op->completed);

    op->done = NULL;
    op->event.cancelable = 1;
}


/* A value nobody can use is removed; nobody waits for it. */

void
ngx_hc_l2_drop(ngx_hc_redis_t *driver, ngx_hc_l2_key_t *key)
{
    ngx_hc_l2_op_t  *op;

    op = ngx_hc_l2_create(driver, NGX_HC_L2_DROP,
                          key->key.len + key->variant.len);
    if (op == NULL) {
        return;
    }

    ngx_hc_l2_copy_key(op, key);

    op->conn = ngx_hc_redis_pick(driver);

    if (op->conn == NULL || ngx_hc_redis_drop(op, op->conn) != NGX_OK) {
        ngx_hc_l2_destroy(op);
        return;
    }

    ngx_hc_l2_start(op);
}

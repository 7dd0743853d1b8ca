/*
 * The life of an operation: start, deadline, completion, release.
 */

#include "ngx_hc_redis.h"


static void ngx_hc_l2_op_handler(ngx_event_t *ev);
static void ngx_hc_l2_expire(ngx_hc_l2_op_t *op);
static void ngx_hc_l2_account(ngx_hc_l2_op_t *op, ngx_hc_l2_rc_e rc);


#define ngx_hc_l2_kind_name(id, text)  text,

static const char  *ngx_hc_l2_kinds[] = {
    NGX_HC_L2_KINDS(ngx_hc_l2_kind_name)
};


ngx_hc_l2_op_t *
ngx_hc_l2_create(ngx_hc_redis_t *driver, ngx_hc_l2_kind_e kind, size_t extra)
{
    ngx_hc_l2_op_t  *op;

    if (driver == NULL) {
        return NULL;
    }

    op = ngx_calloc(sizeof(*op) + extra, driver->log);
    if (op == NULL) {
        return NULL;
    }

    op->kind = kind;
    op->driver = driver;
    op->start = ngx_current_msec;

    op->event.handler = ngx_hc_l2_op_handler;
    op->event.data = op;
    op->event.log = driver->log;

    ngx_queue_insert_tail(&driver->ops, &op->queue);
    (void) ngx_atomic_fetch_add(&driver->gauge->in_flight, 1);

    return op;
}


void
ngx_hc_l2_copy_key(ngx_hc_l2_op_t *op, const ngx_hc_l2_key_t *key)
{
    u_char  *p;

    op->key = *key;

    p = (u_char *) (op + 1);
    op->key.key.data = p;

    p = ngx_cpymem(p, key->key.data, key->key.len);
    op->key.variant.data = p;

    if (key->variant.len) {
        ngx_memcpy(p, key->variant.data, key->variant.len);
    }
}


/* Without a connection it completes on the next turn.  The deadline runs
 * then, too: it keeps an exiting worker until somebody was answered. */

void
ngx_hc_l2_start(ngx_hc_l2_op_t *op)
{
    op->event.cancelable = (op->done == NULL);

    ngx_add_timer(&op->event, op->driver->l2->timeout);

    if (op->conn == NULL) {
        ngx_post_event(&op->event, &ngx_posted_next_events);
    }
}


static void
ngx_hc_l2_op_handler(ngx_event_t *ev)
{
    ngx_hc_l2_op_t  *op;

    op = ev->data;

    if (ev->timedout) {
        ev->timedout = 0;
        ngx_hc_l2_expire(op);
        return;
    }

    ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);
    ngx_hc_l2_release(op);
}


static void
ngx_hc_l2_expire(ngx_hc_l2_op_t *op)
{
    ngx_hc_l2_complete(op, NGX_HC_L2_TIMEOUT, NULL);

    if (op->pending) {
        ngx_hc_redis_late(op->conn, op);
        return;
    }

    ngx_hc_l2_release(op);
}


/* The deadline, the answer and a lost connection race here: the first wins. */

void
ngx_hc_l2_complete(ngx_hc_l2_op_t *op, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer)
{
    ngx_hc_l2_done_pt   done;
    ngx_hc_l2_answer_t  none;

    if (op->completed) {
        return;
    }

    op->completed = 1;
    (void) ngx_atomic_fetch_add(&op->driver->gauge->in_flight, -1);

    if (op->event.timer_set) {
        ngx_del_timer(&op->event);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, op->driver->log, 0,
                   "hc l2 done op:%s rc:%d", ngx_hc_l2_kinds[op->kind], rc);

    ngx_hc_l2_account(op, rc);

    done = op->done;
    op->done = NULL;

    if (done == NULL) {
        return;
    }

    if (answer == NULL) {
        ngx_memzero(&none, sizeof(none));
        answer = &none;
    }

    answer->time = ngx_current_msec - op->start;

    done(op->owner, rc, answer);
}


static void
ngx_hc_l2_account(ngx_hc_l2_op_t *op, ngx_hc_l2_rc_e rc)
{
    if (rc == NGX_HC_L2_TIMEOUT) {
        ngx_hc_l2_count(op->driver, timeouts);
    }

    if (rc == NGX_HC_L2_OK) {
        if (op->kind == NGX_HC_L2_PUT) {
            ngx_hc_l2_count(op->driver, stores);
        }

        return;
    }

    if (op->kind == NGX_HC_L2_INVALIDATE || op->kind == NGX_HC_L2_TELL) {
        ngx_hc_l2_failed(op);
    }
}


/* The server may have missed it: it is due, and told again by the next read
 * or, for the sake of other nodes, by a timer. */

void
ngx_hc_l2_failed(ngx_hc_l2_op_t *op)
{
    ngx_hc_redis_t  *driver;

    driver = op->driver;

    ngx_hc_l2_untold_fail(driver->l2, op->claims, op->nclaims);

    if (op->kind == NGX_HC_L2_INVALIDATE) {
        ngx_hc_l2_count(driver, untold);
    }
}


/* Frees an operation that has completed and has no place in line. */

void
ngx_hc_l2_release(ngx_hc_l2_op_t *op)
{
    if (op->completed && op->pending == 0) {
        ngx_hc_l2_destroy(op);
    }
}


void
ngx_hc_l2_destroy(ngx_hc_l2_op_t *op)
{
    if (!op->completed) {
        (void) ngx_atomic_fetch_add(&op->driver->gauge->in_flight, -1);
    }

    if (op->event.timer_set) {
        ngx_del_timer(&op->event);
    }

    if (op->event.posted) {
        ngx_delete_posted_event(&op->event);
    }

    ngx_queue_remove(&op->queue);
    ngx_hc_redis_free(op);

    ngx_free(op);
}

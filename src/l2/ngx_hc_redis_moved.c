/*
 * What the answers of Redis to an invalidation mean.  Each is called once per
 * command: with its reply, or with NULL when the connection was lost.
 */

#include "ngx_hc_redis.h"


static void ngx_hc_redis_told(ngx_hc_l2_op_t *op, ngx_uint_t good);


/* Nil: there was an array already. */

void
ngx_hc_redis_epoch_answer(ngx_hc_l2_op_t *op, void **reply)
{
    redisReply  *answer;

    answer = *reply;

    if (answer == NULL) {
        ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);

    } else if (answer->type == REDIS_REPLY_STATUS) {
        (void) ngx_hc_l2_epoch_seen(op->driver->l2, op->epoch, 0);
    }
}


void
ngx_hc_redis_moved_answer(ngx_hc_l2_op_t *op, void **reply)
{
    uint64_t     epoch;
    ngx_uint_t   good;
    redisReply  *answer;

    answer = *reply;

    if (answer == NULL) {
        ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);
        return;
    }

    good = ngx_hc_redis_counters(answer, 0)
           && answer->elements > NGX_HC_REDIS_MOVES;

    if (good) {
        epoch = ngx_hc_redis_epoch(answer);

        /* this move is one more than any that was heard of before it */

        (void) (ngx_hc_l2_epoch_seen(op->driver->l2, epoch, op->known)
                && ngx_hc_l2_moves_seen(op->driver->l2, epoch,
                                 answer->element[NGX_HC_REDIS_MOVES]->integer,
                                 op->moves + 1));
    }

    ngx_hc_redis_told(op, good);
}


void
ngx_hc_redis_all_answer(ngx_hc_l2_op_t *op, void **reply)
{
    redisReply  *answer;

    answer = *reply;

    if (answer == NULL) {
        ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);
        return;
    }

    if (answer->type == REDIS_REPLY_STATUS) {
        (void) ngx_hc_l2_epoch_seen(op->driver->l2, op->epoch, 0);
    }

    ngx_hc_redis_told(op, answer->type == REDIS_REPLY_STATUS);
}


/* Also late: what the server did, it did after the call. */

static void
ngx_hc_redis_told(ngx_hc_l2_op_t *op, ngx_uint_t good)
{
    if (op->kind == NGX_HC_L2_TELL) {
        ngx_hc_assert(op->conn->tells > 0);
        op->conn->tells--;
        op->conn->tell_good = (good != 0);
    }

    if (good) {
        ngx_hc_l2_untold_done(op->driver->l2, op->claims, op->nclaims);
    }

    ngx_hc_l2_complete(op, good ? NGX_HC_L2_OK : NGX_HC_L2_BAD, NULL);
}

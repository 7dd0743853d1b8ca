/*
 * What the answers of Redis mean.  Each is called once per command: with its
 * reply, or with NULL when the connection was lost.
 */

#include "ngx_hc_redis.h"


static ngx_uint_t ngx_hc_redis_fences(ngx_hc_l2_op_t *op, redisReply *reply);
static void ngx_hc_redis_fill_in(ngx_hc_l2_op_t *op,
    ngx_hc_l2_answer_t *answer);
static ngx_uint_t ngx_hc_redis_named_current(ngx_hc_l2_op_t *op,
    redisReply *reply);
static uint32_t ngx_hc_redis_fence(uint64_t epoch, uint32_t counter);
static ngx_hc_l2_rc_e ngx_hc_redis_verdict(ngx_hc_l2_op_t *op,
    ngx_hc_l2_answer_t *answer, hc_entry_t *entry);
static ngx_hc_l2_rc_e ngx_hc_redis_open(ngx_hc_l2_op_t *op,
    ngx_hc_l2_answer_t *answer, hc_entry_t *entry);
static ngx_hc_l2_rc_e ngx_hc_redis_compare(ngx_hc_l2_op_t *op,
    ngx_hc_l2_answer_t *answer, hc_entry_t *entry);
static ngx_hc_l2_rc_e ngx_hc_redis_ask_named(ngx_hc_l2_op_t *op,
    hc_entry_t *entry);


void
ngx_hc_redis_value_answer(ngx_hc_l2_op_t *op, void **reply)
{
    if (*reply == NULL) {
        ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);
        return;
    }

    op->value = *reply;
    *reply = NULL;
}


void
ngx_hc_redis_versions_answer(ngx_hc_l2_op_t *op, void **reply)
{
    hc_entry_t          entry;
    ngx_hc_l2_rc_e      rc;
    ngx_hc_l2_answer_t  answer;

    if (*reply == NULL) {
        ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);
        return;
    }

    if (op->completed) {
        return;
    }

    ngx_memzero(&answer, sizeof(answer));

    if (ngx_hc_redis_fences(op, *reply)) {
        ngx_hc_redis_fill_in(op, &answer);
    }

    rc = ngx_hc_redis_verdict(op, &answer, &entry);

    if (op->entry) {
        return;                        /* its named tags are asked for */
    }

    ngx_hc_l2_complete(op, rc, &answer);
}


static void
ngx_hc_redis_fill_in(ngx_hc_l2_op_t *op, ngx_hc_l2_answer_t *answer)
{
    answer->versions = op->fence;
    answer->moves = op->count;
}


void
ngx_hc_redis_named_answer(ngx_hc_l2_op_t *op, void **reply)
{
    ngx_hc_l2_answer_t  answer;

    if (*reply == NULL) {
        ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);
        return;
    }

    if (op->completed) {
        return;
    }

    ngx_memzero(&answer, sizeof(answer));
    ngx_hc_redis_fill_in(op, &answer);

    if (ngx_hc_redis_named_current(op, *reply)) {
        ngx_hc_l2_count(op->driver, hits);
        answer.entry = op->entry;
        ngx_hc_l2_complete(op, NGX_HC_L2_HIT, &answer);
        return;
    }

    ngx_hc_l2_count(op->driver, stale_fence);
    ngx_hc_l2_complete(op, NGX_HC_L2_MISS, &answer);
}


/* 1: since the fill of the value began nothing moved one of them, and all of
 * the array is the one that was read before. */

static ngx_uint_t
ngx_hc_redis_named_current(ngx_hc_l2_op_t *op, redisReply *reply)
{
    hc_tag_t    *tags;
    ngx_uint_t   i, n;

    tags = op->entry->tags + op->key.ntags;
    n = op->entry->core.ntags - op->key.ntags;

    if (!ngx_hc_redis_counters(reply, NGX_HC_REDIS_SLOTS + n)
        || ngx_hc_redis_epoch(reply) != op->at
        || reply->element[NGX_HC_REDIS_MOVES]->integer < op->count)
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (reply->element[NGX_HC_REDIS_SLOTS + i]->integer
            > tags[i].version)
        {
            return 0;
        }
    }

    return 1;
}


/* 0: the server did not tell, or is not to be believed: its array was lost,
 * or what had to be told before did not reach it. */

static ngx_uint_t
ngx_hc_redis_fences(ngx_hc_l2_op_t *op, redisReply *reply)
{
    uint64_t    epoch;
    ngx_uint_t  i;

    if (!ngx_hc_redis_counters(reply, NGX_HC_REDIS_SLOTS + op->key.ntags)) {
        return 0;
    }

    epoch = ngx_hc_redis_epoch(reply);

    if (!ngx_hc_l2_epoch_seen(op->driver->l2, epoch, op->epoch)
        || !ngx_hc_l2_moves_seen(op->driver->l2, epoch,
                                 reply->element[NGX_HC_REDIS_MOVES]->integer,
                                 op->moves))
    {
        ngx_log_error(NGX_LOG_WARN, op->driver->log, 0,
                      "hc l2: %V lost its versions, all is invalidated",
                      &op->driver->l2->addr->name);
        return 0;
    }

    if (op->relies && !op->conn->tell_good) {
        return 0;
    }

    op->at = epoch;
    op->count = (uint32_t) reply->element[NGX_HC_REDIS_MOVES]->integer;

    for (i = 0; i < op->key.ntags; i++) {
        op->fence[i] = ngx_hc_redis_fence(epoch,
                     reply->element[NGX_HC_REDIS_SLOTS + i]->integer);
    }

    return 1;
}


uint64_t
ngx_hc_redis_epoch(redisReply *reply)
{
    return (uint64_t) reply->element[0]->integer << 32
           | (uint64_t) reply->element[1]->integer;
}


ngx_uint_t
ngx_hc_redis_counters(redisReply *reply, size_t n)
{
    size_t       i;
    redisReply  *element;

    if (reply->type != REDIS_REPLY_ARRAY
        || reply->elements == 0
        || (n && reply->elements != n))
    {
        return 0;
    }

    for (i = 0; i < reply->elements; i++) {
        element = reply->element[i];

        if (element->type != REDIS_REPLY_INTEGER
            || element->integer < 0
            || element->integer > UINT32_MAX)
        {
            return 0;
        }
    }

    return 1;
}


/*
 * 0: it was never invalidated since the first value was put, which the first
 * epoch of a server does not change.  Within an epoch two counters never share
 * a fence: the sum is one to one.
 */

static uint32_t
ngx_hc_redis_fence(uint64_t epoch, uint32_t counter)
{
    uint32_t  fence;

    if (counter == 0 && (epoch == 0 || (epoch & NGX_HC_L2_EPOCH_FIRST))) {
        return 0;
    }

    epoch = (epoch ^ (epoch >> 30)) * 0xbf58476d1ce4e5b9;
    epoch = (epoch ^ (epoch >> 27)) * 0x94d049bb133111eb;

    fence = (uint32_t) (epoch >> 32) + counter;

    return fence ? fence : 0x80000000;
}


static ngx_hc_l2_rc_e
ngx_hc_redis_verdict(ngx_hc_l2_op_t *op, ngx_hc_l2_answer_t *answer,
    hc_entry_t *entry)
{
    redisReply  *value;

    value = op->value;

    switch (value->type) {

    case REDIS_REPLY_STRING:
        if (answer->versions) {
            return ngx_hc_redis_open(op, answer, entry);
        }

        ngx_hc_l2_count(op->driver, misses);
        return NGX_HC_L2_MISS;

    case REDIS_REPLY_NIL:
        ngx_hc_l2_count(op->driver, misses);
        return NGX_HC_L2_MISS;

    case REDIS_REPLY_ERROR:
        return NGX_HC_L2_BAD;

    default:
        ngx_hc_l2_count(op->driver, bad_values);
        return NGX_HC_L2_BAD;
    }
}


static ngx_hc_l2_rc_e
ngx_hc_redis_open(ngx_hc_l2_op_t *op, ngx_hc_l2_answer_t *answer,
    hc_entry_t *entry)
{
    redisReply      *value;
    hc_entry_rc_e    rc;

    value = op->value;
    rc = HC_ENTRY_DAMAGED;

    if ((size_t) value->len <= op->driver->l2->max_value) {
        rc = hc_entry_open(entry, value->str, value->len, op->key.key,
                           op->key.variant);
    }

    switch (rc) {

    case HC_ENTRY_OK:
        return ngx_hc_redis_compare(op, answer, entry);

    case HC_ENTRY_OTHER_VERSION:
        ngx_hc_l2_count(op->driver, other_version);
        return NGX_HC_L2_MISS;

    default:
        ngx_hc_l2_count(op->driver, bad_values);
        ngx_hc_l2_drop(op->driver, &op->key);
        return NGX_HC_L2_BAD;
    }
}


static ngx_hc_l2_rc_e
ngx_hc_redis_compare(ngx_hc_l2_op_t *op, ngx_hc_l2_answer_t *answer,
    hc_entry_t *entry)
{
    ngx_uint_t  i, stale;

    stale = 0;

    for (i = 0; i < op->key.ntags && i < entry->core.ntags; i++) {

        if (entry->tags[i].slot != op->key.tags[i].slot) {
            break;
        }

        if (entry->tags[i].version != answer->versions[i]) {
            stale = 1;
        }
    }

    if (i != op->key.ntags) {
        ngx_hc_l2_count(op->driver, misses);
        return NGX_HC_L2_MISS;
    }

    if (stale) {
        ngx_hc_l2_count(op->driver, stale_fence);
        return NGX_HC_L2_MISS;
    }

    if (i != entry->core.ntags) {
        return ngx_hc_redis_ask_named(op, entry);
    }

    ngx_hc_l2_count(op->driver, hits);
    answer->entry = entry;

    return NGX_HC_L2_HIT;
}


/* The entry's spans are in op->value, which stays. */

static ngx_hc_l2_rc_e
ngx_hc_redis_ask_named(ngx_hc_l2_op_t *op, hc_entry_t *entry)
{
    op->entry = ngx_alloc(sizeof(*op->entry), op->driver->log);

    if (op->entry) {
        *op->entry = *entry;

        if (ngx_hc_redis_get_named(op, entry) == NGX_OK) {
            return NGX_HC_L2_HIT;
        }

        ngx_free(op->entry);
        op->entry = NULL;
    }

    ngx_hc_l2_count(op->driver, misses);

    return NGX_HC_L2_MISS;
}


void
ngx_hc_redis_put_answer(ngx_hc_l2_op_t *op, void **reply)
{
    redisReply  *answer;

    answer = *reply;

    if (answer == NULL) {
        ngx_hc_l2_complete(op, NGX_HC_L2_DOWN, NULL);
        return;
    }

    ngx_hc_l2_complete(op, answer->type == REDIS_REPLY_STATUS ? NGX_HC_L2_OK
                                                              : NGX_HC_L2_BAD,
                       NULL);
}


void
ngx_hc_redis_drop_answer(ngx_hc_l2_op_t *op, void **reply)
{
    ngx_hc_l2_complete(op, *reply ? NGX_HC_L2_OK : NGX_HC_L2_DOWN, NULL);
}

/*
 * Replies out of received bytes: hiredis reads them, here is what bounds it.
 *
 * A reply may take max_value and a little more, must not be nested (a hostile
 * one can otherwise be nested deep enough to overflow the stack when it is
 * freed, in hiredis 1.0 - 1.4.0) and must have somebody in line for it.
 */

#include "ngx_hc_redis.h"


static void *ngx_hc_redis_array(const redisReadTask *task,
    ngx_hc_redis_elements_t n);
static ngx_uint_t ngx_hc_redis_oversized(ngx_hc_redis_conn_t *conn);
static void ngx_hc_redis_reply(ngx_hc_redis_conn_t *conn, redisReply *reply);
static void ngx_hc_redis_proven(ngx_hc_redis_conn_t *conn);


static const char  ngx_hc_redis_too_large[] = "a reply larger than max_value";


ngx_int_t
ngx_hc_redis_reader_open(ngx_hc_redis_conn_t *conn)
{
    redisReader  *reader;

    reader = redisReaderCreate();
    if (reader == NULL) {
        return NGX_ERROR;
    }

    reader->maxbuf = NGX_HC_REDIS_BUFFER;

    conn->functions = *reader->fn;
    conn->create_array = conn->functions.createArray;
    conn->functions.createArray = ngx_hc_redis_array;

    reader->fn = &conn->functions;
    reader->privdata = conn;

    conn->reader = reader;
    conn->fed = 0;

    return NGX_OK;
}


/* NULL ends the reading with an error. */

static void *
ngx_hc_redis_array(const redisReadTask *task, ngx_hc_redis_elements_t n)
{
    ngx_hc_redis_conn_t  *conn;

    if (task->parent || n > NGX_HC_REDIS_WORDS) {
        return NULL;
    }

    conn = task->privdata;

    return conn->create_array(task, n);
}


const char *
ngx_hc_redis_feed(ngx_hc_redis_conn_t *conn, size_t n, ngx_uint_t *rest)
{
    void        *reply;
    ngx_uint_t   boundary;

    *rest = 1;
    boundary = (conn->fed == 0);
    conn->fed += n;

    if (redisReaderFeed(conn->reader, (char *) conn->driver->buffer, n)
        != REDIS_OK)
    {
        return "no memory";
    }

    for ( ;; ) {

        if (boundary && ngx_hc_redis_oversized(conn)) {
            *rest = 0;
            return ngx_hc_redis_too_large;
        }

        if (redisReaderGetReply(conn->reader, &reply) != REDIS_OK) {
            return "a reply that makes no sense";
        }

        if (reply == NULL) {
            break;
        }

        if (conn->ncommands == 0) {
            freeReplyObject(reply);
            return "a reply nobody asked for";
        }

        conn->fed = conn->reader->len - conn->reader->pos;
        boundary = 1;

        ngx_hc_redis_reply(conn, reply);
    }

    if (conn->fed > conn->driver->l2->max_value + NGX_HC_REDIS_SLACK) {
        *rest = 0;
        return ngx_hc_redis_too_large;
    }

    return NULL;
}


/* Refused when it is announced, if the line that does is here in one piece;
 * else when too much of it has come. */

static ngx_uint_t
ngx_hc_redis_oversized(ngx_hc_redis_conn_t *conn)
{
    u_char       *p, *last;
    uint64_t      n;

    p = (u_char *) conn->reader->buf + conn->reader->pos;
    last = (u_char *) conn->reader->buf + conn->reader->len;

    if (p == last || *p++ != '$') {
        return 0;
    }

    for (n = 0; p < last && *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (*p - '0');

        if (n > conn->driver->l2->max_value) {
            return 1;
        }
    }

    return 0;
}


/* The reply belongs to the first in line. */

static void
ngx_hc_redis_reply(ngx_hc_redis_conn_t *conn, redisReply *reply)
{
    void             *answer;
    ngx_queue_t      *q;
    ngx_hc_l2_op_t   *op;
    ngx_hc_l2_cmd_t  *cmd;

    conn->progress = ngx_current_msec;

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_hc_l2_count(conn->driver, errors);
        ngx_hc_redis_complain(conn->driver, reply->str, reply->len);

    } else {
        ngx_hc_redis_proven(conn);
    }

    q = ngx_queue_head(&conn->commands);
    ngx_queue_remove(q);
    conn->ncommands--;

    cmd = ngx_queue_data(q, ngx_hc_l2_cmd_t, queue);
    op = cmd->op;
    answer = reply;

    cmd->answer(op, &answer);

    if (answer) {
        freeReplyObject(answer);
    }

    op->pending--;
    ngx_hc_l2_release(op);
}


static void
ngx_hc_redis_proven(ngx_hc_redis_conn_t *conn)
{
    ngx_hc_redis_t  *driver;

    driver = conn->driver;

    if (!conn->proven) {
        conn->proven = 1;
        driver->backoff = NGX_HC_REDIS_BACKOFF;
    }

    if (driver->down) {
        driver->down = 0;
        ngx_log_error(NGX_LOG_WARN, driver->log, 0,
                      "hc l2: %V is reachable again",
                      &driver->l2->addr->name);
    }
}


/* The server's words are not trusted in the log. */

void
ngx_hc_redis_complain(ngx_hc_redis_t *driver, const char *text, size_t len)
{
    u_char      line[128];
    ngx_uint_t  i;
    ngx_str_t   said;

    if (driver->complained
        && ngx_time() - driver->complained < NGX_HC_REDIS_COMPLAIN)
    {
        return;
    }

    driver->complained = ngx_time();

    said.data = line;
    said.len = ngx_min(len, sizeof(line));

    for (i = 0; i < said.len; i++) {
        line[i] = (text[i] >= 0x20 && text[i] < 0x7f) ? text[i] : '?';
    }

    ngx_log_error(NGX_LOG_ERR, driver->log, 0, "hc l2: %V sent \"%V\"",
                  &driver->l2->addr->name, &said);
}

/*
 * Connections: which one, connect, close.
 *
 * After a failed connect or a lost connection no new one is tried for a
 * while, 100 ms at first and up to 1 s, with jitter.  A server that takes
 * commands and says nothing is frozen: its connection is closed when an
 * operation expires and not a byte has come since it was queued, or no whole
 * reply for several timeouts; so orphans do not pile up.
 */

#include "ngx_hc_redis.h"


static ngx_uint_t ngx_hc_redis_resting(ngx_hc_redis_t *driver);
static void ngx_hc_redis_rest(ngx_hc_redis_t *driver, const char *why);
static ngx_int_t ngx_hc_redis_connect(ngx_hc_redis_conn_t *conn);
static ngx_int_t ngx_hc_redis_connect_peer(ngx_hc_redis_conn_t *conn);
static ngx_int_t ngx_hc_redis_get_peer(ngx_peer_connection_t *pc, void *data);


void
ngx_hc_redis_conn_init(ngx_hc_redis_conn_t *conn, ngx_hc_redis_t *driver)
{
    conn->driver = driver;
    conn->log = *driver->log;

    conn->flush.handler = ngx_hc_redis_flush_handler;
    conn->flush.data = conn;
    conn->flush.log = &conn->log;

    ngx_queue_init(&conn->commands);
}


/* An idle one, else a new one, else the one with the shortest line. */

ngx_hc_redis_conn_t *
ngx_hc_redis_pick(ngx_hc_redis_t *driver)
{
    ngx_uint_t            i;
    ngx_hc_redis_conn_t  *conn, *best, *closed;

    best = NULL;
    closed = NULL;

    for (i = 0; i < driver->l2->connections; i++) {
        conn = &driver->conns[i];

        if (conn->state == NGX_HC_REDIS_CLOSED) {
            closed = conn;

        } else if (best == NULL || conn->ncommands < best->ncommands) {
            best = conn;
        }
    }

    if ((best == NULL || best->ncommands)
        && closed
        && !ngx_hc_redis_resting(driver)
        && ngx_hc_redis_connect(closed) == NGX_OK)
    {
        return closed;
    }

    if (best
        && best->ncommands < NGX_HC_REDIS_LINE_MAX
        && best->queued < driver->l2->max_value + NGX_HC_REDIS_QUEUED_MAX)
    {
        return best;
    }

    return NULL;
}


static ngx_uint_t
ngx_hc_redis_resting(ngx_hc_redis_t *driver)
{
    if (driver->resting
        && (ngx_msec_int_t) (ngx_current_msec - driver->retry_at) >= 0)
    {
        driver->resting = 0;
    }

    return driver->resting;
}


static void
ngx_hc_redis_rest(ngx_hc_redis_t *driver, const char *why)
{
    ngx_uint_t  i;

    ngx_hc_l2_count(driver, failures);

    driver->resting = 1;
    driver->retry_at = ngx_current_msec + driver->backoff / 2
                       + ngx_random() % (driver->backoff / 2 + 1);
    driver->backoff = ngx_min(driver->backoff * 2, NGX_HC_REDIS_BACKOFF_MAX);

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, driver->log, 0,
                   "hc l2: lost %V: %s", &driver->l2->addr->name, why);

    if (driver->down) {
        return;
    }

    for (i = 0; i < driver->l2->connections; i++) {
        if (driver->conns[i].state == NGX_HC_REDIS_READY) {
            return;
        }
    }

    driver->down = 1;

    ngx_log_error(NGX_LOG_ERR, driver->log, 0, "hc l2: %V is unreachable: %s",
                  &driver->l2->addr->name, why);
}


static ngx_int_t
ngx_hc_redis_connect(ngx_hc_redis_conn_t *conn)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    rc = ngx_hc_redis_connect_peer(conn);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_hc_redis_rest(conn->driver, "connect failed");
        return NGX_ERROR;
    }

    c = conn->peer.connection;
    c->data = conn;
    c->log->connection = c->number;
    c->read->handler = ngx_hc_redis_read_handler;
    c->write->handler = ngx_hc_redis_write_handler;

    conn->connection = c;
    conn->state = NGX_HC_REDIS_CONNECTING;
    conn->progress = ngx_current_msec;

    if (ngx_hc_redis_reader_open(conn) != NGX_OK) {
        ngx_hc_redis_conn_drop(conn);
        return NGX_ERROR;
    }

    c->write->cancelable = 1;
    ngx_add_timer(c->write, conn->driver->l2->connect_timeout);

    if (rc == NGX_OK && ngx_hc_redis_connected(conn) != NGX_OK) {
        ngx_hc_redis_conn_drop(conn);
        ngx_hc_redis_rest(conn->driver, "connect failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* nginx would write a line per refused connect: only alerts pass. */

static ngx_int_t
ngx_hc_redis_connect_peer(ngx_hc_redis_conn_t *conn)
{
    ngx_int_t               rc;
    ngx_hc_redis_t         *driver;
    ngx_peer_connection_t  *peer;

    driver = conn->driver;
    peer = &conn->peer;

    conn->log = *driver->log;
    conn->log.log_level = ngx_min(conn->log.log_level, NGX_LOG_ALERT);

    ngx_memzero(peer, sizeof(*peer));
    peer->sockaddr = driver->l2->addr->sockaddr;
    peer->socklen = driver->l2->addr->socklen;
    peer->name = &driver->l2->addr->name;
    peer->get = ngx_hc_redis_get_peer;
    peer->log = &conn->log;
    peer->log_error = NGX_ERROR_INFO;
    peer->so_keepalive = 1;

    rc = ngx_event_connect_peer(peer);

    conn->log.log_level = driver->log->log_level;

    return rc;
}


static ngx_int_t
ngx_hc_redis_get_peer(ngx_peer_connection_t *pc, void *data)
{
    return NGX_OK;
}


ngx_int_t
ngx_hc_redis_connected(ngx_hc_redis_conn_t *conn)
{
    int                err;
    socklen_t          len;
    ngx_connection_t  *c;

    c = conn->connection;
    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        return NGX_ERROR;
    }

    if (c->tcp_nodelay == NGX_TCP_NODELAY_UNSET) {
        (void) ngx_tcp_nodelay(c);
    }

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    conn->state = NGX_HC_REDIS_READY;
    conn->progress = ngx_current_msec;

    ngx_hc_l2_count(conn->driver, connects);
    (void) ngx_atomic_fetch_add(&conn->driver->gauge->connections, 1);

    ngx_post_event(&conn->flush, &ngx_posted_events);

    return NGX_OK;
}


/* asked: a worker that was busy for longer than the timeout has not even
 * written the commands that expire now; that is no sign of a frozen server. */

void
ngx_hc_redis_late(ngx_hc_redis_conn_t *conn, ngx_hc_l2_op_t *op)
{
    ngx_msec_t  now, timeout;

    if (conn->state != NGX_HC_REDIS_READY || !conn->waiting) {
        return;
    }

    now = ngx_current_msec;
    timeout = conn->driver->l2->timeout;

    if ((conn->received == op->received && now - conn->asked >= timeout / 2)
        || now - conn->progress >= NGX_HC_REDIS_STUCK * timeout)
    {
        ngx_hc_redis_lost(conn, "no answer in time", 1);
    }
}


/* Only from event handlers: everything in line completes here. */

void
ngx_hc_redis_lost(ngx_hc_redis_conn_t *conn, const char *why, ngx_uint_t rest)
{
    void             *none;
    ngx_queue_t      *q, line;
    ngx_hc_l2_op_t   *op;
    ngx_hc_l2_cmd_t  *cmd;

    ngx_queue_init(&line);

    if (!ngx_queue_empty(&conn->commands)) {
        ngx_queue_add(&line, &conn->commands);
    }

    ngx_hc_redis_conn_drop(conn);

    if (rest) {
        ngx_hc_redis_rest(conn->driver, why);
    }

    while (!ngx_queue_empty(&line)) {
        q = ngx_queue_head(&line);
        ngx_queue_remove(q);

        cmd = ngx_queue_data(q, ngx_hc_l2_cmd_t, queue);
        op = cmd->op;
        none = NULL;

        cmd->answer(op, &none);

        op->pending--;
        ngx_hc_l2_release(op);
    }
}


void
ngx_hc_redis_conn_drop(ngx_hc_redis_conn_t *conn)
{
    if (conn->state == NGX_HC_REDIS_CLOSED) {
        return;
    }

    if (conn->state == NGX_HC_REDIS_READY) {
        (void) ngx_atomic_fetch_add(&conn->driver->gauge->connections, -1);
    }

    ngx_close_connection(conn->connection);
    conn->connection = NULL;
    conn->state = NGX_HC_REDIS_CLOSED;

    if (conn->flush.posted) {
        ngx_delete_posted_event(&conn->flush);
    }

    if (conn->reader) {
        redisReaderFree(conn->reader);
        conn->reader = NULL;
    }

    ngx_hc_redis_sent(conn, NULL);

    ngx_queue_init(&conn->commands);
    conn->ncommands = 0;
    conn->queued = 0;
    conn->tells = 0;
    conn->proven = 0;
    conn->waiting = 0;
}

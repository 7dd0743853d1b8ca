/*
 * Bytes of a connection: commands queued and written once per turn of the
 * event loop, replies read until there are no more.
 */

#include "ngx_hc_redis.h"


#define NGX_HC_REDIS_BLOCK  16384


typedef struct {
    ngx_chain_t  chain;
    ngx_buf_t    buf;
    u_char       data[];
} ngx_hc_redis_block_t;


static u_char *ngx_hc_redis_room(ngx_hc_redis_conn_t *conn, size_t size);
static const char *ngx_hc_redis_read(ngx_hc_redis_conn_t *conn,
    ngx_uint_t *rest);
static void ngx_hc_redis_refuse(ngx_hc_redis_conn_t *conn, const char *why,
    ngx_uint_t rest);


ngx_int_t
ngx_hc_redis_submit(ngx_hc_redis_conn_t *conn, ngx_hc_l2_op_t *op)
{
    size_t            size;
    u_char           *p;
    ngx_uint_t        i;
    ngx_hc_l2_cmd_t  *cmd;

    for (size = 0, i = op->nsent; i < op->ncmds; i++) {
        size += op->cmd[i].len;
    }

    p = ngx_hc_redis_room(conn, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (conn->ncommands == 0) {
        conn->progress = ngx_current_msec;
    }

    for (i = op->nsent; i < op->ncmds; i++) {
        cmd = &op->cmd[i];
        p = ngx_cpymem(p, cmd->text, cmd->len);
        ngx_queue_insert_tail(&conn->commands, &cmd->queue);
    }

    conn->ncommands += op->ncmds - op->nsent;
    conn->connection->idle = 0;

    op->pending += op->ncmds - op->nsent;
    op->nsent = op->ncmds;
    op->received = conn->received;

    ngx_hc_redis_free_text(op);

    if (conn->state == NGX_HC_REDIS_READY) {
        ngx_post_event(&conn->flush, &ngx_posted_events);
    }

    return NGX_OK;
}


/* Room for size bytes at the end of what is to be sent. */

static u_char *
ngx_hc_redis_room(ngx_hc_redis_conn_t *conn, size_t size)
{
    size_t                 n;
    u_char                *p;
    ngx_hc_redis_block_t  *block;

    if (conn->last == NULL
        || (size_t) (conn->last->buf->end - conn->last->buf->last) < size)
    {
        n = ngx_max(size, NGX_HC_REDIS_BLOCK);

        block = ngx_alloc(sizeof(*block) + n, conn->driver->log);
        if (block == NULL) {
            return NULL;
        }

        ngx_memzero(block, sizeof(*block));
        block->buf.start = block->data;
        block->buf.pos = block->data;
        block->buf.last = block->data;
        block->buf.end = block->data + n;
        block->buf.temporary = 1;
        block->chain.buf = &block->buf;

        if (conn->last) {
            conn->last->next = &block->chain;

        } else {
            conn->out = &block->chain;
        }

        conn->last = &block->chain;
    }

    p = conn->last->buf->last;
    conn->last->buf->last += size;
    conn->queued += size;

    return p;
}


void
ngx_hc_redis_read_handler(ngx_event_t *rev)
{
    ngx_uint_t            rest;
    const char           *why;
    ngx_connection_t     *c;
    ngx_hc_redis_conn_t  *conn;

    c = rev->data;
    conn = c->data;

    if (conn->state == NGX_HC_REDIS_CONNECTING) {
        ngx_hc_redis_write_handler(c->write);

        if (conn->state != NGX_HC_REDIS_READY) {
            return;
        }
    }

    why = ngx_hc_redis_read(conn, &rest);

    if (why) {
        ngx_hc_redis_refuse(conn, why, rest);
        return;
    }

    if (conn->ncommands) {
        return;
    }

    conn->waiting = 0;

    if (c->close || ngx_exiting) {
        ngx_hc_redis_conn_drop(conn);
        return;
    }

    c->idle = 1;
}


/* Until there is no more: events are edge triggered. */

static const char *
ngx_hc_redis_read(ngx_hc_redis_conn_t *conn, ngx_uint_t *rest)
{
    ssize_t            n;
    const char        *why;
    ngx_connection_t  *c;

    c = conn->connection;
    *rest = 1;

    for ( ;; ) {
        n = c->recv(c, conn->driver->buffer, NGX_HC_REDIS_BUFFER);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            return "closed by the server";
        }

        conn->received += n;
        conn->asked = ngx_current_msec;

        why = ngx_hc_redis_feed(conn, n, rest);
        if (why) {
            return why;
        }
    }

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return "no read event";
    }

    return NULL;
}


/* The first in line is told that its answer was nonsense; the value it asked
 * for is removed if that alone was to blame. */

static void
ngx_hc_redis_refuse(ngx_hc_redis_conn_t *conn, const char *why,
    ngx_uint_t rest)
{
    ngx_queue_t      *q;
    ngx_event_t      *rev;
    ngx_hc_l2_op_t   *op;
    ngx_hc_l2_cmd_t  *cmd;

    rev = conn->connection->read;

    if (rev->eof || rev->error) {
        ngx_hc_redis_lost(conn, why, conn->ncommands != 0);
        return;
    }

    ngx_hc_redis_complain(conn->driver, why, ngx_strlen(why));

    if (conn->ncommands == 0) {
        ngx_hc_redis_lost(conn, why, rest);
        return;
    }

    q = ngx_queue_head(&conn->commands);
    cmd = ngx_queue_data(q, ngx_hc_l2_cmd_t, queue);
    op = cmd->op;
    op->pending++;

    if (op->kind == NGX_HC_L2_GET) {
        ngx_hc_l2_count(conn->driver, bad_values);
    }

    ngx_hc_l2_complete(op, NGX_HC_L2_BAD, NULL);
    ngx_hc_redis_lost(conn, why, rest);

    if (op->kind == NGX_HC_L2_GET && !rest) {
        ngx_hc_l2_drop(conn->driver, &op->key);
    }

    op->pending--;
    ngx_hc_l2_release(op);
}


void
ngx_hc_redis_write_handler(ngx_event_t *wev)
{
    ngx_connection_t     *c;
    ngx_hc_redis_conn_t  *conn;

    c = wev->data;
    conn = c->data;

    if (conn->state == NGX_HC_REDIS_READY) {
        ngx_hc_redis_flush_handler(&conn->flush);
        return;
    }

    if (wev->timedout) {
        ngx_hc_redis_lost(conn, "connect timed out", 1);
        return;
    }

    if (ngx_hc_redis_connected(conn) != NGX_OK) {
        ngx_hc_redis_lost(conn, "connect failed", 1);
    }
}


/* All commands of one turn of the event loop leave in one write. */

void
ngx_hc_redis_flush_handler(ngx_event_t *ev)
{
    off_t                 sent;
    ngx_chain_t          *end;
    ngx_connection_t     *c;
    ngx_hc_redis_conn_t  *conn;

    conn = ev->data;
    c = conn->connection;

    if (conn->state != NGX_HC_REDIS_READY) {
        return;
    }

    if (conn->out && c->write->ready) {
        sent = c->sent;
        end = c->send_chain(c, conn->out, 0);

        if (end == NGX_CHAIN_ERROR) {
            ngx_hc_redis_lost(conn, "closed by the server", 1);
            return;
        }

        conn->queued -= c->sent - sent;
        ngx_hc_redis_sent(conn, end);

        if (!conn->waiting) {
            ngx_time_update();
            conn->waiting = 1;
            conn->asked = ngx_current_msec;
        }
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_hc_redis_lost(conn, "no write event", 1);
    }
}


void
ngx_hc_redis_sent(ngx_hc_redis_conn_t *conn, ngx_chain_t *end)
{
    ngx_chain_t  *next;

    while (conn->out != end) {
        next = conn->out->next;
        ngx_free(ngx_queue_data(conn->out, ngx_hc_redis_block_t, chain));
        conn->out = next;
    }

    if (end == NULL) {
        conn->last = NULL;
    }
}

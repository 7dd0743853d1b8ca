/*
 * The connection of a request without a client.  It has a socket, since nginx
 * wants one to wait for and to close: never readable, always writable, with
 * nobody at its other end.
 */

#include "ngx_http_hc_detached.h"


static ngx_int_t ngx_http_hc_detached_log(ngx_connection_t *c,
    ngx_connection_t *like);
static void ngx_http_hc_detached_io(ngx_connection_t *c);
static ngx_int_t ngx_http_hc_detached_address(ngx_connection_t *c,
    ngx_connection_t *like);
static ngx_int_t ngx_http_hc_detached_proxy(ngx_connection_t *c,
    ngx_connection_t *like);
static ngx_int_t ngx_http_hc_detached_ssl(ngx_connection_t *c,
    ngx_connection_t *like);


/* Connections are left for clients: nginx begins to close idle ones when there
 * are as few. */

ngx_connection_t *
ngx_http_hc_detached_open(ngx_http_request_t *like)
{
    ngx_socket_t               s;
    ngx_connection_t          *c;
    ngx_http_core_srv_conf_t  *cscf;

    if (ngx_cycle->free_connection_n <= ngx_cycle->connection_n / 16) {
        return NULL;
    }

    s = socket(AF_UNIX, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);

    if (s == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_ERR, like->connection->log, ngx_socket_errno,
                      "hc: no socket for a background request");
        return NULL;
    }

    c = ngx_get_connection(s, ngx_cycle->log);

    if (c == NULL) {
        (void) ngx_close_socket(s);
        return NULL;
    }

    cscf = ngx_http_get_module_srv_conf(like, ngx_http_core_module);

    c->pool = ngx_create_pool(cscf->connection_pool_size, ngx_cycle->log);

    if (c->pool == NULL) {
        ngx_close_connection(c);
        return NULL;
    }

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, 1);
#endif

    ngx_http_hc_detached_io(c);

    if (ngx_http_hc_detached_log(c, like->connection) != NGX_OK
        || ngx_http_hc_detached_address(c, like->connection) != NGX_OK
        || ngx_http_hc_detached_proxy(c, like->connection) != NGX_OK
        || ngx_http_hc_detached_ssl(c, like->connection) != NGX_OK)
    {
        ngx_http_hc_detached_close(c);
        return NULL;
    }

    return c;
}


/* nginx's own handler, which is not to be had by name. */

static ngx_int_t
ngx_http_hc_detached_log(ngx_connection_t *c, ngx_connection_t *like)
{
    ngx_log_t           *log;
    ngx_http_log_ctx_t  *ctx;

    log = ngx_palloc(c->pool, sizeof(*log));
    ctx = ngx_pcalloc(c->pool, sizeof(*ctx));

    if (log == NULL || ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->connection = c;

    *log = *like->log;
    log->data = ctx;
    log->connection = c->number;
    log->action = "asking in the background";

    c->log = log;
    c->read->log = log;
    c->write->log = log;
    c->pool->log = log;

    return NGX_OK;
}


ssize_t
ngx_http_hc_detached_send(ngx_connection_t *c, u_char *buf, size_t size)
{
    c->sent += size;

    return size;
}


static ngx_chain_t *
ngx_http_hc_detached_send_chain(ngx_connection_t *c, ngx_chain_t *in,
    off_t limit)
{
    ngx_hc_chain_consume(in);

    return NULL;
}


static ssize_t
ngx_http_hc_detached_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    return NGX_AGAIN;
}


static ssize_t
ngx_http_hc_detached_recv_chain(ngx_connection_t *c, ngx_chain_t *in,
    off_t limit)
{
    return NGX_AGAIN;
}


/* A client that has nothing more to say (eof: no keep-alive and no lingering,
 * whatever is configured) and takes all it is sent. */

static void
ngx_http_hc_detached_io(ngx_connection_t *c)
{
    c->recv = ngx_http_hc_detached_recv;
    c->send = ngx_http_hc_detached_send;
    c->recv_chain = ngx_http_hc_detached_recv_chain;
    c->send_chain = ngx_http_hc_detached_send_chain;

    c->type = SOCK_DGRAM;
    c->log_error = NGX_ERROR_INFO;
    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

    c->read->eof = 1;
    c->write->ready = 1;
    c->write->handler = ngx_http_empty_handler;
}


/* As realip has left it. */

static ngx_int_t
ngx_http_hc_detached_address(ngx_connection_t *c, ngx_connection_t *like)
{
    if (ngx_connection_local_sockaddr(like, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    c->listening = like->listening;
    c->socklen = like->socklen;
    c->local_socklen = like->local_socklen;

    c->sockaddr = ngx_palloc(c->pool, c->socklen);
    c->local_sockaddr = ngx_palloc(c->pool, c->local_socklen);

    if (c->sockaddr == NULL || c->local_sockaddr == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, like->sockaddr, c->socklen);
    ngx_memcpy(c->local_sockaddr, like->local_sockaddr, c->local_socklen);

    return ngx_http_hc_copy_str(c->pool, &c->addr_text, &like->addr_text);
}


static ngx_int_t
ngx_http_hc_detached_proxy(ngx_connection_t *c, ngx_connection_t *like)
{
    ngx_str_t             *from, *to;
    ngx_proxy_protocol_t  *pp = like->proxy_protocol;

    if (pp == NULL) {
        return NGX_OK;
    }

    c->proxy_protocol = ngx_palloc(c->pool, sizeof(*pp));
    if (c->proxy_protocol == NULL) {
        return NGX_ERROR;
    }

    *c->proxy_protocol = *pp;

    from = ngx_hc_proxy_protocol_tlvs(pp);
    to = ngx_hc_proxy_protocol_tlvs(c->proxy_protocol);

    if (from && ngx_http_hc_copy_str(c->pool, to, from) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_hc_copy_str(c->pool, &c->proxy_protocol->src_addr,
                             &pp->src_addr)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_hc_copy_str(c->pool, &c->proxy_protocol->dst_addr,
                                &pp->dst_addr);
}


/*
 * For $scheme and $ssl_*: the session is held, also when the client has gone.
 * Nothing is read from or written to it.
 */

static ngx_int_t
ngx_http_hc_detached_ssl(ngx_connection_t *c, ngx_connection_t *like)
{
#if (NGX_HTTP_SSL)

    ngx_ssl_connection_t  *ssl;

    if (like->ssl == NULL) {
        return NGX_OK;
    }

    ssl = ngx_pcalloc(c->pool, sizeof(*ssl));

    if (ssl == NULL || SSL_up_ref(like->ssl->connection) == 0) {
        return NGX_ERROR;
    }

    ssl->connection = like->ssl->connection;
    ssl->session_ctx = like->ssl->session_ctx;
    ssl->handshaked = 1;

    c->ssl = ssl;

#endif

    return NGX_OK;
}


void
ngx_http_hc_detached_drop_ssl(ngx_connection_t *c)
{
#if (NGX_HTTP_SSL)

    if (c->ssl) {
        SSL_free(c->ssl->connection);
        c->ssl = NULL;
    }

#endif
}


/* A connection that has no request, or not any more. */

void
ngx_http_hc_detached_close(ngx_connection_t *c)
{
    ngx_http_hc_detached_drop_ssl(c);
    ngx_http_close_connection(c);
}

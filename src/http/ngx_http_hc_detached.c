/*
 * Life of a request without a client: its connection, its beginning, its end.
 */

#include "ngx_http_hc_detached.h"


static ngx_connection_t *ngx_http_hc_detached_open(ngx_http_request_t *like);
static ngx_int_t ngx_http_hc_detached_log(ngx_connection_t *c,
    ngx_connection_t *like);
static void ngx_http_hc_detached_io(ngx_connection_t *c);
static ngx_int_t ngx_http_hc_detached_address(ngx_connection_t *c,
    ngx_connection_t *like);
static ngx_int_t ngx_http_hc_detached_proxy(ngx_connection_t *c,
    ngx_connection_t *like);
static ngx_int_t ngx_http_hc_detached_ssl(ngx_connection_t *c,
    ngx_connection_t *like);
static void ngx_http_hc_detached_close(ngx_connection_t *c);
static ngx_http_request_t *ngx_http_hc_detached_begin(ngx_connection_t *c,
    ngx_http_request_t *like);
static ngx_int_t ngx_http_hc_detached_target(ngx_http_request_t *r);
static void ngx_http_hc_detached_settle(ngx_http_request_t *r,
    ngx_http_request_t *like);
static void ngx_http_hc_detached_handler(ngx_event_t *rev);
static void ngx_http_hc_detached_end(void *data);


ngx_http_request_t *
ngx_http_hc_detached_create(ngx_http_request_t *like,
    ngx_http_hc_detached_done_pt done, void *data)
{
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_hc_detached_t  *d;

    c = ngx_http_hc_detached_open(like);
    if (c == NULL) {
        return NULL;
    }

    r = ngx_http_hc_detached_begin(c, like);
    if (r == NULL) {
        ngx_http_hc_detached_close(c);
        return NULL;
    }

    ngx_http_hc_detached_settle(r, like);

    /* those who say no have ended it, as they do with a client's request */

    if (ngx_http_process_request_uri(r) != NGX_OK
        || ngx_http_hc_detached_fields(r, like) != NGX_OK)
    {
        return NULL;
    }

    d = ngx_http_hc_detached_of(r);

    d->done = done;
    d->data = data;

    return r;
}


/* Connections are left for clients: nginx begins to close idle ones when there
 * are as few. */

static ngx_connection_t *
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


static void
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

static void
ngx_http_hc_detached_close(ngx_connection_t *c)
{
    ngx_http_hc_detached_drop_ssl(c);
    ngx_http_close_connection(c);
}


/* NULL: there is a connection, and no request. */

static ngx_http_request_t *
ngx_http_hc_detached_begin(ngx_connection_t *c, ngx_http_request_t *like)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_request_t      *r;
    ngx_http_hc_detached_t  *d;

    c->buffer = ngx_http_hc_detached_line(c->pool, like);
    d = ngx_pcalloc(c->pool, sizeof(*d));

    if (c->buffer == NULL || d == NULL) {
        return NULL;
    }

    d->connection = c;
    d->rc = NGX_DECLINED;
    d->included = ngx_http_hc_is_included(like);

    d->http.addr_conf = like->http_connection->addr_conf;
    d->http.conf_ctx = like->http_connection->conf_ctx;
#if (NGX_HTTP_SSL)
    d->http.ssl = like->http_connection->ssl;
#endif

    c->data = &d->http;

    r = ngx_http_create_request(c);
    if (r == NULL) {
        return NULL;
    }

    r->logged = 1;
    c->data = r;

    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (cln == NULL || ngx_http_hc_detached_target(r) != NGX_OK) {
        ngx_http_free_request(r, 0);
        return NULL;
    }

    cln->handler = ngx_http_hc_detached_end;
    cln->data = d;

    return r;
}


static ngx_int_t
ngx_http_hc_detached_target(ngx_http_request_t *r)
{
    if (ngx_http_parse_request_line(r, r->header_in) != NGX_OK) {
        return NGX_ERROR;
    }

    r->request_line.data = r->request_start;
    r->request_line.len = r->request_end - r->request_start;
    r->request_length = r->header_in->pos - r->request_start;

    r->method_name.data = r->request_start;
    r->method_name.len = r->method_end - r->request_start + 1;

    return NGX_OK;
}


/* The server{} of the other one, and what it has passed already. */

static void
ngx_http_hc_detached_settle(ngx_http_request_t *r, ngx_http_request_t *like)
{
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(like, ngx_http_core_module);

    r->srv_conf = cscf->ctx->srv_conf;
    r->loc_conf = cscf->ctx->loc_conf;

    r->http_state = NGX_HTTP_PROCESS_REQUEST_STATE;
    r->headers_in.connection_type = NGX_HTTP_CONNECTION_CLOSE;

    r->internal = ngx_http_hc_is_included(like);
    r->error_page = 1;
    r->limit_req_status = 1;
    r->limit_conn_status = 1;
}


void
ngx_http_hc_detached_run(ngx_http_request_t *r)
{
    ngx_connection_t  *c = r->connection;

    c->read->handler = ngx_http_hc_detached_handler;

    ngx_post_event(c->read, &ngx_posted_events);
}


static void
ngx_http_hc_detached_handler(ngx_event_t *rev)
{
    ngx_connection_t  *c = rev->data;

    ngx_http_process_request(c->data);
    ngx_http_run_posted_requests(c);
}


void
ngx_http_hc_detached_result(ngx_http_request_t *r, ngx_int_t rc)
{
    if (r == r->main && ngx_http_hc_is_detached(r)) {
        ngx_http_hc_detached_of(r)->rc = rc;
    }
}


/* The first of the pool's cleanups, so the last to run.  nginx closes the
 * connection next and must find no TLS that it would shut down. */

static void
ngx_http_hc_detached_end(void *data)
{
    ngx_http_hc_detached_t  *d = data;

    ngx_http_hc_detached_drop_ssl(d->connection);

    if (d->done) {
        d->done(d->data, d->rc, d->status);
        d->done = NULL;
    }
}

/*
 * Eventfds: one for each slot, made in the master before it forks.
 *
 * One that cannot be made or listened to is no error: that worker's waiters are
 * told by its own timer.
 */

#include "ngx_hc_flight_priv.h"

#include <sys/eventfd.h>


static void ngx_hc_flight_read_handler(ngx_event_t *rev);


ngx_hc_flight_fds_t *
ngx_hc_flight_fds_create(ngx_log_t *log)
{
    ngx_err_t             err;
    ngx_uint_t            i;
    ngx_hc_flight_fds_t  *fds;

    fds = ngx_alloc(sizeof(*fds), log);
    if (fds == NULL) {
        return NULL;
    }

    fds->cycles = 1;
    err = 0;

    for (i = 0; i < HC_FLIGHT_WORKERS; i++) {
        fds->fd[i] = eventfd(0, EFD_CLOEXEC|EFD_NONBLOCK);

        if (fds->fd[i] == -1) {
            err = ngx_errno;
        }
    }

    if (err) {
        ngx_log_error(NGX_LOG_ERR, log, err,
                      "hc: eventfd() failed, waiting requests of some workers "
                      "will be told late");
    }

    return fds;
}


void
ngx_hc_flight_fds_release(ngx_hc_flight_fds_t *fds)
{
    ngx_uint_t  i;

    if (--fds->cycles) {
        return;
    }

    for (i = 0; i < HC_FLIGHT_WORKERS; i++) {
        if (fds->fd[i] != -1) {
            (void) close(fds->fd[i]);
        }
    }

    ngx_free(fds);
}


void
ngx_hc_flight_listen(ngx_hc_flight_t *flight, ngx_log_t *log)
{
    int                fd;
    ngx_connection_t  *c;

    fd = flight->fds->fd[hc_flight_slot(flight->leases)];

    if (fd == -1) {
        return;
    }

    c = ngx_get_connection(fd, log);
    if (c == NULL) {
        return;
    }

    c->data = flight;
    c->log = log;
    c->read->log = log;
    c->write->log = log;
    c->read->handler = ngx_hc_flight_read_handler;

    if (ngx_add_event(c->read, NGX_READ_EVENT,
                      (ngx_event_flags & NGX_USE_CLEAR_EVENT)
                          ? NGX_CLEAR_EVENT : NGX_LEVEL_EVENT)
        != NGX_OK)
    {
        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;
        return;
    }

    flight->connection = c;
}


/* The descriptor stays, for the next worker with this slot. */

void
ngx_hc_flight_unlisten(ngx_hc_flight_t *flight)
{
    ngx_connection_t  *c = flight->connection;

    if (c == NULL) {
        return;
    }

    flight->connection = NULL;

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;
}


/* The count does not matter: what has changed is in the marks. */

static void
ngx_hc_flight_read_handler(ngx_event_t *rev)
{
    uint64_t           count;
    ngx_connection_t  *c = rev->data;

    if (read(c->fd, &count, sizeof(count)) == -1
        && ngx_errno != NGX_EAGAIN
        && ngx_errno != NGX_EINTR)
    {
        ngx_log_error(NGX_LOG_ALERT, rev->log, ngx_errno,
                      "hc: read() of an eventfd failed");
    }

    ngx_hc_flight_look(c->data);
}


static void
ngx_hc_flight_wake_slot(ngx_hc_flight_t *flight, ngx_int_t slot)
{
    int                    fd;
    static const uint64_t  one = 1;

    if (slot == hc_flight_slot(flight->leases)) {
        if (flight->connection) {
            ngx_post_event(flight->connection->read, &ngx_posted_events);
        }

        return;
    }

    fd = flight->fds->fd[slot];

    /* EAGAIN: it has not looked for 2^64 times */

    if (fd != -1 && write(fd, &one, sizeof(one)) == -1
        && ngx_errno != NGX_EAGAIN)
    {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      "hc: write() to an eventfd failed");
    }
}


void
ngx_hc_flight_wake(ngx_hc_flight_t *flight, const hc_flight_mask_t *mask)
{
    uint64_t    left;
    ngx_uint_t  n;

    for (n = 0; n < HC_FLIGHT_WORKERS / 64; n++) {
        for (left = mask->word[n]; left; left &= left - 1) {
            ngx_hc_flight_wake_slot(flight, n * 64 + __builtin_ctzll(left));
        }
    }
}

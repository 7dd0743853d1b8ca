/*
 * What the workers share about one server: the zone, counters, gauges and the
 * newest epoch that was seen.
 */

#include "ngx_hc_l2_priv.h"

#include <sys/random.h>


/* An epoch is a time and a random tail, so that of two the newer is greater:
 * one that goes back is a server that lost its memory.  A node whose clock is
 * more than a day ahead is not followed. */

#define NGX_HC_L2_EPOCH_TAIL    20
#define NGX_HC_L2_EPOCH_AHEAD   ((uint64_t) 86400000 << NGX_HC_L2_EPOCH_TAIL)


static ngx_int_t ngx_hc_l2_alive(ngx_pid_t pid);
static uint64_t ngx_hc_l2_epoch_now(void);
static void ngx_hc_l2_epoch_raise(ngx_hc_l2_shared_t *shared, uint64_t epoch);


ngx_int_t
ngx_hc_l2_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_slab_pool_t     *shpool;
    ngx_hc_l2_shared_t  *shared;

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data || shm_zone->shm.exists) {
        shared = shpool->data;

        if (shared
            && shared->magic == NGX_HC_L2_MAGIC
            && shared->layout == NGX_HC_L2_LAYOUT
            && shared->size == sizeof(*shared))
        {
            return NGX_OK;
        }
    }

    shared = ngx_slab_calloc(shpool, sizeof(*shared));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    shared->magic = NGX_HC_L2_MAGIC;
    shared->layout = NGX_HC_L2_LAYOUT;
    shared->size = sizeof(*shared);

    shpool->data = shared;

    return NGX_OK;
}


ngx_slab_pool_t *
ngx_hc_l2_pool(ngx_hc_l2_t *l2)
{
    return (ngx_slab_pool_t *) l2->shm_zone->shm.addr;
}


ngx_hc_l2_shared_t *
ngx_hc_l2_shared(ngx_hc_l2_t *l2)
{
    return ngx_hc_l2_pool(l2)->data;
}


/* The row of this worker; NULL when all belong to living ones. */

ngx_hc_l2_gauge_t *
ngx_hc_l2_gauge(ngx_hc_l2_t *l2)
{
    ngx_uint_t           i;
    ngx_slab_pool_t     *shpool;
    ngx_hc_l2_gauge_t   *gauge, *found;
    ngx_hc_l2_shared_t  *shared;

    shpool = ngx_hc_l2_pool(l2);
    shared = shpool->data;
    found = NULL;

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i < NGX_HC_L2_WORKERS; i++) {
        gauge = &shared->gauge[i];

        if (gauge->pid == 0
            || gauge->pid == ngx_pid
            || !ngx_hc_l2_alive(gauge->pid))
        {
            gauge->pid = ngx_pid;
            gauge->in_flight = 0;
            gauge->connections = 0;
            found = gauge;
            break;
        }
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return found;
}


static ngx_int_t
ngx_hc_l2_alive(ngx_pid_t pid)
{
    return kill(pid, 0) == 0 || ngx_errno != NGX_ESRCH;
}


void
ngx_hc_l2_stats(ngx_hc_l2_t *l2, ngx_hc_l2_stats_t *out)
{
    ngx_uint_t           i;
    ngx_hc_l2_gauge_t   *gauge;
    ngx_hc_l2_shared_t  *shared;

    ngx_memzero(out, sizeof(*out));

    shared = ngx_hc_l2_shared(l2);

#define ngx_hc_l2_member(name, text)  out->name = shared->counter.name;
    HC_L2_COUNTERS(ngx_hc_l2_member)
#undef ngx_hc_l2_member

    for (i = 0; i < NGX_HC_L2_WORKERS; i++) {
        gauge = &shared->gauge[i];

        if (gauge->pid && ngx_hc_l2_alive(gauge->pid)) {
            out->in_flight += gauge->in_flight;
            out->connections += gauge->connections;
        }
    }
}


ngx_uint_t
ngx_hc_l2_epoch_seen(ngx_hc_l2_t *l2, uint64_t epoch, uint64_t least)
{
    if (epoch < least
        || (least && epoch != least && (epoch & NGX_HC_L2_EPOCH_FIRST)))
    {
        ngx_hc_l2_untold_all(l2);
        return 0;
    }

    if (epoch < ngx_hc_l2_epoch_now() + NGX_HC_L2_EPOCH_AHEAD) {
        ngx_hc_l2_epoch_raise(ngx_hc_l2_shared(l2), epoch);
    }

    return 1;
}


static void
ngx_hc_l2_epoch_raise(ngx_hc_l2_shared_t *shared, uint64_t epoch)
{
    uint64_t  old;

    old = __atomic_load_n(&shared->epoch, __ATOMIC_SEQ_CST);

    while (old < epoch
           && !__atomic_compare_exchange_n(&shared->epoch, &old, epoch, 0,
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    {
        /* void */
    }
}


static uint64_t
ngx_hc_l2_epoch_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return ((uint64_t) tp->sec * 1000 + tp->msec) << NGX_HC_L2_EPOCH_TAIL;
}


uint64_t
ngx_hc_l2_epoch(ngx_hc_l2_t *l2)
{
    return __atomic_load_n(&ngx_hc_l2_shared(l2)->epoch, __ATOMIC_SEQ_CST);
}


ngx_uint_t
ngx_hc_l2_moves_seen(ngx_hc_l2_t *l2, uint64_t epoch, uint32_t moves,
    uint64_t least)
{
    uint64_t             seen, old;
    ngx_hc_l2_shared_t  *shared;

    shared = ngx_hc_l2_shared(l2);
    seen = epoch << 32 | moves;

    if (seen >> 32 == least >> 32 && seen < least) {
        ngx_hc_l2_untold_all(l2);
        return 0;
    }

    old = __atomic_load_n(&shared->moves, __ATOMIC_SEQ_CST);

    while (epoch == ngx_hc_l2_epoch(l2)
           && (seen >> 32 != old >> 32 || seen > old)
           && !__atomic_compare_exchange_n(&shared->moves, &old, seen, 0,
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    {
        /* void */
    }

    return 1;
}


/* The first one this node ever hears of leaves untouched what is there; one
 * that is to invalidate everything never does. */

uint64_t
ngx_hc_l2_epoch_new(ngx_hc_l2_t *l2, ngx_uint_t all)
{
    uint64_t  epoch, seen;
    uint32_t  tail;

    if (getrandom(&tail, sizeof(tail), GRND_NONBLOCK) != sizeof(tail)) {
        tail = (uint32_t) ngx_random();
    }

    epoch = ngx_hc_l2_epoch_now()
            | (tail & ((1 << NGX_HC_L2_EPOCH_TAIL) - 1));

    seen = __atomic_load_n(&ngx_hc_l2_shared(l2)->epoch, __ATOMIC_SEQ_CST);

    epoch = ngx_max(epoch, seen + 2) & ~(uint64_t) NGX_HC_L2_EPOCH_FIRST;

    return (seen == 0 && !all) ? epoch | NGX_HC_L2_EPOCH_FIRST : epoch;
}

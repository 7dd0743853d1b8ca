/*
 * The zone, its life in the processes, and the calls that change a lease.
 */

#include "ngx_hc_flight_priv.h"

#include <sys/random.h>


/*
 * nginx's own slab pool lies at the start; its mutex, which the master frees
 * when a worker dies, and nothing else of it is used.  The block comes behind
 * what nginx has written there, since it begins with zeros.
 *
 * nginx reuses a zone of equal size: another layout has another one.
 */

#define NGX_HC_FLIGHT_PAGE   4096
#define NGX_HC_FLIGHT_BLOCK  (16 * NGX_HC_FLIGHT_PAGE)


static ngx_int_t ngx_hc_flight_init_zone(ngx_shm_zone_t *shm_zone, void *data);
static void ngx_hc_flight_cleanup(void *data);


ngx_hc_flight_t *
ngx_hc_flight_zone(ngx_conf_t *cf, void *tag)
{
    size_t               size;
    ngx_shm_zone_t      *shm_zone;
    ngx_hc_flight_t     *flight;
    ngx_pool_cleanup_t  *cln;

    static ngx_str_t  name = ngx_string("hc_flights");

    size = NGX_HC_FLIGHT_BLOCK
           + ngx_align(hc_flight_size(), NGX_HC_FLIGHT_PAGE)
           + HC_FLIGHT_LAYOUT_VERSION * NGX_HC_FLIGHT_PAGE;

    shm_zone = ngx_shared_memory_add(cf, &name, size, tag);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data) {
        return shm_zone->data;
    }

    flight = ngx_pcalloc(cf->pool, sizeof(*flight));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (flight == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_hc_flight_cleanup;
    cln->data = flight;

    shm_zone->init = ngx_hc_flight_init_zone;
    shm_zone->data = flight;

    return flight;
}


static ngx_int_t
ngx_hc_flight_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    int               adopted;
    hc_seed_t         seed;
    ngx_hc_flight_t  *old = data;
    ngx_hc_flight_t  *flight = shm_zone->data;

    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, ngx_errno,
                      "hc: getrandom() failed");
        return NGX_ERROR;
    }

    flight->leases = hc_flight_open(shm_zone->shm.addr + NGX_HC_FLIGHT_BLOCK,
                                    &seed, &adopted);

    if (flight->leases == NULL || (old && !adopted)) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "hc: zone \"%V\" cannot be made", &shm_zone->shm.name);
        return NGX_ERROR;
    }

    if (ngx_test_config) {
        return NGX_OK;
    }

    if (old) {
        flight->fds = old->fds;
        flight->fds->cycles++;
        return NGX_OK;
    }

    flight->fds = ngx_hc_flight_fds_create(shm_zone->shm.log);

    return flight->fds ? NGX_OK : NGX_ERROR;
}


/* The zone may be unmapped by now; a handle without a slot does not look. */

static void
ngx_hc_flight_cleanup(void *data)
{
    ngx_hc_flight_t  *flight = data;

    if (flight->leases) {
        hc_flight_close(flight->leases);
        flight->leases = NULL;
    }

    if (flight->fds) {
        ngx_hc_flight_fds_release(flight->fds);
        flight->fds = NULL;
    }
}


/* Cache manager and loader have no requests. */

ngx_int_t
ngx_hc_flight_open(ngx_hc_flight_t *flight, ngx_cycle_t *cycle)
{
    hc_flight_mask_t  wake;

    if (flight == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    if (ngx_hc_flight_waits_open(flight, cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    if (hc_flight_join(flight->leases, ngx_current_msec, &wake) != 0) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "hc: more than %d workers, this one goes without "
                      "waiting for others", HC_FLIGHT_WORKERS);

    } else {
        ngx_hc_flight_listen(flight, cycle->log);
    }

    ngx_hc_flight_wake(flight, &wake);

    return NGX_OK;
}


void
ngx_hc_flight_close(ngx_hc_flight_t *flight, ngx_cycle_t *cycle)
{
    hc_flight_mask_t  wake;

    if (flight == NULL || hc_flight_slot(flight->leases) == -1) {
        return;
    }

    ngx_hc_flight_unlisten(flight);

    hc_flight_leave(flight->leases, ngx_current_msec, &wake);
    ngx_hc_flight_wake(flight, &wake);
}


hc_flight_id_t
ngx_hc_flight_id(ngx_hc_flight_t *flight, hc_str_t key, hc_str_t variant,
    uint32_t cell)
{
    return hc_flight_id(flight->leases, key, variant, cell);
}


hc_flight_rc_e
ngx_hc_flight_begin(ngx_hc_flight_t *flight, const hc_flight_id_t *id,
    const hc_flight_options_t *o, hc_flight_lease_t *lease)
{
    hc_flight_rc_e    rc;
    hc_flight_mask_t  wake;

    rc = hc_flight_begin(flight->leases, id, o, ngx_current_msec, lease,
                         &wake);
    ngx_hc_flight_wake(flight, &wake);

    ngx_log_debug3(NGX_LOG_DEBUG_CORE, ngx_cycle->log, 0,
                   "hc flight begin rc:%d lease:%uD generation:%uL",
                   rc, lease->index, lease->generation);

    return rc;
}


int
ngx_hc_flight_is_refused(ngx_hc_flight_t *flight, const hc_flight_id_t *id)
{
    return hc_flight_is_refused(flight->leases, id, ngx_current_msec);
}


void
ngx_hc_flight_end(ngx_hc_flight_t *flight, const hc_flight_lease_t *lease,
    hc_flight_outcome_e outcome, ngx_msec_t remember)
{
    hc_flight_mask_t  wake;

    ngx_log_debug3(NGX_LOG_DEBUG_CORE, ngx_cycle->log, 0,
                   "hc flight end outcome:%d lease:%uD generation:%uL",
                   outcome, lease->index, lease->generation);

    hc_flight_end(flight->leases, lease, outcome, remember, ngx_current_msec,
                  &wake);
    ngx_hc_flight_wake(flight, &wake);
}


int
ngx_hc_flight_renew(ngx_hc_flight_t *flight, const hc_flight_lease_t *lease,
    ngx_msec_t deadline)
{
    return hc_flight_renew(flight->leases, lease, deadline, ngx_current_msec);
}


int
ngx_hc_flight_offer(ngx_hc_flight_t *flight, const hc_flight_lease_t *lease,
    uint64_t item, uint64_t total)
{
    int               rc;
    hc_flight_mask_t  wake;

    rc = hc_flight_offer(flight->leases, lease, item, total, &wake);
    ngx_hc_flight_wake(flight, &wake);

    return rc;
}


int
ngx_hc_flight_progress(ngx_hc_flight_t *flight,
    const hc_flight_lease_t *lease, uint64_t filled)
{
    int               rc;
    hc_flight_mask_t  wake;

    rc = hc_flight_progress(flight->leases, lease, filled, &wake);
    ngx_hc_flight_wake(flight, &wake);

    return rc;
}


void
ngx_hc_flight_peek(ngx_hc_flight_t *flight, const hc_flight_lease_t *lease,
    hc_flight_view_t *view)
{
    hc_flight_peek(flight->leases, lease, view);
}


uint32_t
ngx_hc_flight_count(ngx_hc_flight_t *flight, uint32_t group, int delta)
{
    return hc_flight_count(flight->leases, group, delta);
}


void
ngx_hc_flight_stats(ngx_hc_flight_t *flight, hc_flight_stats_t *stats)
{
    hc_flight_stats(flight->leases, stats);
}

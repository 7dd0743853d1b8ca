/*
 * The zones' life: shared memory in the master, a handle and a
 * slot in each worker.
 *
 * An L1 lies behind the zone's own ngx_slab_pool_t, which nginx makes and whose
 * mutex the master frees when a worker dies; nothing else of it is used.  The
 * version counters lie in a zone of their own, of one size for ever, so that
 * they survive a change of any zone's size.
 */

#include "ngx_http_hc.h"
#include "ngx_http_hc_handlers.h"
#include "ngx_http_hc_conf.h"
#include "ngx_http_hc_snapshot.h"

#include <sys/random.h>


#define NGX_HTTP_HC_VERSIONS_SIZE  (sizeof(hc_versions_t) + NGX_HTTP_HC_PAGE)


typedef struct {
    ngx_array_t       zones;         /* of ngx_http_hc_zone_t * */
    ngx_shm_zone_t   *versions;
    ngx_hc_flight_t  *flight;        /* NULL: there is no zone */
} ngx_http_hc_zones_conf_t;


static size_t ngx_http_hc_zone_size(ngx_http_hc_zone_t *zone, size_t size);
static ngx_int_t ngx_http_hc_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static void ngx_http_hc_zone_begin(ngx_shm_zone_t *shm_zone);
static ngx_int_t ngx_http_hc_versions_init(ngx_shm_zone_t *shm_zone,
    void *data);
static void ngx_http_hc_zone_cleanup(void *data);


extern ngx_module_t  ngx_http_hc_module;


static ngx_http_hc_zones_conf_t *
ngx_http_hc_zones_get(ngx_conf_t *cf)
{
    return ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_module);
}


void *
ngx_http_hc_create_zones_conf(ngx_conf_t *cf)
{
    ngx_http_hc_zones_conf_t  *zcf;

    zcf = ngx_pcalloc(cf->pool, sizeof(*zcf));
    if (zcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&zcf->zones, cf->pool, 4, sizeof(ngx_http_hc_zone_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return zcf;
}


char *
ngx_http_hc_zone_define(ngx_conf_t *cf, ngx_http_hc_zone_t *zone, size_t size)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_hc_zones_conf_t  *zcf = ngx_http_hc_zones_get(cf);

    static ngx_str_t  versions = ngx_string("hc_versions");

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_hc_zone_cleanup;
    cln->data = zone;

    if (zcf->versions == NULL) {

        /* zones are initialized in this order, and an L1 needs it */

        zcf->versions = ngx_shared_memory_add(cf, &versions,
                                              NGX_HTTP_HC_VERSIONS_SIZE,
                                              &ngx_http_hc_module);
        if (zcf->versions == NULL) {
            return NGX_CONF_ERROR;
        }

        zcf->versions->init = ngx_http_hc_versions_init;
    }

    zcf->flight = ngx_hc_flight_zone(cf, &ngx_http_hc_module);
    if (zcf->flight == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->shm_zone = ngx_shared_memory_add(cf, &zone->name,
                                           ngx_http_hc_zone_size(zone, size),
                                           &ngx_http_hc_module);
    if (zone->shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->shm_zone->init = ngx_http_hc_zone_init;
    zone->shm_zone->data = zone;
    zone->versions = zcf->versions;
    zone->size = size;

    return NGX_CONF_OK;
}


/*
 * nginx reuses memory on reload when name and size are equal.  The shards are
 * cut for one max_object, so with another one the memory has to be new, and of
 * another size than the last (by a page that is never touched): old workers
 * keep what they have, and it is freed when its time has come.
 */

static size_t
ngx_http_hc_zone_size(ngx_http_hc_zone_t *zone, size_t size)
{
    size_t               shm_size;
    ngx_shm_zone_t      *before;
    ngx_http_hc_zone_t  *old;

    shm_size = ngx_align(size, NGX_HTTP_HC_PAGE) + NGX_HTTP_HC_PAGE;
    before = ngx_http_hc_zone_before(&zone->name);

    if (before == NULL) {
        return shm_size;
    }

    old = before->data;

    if (old->size == size && old->max_object == zone->max_object) {
        return before->shm.size;
    }

    return before->shm.size == shm_size ? shm_size + NGX_HTTP_HC_PAGE
                                        : shm_size;
}


/* New memory is all zeros, where the counters begin; a reload keeps it. */

static ngx_int_t
ngx_http_hc_versions_init(ngx_shm_zone_t *shm_zone, void *data)
{
    hc_versions_t  *versions = ngx_http_hc_block(shm_zone);

    shm_zone->data = versions;

    if (data) {
        return NGX_OK;
    }

    do {
        if (getrandom(&versions->life, sizeof(versions->life), 0)
            != sizeof(versions->life))
        {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, ngx_errno,
                          "hc: getrandom() failed");
            return NGX_ERROR;
        }
    } while (versions->life == 0);

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    int                  adopted;
    hc_l1_options_t      o;
    ngx_http_hc_zone_t  *zone = shm_zone->data;

    ngx_memzero(&o, sizeof(o));

    o.block = ngx_http_hc_block(shm_zone);
    o.size = zone->size;
    o.max_object = zone->max_object;
    o.versions = ngx_http_hc_block(zone->versions);

    if (getrandom(&o.seed, sizeof(o.seed), 0) != sizeof(o.seed)) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, ngx_errno,
                      "hc: getrandom() failed");
        return NGX_ERROR;
    }

    zone->l1 = hc_l1_open(&o, &adopted);

    if (zone->l1 == NULL) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "hc_zone \"%V\" cannot be made", &zone->name);
        return NGX_ERROR;
    }

    if (data && !adopted) {
        ngx_log_error(NGX_LOG_NOTICE, shm_zone->shm.log, 0,
                      "hc_zone \"%V\" was of another layout, it starts empty",
                      &zone->name);
    }

    if (data == NULL && !ngx_test_config) {
        ngx_http_hc_zone_begin(shm_zone);
    }

    return NGX_OK;
}


/* New memory is filled with what there was before, if there was anything. */

static void
ngx_http_hc_zone_begin(ngx_shm_zone_t *shm_zone)
{
    ngx_shm_zone_t      *before;
    ngx_http_hc_zone_t  *zone = shm_zone->data;

    before = ngx_http_hc_zone_before(&zone->name);

    if (before) {
        ngx_http_hc_zone_carry(zone, before->data, shm_zone->shm.log);

    } else if (zone->snapshot) {
        ngx_http_hc_snapshot_load(zone, shm_zone->shm.log);
    }
}


static void
ngx_http_hc_zone_cleanup(void *data)
{
    ngx_http_hc_zone_t  *zone = data;

    if (zone->l1) {
        hc_l1_close(zone->l1);
        zone->l1 = NULL;
    }
}


ngx_http_hc_zone_t *
ngx_http_hc_zone_named(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                 i;
    ngx_http_hc_zone_t        *zone, **zones;
    ngx_http_hc_zones_conf_t  *zcf = ngx_http_hc_zones_get(cf);

    zones = zcf->zones.elts;

    for (i = 0; i < zcf->zones.nelts; i++) {
        if (zones[i]->name.len == name->len
            && ngx_strncmp(zones[i]->name.data, name->data, name->len) == 0)
        {
            return zones[i];
        }
    }

    zones = ngx_array_push(&zcf->zones);
    zone = ngx_pcalloc(cf->pool, sizeof(*zone));

    if (zones == NULL || zone == NULL) {
        return NULL;
    }

    zone->tag_scope.data = ngx_pnalloc(cf->pool, sizeof("tag:") - 1 + name->len);
    if (zone->tag_scope.data == NULL) {
        return NULL;
    }

    zone->tag_scope.len = ngx_sprintf(zone->tag_scope.data, "tag:%V", name)
                          - zone->tag_scope.data;
    zone->cell = hc_version_zone_slot(ngx_hc_str(name), 0);
    zone->name = *name;
    zone->file = cf->conf_file->file.name.data;
    zone->line = cf->conf_file->line;

    *zones = zone;

    return zone;
}


ngx_int_t
ngx_http_hc_check_zones(ngx_conf_t *cf)
{
    ngx_uint_t                 i;
    ngx_http_hc_zone_t       **zones;
    ngx_http_hc_zones_conf_t  *zcf = ngx_http_hc_zones_get(cf);

    zones = zcf->zones.elts;

    for (i = 0; i < zcf->zones.nelts; i++) {
        if (zones[i]->shm_zone == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "hc_cache names zone \"%V\", which no hc_zone "
                          "defines in %s:%ui",
                          &zones[i]->name, zones[i]->file, zones[i]->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_array_t *
ngx_http_hc_conf_zones(ngx_conf_t *cf)
{
    return &ngx_http_hc_zones_get(cf)->zones;
}


static ngx_http_hc_zones_conf_t *
ngx_http_hc_cycle_zones_conf(ngx_cycle_t *cycle)
{
    if (cycle->conf_ctx == NULL) {
        return NULL;
    }

    return ngx_http_cycle_get_module_main_conf(cycle, ngx_http_hc_module);
}


ngx_array_t *
ngx_http_hc_cycle_zones(ngx_cycle_t *cycle)
{
    ngx_http_hc_zones_conf_t  *zcf = ngx_http_hc_cycle_zones_conf(cycle);

    return zcf ? &zcf->zones : NULL;
}


/* In a worker: without a slot it would miss always, and is better told. */

ngx_int_t
ngx_http_hc_open_zones(ngx_cycle_t *cycle)
{
    ngx_uint_t            i;
    ngx_array_t          *all;
    ngx_http_hc_zone_t  **zones;

    all = ngx_http_hc_cycle_zones(cycle);

    if (all == NULL) {
        return NGX_OK;
    }

    zones = all->elts;

    for (i = 0; i < all->nelts; i++) {
        if (hc_l1_join(zones[i]->l1) != 0) {
            ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                          "hc: too many workers on zone \"%V\", this one goes "
                          "without it", &zones[i]->name);
        }
    }

    return NGX_OK;
}


void
ngx_http_hc_close_zones(ngx_cycle_t *cycle)
{
    ngx_uint_t            i;
    ngx_array_t          *all;
    ngx_http_hc_zone_t  **zones;

    all = ngx_http_hc_cycle_zones(cycle);

    if (all == NULL) {
        return;
    }

    zones = all->elts;

    for (i = 0; i < all->nelts; i++) {
        hc_l1_leave(zones[i]->l1);
    }
}


ngx_int_t
ngx_http_hc_open_flight(ngx_cycle_t *cycle)
{
    ngx_http_hc_zones_conf_t  *zcf = ngx_http_hc_cycle_zones_conf(cycle);

    return zcf ? ngx_hc_flight_open(zcf->flight, cycle) : NGX_OK;
}


void
ngx_http_hc_close_flight(ngx_cycle_t *cycle)
{
    ngx_http_hc_zones_conf_t  *zcf = ngx_http_hc_cycle_zones_conf(cycle);

    if (zcf) {
        ngx_hc_flight_close(zcf->flight, cycle);
    }
}


ngx_array_t *
ngx_http_hc_zones(ngx_http_request_t *r)
{
    ngx_http_hc_zones_conf_t  *zcf;

    zcf = ngx_http_get_module_main_conf(r, ngx_http_hc_module);

    return &zcf->zones;
}


hc_versions_t *
ngx_http_hc_versions(ngx_http_request_t *r)
{
    ngx_http_hc_zones_conf_t  *zcf;

    zcf = ngx_http_get_module_main_conf(r, ngx_http_hc_module);

    return zcf->versions ? ngx_http_hc_block(zcf->versions) : NULL;
}


ngx_hc_flight_t *
ngx_http_hc_flight(ngx_http_request_t *r)
{
    ngx_http_hc_zones_conf_t  *zcf;

    zcf = ngx_http_get_module_main_conf(r, ngx_http_hc_module);

    return zcf->flight;
}

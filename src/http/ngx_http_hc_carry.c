/*
 * A zone with other sizes than before the reload: what was in the old one is
 * copied into the new one.
 *
 * nginx makes new memory for it and keeps the old mapped until the new
 * configuration is in place; old workers go on with the old one.  Both stand
 * on the same version counters and the same clock, so entries are taken as
 * they are, and a write that comes meanwhile is known to either.
 */

#include "ngx_http_hc_snapshot.h"
#include "ngx_http_hc_batch.h"


#define NGX_HTTP_HC_CARRY_TIME   2000            /* ms the reload waits for it */
#define NGX_HTTP_HC_CARRY_BATCH  (1024 * 1024)


static ngx_uint_t ngx_http_hc_carry_all(ngx_http_hc_zone_t *zone,
    ngx_http_hc_zone_t *old, ngx_http_hc_batch_t *b, uint64_t *seen,
    ngx_log_t *log);
static void ngx_http_hc_carry_batch(ngx_http_hc_zone_t *zone,
    ngx_http_hc_batch_t *b);


extern ngx_module_t  ngx_http_hc_module;


/* During a reload ngx_cycle is the old one; at a start it has no memory. */

ngx_shm_zone_t *
ngx_http_hc_zone_before(ngx_str_t *name)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *old;
    ngx_list_part_t  *part;

    for (part = (ngx_list_part_t *) &ngx_cycle->shared_memory.part;
         part;
         part = part->next)
    {
        old = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (old[i].tag == &ngx_http_hc_module
                && old[i].shm.name.len == name->len
                && ngx_strncmp(old[i].shm.name.data, name->data, name->len)
                   == 0)
            {
                return &old[i];
            }
        }
    }

    return NULL;
}


void
ngx_http_hc_zone_carry(ngx_http_hc_zone_t *zone, ngx_http_hc_zone_t *old,
    ngx_log_t *log)
{
    uint64_t             seen;
    ngx_uint_t           whole;
    hc_l1_stats_t        stats;
    ngx_http_hc_batch_t  b;

    if (old->l1 == NULL || hc_l1_join(zone->l1) != 0) {
        return;
    }

    ngx_memzero(&b, sizeof(b));
    b.usual = NGX_HTTP_HC_CARRY_BATCH;
    b.most = zone->max_object + HC_ENTRY_CORE_SIZE
             + HC_TAGS_MAX * sizeof(hc_tag_t);

    seen = 0;
    whole = ngx_http_hc_carry_all(zone, old, &b, &seen, log);

    ngx_http_hc_batch_destroy(&b);
    hc_l1_leave(zone->l1);

    hc_l1_stats(zone->l1, &stats);

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "hc_zone \"%V\" has other sizes: %uL entries carried over, "
                  "%uL dropped%s", &zone->name, stats.entries,
                  seen + b.left - ngx_min(seen + b.left, stats.entries),
                  whole ? "" : ", the rest left behind for want of time");
}


/* 0: time or memory was over before. */

static ngx_uint_t
ngx_http_hc_carry_all(ngx_http_hc_zone_t *zone, ngx_http_hc_zone_t *old,
    ngx_http_hc_batch_t *b, uint64_t *seen, ngx_log_t *log)
{
    ngx_int_t   rc;
    ngx_msec_t  began;

    ngx_time_update();
    began = ngx_current_msec;

    do {
        rc = ngx_http_hc_batch_fill(b, old->l1, ngx_current_msec, log);

        if (rc == NGX_ERROR) {
            return 0;
        }

        *seen += b->entries;
        ngx_http_hc_carry_batch(zone, b);

        ngx_time_update();

        if (ngx_current_msec - began > NGX_HTTP_HC_CARRY_TIME) {
            return rc == NGX_DONE;
        }

    } while (rc == NGX_OK);

    return 1;
}


static void
ngx_http_hc_carry_batch(ngx_http_hc_zone_t *zone, ngx_http_hc_batch_t *b)
{
    uint64_t     fresh_until;
    hc_entry_t   e;
    hc_l1_key_t  k;

    while (ngx_http_hc_batch_next(b, &e, &fresh_until)) {
        k.key = e.key;
        k.variant = e.variant;
        hc_l1_hash(zone->l1, &k);

        (void) hc_l1_put(zone->l1, &k, &e, fresh_until, ngx_current_msec);
    }
}

/*
 * The request layer, as the faces (write, admin) see it.
 *
 * Layer: ngx_http_hc_.
 *
 * Zones and L2 stores belong to the configuration; handles in them are those
 * of this process and are there from init_process on.
 */

#ifndef NGX_HTTP_HC_H_INCLUDED_
#define NGX_HTTP_HC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "../base/ngx_hc_base.h"
#include "../l1/hc_l1.h"
#include "../flight/ngx_hc_flight.h"
#include "../l2/ngx_hc_l2.h"
#include "../publish/ngx_hc_publish.h"


typedef struct ngx_http_hc_snapshot_s  ngx_http_hc_snapshot_t;


/* Of the file of a zone. */

typedef struct {
    uint64_t          written_at;    /* s since the Unix epoch; 0: not yet */
    uint64_t          entries;
    uint64_t          bytes;
    uint64_t          loaded;        /* entries, at the start */
} ngx_http_hc_snapshot_stats_t;


/* One hc_zone.  hc_cache may name it first: then shm_zone is NULL until its
 * definition is met, and file and line say where it was named. */

typedef struct {
    ngx_str_t         name;
    size_t            size;          /* bytes */
    size_t            max_object;    /* bytes */
    ngx_shm_zone_t   *shm_zone;
    ngx_shm_zone_t   *versions;
    hc_l1_t          *l1;
    uint32_t          cell;          /* of hc_versions.h, in place of a slot */
    ngx_str_t         tag_scope;     /* of named tags */
    ngx_array_t      *l2s;           /* of ngx_hc_l2_t *, behind it anywhere;
                                        NULL: none */
    ngx_http_hc_snapshot_t  *snapshot;   /* NULL: none */
    u_char           *file;
    ngx_uint_t        line;
} ngx_http_hc_zone_t;


/* One hc_l2; the same rule for names used before they are defined. */

typedef struct {
    ngx_hc_l2_t       store;
    ngx_uint_t        defined;       /* unsigned  defined:1; */
    u_char           *file;
    ngx_uint_t        line;
} ngx_http_hc_l2_t;


/* Zone or L2 of that name, made as a promise if it is not defined yet.  NULL:
 * no memory. */

ngx_http_hc_zone_t *ngx_http_hc_zone_named(ngx_conf_t *cf, ngx_str_t *name);
ngx_http_hc_l2_t *ngx_http_hc_l2_named(ngx_conf_t *cf, ngx_str_t *name);

/* All of them: arrays of pointers.  NULL: none. */

ngx_array_t *ngx_http_hc_zones(ngx_http_request_t *r);
ngx_array_t *ngx_http_hc_l2s(ngx_http_request_t *r);

/* NULL: this zone has no snapshot. */

ngx_http_hc_snapshot_stats_t *ngx_http_hc_snapshot_stats(
    ngx_http_hc_zone_t *zone);

/* The counters behind all fences, for the life of the worker; NULL when there
 * is no zone. */

hc_versions_t *ngx_http_hc_versions(ngx_http_request_t *r);
ngx_hc_flight_t *ngx_http_hc_flight(ngx_http_request_t *r);


/* What hc_cache says here: NULL when it is off. */

ngx_http_hc_zone_t *ngx_http_hc_cache_zone(ngx_http_request_t *r);

/* Runs the phases of a request that returned AGAIN from a phase handler. */

void ngx_http_hc_resume(ngx_http_request_t *r);

/* The key of this request, from r->pool.  hc_cache_args is applied to the
 * request first.  DECLINED: its arguments are too many. */

ngx_int_t ngx_http_hc_key(ngx_http_request_t *r, hc_str_t *key);

/* hc_cache_key is not set to anything else. */

ngx_uint_t ngx_http_hc_key_is_default(ngx_http_request_t *r);

/* Slots of the tags: of a key, of this request's own host + target, and of
 * another target on the same host (path, then "?" and arguments). */

uint32_t ngx_http_hc_key_slot(hc_str_t key);
ngx_int_t ngx_http_hc_target_slot(ngx_http_request_t *r, uint32_t *slot);
ngx_int_t ngx_http_hc_uri_slot(ngx_http_request_t *r, ngx_str_t *uri,
    uint32_t *slot);

/* Directories of hc_static write: an array of ngx_hc_publish_dir_t *. */

ngx_array_t *ngx_http_hc_publish_dirs(void);

/* After tags have moved: the files of this request's target go, and, where
 * more than its own tags were moved, those of the others. */

void ngx_http_hc_publish_moved(ngx_http_request_t *r, ngx_uint_t others,
    hc_versions_t *versions);

/* Of the target the client would ask for next if it followed the reference.
 * DECLINED: it is of another origin, or no reference. */

ngx_int_t ngx_http_hc_reference_slot(ngx_http_request_t *r,
    ngx_str_t *reference, uint32_t *slot);


#endif /* NGX_HTTP_HC_H_INCLUDED_ */

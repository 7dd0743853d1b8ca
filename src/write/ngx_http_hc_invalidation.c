/*
 * Which store holds an entry is not known from a tag, so every one is told.
 */

#include "ngx_http_hc_invalidation.h"


/* Outlives the request: freed when the store has answered. */

typedef struct {
    ngx_queue_t                   queue;
    ngx_http_hc_invalidation_t   *inv;          /* NULL: forgotten */
    hc_versions_t                *versions;
    uint32_t                      cell;         /* not 0: all of a zone */
    ngx_uint_t                    n;
    uint32_t                      slots[NGX_HTTP_HC_INVALIDATION_MAX];
} ngx_http_hc_told_t;


static ngx_int_t ngx_http_hc_invalidation_all(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv);
static void ngx_http_hc_invalidation_tell(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_hc_l2_t *l2);
static ngx_int_t ngx_http_hc_invalidation_ask(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_hc_l2_t *l2);
static void ngx_http_hc_invalidation_move(hc_versions_t *versions,
    uint32_t *slots, ngx_uint_t n);
static void ngx_http_hc_invalidation_told(void *owner, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer);


void
ngx_http_hc_invalidation_init(ngx_http_hc_invalidation_t *inv,
    void (*done)(void *owner), void *owner)
{
    inv->n = 0;
    inv->listed = 0;
    inv->all = NULL;
    inv->pending = 0;
    inv->done = done;
    inv->owner = owner;

    ngx_queue_init(&inv->told);
}


ngx_int_t
ngx_http_hc_invalidation_add(ngx_http_hc_invalidation_t *inv, uint32_t slot)
{
    ngx_int_t            rc;
    ngx_http_hc_slots_t  slots;

    slots.slots = inv->slots;
    slots.n = inv->n;
    slots.max = NGX_HTTP_HC_INVALIDATION_MAX;

    rc = ngx_http_hc_slots_add(&slots, slot);

    inv->n = slots.n;

    return rc;
}


ngx_int_t
ngx_http_hc_invalidation_add_named(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_http_hc_tag_source_t *source,
    ngx_http_hc_zone_t *zone)
{
    ngx_int_t            rc;
    ngx_http_hc_slots_t  slots;

    slots.slots = inv->slots;
    slots.n = inv->n;
    slots.max = NGX_HTTP_HC_INVALIDATION_NAMED;
    slots.given = inv->listed;

    rc = ngx_http_hc_tags_add(r, source, zone, &slots);

    inv->n = slots.n;
    inv->listed = slots.given;

    return rc;
}


ngx_int_t
ngx_http_hc_invalidation_add_groups(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_list_part_t *part,
    const ngx_str_t *field, ngx_http_hc_zone_t *zone)
{
    ngx_int_t            rc;
    ngx_uint_t           n;
    ngx_http_hc_slots_t  slots;

    slots.slots = inv->slots;
    slots.n = inv->n;
    slots.max = NGX_HTTP_HC_INVALIDATION_MAX;
    slots.given = 0;

    rc = ngx_http_hc_groups_add(r, part, field, zone, &slots, &n);

    inv->n = slots.n;

    return rc;
}


ngx_int_t
ngx_http_hc_invalidation_start(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_uint_t          i;
    ngx_array_t        *l2s;
    ngx_http_hc_l2_t  **l2;

    if (inv->all) {
        return ngx_http_hc_invalidation_all(r, inv);
    }

    if (inv->n == 0) {
        return NGX_OK;                 /* none would be all for an L2 */
    }

    ngx_http_hc_invalidation_move(ngx_http_hc_versions(r), inv->slots, inv->n);
    ngx_http_hc_publish_moved(r, inv->n > 1 || inv->listed,
                              ngx_http_hc_versions(r));

    l2s = ngx_http_hc_l2s(r);
    l2 = l2s->elts;

    for (i = 0; i < l2s->nelts; i++) {
        ngx_http_hc_invalidation_tell(r, inv, &l2[i]->store);
    }

    return inv->pending ? NGX_AGAIN : NGX_OK;
}


/*
 * Nothing walks over entries: one counter makes them all misses and fences
 * what is being filled, also in an L1 of this name that old workers still
 * have; the purge gives the memory back, shard by shard.
 */

static ngx_int_t
ngx_http_hc_invalidation_all(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_uint_t           i;
    ngx_hc_l2_t        **l2;
    ngx_http_hc_zone_t  *zone = inv->all;

    inv->n = 0;

    hc_version_move_all(ngx_http_hc_versions(r), zone->cell);
    hc_l1_purge(zone->l1);
    ngx_http_hc_publish_moved(r, 1, ngx_http_hc_versions(r));

    if (zone->l2s == NULL) {
        return NGX_OK;
    }

    l2 = zone->l2s->elts;

    for (i = 0; i < zone->l2s->nelts; i++) {
        ngx_http_hc_invalidation_tell(r, inv, l2[i]);
    }

    return inv->pending ? NGX_AGAIN : NGX_OK;
}


static void
ngx_http_hc_invalidation_tell(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_hc_l2_t *l2)
{
    if (ngx_http_hc_invalidation_ask(r, inv, l2) != NGX_OK) {

        /* it is remembered as untold, and nobody waits for it */

        (void) ngx_hc_l2_invalidate(l2, inv->slots, inv->n, NULL, NULL);
    }
}


static ngx_int_t
ngx_http_hc_invalidation_ask(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv, ngx_hc_l2_t *l2)
{
    ngx_http_hc_told_t  *told;

    told = ngx_alloc(sizeof(*told), ngx_cycle->log);
    if (told == NULL) {
        return NGX_ERROR;
    }

    told->inv = inv;
    told->versions = ngx_http_hc_versions(r);
    told->cell = inv->all ? inv->all->cell : 0;
    told->n = inv->n;
    ngx_memcpy(told->slots, inv->slots, inv->n * sizeof(inv->slots[0]));

    if (ngx_hc_l2_invalidate(l2, told->slots, told->n,
                             ngx_http_hc_invalidation_told, told)
        == NULL)
    {
        ngx_free(told);
        return NGX_OK;
    }

    ngx_queue_insert_tail(&inv->told, &told->queue);
    inv->pending++;

    return NGX_OK;
}


static void
ngx_http_hc_invalidation_move(hc_versions_t *versions, uint32_t *slots,
    ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (slots[i] & HC_SLOT_NAMED) {
            hc_version_move_named(versions, slots[i]);

        } else {
            hc_version_move(versions, slots[i]);
        }
    }
}


static void
ngx_http_hc_invalidation_told(void *owner, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer)
{
    ngx_http_hc_told_t          *told = owner;
    ngx_http_hc_invalidation_t  *inv = told->inv;

    if (told->cell) {
        hc_version_move_all(told->versions, told->cell);
    }

    ngx_http_hc_invalidation_move(told->versions, told->slots, told->n);

    if (inv) {
        ngx_queue_remove(&told->queue);
    }

    ngx_free(told);

    if (inv && --inv->pending == 0) {
        inv->done(inv->owner);
    }
}


void
ngx_http_hc_invalidation_forget(ngx_http_hc_invalidation_t *inv)
{
    ngx_queue_t         *q;
    ngx_http_hc_told_t  *told;

    while (!ngx_queue_empty(&inv->told)) {
        q = ngx_queue_head(&inv->told);
        ngx_queue_remove(q);

        told = ngx_queue_data(q, ngx_http_hc_told_t, queue);
        told->inv = NULL;
    }

    inv->pending = 0;
}

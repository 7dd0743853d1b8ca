/*
 * What a server was not told: the table in shared memory.
 */

#include "ngx_hc_l2_priv.h"


static ngx_uint_t ngx_hc_l2_item_find_locked(ngx_hc_l2_untold_t *u,
    uint32_t slot);
static void ngx_hc_l2_item_put_locked(ngx_hc_l2_untold_t *u, ngx_uint_t i,
    uint32_t slot, ngx_msec_t until);
static void ngx_hc_l2_item_due_locked(ngx_hc_l2_untold_t *u, ngx_uint_t i);
static void ngx_hc_l2_untold_collapse_locked(ngx_hc_l2_untold_t *u);


ngx_uint_t
ngx_hc_l2_untold_add(ngx_hc_l2_t *l2, const uint32_t *slots, ngx_uint_t n,
    ngx_msec_t until, ngx_hc_l2_claim_t *claims)
{
    ngx_uint_t           i, at, claimed;
    ngx_slab_pool_t     *shpool;
    ngx_hc_l2_untold_t  *u;

    shpool = ngx_hc_l2_pool(l2);
    u = &((ngx_hc_l2_shared_t *) shpool->data)->untold;
    claimed = ngx_max(n, 1);

    ngx_shmtx_lock(&shpool->mutex);

    u->seq++;

    for (i = 0; i < claimed; i++) {
        at = n ? ngx_hc_l2_item_find_locked(u, slots[i]) : NGX_HC_L2_ITEM_ALL;

        if (at == NGX_HC_L2_ITEMS) {
            ngx_hc_l2_untold_collapse_locked(u);
            claimed = 0;
            break;
        }

        ngx_hc_l2_item_put_locked(u, at, n ? slots[i] : 0, until);

        if (claims) {
            claims[i].index = at;
            claims[i].slot = u->item[at].slot;
            claims[i].seq = u->seq;
        }
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return claimed;
}


/* The item of the slot, else a free one, else NGX_HC_L2_ITEMS. */

static ngx_uint_t
ngx_hc_l2_item_find_locked(ngx_hc_l2_untold_t *u, uint32_t slot)
{
    ngx_uint_t  i, hole;

    hole = u->high + 1;

    for (i = u->high; i > NGX_HC_L2_ITEM_ALL; i--) {

        if (u->item[i].seq == 0) {
            hole = i;

        } else if (u->item[i].slot == slot) {
            return i;
        }
    }

    return hole;
}


/* One that is due stays due: the operation that starts now cannot vouch for
 * the one that failed before. */

static void
ngx_hc_l2_item_put_locked(ngx_hc_l2_untold_t *u, ngx_uint_t i, uint32_t slot,
    ngx_msec_t until)
{
    ngx_hc_l2_item_t  *item;

    item = &u->item[i];

    if (item->seq == 0) {
        item->slot = slot;
        item->until = until ? until : 1;
        u->count++;

    } else if (item->until) {
        item->until = until ? until : 1;
    }

    item->seq = u->seq;
    u->high = ngx_max(u->high, i);
}


static void
ngx_hc_l2_item_due_locked(ngx_hc_l2_untold_t *u, ngx_uint_t i)
{
    if (u->item[i].until) {
        u->item[i].until = 0;
        u->generation++;
    }
}


static void
ngx_hc_l2_untold_collapse_locked(ngx_hc_l2_untold_t *u)
{
    ngx_hc_l2_item_put_locked(u, NGX_HC_L2_ITEM_ALL, 0, 1);
    ngx_hc_l2_item_due_locked(u, NGX_HC_L2_ITEM_ALL);

    /* only now: a worker that is killed in here forgets nothing */

    ngx_memzero(&u->item[NGX_HC_L2_ITEM_ALL + 1],
                sizeof(u->item) - sizeof(u->item[0]));
    u->count = 1;
    u->high = 0;
}


void
ngx_hc_l2_untold_done(ngx_hc_l2_t *l2, const ngx_hc_l2_claim_t *claims,
    ngx_uint_t n)
{
    ngx_uint_t           i;
    ngx_slab_pool_t     *shpool;
    ngx_hc_l2_item_t    *item;
    ngx_hc_l2_untold_t  *u;

    shpool = ngx_hc_l2_pool(l2);
    u = &((ngx_hc_l2_shared_t *) shpool->data)->untold;

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i < n; i++) {
        item = &u->item[claims[i].index];

        if (item->seq == claims[i].seq && item->slot == claims[i].slot) {
            item->seq = 0;
            item->until = 0;
            u->count--;
        }
    }

    while (u->high > 0 && u->item[u->high].seq == 0) {
        u->high--;
    }

    ngx_shmtx_unlock(&shpool->mutex);
}


/* A slot that was brought again since is due as well: only an acknowledgement
 * of the later one may speak for both. */

void
ngx_hc_l2_untold_fail(ngx_hc_l2_t *l2, const ngx_hc_l2_claim_t *claims,
    ngx_uint_t n)
{
    ngx_uint_t           i;
    ngx_slab_pool_t     *shpool;
    ngx_hc_l2_item_t    *item;
    ngx_hc_l2_untold_t  *u;

    shpool = ngx_hc_l2_pool(l2);
    u = &((ngx_hc_l2_shared_t *) shpool->data)->untold;

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i < n; i++) {
        item = &u->item[claims[i].index];

        if (item->seq && item->slot == claims[i].slot) {
            ngx_hc_l2_item_due_locked(u, claims[i].index);
        }
    }

    ngx_shmtx_unlock(&shpool->mutex);
}


ngx_uint_t
ngx_hc_l2_untold_due(ngx_hc_l2_t *l2, ngx_msec_t now, uint64_t *generation,
    ngx_hc_l2_claim_t *claims)
{
    ngx_uint_t           i, n;
    ngx_slab_pool_t     *shpool;
    ngx_hc_l2_item_t    *item;
    ngx_hc_l2_untold_t  *u;

    shpool = ngx_hc_l2_pool(l2);
    u = &((ngx_hc_l2_shared_t *) shpool->data)->untold;
    n = 0;

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i <= u->high; i++) {
        item = &u->item[i];

        if (item->seq == 0) {
            continue;
        }

        if (item->until && (ngx_msec_int_t) (now - item->until) >= 0) {
            ngx_hc_l2_item_due_locked(u, i);
        }

        if (item->until == 0) {
            claims[n].index = i;
            claims[n].slot = item->slot;
            claims[n].seq = item->seq;
            n++;
        }
    }

    *generation = u->generation;

    ngx_shmtx_unlock(&shpool->mutex);

    return n;
}


/* Left alone when due already: whoever is telling it right now is read after
 * whatever made the caller ask. */

void
ngx_hc_l2_untold_all(ngx_hc_l2_t *l2)
{
    ngx_slab_pool_t     *shpool;
    ngx_hc_l2_item_t    *all;
    ngx_hc_l2_untold_t  *u;

    shpool = ngx_hc_l2_pool(l2);
    u = &((ngx_hc_l2_shared_t *) shpool->data)->untold;
    all = &u->item[NGX_HC_L2_ITEM_ALL];

    ngx_shmtx_lock(&shpool->mutex);

    if (all->seq == 0 || all->until) {
        u->seq++;
        ngx_hc_l2_item_put_locked(u, NGX_HC_L2_ITEM_ALL, 0, 1);
        ngx_hc_l2_item_due_locked(u, NGX_HC_L2_ITEM_ALL);
    }

    ngx_shmtx_unlock(&shpool->mutex);
}

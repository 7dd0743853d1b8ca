/*
 * Which store holds an entry is not known from a tag, so every one is told.
 */

#include "ngx_http_hc_invalidation.h"


typedef struct {
    ngx_http_hc_invalidation_t   *inv;
    ngx_hc_l2_op_t              **op;
} ngx_http_hc_invalidation_op_t;


static void ngx_http_hc_invalidation_l2_done(void *owner, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer);


ngx_int_t
ngx_http_hc_invalidation_add(ngx_http_hc_invalidation_t *inv, uint32_t slot)
{
    if (inv->n == NGX_HTTP_HC_INVALIDATION_MAX) {
        return NGX_DECLINED;
    }

    inv->slots[inv->n++] = slot;

    return NGX_OK;
}


ngx_int_t
ngx_http_hc_invalidation_start(ngx_http_request_t *r,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_uint_t                      i;
    ngx_array_t                    *l2s;
    hc_versions_t                  *versions;
    ngx_http_hc_l2_t              **l2;
    ngx_http_hc_invalidation_op_t  *owner;

    versions = ngx_http_hc_versions();

    for (i = 0; i < inv->n; i++) {
        hc_version_move(versions, inv->slots[i]);
    }

    l2s = ngx_http_hc_l2s(r);
    l2 = l2s->elts;

    inv->ops = ngx_pcalloc(r->pool, l2s->nelts * sizeof(*inv->ops));
    owner = ngx_pcalloc(r->pool, l2s->nelts * sizeof(*owner));

    if (inv->ops == NULL || owner == NULL) {
        owner = NULL;
    }

    inv->nops = owner ? l2s->nelts : 0;

    for (i = 0; i < l2s->nelts; i++) {

        if (owner == NULL) {
            (void) ngx_hc_l2_invalidate(&l2[i]->store, inv->slots, inv->n,
                                        NULL, NULL);
            continue;
        }

        owner[i].inv = inv;
        owner[i].op = &inv->ops[i];

        inv->ops[i] = ngx_hc_l2_invalidate(&l2[i]->store, inv->slots, inv->n,
                                           ngx_http_hc_invalidation_l2_done,
                                           &owner[i]);
        if (inv->ops[i]) {
            inv->pending++;
        }
    }

    return inv->pending ? NGX_AGAIN : NGX_OK;
}


static void
ngx_http_hc_invalidation_l2_done(void *owner, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer)
{
    ngx_http_hc_invalidation_op_t  *o = owner;
    ngx_http_hc_invalidation_t     *inv = o->inv;

    *o->op = NULL;

    if (--inv->pending == 0) {
        inv->done(inv->owner);
    }
}


void
ngx_http_hc_invalidation_forget(ngx_http_hc_invalidation_t *inv)
{
    ngx_uint_t  i;

    for (i = 0; i < inv->nops; i++) {
        if (inv->ops[i]) {
            ngx_hc_l2_forget(inv->ops[i]);
            inv->ops[i] = NULL;
        }
    }

    inv->pending = 0;
}

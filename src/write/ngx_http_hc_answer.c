/*
 * What counts is what the client would ask for, so a Location counts as
 * proxy_redirect leaves it.  That rewrites in place: what the app said is only
 * there before, and a relative one may mean either, so it counts, too.
 */

#include "ngx_http_hc_answer.h"
#include "../policy/hc_reference.h"


static ngx_int_t ngx_http_hc_answer_rewrite(ngx_http_request_t *r,
    ngx_table_elt_t *h, size_t prefix);
static ngx_uint_t ngx_http_hc_answer_is_error(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer);
static ngx_int_t ngx_http_hc_answer_locations(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer, ngx_list_part_t *part,
    ngx_http_hc_invalidation_t *inv);
static ngx_int_t ngx_http_hc_answer_location(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer, ngx_table_elt_t *h,
    ngx_http_hc_invalidation_t *inv);
static ngx_int_t ngx_http_hc_answer_rewritten(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer, ngx_table_elt_t *h,
    ngx_http_hc_invalidation_t *inv);
static ngx_int_t ngx_http_hc_answer_reference(ngx_http_request_t *r,
    ngx_str_t *reference, ngx_http_hc_invalidation_t *inv);
static ngx_int_t ngx_http_hc_answer_groups(ngx_http_request_t *r,
    ngx_list_part_t *part, ngx_http_hc_invalidation_t *inv);


void
ngx_http_hc_answer_watch(ngx_http_request_t *r, ngx_http_hc_answer_t *answer)
{
    ngx_http_upstream_t  *u = r->upstream;

    if (u == NULL || u == answer->upstream) {
        return;
    }

    answer->upstream = u;
    answer->loc_conf = r->loc_conf;
    answer->rewrite = u->rewrite_redirect;
    answer->located = 0;

    if (answer->rewrite) {
        u->rewrite_redirect = ngx_http_hc_answer_rewrite;
    }
}


/* In place of proxy_redirect's own; Refresh has a prefix, and is no Location.
 */

static ngx_int_t
ngx_http_hc_answer_rewrite(ngx_http_request_t *r, ngx_table_elt_t *h,
    size_t prefix)
{
    ngx_int_t                    rc;
    ngx_uint_t                   counts;
    ngx_http_hc_answer_t        *answer;
    ngx_http_hc_invalidation_t  *inv;

    answer = ngx_http_hc_write_answer(r, &inv);

    if (answer == NULL) {
        return NGX_DECLINED;
    }

    counts = (prefix == 0 && !ngx_http_hc_answer_is_error(r, answer));

    if (counts && hc_reference_is_relative(ngx_hc_str(&h->value))) {
        (void) ngx_http_hc_answer_reference(r, &h->value, inv);
    }

    rc = answer->rewrite(r, h, prefix);

    if (counts && rc == NGX_OK) {
        answer->located = 1;
        (void) ngx_http_hc_answer_reference(r, &h->value, inv);
    }

    return rc;
}


static ngx_uint_t
ngx_http_hc_answer_is_error(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer)
{
    ngx_uint_t  status;

    status = answer->upstream ? answer->upstream->headers_in.status_n
                              : r->headers_out.status;

    return status < NGX_HTTP_OK || status >= NGX_HTTP_BAD_REQUEST;
}


void
ngx_http_hc_answer_tags(ngx_http_request_t *r, ngx_http_hc_answer_t *answer,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_list_part_t  *part;

    if (ngx_http_hc_answer_is_error(r, answer)) {
        return;
    }

    part = answer->upstream ? &answer->upstream->headers_in.headers.part
                            : &r->headers_out.headers.part;

    if (ngx_http_hc_answer_locations(r, answer, part, inv) != NGX_OK
        || ngx_http_hc_answer_groups(r, part, inv) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "hc: the answer to a write names more to forget than "
                      "fits, or a group that is too long, which are left out");
    }
}


static ngx_int_t
ngx_http_hc_answer_locations(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer, ngx_list_part_t *part,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    static ngx_str_t  location[] = {
        ngx_string("Location"),
        ngx_null_string
    };
    static ngx_str_t  content_location[] = {
        ngx_string("Content-Location"),
        ngx_null_string
    };

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash
                && (ngx_hc_name_in(&h[i].key, content_location)
                    || (!answer->located
                        && ngx_hc_name_in(&h[i].key, location)))
                && ngx_http_hc_answer_location(r, answer, &h[i], inv)
                   != NGX_OK)
            {
                return NGX_DECLINED;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_answer_location(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer, ngx_table_elt_t *h,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_int_t  rc;

    rc = ngx_http_hc_answer_rewritten(r, answer, h, inv);

    if (rc == NGX_ERROR
        || (rc == NGX_OK && !hc_reference_is_relative(ngx_hc_str(&h->value))))
    {
        return rc;
    }

    return ngx_http_hc_answer_reference(r, &h->value, inv);
}


/*
 * Content-Location, or a Location the client is not shown, as proxy_redirect
 * would rewrite it; of a copy, which needs a zero at its end.  It finds its
 * rules by the location, which error_page may have changed meanwhile.
 * DECLINED: it stays as it is.
 */

static ngx_int_t
ngx_http_hc_answer_rewritten(ngx_http_request_t *r,
    ngx_http_hc_answer_t *answer, ngx_table_elt_t *h,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_int_t        rc;
    ngx_table_elt_t  copy;

    if (answer->rewrite == NULL || answer->loc_conf != r->loc_conf) {
        return NGX_DECLINED;
    }

    copy = *h;
    copy.value.data = ngx_pnalloc(r->pool, h->value.len + 1);

    if (copy.value.data == NULL) {
        return NGX_ERROR;
    }

    *ngx_hc_cpystr(copy.value.data, &h->value) = '\0';

    rc = answer->rewrite(r, &copy, 0);

    return rc == NGX_OK ? ngx_http_hc_answer_reference(r, &copy.value, inv)
                        : rc;
}


/* Not OK: it does not fit. */

static ngx_int_t
ngx_http_hc_answer_reference(ngx_http_request_t *r, ngx_str_t *reference,
    ngx_http_hc_invalidation_t *inv)
{
    uint32_t  slot;

    switch (ngx_http_hc_reference_slot(r, reference, &slot)) {

    case NGX_OK:
        return ngx_http_hc_invalidation_add(inv, slot) == NGX_OK
               ? NGX_OK : NGX_ERROR;

    case NGX_DECLINED:
        return NGX_OK;                     /* of another origin */

    default:
        return NGX_ERROR;
    }
}


static ngx_int_t
ngx_http_hc_answer_groups(ngx_http_request_t *r, ngx_list_part_t *part,
    ngx_http_hc_invalidation_t *inv)
{
    ngx_int_t             rc;
    ngx_uint_t            i, n;
    ngx_array_t          *zones;
    ngx_http_hc_zone_t   *here, **zone;

    static ngx_str_t  field = ngx_string("Cache-Group-Invalidation");

    here = ngx_http_hc_cache_zone(r);
    zones = ngx_http_hc_zones(r);

    zone = here ? &here : zones->elts;
    n = here ? 1 : zones->nelts;
    rc = NGX_OK;

    for (i = 0; i < n; i++) {
        if (ngx_http_hc_invalidation_add_groups(r, inv, part, &field, zone[i])
            != NGX_OK)
        {
            rc = NGX_DECLINED;
        }
    }

    return rc;
}

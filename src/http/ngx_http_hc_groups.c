/*
 * Cache-Groups: an answer's membership of groups of its origin (RFC 9875).
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_tags.h"
#include "../policy/hc_groups.h"


/* The name of a tag has no zero byte, so none is a group's. */

#define NGX_HTTP_HC_GROUP_MARK  "\0group\0"


static ngx_int_t ngx_http_hc_groups_lines(ngx_pool_t *pool,
    ngx_list_part_t *part, const ngx_str_t *field, ngx_array_t *lines);
static ngx_int_t ngx_http_hc_groups_stored(ngx_pool_t *pool, hc_str_t headers,
    ngx_array_t *lines);
static ngx_uint_t ngx_http_hc_groups_is(hc_str_t name, const ngx_str_t *field);
static ngx_int_t ngx_http_hc_groups_line(ngx_pool_t *pool, ngx_array_t *lines,
    hc_str_t value);
static ngx_int_t ngx_http_hc_groups_of(ngx_http_request_t *r,
    ngx_array_t *lines, ngx_http_hc_zone_t *zone, ngx_http_hc_slots_t *slots,
    ngx_uint_t *n);
static u_char *ngx_http_hc_groups_prefix(ngx_http_request_t *r, size_t *len);
static ngx_int_t ngx_http_hc_groups_confirmed(ngx_http_hc_fill_t *fill,
    ngx_uint_t own, ngx_http_hc_slots_t *slots);
static ngx_uint_t ngx_http_hc_groups_hidden(ngx_http_request_t *r);


static ngx_str_t  ngx_http_hc_groups_field = ngx_string("Cache-Groups");


ngx_int_t
ngx_http_hc_fill_groups(ngx_http_hc_fill_t *fill, ngx_http_hc_slots_t *slots)
{
    ngx_int_t            rc;
    ngx_uint_t           n;
    ngx_list_part_t     *part;
    ngx_http_request_t  *r = fill->request;

    part = r->upstream ? &r->upstream->headers_in.headers.part
                       : &r->headers_out.headers.part;

    rc = ngx_http_hc_groups_add(r, part, &ngx_http_hc_groups_field,
                                fill->ctx->conf->zone, slots, &n);

    if (rc != NGX_OK || fill->stored == NULL) {
        return rc;
    }

    return ngx_http_hc_groups_confirmed(fill, n, slots);
}


/*
 * A 304 that names no tags, or no groups, leaves those of the answer it
 * confirms.  From its tags alone these cannot be told apart: where both are in
 * use, one kept for too long costs a miss, one lost would be a wrong answer.
 */

static ngx_int_t
ngx_http_hc_groups_confirmed(ngx_http_hc_fill_t *fill, ngx_uint_t own,
    ngx_http_hc_slots_t *slots)
{
    ngx_uint_t           i, all;
    ngx_array_t          lines;
    ngx_http_hc_ctx_t   *ctx = fill->ctx;
    ngx_http_request_t  *r = fill->request;

    if (own) {
        all = (ctx->conf->tags && !slots->given);

    } else {
        all = (!slots->given || ngx_http_hc_groups_hidden(r));
    }

    for (i = HC_TAGS_OWN; all && i < fill->stored->core.ntags; i++) {
        if (ngx_http_hc_slots_add(slots, fill->stored->tags[i].slot
                                         | HC_SLOT_NAMED)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    if (own || all) {
        return NGX_OK;
    }

    if (ngx_http_hc_groups_stored(r->pool, fill->stored->headers, &lines)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_hc_groups_of(r, &lines, ctx->conf->zone, slots, &i);
}


/* Then the field is not in store either. */

static ngx_uint_t
ngx_http_hc_groups_hidden(ngx_http_request_t *r)
{
    ngx_hash_t  *hash;

    static u_char  name[] = "cache-groups";

    if (r->upstream == NULL) {
        return 0;
    }

    hash = &r->upstream->conf->hide_headers_hash;

    return hash->buckets
           && ngx_hash_find(hash, ngx_hash_key(name, sizeof(name) - 1),
                            name, sizeof(name) - 1)
              != NULL;
}


ngx_int_t
ngx_http_hc_groups_add(ngx_http_request_t *r, ngx_list_part_t *part,
    const ngx_str_t *field, ngx_http_hc_zone_t *zone,
    ngx_http_hc_slots_t *slots, ngx_uint_t *n)
{
    ngx_array_t  lines;

    if (ngx_http_hc_groups_lines(r->pool, part, field, &lines) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_hc_groups_of(r, &lines, zone, slots, n);
}


static ngx_int_t
ngx_http_hc_groups_lines(ngx_pool_t *pool, ngx_list_part_t *part,
    const ngx_str_t *field, ngx_array_t *lines)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    ngx_memzero(lines, sizeof(*lines));

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash
                && ngx_http_hc_groups_is(ngx_hc_str(&h[i].key), field)
                && ngx_http_hc_groups_line(pool, lines,
                                           ngx_hc_str(&h[i].value))
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_groups_stored(ngx_pool_t *pool, hc_str_t headers,
    ngx_array_t *lines)
{
    hc_header_t  header;

    ngx_memzero(lines, sizeof(*lines));

    while (hc_header_next(&headers, &header) > 0) {
        if (ngx_http_hc_groups_is(header.name, &ngx_http_hc_groups_field)
            && ngx_http_hc_groups_line(pool, lines, header.value) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_hc_groups_is(hc_str_t name, const ngx_str_t *field)
{
    return name.len == field->len
           && ngx_strncasecmp((u_char *) name.data, field->data, name.len)
              == 0;
}


static ngx_int_t
ngx_http_hc_groups_line(ngx_pool_t *pool, ngx_array_t *lines, hc_str_t value)
{
    hc_str_t  *line;

    if (lines->elts == NULL
        && ngx_array_init(lines, pool, 1, sizeof(*line)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    line = ngx_array_push(lines);
    if (line == NULL) {
        return NGX_ERROR;
    }

    *line = value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_groups_of(ngx_http_request_t *r, ngx_array_t *lines,
    ngx_http_hc_zone_t *zone, ngx_http_hc_slots_t *slots, ngx_uint_t *n)
{
    int             count;
    u_char         *p;
    size_t          len;
    hc_str_t       *line, rest, name;
    uint32_t        slot;
    ngx_int_t       refused;
    ngx_uint_t      i;
    hc_groups_rc_e  rc;

    count = hc_groups_count(lines->elts, lines->nelts);
    *n = ngx_max(count, 0);

    if (count <= 0) {
        return NGX_OK;
    }

    p = ngx_http_hc_groups_prefix(r, &len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    line = lines->elts;

    refused = NGX_OK;

    for (i = 0; i < lines->nelts; i++) {
        rest = line[i];

        while ((rc = hc_groups_next(&rest, p + len, &name)) != HC_GROUPS_END) {

            slot = hc_version_named_slot(ngx_hc_str(&zone->tag_scope),
                                         hc_str(p, len + name.len));

            if (rc != HC_GROUPS_NAME
                || ngx_http_hc_slots_add(slots, slot) != NGX_OK)
            {
                refused = NGX_DECLINED;
            }
        }
    }

    return refused;
}


/* Origin and mark, with room for the longest name behind them. */

static u_char *
ngx_http_hc_groups_prefix(ngx_http_request_t *r, size_t *len)
{
    u_char     *p, *start;
    ngx_str_t   host;

    ngx_http_hc_host(r, &host);

    start = ngx_pnalloc(r->pool, sizeof("https://") - 1 + host.len
                                 + sizeof(NGX_HTTP_HC_GROUP_MARK) - 1
                                 + HC_GROUP_LEN_MAX);
    if (start == NULL) {
        return NULL;
    }

    p = ngx_cpymem(start, "http", 4);

    if (ngx_http_hc_is_https(r)) {
        *p++ = 's';
    }

    p = ngx_cpymem(p, "://", 3);
    p = ngx_hc_cpystr(p, &host);
    p = ngx_cpymem(p, NGX_HTTP_HC_GROUP_MARK,
                   sizeof(NGX_HTTP_HC_GROUP_MARK) - 1);

    *len = p - start;

    return start;
}

/*
 * Named tags: hc_cache_tag, and strings that name them elsewhere.
 */

#include "ngx_http_hc_fill.h"
#include "ngx_http_hc_conf.h"
#include "ngx_http_hc_tags.h"
#include "../policy/hc_tags.h"


static ngx_uint_t ngx_http_hc_tag_field(ngx_str_t *text, ngx_str_t *prefix,
    ngx_str_t *field);
static ngx_int_t ngx_http_hc_tags_split(ngx_str_t *value,
    ngx_http_hc_zone_t *zone, ngx_http_hc_slots_t *slots);
static ngx_int_t ngx_http_hc_tags_lines(ngx_list_part_t *part,
    ngx_str_t *field, ngx_http_hc_zone_t *zone, ngx_http_hc_slots_t *slots);
static ngx_int_t ngx_http_hc_given_tags(ngx_http_hc_fill_t *fill,
    ngx_http_hc_slots_t *slots);
static ngx_uint_t ngx_http_hc_tag_field_is(ngx_str_t *name, ngx_str_t *field);


/* hc_cache_tag string ...; */

char *
ngx_http_hc_cache_tag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_str_t                 *value;
    ngx_uint_t                 i;
    ngx_http_hc_tag_source_t  *source;

    if (hlcf->tags == NGX_CONF_UNSET_PTR) {
        hlcf->tags = ngx_array_create(cf->pool, cf->args->nelts,
                                      sizeof(*source));
        if (hlcf->tags == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        source = ngx_array_push(hlcf->tags);

        if (source == NULL
            || ngx_http_hc_tag_source(cf, &value[i], source) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_hc_tag_source(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_hc_tag_source_t *source)
{
    ngx_http_compile_complex_value_t  ccv;

    static ngx_str_t  request = ngx_string("$http_");
    static ngx_str_t  upstream = ngx_string("$upstream_http_");

    ngx_memzero(source, sizeof(*source));

    source->upstream = ngx_http_hc_tag_field(text, &upstream, &source->field);

    if (!source->upstream) {
        (void) ngx_http_hc_tag_field(text, &request, &source->field);
    }

    ngx_memzero(&ccv, sizeof(ccv));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = &source->value;

    return ngx_http_compile_complex_value(&ccv);
}


/* 1: the text is this one variable. */

static ngx_uint_t
ngx_http_hc_tag_field(ngx_str_t *text, ngx_str_t *prefix, ngx_str_t *field)
{
    u_char  *p, *last;

    if (text->len <= prefix->len
        || ngx_strncasecmp(text->data, prefix->data, prefix->len) != 0)
    {
        return 0;
    }

    last = text->data + text->len;

    for (p = text->data + prefix->len; p < last; p++) {
        if (!((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
            && !(*p >= '0' && *p <= '9')
            && *p != '_')
        {
            return 0;
        }
    }

    field->data = text->data + prefix->len;
    field->len = text->len - prefix->len;

    return 1;
}


ngx_int_t
ngx_http_hc_tags_add(ngx_http_request_t *r, ngx_http_hc_tag_source_t *source,
    ngx_http_hc_zone_t *zone, ngx_http_hc_slots_t *slots)
{
    ngx_str_t  value;

    if (source->field.len == 0) {
        if (ngx_http_complex_value(r, &source->value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_hc_tags_split(&value, zone, slots);
    }

    if (!source->upstream) {
        return ngx_http_hc_tags_lines(&r->headers_in.headers.part,
                                      &source->field, zone, slots);
    }

    if (r->upstream == NULL) {
        return NGX_OK;
    }

    return ngx_http_hc_tags_lines(&r->upstream->headers_in.headers.part,
                                  &source->field, zone, slots);
}


static ngx_int_t
ngx_http_hc_tags_split(ngx_str_t *value, ngx_http_hc_zone_t *zone,
    ngx_http_hc_slots_t *slots)
{
    int        rc;
    hc_str_t   rest, tag;
    uint32_t   slot;
    ngx_int_t  refused;

    refused = NGX_OK;
    rest = ngx_hc_str(value);
    slots->given |= (value->len != 0);

    while ((rc = hc_tags_next(&rest, &tag)) != 0) {

        if (rc == -1) {
            refused = NGX_DECLINED;
            continue;
        }

        slot = hc_version_named_slot(ngx_hc_str(&zone->tag_scope), tag);

        if (ngx_http_hc_slots_add(slots, slot) != NGX_OK) {
            return NGX_DECLINED;
        }
    }

    return refused;
}


ngx_int_t
ngx_http_hc_slots_add(ngx_http_hc_slots_t *slots, uint32_t slot)
{
    ngx_uint_t  i;

    for (i = 0; i < slots->n; i++) {
        if (slots->slots[i] == slot) {
            return NGX_OK;
        }
    }

    if (slots->n >= slots->max) {
        return NGX_DECLINED;
    }

    slots->slots[slots->n++] = slot;

    return NGX_OK;
}


static ngx_int_t
ngx_http_hc_tags_lines(ngx_list_part_t *part, ngx_str_t *field,
    ngx_http_hc_zone_t *zone, ngx_http_hc_slots_t *slots)
{
    ngx_int_t         refused;
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    refused = NGX_OK;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash
                && ngx_http_hc_tag_field_is(&h[i].key, field)
                && ngx_http_hc_tags_split(&h[i].value, zone, slots) != NGX_OK)
            {
                refused = NGX_DECLINED;
            }
        }
    }

    return refused;
}


static ngx_uint_t
ngx_http_hc_tag_field_is(ngx_str_t *name, ngx_str_t *field)
{
    u_char      c;
    ngx_uint_t  i;

    if (name->len != field->len) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        c = (name->data[i] == '-') ? '_' : ngx_tolower(name->data[i]);

        if (c != ngx_tolower(field->data[i])) {
            return 0;
        }
    }

    return 1;
}


/* At the response header: never stored with only some of its tags. */

hc_reason_e
ngx_http_hc_fill_tags(ngx_http_hc_fill_t *fill)
{
    uint32_t             slot[HC_TAGS_NAMED_MAX];
    ngx_int_t            rc;
    ngx_http_hc_slots_t  slots;

    slots.slots = slot;
    slots.n = 0;
    slots.max = HC_TAGS_NAMED_MAX;
    slots.given = 0;

    rc = ngx_http_hc_given_tags(fill, &slots);

    if (rc == NGX_OK) {
        rc = ngx_http_hc_fill_groups(fill, &slots);
    }

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? HC_REASON_TAGS : HC_REASON_NO_MEMORY;
    }

    switch (ngx_http_hc_name_tags(fill->ctx, slot, slots.n)) {

    case NGX_OK:
        return HC_REASON_NONE;

    case NGX_DECLINED:
        return HC_REASON_FENCED;

    default:
        return HC_REASON_NO_MEMORY;
    }
}


static ngx_int_t
ngx_http_hc_given_tags(ngx_http_hc_fill_t *fill, ngx_http_hc_slots_t *slots)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_array_t               *tags = fill->ctx->conf->tags;
    ngx_http_hc_tag_source_t  *source;

    source = tags ? tags->elts : NULL;

    for (i = 0; tags && i < tags->nelts; i++) {
        rc = ngx_http_hc_tags_add(fill->request, &source[i],
                                  fill->ctx->conf->zone, slots);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/*
 * They are known only now, so what counts is the mark of before anybody was
 * asked: whatever moved since then may not have reached the answer.
 */

ngx_int_t
ngx_http_hc_name_tags(ngx_http_hc_ctx_t *ctx, const uint32_t *slots,
    ngx_uint_t n)
{
    hc_tag_t       *named;
    ngx_uint_t      i;
    hc_versions_t  *versions = ngx_http_hc_versions(ctx->request);

    ctx->nnamed = 0;

    if (n == 0) {
        return NGX_OK;
    }

    named = ngx_palloc(ctx->request->pool, n * sizeof(*named));
    if (named == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        named[i].slot = slots[i];
    }

    hc_tags_stamp(versions, named, n);

    for (i = 0; i < n; i++) {
        if (hc_version_named_since(versions, slots[i], ctx->mark)) {
            return NGX_DECLINED;
        }
    }

    ctx->named = named;
    ctx->nnamed = n;

    return NGX_OK;
}


/* The tags of an entry on its way into L1. */

void
ngx_http_hc_entry_tags(ngx_http_hc_ctx_t *ctx, hc_entry_t *e)
{
    ngx_memcpy(e->tags, ctx->tags, sizeof(ctx->tags));

    if (ctx->nnamed) {
        ngx_memcpy(e->tags + HC_TAGS_OWN, ctx->named,
                   ctx->nnamed * sizeof(hc_tag_t));
    }

    e->core.ntags = (HC_TAGS_OWN + ctx->nnamed) & 0x3f;
}


ngx_uint_t
ngx_http_hc_tags_current(ngx_http_hc_ctx_t *ctx)
{
    hc_versions_t  *versions = ngx_http_hc_versions(ctx->request);

    return hc_tags_current(versions, ctx->tags, HC_TAGS_OWN)
           && hc_tags_current(versions, ctx->named, ctx->nnamed);
}

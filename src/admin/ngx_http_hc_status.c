/*
 * hc_status: counters as JSON, per zone, L2 server and published directory,
 * and of requests that wait for another.
 *
 *   { "zones": { name: { ... } }, "l2": { name: { "server": url, ... } },
 *     "static": { directory: { ... } }, "lock": { ... } }
 */

#include "../http/ngx_http_hc.h"


/* a counter takes at most its name, 20 digits and punctuation */

#define NGX_HTTP_HC_STATUS_ROW   64
#define NGX_HTTP_HC_STATUS_ROWS  48


static ngx_int_t ngx_http_hc_status_handler(ngx_http_request_t *r);
static ngx_buf_t *ngx_http_hc_status_json(ngx_http_request_t *r);
static size_t ngx_http_hc_status_size(ngx_array_t *zones, ngx_array_t *l2s,
    ngx_array_t *dirs);
static u_char *ngx_http_hc_status_zone(u_char *p, ngx_http_hc_zone_t *zone);
static u_char *ngx_http_hc_status_l2(u_char *p, ngx_http_hc_l2_t *l2);
static u_char *ngx_http_hc_status_dirs(u_char *p, ngx_array_t *dirs);
static u_char *ngx_http_hc_status_lock(u_char *p, ngx_http_request_t *r);
static u_char *ngx_http_hc_status_text(u_char *p, ngx_str_t *text);
static char *ngx_http_hc_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_http_hc_status_commands[] = {

    { ngx_string("hc_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_hc_status,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_status_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_hc_status_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_status_module_ctx,        /* module context */
    ngx_http_hc_status_commands,           /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_hc_status_handler(ngx_http_request_t *r)
{
    ngx_int_t         rc;
    ngx_buf_t        *b;
    ngx_chain_t       out;
    ngx_table_elt_t  *h;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    b = ngx_http_hc_status_json(r);
    h = ngx_list_push(&r->headers_out.headers);

    if (b == NULL || h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, "no-store");
    ngx_hc_header_single(h);

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_buf_t *
ngx_http_hc_status_json(ngx_http_request_t *r)
{
    u_char               *p;
    ngx_buf_t            *b;
    ngx_uint_t            i;
    ngx_array_t          *zones, *l2s, *dirs;
    ngx_http_hc_l2_t    **l2;
    ngx_http_hc_zone_t  **zone;

    dirs = ngx_http_hc_publish_dirs();
    zones = ngx_http_hc_zones(r);
    l2s = ngx_http_hc_l2s(r);
    zone = zones->elts;
    l2 = l2s->elts;

    b = ngx_create_temp_buf(r->pool, ngx_http_hc_status_size(zones, l2s, dirs));
    if (b == NULL) {
        return NULL;
    }

    p = ngx_sprintf(b->last, "{\"zones\":{");

    for (i = 0; i < zones->nelts; i++) {
        if (i) {
            *p++ = ',';
        }

        p = ngx_http_hc_status_zone(p, zone[i]);
    }

    p = ngx_sprintf(p, "},\"l2\":{");

    for (i = 0; i < l2s->nelts; i++) {
        if (i) {
            *p++ = ',';
        }

        p = ngx_http_hc_status_l2(p, l2[i]);
    }

    p = ngx_sprintf(p, "},\"static\":{");
    p = ngx_http_hc_status_dirs(p, dirs);

    p = ngx_sprintf(p, "},\"lock\":{");
    p = ngx_http_hc_status_lock(p, r);

    b->last = ngx_sprintf(p, "}}\n");
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    return b;
}


static size_t
ngx_http_hc_status_size(ngx_array_t *zones, ngx_array_t *l2s,
    ngx_array_t *dirs)
{
    size_t                  size;
    ngx_uint_t              i;
    ngx_http_hc_l2_t      **l2;
    ngx_http_hc_zone_t    **zone;
    ngx_hc_publish_dir_t  **dir;

    zone = zones->elts;
    l2 = l2s->elts;

    dir = dirs->elts;

    size = 256 + (zones->nelts + l2s->nelts + dirs->nelts + 1)
                 * NGX_HTTP_HC_STATUS_ROWS * NGX_HTTP_HC_STATUS_ROW;

    /* a byte is six when it is escaped */

    for (i = 0; i < zones->nelts; i++) {
        size += 6 * zone[i]->name.len;
    }

    for (i = 0; i < l2s->nelts; i++) {
        size += 6 * (l2[i]->store.name.len + l2[i]->store.url.len);
    }

    for (i = 0; i < dirs->nelts; i++) {
        size += 6 * ngx_hc_publish_options(dir[i])->path.len;
    }

    return size;
}


static u_char *
ngx_http_hc_status_zone(u_char *p, ngx_http_hc_zone_t *zone)
{
    hc_l1_stats_t                  stats;
    ngx_http_hc_snapshot_stats_t  *file;

    hc_l1_stats(zone->l1, &stats);
    file = ngx_http_hc_snapshot_stats(zone);

    p = ngx_http_hc_status_text(p, &zone->name);
    p = ngx_sprintf(p, ":{\"size\":%uL,\"max_object\":%uL,\"shards\":%uL,"
                    "\"workers\":%uL", stats.size, stats.max_object,
                    stats.shards, stats.workers);

#define ngx_http_hc_status_row(name, text)                                    \
    p = ngx_sprintf(p, ",\"" #name "\":%uL", (uint64_t) stats.name);

    HC_L1_COUNTERS(ngx_http_hc_status_row)
    HC_L1_GAUGES(ngx_http_hc_status_row)

    if (file) {
        p = ngx_sprintf(p, ",\"snapshot\":{\"written_at\":%uL,"
                        "\"entries\":%uL,\"bytes\":%uL,\"loaded\":%uL}",
                        file->written_at, file->entries, file->bytes,
                        file->loaded);
    }

    *p++ = '}';

    return p;
}


static u_char *
ngx_http_hc_status_l2(u_char *p, ngx_http_hc_l2_t *l2)
{
    ngx_hc_l2_stats_t  stats;

    ngx_hc_l2_stats(&l2->store, &stats);

    p = ngx_http_hc_status_text(p, &l2->store.name);
    p = ngx_sprintf(p, ":{\"server\":");
    p = ngx_http_hc_status_text(p, &l2->store.url);

    HC_L2_COUNTERS(ngx_http_hc_status_row)
    HC_L2_GAUGES(ngx_http_hc_status_row)

    *p++ = '}';

    return p;
}


static u_char *
ngx_http_hc_status_dirs(u_char *p, ngx_array_t *dirs)
{
    ngx_str_t                path;
    ngx_uint_t               i;
    ngx_hc_publish_dir_t   **dir;
    ngx_hc_publish_stats_t   stats;

    dir = dirs->elts;

    for (i = 0; i < dirs->nelts; i++) {
        path = ngx_hc_publish_options(dir[i])->path;
        ngx_hc_publish_stats(dir[i], &stats);

        if (i) {
            *p++ = ',';
        }

        p = ngx_http_hc_status_text(p, &path);
        p = ngx_sprintf(p, ":{\"max_files\":%ui",
                        ngx_hc_publish_options(dir[i])->max_files);

        NGX_HC_PUBLISH_COUNTERS(ngx_http_hc_status_row)

        *p++ = '}';
    }

    return p;
}


static u_char *
ngx_http_hc_status_lock(u_char *p, ngx_http_request_t *r)
{
    ngx_hc_flight_t    *flight;
    hc_flight_stats_t   stats;

    flight = ngx_http_hc_flight(r);

    if (flight == NULL) {
        return p;
    }

    ngx_hc_flight_stats(flight, &stats);

    p = ngx_sprintf(p, "\"places\":%d", HC_FLIGHT_LEASES);

    HC_FLIGHT_COUNTERS(ngx_http_hc_status_row)
    HC_FLIGHT_GAUGES(ngx_http_hc_status_row)

    return p;
}


static u_char *
ngx_http_hc_status_text(u_char *p, ngx_str_t *text)
{
    *p++ = '"';
    p = (u_char *) ngx_escape_json(p, text->data, text->len);
    *p++ = '"';

    return p;
}


static char *
ngx_http_hc_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "cannot stand beside another handler of the location";
    }

    clcf->handler = ngx_http_hc_status_handler;

    return NGX_CONF_OK;
}

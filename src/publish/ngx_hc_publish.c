/*
 * Directories that are published into: their options, their part of shared
 * memory, and which paths they take.
 */

#include "ngx_hc_publish_priv.h"


const char *const  ngx_hc_publish_endings[NGX_HC_PUBLISH_ENDINGS] = {
    ".json", ".html"
};


static ngx_int_t ngx_hc_publish_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);


ngx_hc_publish_dir_t *
ngx_hc_publish_add(ngx_conf_t *cf, ngx_hc_publish_options_t *options,
    void *tag)
{
    ngx_str_t              name;
    ngx_hc_publish_dir_t  *dir;

    dir = ngx_pcalloc(cf->pool, sizeof(*dir));
    if (dir == NULL) {
        return NULL;
    }

    dir->options = *options;

    if (ngx_hc_publish_pool(cf, dir) != NGX_OK) {
        return NULL;
    }

    name.data = ngx_pnalloc(cf->pool, sizeof("hc_static:") + options->path.len);
    if (name.data == NULL) {
        return NULL;
    }

    name.len = ngx_sprintf(name.data, "hc_static:%V", &options->path)
               - name.data;

    /* a page of nginx's own, which is not used, and one of ours */

    dir->shm_zone = ngx_shared_memory_add(cf, &name, 8 * ngx_pagesize, tag);
    if (dir->shm_zone == NULL) {
        return NULL;
    }

    dir->shm_zone->init = ngx_hc_publish_init_zone;
    dir->shm_zone->data = dir;

    return dir;
}


/* Behind nginx's slab pool; a reload finds what was counted. */

static ngx_int_t
ngx_hc_publish_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_hc_publish_dir_t  *dir = shm_zone->data;

    dir->state = (ngx_hc_publish_state_t *)
                     (shm_zone->shm.addr + shm_zone->shm.size - ngx_pagesize);

    if (data == NULL) {
        ngx_memzero(dir->state, sizeof(*dir->state));
    }

    return NGX_OK;
}


const ngx_hc_publish_options_t *
ngx_hc_publish_options(ngx_hc_publish_dir_t *dir)
{
    return &dir->options;
}


void
ngx_hc_publish_stats(ngx_hc_publish_dir_t *dir, ngx_hc_publish_stats_t *stats)
{
#define ngx_hc_publish_load(name, text)                                       \
    stats->name = __atomic_load_n(&dir->state->stats.name, __ATOMIC_RELAXED);

    NGX_HC_PUBLISH_COUNTERS(ngx_hc_publish_load)
}


/*
 * Names that begin with a dot are ours; an empty one would make two paths one
 * file.  The longest name is that of the sidecar.
 */

ngx_uint_t
ngx_hc_publish_path_ok(ngx_str_t *uri)
{
    size_t      i, start, most;
    ngx_uint_t  depth;

    most = NAME_MAX - (sizeof("." ".json" NGX_HC_PUBLISH_SIDECAR) - 1);
    depth = 0;
    start = 1;

    if (uri->len == 0 || uri->data[0] != '/') {
        return 0;
    }

    for (i = 1; i <= uri->len; i++) {

        if (i < uri->len && uri->data[i] == '\0') {
            return 0;
        }

        if (i < uri->len && uri->data[i] != '/') {
            continue;
        }

        if (i == uri->len && i == start) {
            return 1;                              /* ends with "/" */
        }

        if (i == start || i - start > most || uri->data[start] == '.'
            || ++depth > NGX_HC_PUBLISH_DEPTH)
        {
            return 0;
        }

        start = i + 1;
    }

    return 1;
}

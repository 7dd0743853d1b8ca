/*
 * hc_static directory | off [write] [max_files=number] [max_size=size];
 *
 * A directory that is written belongs to one server{}, and to one host: what
 * would be files of another is not written, and what was written is not given
 * to another.
 */

#include "ngx_http_hc_static.h"


#define NGX_HTTP_HC_STATIC_FILES     10000
#define NGX_HTTP_HC_STATIC_SIZE      (1024 * 1024)
#define NGX_HTTP_HC_STATIC_SIZE_MAX  (64 * 1024 * 1024)


typedef struct {
    ngx_hc_publish_dir_t       *dir;
    ngx_http_hc_static_conf_t  *conf;      /* that named it first */
    ngx_http_core_srv_conf_t   *server;
} ngx_http_hc_static_use_t;


typedef struct {
    ngx_array_t                 dirs;      /* of ngx_hc_publish_dir_t * */
    ngx_array_t                 uses;      /* of ngx_http_hc_static_use_t */
} ngx_http_hc_static_main_conf_t;


static void *ngx_http_hc_static_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_hc_static_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_hc_static_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_hc_static_use(ngx_conf_t *cf,
    ngx_http_hc_static_conf_t *conf);
static char *ngx_http_hc_static_named(ngx_conf_t *cf,
    ngx_http_hc_static_conf_t *conf, ngx_http_core_srv_conf_t *server);
static ngx_uint_t ngx_http_hc_static_within(ngx_str_t *dir, ngx_str_t *other);
static char *ngx_http_hc_static(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_hc_static_dir(ngx_conf_t *cf,
    ngx_http_hc_static_conf_t *hscf, ngx_str_t *value);
static char *ngx_http_hc_static_params(ngx_conf_t *cf,
    ngx_http_hc_static_conf_t *hscf);
static char *ngx_http_hc_static_param(ngx_http_hc_static_conf_t *hscf,
    ngx_str_t *value);


static ngx_command_t  ngx_http_hc_static_commands[] = {

    { ngx_string("hc_static"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1234,
      ngx_http_hc_static,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_hc_static_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_http_hc_static_create_main_conf,   /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_hc_static_create_loc_conf,    /* create location configuration */
    ngx_http_hc_static_merge_loc_conf      /* merge location configuration */
};


ngx_module_t  ngx_http_hc_static_module = {
    NGX_MODULE_V1,
    &ngx_http_hc_static_module_ctx,        /* module context */
    ngx_http_hc_static_commands,           /* module directives */
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


static void *
ngx_http_hc_static_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_hc_static_main_conf_t  *hsmcf;

    hsmcf = ngx_pcalloc(cf->pool, sizeof(*hsmcf));
    if (hsmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&hsmcf->dirs, cf->pool, 2,
                       sizeof(ngx_hc_publish_dir_t *)) != NGX_OK
        || ngx_array_init(&hsmcf->uses, cf->pool, 2,
                          sizeof(ngx_http_hc_static_use_t)) != NGX_OK)
    {
        return NULL;
    }

    return hsmcf;
}


static void *
ngx_http_hc_static_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_hc_static_conf_t));
}


static char *
ngx_http_hc_static_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_hc_static_conf_t  *prev = parent;
    ngx_http_hc_static_conf_t  *conf = child;

    if (conf->dir.data == NULL) {
        *conf = *prev;
    }

    if (conf->write && conf->publish == NULL) {
        return ngx_http_hc_static_use(cf, conf);
    }

    return NGX_CONF_OK;
}


/* What several locations of one server name is one directory; a server inherits
 * that of http, but two of them cannot. */

static char *
ngx_http_hc_static_use(ngx_conf_t *cf, ngx_http_hc_static_conf_t *conf)
{
    const char                      *why;
    ngx_uint_t                       i;
    ngx_http_core_srv_conf_t        *server;
    ngx_http_hc_static_use_t        *use;
    ngx_http_hc_static_main_conf_t  *hsmcf;

    server = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
    hsmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_static_module);
    use = hsmcf->uses.elts;

    for (i = 0; i < hsmcf->uses.nelts; i++) {

        if (!ngx_http_hc_static_within(&use[i].conf->dir, &conf->dir)
            && !ngx_http_hc_static_within(&conf->dir, &use[i].conf->dir))
        {
            continue;
        }

        if (use[i].server != server) {
            why = "is written by another server, too: each host needs a "
                  "directory of its own";

        } else if (use[i].conf->dir.len != conf->dir.len) {
            why = "is written inside another one that is";

        } else if (use[i].conf->max_files != conf->max_files
                   || use[i].conf->max_size != conf->max_size)
        {
            why = "has other parameters elsewhere";

        } else {
            conf->publish = use[i].dir;
            return NGX_CONF_OK;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "hc_static directory \"%V\" %s in %s:%ui", &conf->dir,
                      why, conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    return ngx_http_hc_static_named(cf, conf, server);
}


static char *
ngx_http_hc_static_named(ngx_conf_t *cf, ngx_http_hc_static_conf_t *conf,
    ngx_http_core_srv_conf_t *server)
{
    ngx_str_t                       *name = &server->server_name;
    ngx_hc_publish_dir_t           **dir;
    ngx_hc_publish_options_t         options;
    ngx_http_hc_static_use_t        *use;
    ngx_http_hc_static_main_conf_t  *hsmcf;

    if (name->len == 0 || name->data[0] == '~'
        || ngx_strlchr(name->data, name->data + name->len, '*'))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "hc_static write needs a server_name that begins with "
                      "the one host whose files these are in %s:%ui",
                      conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    options.path = conf->dir;
    options.max_files = conf->max_files;
    options.max_size = conf->max_size;

    conf->publish = ngx_hc_publish_add(cf, &options,
                                       &ngx_http_hc_static_module);

    hsmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_static_module);
    dir = ngx_array_push(&hsmcf->dirs);
    use = ngx_array_push(&hsmcf->uses);

    if (conf->publish == NULL || dir == NULL || use == NULL) {
        return NGX_CONF_ERROR;
    }

    *dir = conf->publish;

    use->dir = conf->publish;
    use->conf = conf;
    use->server = server;

    return NGX_CONF_OK;
}


/* 1: dir is other, or below it. */

static ngx_uint_t
ngx_http_hc_static_within(ngx_str_t *dir, ngx_str_t *other)
{
    return dir->len >= other->len
           && ngx_memcmp(dir->data, other->data, other->len) == 0
           && (dir->len == other->len || dir->data[other->len] == '/');
}


ngx_array_t *
ngx_http_hc_publish_dirs(void)
{
    ngx_http_hc_static_main_conf_t  *hsmcf;

    if (ngx_cycle->conf_ctx == NULL) {
        return NULL;
    }

    hsmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                                ngx_http_hc_static_module);

    return hsmcf ? &hsmcf->dirs : NULL;
}


static char *
ngx_http_hc_static(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_static_conf_t  *hscf = conf;

    char       *rc;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (hscf->dir.data) {
        return "is duplicate";
    }

    hscf->max_files = NGX_HTTP_HC_STATIC_FILES;
    hscf->max_size = NGX_HTTP_HC_STATIC_SIZE;
    hscf->file = cf->conf_file->file.name.data;
    hscf->line = cf->conf_file->line;

    rc = ngx_http_hc_static_params(cf, hscf);

    if (rc != NGX_CONF_OK) {
        return rc;
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&hscf->dir, "");
        return hscf->write ? "is off, there is nothing to write"
                           : NGX_CONF_OK;
    }

    return ngx_http_hc_static_dir(cf, hscf, &value[1]);
}


static char *
ngx_http_hc_static_dir(ngx_conf_t *cf, ngx_http_hc_static_conf_t *hscf,
    ngx_str_t *value)
{
    ngx_file_info_t  fi;

    if (value->len == 0) {
        return "expects a directory or \"off\"";
    }

    hscf->dir = *value;

    if (ngx_conf_full_name(cf->cycle, &hscf->dir, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    while (hscf->dir.len && hscf->dir.data[hscf->dir.len - 1] == '/') {
        hscf->dir.len--;
        hscf->dir.data[hscf->dir.len] = '\0';
    }

    if (hscf->dir.len == 0) {
        return "expects a directory other than \"/\"";
    }

    if (ngx_file_info(hscf->dir.data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           "hc_static directory \"%V\" is not there yet",
                           &hscf->dir);

    } else if (!ngx_is_dir(&fi)) {
        return "expects a directory, this is another kind of file";

    } else if (!hscf->write) {
        return ngx_http_hc_static_check(cf, &hscf->dir);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_static_params(ngx_conf_t *cf, ngx_http_hc_static_conf_t *hscf)
{
    char        *rc;
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "write") == 0) {
            hscf->write = 1;
            continue;
        }

        rc = ngx_http_hc_static_param(hscf, &value[i]);

        if (rc != NGX_CONF_OK) {
            return rc;
        }
    }

    if (cf->args->nelts > 2 && !hscf->write) {
        return "has parameters that are of \"write\", which it does not say";
    }

    if (hscf->write && !ngx_hc_publish_possible()) {
        return "cannot write: this nginx was built without threads "
               "(--with-threads)";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_hc_static_param(ngx_http_hc_static_conf_t *hscf, ngx_str_t *value)
{
    ssize_t    size;
    ngx_int_t  n;
    ngx_str_t  text;

    if (ngx_strncmp(value->data, "max_files=", 10) == 0) {
        n = ngx_atoi(value->data + 10, value->len - 10);

        if (n == NGX_ERROR || n == 0) {
            return "expects max_files=number, 1 or more";
        }

        hscf->max_files = (ngx_uint_t) n;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value->data, "max_size=", 9) == 0) {
        text.data = value->data + 9;
        text.len = value->len - 9;
        size = ngx_parse_size(&text);

        if (size == NGX_ERROR || size == 0
            || size > NGX_HTTP_HC_STATIC_SIZE_MAX)
        {
            return "expects max_size=size, 1 to 64m";
        }

        hscf->max_size = (size_t) size;

        return NGX_CONF_OK;
    }

    return "expects \"write\", \"max_files=number\" or \"max_size=size\" "
           "behind the directory";
}

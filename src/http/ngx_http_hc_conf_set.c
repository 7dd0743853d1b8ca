/*
 * Setters of the hc_cache* directives.
 */

#include "ngx_http_hc_conf.h"


/* hc_cache zone | off; */

char *
ngx_http_hc_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_str_t  *value;

    if (hlcf->zone != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "expects the name of an hc_zone or \"off\"";
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->zone = NULL;
        return NGX_CONF_OK;
    }

    hlcf->zone = ngx_http_hc_zone_named(cf, &value[1]);

    return hlcf->zone ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* hc_cache_l2 name | off; */

char *
ngx_http_hc_cache_l2(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_str_t                       *value;
    struct ngx_http_hc_l2_use_s     *use, **uses;
    ngx_http_hc_cache_main_conf_t   *hmcf;

    if (hlcf->l2 != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "expects the name of an hc_l2 or \"off\"";
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->l2 = NULL;
        return NGX_CONF_OK;
    }

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_cache_module);

    use = ngx_pcalloc(cf->pool, sizeof(*use));
    uses = ngx_array_push(&hmcf->l2_uses);

    if (use == NULL || uses == NULL) {
        return NGX_CONF_ERROR;
    }

    use->file = cf->conf_file->file.name.data;
    use->line = cf->conf_file->line;

    *uses = use;
    hlcf->l2_use = use;
    hlcf->l2 = ngx_http_hc_l2_named(cf, &value[1]);

    return hlcf->l2 ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_hc_cache_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_str_t                         *value;
    ngx_http_compile_complex_value_t   ccv;

    if (hlcf->key_set) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "expects a string with variables, as in $scheme$host$hc_uri";
    }

    hlcf->key_set = 1;

    if (ngx_strcmp(value[1].data, "$scheme$host$hc_uri") == 0) {
        return NGX_CONF_OK;                /* the default, spelled out */
    }

    hlcf->key = ngx_palloc(cf->pool, sizeof(*hlcf->key));
    if (hlcf->key == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ccv));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = hlcf->key;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* hc_cache_args name ... | off; */

char *
ngx_http_hc_cache_args(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    hc_str_t                       *name;
    ngx_str_t                      *value;
    ngx_uint_t                      i;
    ngx_http_hc_cache_main_conf_t  *hmcf;

    static ngx_str_t  request_uri = ngx_string("request_uri");

    if (hlcf->args != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->args = NULL;
        return NGX_CONF_OK;
    }

    hlcf->args = ngx_array_create(cf->pool, cf->args->nelts, sizeof(hc_str_t));
    if (hlcf->args == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0
            || ngx_strcmp(value[i].data, "off") == 0
            || strpbrk((char *) value[i].data, "&=?#"))
        {
            return "expects names of arguments or \"off\"";
        }

        name = ngx_array_push(hlcf->args);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = ngx_hc_str(&value[i]);
    }

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_hc_cache_module);

    hmcf->request_uri = ngx_http_get_variable_index(cf, &request_uri);
    if (hmcf->request_uri == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_hc_cache_min_uses(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_hc_cache_conf_t  *hlcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (hlcf->min_uses != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > 255) {
        return "expects a number from 1 to 255";
    }

    hlcf->min_uses = (ngx_uint_t) n;

    return NGX_CONF_OK;
}


char *
ngx_http_hc_cache_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t    ms;
    ngx_str_t   *value;
    ngx_msec_t  *field;

    field = (ngx_msec_t *) ((char *) conf + cmd->offset);

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;
    ms = ngx_http_hc_parse_time(&value[1]);

    if (ms == NGX_ERROR) {
        return "expects a time from 0 to 49d, as in 500ms, 5s or 10m";
    }

    *field = (ngx_msec_t) ms;

    return NGX_CONF_OK;
}


/* One or several of the words in cmd->post. */

char *
ngx_http_hc_cache_words(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char              *p, allowed[256];
    ngx_str_t           *value;
    ngx_uint_t           i, *field;
    ngx_http_hc_word_t  *word;

    field = (ngx_uint_t *) ((char *) conf + cmd->offset);

    if (*field != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    *field = 0;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (word = cmd->post; word->name.len; word++) {
            if (ngx_strcmp(value[i].data, word->name.data) == 0) {
                *field |= word->value;
                break;
            }
        }

        if (word->name.len && (word->value || cf->args->nelts == 2)) {
            continue;
        }

        if (word->name.len) {
            return "expects \"off\" alone";
        }

        p = allowed;

        for (word = cmd->post; word->name.len; word++) {
            p = ngx_slprintf(p, allowed + sizeof(allowed), " %V", &word->name);
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"%V\" in \"%V\", allowed are:%*s",
                           &value[i], &cmd->name, p - allowed, allowed);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}

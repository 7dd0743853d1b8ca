/*
 * What every file that knows nginx starts with: nginx core, the shared
 * vocabulary, assertions and the differences between versions of nginx.
 *
 * Layer: ngx_hc_, vocabulary.  The only place that asks for nginx_version.
 */

#ifndef NGX_HC_BASE_H_INCLUDED_
#define NGX_HC_BASE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "hc_base.h"


#if (nginx_version < 1022000)
#error nginx 1.22.0 or later is needed
#endif


#define ngx_hc_assert(x)  hc_assert(x)


static ngx_inline hc_str_t
ngx_hc_str(const ngx_str_t *s)
{
    return hc_str(s->data, s->len);
}


/* For formats and calls that only read: the bytes are still not owned. */

static ngx_inline ngx_str_t
ngx_hc_ngx_str(hc_str_t s)
{
    ngx_str_t  str;

    str.data = (u_char *) s.data;
    str.len = s.len;

    return str;
}


/* Is it one of the list, in any case?  The list ends with an empty string. */

static ngx_inline ngx_uint_t
ngx_hc_name_in(const ngx_str_t *name, const ngx_str_t *list)
{
    for ( /* void */ ; list->len; list++) {
        if (name->len == list->len
            && ngx_strncasecmp(name->data, list->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* The first header field of that name, in any case; NULL: there is none. */

static ngx_inline ngx_table_elt_t *
ngx_hc_header_find(ngx_list_part_t *part, hc_str_t name)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash
                && h[i].key.len == name.len
                && ngx_strncasecmp(h[i].key.data, (u_char *) name.data,
                                   name.len) == 0)
            {
                return &h[i];
            }
        }
    }

    return NULL;
}


/* As ngx_cpymem(), of a string that may be empty and then has no bytes. */

static ngx_inline u_char *
ngx_hc_cpystr(u_char *p, const ngx_str_t *s)
{
    return s->len ? ngx_cpymem(p, s->data, s->len) : p;
}


/* For buffers that are not to be sent: to their owner they count as sent. */

static ngx_inline void
ngx_hc_chain_consume(ngx_chain_t *cl)
{
    for ( /* void */ ; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }
}


/* What else came by PROXY protocol; NULL where nginx does not keep it. */

#if (nginx_version >= 1023002)
#define ngx_hc_proxy_protocol_tlvs(pp)  (&(pp)->tlvs)
#else
#define ngx_hc_proxy_protocol_tlvs(pp)  ((ngx_str_t *) NULL)
#endif


/*
 * Repeated header fields: nginx 1.23 links elements, before that an array
 * points at them.
 */

#if (nginx_version >= 1023000)

typedef ngx_table_elt_t  *ngx_hc_header_list_t;

#define ngx_hc_header_single(h)  (h)->next = NULL
#define ngx_hc_has_cookie(r)     ((r)->headers_in.cookie != NULL)


static ngx_inline ngx_int_t
ngx_hc_header_append(ngx_pool_t *pool, ngx_hc_header_list_t *list,
    ngx_table_elt_t *h)
{
    while (*list) {
        list = &(*list)->next;
    }

    h->next = NULL;
    *list = h;

    return NGX_OK;
}

#else

typedef ngx_array_t  ngx_hc_header_list_t;

#define ngx_hc_header_single(h)
#define ngx_hc_has_cookie(r)     ((r)->headers_in.cookies.nelts != 0)


static ngx_inline ngx_int_t
ngx_hc_header_append(ngx_pool_t *pool, ngx_hc_header_list_t *list,
    ngx_table_elt_t *h)
{
    ngx_table_elt_t  **ph;

    if (list->elts == NULL
        && ngx_array_init(list, pool, 1, sizeof(ngx_table_elt_t *)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ph = ngx_array_push(list);
    if (ph == NULL) {
        return NGX_ERROR;
    }

    *ph = h;

    return NGX_OK;
}

#endif


#endif /* NGX_HC_BASE_H_INCLUDED_ */

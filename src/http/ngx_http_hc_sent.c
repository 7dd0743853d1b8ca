/*
 * What the app was sent, where nginx shows it: behind proxy_pass, by HTTP/1.
 *
 * An answer is told apart by fields the client sent (hc_vary).  Where
 * proxy_set_header made the app see another value of one, the answer is for
 * that value, which no later request can be asked for; so it is not stored.
 */

#include "ngx_http_hc_fill.h"


typedef struct {
    ngx_http_hc_ctx_t  *ctx;
    hc_str_t            head;             /* lines, without the first one */
} ngx_http_hc_sent_t;


static ngx_uint_t ngx_http_hc_sent_head(ngx_http_request_t *r,
    hc_str_t *head);
static size_t ngx_http_hc_sent_lines(void *data, hc_str_t name,
    hc_str_t *lines, size_t max);
static ngx_uint_t ngx_http_hc_sent_is_own(ngx_http_hc_ctx_t *ctx,
    hc_str_t name);
static ngx_uint_t ngx_http_hc_sent_line(hc_str_t *rest, hc_str_t *line);
static ngx_uint_t ngx_http_hc_sent_value(hc_str_t line, hc_str_t name,
    hc_str_t *value);


/* The key has what Vary adds to it by now. */

ngx_uint_t
ngx_http_hc_sent_otherwise(ngx_http_hc_ctx_t *ctx, const hc_vary_t *v)
{
    int                 n;
    u_char              text[HC_ENTRY_VARIANT_MAX];
    hc_str_t            said;
    ngx_http_hc_sent_t  sent;

    sent.ctx = ctx;

    if (!ngx_http_hc_sent_head(ctx->request, &sent.head)) {
        return 0;
    }

    said = hc_str(ctx->key.variant.data + ctx->base.len,
                  ctx->key.variant.len - ctx->base.len);

    n = hc_vary_secondary(v, ngx_http_hc_sent_lines, &sent, text,
                          sizeof(text));

    return n <= 0 || !hc_str_eq(said, hc_str(text, (size_t) n));
}


/* Not of a request by another protocol: 0. */

static ngx_uint_t
ngx_http_hc_sent_head(ngx_http_request_t *r, hc_str_t *head)
{
    hc_str_t     line;
    ngx_chain_t  *cl;

    static u_char  version[] = " HTTP/1.";

    cl = r->upstream ? r->upstream->request_bufs : NULL;

    if (cl == NULL || !ngx_buf_in_memory(cl->buf)) {
        return 0;
    }

    *head = hc_str(cl->buf->start, (size_t) (cl->buf->last - cl->buf->start));

    return ngx_http_hc_sent_line(head, &line)
           && line.len > sizeof(version)
           && ngx_memcmp(line.data + line.len - sizeof(version), version,
                         sizeof(version) - 1)
              == 0;
}


static size_t
ngx_http_hc_sent_lines(void *data, hc_str_t name, hc_str_t *lines, size_t max)
{
    size_t               n;
    hc_str_t             rest, line, value;
    ngx_http_hc_sent_t  *sent = data;

    if (ngx_http_hc_sent_is_own(sent->ctx, name)) {
        return ngx_http_hc_request_lines(sent->ctx->request, name, lines, max);
    }

    n = 0;
    rest = sent->head;

    while (ngx_http_hc_sent_line(&rest, &line) && line.len) {

        if (!ngx_http_hc_sent_value(line, name, &value)) {
            continue;
        }

        if (n < max) {
            lines[n] = value;
        }

        n++;
    }

    return n;
}


/* Set for every app, from what the key has. */

static ngx_uint_t
ngx_http_hc_sent_is_own(ngx_http_hc_ctx_t *ctx, hc_str_t name)
{
    static const hc_str_t  host = hc_string("host");
    static const hc_str_t  proto = hc_string("x-forwarded-proto");

    return hc_str_eq(name, host)
           || (ctx->conf->key == NULL && hc_str_eq(name, proto));
}


static ngx_uint_t
ngx_http_hc_sent_line(hc_str_t *rest, hc_str_t *line)
{
    const u_char  *end;

    end = rest->len ? memchr(rest->data, LF, rest->len) : NULL;

    if (end == NULL) {
        return 0;
    }

    *line = hc_str(rest->data, (size_t) (end - (u_char *) rest->data));
    rest->data += line->len + 1;
    rest->len -= line->len + 1;

    if (line->len && line->data[line->len - 1] == CR) {
        line->len--;
    }

    return 1;
}


static ngx_uint_t
ngx_http_hc_sent_value(hc_str_t line, hc_str_t name, hc_str_t *value)
{
    if (line.len <= name.len
        || line.data[name.len] != ':'
        || ngx_strncasecmp((u_char *) line.data, (u_char *) name.data,
                           name.len)
           != 0)
    {
        return 0;
    }

    *value = hc_str(line.data + name.len + 1, line.len - name.len - 1);

    while (value->len && value->data[0] == ' ') {
        value->data++;
        value->len--;
    }

    return 1;
}

/*
 * One whole object or array, checked as it passes.
 *
 * yajl bounds neither depth nor the length of a token, so both are bounded
 * here.  A token that is cut by the end of a piece is kept and read again from
 * its beginning with every further piece: without the bound the work would
 * grow with the square of its length.  Numbers stay text; converting one like
 * 1e999999999 is work for nothing.
 */

#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "hc_json.h"


#define HC_JSON_TOKEN_MAX  65536


struct hc_json_s {
    yajl_handle  yajl;
    size_t       since;          /* bytes fed since the last token ended */
    unsigned     depth;
    unsigned     moved:1;        /* a token ended in this piece */
    unsigned     whole:1;        /* the outermost value has ended */
    unsigned     failed:1;
};


/* A value that stands alone is refused: cut, it could still be valid. */

static int
hc_json_scalar(hc_json_t *j, size_t len)
{
    j->moved = 1;

    return j->depth > 0 && len <= HC_JSON_TOKEN_MAX;
}


static int
hc_json_null(void *ctx)
{
    return hc_json_scalar(ctx, 0);
}


static int
hc_json_boolean(void *ctx, int value)
{
    (void) value;

    return hc_json_scalar(ctx, 0);
}


static int
hc_json_number(void *ctx, const char *text, size_t len)
{
    (void) text;

    return hc_json_scalar(ctx, len);
}


static int
hc_json_string(void *ctx, const unsigned char *text, size_t len)
{
    (void) text;

    return hc_json_scalar(ctx, len);
}


static int
hc_json_begin(void *ctx)
{
    hc_json_t  *j = ctx;

    j->moved = 1;

    return ++j->depth <= HC_JSON_DEPTH;
}


static int
hc_json_end(void *ctx)
{
    hc_json_t  *j = ctx;

    j->moved = 1;

    hc_assert(j->depth > 0);

    if (--j->depth == 0) {
        j->whole = 1;
    }

    return 1;
}


static const yajl_callbacks  hc_json_callbacks = {
    hc_json_null,
    hc_json_boolean,
    NULL,                        /* integer: see number */
    NULL,                        /* double */
    hc_json_number,
    hc_json_string,
    hc_json_begin,
    hc_json_string,              /* a key of a map */
    hc_json_end,
    hc_json_begin,
    hc_json_end
};


hc_json_t *
hc_json_create(void)
{
    hc_json_t  *j;

    j = calloc(1, sizeof(*j));
    if (j == NULL) {
        return NULL;
    }

    j->yajl = yajl_alloc(&hc_json_callbacks, NULL, j);
    if (j->yajl == NULL) {
        free(j);
        return NULL;
    }

    return j;
}


int
hc_json_feed(hc_json_t *j, const void *data, size_t len)
{
    if (j->failed || len == 0) {
        return !j->failed;
    }

    j->moved = 0;

    if (yajl_parse(j->yajl, data, len) != yajl_status_ok) {
        j->failed = 1;
        return 0;
    }

    j->since = j->moved ? len : j->since + len;

    if (j->since > HC_JSON_TOKEN_MAX && !j->moved) {
        j->failed = 1;
        return 0;
    }

    return 1;
}


int
hc_json_finish(hc_json_t *j)
{
    if (!j->failed && yajl_complete_parse(j->yajl) != yajl_status_ok) {
        j->failed = 1;
    }

    return !j->failed && j->whole;
}


void
hc_json_destroy(hc_json_t *j)
{
    if (j == NULL) {
        return;
    }

    yajl_free(j->yajl);
    free(j);
}

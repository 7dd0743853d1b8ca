/*
 * Canonical order of query arguments.
 *
 * The number of pieces is bounded, so that the spans fit on the stack and the
 * work a client can ask for stays small: a binary search and one move for
 * each piece, and no search at all for a query that comes sorted.
 */

#include "hc_args.h"


typedef struct {
    hc_str_t  text;              /* name=value, as it came */
    size_t    name_len;
} hc_arg_t;


/* Takes the next piece that is not empty.  0: end. */

static int
hc_args_next(hc_str_t *rest, hc_arg_t *arg)
{
    size_t  n;

    while (rest->len && rest->data[0] == '&') {
        rest->data++;
        rest->len--;
    }

    if (rest->len == 0) {
        return 0;
    }

    arg->text.data = rest->data;
    arg->name_len = SIZE_MAX;

    for (n = 0; n < rest->len && rest->data[n] != '&'; n++) {
        if (rest->data[n] == '=' && arg->name_len == SIZE_MAX) {
            arg->name_len = n;
        }
    }

    arg->text.len = n;
    arg->name_len = hc_min(arg->name_len, n);

    rest->data += n;
    rest->len -= n;

    return 1;
}


static int
hc_args_allowed(const hc_arg_t *arg, const hc_str_t *allowed, size_t n)
{
    size_t    i;
    hc_str_t  name;

    if (allowed == NULL) {
        return 1;
    }

    name = hc_str(arg->text.data, arg->name_len);

    for (i = 0; i < n; i++) {
        if (hc_str_eq(name, allowed[i])) {
            return 1;
        }
    }

    return 0;
}


/* 1: a's name comes after b's. */

static int
hc_args_after(const hc_arg_t *a, const hc_arg_t *b)
{
    int     rc;
    size_t  n;

    n = hc_min(a->name_len, b->name_len);

    rc = n ? memcmp(a->text.data, b->text.data, n) : 0;

    return rc ? rc > 0 : a->name_len > b->name_len;
}


/* Behind all arguments of the same name: the sort is stable. */

static void
hc_args_insert(hc_arg_t *args, size_t n, const hc_arg_t *arg)
{
    size_t  low, high, mid;

    low = 0;
    high = n;

    if (n && !hc_args_after(&args[n - 1], arg)) {
        low = n;
    }

    while (low < high) {
        mid = low + (high - low) / 2;

        if (hc_args_after(&args[mid], arg)) {
            high = mid;

        } else {
            low = mid + 1;
        }
    }

    memmove(&args[low + 1], &args[low], (n - low) * sizeof(hc_arg_t));

    args[low] = *arg;
}


static size_t
hc_args_join(const hc_arg_t *args, size_t n, unsigned char *out)
{
    size_t          i;
    unsigned char  *p;

    p = out;

    for (i = 0; i < n; i++) {
        if (i) {
            *p++ = '&';
        }

        memcpy(p, args[i].text.data, args[i].text.len);
        p += args[i].text.len;
    }

    return p - out;
}


int64_t
hc_args_sort(hc_str_t args, const hc_str_t *allowed, size_t n,
    unsigned char *out)
{
    size_t    seen, kept;
    hc_arg_t  arg, list[HC_ARGS_MAX];

    seen = 0;
    kept = 0;

    while (hc_args_next(&args, &arg)) {

        if (++seen > HC_ARGS_MAX) {
            return -1;
        }

        if (hc_args_allowed(&arg, allowed, n)) {
            hc_args_insert(list, kept++, &arg);
        }
    }

    return hc_args_join(list, kept, out);
}

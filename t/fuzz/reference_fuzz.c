/*
 * Location against the target of a request.
 *
 * The input is a reference, and once more a target, a host and a reference, a
 * line each.
 */

#include "fuzz_main.h"
#include "../../src/policy/hc_reference.h"


/* No byte of a line that ends too early, no fragment, no segment of dots. */

static void
is_target(hc_str_t s, int clean)
{
    size_t  i, from;

    fuzz_assert(s.len && s.data[0] == '/');

    for (i = 0; i < s.len && clean; i++) {
        fuzz_assert(s.data[i] > 0x20 && s.data[i] < 0x7f);
        fuzz_assert(s.data[i] != '#' && s.data[i] != '\\');
    }

    for (from = 1, i = 1; i <= s.len && clean; i++) {

        if (i == s.len || s.data[i] == '/' || s.data[i] == '?') {
            fuzz_assert(i - from != 1 || s.data[from] != '.');
            fuzz_assert(i - from != 2 || s.data[from] != '.'
                        || s.data[from + 1] != '.');
            from = i + 1;
        }

        if (i < s.len && s.data[i] == '?') {
            break;
        }
    }
}


static size_t
resolve(const hc_base_uri_t *base, hc_str_t reference, uint8_t **out)
{
    size_t  len, room;

    room = hc_reference_room(base, reference);

    *out = malloc(room);
    if (*out == NULL) {
        abort();
    }

    len = hc_reference_resolve(base, reference, *out);
    fuzz_assert(len <= room);

    return len;
}


/* A target that came out stands for itself, behind its origin. */

static void
stands(hc_str_t target)
{
    size_t         len;
    uint8_t       *out, *uri;
    hc_base_uri_t  base;

    base.scheme = hc_str("http", 4);
    base.host = hc_str("a", 1);
    base.target = hc_str("/x/y?z", 6);

    uri = malloc(8 + target.len);
    if (uri == NULL) {
        abort();
    }

    memcpy(uri, "http://A", 8);
    memcpy(uri + 8, target.data, target.len);

    len = resolve(&base, hc_str(uri, 8 + target.len), &out);
    fuzz_assert(hc_str_eq(hc_str(out, len), target));

    free(out);
    free(uri);
}


static void
of_a_plain_base(hc_str_t reference)
{
    size_t         len;
    uint8_t       *out;
    hc_base_uri_t  base;

    base.scheme = hc_str("http", 4);
    base.host = hc_str("example.com:8080", 16);
    base.target = hc_str("/b/c/d;p?q", 10);

    len = resolve(&base, reference, &out);

    if (len) {
        is_target(hc_str(out, len), 1);
        stands(hc_str(out, len));
    }

    free(out);
}


static hc_str_t
next_line(hc_str_t *rest)
{
    size_t    n;
    hc_str_t  line;

    for (n = 0; n < rest->len && rest->data[n] != '\n'; n++) { /* void */ }

    line = hc_str(rest->data, n);
    n = hc_min(n + 1, rest->len);
    rest->data += n;
    rest->len -= n;

    return line;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t         len;
    uint8_t       *out;
    hc_str_t       rest;
    hc_base_uri_t  base;

    of_a_plain_base(hc_str(data, size));

    rest = hc_str(data, size);
    base.scheme = hc_str("HTTPS", 5);
    base.target = next_line(&rest);
    base.host = next_line(&rest);

    len = resolve(&base, rest, &out);

    if (len) {
        is_target(hc_str(out, len), 0);
    }

    free(out);

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    static const char *const  seeds[] = {
        "../../g/./h?y#s",
        "http://EXAMPLE.com:8080/a/%2e./../b",
        "//example.com:8080?x",
        "/a/b?c\n[::1]:443\nhttps://[::1]/x/../y",
        "/a/b\nexample.com\n//user@example.com/",
    };

    if (n >= sizeof(seeds) / sizeof(seeds[0])) {
        return 0;
    }

    memcpy(out, seeds[n], strlen(seeds[n]));

    return strlen(seeds[n]);
}

#endif

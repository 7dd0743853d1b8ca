/*
 * An index of variants that somebody else wrote.
 *
 * Whatever the body, a variant can be put in front of it, and what is written
 * then is an index that says so.
 */

#include "fuzz_main.h"
#include "../../src/policy/hc_variants.h"


static void
put(hc_str_t body, const hc_vary_t *v, hc_str_t secondary, size_t room)
{
    int             known;
    size_t          len;
    hc_variants_t   before, after, dropped;
    unsigned char  *out;

    out = malloc(room ? room : 1);
    if (out == NULL) {
        abort();
    }

    (void) hc_variants_read(&before, body);
    known = hc_variants_find(&before, secondary) != -1;

    len = hc_variants_put(body, v, secondary, out, room, &dropped);
    fuzz_assert(len <= room);

    if (len == 0) {
        fuzz_assert(dropped.n == 0);
        free(out);
        return;
    }

    fuzz_assert(hc_variants_read(&after, hc_str(out, len)));
    fuzz_assert(hc_str_eq(after.names, hc_vary_names(v)));
    fuzz_assert(hc_variants_find(&after, secondary) == 0);
    fuzz_assert(hc_variants_find(&dropped, secondary) == -1);
    fuzz_assert(after.n + dropped.n <= before.n + 1);
    fuzz_assert(known || after.n + dropped.n == before.n + 1);

    free(out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int            sound;
    size_t         i;
    hc_str_t       body;
    hc_vary_t      v, other;
    hc_variants_t  index;

    body = hc_str(data, size);

    sound = hc_variants_read(&index, body);
    fuzz_assert(sound == hc_variants_names(body, &v));
    fuzz_assert(sound || (index.n == 0 && index.names.len == 0 && v.n == 0));
    fuzz_assert(index.n <= HC_VARIANTS_MAX);

    for (i = 0; i < index.n; i++) {
        fuzz_assert(hc_variants_find(&index, index.list[i]) <= (int) i);
        put(body, &v, index.list[i], size);
    }

    hc_vary_init(&other);
    hc_vary_add(&other, hc_str("foo", 3));

    put(body, &v, hc_str("\nv\na:1", 6), size + 8);
    put(body, &v, hc_str("\nv\na:1", 6), size);
    put(body, &other, hc_str("\nv\nfoo:1", 8), size);
    put(body, &other, hc_str("\nv\nfoo:1", 8), HC_VARIANTS_ROOM(8));

    hc_variants_join(body, &other);
    fuzz_assert(other.any || other.n >= v.n);
    put(body, &other, hc_str("\nv\nfoo:1", 8), size);

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    size_t         len;
    unsigned       i;
    char           text[32];
    uint8_t        body[4096];
    hc_vary_t      v;
    hc_variants_t  dropped;

    static const unsigned  counts[] = { 1, 2, 31, 32 };

    if (n >= sizeof(counts) / sizeof(counts[0])) {
        return 0;
    }

    hc_vary_init(&v);
    hc_vary_add(&v, hc_str("b,a", 3));

    for (len = 0, i = 0; i < counts[n]; i++) {
        memcpy(body, out, len);
        len = hc_variants_put(hc_str(body, len), &v,
                              hc_str(text, sprintf(text, "\nv\na:%u\nb", i)),
                              out, FUZZ_MAX, &dropped);
    }

    return len;
}

#endif

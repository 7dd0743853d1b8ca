/*
 * The names of Vary and the values of the fields they name.
 *
 * The first line is a Vary; those behind it are lines of a request's field.
 */

#include "fuzz_main.h"
#include "../../src/policy/hc_vary.h"


#define LINES_MAX  80


typedef struct {
    hc_str_t  lines[LINES_MAX];
    size_t    n;
    size_t    bytes;
} field_t;


/* What is kept is as reading it again would keep it. */

static void
names(hc_str_t line, hc_vary_t *v)
{
    size_t     n;
    hc_str_t   rest, name, last;
    hc_vary_t  again;

    hc_vary_init(v);
    hc_vary_add(v, line);

    fuzz_assert(v->len <= HC_VARY_TEXT_MAX && v->n <= HC_VARY_NAMES_MAX);

    rest = hc_vary_names(v);
    last = hc_str(NULL, 0);

    for (n = 0; hc_vary_next(&rest, &name); n++) {
        fuzz_assert(memchr(name.data, '*', name.len) == NULL || name.len > 1);

        if (n) {
            fuzz_assert(memcmp(last.data, name.data,
                               hc_min(last.len, name.len)) <= 0);
            fuzz_assert(!hc_str_eq(last, name));
        }

        last = name;
    }

    fuzz_assert(n == v->n);

    hc_vary_init(&again);
    hc_vary_add(&again, hc_vary_names(v));
    fuzz_assert(!again.any);
    fuzz_assert(hc_str_eq(hc_vary_names(&again), hc_vary_names(v)));

    hc_vary_union(&again, v);
    fuzz_assert(again.any == v->any && again.len == v->len);
}


/* In the room that is promised to suffice.  Of one line without quotes the
 * value is its own value. */

static void
value(const char *name, const field_t *field)
{
    size_t          len, again;
    hc_str_t        id, line;
    unsigned char  *out, *second;

    id = hc_str(name, strlen(name));

    out = malloc(field->bytes + field->n + 1);
    second = malloc(field->bytes + field->n + 2);

    if (out == NULL || second == NULL) {
        abort();
    }

    len = hc_vary_value(id, field->lines, field->n, out);
    fuzz_assert(len <= field->bytes + field->n);

    if (field->n == 1 && memchr(out, '"', len) == NULL) {
        line = hc_str(out, len);
        again = hc_vary_value(id, &line, 1, second);
        fuzz_assert(hc_str_eq(hc_str(second, again), line));
    }

    free(out);
    free(second);
}


static size_t
get(void *data, hc_str_t name, hc_str_t *lines, size_t max)
{
    size_t          i;
    const field_t  *field;

    field = data;

    if (name.data[0] == 'x') {
        return 0;
    }

    for (i = 0; i < field->n && i < max; i++) {
        lines[i] = field->lines[i];
    }

    return field->n;
}


/* As many line breaks as names: no value brings one of its own. */

static void
secondary(const hc_vary_t *v, field_t *field, size_t room)
{
    int             n, i, breaks;
    unsigned char  *out;

    out = malloc(room ? room : 1);
    if (out == NULL) {
        abort();
    }

    n = hc_vary_secondary(v, get, field, out, room);

    fuzz_assert(n == -1 || (n >= 2 && (size_t) n <= room));
    fuzz_assert(n == -1 || !v->any);

    for (breaks = 0, i = 0; i < n; i++) {
        breaks += out[i] == '\n';
    }

    fuzz_assert(n == -1 || breaks == 1 + v->n);

    free(out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i, start, k;
    field_t         field;
    hc_vary_t       v;
    hc_str_t        line;

    memset(&field, 0, sizeof(field));
    names(hc_str(data, 0), &v);

    for (k = 0, start = 0, i = 0; i <= size; i++) {

        if (i < size && data[i] != '\n') {
            continue;
        }

        line = hc_str(data + start, i - start);
        start = i + 1;

        if (k++ == 0) {
            names(line, &v);

        } else if (field.n < LINES_MAX) {
            field.lines[field.n++] = line;
            field.bytes += line.len;
        }
    }

    value("accept", &field);
    value("accept-language", &field);
    value("foo", &field);
    value("cookie", &field);

    secondary(&v, &field, size);
    secondary(&v, &field, 4095);

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    static const char *const  seeds[] = {
        "Foo, Bar, Baz\n1, 2\n 3 ,4",
        "a,b,c,d,e,f,g,h,i",
        "Accept\ntext/html;Level=1;q=0.50, */*;q=0.8 , a/b;x=\"1, 2\"",
        "accept-language\nen-GB,en;q=0.9,*;q=0.1",
        "*",
        "x-a, b\n\"a, \\\" b\", c",
    };

    if (n >= sizeof(seeds) / sizeof(seeds[0])) {
        return 0;
    }

    memcpy(out, seeds[n], strlen(seeds[n]));

    return strlen(seeds[n]);
}

#endif

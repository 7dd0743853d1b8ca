/*
 * Cache-Groups, and Cache-Status as it is written.
 *
 * Each is a Structured Field: what is written is parsed again.
 */

#include "fuzz_main.h"
#include "../../src/policy/hc_cache_status.h"
#include "../../src/policy/hc_groups.h"
#include "../../src/policy/hc_structured.h"


static int
walk(hc_str_t rest)
{
    int              n;
    hc_str_t         name;
    hc_groups_rc_e   rc;
    unsigned char   *out;

    out = malloc(HC_GROUP_LEN_MAX);
    if (out == NULL) {
        abort();
    }

    for (n = 0; /* void */ ; n++) {

        rc = hc_groups_next(&rest, out, &name);
        fuzz_assert(name.len <= HC_GROUP_LEN_MAX);

        if (rc == HC_GROUPS_END || rc == HC_GROUPS_DAMAGED) {
            break;
        }
    }

    free(out);

    return rc == HC_GROUPS_END ? n : -1;
}


/* The whole item is one member of the list, with nothing behind it. */

static void
one_member(hc_str_t text)
{
    hc_sf_value_t  item;

    fuzz_assert(hc_sf_item_next(&text, &item) == 1);
    fuzz_assert(text.len == 0);
}


static void
status(hc_str_t name, hc_str_t detail, unsigned bits, size_t room)
{
    size_t              len;
    unsigned char      *out;
    hc_cache_status_t   s;

    memset(&s, 0, sizeof(s));
    s.name = name;
    s.detail = detail;
    s.fwd = bits % HC_FWD_MAX;
    s.fwd_status = bits & 0x10 ? 200 : 0;
    s.ttl = bits & 0x20 ? -7 : (int64_t) bits * 1000003;
    s.has_ttl = bits >> 6 & 1;
    s.stored = bits >> 7 & 1;
    s.collapsed = bits >> 3 & 1;

    out = malloc(room ? room : 1);
    if (out == NULL) {
        abort();
    }

    len = hc_cache_status_format(&s, out, room);
    fuzz_assert(len <= room);

    if (len) {
        one_member(hc_str(out, len));
    }

    free(out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hc_str_t  line, lines[2];

    line = hc_str(data, size);
    lines[0] = line;
    lines[1] = line;

    fuzz_assert(walk(line) == hc_groups_count(&line, 1));
    fuzz_assert(hc_groups_count(lines, 2)
                == (walk(line) == -1 ? -1 : 2 * walk(line)));

    if (size > 2) {
        line = hc_str(data + 2, (size - 2) / 2);
        status(line, hc_str(line.data + line.len, size - 2 - line.len),
               data[0], data[1]);
        status(line, hc_str(NULL, 0), data[0], 2 * size + 128);
    }

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    static const char *const  seeds[] = {
        "\"scripts\", \"styles\";x=1;y=?0",
        "\"a\\\"b\\\\\";k=%\"f%c3\";l=:YQ==:;m=@-1",
        "\"a\";x=-1.25;y=tok/en, \"b\"",
        "\220\377hcdetail",
        "\007\377a cache\"\\x",
    };

    if (n >= sizeof(seeds) / sizeof(seeds[0])) {
        return 0;
    }

    memcpy(out, seeds[n], strlen(seeds[n]));

    return strlen(seeds[n]);
}

#endif

/*
 * What a request asks for: Accept-Encoding, Cache-Control, Pragma.
 *
 * The input is read as one line of each.
 */

#include "fuzz_main.h"
#include "../../src/policy/hc_client_control.h"
#include "../../src/policy/hc_encoding.h"


static const hc_str_t  offered[] = {
    hc_string("br"), hc_string("zstd"), hc_string("gzip")
};


#define OFFERED  (sizeof(offered) / sizeof(offered[0]))


/* Some of the offered ones, each once and in their order. */

static void
in_order(hc_str_t chosen)
{
    size_t  i;

    for (i = 0; i < OFFERED && chosen.len; i++) {

        if (chosen.len < offered[i].len
            || memcmp(chosen.data, offered[i].data, offered[i].len) != 0)
        {
            continue;
        }

        chosen.data += offered[i].len;
        chosen.len -= offered[i].len;

        if (chosen.len) {
            fuzz_assert(chosen.len > 2 && memcmp(chosen.data, ", ", 2) == 0);
            chosen.data += 2;
            chosen.len -= 2;
        }
    }

    fuzz_assert(chosen.len == 0);
}


static size_t
choose(const hc_str_t *lines, size_t n)
{
    size_t          len, room;
    unsigned char  *out;

    room = hc_encoding_room(offered, OFFERED);

    out = malloc(room);
    if (out == NULL) {
        abort();
    }

    len = hc_encoding_choose(lines, n, offered, OFFERED, out);
    fuzz_assert(len <= room);
    in_order(hc_str(out, len));

    free(out);

    return len;
}


/* Refusing on one more line never adds a coding. */

static void
codings(hc_str_t line)
{
    size_t    len;
    hc_str_t  lines[2];

    lines[0] = line;
    len = choose(lines, 1);

    lines[1] = hc_str("gzip;q=0", 8);
    fuzz_assert(choose(lines, 2) <= len);

    lines[1] = hc_str("br;q=0,zstd;q=0,gzip;q=0", 24);
    fuzz_assert(choose(lines, 2) == 0);

    lines[1] = line;
    fuzz_assert(choose(lines, 2) == len);
}


static void
allows(const hc_client_control_t *cc)
{
    int64_t              age, stale_ok;
    hc_client_verdict_e  verdict;

    for (age = 0; age < 100000; age = age * 3 + 1) {
        for (stale_ok = 0; stale_ok < 100000; stale_ok = stale_ok * 3 + 1) {

            verdict = hc_client_allows(cc, age, 9000, stale_ok);

            fuzz_assert(verdict != HC_CLIENT_USE || age < 9000);
            fuzz_assert(verdict != HC_CLIENT_STALE || age >= 9000);
            fuzz_assert(verdict != HC_CLIENT_STALE_OK
                        || (age >= 9000 && age - 9000 < stale_ok
                            && cc->max_stale != HC_SECONDS_UNSET));
            fuzz_assert(verdict == HC_CLIENT_REVALIDATE || !cc->no_cache);
        }
    }
}


static void
in_range(int64_t seconds)
{
    fuzz_assert(seconds >= HC_SECONDS_UNSET);
    fuzz_assert(seconds <= (int64_t) HC_SECONDS_MAX);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hc_client_control_t  cc, twice;

    codings(hc_str(data, size));

    hc_client_control_init(&cc);
    hc_client_control_pragma(&cc, hc_str(data, size));
    allows(&cc);

    hc_client_control_add(&cc, hc_str(data, size));
    in_range(cc.max_age);
    in_range(cc.max_stale);
    in_range(cc.min_fresh);
    allows(&cc);

    twice = cc;
    hc_client_control_add(&twice, hc_str(data, size));
    fuzz_assert(memcmp(&cc, &twice, sizeof(cc)) == 0);

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    static const char *const  seeds[] = {
        "gzip, deflate, br;q=0.9, *;q=0",
        "br;q=1.0, x-gzip ; q=0.001, identity;q=0",
        "*;q=0.5, gzip;q=0",
        ",,,,,,,,,,,,,,,,zstd",
        "no-cache, max-age=5, max-stale, min-fresh=3",
        "max-stale=\"5\", only-if-cached, no-store, x=\"a, b\"",
    };

    if (n >= sizeof(seeds) / sizeof(seeds[0])) {
        return 0;
    }

    memcpy(out, seeds[n], strlen(seeds[n]));

    return strlen(seeds[n]);
}

#endif

/*
 * Opening a stored entry that somebody else wrote.
 *
 * The input is opened as it is, and once more behind a frame with a right
 * length and CRC, as a hostile writer would send it.  What opens must be
 * exactly what sealing its view again gives.
 */

#include "fuzz_main.h"
#include "../../src/base/hc_crc32c.h"
#include "../../src/policy/hc_entry.h"


#define FRAME  HC_ENTRY_FRAME_SIZE


static void
walk(hc_str_t run)
{
    int          rc;
    size_t       i;
    unsigned     sum;
    hc_header_t  h;

    for (sum = 0; (rc = hc_header_next(&run, &h)) == 1; /* void */ ) {

        fuzz_assert(hc_header_size(h.name, h.value) != 0);
        fuzz_assert(hc_header_find(h.name) == h.id);

        for (i = 0; i < h.value.len; i++) {
            sum += h.value.data[i];
            fuzz_assert(h.value.data[i] != '\r' && h.value.data[i] != '\n');
        }
    }

    fuzz_assert(rc == 0);
    fuzz_assert(sum != UINT32_MAX);
}


static void
reseal(const hc_entry_t *e, const uint8_t *data, size_t size)
{
    uint8_t  *p;

    fuzz_assert(hc_entry_sealed_size(e) == size);

    p = malloc(size);
    if (p == NULL) {
        abort();
    }

    hc_entry_seal(e, p);
    fuzz_assert(memcmp(p, data, size) == 0);

    free(p);
}


/* Key and variant are taken from the bytes themselves, so that the comparison
 * with them does not hide the rest. */

static hc_entry_rc_e
open_any(const uint8_t *data, size_t size)
{
    size_t           at;
    hc_str_t         key, variant;
    hc_entry_t       e;
    hc_entry_rc_e    rc;
    hc_entry_core_t  core;

    key = hc_str(NULL, 0);
    variant = hc_str(NULL, 0);

    if (size >= FRAME + sizeof(core)) {
        memcpy(&core, data + FRAME, sizeof(core));

        at = FRAME + sizeof(core) + core.ntags * sizeof(hc_tag_t);

        if (at + core.key_len + core.variant_len <= size) {
            key = hc_str(data + at, core.key_len);
            variant = hc_str(data + at + core.key_len, core.variant_len);
        }
    }

    rc = hc_entry_open(&e, data, size, key, variant);

    if (rc == HC_ENTRY_OK) {
        walk(e.headers);
        reseal(&e, data, size);
    }

    return rc;
}


static void
forge(uint8_t *p, size_t size)
{
    uint32_t  field[3];

    memcpy(p, "hce1", 4);

    field[0] = HC_ENTRY_VERSION;
    field[1] = (uint32_t) size;
    memcpy(p + 4, field, 8);

    field[2] = hc_crc32c(hc_crc32c(0, p, 12), p + FRAME, size - FRAME);
    memcpy(p + 12, &field[2], 4);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t        *p;
    hc_str_t        rest;
    hc_header_t     h;
    hc_entry_rc_e   rc;

    (void) open_any(data, size);

    rest = hc_str(data, size);
    while (hc_header_next(&rest, &h) == 1) { /* void */ }

    p = malloc(FRAME + size);
    if (p == NULL) {
        abort();
    }

    if (size) {
        memcpy(p + FRAME, data, size);
    }

    forge(p, FRAME + size);

    rc = open_any(p, FRAME + size);
    fuzz_assert(rc != HC_ENTRY_OTHER_VERSION);

    free(p);

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    hc_entry_t      e;
    unsigned char   run[128], *p;

    if (n > 2) {
        return 0;
    }

    memset(&e, 0, sizeof(e));

    p = hc_header_write(run, HC_HEADER_CONTENT_TYPE,
                        hc_str("Content-Type", 12), hc_str("text/html", 9));
    p = hc_header_write(p, HC_HEADER_OTHER, hc_str("X-A", 3),
                        hc_str("\tb c", 4));

    e.core.status = 200;
    e.core.ntags = (uint8_t) n;
    e.key = hc_str("http://example.com/", 19);
    e.variant = hc_str("gzip", n ? 4 : 0);
    e.headers = hc_str(run, p - run);
    e.body = hc_str("body", 4);

    if (n == 2) {
        hc_entry_seal(&e, out);
        return hc_entry_sealed_size(&e);
    }

    hc_entry_write(&e, out);

    return hc_entry_size(&e);
}

#endif

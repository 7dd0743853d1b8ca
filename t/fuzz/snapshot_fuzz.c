/*
 * Reading a snapshot that somebody else wrote.
 *
 * The input is read as it is, and once more with ends that fit it, as a
 * hostile writer would make them.  What is read to its end must be what
 * writing the same records again gives.
 */

#include "fuzz_main.h"
#include "../../src/base/hc_crc32c.h"
#include "../../src/policy/hc_snapshot.h"


#define HEADER   HC_SNAPSHOT_HEADER_SIZE
#define TRAILER  HC_SNAPSHOT_TRAILER_SIZE


static hc_snapshot_rc_e
read_all(const uint8_t *data, size_t size)
{
    size_t               n;
    uint64_t             kept;
    hc_entry_t           e;
    hc_snapshot_t        s;
    const uint8_t       *p, *end;
    hc_snapshot_rc_e     rc;
    hc_snapshot_clock_t  clock;

    if (size < HEADER + TRAILER) {
        return HC_SNAPSHOT_DAMAGED;
    }

    end = data + size - TRAILER;
    rc = hc_snapshot_open(&s, data, end, size);

    if (rc != HC_SNAPSHOT_OK) {
        return rc;
    }

    clock.epoch = s.written_at + 1000;
    clock.now = 7;
    p = data + HEADER;

    while (hc_snapshot_rest(&s)) {
        fuzz_assert(hc_snapshot_rest(&s) == (uint64_t) (end - p));

        if (end - p < HC_ENTRY_FRAME_SIZE) {
            return HC_SNAPSHOT_DAMAGED;
        }

        n = hc_snapshot_next(&s, p);

        if (n == 0) {
            return HC_SNAPSHOT_DAMAGED;
        }

        fuzz_assert(n <= (size_t) (end - p));

        rc = hc_snapshot_take(&s, &e, p, n);

        if (rc != HC_SNAPSHOT_OK) {
            return rc;
        }

        if (hc_snapshot_thaw(&s, &e, &clock)) {
            kept = e.core.born_at + e.core.lifetime + e.core.stale_for
                   - clock.now;
            fuzz_assert(kept > 0);
            fuzz_assert(kept <= (uint64_t) e.core.lifetime + e.core.stale_for);
        }

        p += n;
    }

    return hc_snapshot_close(&s);
}


/* A right trailer for whatever lies between the ends, and a right header. */

static void
forge(uint8_t *p, size_t size)
{
    uint32_t             crc;
    hc_snapshot_t        s;
    hc_snapshot_clock_t  clock;
    uint8_t             *at, *end;

    clock.epoch = 1790000000000;
    clock.now = 7;
    end = p + size - TRAILER;

    hc_snapshot_begin(&s, &clock, p);

    for (at = p + HEADER; end - at >= HC_ENTRY_FRAME_SIZE; /* void */ ) {
        crc = hc_entry_framed(at);

        if (crc == 0 || crc > (size_t) (end - at)) {
            break;
        }

        s.crc = hc_crc32c(s.crc, at, HC_ENTRY_FRAME_SIZE);
        s.entries++;
        at += crc;
    }

    s.bytes = size - HEADER - TRAILER;
    hc_snapshot_end(&s, end);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t  *p;

    (void) read_all(data, size);

    p = malloc(HEADER + size + TRAILER);
    if (p == NULL) {
        abort();
    }

    if (size) {
        memcpy(p + HEADER, data, size);
    }

    forge(p, HEADER + size + TRAILER);
    (void) read_all(p, HEADER + size + TRAILER);

    free(p);

    return 0;
}


#if (HC_FUZZ_MAIN)

static size_t
fuzz_seed(unsigned n, uint8_t *out)
{
    uint8_t              *p;
    unsigned              i;
    hc_entry_t            e;
    hc_snapshot_t         s;
    hc_snapshot_clock_t   clock;

    if (n > 3) {
        return 0;
    }

    memset(&e, 0, sizeof(e));
    e.core.born_at = 90;
    e.core.lifetime = 1000;
    e.core.stale_for = 60000;
    e.core.status = 200;
    e.core.ntags = 2;
    e.key = hc_str("http://example.com/", 19);
    e.body = hc_str("body", 4);

    clock.epoch = 1790000000000;
    clock.now = 100;

    p = out;
    hc_snapshot_begin(&s, &clock, p);
    p += HEADER;

    for (i = 0; i < n; i++) {
        hc_snapshot_add(&s, &e, &clock, p);
        p += hc_entry_sealed_size(&e);
    }

    hc_snapshot_end(&s, p);

    return p + TRAILER - out;
}

#endif

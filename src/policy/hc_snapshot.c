/*
 * Snapshots: laid out, checked, moved between clocks.
 */

#include "hc_snapshot.h"
#include "../base/hc_crc32c.h"


#define HC_SNAPSHOT_MAGIC    0x0a0d70616e736368ULL       /* "hcsnap\r\n" */
#define HC_SNAPSHOT_ENDS     0x0a0d646e65736368ULL       /* "hcsend\r\n" */
#define HC_SNAPSHOT_RECORD   (HC_ENTRY_FRAME_SIZE + HC_ENTRY_CORE_SIZE)
#define HC_SNAPSHOT_TAGS     (HC_TAG_TARGET + 1)         /* the least */


typedef struct {
    uint64_t  magic;
    uint32_t  version;
    uint32_t  entry_version;
    uint64_t  written_at;
    uint32_t  reserved;
    uint32_t  crc;               /* of the bytes before */
} hc_snapshot_header_t;


typedef struct {
    uint64_t  magic;
    uint64_t  entries;
    uint64_t  bytes;
    uint32_t  all_crc;           /* of the header and all frames */
    uint32_t  crc;               /* of the bytes before */
} hc_snapshot_trailer_t;


_Static_assert(sizeof(hc_snapshot_header_t) == HC_SNAPSHOT_HEADER_SIZE,
               "the header is 32 bytes without padding");
_Static_assert(sizeof(hc_snapshot_trailer_t) == HC_SNAPSHOT_TRAILER_SIZE,
               "the trailer is 32 bytes without padding");


void
hc_snapshot_begin(hc_snapshot_t *s, const hc_snapshot_clock_t *clock,
    unsigned char *out)
{
    hc_snapshot_header_t  h;

    memset(s, 0, sizeof(*s));
    memset(&h, 0, sizeof(h));

    s->written_at = clock->epoch;

    h.magic = HC_SNAPSHOT_MAGIC;
    h.version = HC_SNAPSHOT_VERSION;
    h.entry_version = HC_ENTRY_VERSION;
    h.written_at = clock->epoch;
    h.crc = hc_crc32c(0, &h, offsetof(hc_snapshot_header_t, crc));

    memcpy(out, &h, sizeof(h));
    s->crc = hc_crc32c(0, &h, sizeof(h));
}


static void
hc_snapshot_count(hc_snapshot_t *s, const unsigned char *frame, size_t len)
{
    s->entries++;
    s->bytes += len;
    s->crc = hc_crc32c(s->crc, frame, HC_ENTRY_FRAME_SIZE);
}


/* born_at comes out right for an answer that is older than the machine is up,
 * too: only the distance to now counts. */

void
hc_snapshot_add(hc_snapshot_t *s, const hc_entry_t *e,
    const hc_snapshot_clock_t *clock, unsigned char *out)
{
    hc_entry_t  frozen;

    frozen = *e;
    frozen.core.born_at = clock->epoch - (clock->now - e->core.born_at);

    hc_entry_seal(&frozen, out);
    hc_snapshot_count(s, out, hc_entry_sealed_size(&frozen));
}


void
hc_snapshot_end(hc_snapshot_t *s, unsigned char *out)
{
    hc_snapshot_trailer_t  t;

    t.magic = HC_SNAPSHOT_ENDS;
    t.entries = s->entries;
    t.bytes = s->bytes;
    t.all_crc = s->crc;
    t.crc = hc_crc32c(0, &t, offsetof(hc_snapshot_trailer_t, crc));

    memcpy(out, &t, sizeof(t));
}


/* A later version may lay out all behind its version in another way. */

static hc_snapshot_rc_e
hc_snapshot_open_header(hc_snapshot_t *s, const unsigned char *header)
{
    hc_snapshot_header_t  h;

    memcpy(&h, header, sizeof(h));

    if (h.magic != HC_SNAPSHOT_MAGIC) {
        return HC_SNAPSHOT_DAMAGED;
    }

    if (h.version != HC_SNAPSHOT_VERSION) {
        return HC_SNAPSHOT_OTHER_VERSION;
    }

    if (h.crc != hc_crc32c(0, &h, offsetof(hc_snapshot_header_t, crc))) {
        return HC_SNAPSHOT_DAMAGED;
    }

    if (h.entry_version != HC_ENTRY_VERSION) {
        return HC_SNAPSHOT_OTHER_VERSION;
    }

    s->written_at = h.written_at;
    s->crc = hc_crc32c(0, &h, sizeof(h));

    return HC_SNAPSHOT_OK;
}


hc_snapshot_rc_e
hc_snapshot_open(hc_snapshot_t *s, const unsigned char *header,
    const unsigned char *trailer, uint64_t size)
{
    hc_snapshot_rc_e       rc;
    hc_snapshot_trailer_t  t;

    memset(s, 0, sizeof(*s));

    rc = hc_snapshot_open_header(s, header);

    if (rc != HC_SNAPSHOT_OK) {
        return rc;
    }

    memcpy(&t, trailer, sizeof(t));

    if (t.magic != HC_SNAPSHOT_ENDS
        || t.crc != hc_crc32c(0, &t, offsetof(hc_snapshot_trailer_t, crc))
        || size < HC_SNAPSHOT_HEADER_SIZE + HC_SNAPSHOT_TRAILER_SIZE
        || t.bytes != size - HC_SNAPSHOT_HEADER_SIZE
                      - HC_SNAPSHOT_TRAILER_SIZE)
    {
        return HC_SNAPSHOT_DAMAGED;
    }

    s->all_entries = t.entries;
    s->all_bytes = t.bytes;
    s->all_crc = t.all_crc;

    return HC_SNAPSHOT_OK;
}


size_t
hc_snapshot_next(const hc_snapshot_t *s, const unsigned char *frame)
{
    uint32_t  len;

    len = hc_entry_framed(frame);

    if (len < HC_SNAPSHOT_RECORD || len > hc_snapshot_rest(s)) {
        return 0;
    }

    return len;
}


/* An entry without the tags that all have could never be invalidated. */

hc_snapshot_rc_e
hc_snapshot_take(hc_snapshot_t *s, hc_entry_t *e, const unsigned char *record,
    size_t len)
{
    if (len > hc_snapshot_rest(s)) {
        return HC_SNAPSHOT_DAMAGED;
    }

    switch (hc_entry_open_any(e, record, len)) {

    case HC_ENTRY_OK:
        break;

    case HC_ENTRY_OTHER_VERSION:
        return HC_SNAPSHOT_OTHER_VERSION;

    default:
        return HC_SNAPSHOT_DAMAGED;
    }

    if (e->core.ntags < HC_SNAPSHOT_TAGS) {
        return HC_SNAPSHOT_DAMAGED;
    }

    hc_snapshot_count(s, record, len);

    return HC_SNAPSHOT_OK;
}


hc_snapshot_rc_e
hc_snapshot_close(const hc_snapshot_t *s)
{
    return s->bytes == s->all_bytes
           && s->entries == s->all_entries
           && s->crc == s->all_crc ? HC_SNAPSHOT_OK : HC_SNAPSHOT_DAMAGED;
}


/* A clock that stepped back makes nothing younger than it was in the file:
 * then time stood still meanwhile, at best. */

int
hc_snapshot_thaw(const hc_snapshot_t *s, hc_entry_t *e,
    const hc_snapshot_clock_t *clock)
{
    int64_t   age;
    uint64_t  epoch;

    epoch = hc_max(clock->epoch, s->written_at);
    age = (int64_t) (epoch - e->core.born_at);
    age = hc_max(age, 0);

    if (e->core.stale_for == 0
        || (uint64_t) age >= (uint64_t) e->core.lifetime + e->core.stale_for)
    {
        return 0;
    }

    e->core.born_at = clock->now - (uint64_t) age;

    return 1;
}

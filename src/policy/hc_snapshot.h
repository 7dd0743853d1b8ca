/*
 * A snapshot: the entries of a store in one file.
 *
 *   header     32 bytes
 *   records    sealed entries (hc_entry.h), one after another
 *   trailer    32 bytes: how many there are, of how many bytes, CRC32C
 *
 * Header and trailer have a CRC of their own, each record has one in its
 * frame, and the trailer's covers the header and all frames: whatever is
 * changed, cut, added or moved is noticed, at the latest at the end.  So a
 * reader may use records as they come if it can drop all of them then.
 *
 * Clock: since the Unix epoch in the file, the store's own outside of it.
 * Integers are little endian.  No I/O: the caller reads and writes the pieces.
 */

#ifndef HC_SNAPSHOT_H_INCLUDED_
#define HC_SNAPSHOT_H_INCLUDED_


#include "../base/hc_base.h"
#include "hc_entry.h"


#define HC_SNAPSHOT_VERSION       1

#define HC_SNAPSHOT_HEADER_SIZE   32
#define HC_SNAPSHOT_TRAILER_SIZE  32


typedef enum {
    HC_SNAPSHOT_OK = 0,
    HC_SNAPSHOT_DAMAGED,
    HC_SNAPSHOT_OTHER_VERSION        /* of the file, or of its entries */
} hc_snapshot_rc_e;


/* What was written, or read, so far.  The last three are of the trailer. */

typedef struct {
    uint64_t  written_at;            /* ms since the Unix epoch */
    uint64_t  entries;
    uint64_t  bytes;                 /* of records */
    uint32_t  crc;

    uint32_t  all_crc;
    uint64_t  all_entries;
    uint64_t  all_bytes;
} hc_snapshot_t;


/* The same moment on both clocks, ms. */

typedef struct {
    uint64_t  epoch;
    uint64_t  now;
} hc_snapshot_clock_t;


/* Writing.  Each writes at `out`: the header; a record, whose size is what
 * hc_entry_sealed_size() says, which is not 0; the trailer.  The entry's
 * born_at is on the store's clock. */

void hc_snapshot_begin(hc_snapshot_t *s, const hc_snapshot_clock_t *clock,
    unsigned char *out);
void hc_snapshot_add(hc_snapshot_t *s, const hc_entry_t *e,
    const hc_snapshot_clock_t *clock, unsigned char *out);
void hc_snapshot_end(hc_snapshot_t *s, unsigned char *out);

/* Reading a file of so many bytes, which are at least those of header and
 * trailer.  Then while hc_snapshot_rest(): _next is how many bytes the record
 * has whose HC_ENTRY_FRAME_SIZE first bytes are given, 0: damaged; _take is
 * given all of them.  At last _close. */

hc_snapshot_rc_e hc_snapshot_open(hc_snapshot_t *s,
    const unsigned char *header, const unsigned char *trailer, uint64_t size);
size_t hc_snapshot_next(const hc_snapshot_t *s, const unsigned char *frame);
hc_snapshot_rc_e hc_snapshot_take(hc_snapshot_t *s, hc_entry_t *e,
    const unsigned char *record, size_t len);
hc_snapshot_rc_e hc_snapshot_close(const hc_snapshot_t *s);

/* Brings what was taken to the store's clock.  0: its stale time is over, or
 * it has none. */

int hc_snapshot_thaw(const hc_snapshot_t *s, hc_entry_t *e,
    const hc_snapshot_clock_t *clock);


static inline uint64_t
hc_snapshot_rest(const hc_snapshot_t *s)
{
    return s->all_bytes - s->bytes;
}


#endif /* HC_SNAPSHOT_H_INCLUDED_ */

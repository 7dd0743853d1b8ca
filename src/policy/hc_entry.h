/*
 * A stored answer: the one layout used by L1, L2 and files.
 *
 *   core            32 bytes, hc_entry_core_t
 *   tags            ntags * 8 bytes, hc_tag_t
 *   key             key_len bytes
 *   variant         variant_len bytes
 *   headers         headers_len bytes, a run of records (hc_headers.h)
 *   body            body_len bytes
 *
 * That is what L1 keeps.  Where the bytes leave the machine's memory (L2,
 * files) a frame stands before them:
 *
 *   frame           16 bytes: magic, format version, total length, CRC32C
 *
 * Integers are little endian and unaligned access is by memcpy.  Any mismatch
 * on opening is a verdict of its own, so the caller counts it and goes on as
 * after a miss; nothing here trusts a length it has not compared.
 *
 * Clock: born_at is in ms of the store's clock: monotonic in L1, since the
 * Unix epoch in L2 and files.  born_at = stored_at - Age at that moment, so
 * that current age = now - born_at (RFC 9111, 4.2.3) and the entry is fresh
 * while age < lifetime (4.2).  tags[].version are the versions of the store
 * the entry lies in: the local counters in L1, the server's own in L2.
 *
 *   born_at          + lifetime                           + stale_for
 *   |---- fresh ------>|---- kept, and given only as the windows allow --->|
 *                      |---- while_for ---->|
 *                      |---- error_for ------------>|
 */

#ifndef HC_ENTRY_H_INCLUDED_
#define HC_ENTRY_H_INCLUDED_


#include "../base/hc_base.h"
#include "../base/hc_versions.h"
#include "hc_headers.h"
#include "hc_window.h"


#define HC_ENTRY_VERSION       2

#define HC_ENTRY_KEY_MAX       65535
#define HC_ENTRY_VARIANT_MAX   4095

#define HC_ENTRY_FRAME_SIZE    16
#define HC_ENTRY_CORE_SIZE     32

/* flags */

#define HC_ENTRY_CONF_TTL      0x01   /* lifetime came from hc_cache_valid */
#define HC_ENTRY_PUBLIC        0x02   /* may answer a request that carries
                                         Authorization (RFC 9111, 3.5) */
#define HC_ENTRY_VARY          0x04   /* not an answer but the index of the
                                         variants of its key */
#define HC_ENTRY_REVALIDATE    0x08   /* lifetime 0: never given without
                                         asking (RFC 9111, 5.2.2.4) */


typedef struct {
    uint64_t  born_at;           /* ms */
    uint32_t  lifetime;          /* ms, from born_at */
    uint32_t  stale_for;         /* ms it is kept past the lifetime */
    uint32_t  headers_len;
    uint32_t  body_len;
    uint16_t  status:10;
    uint16_t  ntags:6;
    uint16_t  key_len;
    uint16_t  variant_len:12;
    uint16_t  flags:4;
    uint8_t   error_for;         /* a window, when the app failed */
    uint8_t   while_for;         /* a window, while it is refreshed */
} hc_entry_core_t;


/* A view: spans point into whatever the entry was read from. */

typedef struct {
    hc_entry_core_t   core;      /* *_len follow the spans when written */
    hc_tag_t          tags[HC_TAGS_MAX];
    hc_str_t          key;
    hc_str_t          variant;
    hc_str_t          headers;
    hc_str_t          body;
} hc_entry_t;


typedef enum {
    HC_ENTRY_OK = 0,
    HC_ENTRY_DAMAGED,            /* magic, length, CRC, bounds, headers */
    HC_ENTRY_OTHER_VERSION,      /* sound, but of another format version */
    HC_ENTRY_OTHER_KEY           /* sound, but for another key or variant */
} hc_entry_rc_e;


/* Without a frame (L1).  _size: bytes _write will need; 0: a length does not
 * fit its field or the key is empty, the entry is not to be stored.  _read
 * takes a block that may be longer than the entry and trusts it but for the
 * bounds. */

size_t hc_entry_size(const hc_entry_t *e);
void hc_entry_write(const hc_entry_t *e, unsigned char *out);
int hc_entry_read(hc_entry_t *e, const void *data, size_t len);   /* 1: ok */

/* With a frame (L2, files).  _sealed_size is 0 as above, and beyond 4 GiB.
 * _open checks magic, version, length, CRC, bounds, status, every header, then
 * that key and variant are the ones asked for; *e is valid only after OK.
 * _open_any takes whichever key is in it, never OTHER_KEY. */

size_t hc_entry_sealed_size(const hc_entry_t *e);
void hc_entry_seal(const hc_entry_t *e, unsigned char *out);
hc_entry_rc_e hc_entry_open(hc_entry_t *e, const void *data, size_t len,
    hc_str_t key, hc_str_t variant);
hc_entry_rc_e hc_entry_open_any(hc_entry_t *e, const void *data, size_t len);

/* What the frame says is the length, itself included; not to be trusted. */
uint32_t hc_entry_framed(const void *frame);


#endif /* HC_ENTRY_H_INCLUDED_ */

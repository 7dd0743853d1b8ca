/*
 * The stored entry: laid out, sealed, opened.
 *
 *   0       4       8      12      16              48
 *   | magic |version| total | CRC32C| core          | tags key variant ...
 *   |<---------- frame ------------>|<----------- total - 16 -------->|
 *
 * The CRC covers all but itself.  Magic and version come first and are looked
 * at first: a later version may frame the rest in another way, and what it
 * wrote must not count as damage, since its own nodes still use it.
 */

#include "hc_entry.h"
#include "hc_policy_priv.h"
#include "../base/hc_crc32c.h"


#define HC_ENTRY_MAGIC       0x31656368u         /* "hce1" */
#define HC_ENTRY_CRC_OFFSET  12

#define HC_ENTRY_STATUS_MIN  200
#define HC_ENTRY_STATUS_MAX  599


typedef struct {
    uint32_t  magic;
    uint32_t  version;
    uint32_t  total;             /* with the frame */
    uint32_t  crc;
} hc_entry_frame_t;


_Static_assert(sizeof(hc_entry_core_t) == HC_ENTRY_CORE_SIZE,
               "the core is 32 bytes without padding");
_Static_assert(sizeof(hc_entry_frame_t) == HC_ENTRY_FRAME_SIZE,
               "the frame is 16 bytes");
_Static_assert(sizeof(hc_tag_t) == 8, "a tag is 8 bytes");
_Static_assert(HC_TAGS_MAX < 1 << 6, "tags are counted in 6 bits");
_Static_assert(HC_ENTRY_VARIANT_MAX < 1 << 12, "a variant has 12 bits");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "entries are little endian, and written as they lie");


/* Each term has 32 bits at most, so that the sum cannot wrap. */

static uint64_t
hc_entry_total(const hc_entry_core_t *core)
{
    return (uint64_t) HC_ENTRY_CORE_SIZE
           + core->ntags * sizeof(hc_tag_t)
           + core->key_len
           + core->variant_len
           + core->headers_len
           + core->body_len;
}


/* 0: a length does not fit its field; cut, it would frame other bytes. */

static int
hc_entry_core(const hc_entry_t *e, hc_entry_core_t *core)
{
    if (e->key.len == 0
        || e->key.len > HC_ENTRY_KEY_MAX
        || e->variant.len > HC_ENTRY_VARIANT_MAX
        || e->headers.len > UINT32_MAX
        || e->body.len > UINT32_MAX
        || e->core.ntags > HC_TAGS_MAX)
    {
        return 0;
    }

    *core = e->core;

    core->key_len = (uint16_t) e->key.len;
    core->variant_len = e->variant.len & HC_ENTRY_VARIANT_MAX;
    core->headers_len = (uint32_t) e->headers.len;
    core->body_len = (uint32_t) e->body.len;

    return 1;
}


static unsigned char *
hc_entry_put(unsigned char *p, const void *data, size_t len)
{
    if (len) {
        memcpy(p, data, len);
    }

    return p + len;
}


static const unsigned char *
hc_entry_take(const unsigned char *p, hc_str_t *s, size_t len)
{
    *s = hc_str(p, len);

    return p + len;
}


size_t
hc_entry_size(const hc_entry_t *e)
{
    hc_entry_core_t  core;

    if (!hc_entry_core(e, &core)) {
        return 0;
    }

    return (size_t) hc_entry_total(&core);
}


void
hc_entry_write(const hc_entry_t *e, unsigned char *out)
{
    int              fits;
    unsigned char   *p;
    hc_entry_core_t  core;

    fits = hc_entry_core(e, &core);
    hc_assert(fits);
    hc_assert(core.status >= HC_ENTRY_STATUS_MIN
              && core.status <= HC_ENTRY_STATUS_MAX);

    if (!fits) {
        return;
    }

    p = hc_entry_put(out, &core, sizeof(core));
    p = hc_entry_put(p, e->tags, core.ntags * sizeof(hc_tag_t));
    p = hc_entry_put(p, e->key.data, core.key_len);
    p = hc_entry_put(p, e->variant.data, core.variant_len);
    p = hc_entry_put(p, e->headers.data, core.headers_len);

    (void) hc_entry_put(p, e->body.data, core.body_len);
}


/* Lengths only.  Returns the bytes the entry takes; 0 if they do not lie
 * within `len`. */

static uint64_t
hc_entry_parse(hc_entry_t *e, const unsigned char *p, size_t len)
{
    uint64_t  total;

    if (len < HC_ENTRY_CORE_SIZE) {
        return 0;
    }

    memcpy(&e->core, p, HC_ENTRY_CORE_SIZE);
    p += HC_ENTRY_CORE_SIZE;

    if (e->core.ntags > HC_TAGS_MAX || e->core.key_len == 0) {
        return 0;
    }

    total = hc_entry_total(&e->core);

    if (total > len) {
        return 0;
    }

    memcpy(e->tags, p, e->core.ntags * sizeof(hc_tag_t));
    p += e->core.ntags * sizeof(hc_tag_t);

    p = hc_entry_take(p, &e->key, e->core.key_len);
    p = hc_entry_take(p, &e->variant, e->core.variant_len);
    p = hc_entry_take(p, &e->headers, e->core.headers_len);

    (void) hc_entry_take(p, &e->body, e->core.body_len);

    return total;
}


int
hc_entry_read(hc_entry_t *e, const void *data, size_t len)
{
    uint64_t  total;

    total = hc_entry_parse(e, data, len);
    hc_assert(total != 0);

    return total != 0;
}


size_t
hc_entry_sealed_size(const hc_entry_t *e)
{
    uint64_t         total;
    hc_entry_core_t  core;

    if (!hc_entry_core(e, &core)) {
        return 0;
    }

    total = HC_ENTRY_FRAME_SIZE + hc_entry_total(&core);

    return total > UINT32_MAX ? 0 : (size_t) total;
}


static uint32_t
hc_entry_crc(const unsigned char *sealed, size_t total)
{
    uint32_t  crc;

    crc = hc_crc32c(0, sealed, HC_ENTRY_CRC_OFFSET);

    return hc_crc32c(crc, sealed + HC_ENTRY_FRAME_SIZE,
                     total - HC_ENTRY_FRAME_SIZE);
}


void
hc_entry_seal(const hc_entry_t *e, unsigned char *out)
{
    size_t            total;
    hc_entry_frame_t  frame;

    total = hc_entry_sealed_size(e);
    hc_assert(total != 0);

    if (total == 0) {
        return;
    }

    frame.magic = HC_ENTRY_MAGIC;
    frame.version = HC_ENTRY_VERSION;
    frame.total = (uint32_t) total;

    memcpy(out, &frame, HC_ENTRY_CRC_OFFSET);

    hc_entry_write(e, out + HC_ENTRY_FRAME_SIZE);

    frame.crc = hc_entry_crc(out, total);

    memcpy(out + HC_ENTRY_CRC_OFFSET, &frame.crc, sizeof(frame.crc));
}


static hc_entry_rc_e
hc_entry_open_frame(const unsigned char *p, size_t len)
{
    hc_entry_frame_t  frame;

    if (len < HC_ENTRY_FRAME_SIZE) {
        return HC_ENTRY_DAMAGED;
    }

    memcpy(&frame, p, sizeof(frame));

    if (frame.magic != HC_ENTRY_MAGIC) {
        return HC_ENTRY_DAMAGED;
    }

    if (frame.version != HC_ENTRY_VERSION) {
        return HC_ENTRY_OTHER_VERSION;
    }

    if (frame.total != len || frame.crc != hc_entry_crc(p, len)) {
        return HC_ENTRY_DAMAGED;
    }

    return HC_ENTRY_OK;
}


/* A good CRC proves that nobody flipped a bit, not who wrote the bytes. */

hc_entry_rc_e
hc_entry_open_any(hc_entry_t *e, const void *data, size_t len)
{
    uint64_t              total;
    hc_entry_rc_e         rc;
    const unsigned char  *p;

    rc = hc_entry_open_frame(data, len);

    if (rc != HC_ENTRY_OK) {
        return rc;
    }

    p = data;
    p += HC_ENTRY_FRAME_SIZE;
    len -= HC_ENTRY_FRAME_SIZE;

    total = hc_entry_parse(e, p, len);

    if (total == 0
        || total != len
        || e->core.status < HC_ENTRY_STATUS_MIN
        || e->core.status > HC_ENTRY_STATUS_MAX
        || !hc_headers_sound(e->headers))
    {
        return HC_ENTRY_DAMAGED;
    }

    return HC_ENTRY_OK;
}


hc_entry_rc_e
hc_entry_open(hc_entry_t *e, const void *data, size_t len, hc_str_t key,
    hc_str_t variant)
{
    hc_entry_rc_e  rc;

    rc = hc_entry_open_any(e, data, len);

    if (rc != HC_ENTRY_OK) {
        return rc;
    }

    if (!hc_str_eq(e->key, key) || !hc_str_eq(e->variant, variant)) {
        return HC_ENTRY_OTHER_KEY;
    }

    return HC_ENTRY_OK;
}


uint32_t
hc_entry_framed(const void *frame)
{
    hc_entry_frame_t  f;

    memcpy(&f, frame, sizeof(f));

    return f.total;
}

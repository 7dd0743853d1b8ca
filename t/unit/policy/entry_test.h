/*
 * One sample entry, and what an honest and a hostile writer make of it.
 */

#ifndef HC_ENTRY_TEST_H_INCLUDED_
#define HC_ENTRY_TEST_H_INCLUDED_


#include "policy_test.h"
#include "../../../src/base/hc_crc32c.h"
#include "../../../src/policy/hc_entry.h"


#define FRAME          HC_ENTRY_FRAME_SIZE
#define CORE(member)   (FRAME + offsetof(hc_entry_core_t, member))

/* members of a few bits have no offset of their own */

#define CORE_STATUS    (CORE(key_len) - 2)     /* with the number of tags */
#define CORE_VARIANT   (CORE(key_len) + 2)     /* with the flags */


typedef struct {
    unsigned char  *data;
    size_t          len;
} block_t;


static char           long_text[65536];
static unsigned char  run[64];


static inline hc_entry_t
sample(void)
{
    hc_entry_t      e;
    unsigned char  *p;

    memset(&e, 0, sizeof(e));

    e.core.born_at = 1790000000123;
    e.core.lifetime = 5000;
    e.core.stale_for = 600000;
    e.core.status = 200;
    e.core.flags = HC_ENTRY_PUBLIC;
    e.core.error_for = HC_WINDOW_KEPT;
    e.core.while_for = 5;
    e.core.ntags = 2;
    e.tags[0].slot = 7;
    e.tags[0].version = 1;
    e.tags[1].slot = 1048575;
    e.tags[1].version = UINT32_MAX;

    p = hc_header_write(run, HC_HEADER_ETAG, S("ETag"), S("\"a\""));
    p = hc_header_write(p, HC_HEADER_OTHER, S("X-Y"), S(""));

    e.key = S("http://example.com/?a=1");
    e.variant = S("gzip");
    e.headers = hc_str(run, p - run);
    e.body = S("{\"hello\":\"world\"}");

    return e;
}


static inline block_t
seal(const hc_entry_t *e)
{
    block_t  b;

    b.len = hc_entry_sealed_size(e);
    assert_true(b.len != 0);

    b.data = malloc(b.len);
    assert_non_null(b.data);

    hc_entry_seal(e, b.data);

    return b;
}


/* What somebody who knows the format would write. */

static inline void
forge_total(unsigned char *p, size_t len, size_t claimed)
{
    uint32_t  crc, total;

    total = (uint32_t) claimed;
    memcpy(p + 8, &total, 4);

    crc = hc_crc32c(0, p, 12);
    crc = hc_crc32c(crc, p + FRAME, len - FRAME);
    memcpy(p + 12, &crc, 4);
}


static inline void
forge(unsigned char *p, size_t len)
{
    forge_total(p, len, len);
}


/* Into a view that still holds a good entry: nothing of it may count. */

static inline hc_entry_rc_e
open_block(const unsigned char *data, size_t len)
{
    hc_entry_t      e, asked;
    hc_entry_rc_e   rc;
    unsigned char  *p;

    asked = sample();
    e = asked;
    p = tight(data, len);

    rc = hc_entry_open(&e, p, len, asked.key, asked.variant);

    free(p);

    return rc;
}


static inline void
assert_same(const hc_entry_t *a, const hc_entry_t *b)
{
    assert_int_equal(a->core.born_at, b->core.born_at);
    assert_int_equal(a->core.lifetime, b->core.lifetime);
    assert_int_equal(a->core.stale_for, b->core.stale_for);
    assert_int_equal(a->core.status, b->core.status);
    assert_int_equal(a->core.flags, b->core.flags);
    assert_int_equal(a->core.error_for, b->core.error_for);
    assert_int_equal(a->core.while_for, b->core.while_for);
    assert_int_equal(a->core.ntags, b->core.ntags);
    assert_true(memcmp(a->tags, b->tags, b->core.ntags * sizeof(hc_tag_t))
                == 0);

    assert_true(hc_str_eq(a->key, b->key));
    assert_true(hc_str_eq(a->variant, b->variant));
    assert_true(hc_str_eq(a->headers, b->headers));
    assert_true(hc_str_eq(a->body, b->body));
}


static inline int
fill(void **state)
{
    (void) state;

    memset(long_text, 'x', sizeof(long_text));

    return 0;
}


#endif /* HC_ENTRY_TEST_H_INCLUDED_ */

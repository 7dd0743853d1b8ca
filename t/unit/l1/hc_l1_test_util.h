/*
 * A store over a block that forked processes share, and entries whose bodies
 * follow from a number, so that any byte can be checked.
 */

#ifndef HC_L1_TEST_UTIL_H_INCLUDED_
#define HC_L1_TEST_UTIL_H_INCLUDED_


#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "../../../src/l1/hc_l1.h"


#define KB  1024u
#define MB  (1024u * 1024u)


extern void  (*hc_l1_pause)(const char *point);


typedef struct {
    void           *block;
    size_t          size;
    hc_versions_t  *versions;
    hc_l1_t        *l1;
} store_t;


static inline void *
shared(size_t size)
{
    void  *p;

    p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
             -1, 0);
    assert_true(p != MAP_FAILED);

    return p;
}


static inline int
reopen(store_t *st, size_t size, size_t max_object)
{
    int              adopted;
    hc_l1_options_t  o;

    memset(&o, 0, sizeof(o));
    o.block = st->block;
    o.size = size;
    o.max_object = max_object;
    o.seed.k0 = 11;
    o.seed.k1 = 13;
    o.versions = st->versions;

    st->l1 = hc_l1_open(&o, &adopted);
    assert_non_null(st->l1);

    return adopted;
}


static inline void
open_store(store_t *st, size_t size, size_t max_object)
{
    st->block = shared(size);
    st->size = size;
    st->versions = shared(sizeof(hc_versions_t));

    assert_int_equal(reopen(st, size, max_object), 0);
    assert_int_equal(hc_l1_join(st->l1), 0);
}


static inline void
close_store(store_t *st)
{
    hc_l1_close(st->l1);
    munmap(st->block, st->size);
    munmap(st->versions, sizeof(hc_versions_t));
}


static inline hc_l1_key_t
key_of(store_t *st, const void *key, size_t len, const char *variant)
{
    hc_l1_key_t  k;

    k.key = hc_str(key, len);
    k.variant = hc_str(variant, strlen(variant));
    hc_l1_hash(st->l1, &k);

    return k;
}


static inline hc_l1_key_t
text_key(store_t *st, const char *key)
{
    return key_of(st, key, strlen(key), "");
}


/* The number itself is the key; it must outlive the key. */

static inline hc_l1_key_t
number_key(store_t *st, const uint32_t *n)
{
    return key_of(st, n, sizeof(*n), "");
}


static inline unsigned char
body_byte(uint32_t seed, size_t i)
{
    return (unsigned char) ((seed * 2654435761u) >> 13) + (i * 7) + (i >> 8);
}


static inline int
is_body(hc_str_t body, uint32_t seed)
{
    size_t  i;

    for (i = 0; i < body.len; i++) {
        if (body.data[i] != body_byte(seed, i)) {
            return 0;
        }
    }

    return 1;
}


/* Fresh up to 1000, stale up to 2000, tags of the key. */

static inline hc_entry_t
entry_of(store_t *st, const hc_l1_key_t *k, hc_str_t body)
{
    hc_entry_t  e;

    memset(&e, 0, sizeof(e));
    e.core.lifetime = 1000;
    e.core.stale_for = 1000;
    e.core.status = 200;
    e.core.ntags = 2;
    e.tags[HC_TAG_KEY].slot = hc_version_slot(hc_str("key", 3), k->key);
    e.tags[HC_TAG_TARGET].slot = hc_version_slot(hc_str("t", 1), k->key);
    hc_tags_stamp(st->versions, e.tags, 2);
    e.key = k->key;
    e.variant = k->variant;
    e.body = body;

    return e;
}


static inline hc_l1_rc_e
put_text(store_t *st, hc_l1_key_t k, const char *body)
{
    hc_entry_t  e;

    e = entry_of(st, &k, hc_str(body, strlen(body)));

    return hc_l1_put(st->l1, &k, &e, 1000, 0);
}


static inline hc_l1_rc_e
put_seeded(store_t *st, hc_l1_key_t k, uint32_t seed, size_t len)
{
    size_t          i;
    hc_l1_rc_e      rc;
    hc_entry_t      e;
    unsigned char  *body;

    body = malloc(len + 1);

    for (i = 0; i < len; i++) {
        body[i] = body_byte(seed, i);
    }

    e = entry_of(st, &k, hc_str(body, len));
    rc = hc_l1_put(st->l1, &k, &e, 1000, 0);
    free(body);

    return rc;
}


/* 1: a hit whose body is the text. */

static inline int
has_text(store_t *st, hc_l1_key_t k, const char *body)
{
    int          same;
    hc_l1_ref_t  ref;

    if (hc_l1_get(st->l1, &k, 0, &ref) != HC_L1_HIT) {
        return 0;
    }

    same = hc_str_eq(ref.entry.body, hc_str(body, strlen(body)))
           && hc_str_eq(ref.entry.key, k.key)
           && hc_str_eq(ref.entry.variant, k.variant);
    hc_l1_unpin(st->l1, &ref);

    return same;
}


static inline hc_l1_rc_e
get_at(store_t *st, hc_l1_key_t k, uint64_t now)
{
    hc_l1_rc_e   rc;
    hc_l1_ref_t  ref;

    rc = hc_l1_get(st->l1, &k, now, &ref);
    hc_l1_unpin(st->l1, &ref);

    return rc;
}


static inline hc_l1_stats_t
stats_of(store_t *st)
{
    hc_l1_stats_t  stats;

    hc_l1_stats(st->l1, &stats);

    return stats;
}


static inline int
wait_for(pid_t pid)
{
    int  status;

    assert_int_equal(waitpid(pid, &status, 0), pid);

    return status;
}


#endif /* HC_L1_TEST_UTIL_H_INCLUDED_ */

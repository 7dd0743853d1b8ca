/*
 * A store over a block that forked processes share, and entries whose bodies
 * follow from a number, so that any byte can be checked.  For programs around
 * src/l1: benchmarks, the stress, unit tests.
 */

#ifndef HC_BENCH_STORE_H_INCLUDED_
#define HC_BENCH_STORE_H_INCLUDED_


#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../src/l1/hc_l1.h"


#define KB  1024u
#define MB  (1024u * 1024u)


/* There with HC_TEST_HOOKS: called at each point at which a process may be
 * stopped or killed. */

extern void  (*hc_l1_pause)(const char *point);


#define must(what)                                                            \
    do {                                                                      \
        if (!(what)) {                                                        \
            fprintf(stderr, "%s:%d: %s: not so\n", __FILE__, __LINE__, #what); \
            abort();                                                          \
        }                                                                     \
    } while (0)


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
    must(p != MAP_FAILED);

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
    must(st->l1 != NULL);

    return adopted;
}


static inline void
open_store(store_t *st, size_t size, size_t max_object)
{
    st->block = shared(size);
    st->size = size;
    st->versions = shared(sizeof(hc_versions_t));

    must(reopen(st, size, max_object) == 0);
    must(hc_l1_join(st->l1) == 0);
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


/* All bits of the number count, at every place. */

static inline unsigned char
body_byte(uint32_t seed, size_t i)
{
    return ((seed ^ (uint32_t) i * 2654435761u) * 2246822519u) >> 24;
}


static inline void
fill_body(unsigned char *body, size_t len, uint32_t seed)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        body[i] = body_byte(seed, i);
    }
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
put_seeded(store_t *st, hc_l1_key_t k, uint32_t seed, size_t len)
{
    hc_l1_rc_e      rc;
    hc_entry_t      e;
    unsigned char  *body;

    body = malloc(len + 1);
    must(body != NULL);
    fill_body(body, len, seed);

    e = entry_of(st, &k, hc_str(body, len));
    rc = hc_l1_put(st->l1, &k, &e, 1000, 0);
    free(body);

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

    must(waitpid(pid, &status, 0) == pid);

    return status;
}


#endif /* HC_BENCH_STORE_H_INCLUDED_ */

/*
 * Fills a zone and replaces what is in it.
 */

#include "memory.h"


#define MEMORY_LARGEST  (1024 * KB)      /* body */
#define MEMORY_LOOK     256              /* puts between two looks at stats */


void
memory_open(memory_t *m, size_t size)
{
    memset(m, 0, sizeof(*m));
    open_store(&m->store, size, 0);
}


void
memory_close(memory_t *m)
{
    close_store(&m->store);
}


static void
memory_put(memory_t *m, uint64_t n, size_t size)
{
    char                         key[32];
    hc_entry_t                   e;
    hc_l1_key_t                  k;
    static const unsigned char   body[MEMORY_LARGEST];

    (void) snprintf(key, sizeof(key), "/item/%010llu", (unsigned long long) n);
    k = text_key(&m->store, key);

    e = entry_of(&m->store, &k, hc_str(body, hc_min(size, sizeof(body))));
    e.core.lifetime = UINT32_MAX;

    (void) hc_l1_put(m->store.l1, &k, &e, UINT32_MAX, 0);
}


void
memory_fill(memory_t *m, memory_size_pt size, void *data, int more)
{
    uint64_t  end;

    do {
        for (end = m->keys + MEMORY_LOOK; m->keys < end; m->keys++) {
            memory_put(m, m->keys, size(data, m->keys));
        }

    } while (stats_of(&m->store).evictions == 0);

    if (more) {
        for (end = m->keys * 3 / 2; m->keys < end; m->keys++) {
            memory_put(m, m->keys, size(data, m->keys));
        }
    }
}


static uint32_t
memory_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;

    return *random >> 8;
}


/* The logarithm is a sum of four: 6 to 14, near a normal distribution. */

size_t
memory_random_size(void *data, uint64_t n)
{
    int        i;
    uint32_t   log, whole, part;
    uint32_t  *random = data;

    (void) n;

    for (log = 6 << 16, i = 0; i < 4; i++) {
        log += memory_random(random) % (2 << 16);
    }

    whole = log >> 16;
    part = log & 0xffff;

    return (1u << whole) + (size_t) (((uint64_t) part << whole) >> 16);
}


void
memory_replace(memory_t *m, uint64_t n)
{
    uint64_t  key;

    while (n--) {
        key = ((uint64_t) memory_random(&m->random) << 24
               | memory_random(&m->random)) % m->keys;
        memory_put(m, key, memory_random_size(&m->random, 0));
    }
}


double
memory_share(const hc_l1_stats_t *stats)
{
    return (double) stats->bytes / (double) stats->size;
}


double
memory_bookkeeping(const hc_l1_stats_t *stats)
{
    return (double) (stats->size - stats->bytes)
           / (double) hc_max(stats->entries, (uint64_t) 1);
}

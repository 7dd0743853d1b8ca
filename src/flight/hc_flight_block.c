/*
 * The block: where everything lies, and building it.
 *
 * All sizes are fixed, so a block of the same layout is the same block.
 */

#include <stdlib.h>

#include "hc_flight_priv.h"


#define HC_FLIGHT_MAGIC  0x6863666c69676874ULL
#define HC_FLIGHT_BUILT  0x6275696c74206f6bULL


#if (HC_TEST_HOOKS)
void  (*hc_flight_pause)(const char *point);
#endif


/* Sets the handle's places in a block; returns the block's size.  Without a
 * handle it only counts. */

static size_t
hc_flight_lay_out(hc_flight_t *f, unsigned char *block)
{
    size_t  at;

    at = 0;

#define hc_flight_lay(member, n)                                              \
    if (f) {                                                                  \
        f->member = (void *) (block + at);                                    \
    }                                                                         \
    at = hc_align(at + (n) * sizeof(*f->member), HC_FLIGHT_LINE)

    hc_flight_lay(header, 1);
    hc_flight_lay(slots, HC_FLIGHT_WORKERS);
    hc_flight_lay(shards, HC_FLIGHT_SHARDS);
    hc_flight_lay(marks, HC_FLIGHT_WORKERS);
    hc_flight_lay(groups, HC_FLIGHT_WORKERS);
    hc_flight_lay(counters, HC_FLIGHT_WORKERS);
    hc_flight_lay(places, HC_FLIGHT_LEASES);
    hc_flight_lay(waits, HC_FLIGHT_WORKERS);

#undef hc_flight_lay

    return at;
}


size_t
hc_flight_size(void)
{
    return hc_flight_lay_out(NULL, NULL);
}


static int
hc_flight_fits(const hc_flight_header_t *h)
{
    return __atomic_load_n(&h->built, __ATOMIC_ACQUIRE) == HC_FLIGHT_BUILT
           && h->magic == HC_FLIGHT_MAGIC
           && h->layout == HC_FLIGHT_LAYOUT_VERSION
           && h->leases == HC_FLIGHT_LEASES
           && h->workers == HC_FLIGHT_WORKERS
           && h->place_size == sizeof(hc_flight_place_t)
           && h->size == hc_flight_size();
}


static int
hc_flight_build_mutex(pthread_mutex_t *mutex)
{
    int                  rc;
    pthread_mutexattr_t  attr;

    if (pthread_mutexattr_init(&attr) != 0) {
        return -1;
    }

    rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);

    if (rc == 0) {
        rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    }

    if (rc == 0) {
        rc = pthread_mutex_init(mutex, &attr);
    }

    (void) pthread_mutexattr_destroy(&attr);

    return rc == 0 ? 0 : -1;
}


/* Zeros are all it takes for the rest, and they are there. */

static int
hc_flight_build(hc_flight_t *f, const hc_seed_t *seed)
{
    unsigned             i;
    hc_flight_header_t  *h;

    h = f->header;

    h->magic = HC_FLIGHT_MAGIC;
    h->layout = HC_FLIGHT_LAYOUT_VERSION;
    h->leases = HC_FLIGHT_LEASES;
    h->workers = HC_FLIGHT_WORKERS;
    h->place_size = sizeof(hc_flight_place_t);
    h->size = hc_flight_size();
    h->deadline = UINT64_MAX;

    h->seed[0] = *seed;
    h->seed[1].k0 = hc_hash(seed, hc_str("0", 1), hc_str(NULL, 0));
    h->seed[1].k1 = hc_hash(seed, hc_str("1", 1), hc_str(NULL, 0));

    for (i = 0; i < HC_FLIGHT_WORKERS; i++) {
        if (hc_flight_build_mutex(&f->slots[i].mutex) != 0) {
            return -1;
        }
    }

    for (i = 0; i < HC_FLIGHT_SHARDS; i++) {
        if (hc_flight_build_mutex(&f->shards[i].mutex) != 0) {
            return -1;
        }
    }

    __atomic_store_n(&h->built, HC_FLIGHT_BUILT, __ATOMIC_RELEASE);

    return 0;
}


hc_flight_t *
hc_flight_open(void *block, const hc_seed_t *seed, int *adopted)
{
    hc_flight_t  *f;

    f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return NULL;
    }

    f->slot = -1;
    (void) hc_flight_lay_out(f, block);

    *adopted = hc_flight_fits(f->header);

    if (!*adopted && hc_flight_build(f, seed) != 0) {
        free(f);
        return NULL;
    }

    return f;
}


void
hc_flight_close(hc_flight_t *f)
{
    hc_flight_mask_t  wake;

    hc_flight_leave(f, 0, &wake);
    free(f);
}


hc_flight_id_t
hc_flight_id(const hc_flight_t *f, hc_str_t key, hc_str_t variant,
    uint32_t cell)
{
    hc_seed_t       seed;
    hc_flight_id_t  id;

    seed = f->header->seed[0];
    seed.k1 += cell;
    id.a = hc_hash(&seed, key, variant);

    seed = f->header->seed[1];
    seed.k1 += cell;
    id.b = hc_hash(&seed, key, variant);

    return id;
}

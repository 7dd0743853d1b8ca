/*
 * The block: where everything lies, and building it.
 *
 * The plan follows from the options alone, so two processes with the same
 * options agree on it and a block can be adopted by comparing plans.
 */

#include "hc_l1_priv.h"


#define HC_L1_MAGIC        0x6863206c31207a6fULL
#define HC_L1_BUILT        0x6275696c74206f6bULL

#define HC_L1_ARENA_ITEMS  8             /* of max_object, at least */
#define HC_L1_ROWS_MIN     8
#define HC_L1_ROWS_MAX     512
#define HC_L1_SLOTS_MIN    64            /* up to 16 MB */
#define HC_L1_SLOTS_PER    (256 * 1024)  /* bytes of block */
#define HC_L1_PER_BUCKET   1536          /* bytes of region */
#define HC_L1_PER_SEEN     2048          /* bytes of block */
#define HC_L1_SEEN_MIN     2048u


static uint64_t
hc_l1_power_below(uint64_t n)
{
    uint64_t  p;

    for (p = 1; p <= n / 2; p *= 2) { /* void */ }

    return p;
}


static uint64_t
hc_l1_max_object(const hc_l1_options_t *o)
{
    if (o->max_object) {
        return hc_min(o->max_object, o->size);
    }

    return hc_min(o->size / 8, (size_t) 1024 * 1024);
}


static uint32_t
hc_l1_plan_slots(uint64_t size)
{
    uint64_t  n;

    n = hc_max(size / HC_L1_SLOTS_PER, HC_L1_SLOTS_MIN);

    return (uint32_t) hc_min(n, HC_L1_SLOTS);
}


/* Rows of all slots take a 400th of the block, or what they need at least;
 * each slot's are whole cache lines. */

static uint32_t
hc_l1_plan_rows(uint64_t size)
{
    uint64_t  n;

    n = size / 400 / hc_l1_plan_slots(size) / sizeof(hc_l1_row_t);
    n = hc_max(n, HC_L1_ROWS_MIN);
    n = hc_min(n, HC_L1_ROWS_MAX);

    return (uint32_t) (n & ~(uint64_t) 7);
}


/* As many shards as leave room for eight of the largest objects in each, but
 * none larger than an item's size can tell. */

static void
hc_l1_plan_shards(hc_l1_header_t *plan)
{
    uint64_t  item, n, arena;

    item = sizeof(hc_l1_item_t) + HC_TAGS_MAX * sizeof(hc_tag_t)
           + plan->max_object + 2 * HC_L1_UNIT;

    for (n = HC_L1_SHARDS_MAX; /* void */ ; n /= 2) {
        plan->regions_at = hc_align(plan->shards_at
                                    + n * sizeof(hc_l1_shard_t), HC_L1_LINE);
        plan->region_size = (plan->size - plan->regions_at) / n
                            & ~(uint64_t) (HC_L1_LINE - 1);
        plan->nbuckets = (uint32_t) (plan->region_size / HC_L1_PER_BUCKET);
        plan->nbuckets &= ~1u;
        plan->nshards = (uint32_t) n;

        arena = plan->region_size - plan->nbuckets * sizeof(uint32_t);

        if (n == 1
            || arena / HC_L1_ARENA_ITEMS >= item
            || plan->region_size / HC_L1_UNIT > HC_L1_SIZE_MAX / 2)
        {
            return;
        }
    }
}


/* -1: no block like that. */

int
hc_l1_block_plan(hc_l1_header_t *plan, const hc_l1_options_t *o)
{
    uint64_t  seen;

    if (o->size < HC_L1_MIN_SIZE
        || o->size / HC_L1_UNIT > UINT32_MAX
        || o->block == NULL
        || (uintptr_t) o->block % 4096)
    {
        return -1;
    }

    memset(plan, 0, sizeof(*plan));

    plan->magic = HC_L1_MAGIC;
    plan->layout = HC_L1_LAYOUT_VERSION;
    plan->header_size = sizeof(hc_l1_header_t);
    plan->slot_size = sizeof(hc_l1_slot_t);
    plan->shard_size = sizeof(hc_l1_shard_t);
    plan->unit = HC_L1_UNIT;
    plan->size = o->size;
    plan->max_object = hc_l1_max_object(o);
    plan->nslots = hc_l1_plan_slots(o->size);
    plan->nrows = hc_l1_plan_rows(o->size);

    seen = hc_l1_power_below(o->size / HC_L1_PER_SEEN);
    plan->nseen = (uint32_t) hc_max(seen, HC_L1_SEEN_MIN);

    plan->slots_at = hc_align(sizeof(hc_l1_header_t), HC_L1_LINE);
    plan->rows_at = plan->slots_at + plan->nslots * sizeof(hc_l1_slot_t);
    plan->seen_at = plan->rows_at + (uint64_t) plan->nslots * plan->nrows
                                    * sizeof(hc_l1_row_t);
    plan->shards_at = hc_align(plan->seen_at + 2 * (uint64_t) plan->nseen,
                               HC_L1_LINE);
    hc_l1_plan_shards(plan);

    return 0;
}


/* 1: the block is whole and what the plan says; the plan takes its seed. */

int
hc_l1_block_fits(const hc_l1_header_t *h, hc_l1_header_t *plan)
{
    if (__atomic_load_n(&h->built, __ATOMIC_ACQUIRE) != HC_L1_BUILT
        || memcmp(h, plan, offsetof(hc_l1_header_t, seed)) != 0)
    {
        return 0;
    }

    plan->seed = h->seed;

    return 1;
}


static int
hc_l1_build_mutex(pthread_mutex_t *mutex)
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


static int
hc_l1_build_shard(unsigned char *base, const hc_l1_header_t *plan, uint32_t n)
{
    uint64_t        at;
    hc_l1_t         l1;
    hc_l1_shard_t  *s;

    memset(&l1, 0, sizeof(l1));
    l1.base = base;

    s = (hc_l1_shard_t *) (base + plan->shards_at) + n;
    at = plan->regions_at + n * plan->region_size;

    memset(s, 0, sizeof(*s));

    s->buckets = (uint32_t) (at / HC_L1_UNIT);
    s->nbuckets = plan->nbuckets;
    s->start = (uint32_t) ((at + plan->nbuckets * sizeof(uint32_t))
                           / HC_L1_UNIT);
    s->end = (uint32_t) ((at + plan->region_size) / HC_L1_UNIT);

    hc_l1_clear_locked(&l1, s);

    return hc_l1_build_mutex(&s->mutex);
}


int
hc_l1_block_build(void *block, const hc_l1_header_t *plan)
{
    uint32_t         n;
    hc_l1_slot_t    *slots;
    hc_l1_header_t  *h;

    h = block;
    slots = (hc_l1_slot_t *) ((unsigned char *) block + plan->slots_at);

    /* whoever dies in here leaves a block that nobody adopts */

    __atomic_store_n(&h->built, 0, __ATOMIC_SEQ_CST);

    *h = *plan;
    memset((unsigned char *) block + plan->slots_at, 0,
           plan->shards_at - plan->slots_at);

    for (n = 0; n < plan->nslots; n++) {
        if (hc_l1_build_mutex(&slots[n].mutex) != 0) {
            return -1;
        }
    }

    for (n = 0; n < plan->nshards; n++) {
        if (hc_l1_build_shard(block, plan, n) != 0) {
            return -1;
        }
    }

    __atomic_store_n(&h->built, HC_L1_BUILT, __ATOMIC_SEQ_CST);

    return 0;
}

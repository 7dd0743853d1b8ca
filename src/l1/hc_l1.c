/*
 * Public calls of the first-level cache.  This file and hc_l1_hold.c are the
 * only ones that lock a shard.
 */

#include <sched.h>
#include <stdlib.h>

#include "hc_l1_lock.h"


#define HC_L1_CHECKS  100


#if (HC_TEST_HOOKS)
void  (*hc_l1_pause)(const char *point);
#endif


hc_l1_t *
hc_l1_open(const hc_l1_options_t *o, int *adopted)
{
    hc_l1_t         *l1;
    hc_l1_header_t   plan;

    if (hc_l1_block_plan(&plan, o) != 0) {
        return NULL;
    }

    l1 = calloc(1, sizeof(*l1));
    if (l1 == NULL) {
        return NULL;
    }

    l1->free = calloc(plan.nrows, sizeof(uint32_t));
    l1->pins = calloc((size_t) plan.nslots * plan.nrows, sizeof(hc_l1_row_t));

    *adopted = hc_l1_block_fits(o->block, &plan);

    if (!*adopted) {
        plan.seed = o->seed;
    }

    if (l1->free == NULL || l1->pins == NULL
        || (!*adopted && hc_l1_block_build(o->block, &plan) != 0))
    {
        hc_l1_close(l1);
        return NULL;
    }

    l1->base = o->block;
    l1->header = o->block;
    l1->slots = (hc_l1_slot_t *) (l1->base + plan.slots_at);
    l1->rows = (hc_l1_row_t *) (l1->base + plan.rows_at);
    l1->shards = (hc_l1_shard_t *) (l1->base + plan.shards_at);
    l1->versions = o->versions;
    l1->seed = plan.seed;

    return l1;
}


void
hc_l1_close(hc_l1_t *l1)
{
    if (l1 == NULL) {
        return;
    }

    hc_l1_leave(l1);

    free(l1->free);
    free(l1->pins);
    free(l1);
}


void
hc_l1_hash(const hc_l1_t *l1, hc_l1_key_t *k)
{
    k->hash = hc_hash(&l1->seed, k->key, k->variant);
}


hc_l1_rc_e
hc_l1_get(hc_l1_t *l1, const hc_l1_key_t *k, uint64_t now, hc_l1_ref_t *ref)
{
    hc_l1_rc_e      rc;
    hc_l1_shard_t  *s;

    ref->pinned = 0;
    ref->copy = 0;

    if (!hc_l1_joined(l1, now)) {
        return HC_L1_MISS;
    }

    s = hc_l1_shard(l1, k);
    rc = hc_l1_glance(l1, s, k, now, ref);

    if (rc == HC_L1_OK) {
        hc_l1_lock(l1, s);
        rc = hc_l1_get_locked(l1, s, k, now, ref);
        hc_l1_unlock(s);
    }

    return rc;
}


/* What is in the way may be pins of the dead: swept once. */

hc_l1_rc_e
hc_l1_put(hc_l1_t *l1, const hc_l1_key_t *k, const hc_entry_t *e,
    uint64_t fresh_until, uint64_t now)
{
    int             swept;
    hc_entry_t      entry;
    hc_l1_rc_e      rc;
    hc_l1_put_t     put;
    hc_l1_shard_t  *s;

    if (l1->slot == NULL) {
        return HC_L1_NO_MEMORY;
    }

    entry = *e;
    entry.key = k->key;
    entry.variant = k->variant;

    put.key = k;
    put.entry = &entry;
    put.fresh_until = fresh_until;
    put.now = now;
    put.need = hc_l1_need(l1, &entry);

    s = hc_l1_shard(l1, k);
    swept = 0;

    for ( ;; ) {
        hc_l1_lock(l1, s);
        rc = hc_l1_put_locked(l1, s, &put);

        if (rc != HC_L1_NO_MEMORY || swept) {
            hc_l1_count_put_locked(s, rc);
            hc_l1_unlock(s);
            return rc;
        }

        hc_l1_unlock(s);

        hc_l1_sweep(l1);
        swept = 1;
    }
}


hc_l1_rc_e
hc_l1_refresh(hc_l1_t *l1, const hc_l1_key_t *k, const hc_entry_core_t *was,
    const hc_entry_t *e, uint64_t fresh_until, uint64_t now)
{
    hc_entry_t      entry;
    hc_l1_rc_e      rc;
    hc_l1_put_t     put;
    hc_l1_shard_t  *s;

    entry = *e;
    entry.key = k->key;
    entry.variant = k->variant;

    put.key = k;
    put.entry = &entry;
    put.fresh_until = fresh_until;
    put.now = now;
    put.need = 0;

    s = hc_l1_shard(l1, k);

    hc_l1_lock(l1, s);
    rc = hc_l1_refresh_locked(l1, s, was, &put);
    hc_l1_count_put_locked(s, rc);
    hc_l1_unlock(s);

    return rc;
}


hc_l1_rc_e
hc_l1_delete(hc_l1_t *l1, const hc_l1_key_t *k)
{
    hc_l1_item_t   *item;
    hc_l1_shard_t  *s;

    s = hc_l1_shard(l1, k);

    hc_l1_lock(l1, s);

    item = hc_l1_find_locked(l1, s, k);

    if (item) {
        hc_l1_gone_locked(l1, s, item);
        s->n.deletes++;
    }

    hc_l1_unlock(s);

    return item ? HC_L1_OK : HC_L1_MISS;
}


void
hc_l1_purge(hc_l1_t *l1)
{
    uint32_t        n;
    hc_l1_shard_t  *s;

    for (n = 0; n < l1->header->nshards; n++) {
        s = &l1->shards[n];

        hc_l1_lock(l1, s);
        hc_l1_seq_begin_locked(s);
        hc_l1_change_locked(s);
        hc_l1_purge_locked(l1, s);
        hc_l1_changed_locked(s);
        hc_l1_seq_end_locked(s);
        hc_l1_unlock(s);
    }
}


/* One shard at most in a call. */

int
hc_l1_walk(hc_l1_t *l1, hc_l1_cursor_t *c, uint64_t now, hc_l1_visit_pt visit,
    void *data)
{
    hc_l1_shard_t  *s;

    if (c->shard >= l1->header->nshards) {
        return 0;
    }

    s = &l1->shards[c->shard];

    hc_l1_lock(l1, s);

    if (hc_l1_walk_locked(l1, s, c, now, visit, data)) {
        c->shard++;
        c->bucket = 0;
        c->item = 0;
    }

    hc_l1_unlock(s);

    return c->shard < l1->header->nshards;
}


static void
hc_l1_add_locked(const hc_l1_shard_t *s, hc_l1_stats_t *stats)
{
#define hc_l1_add(name, text)  stats->name += s->n.name;
    HC_L1_COUNTERS(hc_l1_add)
#undef hc_l1_add

    stats->entries += s->entries;
    stats->bytes += s->bytes;
}


void
hc_l1_stats(hc_l1_t *l1, hc_l1_stats_t *stats)
{
    uint32_t        n;
    hc_l1_shard_t  *s;

    hc_l1_sweep(l1);

    memset(stats, 0, sizeof(*stats));

    for (n = 0; n < l1->header->nshards; n++) {
        s = &l1->shards[n];

        hc_l1_lock(l1, s);
        hc_l1_add_locked(s, stats);
        hc_l1_unlock(s);
    }

    hc_l1_slots_sum(l1, stats);
    hc_l1_pins_sum(l1, stats);

    stats->size = l1->header->size;
    stats->max_object = l1->header->max_object;
    stats->shards = l1->header->nshards;
    stats->workers = __atomic_load_n(&l1->header->workers, __ATOMIC_RELAXED);
}


/* Rows that were written too late are gone soon, those of the dead when they
 * are swept. */

static int
hc_l1_check_shard(hc_l1_t *l1, hc_l1_shard_t *s)
{
    int       sound;
    unsigned  n;

    sound = 0;

    for (n = 0; n < HC_L1_CHECKS && !sound; n++) {
        hc_l1_lock(l1, s);
        hc_l1_seq_begin_locked(s);
        sound = hc_l1_check_locked(l1, s);
        hc_l1_seq_end_locked(s);
        hc_l1_unlock(s);

        if (!sound) {
            (void) sched_yield();
            hc_l1_sweep(l1);
        }
    }

    return sound;
}


int
hc_l1_check(hc_l1_t *l1)
{
    int       sound;
    uint32_t  n;

    sound = 1;

    for (n = 0; n < l1->header->nshards; n++) {
        sound &= hc_l1_check_shard(l1, &l1->shards[n]);
    }

    return sound;
}

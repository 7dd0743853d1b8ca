/*
 * What the files with public calls share: the lock of a shard.  Whoever locks
 * unlocks in the same function.
 */

#ifndef HC_L1_LOCK_H_INCLUDED_
#define HC_L1_LOCK_H_INCLUDED_


#include "hc_l1_priv.h"


/* What trylock said was not 0: waits, repairs after a death. */

void hc_l1_lock_slowly(hc_l1_t *l1, hc_l1_shard_t *s, int rc);


static inline void
hc_l1_lock(hc_l1_t *l1, hc_l1_shard_t *s)
{
    int  rc;

    rc = pthread_mutex_trylock(&s->mutex);

    if (rc != 0) {
        hc_l1_lock_slowly(l1, s, rc);
    }

    hc_l1_pause_at("locked");
}


static inline void
hc_l1_unlock(hc_l1_shard_t *s)
{
    hc_l1_pause_at("unlocking");

    (void) pthread_mutex_unlock(&s->mutex);
}


/* Shards by the high bits, buckets by the low ones. */

static inline hc_l1_shard_t *
hc_l1_shard(const hc_l1_t *l1, const hc_l1_key_t *k)
{
    return &l1->shards[k->hash >> 58 & (l1->header->nshards - 1)];
}


static inline void
hc_l1_count_put_locked(hc_l1_shard_t *s, hc_l1_rc_e rc)
{
    s->n.too_large += rc == HC_L1_TOO_LARGE;
    s->n.no_memory += rc == HC_L1_NO_MEMORY;
    s->n.fenced += rc == HC_L1_FENCED;
}


#endif /* HC_L1_LOCK_H_INCLUDED_ */

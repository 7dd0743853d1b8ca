/*
 * A get without a lock.
 *
 * What is read may be changing under the reader's eyes, so nothing is believed
 * before `seq` has been seen to be the same, and even, after it was read:
 *
 *   reader                            who moves or frees
 *
 *   seq is even
 *   find                              seq := odd
 *   seq is the same: it was there     fence
 *   row := item                       collect rows
 *   fence                             move or free what has none
 *   seq is the same: it is pinned     seq := even
 *
 * The two fences make it certain that the row is collected, or the reader sees
 * the odd seq.  (A sequence lock with a hazard pointer: Lameter, "Effective
 * synchronization on Linux/NUMA systems", 2005; Michael, "Hazard pointers",
 * 2004.)
 */

#include "hc_l1_priv.h"


/* A chain longer than that is none. */

#define HC_L1_CHAIN_MAX  1024


/* Inside of the block, however wrong it is. */

static hc_l1_item_t *
hc_l1_glance_item(const hc_l1_t *l1, uint32_t at)
{
    uint64_t               first, last;
    const hc_l1_header_t  *h;

    h = l1->header;
    first = h->regions_at / HC_L1_UNIT;
    last = h->size / HC_L1_UNIT - HC_L1_ITEM_MIN - 1;

    return at >= first && at <= last ? hc_l1_at(l1, at) : NULL;
}


static int
hc_l1_glance_key(const hc_l1_t *l1, const hc_l1_item_t *item,
    const hc_l1_key_t *k)
{
    const unsigned char  *p, *end;

    if (item->key_len != k->key.len || item->variant_len != k->variant.len) {
        return 0;
    }

    p = hc_l1_key_of(item);
    end = l1->base + l1->header->size;

    return p < end
           && (size_t) (end - p) >= k->key.len + k->variant.len
           && hc_l1_is_key(p, k);
}


/* 0: `seq` will tell that the chain was no chain. */

static int
hc_l1_glance_find(const hc_l1_t *l1, const hc_l1_shard_t *s,
    const hc_l1_key_t *k, hc_l1_item_t **found)
{
    unsigned       n;
    uint32_t       at;
    hc_l1_item_t  *item;

    at = __atomic_load_n(hc_l1_buckets(l1, s)
                         + hc_l1_bucket(s, (uint32_t) k->hash),
                         __ATOMIC_RELAXED);

    for (n = 0; at && n < HC_L1_CHAIN_MAX; n++) {
        item = hc_l1_glance_item(l1, at);

        if (item == NULL) {
            return 0;
        }

        if (item->hash == (uint32_t) k->hash
            && item->gen == s->gen
            && hc_l1_glance_key(l1, item, k))
        {
            *found = item;
            return 1;
        }

        at = __atomic_load_n(&item->next, __ATOMIC_RELAXED);
    }

    *found = NULL;

    return at == 0;
}


/* Odd: it stays so for longer. */

static uint32_t
hc_l1_seq_even(const hc_l1_shard_t *s)
{
    unsigned  n;
    uint32_t  seq;

    for (n = 0; /* void */ ; n++) {
        seq = __atomic_load_n(&s->seq, __ATOMIC_ACQUIRE);

        if (!(seq & 1) || n == HC_L1_SPINS) {
            return seq;
        }

        hc_cpu_pause();
    }
}


static int
hc_l1_seq_is(const hc_l1_shard_t *s, uint32_t seq)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    return __atomic_load_n(&s->seq, __ATOMIC_RELAXED) == seq;
}


hc_l1_rc_e
hc_l1_glance(hc_l1_t *l1, hc_l1_shard_t *s, const hc_l1_key_t *k,
    uint64_t now, hc_l1_ref_t *ref)
{
    int            sound;
    uint32_t       seq, size;
    hc_l1_rc_e     rc;
    hc_l1_item_t  *item;

    seq = hc_l1_seq_even(s);

    if (seq & 1) {
        return HC_L1_OK;
    }

    sound = hc_l1_glance_find(l1, s, k, &item);
    size = sound && item ? item->size : 0;

    if (!hc_l1_seq_is(s, seq) || !sound) {
        return HC_L1_OK;
    }

    if (item == NULL) {
        l1->slot->misses++;
        return HC_L1_MISS;
    }

    hc_l1_pause_at("seen, not pinned");

    if (hc_l1_pin(l1, hc_l1_place(l1, item), size, ref) != 0) {
        return HC_L1_OK;
    }

    __atomic_thread_fence(__ATOMIC_SEQ_CST);

    if (hc_l1_seq_is(s, seq)) {
        rc = hc_l1_usable(l1, item, now);
        hc_l1_hand_out(item, ref);

        /* after a death a reset writes into headers, of pinned ones too */

        if ((rc == HC_L1_HIT || rc == HC_L1_STALE) && hc_l1_seq_is(s, seq)) {
            hc_l1_used(s, item);
            hc_l1_count_get(l1, rc, ref);
            return rc;
        }
    }

    hc_l1_unpin(l1, ref);

    return HC_L1_OK;
}

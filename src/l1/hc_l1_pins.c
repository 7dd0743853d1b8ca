/*
 * Pins: who sends what right now.
 *
 * A row is written and cleared without a lock.  The one store that clears it
 * comes after the last read of the entry.  One that was written too late, for
 * what had gone already, is cleared before anything is read through it.  So
 * whoever has made `seq` of a shard odd sees every pin in it, perhaps one that
 * is gone by now, or never was one.
 */

#include <stdlib.h>

#include "hc_l1_priv.h"


#define HC_L1_PINNED_PART  4             /* a quarter of the block */


static int
hc_l1_compare_rows(const void *one, const void *two)
{
    uint32_t  a, b;

    a = hc_l1_row_at(*(const hc_l1_row_t *) one);
    b = hc_l1_row_at(*(const hc_l1_row_t *) two);

    return (a > b) - (a < b);
}


static void
hc_l1_collect_slot_locked(hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t n)
{
    uint32_t            i, top;
    hc_l1_row_t         row;
    const hc_l1_row_t  *rows;

    rows = l1->rows + (size_t) n * l1->header->nrows;
    top = __atomic_load_n(&l1->slots[n].top, __ATOMIC_RELAXED);
    top = hc_min(top, l1->header->nrows);

    for (i = 0; i < top; i++) {
        row = __atomic_load_n(&rows[i], __ATOMIC_ACQUIRE);

        if (row != 0
            && hc_l1_row_size(row) >= HC_L1_ITEM_MIN
            && hc_l1_row_at(row) >= s->start
            && hc_l1_row_at(row) < s->end
            && hc_l1_row_size(row) <= s->end - hc_l1_row_at(row))
        {
            l1->pins[l1->npins++] = row;
        }
    }
}


/* Slots of dead processes count too, until they are swept: in_use is cleared
 * after the rows are.  Eight of them are looked at at once. */

void
hc_l1_collect_locked(hc_l1_t *l1, const hc_l1_shard_t *s)
{
    uint32_t         n, i;
    const uint64_t  *eight;

    l1->npins = 0;

    for (n = 0; n < l1->header->nslots; n += 8) {
        eight = (const uint64_t *) &l1->header->in_use[n];

        if (__atomic_load_n(eight, __ATOMIC_ACQUIRE) == 0) {
            continue;
        }

        for (i = n; i < n + 8; i++) {
            if (l1->header->in_use[i]) {
                hc_l1_collect_slot_locked(l1, s, i);
            }
        }
    }

    if (l1->npins > 1) {
        qsort(l1->pins, l1->npins, sizeof(hc_l1_row_t), hc_l1_compare_rows);
    }
}


/* Among the collected ones. */

int
hc_l1_is_pinned(const hc_l1_t *l1, uint32_t at)
{
    uint32_t  low, high, middle;

    low = 0;
    high = l1->npins;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (hc_l1_row_at(l1->pins[middle]) < at) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low < l1->npins && hc_l1_row_at(l1->pins[low]) == at;
}


/* 1: somebody may be sending some of these units. */

int
hc_l1_is_sent(const hc_l1_t *l1, uint32_t at, uint32_t size)
{
    uint32_t  i;

    for (i = 0; i < l1->npins; i++) {
        if (hc_l1_row_meets(l1->pins[i], at, size)) {
            return 1;
        }
    }

    return 0;
}


/* 1: this process has its share of what may be pinned. */

static int
hc_l1_has_share(const hc_l1_t *l1)
{
    uint64_t  share;
    uint32_t  workers;

    workers = __atomic_load_n(&l1->header->workers, __ATOMIC_RELAXED);
    share = l1->header->size / HC_L1_PINNED_PART / hc_max(workers, 1);

    return l1->pinned * HC_L1_UNIT > share;
}


/* -1: no row, not even the reserved one.  The last row is given out only for
 * a ref that is copied and unpinned at once. */

int
hc_l1_pin(hc_l1_t *l1, uint32_t at, uint32_t size, hc_l1_ref_t *ref)
{
    uint32_t  row;

    if (l1->nfree == 0) {
        return -1;
    }

    row = l1->free[--l1->nfree];

    if (row >= l1->slot->top) {
        __atomic_store_n(&l1->slot->top, row + 1, __ATOMIC_RELAXED);
    }

    __atomic_store_n(&l1->own[row], hc_l1_row(at, size), __ATOMIC_RELEASE);
    hc_l1_pause_at("row written");
    l1->pinned += size;

    ref->row = row;
    ref->pinned = 1;
    ref->copy = l1->nfree == 0 || hc_l1_has_share(l1);

    return 0;
}


/* 1: were it pinned, it would not have to be copied. */

int
hc_l1_may_keep(const hc_l1_t *l1, uint32_t size)
{
    hc_l1_t  then;

    then = *l1;
    then.pinned += size;

    return then.nfree > 1 && !hc_l1_has_share(&then);
}


void
hc_l1_unpin(hc_l1_t *l1, hc_l1_ref_t *ref)
{
    if (!ref->pinned) {
        return;
    }

    ref->pinned = 0;

    if (l1->slot == NULL) {
        return;
    }

    hc_assert(l1->own[ref->row] != 0);

    l1->pinned -= hc_l1_row_size(l1->own[ref->row]);
    __atomic_store_n(&l1->own[ref->row], 0, __ATOMIC_RELEASE);

    l1->free[l1->nfree++] = ref->row;
}


void
hc_l1_pins_sum(const hc_l1_t *l1, hc_l1_stats_t *stats)
{
    size_t       i, n;
    hc_l1_row_t  row;

    n = (size_t) l1->header->nslots * l1->header->nrows;

    for (i = 0; i < n; i++) {
        row = __atomic_load_n(&l1->rows[i], __ATOMIC_RELAXED);

        if (row) {
            stats->pinned++;
            stats->pinned_bytes += (uint64_t) hc_l1_row_size(row) * HC_L1_UNIT;
        }
    }
}

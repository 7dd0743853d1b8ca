/*
 * The slot of a tag: the low bits of a hash every node computes alike; and the
 * moves that are more than one counter.
 */

#include "hc_versions.h"
#include "hc_hash.h"


uint32_t
hc_version_slot(hc_str_t scope, hc_str_t name)
{
    return (uint32_t) hc_hash_shared(&hc_seed_fixed, scope, name)
           & HC_SLOT_COUNTER;
}


uint32_t
hc_version_named_slot(hc_str_t scope, hc_str_t name)
{
    return hc_version_slot(scope, name) | HC_SLOT_NAMED;
}


/* Two zones that share a cell are invalidated together. */

uint32_t
hc_version_zone_slot(hc_str_t zone, uint32_t slot)
{
    uint32_t  cell;

    static const hc_str_t  scope = hc_string("zone");

    cell = 1 + (uint32_t) (hc_hash_shared(&hc_seed_fixed, scope, zone)
                           % (HC_VERSIONS_ZONES - 1));

    return slot | cell << HC_SLOT_ZONE_SHIFT;
}


/* The cell first: a fill that finds the counter moved finds the cell moved,
 * too.  It must not go back when two moves overtake each other. */

void
hc_version_move_named(hc_versions_t *v, uint32_t slot)
{
    uint64_t  n, old, *moved;

    moved = &v->moved[slot & (HC_VERSIONS_NAMES - 1)];
    n = __atomic_add_fetch(&v->names, 1, __ATOMIC_SEQ_CST);
    old = __atomic_load_n(moved, __ATOMIC_SEQ_CST);

    while (old < n
           && !__atomic_compare_exchange_n(moved, &old, n, 0,
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    {
        /* void */
    }

    hc_version_move(v, slot);
}


uint64_t
hc_version_mark(const hc_versions_t *v)
{
    return __atomic_load_n(&v->names, __ATOMIC_SEQ_CST);
}


int
hc_version_named_since(const hc_versions_t *v, uint32_t slot, uint64_t mark)
{
    return __atomic_load_n(&v->moved[slot & (HC_VERSIONS_NAMES - 1)],
                           __ATOMIC_SEQ_CST)
           > mark;
}


void
hc_version_move_all(hc_versions_t *v, uint32_t slot)
{
    uint32_t  zone;

    zone = (slot & ~HC_SLOT_NAMED) >> HC_SLOT_ZONE_SHIFT;
    hc_assert(zone != 0);

    (void) __atomic_add_fetch(&v->all[zone], 1, __ATOMIC_SEQ_CST);
}

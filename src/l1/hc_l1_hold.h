/*
 * A put in two steps: an entry whose body is still on its way lies in the
 * store already, so that any process can send what is there of it.
 * Layer: hc_, of the first-level cache.
 *
 *   filler     reserve -> writes body, tells others `item` -> publish | abandon
 *   others     attach(item) -> ref, sends -> unpin
 *
 * The store does not know how much of a body is there: filler and others agree
 * on that themselves, in memory they share, and so on whether the item is
 * still the one that was told (after an abandon, a death, a publish and more,
 * the place may hold another fill of the same key).
 *
 * A hold is a pin.  Whoever dies drops it; the memory is free with the last
 * pin, never before.  hc_l1_leave() ends holds as it ends pins.
 *
 * What a hit would have to copy is refused here, since it cannot be copied: a
 * process keeps its share of a quarter of the store.  One ref of a process can
 * serve all that wait in it.
 */

#ifndef HC_L1_HOLD_H_INCLUDED_
#define HC_L1_HOLD_H_INCLUDED_


#include "hc_l1.h"


typedef struct {
    unsigned char  *body;        /* to be filled; its bytes mean nothing yet */
    size_t          len;
    uint64_t        item;        /* what others attach to */
    hc_l1_ref_t     ref;         /* private, but for `entry` */
} hc_l1_hold_t;


/* Takes room for the entry, whose body.data is NULL and body.len all there
 * will be.  A get does not find it; what it finds under the key stays.  OK, or
 * TOO_LARGE, NO_MEMORY, FENCED as of a put: then nothing is held. */
hc_l1_rc_e hc_l1_reserve(hc_l1_t *l1, const hc_l1_key_t *k,
    const hc_entry_t *e, uint64_t now, hc_l1_hold_t *hold);

/* The body is whole.  Ends the hold, whatever it returns: OK, a get finds it
 * as after a put; FENCED, NO_MEMORY (a shard was reset): as an abandon. */
hc_l1_rc_e hc_l1_publish(hc_l1_t *l1, hc_l1_hold_t *hold,
    const hc_l1_key_t *k, uint64_t fresh_until, uint64_t now);
void hc_l1_abandon(hc_l1_t *l1, hc_l1_hold_t *hold);

/* OK: the item that is, or was, held under that name is pinned, never with
 * copy = 1; its key and variant are those of `k`.  The span of the body has
 * its full length.  MISS: it is elsewhere, or gone; or too much is pinned.
 * Any number may be given for an item. */
hc_l1_rc_e hc_l1_attach(hc_l1_t *l1, uint64_t item, const hc_l1_key_t *k,
    hc_l1_ref_t *ref);


#endif /* HC_L1_HOLD_H_INCLUDED_ */

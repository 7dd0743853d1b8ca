/*
 * One hole of n units, when there are as many in pieces: items behind a hole
 * move into other holes, or change places with it.
 */

#include "hc_l1_priv.h"


/* Units of items a hole may pass on its way to others, as a multiple of what is
 * needed, or so many: for items of one size, which fit into no hole. */

#define HC_L1_SLIDE      8
#define HC_L1_SLIDE_MIN  (256u * 1024 / HC_L1_UNIT)
#define HC_L1_SLIDE_FAR  32

/* Places compared for a new large hole. */

#define HC_L1_SITES  4
#define HC_L1_NEVER  UINT32_MAX


/* Free units in no list, which are to become a hole. */

typedef struct {
    uint32_t  at;
    uint32_t  end;
    uint64_t  slid;              /* units of the items it has passed */
    uint64_t  slide;             /* at most */
    uint64_t  now;
    unsigned  force:1;           /* items may go for it */
} hc_l1_site_t;


/* The item is at `to` then, in `size` units; its old place is nobody's. */

static void
hc_l1_move_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    uint32_t to, uint32_t size)
{
    size_t         len;
    uint32_t      *link;
    hc_l1_item_t  *moved;

    link = hc_l1_find_link_locked(l1, s, item);
    len = hc_l1_length(item);
    moved = hc_l1_at(l1, to);

    hc_l1_pause_at("item before its move");
    memmove(moved, item, len);

    moved->size = size;
    moved->slack = (uint32_t) (size * (size_t) HC_L1_UNIT - len) & 0xf;
    moved->after_hole = 0;

    *link = to;
    hc_l1_list_moved(l1, &moved->node);
}


/* What clearing n units from a hole on would move; HC_L1_NEVER: it cannot be
 * done, or not for less than `most`. */

static uint32_t
hc_l1_price_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t at,
    uint32_t n, uint32_t most)
{
    uint32_t             end, used;
    const hc_l1_item_t  *item;

    used = 0;
    end = at;

    while (end - at < n) {

        if (end == s->end) {
            return HC_L1_NEVER;
        }

        item = hc_l1_at(l1, end);

        if (item->kind != HC_L1_HOLE) {
            used += item->size;

            if (used >= most
                || item->kind == HC_L1_GRAVE
                || hc_l1_is_pinned(l1, end))
            {
                return HC_L1_NEVER;
            }
        }

        end += item->size;
    }

    return used;
}


/* 1: a live item is there.  A hash that is none leads to some chain, where only
 * items are. */

static int
hc_l1_is_item_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t at,
    uint32_t size)
{
    uint32_t             next;
    const hc_l1_item_t  *item, *other;

    item = hc_l1_at(l1, at);
    next = hc_l1_buckets(l1, s)[hc_l1_bucket(s, item->hash)];

    for ( /* void */ ; next; next = other->next) {
        other = hc_l1_at(l1, next);

        if (other == item) {
            return item->size == size;
        }
    }

    return 0;
}


/* 1: a grave has some of these units; then they are those of the grave. */

static int
hc_l1_in_grave_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t *at,
    uint32_t *end)
{
    uint32_t             node, grave;
    const hc_l1_item_t  *item;

    node = s->graves.next;

    while (node != hc_l1_place(l1, &s->graves)) {
        item = hc_l1_item_of(l1, node);
        grave = hc_l1_place(l1, item);

        if (grave < *end && grave + item->size > *at) {
            *at = grave;
            *end = grave + item->size;
            return 1;
        }

        node = item->node.next;
    }

    return 0;
}


/* n units in which nothing is pinned, from the end of an item on; 0: nowhere.
 * A row that was written too late, and whose reader is about to notice, bounds
 * nothing. */

static uint32_t
hc_l1_gap_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t n)
{
    uint32_t  i, at, end, gap;

    gap = s->start;

    for (i = 0; i < l1->npins; i++) {
        at = hc_l1_row_at(l1->pins[i]);
        end = at + hc_l1_row_size(l1->pins[i]);

        if (!hc_l1_in_grave_locked(l1, s, &at, &end)
            && !hc_l1_is_item_locked(l1, s, at, end - at))
        {
            continue;
        }

        if (at >= gap + (uint64_t) n) {
            return gap;
        }

        gap = hc_max(gap, end);
    }

    return s->end - gap >= n ? gap : 0;
}


/* Where a hole of n units can be made: behind one of the largest ones, which
 * costs least, else in any gap between pins.  Nothing but an item or a hole
 * begins there.  0: nowhere. */

static uint32_t
hc_l1_site_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t n)
{
    uint32_t  i, at, site, price, least;

    site = 0;
    least = HC_L1_NEVER;

    for (i = 0; i < HC_L1_SITES; i++) {
        at = hc_l1_large_hole_locked(l1, s, i);

        if (at == 0) {
            break;
        }

        price = hc_l1_price_locked(l1, s, at, n, least);

        if (price < least) {
            least = price;
            site = at;
        }
    }

    return site ? site : hc_l1_gap_locked(l1, s, n);
}


/* 1: the item is elsewhere; 0: there is no place. */

static int
hc_l1_oust_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    uint32_t  n, to, size;

    n = (uint32_t) ((hc_l1_length(item) + HC_L1_UNIT - 1) / HC_L1_UNIT);
    to = hc_l1_alloc_locked(l1, s, n, &size);

    if (to) {
        hc_l1_move_locked(l1, s, item, to, size);
    }

    return to != 0;
}


/* The item changes places with the free units before it. */

static void
hc_l1_slide_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    hc_l1_site_t *site)
{
    uint32_t  size;

    size = item->size;

    if (site->at != site->end) {
        hc_l1_move_locked(l1, s, item, site->at, size);
    }

    site->at += size;
    site->end += size;
    site->slid += size;
}


/* The next block: a hole is added, an item makes way in one manner or another.
 * 0: it does not. */

static int
hc_l1_grow_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_site_t *site)
{
    uint32_t       size;
    hc_l1_item_t  *item;

    if (site->end == s->end) {
        return 0;
    }

    item = hc_l1_at(l1, site->end);
    size = item->size;

    if (item->kind == HC_L1_HOLE) {
        hc_l1_unhook_locked(l1, s, site->end);

    } else if (item->kind == HC_L1_GRAVE
               || hc_l1_is_pinned(l1, site->end))
    {
        return 0;

    } else if (item->gen != s->gen
               || !hc_l1_before(site->now, hc_l1_keep_until(item)))
    {
        hc_l1_evicted_locked(l1, s, item, site->now);
        hc_l1_unlink_locked(l1, s, item);

    } else if (hc_l1_oust_locked(l1, s, item)) {
        /* its place is free */

    } else if (site->slid + size <= site->slide) {
        hc_l1_slide_locked(l1, s, item, site);
        return 1;

    } else if (site->force) {
        hc_l1_evicted_locked(l1, s, item, site->now);
        hc_l1_unlink_locked(l1, s, item);

    } else {
        return 0;
    }

    site->end += size;

    return 1;
}


/* A hole leaves its list when it is reached: so an item may be moved ahead,
 * and makes way again then. */

static uint32_t
hc_l1_clear_site_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n,
    hc_l1_site_t *site, uint32_t *size)
{
    if (site->at == 0) {
        return 0;
    }

    site->end = site->at;
    site->slid = 0;

    while (site->end - site->at < n && hc_l1_grow_locked(l1, s, site)) {
        hc_l1_pause_at("site half cleared");
    }

    if (site->at != site->end) {
        hc_l1_release_locked(l1, s, site->at, site->end - site->at, 0);
    }

    return hc_l1_alloc_locked(l1, s, n, size);
}


/* Each try spends more: a hole is moved a little, then past many items, and at
 * last what is in the way goes, which always succeeds if there is a gap. */

uint32_t
hc_l1_gather_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n, uint64_t now,
    unsigned try, uint32_t *size)
{
    hc_l1_site_t  site;

    memset(&site, 0, sizeof(site));

    site.now = now;
    site.force = try == HC_L1_TRIES;

    if (try + 1 == HC_L1_TRIES) {
        site.at = hc_l1_gap_locked(l1, s, n);
        site.slide = HC_L1_SLIDE_FAR * (uint64_t) n;

    } else {
        site.at = hc_l1_site_locked(l1, s, n);
        site.slide = site.force ? 0 : hc_max(HC_L1_SLIDE * (uint64_t) n,
                                             HC_L1_SLIDE_MIN);
    }

    return hc_l1_clear_site_locked(l1, s, n, &site, size);
}


/* Could n units be had if all that is not pinned went?  Asked first, so that
 * a store which cannot succeed evicts nothing.  Rows that were written too late
 * make it say no at worst. */

int
hc_l1_has_room_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t n)
{
    uint32_t  i, at, end;

    at = s->start;

    for (i = 0; i < l1->npins; i++) {
        if (hc_l1_row_at(l1->pins[i]) >= at + (uint64_t) n) {
            return 1;
        }

        end = hc_l1_row_at(l1->pins[i]) + hc_l1_row_size(l1->pins[i]);
        at = hc_max(at, end);
    }

    return s->end - at >= n;
}

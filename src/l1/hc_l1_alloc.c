/*
 * Holes of a shard by size: two-level segregated fit (Masmano, Ripoll, Crespo
 * and Real, "TLSF: a new dynamic memory allocator for real-time systems",
 * 2004), with eight classes to a power of two.
 *
 * A hole is merged with its neighbours at once.  The one before is found by
 * `after_hole` and the size in the hole's last word, the one behind by its
 * place.
 */

#include "hc_l1_priv.h"


/* Looks at holes of the one class whose members may or may not do. */

#define HC_L1_LOOKS  8


/* Sizes below eight have a class each; then eight to a power of two. */

static uint32_t
hc_l1_class(uint32_t size)
{
    uint32_t  power;

    if (size < 8) {
        return size;
    }

    power = 31 - (uint32_t) __builtin_clz(size);

    return (power - 2) * 8 + (size >> (power - 3) & 7);
}


/* The first class from `from` on that has a hole; HC_L1_CLASSES: none. */

static uint32_t
hc_l1_next_class(const hc_l1_shard_t *s, uint32_t from)
{
    uint32_t  row, bits;

    if (from >= HC_L1_CLASSES) {
        return HC_L1_CLASSES;
    }

    row = from / 8;
    bits = s->small[row] & (0xffu << from % 8);

    if (bits == 0) {
        bits = s->large & (0xffffffffu << (row + 1));

        if (bits == 0) {
            return HC_L1_CLASSES;
        }

        row = (uint32_t) __builtin_ctz(bits);
        bits = s->small[row];
    }

    return row * 8 + (uint32_t) __builtin_ctz(bits);
}


static uint32_t *
hc_l1_footer(const hc_l1_t *l1, uint32_t end)
{
    return (uint32_t *) hc_l1_at(l1, end) - 1;
}


void
hc_l1_tell_after_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at, int hole)
{
    hc_l1_hole_t  *after;

    if (at < s->end) {
        after = hc_l1_at(l1, at);
        after->after_hole = hole;
    }
}


void
hc_l1_hook_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at, uint32_t size)
{
    uint32_t       class;
    hc_l1_hole_t  *hole, *next;

    hc_assert(size >= HC_L1_HOLE_MIN);

    class = hc_l1_class(size);
    hole = hc_l1_at(l1, at);

    hole->size = size;
    hole->kind = HC_L1_HOLE;
    hole->after_hole = 0;
    hole->next = s->holes[class];
    hole->prev = 0;
    *hc_l1_footer(l1, at + size) = size;

    if (hole->next) {
        next = hc_l1_at(l1, hole->next);
        next->prev = at;
    }

    s->holes[class] = at;
    s->small[class / 8] |= (uint8_t) (1u << class % 8);
    s->large |= 1u << class / 8;
    s->free += size;
}


void
hc_l1_unhook_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at)
{
    uint32_t       class;
    hc_l1_hole_t  *hole, *other;

    hole = hc_l1_at(l1, at);
    class = hc_l1_class(hole->size);

    if (hole->next) {
        other = hc_l1_at(l1, hole->next);
        other->prev = hole->prev;
    }

    if (hole->prev) {
        other = hc_l1_at(l1, hole->prev);
        other->next = hole->next;

    } else {
        s->holes[class] = hole->next;
    }

    if (s->holes[class] == 0) {
        s->small[class / 8] &= (uint8_t) ~(1u << class % 8);

        if (s->small[class / 8] == 0) {
            s->large &= ~(1u << class / 8);
        }
    }

    s->free -= hole->size;
}


void
hc_l1_release_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at,
    uint32_t size, int after_hole)
{
    uint32_t       before;
    hc_l1_hole_t  *hole;

    if (at + size < s->end) {
        hole = hc_l1_at(l1, at + size);

        if (hole->kind == HC_L1_HOLE) {
            size += hole->size;
            hc_l1_unhook_locked(l1, s, hc_l1_place(l1, hole));
        }
    }

    if (after_hole) {
        before = *hc_l1_footer(l1, at);
        at -= before;
        size += before;
        hc_l1_unhook_locked(l1, s, at);
    }

    hc_l1_pause_at("between holes");
    hc_l1_hook_locked(l1, s, at, size);
    hc_l1_tell_after_locked(l1, s, at + size, 1);
}


/* Among the first few of a class; 0: none of these is large enough. */

static uint32_t
hc_l1_look_locked(const hc_l1_t *l1, uint32_t at, uint32_t n)
{
    unsigned       looks;
    hc_l1_hole_t  *hole;

    for (looks = 0; at && looks < HC_L1_LOOKS; looks++) {
        hole = hc_l1_at(l1, at);

        if (hole->size >= n) {
            return at;
        }

        at = hole->next;
    }

    return 0;
}


uint32_t
hc_l1_alloc_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t n, uint32_t *size)
{
    uint32_t       at, rest, class;
    hc_l1_hole_t  *hole;

    class = hc_l1_class(n);
    at = hc_l1_look_locked(l1, s->holes[class], n);

    if (at == 0) {
        class = hc_l1_next_class(s, class + 1);

        if (class == HC_L1_CLASSES) {
            return 0;
        }

        at = s->holes[class];
    }

    hole = hc_l1_at(l1, at);
    rest = hole->size - n;
    hc_l1_unhook_locked(l1, s, at);
    hc_l1_pause_at("hole taken");

    if (rest >= HC_L1_HOLE_MIN) {
        hc_l1_hook_locked(l1, s, at + n, rest);
        *size = n;

    } else {
        *size = n + rest;
        hc_l1_tell_after_locked(l1, s, at + n + rest, 0);
    }

    return at;
}


/* The nth hole, from the largest classes down; 0: there are fewer. */

uint32_t
hc_l1_large_hole_locked(const hc_l1_t *l1, const hc_l1_shard_t *s, uint32_t n)
{
    uint32_t       at, row, class, large;
    hc_l1_hole_t  *hole;

    for (large = s->large; large; large &= ~(1u << row)) {
        row = 31 - (uint32_t) __builtin_clz(large);

        for (class = row * 8 + 8; class-- > row * 8; /* void */ ) {
            for (at = s->holes[class]; at; at = hole->next) {
                if (n-- == 0) {
                    return at;
                }

                hole = hc_l1_at(l1, at);
            }
        }
    }

    return 0;
}

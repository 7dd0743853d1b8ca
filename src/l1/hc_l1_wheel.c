/*
 * What is past its time, without looking for it: a hierarchical timing wheel
 * (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987).
 *
 *   level 0   32 spokes of  1 tick     0 .. 32 s
 *   level 1   32 spokes of  2^5        .. 17 min
 *   level 2   32 spokes of  2^10       .. 9 h
 *   level 3   32 spokes of  2^15       .. 12 days, later ones wait in the last
 *
 * A store moves the wheel on, some items at a time.  An item that comes due on
 * a higher level goes down, unless it is past its time; on level 0 it goes.
 */

#include "hc_l1_priv.h"


#define HC_L1_TICK    1024               /* ms */
#define HC_L1_BITS    5                  /* of a level */
#define HC_L1_SPAN    (1ull << HC_L1_BITS * HC_L1_LEVELS)      /* ticks */


static hc_l1_node_t *
hc_l1_spoke(hc_l1_shard_t *s, unsigned level, uint64_t tick, uint32_t *bit)
{
    uint32_t  n;

    n = (uint32_t) (tick >> HC_L1_BITS * level) % HC_L1_SPOKES;
    *bit = 1u << n;

    return &s->spokes[level][n];
}


/* The tick after which it is gone for sure. */

static uint64_t
hc_l1_due(const hc_l1_shard_t *s, const hc_l1_item_t *item)
{
    uint64_t  until, tick;

    until = hc_l1_keep_until(item);
    tick = until / HC_L1_TICK + 1;

    if (hc_l1_before(until, s->tick * HC_L1_TICK)) {
        return s->tick;
    }

    return hc_min(tick, s->tick + HC_L1_SPAN - HC_L1_SPAN / HC_L1_SPOKES);
}


void
hc_l1_wheel_add_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item)
{
    unsigned       level;
    uint32_t       bit;
    uint64_t       due, away;
    hc_l1_node_t  *spoke;

    due = hc_l1_due(s, item);
    away = due - s->tick;

    for (level = 0; away >= HC_L1_SPOKES; level++) {
        away >>= HC_L1_BITS;
    }

    spoke = hc_l1_spoke(s, level, due, &bit);
    hc_l1_list_add(l1, spoke, &item->node);
    s->occupied[level] |= bit;
}


/* NULL: the spoke is empty. */

static hc_l1_item_t *
hc_l1_on_spoke_locked(hc_l1_t *l1, hc_l1_shard_t *s, unsigned level)
{
    uint32_t       bit;
    hc_l1_node_t  *spoke;

    spoke = hc_l1_spoke(s, level, s->tick, &bit);

    if (!(s->occupied[level] & bit)) {
        return NULL;
    }

    if (hc_l1_list_empty(l1, spoke)) {
        s->occupied[level] &= ~bit;
        return NULL;
    }

    return hc_l1_item_of(l1, spoke->next);
}


/* The lowest level with an item due at this tick; a level above 0 is due when
 * all below it begin anew. */

static hc_l1_item_t *
hc_l1_next_due_locked(hc_l1_t *l1, hc_l1_shard_t *s, unsigned *level)
{
    uint64_t       below;
    hc_l1_item_t  *item;

    for (*level = 0; *level < HC_L1_LEVELS; (*level)++) {
        below = (1ull << HC_L1_BITS * *level) - 1;

        if (s->tick & below) {
            break;
        }

        item = hc_l1_on_spoke_locked(l1, s, *level);

        if (item) {
            return item;
        }
    }

    return NULL;
}


/* To the next tick at which something may be due, at most `to`. */

static void
hc_l1_turn_locked(hc_l1_shard_t *s, uint64_t to)
{
    unsigned  level;
    uint64_t  next;

    next = s->tick + 1;

    for (level = 0; level < HC_L1_LEVELS - 1; level++) {
        if (s->occupied[level]) {
            break;
        }

        next = (s->tick >> HC_L1_BITS * (level + 1)) + 1;
        next <<= HC_L1_BITS * (level + 1);
    }

    s->tick = hc_min(next, to);
}


/* 1: it went.  On a higher level because the wheel is behind: then it need not
 * go all the way down. */

static int
hc_l1_come_due_locked(hc_l1_t *l1, hc_l1_shard_t *s, hc_l1_item_t *item,
    unsigned level, uint64_t to)
{
    int  gone;

    gone = level == 0
           || hc_l1_before(hc_l1_keep_until(item), to * HC_L1_TICK);

    hc_l1_change_locked(s);

    if (gone) {
        s->n.expired += item->gen == s->gen;
        hc_l1_drop_locked(l1, s, item);

    } else {
        hc_l1_list_remove(l1, &item->node);
        hc_l1_pause_at("item between spokes");
        hc_l1_wheel_add_locked(l1, s, item);
    }

    hc_l1_changed_locked(s);

    return gone;
}


int
hc_l1_expire_locked(hc_l1_t *l1, hc_l1_shard_t *s, uint64_t now,
    unsigned steps)
{
    int            gone;
    unsigned       level;
    uint64_t       to;
    hc_l1_item_t  *item;

    to = now / HC_L1_TICK;
    gone = 0;

    if (s->entries == 0 && s->unswept == 0 && s->tick < to) {
        s->tick = to;                /* nothing can be due */
        return 0;
    }

    while (steps) {
        item = hc_l1_next_due_locked(l1, s, &level);

        if (item) {
            gone |= hc_l1_come_due_locked(l1, s, item, level, to);
            steps--;
            continue;
        }

        if (s->tick >= to) {
            break;
        }

        hc_l1_turn_locked(s, to);
    }

    return gone;
}

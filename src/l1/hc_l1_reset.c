/*
 * An empty shard: at first, and around what is being sent after a process
 * died in the middle of a change.
 */

#include "hc_l1_priv.h"


/* Nothing of the shard is believed but where it lies. */

static void
hc_l1_forget_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    unsigned  level, n;

    memset(hc_l1_buckets(l1, s), 0, s->nbuckets * sizeof(uint32_t));
    memset(s->small, 0, sizeof(s->small));
    memset(s->holes, 0, sizeof(s->holes));
    memset(s->occupied, 0, sizeof(s->occupied));

    s->large = 0;
    s->free = 0;
    s->entries = 0;
    s->bytes = 0;
    s->unswept = 0;
    s->swept_gen = s->gen;
    s->hand = 0;

    for (level = 0; level < HC_L1_LEVELS; level++) {
        for (n = 0; n < HC_L1_SPOKES; n++) {
            hc_l1_list_init(l1, &s->spokes[level][n]);
        }
    }

    hc_l1_list_init(l1, &s->graves);
}


static void
hc_l1_set_grave(hc_l1_t *l1, hc_l1_shard_t *s, uint32_t at, uint32_t size,
    int after_hole)
{
    hc_l1_item_t  *item;

    item = hc_l1_at(l1, at);

    item->size = size;
    item->kind = HC_L1_GRAVE;
    item->after_hole = after_hole;

    hc_l1_list_add(l1, &s->graves, &item->node);
}


/* The next run of units that may be sent: pins that overlap, of which at least
 * one never was one, are one run. */

static int
hc_l1_next_sent_locked(const hc_l1_t *l1, uint32_t *i, uint32_t *at,
    uint32_t *end)
{
    hc_l1_row_t  row;

    if (*i == l1->npins) {
        return 0;
    }

    *at = hc_l1_row_at(l1->pins[*i]);
    *end = *at;

    do {
        row = l1->pins[*i];
        *end = hc_max(*end, hc_l1_row_at(row) + hc_l1_row_size(row));
        (*i)++;

    } while (*i < l1->npins && hc_l1_row_at(l1->pins[*i]) < *end);

    return 1;
}


/* Readers of pinned items look at what follows the header, which is all that
 * is written here.  What is too small for a hole belongs to the grave. */

void
hc_l1_clear_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    int       hole;
    uint32_t  i, at, end, free;

    hc_l1_forget_locked(l1, s);

    i = 0;
    free = s->start;

    while (hc_l1_next_sent_locked(l1, &i, &at, &end)) {
        hole = at - free >= HC_L1_HOLE_MIN;

        if (hole) {
            hc_l1_hook_locked(l1, s, free, at - free);

        } else {
            at = free;
        }

        if (s->end - end < HC_L1_HOLE_MIN) {
            end = s->end;
        }

        hc_l1_pause_at("reset");
        hc_l1_set_grave(l1, s, at, end - at, hole);
        free = end;
    }

    if (free < s->end) {
        hc_l1_hook_locked(l1, s, free, s->end - free);
    }
}


/* `changing` stays set to the end, so that dying in here is no worse. */

void
hc_l1_reset_locked(hc_l1_t *l1, hc_l1_shard_t *s)
{
    s->changing = 1;
    hc_l1_seq_begin_locked(s);

    hc_l1_collect_locked(l1, s);
    hc_l1_clear_locked(l1, s);
    s->n.resets++;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    s->changing = 0;
}

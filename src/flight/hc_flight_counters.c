/*
 * Counting: a row for each worker, which alone writes into it.
 */

#include "hc_flight_priv.h"


void
hc_flight_add(hc_flight_t *f, hc_flight_counter_e counter)
{
    uint64_t  *n;

    if (f->slot != -1) {
        n = &f->counters[f->slot][counter];
        __atomic_store_n(n, *n + 1, __ATOMIC_RELAXED);
    }
}


static uint64_t
hc_flight_total(const hc_flight_t *f, hc_flight_counter_e counter)
{
    unsigned  slot;
    uint64_t  sum;

    sum = 0;

    for (slot = 0; slot < HC_FLIGHT_WORKERS; slot++) {
        sum += __atomic_load_n(&f->counters[slot][counter], __ATOMIC_RELAXED);
    }

    return sum;
}


void
hc_flight_stats(const hc_flight_t *f, hc_flight_stats_t *stats)
{
    uint32_t                  i;
    const hc_flight_place_t  *p;

    memset(stats, 0, sizeof(*stats));

#define hc_flight_total_of(name, text)                                        \
    stats->name = hc_flight_total(f, HC_FLIGHT_COUNT_##name);

    HC_FLIGHT_COUNTERS(hc_flight_total_of)

#undef hc_flight_total_of

    for (i = 0; i < HC_FLIGHT_LEASES; i++) {
        p = &f->places[i];

        if (hc_flight_word_state(__atomic_load_n(&p->word, __ATOMIC_ACQUIRE))
            == HC_FLIGHT_LIVE)
        {
            stats->asking++;
            stats->waiting += __atomic_load_n(&p->waiters, __ATOMIC_RELAXED);
        }
    }
}

/*
 * What a zone holds when it is full, and whether that stays so.
 */

#ifndef HC_BENCH_MEMORY_H_INCLUDED_
#define HC_BENCH_MEMORY_H_INCLUDED_


#include "store.h"


/* Keys are numbered; `keys` of them have been put. */

typedef struct {
    store_t   store;
    uint64_t  keys;
    uint32_t  random;
} memory_t;


/* Bytes of the body of key `n`. */

typedef size_t (*memory_size_pt)(void *data, uint64_t n);


void memory_open(memory_t *m, size_t size);
void memory_close(memory_t *m);

/* Keys that are new until it is full, which is when the first has to go, and
 * then half as many again if `more`. */
void memory_fill(memory_t *m, memory_size_pt size, void *data, int more);

/* Stores keys at random among those put, in sizes at random: 64 to 16384 bytes,
 * half of them below 1024, two thirds between 460 and 2300. */
void memory_replace(memory_t *m, uint64_t n);
size_t memory_random_size(void *random, uint64_t n);

double memory_share(const hc_l1_stats_t *stats);         /* payload / zone */
double memory_bookkeeping(const hc_l1_stats_t *stats);   /* bytes per entry */


#endif /* HC_BENCH_MEMORY_H_INCLUDED_ */

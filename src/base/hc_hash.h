/*
 * SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF").
 *
 * Two spans are hashed as one sequence with their boundary folded in, so
 * ("a", "bc") and ("ab", "c") differ.
 *
 * hc_hash is SipHash-1-3, for tables in the memory of one machine.  Clients
 * choose the keys there: the seed is random and secret, and no hash is shown
 * to them.  With fewer rounds it is not the PRF the paper argues for, but no
 * way is known to make keys collide without the seed, and a collision costs
 * time, never a wrong answer, since full keys are compared.
 *
 * hc_hash_shared is SipHash-2-4, for values that other nodes, of any release,
 * must agree on.
 */

#ifndef HC_HASH_H_INCLUDED_
#define HC_HASH_H_INCLUDED_


#include "hc_base.h"


typedef struct {
    uint64_t  k0;
    uint64_t  k1;
} hc_seed_t;


extern const hc_seed_t  hc_seed_fixed;


uint64_t hc_hash(const hc_seed_t *seed, hc_str_t a, hc_str_t b);
uint64_t hc_hash_shared(const hc_seed_t *seed, hc_str_t a, hc_str_t b);


#endif /* HC_HASH_H_INCLUDED_ */

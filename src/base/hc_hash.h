/*
 * SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF").
 *
 * Two spans are hashed as one sequence with their boundary folded in, so
 * ("a", "bc") and ("ab", "c") differ.  A table that faces clients takes a
 * random seed; a value that other nodes must agree on takes hc_hash_fixed.
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


#endif /* HC_HASH_H_INCLUDED_ */

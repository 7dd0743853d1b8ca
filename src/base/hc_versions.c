/*
 * The slot of a tag: the low bits of a hash every node computes alike.
 */

#include "hc_versions.h"
#include "hc_hash.h"


uint32_t
hc_version_slot(hc_str_t scope, hc_str_t name)
{
    return (uint32_t) hc_hash_shared(&hc_seed_fixed, scope, name)
           & (HC_VERSIONS_SLOTS - 1);
}

/*
 * Every counter once: member, name in the status output.
 *
 * HC_L1_COUNTERS are kept per shard of a zone and only grow, except the
 * gauges below them; HC_L2_COUNTERS are kept per server in shared memory and
 * moved atomically by all workers; HC_FLIGHT_COUNTERS are kept per worker, for
 * all zones together.
 */

#ifndef HC_COUNTERS_H_INCLUDED_
#define HC_COUNTERS_H_INCLUDED_


#define HC_L1_COUNTERS(row)                                                   \
    row(hits,          "found and fresh")                                     \
    row(stale,         "found, past freshness")                               \
    row(misses,        "not found")                                           \
    row(invalidated,   "found, but a write or purge came since")              \
    row(stores,        "entries stored")                                      \
    row(replaced,      "stores over a live entry of the same key")            \
    row(evictions,     "live entries removed to make room")                   \
    row(expired,       "entries removed after their stale time")              \
    row(deletes,       "entries removed by key")                              \
    row(too_large,     "not stored: larger than max_object")                  \
    row(no_memory,     "not stored: no room could be made")                   \
    row(fenced,        "not stored: a write came since the fill began")       \
    row(copied,        "hits copied because too much was pinned")             \
    row(resets,        "shards reset after a worker died inside")

#define HC_L1_GAUGES(row)                                                     \
    row(entries,       "live entries")                                        \
    row(bytes,         "bytes of live entries: key, headers, body")           \
    row(pinned,        "entries being sent right now")                        \
    row(pinned_bytes,  "bytes of them")

#define HC_L2_COUNTERS(row)                                                   \
    row(gets,          "lookups asked")                                       \
    row(hits,          "lookups answered with a good value")                  \
    row(misses,        "lookups answered with nothing")                       \
    row(stale_fence,   "values refused: a write came since they were made")   \
    row(bad_values,    "values refused: damaged, another key, hostile")       \
    row(other_version, "values refused: another format version")              \
    row(puts,          "stores asked")                                        \
    row(stores,        "stores acknowledged")                                 \
    row(invalidations, "invalidations asked")                                 \
    row(untold,        "invalidations not acknowledged in time")              \
    row(timeouts,      "commands not answered in time")                       \
    row(errors,        "commands answered with an error")                     \
    row(connects,      "connections made")                                    \
    row(failures,      "connections refused, lost or timed out")

#define HC_L2_GAUGES(row)                                                     \
    row(in_flight,     "operations waiting for an answer")                    \
    row(connections,   "connections open")

#define HC_FLIGHT_COUNTERS(row)                                               \
    row(leases,        "requests that ask for all others of their key")       \
    row(waits,         "times a request began to wait for another")           \
    row(told_stored,   "waits that ended with an answer in store")            \
    row(told_refused,  "waits for an answer that may not be shared")          \
    row(told_failed,   "waits for an answer that did not come, or was cut")   \
    row(told_gone,     "waits for a request that is gone: it is done anew")   \
    row(timeouts,      "waits that took too long")                            \
    row(surplus,       "requests that found enough of them waiting")          \
    row(passed,        "requests for what is known not to be shareable")      \
    row(no_place,      "requests that found no lease free")

#define HC_FLIGHT_GAUGES(row)                                                 \
    row(asking,        "leases that are taken right now")                     \
    row(waiting,       "requests that wait right now")


#endif /* HC_COUNTERS_H_INCLUDED_ */

/*
 * Second-level cache: one remote store shared by many nodes.
 *
 * Layer: ngx_hc_, stores.  Knows nginx core and events, never HTTP.
 *
 * Life of an operation.  A call returns an operation, or NULL when there was
 * no memory for one, and then nothing more happens.  An operation completes
 * exactly once, never from inside the call that started it, and then calls
 * done(); its answer is borrowed until done() returns.  Whoever may die
 * earlier calls ngx_hc_l2_forget(): done() is then never called, while the
 * operation itself goes on, because its reply still has its place in line.
 * Operations belong to the store, not to a request.  done may be NULL.
 *
 * Deadlines.  Connecting has connect_timeout, every operation has timeout from
 * its call; both are the store's own timers.  They hold an exiting worker only
 * while somebody waits for done().  A server in trouble is DOWN, TIMEOUT or
 * BAD and counted, never an error of anyone else's.
 *
 * Keys.  A server is sent prefix + "1:" + hex of a 128-bit hash of key and
 * variant; the key itself is inside the value and compared on reading.
 *
 * Fence.  The versions of all tags live in the server as one array of 32-bit
 * counters under prefix + "versions", led by a 64-bit epoch.  A get reads the
 * value first and the versions after it, in one pipeline; a value whose tags
 * carry other versions is a miss.  The versions a get returned, also on a
 * miss, are the fence of the fill that follows, and are put with its value.
 *
 * Named tags are in the value only, after those asked for: a value that has
 * some costs a second round trip, which reads their versions.  These are not
 * compared for being equal: moving a named tag sets its counter to the count
 * of all moves, and the value carries that count as it was when its fill
 * began.  A greater one means that the tag was moved since.
 *
 * An invalidation the server did not acknowledge is remembered in shared
 * memory and told ahead of the next reads on any connection, so a server that
 * missed it is not believed before it knows.  An epoch older, or a count of
 * moves lower, than was seen before means that the array was lost or is an
 * older one: nothing older is believed.
 */

#ifndef NGX_HC_L2_H_INCLUDED_
#define NGX_HC_L2_H_INCLUDED_


#include "../base/ngx_hc_base.h"
#include "../base/hc_counters.h"
#include "../policy/hc_entry.h"


typedef struct ngx_hc_l2_s      ngx_hc_l2_t;       /* one hc_l2 { } */
typedef struct ngx_hc_l2_op_s   ngx_hc_l2_op_t;


typedef enum {
    NGX_HC_L2_OK = 0,            /* acknowledged */
    NGX_HC_L2_HIT,
    NGX_HC_L2_MISS,
    NGX_HC_L2_BAD,               /* damaged value, error reply, nonsense */
    NGX_HC_L2_DOWN,              /* no connection, or it was lost */
    NGX_HC_L2_TIMEOUT
} ngx_hc_l2_rc_e;


typedef struct {
    hc_str_t    key;
    hc_str_t    variant;
    ngx_uint_t  ntags;
    hc_tag_t    tags[HC_TAGS_MAX];     /* slots in; a get sets the versions
                                          the server has in its answer */
} ngx_hc_l2_key_t;


typedef struct {
    hc_entry_t       *entry;           /* of a HIT; spans are borrowed */
    const uint32_t   *versions;        /* of the tags asked for, in order; NULL
                                          when the server did not tell */
    uint32_t          moves;           /* the version of named tags then */
    ngx_msec_t        time;            /* ms since the call */
} ngx_hc_l2_answer_t;


typedef void (*ngx_hc_l2_done_pt)(void *owner, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer);


/* Configuration: one per hc_l2 block, filled while it is parsed. */

struct ngx_hc_l2_s {
    ngx_str_t        name;
    ngx_str_t        prefix;
    ngx_msec_t       connect_timeout;
    ngx_msec_t       timeout;
    ngx_uint_t       connections;      /* per worker and server */
    size_t           max_value;        /* bytes of one value */

    ngx_str_t        url;              /* as written */
    ngx_addr_t      *addr;             /* of the server */
    ngx_shm_zone_t  *shm_zone;         /* counters and what is untold */

    void            *driver;           /* of this worker; private */
};


/* shm_zone->init of a server's zone, and its size; data is the ngx_hc_l2_t.
 * What is untold is untold to one server: the zone's name contains its url and
 * prefix. */

#define NGX_HC_L2_ZONE_SIZE  (16 * 4096)

ngx_int_t ngx_hc_l2_init_zone(ngx_shm_zone_t *shm_zone, void *data);

/* In each worker, from init_process and exit_process.  Operations that are
 * still under way at the close are dropped, their done() is not called. */

ngx_int_t ngx_hc_l2_open(ngx_hc_l2_t *l2, ngx_cycle_t *cycle);
void ngx_hc_l2_close(ngx_hc_l2_t *l2);


/* HIT, MISS, BAD, DOWN or TIMEOUT.  The key is copied.  answer->entry has its
 * tags as asked for, with the server's versions. */

ngx_hc_l2_op_t *ngx_hc_l2_get(ngx_hc_l2_t *l2, ngx_hc_l2_key_t *key,
    ngx_hc_l2_done_pt done, void *owner);

/* Stores the entry for ttl ms; its tags carry the versions a get returned.
 * The entry is encoded before this returns.  OK, BAD, DOWN or TIMEOUT.  NULL
 * also when it cannot be stored: larger than max_value, or a ttl of 0. */

ngx_hc_l2_op_t *ngx_hc_l2_put(ngx_hc_l2_t *l2, hc_entry_t *entry,
    ngx_msec_t ttl, ngx_hc_l2_done_pt done, void *owner);

/* Moves the versions of n slots forward (HC_SLOT_NAMED says which are of
 * named tags; zones are unknown here), or of everything if n is 0.  OK, BAD,
 * DOWN or TIMEOUT; unless OK the slots stay remembered as untold, which they
 * are from the call on: also when NULL is returned, or the worker dies. */

ngx_hc_l2_op_t *ngx_hc_l2_invalidate(ngx_hc_l2_t *l2, uint32_t *slots,
    ngx_uint_t n, ngx_hc_l2_done_pt done, void *owner);

void ngx_hc_l2_forget(ngx_hc_l2_op_t *op);


/* Totals of all workers; gauges leave out workers that died. */

typedef struct {
#define ngx_hc_l2_member(name, text)  uint64_t  name;
    HC_L2_COUNTERS(ngx_hc_l2_member)
    HC_L2_GAUGES(ngx_hc_l2_member)
#undef ngx_hc_l2_member
} ngx_hc_l2_stats_t;

void ngx_hc_l2_stats(ngx_hc_l2_t *l2, ngx_hc_l2_stats_t *out);


#endif /* NGX_HC_L2_H_INCLUDED_ */

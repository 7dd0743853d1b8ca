/*
 * Inside the room: an operation, and what the workers share about a server.
 *
 * Life of an operation:
 *
 *   create -- start --+-- queued on a connection --- its replies -+- release
 *                     |        |                                  |
 *                     |        +-- deadline: done(TIMEOUT) -- orphan
 *                     |        +-- connection lost: done(DOWN) ---+
 *                     +-- no connection: done(DOWN) next turn ----+
 *
 * It is freed when it has completed and has no place in line any more.  An
 * orphan has completed and still has one: its reply is taken and dropped.
 */

#ifndef NGX_HC_L2_PRIV_H_INCLUDED_
#define NGX_HC_L2_PRIV_H_INCLUDED_


#include <ngx_event.h>
#include "ngx_hc_l2.h"


typedef struct ngx_hc_redis_s       ngx_hc_redis_t;
typedef struct ngx_hc_redis_conn_s  ngx_hc_redis_conn_t;


/*
 * What a server was not told, a table in shared memory:
 *
 *   item      0      1      2           high              1024
 *         | all  | slot | slot | free | slot |   ...   |        |
 *
 * seq == 0: free.  until == 0: due, whoever reads tells it first.  Otherwise
 * the operation that brought it is under way until then; if its worker dies,
 * it is due at that time.
 *
 * An invalidation puts its slots here when it starts and takes them out when
 * it is acknowledged; if it fails, they become due.  seq says for whose sake
 * an item stands: an acknowledgement takes out what has not been brought
 * again since.  When there is no room, everything becomes the one item "all".
 * generation moves whenever an item becomes due.
 *
 * Guarded by the zone's own mutex, which the master frees when a worker dies;
 * count may be read without.
 */

#define NGX_HC_L2_SLOTS_MAX     1024
#define NGX_HC_L2_ITEMS         (1 + NGX_HC_L2_SLOTS_MAX)
#define NGX_HC_L2_ITEM_ALL      0

typedef struct {
    uint64_t              seq;
    ngx_msec_t            until;
    uint32_t              slot;
} ngx_hc_l2_item_t;


typedef struct {
    ngx_atomic_t          count;
    uint64_t              seq;
    uint64_t              generation;
    ngx_uint_t            high;          /* above it all are free */
    ngx_hc_l2_item_t      item[NGX_HC_L2_ITEMS];
} ngx_hc_l2_untold_t;


/* An item as an operation remembers it. */

typedef struct {
    uint64_t              seq;
    uint32_t              index;
    uint32_t              slot;
} ngx_hc_l2_claim_t;


/* Gauges of one worker; written by it alone. */

#define NGX_HC_L2_WORKERS       128

typedef struct {
    ngx_pid_t             pid;
    ngx_atomic_t          in_flight;
    ngx_atomic_t          connections;
} ngx_hc_l2_gauge_t;


#define NGX_HC_L2_MAGIC         0x6863326c
#define NGX_HC_L2_LAYOUT        1

typedef struct {
    uint32_t              magic;
    uint32_t              layout;
    uint32_t              size;
    uint64_t              epoch;         /* newest seen; only grows */
    uint64_t              moves;         /* most seen under it; high half: low
                                            half of the epoch */

    struct {
#define ngx_hc_l2_member(name, text)  ngx_atomic_t  name;
        HC_L2_COUNTERS(ngx_hc_l2_member)
#undef ngx_hc_l2_member
    } counter;

    ngx_hc_l2_gauge_t     gauge[NGX_HC_L2_WORKERS];
    ngx_hc_l2_untold_t    untold;
} ngx_hc_l2_shared_t;


#define ngx_hc_l2_count(driver, name)                                         \
    (void) ngx_atomic_fetch_add(&(driver)->shared->counter.name, 1)


#define NGX_HC_L2_KINDS(row)                                                  \
    row(GET,         "get")                                                   \
    row(PUT,         "put")                                                   \
    row(INVALIDATE,  "invalidate")                                            \
    row(TELL,        "tell")             /* ours: what was untold */          \
    row(DROP,        "drop")             /* ours: a value nobody can use */

#define ngx_hc_l2_kind_id(id, text)  NGX_HC_L2_##id,

typedef enum {
    NGX_HC_L2_KINDS(ngx_hc_l2_kind_id)
    NGX_HC_L2_KIND_MAX
} ngx_hc_l2_kind_e;


/* *reply is NULL when the connection was lost; set to NULL it is kept. */

typedef void (*ngx_hc_l2_answer_pt)(ngx_hc_l2_op_t *op, void **reply);


typedef struct {
    ngx_queue_t           queue;         /* place in line on the connection */
    ngx_hc_l2_op_t       *op;
    ngx_hc_l2_answer_pt   answer;
    char                 *text;          /* until it is queued */
    size_t                len;
} ngx_hc_l2_cmd_t;


#define NGX_HC_L2_COMMANDS      3        /* of one operation, at most */

struct ngx_hc_l2_op_s {
    ngx_queue_t           queue;         /* in driver->ops */
    ngx_hc_redis_t       *driver;
    ngx_hc_redis_conn_t  *conn;
    ngx_hc_l2_done_pt     done;
    void                 *owner;
    ngx_event_t           event;         /* deadline; posted: no connection */
    ngx_msec_t            start;
    ngx_hc_l2_kind_e      kind;

    ngx_hc_l2_cmd_t       cmd[NGX_HC_L2_COMMANDS];
    ngx_uint_t            ncmds;
    ngx_uint_t            nsent;         /* of these were put in line */
    ngx_uint_t            pending;       /* commands in line */
    uint64_t              received;      /* by the connection when queued */

    uint64_t              epoch;         /* get: must be reached by the one
                                            read; others: the one sent */
    uint64_t              moves;         /* shared->moves at its call */
    uint64_t              known;         /* move: shared->epoch at its call */
    void                 *value;         /* get: reply, until versions come */
    hc_entry_t           *entry;         /* get: in it, until those of its
                                            named tags do */
    uint64_t              at;            /* get: epoch read with the versions */
    uint32_t              count;         /* and moves */
    uint32_t              fence[HC_TAGS_MAX];

    unsigned              completed:1;
    unsigned              relies:1;      /* on the tell before it */

    ngx_hc_l2_key_t       key;           /* get, drop */
    ngx_uint_t            nclaims;       /* invalidate, tell */
    ngx_hc_l2_claim_t    *claims;
};


/* ngx_hc_l2_op.c */

ngx_hc_l2_op_t *ngx_hc_l2_create(ngx_hc_redis_t *driver, ngx_hc_l2_kind_e kind,
    size_t extra);
void ngx_hc_l2_start(ngx_hc_l2_op_t *op);
void ngx_hc_l2_complete(ngx_hc_l2_op_t *op, ngx_hc_l2_rc_e rc,
    ngx_hc_l2_answer_t *answer);
void ngx_hc_l2_release(ngx_hc_l2_op_t *op);
void ngx_hc_l2_destroy(ngx_hc_l2_op_t *op);
void ngx_hc_l2_copy_key(ngx_hc_l2_op_t *op, const ngx_hc_l2_key_t *key);
void ngx_hc_l2_failed(ngx_hc_l2_op_t *op);


/* ngx_hc_l2.c */

void ngx_hc_l2_drop(ngx_hc_redis_t *driver, ngx_hc_l2_key_t *key);


/* ngx_hc_l2_zone.c */

ngx_slab_pool_t *ngx_hc_l2_pool(ngx_hc_l2_t *l2);
ngx_hc_l2_shared_t *ngx_hc_l2_shared(ngx_hc_l2_t *l2);
ngx_hc_l2_gauge_t *ngx_hc_l2_gauge(ngx_hc_l2_t *l2);

/*
 * The epochs: one read from the server, at least as new as `least` if the
 * array was not lost (0: it was), and a new one.  The first epoch of a server
 * is odd: what was put before there was an array is good under it until its
 * own counters move, so the first write does not cost all that is there.
 */

#define NGX_HC_L2_EPOCH_FIRST  1

ngx_uint_t ngx_hc_l2_epoch_seen(ngx_hc_l2_t *l2, uint64_t epoch,
    uint64_t least);
uint64_t ngx_hc_l2_epoch_new(ngx_hc_l2_t *l2, ngx_uint_t all);
uint64_t ngx_hc_l2_epoch(ngx_hc_l2_t *l2);

/* The same for the count of moves under an epoch; `least` is shared->moves of
 * before the question. */

ngx_uint_t ngx_hc_l2_moves_seen(ngx_hc_l2_t *l2, uint64_t epoch,
    uint32_t moves, uint64_t least);


/* ngx_hc_l2_untold.c */

/* The claims get what _done and _fail need; n == 0 is the one claim "all".
 * Returns the number of claims: 0 when "all" took their place. */

ngx_uint_t ngx_hc_l2_untold_add(ngx_hc_l2_t *l2, const uint32_t *slots,
    ngx_uint_t n, ngx_msec_t until, ngx_hc_l2_claim_t *claims);
void ngx_hc_l2_untold_done(ngx_hc_l2_t *l2, const ngx_hc_l2_claim_t *claims,
    ngx_uint_t n);
void ngx_hc_l2_untold_fail(ngx_hc_l2_t *l2, const ngx_hc_l2_claim_t *claims,
    ngx_uint_t n);

/* What is due, at most NGX_HC_L2_ITEMS claims, "all" first. */

ngx_uint_t ngx_hc_l2_untold_due(ngx_hc_l2_t *l2, ngx_msec_t now,
    uint64_t *generation, ngx_hc_l2_claim_t *claims);

/* The server lost its memory: everything is due. */

void ngx_hc_l2_untold_all(ngx_hc_l2_t *l2);


#endif /* NGX_HC_L2_PRIV_H_INCLUDED_ */

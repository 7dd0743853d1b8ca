/*
 * Inside the room: Redis as a server of the store.
 *
 * One driver per worker and hc_l2, with a few persistent connections that all
 * operations share.  A connection is a line of commands: each takes a place
 * when it is queued and each reply belongs to the first in line, whoever still
 * waits for it.  hiredis formats commands and reads replies; it never sees a
 * socket.
 *
 *   op -> cmd[] ->  commands: c1 c2 c3 ...   <- reader <- recv
 *                   out: chain of buffers    -> send_chain, once per turn
 *
 * A connection is closed only from event handlers, never from a call that
 * starts an operation; its operations then complete from there.
 */

#ifndef NGX_HC_REDIS_H_INCLUDED_
#define NGX_HC_REDIS_H_INCLUDED_


#include "ngx_hc_l2_priv.h"
#include <ngx_event_connect.h>
#include <hiredis/hiredis.h>


#define NGX_HC_REDIS_BUFFER     65536    /* read at once */
#define NGX_HC_REDIS_SLACK      32768    /* of a reply beyond max_value: that
                                            of a move of all items fits */
#define NGX_HC_REDIS_LINE_MAX   8192     /* commands in line */
#define NGX_HC_REDIS_QUEUED_MAX  8388608 /* bytes beyond max_value */
#define NGX_HC_REDIS_STUCK      8        /* timeouts without one reply */
#define NGX_HC_REDIS_BACKOFF    100      /* ms, the first */
#define NGX_HC_REDIS_BACKOFF_MAX  1000
#define NGX_HC_REDIS_RETELL     1000     /* ms */
#define NGX_HC_REDIS_COMPLAIN   60       /* s between lines on bad replies */
#define NGX_HC_REDIS_TTL_MAX    ((uint64_t) 100 * 365 * 86400 * 1000)

/* u32s of the versions: two of the epoch, one that counts moves, the slots' */

#define NGX_HC_REDIS_MOVES      2
#define NGX_HC_REDIS_SLOTS      3


#if (HIREDIS_MAJOR > 0)
typedef size_t  ngx_hc_redis_elements_t;
#else
typedef int     ngx_hc_redis_elements_t;
#endif

typedef void *(*ngx_hc_redis_array_pt)(const redisReadTask *task,
    ngx_hc_redis_elements_t n);


typedef enum {
    NGX_HC_REDIS_CLOSED = 0,
    NGX_HC_REDIS_CONNECTING,
    NGX_HC_REDIS_READY
} ngx_hc_redis_state_e;


struct ngx_hc_redis_conn_s {
    ngx_hc_redis_state_e    state;
    ngx_hc_redis_t         *driver;
    ngx_connection_t       *connection;
    ngx_peer_connection_t   peer;
    ngx_log_t               log;

    redisReader            *reader;
    redisReplyObjectFunctions  functions;
    ngx_hc_redis_array_pt   create_array;
    size_t                  fed;         /* bytes since the last reply */
    uint64_t                received;    /* bytes ever */
    ngx_msec_t              progress;    /* last reply, or since when busy */
    ngx_msec_t              asked;       /* last bytes, or first written */

    ngx_queue_t             commands;
    ngx_uint_t              ncommands;

    ngx_chain_t            *out;
    ngx_chain_t            *last;
    size_t                  queued;      /* bytes in out */
    ngx_event_t             flush;

    ngx_uint_t              tells;       /* in line */
    uint64_t                told;        /* generation the last one tells */
    unsigned                tell_good:1; /* the last one answered */
    unsigned                waiting:1;   /* commands were written */
    unsigned                proven:1;    /* sent a reply that is no error */
};


/* A command being put together; words are borrowed until it is formatted. */

/* a move of all items: command and key, the epoch, the count, the slots */

#define NGX_HC_REDIS_WORDS      (2 + 3 * NGX_HC_REDIS_MOVES + 4               \
                                 + 4 * NGX_HC_L2_ITEMS)

typedef struct {
    int                     n;
    const char             *word[NGX_HC_REDIS_WORDS];
    size_t                  len[NGX_HC_REDIS_WORDS];
    u_char                 *pos;         /* in text */
    u_char                  text[16 * (NGX_HC_L2_ITEMS + NGX_HC_REDIS_SLOTS)];
} ngx_hc_redis_words_t;


struct ngx_hc_redis_s {
    ngx_hc_l2_t            *l2;
    ngx_hc_l2_shared_t     *shared;
    ngx_hc_l2_gauge_t      *gauge;
    ngx_log_t              *log;

    ngx_queue_t             ops;         /* all that exist */
    ngx_hc_redis_conn_t    *conns;

    ngx_msec_t              backoff;
    ngx_msec_t              retry_at;
    time_t                  complained;  /* about an error reply */
    unsigned                resting:1;   /* no connect before retry_at */
    unsigned                down:1;      /* and said so */

    ngx_event_t             retell;
    ngx_hc_l2_claim_t       due[NGX_HC_L2_ITEMS];
    uint32_t                slots[NGX_HC_L2_ITEMS];

    ngx_str_t               versions;    /* name of the array */
    ngx_str_t               name;        /* of the last key */
    ngx_hc_redis_words_t    words;
    u_char                  buffer[NGX_HC_REDIS_BUFFER];
};


/* ngx_hc_redis.c: queue the commands of an operation.  NGX_ERROR: no memory,
 * nothing was queued. */

ngx_int_t ngx_hc_redis_get(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn);
ngx_int_t ngx_hc_redis_put(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn,
    hc_entry_t *entry, ngx_msec_t ttl);
ngx_int_t ngx_hc_redis_move(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn,
    const uint32_t *slots, ngx_uint_t n);
ngx_int_t ngx_hc_redis_drop(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn);

/* After the value: the versions of its named tags. */

ngx_int_t ngx_hc_redis_get_named(ngx_hc_l2_op_t *op, const hc_entry_t *entry);


/* ngx_hc_redis_words.c: a command is begun, gets its words, and becomes the
 * next one of the operation.  _place: the two words that name the n-th counter
 * of the array; _name_place: the second of them. */

#define ngx_hc_redis_word(words, s)                                           \
    ngx_hc_redis_add(words, s, sizeof(s) - 1)

ngx_hc_redis_words_t *ngx_hc_redis_words(ngx_hc_redis_t *driver);
void ngx_hc_redis_add(ngx_hc_redis_words_t *words, const void *data,
    size_t len);
void ngx_hc_redis_place(ngx_hc_redis_words_t *words, ngx_uint_t n);
void ngx_hc_redis_name_place(ngx_hc_redis_words_t *words, ngx_uint_t n);
ngx_int_t ngx_hc_redis_format(ngx_hc_l2_op_t *op, ngx_hc_l2_answer_pt answer);

/* Frees what only waited to be queued; all that the operation has. */

void ngx_hc_redis_free_text(ngx_hc_l2_op_t *op);
void ngx_hc_redis_free(ngx_hc_l2_op_t *op);


/* ngx_hc_redis_answer.c */

/* 1: an array of n (0: any number of) 32-bit counters; the epoch it leads. */

ngx_uint_t ngx_hc_redis_counters(redisReply *reply, size_t n);
uint64_t ngx_hc_redis_epoch(redisReply *reply);


void ngx_hc_redis_value_answer(ngx_hc_l2_op_t *op, void **reply);
void ngx_hc_redis_versions_answer(ngx_hc_l2_op_t *op, void **reply);
void ngx_hc_redis_named_answer(ngx_hc_l2_op_t *op, void **reply);
void ngx_hc_redis_put_answer(ngx_hc_l2_op_t *op, void **reply);
void ngx_hc_redis_drop_answer(ngx_hc_l2_op_t *op, void **reply);


/* ngx_hc_redis_moved.c */

void ngx_hc_redis_epoch_answer(ngx_hc_l2_op_t *op, void **reply);
void ngx_hc_redis_moved_answer(ngx_hc_l2_op_t *op, void **reply);
void ngx_hc_redis_all_answer(ngx_hc_l2_op_t *op, void **reply);


/* ngx_hc_redis_tell.c */

/* Tells what is due, unless a tell in line on this connection does already.
 * *relies: the next operation must not believe what it reads if that fails. */

ngx_int_t ngx_hc_redis_tell(ngx_hc_redis_conn_t *conn, ngx_uint_t *relies);
void ngx_hc_redis_retell_handler(ngx_event_t *ev);


/* ngx_hc_redis_conn.c */

void ngx_hc_redis_conn_init(ngx_hc_redis_conn_t *conn, ngx_hc_redis_t *driver);

/* The connection for the next operation, NULL: the server is not there. */

ngx_hc_redis_conn_t *ngx_hc_redis_pick(ngx_hc_redis_t *driver);

ngx_int_t ngx_hc_redis_connected(ngx_hc_redis_conn_t *conn);

/* Closes; all in line complete.  rest: no new connection for a while.  Only
 * from event handlers. */

void ngx_hc_redis_lost(ngx_hc_redis_conn_t *conn, const char *why,
    ngx_uint_t rest);

/* An operation that was queued got no answer in time: closes the connection
 * if the server seems frozen; the operation may be gone then. */

void ngx_hc_redis_late(ngx_hc_redis_conn_t *conn, ngx_hc_l2_op_t *op);

/* Closes without a word: at exit, or when nothing is in line. */

void ngx_hc_redis_conn_drop(ngx_hc_redis_conn_t *conn);


/* ngx_hc_redis_io.c */

/* Queues the commands of an operation. */

ngx_int_t ngx_hc_redis_submit(ngx_hc_redis_conn_t *conn, ngx_hc_l2_op_t *op);

void ngx_hc_redis_read_handler(ngx_event_t *rev);
void ngx_hc_redis_write_handler(ngx_event_t *wev);
void ngx_hc_redis_flush_handler(ngx_event_t *ev);

/* Frees what is before end, which was sent. */

void ngx_hc_redis_sent(ngx_hc_redis_conn_t *conn, ngx_chain_t *end);


/* ngx_hc_redis_reader.c: replies out of n bytes in driver->buffer.  NULL, or
 * why the connection is to be closed; *rest: 0 if the server is not to be
 * left alone for it. */

ngx_int_t ngx_hc_redis_reader_open(ngx_hc_redis_conn_t *conn);
const char *ngx_hc_redis_feed(ngx_hc_redis_conn_t *conn, size_t n,
    ngx_uint_t *rest);

/* Writes an error-level line about what the server sent, once a minute. */

void ngx_hc_redis_complain(ngx_hc_redis_t *driver, const char *text,
    size_t len);


#endif /* NGX_HC_REDIS_H_INCLUDED_ */

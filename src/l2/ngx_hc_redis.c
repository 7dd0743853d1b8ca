/*
 * What is said to Redis.
 *
 *   get          GET key; BITFIELD_RO versions GET u32 #n ...
 *                and for a value with named tags once more,
 *                BITFIELD_RO versions GET u32 #n ...
 *   put          SET key value PX ttl
 *   move         SET versions epoch NX;
 *                BITFIELD versions GET u32 #n ... INCRBY u32 #n 1 ...
 *   move, named  SET versions epoch NX;
 *                EVAL script 1 versions #n ...
 *   move, all    SET versions epoch
 *   drop         DEL key
 *
 * Value first and versions after it: an invalidation between the two makes the
 * value look older than it is, which is safe; the other way round it would
 * look newer.
 *
 *   versions     0       4       8       12          12 + 4 * slot
 *                | epoch (64)    | moves | 0 | 1 | ... | u32 | ...  big endian
 *
 * Every move counts in `moves` too: a server that came back from an older
 * snapshot is known by it.  The counter of a named tag is set to that count,
 * which BITFIELD alone cannot say; it may share its counter with other tags,
 * so it never goes back.
 */

#include "ngx_hc_redis.h"
#include "../base/hc_hash.h"


static void ngx_hc_redis_name(ngx_hc_redis_t *driver, hc_str_t key,
    hc_str_t variant);
static void ngx_hc_redis_ask_places(ngx_hc_l2_op_t *op, const hc_tag_t *tags,
    ngx_uint_t n);
static ngx_uint_t ngx_hc_redis_any_named(const uint32_t *slots, ngx_uint_t n);
static void ngx_hc_redis_move_plain(ngx_hc_redis_t *driver,
    const uint32_t *slots, ngx_uint_t n);
static void ngx_hc_redis_move_named(ngx_hc_redis_t *driver,
    const uint32_t *slots, ngx_uint_t n);
static ngx_int_t ngx_hc_redis_set_epoch(ngx_hc_l2_op_t *op, ngx_uint_t all);


static const hc_seed_t  ngx_hc_redis_seed[2] = {
    { 0x68632d6b65792d31, 0x0706050403020100 },
    { 0x68632d6b65792d32, 0x0f0e0d0c0b0a0908 }
};


/* Answers as the plain move does: the epoch, the count. */

static const char  ngx_hc_redis_named_script[] =
    "local m=redis.call('BITFIELD',KEYS[1],'GET','u32','#0',"
        "'GET','u32','#1','INCRBY','u32','#2',1) "
    "for _,p in ipairs(ARGV) do "
        "local v=redis.call('BITFIELD',KEYS[1],'GET','u32',p)[1] "
        "redis.call('BITFIELD',KEYS[1],'SET','u32',p,math.max(v+1,m[3])) "
    "end "
    "return m";


ngx_int_t
ngx_hc_redis_get(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn)
{
    ngx_uint_t             relies;
    ngx_hc_redis_t        *driver;
    ngx_hc_redis_words_t  *words;

    driver = op->driver;

    if (ngx_hc_redis_tell(conn, &relies) != NGX_OK) {
        return NGX_ERROR;
    }

    op->relies = relies;
    op->epoch = __atomic_load_n(&driver->shared->epoch, __ATOMIC_SEQ_CST);
    op->moves = __atomic_load_n(&driver->shared->moves, __ATOMIC_SEQ_CST);

    ngx_hc_redis_name(driver, op->key.key, op->key.variant);

    words = ngx_hc_redis_words(driver);
    ngx_hc_redis_word(words, "GET");
    ngx_hc_redis_add(words, driver->name.data, driver->name.len);

    if (ngx_hc_redis_format(op, ngx_hc_redis_value_answer) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_hc_redis_ask_places(op, op->key.tags, op->key.ntags);

    if (ngx_hc_redis_format(op, ngx_hc_redis_versions_answer) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_hc_redis_submit(conn, op);
}


/* On the same connection: it is later than the value everywhere, but what was
 * told ahead of the value was told there. */

ngx_int_t
ngx_hc_redis_get_named(ngx_hc_l2_op_t *op, const hc_entry_t *entry)
{
    ngx_uint_t  n;

    n = op->key.ntags;

    ngx_hc_redis_ask_places(op, entry->tags + n, entry->core.ntags - n);

    if (ngx_hc_redis_format(op, ngx_hc_redis_named_answer) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_hc_redis_submit(op->conn, op);
}


static void
ngx_hc_redis_ask_places(ngx_hc_l2_op_t *op, const hc_tag_t *tags,
    ngx_uint_t n)
{
    ngx_uint_t             i;
    ngx_hc_redis_t        *driver;
    ngx_hc_redis_words_t  *words;

    driver = op->driver;

    words = ngx_hc_redis_words(driver);
    ngx_hc_redis_word(words, "BITFIELD_RO");
    ngx_hc_redis_add(words, driver->versions.data, driver->versions.len);

    for (i = 0; i < NGX_HC_REDIS_SLOTS; i++) {
        ngx_hc_redis_word(words, "GET");
        ngx_hc_redis_place(words, i);
    }

    for (i = 0; i < n; i++) {
        ngx_hc_redis_word(words, "GET");
        ngx_hc_redis_place(words, NGX_HC_REDIS_SLOTS
                                  + (tags[i].slot & HC_SLOT_COUNTER));
    }
}


ngx_int_t
ngx_hc_redis_put(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn,
    hc_entry_t *entry, ngx_msec_t ttl)
{
    size_t                 size;
    u_char                *value, *start;
    ngx_int_t              rc;
    ngx_hc_redis_t        *driver;
    ngx_hc_redis_words_t  *words;

    driver = op->driver;
    size = hc_entry_sealed_size(entry);

    value = ngx_alloc(size, driver->log);
    if (value == NULL) {
        return NGX_ERROR;
    }

    hc_entry_seal(entry, value);

    ngx_hc_redis_name(driver, entry->key, entry->variant);

    words = ngx_hc_redis_words(driver);
    ngx_hc_redis_word(words, "SET");
    ngx_hc_redis_add(words, driver->name.data, driver->name.len);
    ngx_hc_redis_add(words, value, size);
    ngx_hc_redis_word(words, "PX");

    start = words->pos;
    words->pos = ngx_sprintf(start, "%uL",
                             ngx_min((uint64_t) ttl, NGX_HC_REDIS_TTL_MAX));
    ngx_hc_redis_add(words, start, words->pos - start);

    rc = ngx_hc_redis_format(op, ngx_hc_redis_put_answer);

    ngx_free(value);

    return (rc == NGX_OK) ? ngx_hc_redis_submit(conn, op) : rc;
}


/* Everything at once is a new epoch: the fence of a tag is made of both. */

ngx_int_t
ngx_hc_redis_move(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn,
    const uint32_t *slots, ngx_uint_t n)
{
    ngx_hc_redis_t  *driver;

    driver = op->driver;

    if (ngx_hc_redis_set_epoch(op, n == 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (n == 0) {
        return ngx_hc_redis_submit(conn, op);
    }

    op->known = ngx_hc_l2_epoch(driver->l2);
    op->moves = __atomic_load_n(&driver->shared->moves, __ATOMIC_SEQ_CST);

    if (ngx_hc_redis_any_named(slots, n)) {
        ngx_hc_redis_move_named(driver, slots, n);

    } else {
        ngx_hc_redis_move_plain(driver, slots, n);
    }

    if (ngx_hc_redis_format(op, ngx_hc_redis_moved_answer) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_hc_redis_submit(conn, op);
}


static ngx_uint_t
ngx_hc_redis_any_named(const uint32_t *slots, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (slots[i] & HC_SLOT_NAMED) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_hc_redis_move_plain(ngx_hc_redis_t *driver, const uint32_t *slots,
    ngx_uint_t n)
{
    ngx_uint_t             i;
    ngx_hc_redis_words_t  *words;

    words = ngx_hc_redis_words(driver);
    ngx_hc_redis_word(words, "BITFIELD");
    ngx_hc_redis_add(words, driver->versions.data, driver->versions.len);

    for (i = 0; i < NGX_HC_REDIS_MOVES; i++) {
        ngx_hc_redis_word(words, "GET");
        ngx_hc_redis_place(words, i);
    }

    ngx_hc_redis_word(words, "INCRBY");
    ngx_hc_redis_place(words, NGX_HC_REDIS_MOVES);
    ngx_hc_redis_word(words, "1");

    for (i = 0; i < n; i++) {
        ngx_hc_redis_word(words, "INCRBY");
        ngx_hc_redis_place(words, NGX_HC_REDIS_SLOTS
                                  + (slots[i] & HC_SLOT_COUNTER));
        ngx_hc_redis_word(words, "1");
    }
}


/* The others among them may be set like these: that is a move, too. */

static void
ngx_hc_redis_move_named(ngx_hc_redis_t *driver, const uint32_t *slots,
    ngx_uint_t n)
{
    ngx_uint_t             i;
    ngx_hc_redis_words_t  *words;

    words = ngx_hc_redis_words(driver);
    ngx_hc_redis_word(words, "EVAL");
    ngx_hc_redis_word(words, ngx_hc_redis_named_script);
    ngx_hc_redis_word(words, "1");
    ngx_hc_redis_add(words, driver->versions.data, driver->versions.len);

    for (i = 0; i < n; i++) {
        ngx_hc_redis_name_place(words, NGX_HC_REDIS_SLOTS
                                       + (slots[i] & HC_SLOT_COUNTER));
    }
}


static ngx_int_t
ngx_hc_redis_set_epoch(ngx_hc_l2_op_t *op, ngx_uint_t all)
{
    ngx_uint_t             i;
    ngx_hc_redis_t        *driver;
    ngx_hc_redis_words_t  *words;

    driver = op->driver;
    op->epoch = ngx_hc_l2_epoch_new(driver->l2, all);

    words = ngx_hc_redis_words(driver);
    ngx_hc_redis_word(words, "SET");
    ngx_hc_redis_add(words, driver->versions.data, driver->versions.len);
    ngx_hc_redis_add(words, words->pos, sizeof(uint64_t));

    for (i = 0; i < sizeof(uint64_t); i++) {
        *words->pos++ = (u_char) (op->epoch >> (56 - 8 * i));
    }

    if (all) {
        return ngx_hc_redis_format(op, ngx_hc_redis_all_answer);
    }

    ngx_hc_redis_word(words, "NX");

    return ngx_hc_redis_format(op, ngx_hc_redis_epoch_answer);
}


ngx_int_t
ngx_hc_redis_drop(ngx_hc_l2_op_t *op, ngx_hc_redis_conn_t *conn)
{
    ngx_hc_redis_t        *driver;
    ngx_hc_redis_words_t  *words;

    driver = op->driver;

    ngx_hc_redis_name(driver, op->key.key, op->key.variant);

    words = ngx_hc_redis_words(driver);
    ngx_hc_redis_word(words, "DEL");
    ngx_hc_redis_add(words, driver->name.data, driver->name.len);

    if (ngx_hc_redis_format(op, ngx_hc_redis_drop_answer) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_hc_redis_submit(conn, op);
}


static void
ngx_hc_redis_name(ngx_hc_redis_t *driver, hc_str_t key, hc_str_t variant)
{
    u_char      *p;
    ngx_uint_t   i;

    p = driver->name.data;
    p = ngx_cpymem(p, driver->l2->prefix.data, driver->l2->prefix.len);
    p = ngx_cpymem(p, "1:", 2);

    for (i = 0; i < 2; i++) {
        p = ngx_sprintf(p, "%016xL",
                        hc_hash_shared(&ngx_hc_redis_seed[i], key, variant));
    }

    driver->name.len = p - driver->name.data;
}

/*
 * What is said to Redis.
 *
 *   get          GET key; BITFIELD_RO versions GET u32 #n ...
 *   put          SET key value PX ttl
 *   move         SET versions epoch NX;
 *                BITFIELD versions GET u32 #n ... INCRBY u32 #n 1 ...
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
 * snapshot is known by it.
 */

#include "ngx_hc_redis.h"
#include "../base/hc_hash.h"


#define ngx_hc_redis_word(words, s)                                           \
    ngx_hc_redis_add(words, s, sizeof(s) - 1)


static ngx_hc_redis_words_t *ngx_hc_redis_words(ngx_hc_redis_t *driver);
static void ngx_hc_redis_add(ngx_hc_redis_words_t *words, const void *data,
    size_t len);
static void ngx_hc_redis_place(ngx_hc_redis_words_t *words, ngx_uint_t n);
static void ngx_hc_redis_name(ngx_hc_redis_t *driver, hc_str_t key,
    hc_str_t variant);
static ngx_int_t ngx_hc_redis_format(ngx_hc_l2_op_t *op,
    ngx_hc_l2_answer_pt answer);
static ngx_int_t ngx_hc_redis_ask_versions(ngx_hc_l2_op_t *op);
static ngx_int_t ngx_hc_redis_set_epoch(ngx_hc_l2_op_t *op, ngx_uint_t all);


static const hc_seed_t  ngx_hc_redis_seed[2] = {
    { 0x68632d6b65792d31, 0x0706050403020100 },
    { 0x68632d6b65792d32, 0x0f0e0d0c0b0a0908 }
};


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

    if (ngx_hc_redis_format(op, ngx_hc_redis_value_answer) != NGX_OK
        || ngx_hc_redis_ask_versions(op) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_hc_redis_submit(conn, op);
}


static ngx_int_t
ngx_hc_redis_ask_versions(ngx_hc_l2_op_t *op)
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

    for (i = 0; i < op->key.ntags; i++) {
        ngx_hc_redis_word(words, "GET");
        ngx_hc_redis_place(words,
                           NGX_HC_REDIS_SLOTS + op->key.tags[i].slot);
    }

    return ngx_hc_redis_format(op, ngx_hc_redis_versions_answer);
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
    ngx_uint_t             i;
    ngx_hc_redis_t        *driver;
    ngx_hc_redis_words_t  *words;

    driver = op->driver;

    if (ngx_hc_redis_set_epoch(op, n == 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (n == 0) {
        return ngx_hc_redis_submit(conn, op);
    }

    op->known = ngx_hc_l2_epoch(driver->l2);
    op->moves = __atomic_load_n(&driver->shared->moves, __ATOMIC_SEQ_CST);

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
        ngx_hc_redis_place(words, NGX_HC_REDIS_SLOTS + slots[i]);
        ngx_hc_redis_word(words, "1");
    }

    if (ngx_hc_redis_format(op, ngx_hc_redis_moved_answer) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_hc_redis_submit(conn, op);
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


static ngx_hc_redis_words_t *
ngx_hc_redis_words(ngx_hc_redis_t *driver)
{
    ngx_hc_redis_words_t  *words;

    words = &driver->words;
    words->n = 0;
    words->pos = words->text;

    return words;
}


static void
ngx_hc_redis_add(ngx_hc_redis_words_t *words, const void *data, size_t len)
{
    ngx_hc_assert(words->n < NGX_HC_REDIS_WORDS);

    words->word[words->n] = data;
    words->len[words->n] = len;
    words->n++;
}


/* The two words that name the n-th counter of the array. */

static void
ngx_hc_redis_place(ngx_hc_redis_words_t *words, ngx_uint_t n)
{
    u_char  *start;

    ngx_hc_redis_word(words, "u32");

    start = words->pos;
    words->pos = ngx_sprintf(start, "#%ui", n);
    ngx_hc_redis_add(words, start, words->pos - start);
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


/* The words become the next command of the operation. */

static ngx_int_t
ngx_hc_redis_format(ngx_hc_l2_op_t *op, ngx_hc_l2_answer_pt answer)
{
    long long              len;
    ngx_hc_l2_cmd_t       *cmd;
    ngx_hc_redis_words_t  *words;

    ngx_hc_assert(op->ncmds < NGX_HC_L2_COMMANDS);

    words = &op->driver->words;
    cmd = &op->cmd[op->ncmds];

    len = redisFormatCommandArgv(&cmd->text, words->n, words->word,
                                 words->len);
    if (len <= 0) {
        cmd->text = NULL;
        return NGX_ERROR;
    }

    cmd->len = len;
    cmd->op = op;
    cmd->answer = answer;
    op->ncmds++;

    return NGX_OK;
}


void
ngx_hc_redis_free(ngx_hc_l2_op_t *op)
{
    ngx_uint_t  i;

    for (i = 0; i < op->ncmds; i++) {
        if (op->cmd[i].text) {
            redisFreeCommand(op->cmd[i].text);
            op->cmd[i].text = NULL;
        }
    }

    if (op->value) {
        freeReplyObject(op->value);
        op->value = NULL;
    }
}

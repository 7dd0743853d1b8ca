/*
 * A command being put together out of words, for hiredis to format.
 */

#include "ngx_hc_redis.h"


ngx_hc_redis_words_t *
ngx_hc_redis_words(ngx_hc_redis_t *driver)
{
    ngx_hc_redis_words_t  *words;

    words = &driver->words;
    words->n = 0;
    words->pos = words->text;

    return words;
}


void
ngx_hc_redis_add(ngx_hc_redis_words_t *words, const void *data, size_t len)
{
    ngx_hc_assert(words->n < NGX_HC_REDIS_WORDS);

    words->word[words->n] = data;
    words->len[words->n] = len;
    words->n++;
}


/* The two words that name the n-th counter of the array. */

void
ngx_hc_redis_place(ngx_hc_redis_words_t *words, ngx_uint_t n)
{
    ngx_hc_redis_word(words, "u32");
    ngx_hc_redis_name_place(words, n);
}


void
ngx_hc_redis_name_place(ngx_hc_redis_words_t *words, ngx_uint_t n)
{
    u_char  *start;

    start = words->pos;
    words->pos = ngx_sprintf(start, "#%ui", n);
    ngx_hc_redis_add(words, start, words->pos - start);
}


/* The words become the next command of the operation. */

ngx_int_t
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
ngx_hc_redis_free_text(ngx_hc_l2_op_t *op)
{
    ngx_uint_t  i;

    for (i = 0; i < op->ncmds; i++) {
        if (op->cmd[i].text) {
            redisFreeCommand(op->cmd[i].text);
            op->cmd[i].text = NULL;
        }
    }
}


void
ngx_hc_redis_free(ngx_hc_l2_op_t *op)
{
    ngx_hc_redis_free_text(op);

    if (op->entry) {
        ngx_free(op->entry);
        op->entry = NULL;
    }

    if (op->value) {
        freeReplyObject(op->value);
        op->value = NULL;
    }
}

/*
 * Reads a trace: rows checked field by field, keys numbered.
 */

#include <stdio.h>
#include <stdlib.h>

#include "../src/base/hc_hash.h"
#include "../src/policy/hc_entry.h"
#include "lines.h"
#include "trace.h"


#define TRACE_HEADER  "time,key,size,ttl"
#define TRACE_FIELDS  4


typedef struct {
    hc_str_t  key;
    uint64_t  time;
    uint64_t  size;
    uint64_t  ttl;
} trace_row_t;


/* Room for one more in an array.  `n` of its `space` are used. */

static void *
trace_grown(void *array, size_t *space, size_t n, size_t item)
{
    while (n > *space) {
        *space = hc_max(*space * 2, (size_t) 4096);
        array = realloc(array, *space * item);

        if (array == NULL) {
            fprintf(stderr, "no memory for the trace\n");
            exit(1);
        }
    }

    return array;
}


/* Digits only, below 2^63.  Returns what is wrong with it, or NULL. */

static const char *
trace_number(hc_str_t s, uint64_t *n)
{
    size_t         i;
    unsigned char  c;

    if (s.len == 0) {
        return "is missing";
    }

    if (s.len > 1 && s.data[0] == '-' && s.data[1] >= '0' && s.data[1] <= '9') {
        return "is negative";
    }

    for (*n = 0, i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c < '0' || c > '9') {
            return "is not a number";
        }

        if (*n > ((uint64_t) INT64_MAX - (c - '0')) / 10) {
            return "is too large";
        }

        *n = *n * 10 + (c - '0');
    }

    return NULL;
}


/* Cuts the line at its commas; returns how many fields it has. */

static int
trace_split(hc_str_t line, hc_str_t *field, int max)
{
    int                   n;
    const unsigned char  *comma;

    for (n = 0; /* void */ ; n++) {
        comma = line.len ? memchr(line.data, ',', line.len) : NULL;

        if (n < max) {
            field[n] = line;

            if (comma) {
                field[n].len = (size_t) (comma - line.data);
            }
        }

        if (comma == NULL) {
            return n + 1;
        }

        line.len -= (size_t) (comma + 1 - line.data);
        line.data = comma + 1;
    }
}


static int
trace_parse_field(const lines_t *l, hc_str_t text, const char *name,
    uint64_t *n)
{
    const char  *wrong;

    wrong = trace_number(text, n);

    if (wrong) {
        return lines_wrong(l, "%s %s: \"%.*s\"", name, wrong,
                           (int) hc_min(text.len, (size_t) 40), text.data);
    }

    return 0;
}


static int
trace_parse(const lines_t *l, hc_str_t line, trace_row_t *row)
{
    int       n;
    hc_str_t  field[TRACE_FIELDS];

    n = trace_split(line, field, TRACE_FIELDS);

    if (n != TRACE_FIELDS) {
        return lines_wrong(l, "%s: \"%s\" has 4 fields, this has %d",
                           n < TRACE_FIELDS ? "a field is missing"
                                            : "a field too many",
                           TRACE_HEADER, line.len ? n : 0);
    }

    row->key = field[1];

    if (row->key.len == 0) {
        return lines_wrong(l, "key is missing");
    }

    if (row->key.len > HC_ENTRY_KEY_MAX) {
        return lines_wrong(l, "key is longer than %d bytes", HC_ENTRY_KEY_MAX);
    }

    return trace_parse_field(l, field[0], "time", &row->time) != 0
           || trace_parse_field(l, field[2], "size", &row->size) != 0
           || trace_parse_field(l, field[3], "ttl", &row->ttl) != 0 ? -1 : 0;
}


static uint32_t *
trace_place(trace_t *t, hc_str_t key, uint32_t hash)
{
    size_t  i;

    for (i = hash & t->mask; t->table[i]; i = (i + 1) & t->mask) {
        if (t->keys[t->table[i] - 1].hash == hash
            && hc_str_eq(trace_key(t, t->table[i] - 1), key))
        {
            break;
        }
    }

    return &t->table[i];
}


static void
trace_grow_table(trace_t *t)
{
    size_t  i;

    free(t->table);
    t->mask = hc_max(t->mask * 2 + 1, (size_t) 65535);
    t->table = calloc(t->mask + 1, sizeof(uint32_t));

    if (t->table == NULL) {
        fprintf(stderr, "no memory for the trace\n");
        exit(1);
    }

    for (i = 0; i < t->nkeys; i++) {
        *trace_place(t, trace_key(t, (uint32_t) i), t->keys[i].hash)
            = (uint32_t) i + 1;
    }
}


static void
trace_add_key(trace_t *t, hc_str_t key, uint32_t hash)
{
    trace_key_t  *k;

    t->keys = trace_grown(t->keys, &t->space[1], t->nkeys + 1, sizeof(*k));
    t->text = trace_grown(t->text, &t->space[2], t->text_len + key.len, 1);

    k = &t->keys[t->nkeys++];
    k->at = t->text_len;
    k->len = (uint32_t) key.len;
    k->hash = hash;

    memcpy(t->text + k->at, key.data, key.len);
    t->text_len += key.len;
}


static uint32_t
trace_number_of_key(trace_t *t, const trace_row_t *row)
{
    uint32_t   hash, *place;
    hc_str_t   none = hc_null_string;

    if (t->nkeys * 2 >= t->mask) {
        trace_grow_table(t);
    }

    hash = (uint32_t) hc_hash(&hc_seed_fixed, row->key, none);
    place = trace_place(t, row->key, hash);

    if (*place == 0) {
        trace_add_key(t, row->key, hash);
        t->unique += row->size;
        *place = (uint32_t) t->nkeys;
    }

    return *place - 1;
}


/* From seconds; a time of life the store cannot count is as good as none. */

static uint32_t
trace_ttl(uint64_t ttl)
{
    return ttl == 0 || ttl > UINT32_MAX / 1000 ? UINT32_MAX
                                               : (uint32_t) ttl * 1000;
}


static int
trace_add(trace_t *t, const lines_t *l, const trace_row_t *row)
{
    trace_request_t  *r;

    if (row->size > TRACE_SIZE_MAX) {
        return lines_wrong(l, "size is too large: above 1 TiB");
    }

    if (row->time > (uint64_t) INT64_MAX / 1000) {
        return lines_wrong(l, "time is too large");
    }

    if (t->nrequests == UINT32_MAX) {
        return lines_wrong(l, "more than %u requests", UINT32_MAX);
    }

    if (t->nrequests
        && row->time * 1000 < t->requests[t->nrequests - 1].time)
    {
        return lines_wrong(l, "time goes backwards");
    }

    if (__builtin_add_overflow(t->bytes, row->size, &t->bytes)) {
        return lines_wrong(l, "the sizes add up to more than 64 bits hold");
    }

    t->requests = trace_grown(t->requests, &t->space[0], t->nrequests + 1,
                              sizeof(*r));

    r = &t->requests[t->nrequests++];
    r->time = row->time * 1000;
    r->size = row->size;
    r->ttl = trace_ttl(row->ttl);
    r->key = trace_number_of_key(t, row);

    return 0;
}


static int
trace_read(trace_t *t, lines_t *l)
{
    int             rc;
    hc_str_t        line;
    trace_row_t     row;
    const hc_str_t  header = hc_string(TRACE_HEADER);

    for ( ;; ) {
        rc = lines_next(l, &line);

        if (rc <= 0) {
            break;
        }

        if (l->number == 1 && hc_str_eq(line, header)) {
            continue;
        }

        if (trace_parse(l, line, &row) != 0 || trace_add(t, l, &row) != 0) {
            return -1;
        }
    }

    if (rc == 0 && t->nrequests == 0) {
        l->number++;
        return lines_wrong(l, "the file ends without a request");
    }

    return rc;
}


int
trace_load(trace_t *t, const char *file)
{
    int      rc;
    lines_t  lines;

    memset(t, 0, sizeof(*t));

    if (lines_open(&lines, file) != 0) {
        return -1;
    }

    rc = trace_read(t, &lines);
    lines_close(&lines);

    if (rc != 0) {
        trace_free(t);
    }

    return rc;
}


void
trace_free(trace_t *t)
{
    free(t->requests);
    free(t->keys);
    free(t->text);
    free(t->table);

    memset(t, 0, sizeof(*t));
}

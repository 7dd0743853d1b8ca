/*
 * Feeds a trace of requests to the store as nginx would use it, in one process
 * and by the trace's own clock, and prints how often it missed.
 */

#include <getopt.h>

#include "sizes.h"
#include "store.h"
#include "trace.h"


typedef struct {
    const char     *file;
    const char     *size;
    const char     *max_object;
    int             check;

    trace_t         trace;
    store_t         store;
    uint64_t        max;             /* bytes of the largest object kept */
    unsigned char  *body;            /* of so many */
    uint64_t       *stored;          /* bytes last stored, by key */

    uint64_t        misses;
    uint64_t        missed;          /* bytes */
    uint64_t        wrong;
    uint64_t        ns;
} replay_t;


static const char  usage[] =
"usage: replay [--check] [--max-object=SIZE] FILE SIZE\n"
"\n"
"  FILE          lines of time,key,size,ttl, plain or gzip data; a first line\n"
"                that is just this is skipped.  time and ttl are whole\n"
"                seconds; ttl 0 (or above 49 days): as long as the store can\n"
"                count, 49 days.  size is that of the body, in bytes.\n"
"  SIZE          of the zone, all of it: 1048576, 1024k, 64m, 1g; or 5%: of the\n"
"                trace's unique bytes, each key at the size it first came with\n"
"  --max-object  the largest object kept, as with hc_zone\n"
"  --check       compare every byte of every hit with what was stored, and\n"
"                check the store at the end\n"
"\n"
"Every request is a get; a miss stores the object, as fresh for its ttl and\n"
"never stale.\n"
"make replay TRACE=FILE SIZE=SIZE [MAX_OBJECT=SIZE] [CHECK=1]\n";


static void
fail(const char *what, const char *value)
{
    fprintf(stderr, "replay: %s: \"%s\"\n", what, value);
    exit(1);
}


static void
parse_options(replay_t *r, int argc, char **argv)
{
    int                         c;
    static const struct option  options[] = {
        { "help",       no_argument,       NULL, 'h' },
        { "check",      no_argument,       NULL, 'c' },
        { "max-object", required_argument, NULL, 'm' },
        { NULL, 0, NULL, 0 }
    };

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {

        case 'h':
            fputs(usage, stdout);
            exit(0);

        case 'c':
            r->check = 1;
            break;

        case 'm':
            r->max_object = optarg;
            break;

        default:
            fputs(usage, stderr);
            exit(2);
        }
    }

    if (argc - optind != 2) {
        fputs(usage, stderr);
        exit(2);
    }

    r->file = argv[optind];
    r->size = argv[optind + 1];
}


static void
open_zone(replay_t *r)
{
    uint64_t  size, max_object;

    max_object = 0;

    if (!parse_size(r->size, &size)
        && !parse_share(r->size, r->trace.unique, &size))
    {
        fail("SIZE is bytes, with k, m or g, or a share with %", r->size);
    }

    if (size < HC_L1_MIN_SIZE) {
        fail("SIZE is too small, 1m is the least", r->size);
    }

    if (size > HC_L1_MAX_SIZE) {
        fail("SIZE is too large, 31g is the most", r->size);
    }

    if (r->max_object
        && (!parse_size(r->max_object, &max_object) || max_object == 0))
    {
        fail("max_object is bytes, with k, m or g", r->max_object);
    }

    open_store(&r->store, size, max_object);

    r->max = stats_of(&r->store).max_object;
    r->body = calloc(1, r->max);
    r->stored = calloc(r->trace.nkeys, sizeof(uint64_t));
    must(r->body && r->stored);
}


/* A body follows from its key. */

static uint32_t
seed_of(const replay_t *r, uint32_t key)
{
    return r->trace.keys[key].hash;
}


static void
check_hit(replay_t *r, const trace_request_t *q, const hc_l1_ref_t *ref)
{
    if (!hc_str_eq(ref->entry.key, trace_key(&r->trace, q->key))
        || ref->entry.body.len != r->stored[q->key]
        || !is_body(ref->entry.body, seed_of(r, q->key)))
    {
        r->wrong++;
    }
}


/* What is too large is not read by the store, so `body` need not hold it. */

static void
store_object(replay_t *r, const trace_request_t *q, const hc_l1_key_t *k)
{
    hc_entry_t  e;

    e = entry_of(&r->store, k, hc_str(r->body, q->size));
    e.core.born_at = q->time;
    e.core.lifetime = q->ttl;
    e.core.stale_for = 0;

    if (r->check && q->size <= r->max) {
        fill_body(r->body, q->size, seed_of(r, q->key));
    }

    if (hc_l1_put(r->store.l1, k, &e, q->time + q->ttl, q->time) == HC_L1_OK) {
        r->stored[q->key] = q->size;
    }
}


static void
request(replay_t *r, const trace_request_t *q)
{
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    k.key = trace_key(&r->trace, q->key);
    k.variant = hc_str("", 0);
    hc_l1_hash(r->store.l1, &k);

    if (hc_l1_get(r->store.l1, &k, q->time, &ref) == HC_L1_HIT) {
        if (r->check) {
            check_hit(r, q, &ref);
        }

        hc_l1_unpin(r->store.l1, &ref);
        return;
    }

    r->misses++;
    r->missed += q->size;

    store_object(r, q, &k);
}


static void
replay(replay_t *r)
{
    size_t    i;
    uint64_t  start;

    start = clock_ns();

    for (i = 0; i < r->trace.nrequests; i++) {
        request(r, &r->trace.requests[i]);
    }

    r->ns = clock_ns() - start;
}


static double
ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double) part / (double) whole : 0;
}


static void
print_count(const char *name, uint64_t n)
{
    printf("%s: %llu\n", name, (unsigned long long) n);
}


static void
print_result(const replay_t *r, const hc_l1_stats_t *stats)
{
    uint64_t  n;

    n = r->trace.nrequests;

    print_count("requests", n);
    printf("object miss ratio: %.4f\n", ratio(r->misses, n));
    printf("byte miss ratio: %.4f\n", ratio(r->missed, r->trace.bytes));
    print_count("entries", stats->entries);
    print_count("payload bytes", stats->bytes);
    print_count("zone bytes", stats->size);

    print_count("unique objects", r->trace.nkeys);
    print_count("unique bytes", r->trace.unique);
    print_count("misses", r->misses);
    print_count("stores", stats->stores);
    print_count("evictions", stats->evictions);
    print_count("expired", stats->expired);
    print_count("too large", stats->too_large);
    print_count("no memory", stats->no_memory);
    print_count("max object", stats->max_object);
    print_count("shards", stats->shards);
    printf("mean payload: %.1f\n", ratio(stats->bytes, stats->entries));
    printf("bookkeeping bytes per entry: %.1f\n",
           ratio(stats->size - stats->bytes, stats->entries));
    printf("payload share: %.4f\n", ratio(stats->bytes, stats->size));
    printf("ns per request: %.0f\n", ratio(r->ns, n));
}


static int
print_check(const replay_t *r)
{
    int  sound;

    sound = hc_l1_check(r->store.l1);

    print_count("wrong hits", r->wrong);
    printf("store: %s\n", sound ? "sound" : "damaged");

    return sound && r->wrong == 0 ? 0 : 1;
}


int
main(int argc, char **argv)
{
    int            rc;
    replay_t       r;
    hc_l1_stats_t  stats;

    memset(&r, 0, sizeof(r));
    parse_options(&r, argc, argv);

    if (trace_load(&r.trace, r.file) != 0) {
        return 1;
    }

    open_zone(&r);
    replay(&r);

    stats = stats_of(&r.store);
    print_result(&r, &stats);

    rc = r.check ? print_check(&r) : 0;

    close_store(&r.store);
    trace_free(&r.trace);
    free(r.body);
    free(r.stored);

    return rc;
}

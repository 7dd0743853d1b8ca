/*
 * make bench-l1: gets and puts of one process and of two, each on a core of its
 * own, in rounds that take turns; medians.
 */

#define _GNU_SOURCE                      /* sched_setaffinity() */

#include <getopt.h>
#include <sched.h>

#include "core.h"
#include "sizes.h"
#include "store.h"
#include "zipf.h"


#define KEYS      50000
#define BODY      1024
#define KEY_LEN   32
#define SEQUENCE  (1u << 20)             /* keys drawn beforehand */
#define ROUNDS    99                     /* at most */
#define CPUS      2
#define BATCH     64                     /* operations between two looks */


typedef enum { GETS, MIX, PUTS, MODES } mode_e;

static const struct {
    const char  *name;
    const char  *text;
    unsigned     puts;                   /* % */
} modes[MODES] = {
    { "get", "gets only",         0 },
    { "mix", "95 % gets, 5 % puts", 5 },
    { "put", "puts only",       100 },
};


/* Filled by one process, read by the first. */

typedef struct {
    _Alignas(64)
    uint32_t  ready;
    uint64_t  operations;
    uint64_t  hits;
    uint64_t  ns;                        /* without waits for the core */
} lane_t;


typedef struct {
    uint32_t  go;
    uint32_t  stop;
    lane_t    lane[CPUS];
} track_t;


/* Operations per ns of a round: of one process, of two. */

typedef struct {
    double  one[MODES][ROUNDS];
    double  two[MODES][ROUNDS];
    double  scaling[MODES][ROUNDS];
} rates_t;


typedef struct {
    store_t     store;
    track_t    *track;
    char        (*keys)[KEY_LEN];
    uint32_t   *sequence;
    int         cpu[CPUS];
    unsigned    rounds;
    unsigned    ms;
    uint64_t    max_object;
    const char *json;
    rates_t     rates;
} bench_t;


static const char  usage[] =
"usage: throughput [--rounds=N] [--ms=N] [--max-object=SIZE] [--json=FILE]\n"
"\n"
"  --rounds      15 without; each is run by one process and by two\n"
"  --ms          of each run, 200 without\n"
"  --max-object  of the zone, as with hc_zone\n"
"\n"
"make bench-l1 [BENCH=--rounds=N]\n";


static const unsigned char  body[BODY];


static void
put(bench_t *b, uint32_t n)
{
    hc_entry_t   e;
    hc_l1_key_t  k;

    k = text_key(&b->store, b->keys[n]);
    e = entry_of(&b->store, &k, hc_str(body, sizeof(body)));
    e.core.lifetime = UINT32_MAX;

    (void) hc_l1_put(b->store.l1, &k, &e, UINT32_MAX, 0);
}


static int
get(bench_t *b, uint32_t n)
{
    hc_l1_key_t  k;
    hc_l1_ref_t  ref;

    k = text_key(&b->store, b->keys[n]);

    if (hc_l1_get(b->store.l1, &k, 1, &ref) != HC_L1_HIT) {
        return 0;
    }

    hc_l1_unpin(b->store.l1, &ref);

    return 1;
}


static void
fill(bench_t *b)
{
    uint32_t  n;

    open_store(&b->store, 96 * MB, b->max_object);
    b->keys = malloc(KEYS * KEY_LEN);
    must(b->keys != NULL);

    for (n = 0; n < KEYS; n++) {
        (void) snprintf(b->keys[n], KEY_LEN, "httpexample.com/item/%05u", n);
        put(b, n);
    }

    must(stats_of(&b->store).entries == KEYS);
    hc_l1_leave(b->store.l1);
}


/* The cores this process may use, two at most. */

static unsigned
find_cpus(bench_t *b)
{
    int        i;
    unsigned   n;
    cpu_set_t  set;

    must(sched_getaffinity(0, sizeof(set), &set) == 0);

    for (n = 0, i = 0; i < CPU_SETSIZE && n < CPUS; i++) {
        if (CPU_ISSET(i, &set)) {
            b->cpu[n++] = i;
        }
    }

    return n;
}


static void
pin_to(int cpu)
{
    cpu_set_t  set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    must(sched_setaffinity(0, sizeof(set), &set) == 0);
}


static void
work(bench_t *b, lane_t *lane, mode_e mode, uint32_t at)
{
    uint32_t  i, n, random;

    random = at;

    do {
        for (i = 0; i < BATCH; i++) {
            n = b->sequence[at++ % SEQUENCE];
            random = random * 1664525 + 1013904223;

            if ((random >> 8) % 100 < modes[mode].puts) {
                put(b, n);
            } else {
                lane->hits += (uint64_t) get(b, n);
            }
        }

        lane->operations += BATCH;

    } while (!__atomic_load_n(&b->track->stop, __ATOMIC_RELAXED));
}


static void
run_lane(bench_t *b, unsigned n, unsigned cpu, mode_e mode, unsigned round)
{
    int       fd;
    lane_t   *lane;
    uint64_t  start, waited;

    lane = &b->track->lane[n];
    pin_to(b->cpu[cpu]);
    must(hc_l1_join(b->store.l1) == 0);
    fd = core_open();

    __atomic_store_n(&lane->ready, 1, __ATOMIC_SEQ_CST);

    while (!__atomic_load_n(&b->track->go, __ATOMIC_SEQ_CST)) {
        usleep(100);
    }

    waited = core_waited(fd);
    start = clock_ns();

    work(b, lane, mode, (round * CPUS + n) * 300007);

    lane->ns = clock_ns() - start;
    lane->ns -= hc_min(core_waited(fd) - waited, lane->ns - 1);

    hc_l1_leave(b->store.l1);
    _exit(0);
}


/* Operations per ns of so many processes; one alone takes turns on the cores. */

static double
run(bench_t *b, unsigned processes, mode_e mode, unsigned round)
{
    double    rate;
    pid_t     pid[CPUS];
    unsigned  n;

    memset(b->track, 0, sizeof(*b->track));

    for (n = 0; n < processes; n++) {
        pid[n] = fork();
        must(pid[n] != -1);

        if (pid[n] == 0) {
            run_lane(b, n, processes == 1 ? round % CPUS : n, mode, round);
        }
    }

    for (n = 0; n < processes; n++) {
        while (!__atomic_load_n(&b->track->lane[n].ready, __ATOMIC_SEQ_CST)) {
            usleep(100);
        }
    }

    __atomic_store_n(&b->track->go, 1, __ATOMIC_SEQ_CST);
    usleep(b->ms * 1000);
    __atomic_store_n(&b->track->stop, 1, __ATOMIC_SEQ_CST);

    for (rate = 0, n = 0; n < processes; n++) {
        must(wait_for(pid[n]) == 0);
        rate += (double) b->track->lane[n].operations
                / (double) b->track->lane[n].ns;
    }

    return rate;
}


static void
run_rounds(bench_t *b)
{
    unsigned  r, mode;
    double    one, two;

    for (r = 0; r < b->rounds; r++) {
        for (mode = 0; mode < MODES; mode++) {
            one = run(b, 1, mode, r);
            two = run(b, 2, mode, r);

            b->rates.one[mode][r] = one;
            b->rates.two[mode][r] = two;
            b->rates.scaling[mode][r] = two / one;
        }
    }
}


static int
compare(const void *a, const void *b)
{
    double  x, y;

    x = *(const double *) a;
    y = *(const double *) b;

    return (x > y) - (x < y);
}


static double
median(double *value, unsigned n)
{
    qsort(value, n, sizeof(*value), compare);

    return value[n / 2];
}


static void
print_result(bench_t *b)
{
    FILE      *json;
    double     one, two, scaling;
    unsigned   mode;

    json = b->json ? fopen(b->json, "w") : NULL;

    if (b->json && json == NULL) {
        perror(b->json);
        exit(1);
    }

    if (json) {
        fprintf(json, "{\n  \"keys\": %d,\n  \"body\": %d,\n  \"rounds\": %u",
                KEYS, BODY, b->rounds);
    }

    for (mode = 0; mode < MODES; mode++) {
        one = 1 / median(b->rates.one[mode], b->rounds);
        two = 2 / median(b->rates.two[mode], b->rounds);
        scaling = median(b->rates.scaling[mode], b->rounds);

        printf("%s: %.0f ns with one process, %.0f ns with two, "
               "two do %.2f times as many\n",
               modes[mode].text, one, two, scaling);

        if (json) {
            fprintf(json, ",\n  \"%s\": { \"ns_one\": %.1f, \"ns_two\": %.1f, "
                    "\"scaling\": %.3f }",
                    modes[mode].name, one, two, scaling);
        }
    }

    if (json) {
        fprintf(json, "\n}\n");
        fclose(json);
    }
}


static unsigned
option(uint64_t max)
{
    uint64_t  n;

    if (!parse_size(optarg, &n) || n < 1 || n > max) {
        fprintf(stderr, "throughput: \"%s\" is not from 1 to %llu\n",
                optarg, (unsigned long long) max);
        exit(2);
    }

    return (unsigned) n;
}


static void
parse_options(bench_t *b, int argc, char **argv)
{
    int  c;

    static const struct option  options[] = {
        { "rounds",     required_argument, NULL, 'r' },
        { "ms",         required_argument, NULL, 'm' },
        { "json",       required_argument, NULL, 'j' },
        { "max-object", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 }
    };

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {

        case 'r':
            b->rounds = option(ROUNDS);
            break;

        case 'm':
            b->ms = option(60000);
            break;

        case 'o':
            b->max_object = option(96 * MB);
            break;

        case 'j':
            b->json = optarg;
            break;

        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
}


int
main(int argc, char **argv)
{
    static bench_t  b;

    b.rounds = 15;
    b.ms = 200;

    parse_options(&b, argc, argv);

    if (find_cpus(&b) < CPUS) {
        fprintf(stderr, "throughput: there is only one core\n");
        return 1;
    }

    b.track = shared(sizeof(track_t));
    b.sequence = zipf_sequence(KEYS, SEQUENCE);
    fill(&b);

    printf("%d keys of %d bytes in %llu shards, the n-th asked 1/n as often as "
           "the first\n",
           KEYS, BODY, (unsigned long long) stats_of(&b.store).shards);
    fflush(stdout);                          /* not once more by each child */

    run_rounds(&b);
    print_result(&b);

    return hc_l1_check(b.store.l1) ? 0 : 1;
}

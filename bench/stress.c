/*
 * make stress: a storm over a tiny zone, for as long as wanted.
 */

#include <getopt.h>

#include "storm.h"


static const char  usage[] =
"usage: stress [--kill] [--seconds=N] [--processes=N] [--size=SIZE]\n"
"              [--seed=N] [--longest=MS]\n"
"\n"
"  --kill       processes are killed at random moments and at every pause point\n"
"               of the store; the store is checked after each death\n"
"  --seconds    300 without\n"
"  --processes  4 without, 64 at most\n"
"  --size       of the zone, 1m without\n"
"  --longest    with --kill: fails if another process did not go on for longer,\n"
"               its waits for a core not counted; 1000 without\n"
"\n"
"make stress [SECONDS=N] [KILL=1]\n";


typedef struct {
    storm_options_t  storm;
    uint64_t         longest;            /* ms */
} stress_t;


static const struct option  options[] = {
    { "help",      no_argument,       NULL, 'h' },
    { "kill",      no_argument,       NULL, 'k' },
    { "seconds",   required_argument, NULL, 's' },
    { "processes", required_argument, NULL, 'p' },
    { "size",      required_argument, NULL, 'z' },
    { "seed",      required_argument, NULL, 'r' },
    { "longest",   required_argument, NULL, 'l' },
    { NULL, 0, NULL, 0 }
};


static uint64_t
number_option(uint64_t min, uint64_t max)
{
    uint64_t  n;

    if (!parse_size(optarg, &n) || n < min || n > max) {
        fprintf(stderr, "stress: \"%s\" is not a number from %llu to %llu\n",
                optarg, (unsigned long long) min, (unsigned long long) max);
        exit(2);
    }

    return n;
}


static void
parse_option(stress_t *s, int c)
{
    switch (c) {

    case 'h':
        fputs(usage, stdout);
        exit(0);

    case 'k':
        s->storm.kills = 1;
        break;

    case 's':
        s->storm.ms = (unsigned) number_option(1, 1000000) * 1000;
        break;

    case 'p':
        s->storm.workers = (unsigned) number_option(1, STORM_WORKERS);
        break;

    case 'z':
        s->storm.size = number_option(HC_L1_MIN_SIZE, HC_L1_MAX_SIZE);
        break;

    case 'r':
        s->storm.seed = (uint32_t) number_option(0, UINT32_MAX);
        break;

    case 'l':
        s->longest = number_option(1, 60000);
        break;

    default:
        fputs(usage, stderr);
        exit(2);
    }
}


static void
print_count(const char *name, uint64_t n)
{
    printf("%s: %llu\n", name, (unsigned long long) n);
}


static void
print_deaths(const storm_result_t *r)
{
    unsigned  n;

    print_count("killed at random", r->kills);
    print_count("killed at pause points", r->deaths);
    print_count("pause points", r->points);
    print_count("pause points killed at", r->died_at);
    print_count("shards reset", r->stats.resets);

    for (n = 0; n < r->points; n++) {
        printf("  at \"%s\": %llu\n", r->point[n].name,
               (unsigned long long) r->point[n].kills);
    }
}


static void
print_result(const stress_t *s, const storm_result_t *r)
{
    print_count("rounds", r->rounds);
    print_count("gets", r->gets);
    print_count("hits", r->hits);
    print_count("stale", r->stale);
    print_count("puts", r->puts);
    print_count("fills in two steps", r->fills);
    print_count("attached to one", r->attached);
    print_count("refreshed", r->refreshed);
    print_count("replaced", r->stats.replaced);
    print_count("evictions", r->stats.evictions);
    print_count("expired", r->stats.expired);
    print_count("invalidated", r->stats.invalidated);
    print_count("deletes", r->stats.deletes);
    print_count("no memory", r->stats.no_memory);

    if (s->storm.kills) {
        print_deaths(r);
    }

    print_count("checks", r->checks);
    print_count("unsound", r->unsound);
    print_count("wrong", r->wrong);
    print_count("pins left", r->stats.pinned);
    print_count("processes left", r->stats.workers);
    printf("longest pause ms: %.1f\n", (double) r->longest / 1e6);
    printf("longest pause ms, waits for a core not counted: %.1f\n",
           (double) r->running / 1e6);
}


static int
judge(const stress_t *s, const storm_result_t *r)
{
    if (r->lost) {
        fprintf(stderr, "stress: a process does not go on\n");
        return 1;
    }

    if (!storm_is_sound(r)) {
        fprintf(stderr, "stress: failed\n");
        return 1;
    }

    if (s->storm.kills && r->running > s->longest * 1000000) {
        fprintf(stderr, "stress: a process did not go on for more than %llu ms\n",
                (unsigned long long) s->longest);
        return 1;
    }

    return 0;
}


int
main(int argc, char **argv)
{
    int             c;
    stress_t        s;
    storm_result_t  r;

    memset(&s, 0, sizeof(s));
    s.storm.workers = 4;
    s.storm.ms = 300000;
    s.storm.size = MB;
    s.storm.seed = (uint32_t) clock_ns();
    s.longest = 1000;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        parse_option(&s, c);
    }

    if (argc != optind) {
        parse_option(&s, '?');
    }

    printf("seed: %u\n", s.storm.seed);
    fflush(stdout);                          /* not once more by each child */

    storm_run(&s.storm, &r);
    print_result(&s, &r);

    return judge(&s, &r);
}

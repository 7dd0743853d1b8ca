/*
 * make memory-l1: payload and bookkeeping of full zones, and of one whose
 * entries are replaced millions of times.
 */

#include <getopt.h>

#include "memory.h"
#include "sizes.h"
#include "trace.h"


#define MILLION  1000000


static const char  usage[] =
"usage: memory [--size=SIZE] [--millions=N] [TRACE]\n"
"\n"
"  --size      of each zone, 64m without\n"
"  --millions  of replacements, 10 without\n"
"  TRACE       also fills a zone with objects of its sizes, see replay --help\n"
"\n"
"make memory-l1 [SIZE=SIZE] [MILLIONS=N] [TRACE=FILE]\n";


static size_t
fixed_size(void *size, uint64_t n)
{
    (void) n;

    return *(const size_t *) size;
}


/* Objects in the order they come in first, over and over. */

static size_t
trace_size(void *data, uint64_t n)
{
    const trace_t  *t = data;

    return t->requests[n % t->nrequests].size;
}


static int
print_full(const char *what, size_t size, memory_size_pt fn, void *data)
{
    int            sound;
    memory_t       m;
    hc_l1_stats_t  stats;

    memory_open(&m, size);
    memory_fill(&m, fn, data, 1);

    stats = stats_of(&m.store);
    sound = hc_l1_check(m.store.l1);
    memory_close(&m);

    printf("%-20s entries %llu  mean payload %.1f  payload share %.4f  "
           "bookkeeping bytes per entry %.1f%s\n",
           what, (unsigned long long) stats.entries,
           (double) stats.bytes / (double) stats.entries, memory_share(&stats),
           memory_bookkeeping(&stats), sound ? "" : "  DAMAGED");

    return sound;
}


static void
print_replaced(unsigned millions, const hc_l1_stats_t *stats)
{
    printf("replaced %2u million  entries %llu  mean payload %.1f  "
           "payload share %.4f\n",
           millions, (unsigned long long) stats->entries,
           (double) stats->bytes / (double) stats->entries,
           memory_share(stats));
    fflush(stdout);
}


static int
print_replacements(size_t size, unsigned millions)
{
    int            sound;
    double         first, settled;
    unsigned       n;
    memory_t       m;
    hc_l1_stats_t  stats;

    memory_open(&m, size);
    memory_fill(&m, memory_random_size, &m.random, 0);

    stats = stats_of(&m.store);
    first = settled = memory_share(&stats);
    print_replaced(0, &stats);

    for (n = 1; n <= millions; n++) {
        memory_replace(&m, MILLION);
        stats = stats_of(&m.store);
        print_replaced(n, &stats);

        if (n == 1) {
            settled = memory_share(&stats);
        }
    }

    sound = hc_l1_check(m.store.l1);
    memory_close(&m);

    printf("payload share moved by: %+.4f\n", memory_share(&stats) - first);
    printf("since the first million: %+.4f\n",
           memory_share(&stats) - settled);
    printf("store: %s\n", sound ? "sound" : "damaged");

    return sound;
}


static int
print_trace(const char *file, size_t size)
{
    int      sound;
    trace_t  t;

    if (trace_load(&t, file) != 0) {
        return 0;
    }

    sound = print_full("sizes of the trace", size, trace_size, &t);
    trace_free(&t);

    return sound;
}


static uint64_t
option(uint64_t min, uint64_t max)
{
    uint64_t  n;

    if (!parse_size(optarg, &n) || n < min || n > max) {
        fprintf(stderr, "memory: \"%s\" is not from %llu to %llu\n", optarg,
                (unsigned long long) min, (unsigned long long) max);
        exit(2);
    }

    return n;
}


int
main(int argc, char **argv)
{
    int       c, sound;
    size_t    size, small, kilo;
    unsigned  millions;

    static const struct option  options[] = {
        { "help",     no_argument,       NULL, 'h' },
        { "size",     required_argument, NULL, 's' },
        { "millions", required_argument, NULL, 'm' },
        { NULL, 0, NULL, 0 }
    };

    size = 64 * MB;
    small = 200;
    kilo = 1024;
    millions = 10;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 's') {
            size = option(HC_L1_MIN_SIZE, HC_L1_MAX_SIZE);

        } else if (c == 'm') {
            millions = (unsigned) option(0, 1000);

        } else {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }

    printf("zone bytes: %zu\n", size);

    sound = print_full("bodies of 200 bytes", size, fixed_size, &small)
            & print_full("bodies of 1 KB", size, fixed_size, &kilo);

    if (optind < argc) {
        sound &= print_trace(argv[optind], size);
    }

    return sound & print_replacements(size, millions) ? 0 : 1;
}

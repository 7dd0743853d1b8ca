/*
 * The process around the storm: starts the others, kills them, checks the
 * store, adds up.
 */

#include "storm.h"


#define STORM_TICK     5000              /* us between two deaths, at least */
#define STORM_LOST     30                /* s in which everybody must go on */


typedef struct {
    const storm_options_t  *options;
    storm_result_t         *result;
    storm_t                *storm;
    store_t                 store;
    pid_t                   pid[STORM_WORKERS];      /* 0: dead */
    uint32_t                started;
} storm_parent_t;


static void
storm_start(storm_parent_t *p, unsigned n)
{
    uint32_t  random;

    p->storm->worker[n].held = 0;
    random = p->options->seed + ++p->started * 7919;
    p->pid[n] = fork();
    must(p->pid[n] != -1);

    if (p->pid[n] == 0) {
        storm_points_start(p->storm, random, p->options->kills);
        _exit(storm_work(&p->store, p->storm, n, random));
    }
}


static void
storm_start_missing(storm_parent_t *p)
{
    unsigned  n;

    for (n = 0; n < p->options->workers; n++) {
        if (p->pid[n] == 0) {
            storm_start(p, n);
        }
    }
}


/* Takes note of the dead; returns how many there are. */

static unsigned
storm_reap(storm_parent_t *p)
{
    int       status;
    unsigned  n, dead;

    for (n = 0, dead = 0; n < p->options->workers; n++) {
        if (p->pid[n] && waitpid(p->pid[n], &status, WNOHANG) == p->pid[n]) {
            p->pid[n] = 0;

            if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
                p->result->deaths++;

            } else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
                p->result->failed++;
            }
        }

        dead += p->pid[n] == 0;
    }

    return dead;
}


static void
storm_kill(storm_parent_t *p, unsigned n)
{
    if (p->pid[n]) {
        (void) kill(p->pid[n], SIGKILL);
        (void) wait_for(p->pid[n]);
        p->pid[n] = 0;
        p->result->kills++;
    }
}


static void
storm_kill_all(storm_parent_t *p)
{
    unsigned  n;

    for (n = 0; n < p->options->workers; n++) {
        storm_kill(p, n);
    }
}


static unsigned
storm_busy(storm_parent_t *p)
{
    unsigned  n, busy;

    for (n = 0, busy = 0; n < p->options->workers; n++) {
        busy += p->pid[n] != 0
                && __atomic_load_n(&p->storm->worker[n].held, __ATOMIC_SEQ_CST)
                   != p->storm->hold;
    }

    return busy;
}


/* Waits until count() is 0; one that never comes back hangs in the store. */

static int
storm_wait(storm_parent_t *p, unsigned (*count)(storm_parent_t *p))
{
    uint64_t  end;

    end = clock_ms() + STORM_LOST * 1000;

    for ( ;; ) {
        (void) storm_reap(p);

        if (count(p) == 0) {
            return 0;
        }

        if (clock_ms() > end) {
            p->result->lost = 1;
            return -1;
        }

        usleep(100);
    }
}


static unsigned
storm_alive(storm_parent_t *p)
{
    return p->options->workers - storm_reap(p);
}


/* While nobody is inside, so that what is checked is what a death left. */

static void
storm_check(storm_parent_t *p)
{
    __atomic_add_fetch(&p->storm->hold, 1, __ATOMIC_SEQ_CST);

    if (storm_wait(p, storm_busy) == 0) {
        p->result->checks++;
        p->result->unsound += hc_l1_check(p->store.l1) != 1;
    }

    __atomic_add_fetch(&p->storm->hold, 1, __ATOMIC_SEQ_CST);
}


static int
storm_is_over(const storm_parent_t *p)
{
    const storm_result_t  *r;

    r = p->result;

    return r->lost || r->failed || r->unsound;
}


/* The others run for a while after each death before anybody looks. */

static void
storm_blow(storm_parent_t *p)
{
    unsigned  i;
    uint64_t  end;

    storm_start_missing(p);
    end = clock_ms() + p->options->ms;

    for (i = 0; clock_ms() < end && !storm_is_over(p); i++) {
        usleep(STORM_TICK + i * 37 % 3000);

        if (!p->options->kills) {
            if (i % 64 == 63) {
                storm_check(p);
            }

            if (storm_reap(p)) {
                return;
            }

            continue;
        }

        if (i % 2) {
            storm_kill(p, i / 2 % p->options->workers);
            usleep(2000);
        }

        if (storm_reap(p)) {
            storm_check(p);
            storm_start_missing(p);
        }
    }
}


static void
storm_sum(storm_parent_t *p)
{
    unsigned               n;
    storm_result_t        *r;
    const storm_worker_t  *w;

    r = p->result;

    for (n = 0; n < p->options->workers; n++) {
        w = &p->storm->worker[n];

        r->rounds += w->rounds;
        r->gets += w->gets;
        r->hits += w->hits;
        r->stale += w->stale;
        r->puts += w->puts;
        r->fills += w->fills;
        r->attached += w->attached;
        r->refreshed += w->refreshed;
        r->wrong += w->wrong;
        r->longest = hc_max(r->longest, w->longest);
        r->running = hc_max(r->running, w->running);
    }

    memcpy(r->point, p->storm->point, sizeof(r->point));

    for (n = 0; n < STORM_POINTS && r->point[n].name; n++) {
        r->points++;
        r->died_at += r->point[n].kills != 0;
    }
}


void
storm_run(const storm_options_t *o, storm_result_t *r)
{
    storm_parent_t  p;

    memset(&p, 0, sizeof(p));
    memset(r, 0, sizeof(*r));

    p.options = o;
    p.result = r;
    p.storm = shared(sizeof(storm_t));
    p.storm->workers = o->workers;

    open_store(&p.store, o->size, STORM_LARGEST);
    hc_l1_leave(p.store.l1);

    storm_blow(&p);

    __atomic_store_n(&p.storm->stop, 1, __ATOMIC_SEQ_CST);

    if (r->lost || storm_wait(&p, storm_alive) != 0) {
        storm_kill_all(&p);

    } else {
        r->stats = stats_of(&p.store);
        r->checks++;
        r->unsound += hc_l1_check(p.store.l1) != 1;
    }

    storm_sum(&p);

    munmap(p.storm, sizeof(storm_t));
    close_store(&p.store);
}


int
storm_is_sound(const storm_result_t *r)
{
    return !r->lost && r->failed == 0 && r->wrong == 0 && r->unsound == 0
           && r->stats.pinned == 0 && r->stats.workers == 0;
}

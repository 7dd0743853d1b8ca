/*
 * What a process of the storm does at the points at which it may be stopped:
 * it lets others run, or is killed there.
 */

#include <sched.h>

#include "storm.h"


#define STORM_YIELD  1024                /* visits, on average */
#define STORM_LIVES  20000               /* visits, at most */
#define STORM_AGAIN  20                  /* visits of the chosen one, at most */


static storm_t     *points_of;
static const char  *chosen;              /* NULL: whichever is the last */
static uint32_t     visits_left;
static uint32_t     luck;


/* The place of a point in the table, which it enters at its first visit. */

static storm_point_t *
storm_point(const char *name)
{
    int             i;
    const char     *there;
    storm_point_t  *p;

    for (i = 0; i < STORM_POINTS; i++) {
        p = &points_of->point[i];
        there = NULL;

        if (__atomic_load_n(&p->name, __ATOMIC_RELAXED) == name
            || __atomic_compare_exchange_n(&p->name, &there, name, 0,
                                           __ATOMIC_RELAXED, __ATOMIC_RELAXED)
            || strcmp(there, name) == 0)
        {
            return p;
        }
    }

    return NULL;
}


static void
storm_yield(const char *name)
{
    (void) storm_point(name);

    if (storm_random(&luck) % STORM_YIELD == 0) {
        (void) sched_yield();
    }
}


static void
storm_die(const char *name)
{
    storm_point_t  *p;

    p = storm_point(name);

    if (chosen && (p == NULL || strcmp(p->name, chosen) != 0)) {
        return;
    }

    if (--visits_left) {
        return;
    }

    if (p) {
        __atomic_add_fetch(&p->kills, 1, __ATOMIC_RELAXED);
    }

    kill(getpid(), SIGKILL);
}


/* The one at which the fewest have died. */

static const char *
storm_rarest(void)
{
    int             i;
    storm_point_t  *p, *rarest;

    rarest = NULL;

    for (i = 0; i < STORM_POINTS && points_of->point[i].name; i++) {
        p = &points_of->point[i];

        if (rarest == NULL || p->kills < rarest->kills) {
            rarest = p;
        }
    }

    return rarest ? rarest->name : NULL;
}


void
storm_points_start(storm_t *storm, uint32_t random, int kills)
{
    points_of = storm;
    luck = random * 2654435761u;
    chosen = NULL;

    if (!kills) {
        hc_l1_pause = storm_yield;
        return;
    }

    visits_left = storm_random(&luck) % STORM_LIVES + 1;

    if (storm_random(&luck) % 2) {
        chosen = storm_rarest();
        visits_left = storm_random(&luck) % STORM_AGAIN + 1;
    }

    hc_l1_pause = storm_die;
}

/*
 * The lock of a shard when it is not there for the asking.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE                      /* pthread_mutex_clocklock() */
#endif

#include <errno.h>
#include <time.h>

#include "hc_l1_lock.h"


#define HC_L1_LOCK_AGAIN  5000000        /* ns */


/*
 * A waiter that is killed after it was woken, and before it had the mutex, may
 * take the wake-up with it when somebody else was faster: the others sleep on
 * while the mutex is free.  So nobody sleeps without looking again.
 */

static int
hc_l1_lock_wait(hc_l1_shard_t *s)
{
    int              rc;
    unsigned         n;
    struct timespec  until;

    for (n = 0; n < HC_L1_SPINS; n++) {
        hc_cpu_pause();

        rc = pthread_mutex_trylock(&s->mutex);

        if (rc != EBUSY) {
            return rc;
        }
    }

    do {
        (void) clock_gettime(CLOCK_MONOTONIC, &until);

        until.tv_nsec += HC_L1_LOCK_AGAIN;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;

        rc = pthread_mutex_clocklock(&s->mutex, CLOCK_MONOTONIC, &until);

    } while (rc == ETIMEDOUT);

    return rc;
}


/* An initialised robust mutex that is always made consistent gives no other
 * error. */

void
hc_l1_lock_slowly(hc_l1_t *l1, hc_l1_shard_t *s, int rc)
{
    if (rc == EBUSY) {
        rc = hc_l1_lock_wait(s);
    }

    hc_assert(rc == 0 || rc == EOWNERDEAD);

    if (rc == EOWNERDEAD) {
        if (s->changing) {
            hc_l1_reset_locked(l1, s);
        }

        hc_l1_seq_end_locked(s);
        (void) pthread_mutex_consistent(&s->mutex);
    }
}

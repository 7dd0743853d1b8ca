/*
 * A block that forked processes share, and short words for what is done to
 * leases in it.
 */

#ifndef FLIGHT_TEST_H_INCLUDED_
#define FLIGHT_TEST_H_INCLUDED_


#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "flight/hc_flight.h"


extern void  (*hc_flight_pause)(const char *point);


typedef struct {
    void         *block;
    hc_flight_t  *f;
} flight_t;


static hc_flight_mask_t  woken;          /* by the last call */


static inline void *
shared(size_t size)
{
    void  *p;

    p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
             -1, 0);
    assert_true(p != MAP_FAILED);

    return p;
}


static inline hc_flight_t *
open_handle(flight_t *t, int expected)
{
    int               adopted;
    hc_flight_t      *f;
    const hc_seed_t   seed = { 1, 2 };

    f = hc_flight_open(t->block, &seed, &adopted);
    assert_non_null(f);
    assert_int_equal(adopted, expected);

    return f;
}


/* Opened, not joined. */

static inline void
open_flight(flight_t *t)
{
    t->block = shared(hc_flight_size());
    t->f = open_handle(t, 0);
}


static inline void
close_flight(flight_t *t)
{
    assert_int_equal(hc_flight_check(t->f), 1);
    hc_flight_close(t->f);
    munmap(t->block, hc_flight_size());
}


/* Another handle of this process counts as a worker of its own. */

static inline hc_flight_t *
worker(flight_t *t)
{
    hc_flight_t  *f;

    f = open_handle(t, 1);
    assert_int_equal(hc_flight_join(f, 0, &woken), 0);

    return f;
}


static inline hc_flight_id_t
number_id(uint64_t n)
{
    hc_flight_id_t  id;

    id.a = n;
    id.b = ~n;

    return id;
}


/* By one that has just looked. */

static inline hc_flight_rc_e
begin_with(hc_flight_t *f, uint64_t n, uint32_t max, int refresh,
    uint64_t now, hc_flight_lease_t *lease)
{
    hc_flight_id_t       id;
    hc_flight_options_t  o;

    id = number_id(n);
    o.deadline_ms = 1000;
    o.max_waiters = max;
    o.refresh = refresh != 0;
    o.looked = 1;

    return hc_flight_begin(f, &id, &o, now, lease, &woken);
}


static inline hc_flight_rc_e
begin(hc_flight_t *f, uint64_t n, uint64_t now, hc_flight_lease_t *lease)
{
    return begin_with(f, n, 1000, 0, now, lease);
}


static inline hc_flight_rc_e
refresh(hc_flight_t *f, uint64_t n, uint64_t now, hc_flight_lease_t *lease)
{
    return begin_with(f, n, 1000, 1, now, lease);
}


static inline hc_flight_view_t
view_of(hc_flight_t *f, hc_flight_lease_t lease)
{
    hc_flight_view_t  view;

    hc_flight_peek(f, &lease, &view);

    return view;
}


static inline void
end(hc_flight_t *f, hc_flight_lease_t lease, hc_flight_outcome_e outcome,
    uint64_t now)
{
    hc_flight_end(f, &lease, outcome, 500, now, &woken);
}


static inline int
wakes(const hc_flight_t *f)
{
    int  slot;

    slot = hc_flight_slot(f);

    return woken.word[slot / 64] >> slot % 64 & 1;
}


static inline int
wakes_nobody(void)
{
    return woken.word[0] == 0 && woken.word[1] == 0;
}


/* 1: this lease, and no other, is marked for the worker. */

static inline int
marked(hc_flight_t *f, hc_flight_lease_t lease)
{
    int       found, others;
    unsigned  word;
    uint64_t  marks;

    found = 0;
    others = 0;

    for (word = 0; word < HC_FLIGHT_WORDS; word++) {
        marks = hc_flight_marks(f, word);

        if (word == lease.index / 64) {
            found = marks >> lease.index % 64 & 1;
            marks &= ~((uint64_t) 1 << lease.index % 64);
        }

        others |= marks != 0;
    }

    return found && !others;
}


static inline int
wait_for(pid_t pid)
{
    int  status;

    assert_int_equal(waitpid(pid, &status, 0), pid);

    return status;
}


#endif /* FLIGHT_TEST_H_INCLUDED_ */

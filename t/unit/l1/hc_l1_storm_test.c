/*
 * A storm: processes that read, write, purge and die over a tiny block, with
 * bodies that prove themselves.
 */

#include "hc_l1_test_util.h"


#define WORKERS   4
#define KEYS      2000
#define HELD      5
#define LARGEST   (6 * KB)


typedef struct {
    uint64_t  hits;
    uint64_t  wrong;             /* bytes, keys, versions */
    uint64_t  rounds;
    uint32_t  stop;
} tally_t;


static uint32_t  luck;


static void
die_by_chance(const char *point)
{
    (void) point;

    luck = luck * 1664525 + 1013904223;

    if ((luck >> 8) % 20000 == 0) {
        kill(getpid(), SIGKILL);
    }
}


static uint64_t
clock_ms(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}


static uint32_t
next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;

    return *random >> 8;
}


/* headers: the number the body follows from; the key is part of it */

static int
is_sound(const hc_l1_ref_t *ref, const hc_l1_key_t *k)
{
    uint32_t  seed, key;

    if (!hc_str_eq(ref->entry.key, k->key) || ref->entry.headers.len != 4) {
        return 0;
    }

    memcpy(&seed, ref->entry.headers.data, 4);
    memcpy(&key, k->key.data, 4);

    return seed % KEYS == key && is_body(ref->entry.body, seed);
}


static void
storm_put(store_t *st, hc_l1_key_t k, uint32_t key, uint32_t *random)
{
    size_t                 i, len;
    uint32_t               seed;
    uint64_t               now;
    hc_entry_t             e;
    static unsigned char   body[LARGEST];

    seed = next_random(random) / KEYS * KEYS + key;
    len = next_random(random) % (next_random(random) % 4 ? 700 : LARGEST - 8);

    for (i = 0; i < len; i++) {
        body[i] = body_byte(seed, i);
    }

    now = clock_ms();
    e = entry_of(st, &k, hc_str(body, len));
    e.headers = hc_str(&seed, 4);
    e.core.born_at = now;
    e.core.lifetime = next_random(random) % 300;
    e.core.stale_for = next_random(random) % 300;

    (void) hc_l1_put(st->l1, &k, &e, now + e.core.lifetime, now);
}


/* Returns 1 if the ref is to be held. */

static int
storm_get(store_t *st, hc_l1_key_t k, tally_t *tally, hc_l1_ref_t *ref)
{
    uint32_t    slot, version;
    hc_l1_rc_e  rc;

    slot = hc_version_slot(hc_str("key", 3), k.key);
    version = hc_version_get(st->versions, slot);
    rc = hc_l1_get(st->l1, &k, clock_ms(), ref);

    if (rc != HC_L1_HIT && rc != HC_L1_STALE) {
        return 0;
    }

    __atomic_add_fetch(&tally->hits, 1, __ATOMIC_RELAXED);

    /* nothing older than what was current before the call */

    if (!is_sound(ref, &k)
        || (int32_t) (ref->entry.tags[HC_TAG_KEY].version - version) < 0)
    {
        __atomic_add_fetch(&tally->wrong, 1, __ATOMIC_RELAXED);
    }

    if (ref->copy) {
        hc_l1_unpin(st->l1, ref);
        return 0;
    }

    return 1;
}


static void
storm_release(store_t *st, hc_l1_ref_t *ref, tally_t *tally)
{
    hc_l1_key_t  k;

    if (ref->pinned) {
        k.key = ref->entry.key;

        if (!is_sound(ref, &k)) {
            __atomic_add_fetch(&tally->wrong, 1, __ATOMIC_RELAXED);
        }

        hc_l1_unpin(st->l1, ref);
    }
}


static void
storm(store_t *st, tally_t *tally, uint32_t random)
{
    uint32_t     key, what, n;
    hc_l1_key_t  k;
    hc_l1_ref_t  held[HELD];

    memset(held, 0, sizeof(held));

    if (hc_l1_join(st->l1) != 0) {
        _exit(1);
    }

    while (!__atomic_load_n(&tally->stop, __ATOMIC_RELAXED)) {
        key = next_random(&random) % KEYS;
        what = next_random(&random) % 10000;
        k = number_key(st, &key);

        if (what < 6000) {
            n = next_random(&random) % HELD;
            storm_release(st, &held[n], tally);
            held[n].pinned = 0;

            if (!storm_get(st, k, tally, &held[n])) {
                held[n].pinned = 0;
            }

        } else if (what < 9500) {
            storm_put(st, k, key, &random);

        } else if (what < 9800) {
            (void) hc_l1_delete(st->l1, &k);

        } else if (what < 9999) {
            hc_version_move(st->versions,
                            hc_version_slot(hc_str("key", 3), k.key));

        } else {
            hc_l1_purge(st->l1);
        }

        __atomic_add_fetch(&tally->rounds, 1, __ATOMIC_RELAXED);
    }

    for (n = 0; n < HELD; n++) {
        storm_release(st, &held[n], tally);
    }

    hc_l1_leave(st->l1);
    _exit(0);
}


static pid_t
start(store_t *st, tally_t *tally, uint32_t n, int kills)
{
    pid_t  pid;

    pid = fork();

    if (pid == 0) {
        if (kills) {
            luck = n;
            hc_l1_pause = die_by_chance;
        }

        storm(st, tally, n + 1);
    }

    return pid;
}


static void
run_storm(store_t *st, tally_t *tally, unsigned ms, int kills)
{
    int       i, status;
    pid_t     pid[WORKERS];
    uint64_t  end;

    for (i = 0; i < WORKERS; i++) {
        pid[i] = start(st, tally, i, kills);
    }

    for (end = clock_ms() + ms; clock_ms() < end; i++) {
        usleep(5000 + i * 37 % 3000);

        if (kills) {
            kill(pid[i % WORKERS], SIGKILL);
            (void) wait_for(pid[i % WORKERS]);
            pid[i % WORKERS] = start(st, tally, i, kills);
        }
    }

    __atomic_store_n(&tally->stop, 1, __ATOMIC_RELAXED);

    for (i = 0; i < WORKERS; i++) {
        status = wait_for(pid[i]);
        assert_true(status == 0 || (kills && WIFSIGNALED(status)));
    }
}


static void
storm_over_a_tiny_block(unsigned ms, int kills)
{
    store_t        st;
    tally_t       *tally;
    hc_l1_stats_t  stats;

    tally = shared(sizeof(*tally));
    open_store(&st, MB, LARGEST);
    hc_l1_leave(st.l1);

    run_storm(&st, tally, ms, kills);

    stats = stats_of(&st);
    assert_int_equal(tally->wrong, 0);
    assert_true(tally->hits > 1000);
    assert_true(stats.evictions + stats.expired > 1000);
    assert_true(stats.replaced > 100);
    assert_true(kills ? stats.resets > 0 : stats.resets == 0);
    assert_int_equal(stats.pinned, 0);
    assert_int_equal(stats.workers, 0);
    assert_int_equal(hc_l1_check(st.l1), 1);

    print_message("%lu rounds, %lu hits, %lu resets\n",
                  (unsigned long) tally->rounds, (unsigned long) tally->hits,
                  (unsigned long) stats.resets);

    munmap(tally, sizeof(*tally));
    close_store(&st);
}


static void
many_processes_never_read_a_wrong_byte(void **state)
{
    (void) state;

    storm_over_a_tiny_block(3000, 0);
}


static void
not_even_when_processes_are_killed_all_the_time(void **state)
{
    (void) state;

    storm_over_a_tiny_block(3000, 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(many_processes_never_read_a_wrong_byte),
        cmocka_unit_test(not_even_when_processes_are_killed_all_the_time),
    };

    alarm(300);                          /* a lost lock must not hang us */

    return cmocka_run_group_tests(tests, NULL, NULL);
}

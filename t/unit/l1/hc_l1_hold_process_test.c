/*
 * A put in two steps, among processes: who reads what another fills, and dying
 * with it.
 */

#include "hc_l1_hold_util.h"


static const char  *die_in;              /* NULL: any point */
static int          spared;              /* visits before it dies */


static void
die_in_point(const char *point)
{
    if ((die_in == NULL || strcmp(point, die_in) == 0) && spared-- == 0) {
        kill(getpid(), SIGKILL);
    }
}


/* The child tells by its exit code; steps are bytes over pipes. */

static int
read_while_filled(store_t *st, hc_l1_key_t k, uint64_t item, int in, int out)
{
    char         c;
    hc_l1_ref_t  ref;

    if (hc_l1_join(st->l1) != 0
        || hc_l1_attach(st->l1, item, &k, &ref) != HC_L1_OK)
    {
        return 1;
    }

    if (ref.copy || !hc_str_eq(ref.entry.key, k.key)
        || !hc_str_eq(ref.entry.headers, hc_str("headers", 7))
        || ref.entry.body.len != LEN || ref.entry.core.status != 200
        || !is_body(hc_str(ref.entry.body.data, LEN / 2), 5))
    {
        return 2;
    }

    if (write(out, "a", 1) != 1 || read(in, &c, 1) != 1
        || !is_body(ref.entry.body, 5))
    {
        return 3;
    }

    hc_l1_unpin(st->l1, &ref);
    hc_l1_leave(st->l1);

    return 0;
}


static void
another_process_reads_what_is_there_while_it_is_filled(void **state)
{
    int            to[2], from[2];
    char           c;
    pid_t          pid;
    store_t        st, other;
    hc_l1_key_t    k;
    hc_l1_hold_t   hold;
    unsigned char *body;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    hold = held(&st, k, LEN);
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);

    body = malloc(LEN);
    must(body != NULL);
    fill_body(body, LEN, 5);
    memcpy(hold.body, body, LEN / 2);

    pid = fork();

    if (pid == 0) {
        other = st;
        (void) reopen(&other, MB, 0);
        _exit(read_while_filled(&other, k, hold.item, to[0], from[1]));
    }

    assert_int_equal(read(from[0], &c, 1), 1);
    memcpy(hold.body + LEN / 2, body + LEN / 2, LEN - LEN / 2);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_int_equal(write(to[1], "b", 1), 1);

    assert_int_equal(wait_for(pid), 0);
    assert_true(has_seeded(&st, k, 5, LEN));

    close(to[0]);
    close(to[1]);
    close(from[0]);
    close(from[1]);
    free(body);
    close_sound(&st);
}


/* Any of it left in the store, there is no room for 799 KB of 1 MB. */

static void
memory_of_an_abandoned_one_comes_back_with_its_last_reader(void **state)
{
    store_t       st, other;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref, more;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 800 * KB);
    other = st;
    (void) reopen(&other, MB, 800 * KB);
    assert_int_equal(hc_l1_join(other.l1), 0);

    k = text_key(&st, "k");
    hold = held(&st, k, LEN);
    fill_body(hold.body, LEN, 5);
    assert_int_equal(hc_l1_attach(other.l1, hold.item, &k, &ref), HC_L1_OK);

    hc_l1_abandon(st.l1, &hold);
    hc_l1_abandon(st.l1, &hold);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0),
                     HC_L1_NO_MEMORY);
    put_many(&st, 0, 2000, 500, FOREVER, 0);

    assert_true(is_body(ref.entry.body, 5));
    assert_int_equal(hc_l1_attach(other.l1, hold.item, &k, &more), HC_L1_OK);
    hc_l1_unpin(other.l1, &more);
    hc_l1_unpin(other.l1, &ref);

    put_many(&st, 2000, 4000, 500, FOREVER, 0);
    assert_int_equal(hc_l1_attach(other.l1, hold.item, &k, &more), HC_L1_MISS);
    assert_int_equal(stats_of(&st).pinned, 0);
    hc_l1_close(other.l1);

    assert_int_equal(put_seeded(&st, k, 2, 799 * KB), HC_L1_OK);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


/* Half of it is there; the reader keeps that as long as it wants. */

static void
a_reader_outlives_the_process_that_fills(void **state)
{
    pid_t          pid;
    store_t        st, other;
    hc_l1_key_t    k;
    hc_l1_ref_t    ref, more;
    hc_l1_hold_t  *hold;

    (void) state;

    open_store(&st, MB, 800 * KB);
    hold = shared(sizeof(*hold));
    k = text_key(&st, "k");

    pid = fork();

    if (pid == 0) {
        other = st;
        (void) reopen(&other, MB, 800 * KB);

        if (hc_l1_join(other.l1) == 0
            && reserve(&other, k, LEN, hold) == HC_L1_OK)
        {
            fill_body(hold->body, LEN / 2, 5);
            kill(getpid(), SIGKILL);
        }

        _exit(1);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));
    assert_int_equal(hc_l1_attach(st.l1, hold->item, &k, &ref), HC_L1_OK);

    hc_l1_sweep(st.l1);
    assert_int_equal(stats_of(&st).pinned, 1);
    put_many(&st, 0, 2000, 2000, FOREVER, 0);
    assert_true(is_body(hc_str(ref.entry.body.data, LEN / 2), 5));
    assert_int_equal(hc_l1_check(st.l1), 1);

    hc_l1_unpin(st.l1, &ref);
    assert_int_equal(put_seeded(&st, k, 2, 799 * KB), HC_L1_OK);
    assert_int_equal(hc_l1_attach(st.l1, hold->item, &k, &more), HC_L1_MISS);

    munmap(hold, sizeof(*hold));
    close_store(&st);
}


/* Dies with the shard in between. */

static void
die_in_a_put(store_t *st, const char *point)
{
    pid_t     pid;
    store_t   other;
    uint32_t  i;

    pid = fork();

    if (pid == 0) {
        other = *st;
        (void) reopen(&other, MB, 128 * KB);

        if (hc_l1_join(other.l1) == 0) {
            die_in = point;
            spared = 0;
            hc_l1_pause = die_in_point;
            i = 7000;
            (void) put_for(&other, number_key(&other, &i), 100, FOREVER, 0);
        }

        _exit(0);
    }

    assert_true(WIFSIGNALED(wait_for(pid)));
}


static void
a_reset_of_its_shard_spares_it(void **state)
{
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 50, 3000, FOREVER, 0);
    hold = held(&st, k, LEN);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_OK);

    die_in_a_put(&st, "item before its chain");

    fill_body(hold.body, LEN, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_int_equal(stats_of(&st).resets, 1);
    assert_int_equal(stats_of(&st).entries, 1);
    assert_true(has_seeded(&st, k, 5, LEN));
    assert_true(is_body(ref.entry.body, 5));
    assert_int_equal(hc_l1_check(st.l1), 1);
    hc_l1_unpin(st.l1, &ref);
    close_sound(&st);
}


/* All of them meet: room made with a move or an eviction, an old one, a fill,
 * a publish. */

static void
hold_a_lot(store_t *st)
{
    uint32_t      i;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    for (i = 0; i < 40; i++) {
        k = number_key(st, &i);

        if (reserve(st, k, i * 1999 % LEN, &hold) == HC_L1_OK) {
            fill_body(hold.body, hold.len, i);

            if (i % 4) {
                (void) hc_l1_publish(st->l1, &hold, &k, 1000, 0);

            } else {
                hc_l1_abandon(st->l1, &hold);
            }
        }
    }
}


/* A pin of the parent, and a hold of its own, see it through. */

static int
survives_a_death_at(int visit)
{
    int           killed;
    pid_t         pid;
    store_t       st, other;
    uint32_t      i;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 280, 3000, FOREVER, 0);
    hold = held(&st, k, LEN);
    fill_body(hold.body, LEN / 2, 5);

    pid = fork();

    if (pid == 0) {
        other = st;
        (void) reopen(&other, MB, 128 * KB);

        if (hc_l1_join(other.l1) == 0) {
            die_in = NULL;
            spared = visit;
            hc_l1_pause = die_in_point;
            hold_a_lot(&other);
        }

        _exit(0);
    }

    killed = WIFSIGNALED(wait_for(pid));

    for (i = 1; i < 40; i++) {
        if (get_at(&st, number_key(&st, &i), 0) == HC_L1_HIT) {
            assert_int_equal(hc_l1_check(st.l1), 1);
            break;
        }
    }

    put_many(&st, 100, 200, 3000, FOREVER, 0);
    assert_int_equal(hc_l1_check(st.l1), 1);
    assert_true(is_body(hc_str(hold.body, LEN / 2), 5));

    fill_body(hold.body, LEN, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_true(has_seeded(&st, k, 5, LEN));
    close_sound(&st);

    return killed;
}


static void
a_death_at_any_point_costs_no_held_byte_and_no_memory(void **state)
{
    int  visit;

    (void) state;

    for (visit = 0; survives_a_death_at(visit); visit += 1 + visit / 40) {
        /* void */
    }

    assert_true(visit > 100);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            another_process_reads_what_is_there_while_it_is_filled),
        cmocka_unit_test(
            memory_of_an_abandoned_one_comes_back_with_its_last_reader),
        cmocka_unit_test(a_reader_outlives_the_process_that_fills),
        cmocka_unit_test(a_reset_of_its_shard_spares_it),
        cmocka_unit_test(
            a_death_at_any_point_costs_no_held_byte_and_no_memory),
    };

    alarm(300);                          /* a lost lock must not hang us */

    return cmocka_run_group_tests(tests, NULL, NULL);
}

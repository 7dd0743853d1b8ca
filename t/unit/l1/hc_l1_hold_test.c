/*
 * A put in two steps: what is held is readable by others, stays where it is,
 * and is found by a get from its publish on.
 */

#include "hc_l1_test_util.h"

#include "l1/hc_l1_hold.h"


#define FOREVER  40000000u
#define LEN      (60 * KB)


static const char  *die_in;
static int          spared;              /* visits before it dies */
static int          visits;


static void
die_in_point(const char *point)
{
    visits++;

    if ((die_in == NULL || strcmp(point, die_in) == 0) && spared-- == 0) {
        kill(getpid(), SIGKILL);
    }
}


static hc_l1_rc_e
reserve(store_t *st, hc_l1_key_t k, size_t len, hc_l1_hold_t *hold)
{
    hc_entry_t  e;

    e = entry_of(st, &k, hc_str(NULL, len));
    e.headers = hc_str("headers", 7);

    return hc_l1_reserve(st->l1, &k, &e, 0, hold);
}


static hc_l1_hold_t
held(store_t *st, hc_l1_key_t k, size_t len)
{
    hc_l1_hold_t  hold;

    assert_int_equal(reserve(st, k, len, &hold), HC_L1_OK);
    assert_int_equal(hold.len, len);

    return hold;
}


/* 1: a hit with the body of the seed. */

static int
has_seeded(store_t *st, hc_l1_key_t k, uint32_t seed, size_t len)
{
    int          same;
    hc_l1_ref_t  ref;

    if (hc_l1_get(st->l1, &k, 0, &ref) != HC_L1_HIT) {
        return 0;
    }

    same = ref.entry.body.len == len && is_body(ref.entry.body, seed)
           && hc_str_eq(ref.entry.headers, hc_str("headers", 7))
           && hc_str_eq(ref.entry.key, k.key);
    hc_l1_unpin(st->l1, &ref);

    return same;
}


static void
an_entry_is_no_hit_before_its_publish(void **state)
{
    store_t        st;
    hc_l1_key_t    k;
    hc_l1_hold_t   hold;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    hold = held(&st, k, LEN);

    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).entries, 0);
    assert_int_equal(stats_of(&st).pinned, 1);
    assert_int_equal(hc_l1_check(st.l1), 1);

    fill_body(hold.body, hold.len, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);

    stats = stats_of(&st);
    assert_int_equal(stats.entries, 1);
    assert_int_equal(stats.stores, 1);
    assert_int_equal(stats.replaced, 0);
    assert_int_equal(stats.pinned, 0);
    assert_true(has_seeded(&st, k, 5, LEN));
    assert_int_equal(get_at(&st, k, 1000), HC_L1_STALE);
    assert_int_equal(get_at(&st, k, 2000), HC_L1_MISS);
    close_sound(&st);
}


static void
any_length_fits_exactly(void **state)
{
    store_t       st;
    uint32_t      len;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 0);

    for (len = 0; len < 64; len++) {
        k = number_key(&st, &len);
        hold = held(&st, k, len);
        fill_body(hold.body, hold.len, len);
        assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    }

    assert_int_equal(hc_l1_check(st.l1), 1);

    for (len = 0; len < 64; len++) {
        assert_true(has_seeded(&st, number_key(&st, &len), len, len));
    }

    close_sound(&st);
}


static void
what_is_under_the_key_stays_until_the_publish(void **state)
{
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    put_text(&st, k, "old");
    hold = held(&st, k, LEN);
    assert_true(has_text(&st, k, "old"));
    assert_int_equal(hc_l1_get(st.l1, &k, 0, &ref), HC_L1_HIT);

    fill_body(hold.body, hold.len, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);

    assert_true(has_seeded(&st, k, 5, LEN));
    assert_true(hc_str_eq(ref.entry.body, hc_str("old", 3)));
    assert_int_equal(stats_of(&st).replaced, 1);
    assert_int_equal(stats_of(&st).entries, 1);
    assert_int_equal(hc_l1_check(st.l1), 1);
    hc_l1_unpin(st.l1, &ref);
    close_sound(&st);
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


/* Sizes that are moved about, evicted, expired and purged around it. */

static void
a_held_entry_stays_where_it_is(void **state)
{
    store_t       st;
    uint32_t      i;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 50, 3000, FOREVER, 0);
    hold = held(&st, k, LEN);
    fill_body(hold.body, LEN / 2, 5);

    for (i = 1000; i < 4000; i++) {
        (void) put_for(&st, number_key(&st, &i), i * 131 % (100 * KB),
                       i % 3 * 60000 + 500, i * 10);

        if (i % 1000 == 500) {
            hc_l1_purge(st.l1);
            assert_int_equal(hc_l1_check(st.l1), 1);
        }
    }

    assert_true(is_body(hc_str(hold.body, LEN / 2), 5));
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_OK);
    assert_ptr_equal(ref.entry.body.data, hold.body);
    hc_l1_unpin(st.l1, &ref);

    fill_body(hold.body, LEN, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_true(has_seeded(&st, k, 5, LEN));
    close_sound(&st);
}


/* When the number of a generation comes round a shard is cleared. */

static void
as_many_purges_as_generations_spare_it(void **state)
{
    int           i;
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 50, 3000, FOREVER, 0);
    hold = held(&st, k, LEN);

    for (i = 0; i < 600; i++) {
        hc_l1_purge(st.l1);
    }

    fill_body(hold.body, LEN, 5);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_true(has_seeded(&st, k, 5, LEN));
    assert_int_equal(stats_of(&st).entries, 1);
    close_sound(&st);
}


static void
a_write_in_between_fences_it(void **state)
{
    store_t       st;
    hc_entry_t    e;
    hc_l1_key_t   k;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 0);
    k = text_key(&st, "k");
    e = entry_of(&st, &k, hc_str(NULL, 100));
    hold = held(&st, k, LEN);

    hc_version_move(st.versions, e.tags[HC_TAG_KEY].slot);

    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_FENCED);
    assert_int_equal(hc_l1_reserve(st.l1, &k, &e, 0, &hold), HC_L1_FENCED);
    assert_int_equal(get_at(&st, k, 0), HC_L1_MISS);
    assert_int_equal(stats_of(&st).fenced, 2);
    assert_int_equal(stats_of(&st).pinned, 0);
    assert_int_equal(stats_of(&st).stores, 0);
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


/* Names that lead nowhere, or to another one. */

static void
only_the_name_of_an_item_of_the_key_is_attached_to(void **state)
{
    store_t       st;
    uint32_t      i;
    hc_l1_key_t   k, other;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 128 * KB);
    k = text_key(&st, "k");
    other = text_key(&st, "l");
    hold = held(&st, k, LEN);

    for (i = 0; i < 64; i++) {
        assert_int_equal(hc_l1_attach(st.l1, hold.item ^ 1ull << i, &k, &ref),
                         HC_L1_MISS);
        assert_int_equal(ref.pinned, 0);
    }

    assert_int_equal(hc_l1_attach(st.l1, 0, &k, &ref), HC_L1_MISS);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &other, &ref), HC_L1_MISS);

    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0), HC_L1_OK);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_OK);
    hc_l1_unpin(st.l1, &ref);

    hc_l1_purge(st.l1);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_MISS);
    close_sound(&st);
}


/* A quarter of the block is 256 KB, and eight rows are there, one of them for
 * copies. */

static void
what_would_have_to_be_copied_is_refused(void **state)
{
    int            i;
    store_t        st;
    hc_l1_key_t    k;
    hc_l1_ref_t    ref[6], more;
    hc_l1_hold_t   hold, too;
    hc_l1_stats_t  stats;

    (void) state;

    open_store(&st, MB, 800 * KB);
    k = text_key(&st, "k");
    put_many(&st, 0, 100, 3000, FOREVER, 0);
    assert_int_equal(reserve(&st, k, 300 * KB, &hold), HC_L1_NO_MEMORY);
    hold = held(&st, k, 150 * KB);
    assert_int_equal(reserve(&st, k, 150 * KB, &too), HC_L1_NO_MEMORY);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &more), HC_L1_MISS);
    hc_l1_abandon(st.l1, &hold);

    hold = held(&st, k, 1000);

    for (i = 0; i < 6; i++) {
        assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref[i]),
                         HC_L1_OK);
    }

    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &more), HC_L1_MISS);
    assert_int_equal(reserve(&st, k, 1, &too), HC_L1_NO_MEMORY);

    for (i = 0; i < 6; i++) {
        hc_l1_unpin(st.l1, &ref[i]);
    }

    hc_l1_abandon(st.l1, &hold);
    stats = stats_of(&st);
    assert_int_equal(stats.entries, 100);
    assert_int_equal(stats.pinned, 0);
    close_sound(&st);
}


static void
one_too_large_and_one_without_a_slot_are_refused(void **state)
{
    store_t       st;
    hc_l1_key_t   k;
    hc_l1_ref_t   ref;
    hc_l1_hold_t  hold;

    (void) state;

    open_store(&st, MB, 64 * KB);
    k = text_key(&st, "k");
    assert_int_equal(reserve(&st, k, 64 * KB, &hold), HC_L1_TOO_LARGE);
    assert_int_equal(stats_of(&st).too_large, 1);
    hc_l1_abandon(st.l1, &hold);

    hold = held(&st, k, 100);
    hc_l1_leave(st.l1);
    assert_int_equal(hc_l1_attach(st.l1, hold.item, &k, &ref), HC_L1_MISS);
    assert_int_equal(hc_l1_publish(st.l1, &hold, &k, 1000, 0),
                     HC_L1_NO_MEMORY);
    assert_int_equal(reserve(&st, k, 100, &hold), HC_L1_NO_MEMORY);
    assert_int_equal(hc_l1_join(st.l1), 0);
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
        cmocka_unit_test(an_entry_is_no_hit_before_its_publish),
        cmocka_unit_test(any_length_fits_exactly),
        cmocka_unit_test(what_is_under_the_key_stays_until_the_publish),
        cmocka_unit_test(
            another_process_reads_what_is_there_while_it_is_filled),
        cmocka_unit_test(a_held_entry_stays_where_it_is),
        cmocka_unit_test(as_many_purges_as_generations_spare_it),
        cmocka_unit_test(a_write_in_between_fences_it),
        cmocka_unit_test(
            memory_of_an_abandoned_one_comes_back_with_its_last_reader),
        cmocka_unit_test(a_reader_outlives_the_process_that_fills),
        cmocka_unit_test(a_reset_of_its_shard_spares_it),
        cmocka_unit_test(only_the_name_of_an_item_of_the_key_is_attached_to),
        cmocka_unit_test(what_would_have_to_be_copied_is_refused),
        cmocka_unit_test(one_too_large_and_one_without_a_slot_are_refused),
        cmocka_unit_test(
            a_death_at_any_point_costs_no_held_byte_and_no_memory),
    };

    alarm(300);                          /* a lost lock must not hang us */

    return cmocka_run_group_tests(tests, NULL, NULL);
}

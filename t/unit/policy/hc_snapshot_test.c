/*
 * Snapshots: what was written is read, whatever was changed is noticed, times
 * are right on the other side.
 */

#include "entry_test.h"
#include "../../../src/policy/hc_snapshot.h"


#define ENTRIES  5
#define ENDS     (HC_SNAPSHOT_HEADER_SIZE + HC_SNAPSHOT_TRAILER_SIZE)


static const hc_snapshot_clock_t  written = { 1790000000000, 5000000 };


/* An answer of that age, fresh for 5 s and stale for 600 s from its birth. */

static hc_entry_t
aged(uint64_t age)
{
    hc_entry_t  e;

    e = sample();
    e.core.born_at = written.now - age;

    return e;
}


static block_t
write_entries(unsigned n, const char **bodies)
{
    block_t         b;
    unsigned        i;
    hc_entry_t      e;
    hc_snapshot_t   s;
    unsigned char  *p;

    b.data = malloc(64 * 1024);
    assert_non_null(b.data);

    p = b.data;
    hc_snapshot_begin(&s, &written, p);
    p += HC_SNAPSHOT_HEADER_SIZE;

    for (i = 0; i < n; i++) {
        e = aged(1000 * i);
        e.body = hc_str(bodies[i], strlen(bodies[i]));

        hc_snapshot_add(&s, &e, &written, p);
        p += hc_entry_sealed_size(&e);
    }

    hc_snapshot_end(&s, p);
    b.len = p + HC_SNAPSHOT_TRAILER_SIZE - b.data;

    return b;
}


static const char  *bodies[ENTRIES] = { "a", "bb", "", "dddd", "eeeee" };


/* As a file is read; *n: records that were taken. */

static hc_snapshot_rc_e
read_block(const unsigned char *data, size_t len, unsigned *n)
{
    size_t            size;
    hc_entry_t        e;
    hc_snapshot_t     s;
    hc_snapshot_rc_e  rc;

    *n = 0;

    if (len < ENDS) {
        return HC_SNAPSHOT_DAMAGED;
    }

    rc = hc_snapshot_open(&s, data, data + len - HC_SNAPSHOT_TRAILER_SIZE,
                          len);
    data += HC_SNAPSHOT_HEADER_SIZE;

    while (rc == HC_SNAPSHOT_OK && hc_snapshot_rest(&s)) {
        size = hc_snapshot_next(&s, data);

        if (size == 0) {
            return HC_SNAPSHOT_DAMAGED;
        }

        rc = hc_snapshot_take(&s, &e, data, size);

        if (rc == HC_SNAPSHOT_OK) {
            (*n)++;
            data += size;
        }
    }

    return rc == HC_SNAPSHOT_OK ? hc_snapshot_close(&s) : rc;
}


static hc_snapshot_rc_e
read_tight(const unsigned char *data, size_t len)
{
    unsigned           n;
    unsigned char     *p;
    hc_snapshot_rc_e   rc;

    p = tight(data, len);
    rc = read_block(p, len, &n);
    free(p);

    return rc;
}


static void
what_was_written_is_read(void **state)
{
    size_t           size;
    block_t          b;
    unsigned         i;
    hc_entry_t       e, was;
    hc_snapshot_t    s;
    unsigned char   *p;

    (void) state;

    b = write_entries(ENTRIES, bodies);
    p = b.data + HC_SNAPSHOT_HEADER_SIZE;

    assert_int_equal(hc_snapshot_open(&s, b.data,
                                      b.data + b.len
                                      - HC_SNAPSHOT_TRAILER_SIZE, b.len),
                     HC_SNAPSHOT_OK);
    assert_int_equal(s.written_at, written.epoch);

    for (i = 0; i < ENTRIES; i++) {
        size = hc_snapshot_next(&s, p);
        assert_int_equal(hc_snapshot_take(&s, &e, p, size), HC_SNAPSHOT_OK);
        p += size;

        was = aged(0);
        was.core.born_at = written.epoch - 1000 * i;
        was.body = hc_str(bodies[i], strlen(bodies[i]));
        assert_same(&e, &was);
    }

    assert_int_equal(hc_snapshot_rest(&s), 0);
    assert_int_equal(hc_snapshot_close(&s), HC_SNAPSHOT_OK);
    assert_int_equal(s.entries, ENTRIES);

    free(b.data);
}


static void
a_snapshot_of_nothing_is_sound(void **state)
{
    block_t  b;

    (void) state;

    b = write_entries(0, NULL);
    assert_int_equal(b.len, ENDS);
    assert_int_equal(read_tight(b.data, b.len), HC_SNAPSHOT_OK);
    free(b.data);
}


static void
every_flipped_bit_is_noticed(void **state)
{
    size_t            i;
    block_t           b;
    unsigned          bit;
    hc_snapshot_rc_e  rc;

    (void) state;

    b = write_entries(ENTRIES, bodies);

    for (i = 0; i < b.len; i++) {
        for (bit = 0; bit < 8; bit++) {
            b.data[i] ^= 1u << bit;
            rc = read_tight(b.data, b.len);
            assert_int_not_equal(rc, HC_SNAPSHOT_OK);
            b.data[i] ^= 1u << bit;
        }
    }

    assert_int_equal(read_tight(b.data, b.len), HC_SNAPSHOT_OK);
    free(b.data);
}


static void
every_cut_and_every_addition_is_noticed(void **state)
{
    size_t   len;
    block_t  b;

    (void) state;

    b = write_entries(ENTRIES, bodies);

    for (len = 0; len < b.len; len++) {
        assert_int_equal(read_tight(b.data, len), HC_SNAPSHOT_DAMAGED);
    }

    for (len = b.len + 1; len < b.len + 100; len++) {
        b.data[len - 1] = 0;
        assert_int_equal(read_tight(b.data, len), HC_SNAPSHOT_DAMAGED);
    }

    free(b.data);
}


/* Records that are sound by themselves. */

static void
a_record_that_is_missing_or_moved_is_noticed(void **state)
{
    size_t               one, two;
    block_t              a, b;
    unsigned char       *first;
    static const char   *same[2] = { "one", "two" };
    static const char   *other[2] = { "two", "one" };

    (void) state;

    a = write_entries(2, same);
    b = write_entries(2, other);

    /* the records of b between the ends of a */

    memcpy(a.data + HC_SNAPSHOT_HEADER_SIZE, b.data + HC_SNAPSHOT_HEADER_SIZE,
           b.len - ENDS);
    assert_int_equal(read_tight(a.data, a.len), HC_SNAPSHOT_DAMAGED);

    /* the trailer right behind the first record */

    first = b.data + HC_SNAPSHOT_HEADER_SIZE;
    one = hc_entry_framed(first);
    two = hc_entry_framed(first + one);
    memmove(first + one, first + one + two, HC_SNAPSHOT_TRAILER_SIZE);
    assert_int_equal(read_tight(b.data, b.len - two), HC_SNAPSHOT_DAMAGED);

    free(a.data);
    free(b.data);
}


static void
another_version_is_told_apart_from_damage(void **state)
{
    block_t  b;

    (void) state;

    b = write_entries(ENTRIES, bodies);

    b.data[8]++;
    assert_int_equal(read_tight(b.data, b.len), HC_SNAPSHOT_OTHER_VERSION);
    b.data[8]--;

    b.data[HC_SNAPSHOT_HEADER_SIZE + 4]++;
    assert_int_equal(read_tight(b.data, b.len), HC_SNAPSHOT_OTHER_VERSION);

    free(b.data);
}


/* The most a header can lie about with a right CRC. */

static void
an_entry_without_its_tags_is_damage(void **state)
{
    block_t        b;
    hc_entry_t     e;
    hc_snapshot_t  s;

    (void) state;

    e = sample();
    e.core.ntags = 1;
    b = seal(&e);

    memset(&s, 0, sizeof(s));
    s.all_bytes = b.len;

    assert_int_equal(hc_snapshot_take(&s, &e, b.data, b.len),
                     HC_SNAPSHOT_DAMAGED);
    free(b.data);
}


static void
lengths_are_held_against_the_rest(void **state)
{
    uint32_t       len;
    hc_snapshot_t  s;
    unsigned char  frame[HC_ENTRY_FRAME_SIZE];

    (void) state;

    memset(&s, 0, sizeof(s));
    memset(frame, 0, sizeof(frame));
    s.all_bytes = 1000;
    s.bytes = 900;

    for (len = 0; len < 200; len++) {
        memcpy(frame + 8, &len, 4);
        assert_int_equal(hc_snapshot_next(&s, frame),
                         len >= 48 && len <= 100 ? len : 0);
    }

    len = UINT32_MAX;
    memcpy(frame + 8, &len, 4);
    assert_int_equal(hc_snapshot_next(&s, frame), 0);
}


/* What is left of an entry of that age, `passed` ms of wall clock later in a
 * process whose own clock began anew; -1: nothing. */

static int64_t
left(uint64_t age, int64_t passed, hc_entry_t e)
{
    uint64_t             keep;
    hc_snapshot_t        s;
    hc_snapshot_clock_t  clock;

    memset(&s, 0, sizeof(s));
    s.written_at = written.epoch;

    clock.epoch = written.epoch + passed;
    clock.now = 100;

    e.core.born_at = written.epoch - age;

    if (!hc_snapshot_thaw(&s, &e, &clock)) {
        return -1;
    }

    keep = e.core.born_at + e.core.lifetime + e.core.stale_for;

    return (int64_t) (keep - clock.now);
}


static void
a_stale_window_ends_at_the_same_moment_of_the_day(void **state)
{
    (void) state;

    assert_int_equal(left(0, 0, sample()), 605000);
    assert_int_equal(left(0, 10000, sample()), 595000);
    assert_int_equal(left(5000, 10000, sample()), 590000);
    assert_int_equal(left(0, 604999, sample()), 1);
    assert_int_equal(left(0, 605000, sample()), -1);
    assert_int_equal(left(0, 10000000, sample()), -1);
}


static void
a_clock_that_stepped_back_makes_nothing_younger(void **state)
{
    (void) state;

    assert_int_equal(left(5000, -1, sample()), 600000);
    assert_int_equal(left(5000, -100000, sample()), 600000);
    assert_int_equal(left(5000, -(int64_t) written.epoch, sample()), 600000);
    assert_int_equal(left(605000, -1000000, sample()), -1);
}


static void
what_may_never_be_stale_is_not_taken(void **state)
{
    hc_entry_t  e;

    (void) state;

    e = sample();
    e.core.stale_for = 0;
    assert_int_equal(left(0, 0, e), -1);
}


/* born_at from anywhere gives at most the whole window. */

static void
a_birth_that_cannot_be_gives_no_more_than_the_window(void **state)
{
    (void) state;

    assert_int_equal(left((uint64_t) -1, 0, sample()), 605000);
    assert_int_equal(left((uint64_t) -1000000, 0, sample()), 605000);
    assert_int_equal(left(1ull << 62, 0, sample()), -1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_snapshot_of_nothing_is_sound),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(every_cut_and_every_addition_is_noticed),
        cmocka_unit_test(a_record_that_is_missing_or_moved_is_noticed),
        cmocka_unit_test(another_version_is_told_apart_from_damage),
        cmocka_unit_test(an_entry_without_its_tags_is_damage),
        cmocka_unit_test(lengths_are_held_against_the_rest),
        cmocka_unit_test(a_stale_window_ends_at_the_same_moment_of_the_day),
        cmocka_unit_test(a_clock_that_stepped_back_makes_nothing_younger),
        cmocka_unit_test(what_may_never_be_stale_is_not_taken),
        cmocka_unit_test(a_birth_that_cannot_be_gives_no_more_than_the_window)
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}

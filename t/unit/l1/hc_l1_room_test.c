/*
 * Room for any size that there is room for, between whatever is pinned.
 */

#include "hc_l1_test_util.h"


#define FOREVER  40000000u
#define BESIDE   72u                 /* bytes of an item: header, tags, key */

#define HANDLES  24                  /* of eight rows each */
#define PINS     (HANDLES * 8)


/* The largest that an empty store takes. */

static size_t
arena_of(store_t *st)
{
    size_t       low, high, middle;
    hc_l1_key_t  k;

    k = text_key(st, "size");

    for (low = 1, high = MB; high - low > 1; /* void */ ) {
        middle = (low + high) / 2;

        if (put_for(st, k, middle - BESIDE, FOREVER, 0) == HC_L1_OK) {
            low = middle;

        } else {
            high = middle;
        }
    }

    (void) hc_l1_delete(st->l1, &k);

    return low;
}


static void
the_whole_of_it_can_be_one_object(void **state)
{
    store_t  st;
    size_t   arena;

    (void) state;

    open_store(&st, MB, MB);
    arena = arena_of(&st);

    assert_true(arena * 100 > MB * 97u);
    put_many(&st, 0, 50, 10000, FOREVER, 0);
    put_many(&st, 50, 51, arena - BESIDE, FOREVER, 0);

    assert_int_equal(stats_of(&st).entries, 1);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


/* Handles whose rows are pins that do not move. */

typedef struct {
    store_t      st[HANDLES];
    hc_l1_ref_t  ref[PINS];
} pins_t;


static void
open_pins(pins_t *pins, const store_t *st)
{
    unsigned  i;

    memset(pins, 0, sizeof(*pins));

    for (i = 0; i < HANDLES; i++) {
        pins->st[i] = *st;
        assert_int_equal(reopen(&pins->st[i], MB, MB), 1);
        assert_int_equal(hc_l1_join(pins->st[i].l1), 0);
    }
}


static int
pin(pins_t *pins, unsigned n, hc_l1_key_t k)
{
    return hc_l1_get(pins->st[n / 8].l1, &k, 0, &pins->ref[n]) == HC_L1_HIT;
}


static void
unpin(pins_t *pins, unsigned n)
{
    hc_l1_unpin(pins->st[n / 8].l1, &pins->ref[n]);
}


static void
close_pins(pins_t *pins)
{
    unsigned  i;

    for (i = 0; i < PINS; i++) {
        unpin(pins, i);
    }

    for (i = 0; i < HANDLES; i++) {
        hc_l1_close(pins->st[i].l1);
    }
}


/* Small pinned ones with nothing but holes between them, all of a kind; the
 * largest is the last in its list. */

static void
the_only_hole_that_is_large_enough_is_found(void **state)
{
    size_t       left;
    store_t      st;
    pins_t       pins;
    uint32_t     i, n;
    hc_l1_key_t  k;

    (void) state;

    open_store(&st, MB, MB);
    left = arena_of(&st);
    open_pins(&pins, &st);

    for (n = 0; left > 2 * 9100; n++) {
        put_many(&st, n, n + 1, (n ? 8200 : 8700) - BESIDE, FOREVER, 0);
        put_many(&st, 1000 + n, 1001 + n, 96 - BESIDE, FOREVER, 0);
        assert_true(pin(&pins, n, number_key(&st, &(uint32_t) { 1000 + n })));
        left -= (n ? 8200 : 8704) + 96;
    }

    put_many(&st, n, n + 1, left - 8400 - BESIDE, FOREVER, 0);
    assert_true(pin(&pins, n, number_key(&st, &n)));
    assert_int_equal(stats_of(&st).evictions, 0);

    for (i = 0; i < n; i++) {
        k = number_key(&st, &i);
        assert_int_equal(hc_l1_delete(st.l1, &k), HC_L1_OK);
    }

    assert_int_equal(put_for(&st, text_key(&st, "kkkk"), 8700 - BESIDE, FOREVER,
                             0), HC_L1_OK);
    close_pins(&pins);
    close_store(&st);
}


/* From the addresses of what is pinned: the most that fits between two. */

typedef struct {
    uintptr_t  from;
    uintptr_t  to;
} span_t;


static int
compare_spans(const void *one, const void *two)
{
    const span_t  *a = one, *b = two;

    return (a->from > b->from) - (a->from < b->from);
}


static size_t
room_between(const pins_t *pins)
{
    size_t    room;
    span_t    span[PINS];
    unsigned  i, n;

    for (i = 0, n = 0; i < PINS; i++) {
        if (pins->ref[i].pinned) {
            span[n].from = (uintptr_t) pins->ref[i].entry.body.data - BESIDE;
            span[n].to = span[n].from + BESIDE + 15
                         + pins->ref[i].entry.body.len;
            n++;
        }
    }

    qsort(span, n, sizeof(span[0]), compare_spans);

    for (i = 1, room = 0; i < n; i++) {
        if (span[i].from > span[i - 1].to) {
            room = hc_max(room, span[i].from - span[i - 1].to);
        }
    }

    return room;
}


static void
what_fits_between_pins_is_stored(void **state)
{
    size_t       len;
    store_t      st;
    pins_t       pins;
    uint32_t     i, n, random, refused;
    hc_l1_rc_e   rc;

    (void) state;

    open_store(&st, MB, MB);
    open_pins(&pins, &st);

    for (i = 0, random = 1, refused = 0; i < 20000; i++) {
        len = next_random(&random) % (i % 16 ? 5000 : 200000);
        rc = put_for(&st, number_key(&st, &i), len, FOREVER, 0);

        assert_true(rc == HC_L1_OK || rc == HC_L1_NO_MEMORY);
        assert_true(rc == HC_L1_OK || len + BESIDE + 8 > room_between(&pins));
        refused += rc != HC_L1_OK;

        n = next_random(&random) % PINS;
        unpin(&pins, n);

        if (i % 3) {
            (void) pin(&pins, n, number_key(&st, &(uint32_t) {
                           i - next_random(&random) % hc_min(i + 1, 200) }));
        }

        assert_true(i % 500 || hc_l1_check(st.l1) == 1);
    }

    print_message("%lu pinned at the end, %u refused\n",
                  (unsigned long) stats_of(&st).pinned, refused);
    assert_true(refused < 20000 / 4);
    close_pins(&pins);
    assert_int_equal(hc_l1_check(st.l1), 1);
    close_store(&st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_whole_of_it_can_be_one_object),
        cmocka_unit_test(the_only_hole_that_is_large_enough_is_found),
        cmocka_unit_test(what_fits_between_pins_is_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Version counters: what moves what, and the mark that named tags are held
 * against.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdio.h>
#include <pthread.h>
#include <cmocka.h>

#include "../../../src/base/hc_versions.h"


static hc_versions_t  versions;


static int
set_up(void **state)
{
    (void) state;

    memset(&versions, 0, sizeof(versions));

    return 0;
}


static hc_str_t
text(const char *s)
{
    return hc_str(s, strlen(s));
}


static void
a_move_is_of_one_slot(void **state)
{
    hc_tag_t  tag[2];

    (void) state;

    tag[0].slot = hc_version_slot(text("host"), text("/a"));
    tag[1].slot = hc_version_slot(text("host"), text("/b"));
    hc_tags_stamp(&versions, tag, 2);

    assert_int_equal(hc_tags_current(&versions, tag, 2), 1);

    hc_version_move(&versions, tag[0].slot);

    assert_int_equal(hc_tags_current(&versions, tag, 1), 0);
    assert_int_equal(hc_tags_current(&versions, tag + 1, 1), 1);
}


static void
all_of_a_zone_moves_at_once_and_nothing_else(void **state)
{
    unsigned  i;
    hc_tag_t  one[64], other[64], plain[64];

    (void) state;

    for (i = 0; i < 64; i++) {
        plain[i].slot = i * 7919;
        one[i].slot = hc_version_zone_slot(text("one"), plain[i].slot);
        other[i].slot = hc_version_zone_slot(text("other"), plain[i].slot);
    }

    hc_tags_stamp(&versions, one, 64);
    hc_tags_stamp(&versions, other, 64);
    hc_tags_stamp(&versions, plain, 64);

    hc_version_move_all(&versions, hc_version_zone_slot(text("one"), 0));

    for (i = 0; i < 64; i++) {
        assert_int_equal(hc_tags_current(&versions, one + i, 1), 0);
    }

    assert_int_equal(hc_tags_current(&versions, other, 64), 1);
    assert_int_equal(hc_tags_current(&versions, plain, 64), 1);
}


static void
a_slot_with_a_zone_is_moved_as_without(void **state)
{
    hc_tag_t  tag;

    (void) state;

    tag.slot = hc_version_zone_slot(text("one"), 77);
    hc_tags_stamp(&versions, &tag, 1);
    hc_version_move(&versions, 77);

    assert_int_equal(hc_tags_current(&versions, &tag, 1), 0);
}


static void
every_zone_has_a_cell_of_its_own_or_shares_one_never_the_first(void **state)
{
    char      name[16];
    unsigned  i;
    uint32_t  slot;

    (void) state;

    for (i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "zone%u", i);
        slot = hc_version_zone_slot(text(name), HC_SLOT_COUNTER);

        assert_int_equal(slot & HC_SLOT_COUNTER, HC_SLOT_COUNTER);
        assert_int_equal(slot & HC_SLOT_NAMED, 0);
        assert_int_not_equal(slot >> HC_SLOT_ZONE_SHIFT, 0);
    }
}


static void
a_named_tag_that_moved_since_the_mark_is_known(void **state)
{
    uint32_t  a, b;
    uint64_t  before, after;

    (void) state;

    a = hc_version_named_slot(text("tag:z"), text("a"));
    b = hc_version_named_slot(text("tag:z"), text("b"));

    before = hc_version_mark(&versions);
    hc_version_move_named(&versions, a);
    after = hc_version_mark(&versions);

    assert_int_equal(hc_version_named_since(&versions, a, before), 1);
    assert_int_equal(hc_version_named_since(&versions, b, before), 0);
    assert_int_equal(hc_version_named_since(&versions, a, after), 0);
    assert_int_equal(hc_version_get(&versions, a), 1);
}


static void
a_move_of_a_key_or_target_leaves_the_marks_alone(void **state)
{
    uint32_t  slot;
    uint64_t  mark;

    (void) state;

    slot = hc_version_named_slot(text("tag:z"), text("a"));
    mark = hc_version_mark(&versions);
    hc_version_move(&versions, slot);

    assert_int_equal(hc_version_named_since(&versions, slot, mark), 0);
}


#define MOVES  200000

static void *
mover(void *data)
{
    int  i;

    for (i = 0; i < MOVES; i++) {
        hc_version_move_named(&versions, *(uint32_t *) data);
    }

    return NULL;
}


/* There is one name here, so the mark counts its moves: a version beyond the
 * mark was moved after it, and the question, asked later, must say so. */

static void
no_move_is_missed_between_mark_and_stamp(void **state)
{
    int        i;
    uint32_t   slot, now;
    uint64_t   mark;
    pthread_t  thread[2];

    (void) state;

    slot = hc_version_named_slot(text("tag:z"), text("a"));

    for (i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, mover, &slot), 0);
    }

    do {
        mark = hc_version_mark(&versions);
        now = hc_version_get(&versions, slot);

        if (now > mark) {
            assert_int_equal(hc_version_named_since(&versions, slot, mark), 1);
        }

    } while (now < 2 * MOVES);

    for (i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
    }

    assert_int_equal(hc_version_mark(&versions), 2 * MOVES);
    assert_int_equal(hc_version_named_since(&versions, slot, 2 * MOVES - 1), 1);
    assert_int_equal(hc_version_named_since(&versions, slot, 2 * MOVES), 0);
}


static void
a_tag_of_another_life_is_current_until_it_moves_in_this_one(void **state)
{
    hc_tag_t  tag[2];

    (void) state;

    versions.life = 7;

    tag[0].slot = hc_version_slot(text("host"), text("/a"));
    tag[0].version = 3;
    tag[1].slot = hc_version_slot(text("host"), text("/b"));
    tag[1].version = 0;

    assert_int_equal(hc_tags_current_of(&versions, 6, tag, 2), 1);
    assert_int_equal(hc_tags_current_of(&versions, 7, tag, 2), 0);
    assert_int_equal(hc_tags_current_of(&versions, 7, tag + 1, 1), 1);

    hc_version_move(&versions, tag[1].slot);

    assert_int_equal(hc_tags_current_of(&versions, 6, tag, 1), 1);
    assert_int_equal(hc_tags_current_of(&versions, 6, tag, 2), 0);
    assert_int_equal(hc_tags_current_of(&versions, 7, tag + 1, 1), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(a_move_is_of_one_slot, set_up),
        cmocka_unit_test_setup(all_of_a_zone_moves_at_once_and_nothing_else,
                               set_up),
        cmocka_unit_test_setup(a_slot_with_a_zone_is_moved_as_without, set_up),
        cmocka_unit_test_setup(
            every_zone_has_a_cell_of_its_own_or_shares_one_never_the_first,
            set_up),
        cmocka_unit_test_setup(a_named_tag_that_moved_since_the_mark_is_known,
                               set_up),
        cmocka_unit_test_setup(a_move_of_a_key_or_target_leaves_the_marks_alone,
                               set_up),
        cmocka_unit_test_setup(no_move_is_missed_between_mark_and_stamp,
                               set_up),
        cmocka_unit_test_setup(
            a_tag_of_another_life_is_current_until_it_moves_in_this_one,
            set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

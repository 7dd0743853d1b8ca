/*
 * Entries written, sealed, read and opened.
 */

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "entry_test.h"


static void
a_sealed_entry_opens_as_it_was(void **state)
{
    block_t     b;
    hc_entry_t  e, got;

    (void) state;

    e = sample();
    b = seal(&e);

    assert_int_equal(hc_entry_open(&got, b.data, b.len, e.key, e.variant),
                     HC_ENTRY_OK);
    assert_same(&got, &e);

    free(b.data);
}


static void
the_smallest_entry_opens_too(void **state)
{
    block_t     b;
    hc_entry_t  e, got;

    (void) state;

    memset(&e, 0, sizeof(e));
    e.core.status = 599;
    e.key = S("k");

    b = seal(&e);
    assert_int_equal(b.len, FRAME + HC_ENTRY_CORE_SIZE + 1);

    assert_int_equal(hc_entry_open(&got, b.data, b.len, e.key,
                                   hc_str(NULL, 0)), HC_ENTRY_OK);
    assert_same(&got, &e);

    free(b.data);
}


static void
a_written_entry_reads_as_it_was_at_any_address(void **state)
{
    size_t          size;
    hc_entry_t      e, got;
    unsigned char  *p;

    (void) state;

    e = sample();
    size = hc_entry_size(&e);
    assert_int_equal(size, HC_ENTRY_CORE_SIZE + 16 + 23 + 4 + 18 + 17);

    p = malloc(size + 1);
    hc_entry_write(&e, p + 1);

    assert_int_equal(hc_entry_read(&got, p + 1, size), 1);
    assert_same(&got, &e);

    free(p);
}


static void
a_block_may_be_longer_than_its_entry(void **state)
{
    size_t         size;
    hc_entry_t     e, got;
    unsigned char  block[512];

    (void) state;

    e = sample();
    size = hc_entry_size(&e);
    assert_in_range(size, 1, sizeof(block) - 1);

    memset(block, 0xa5, sizeof(block));
    hc_entry_write(&e, block);
    assert_int_equal(block[size], 0xa5);

    assert_int_equal(hc_entry_read(&got, block, sizeof(block)), 1);
    assert_same(&got, &e);
}


/* A debug build stops at an invariant that broke; another one misses. */

static void
a_block_that_contradicts_itself_is_not_read(void **state)
{
    int             status;
    pid_t           pid;
    hc_entry_t      e;
    unsigned char   block[512];
    struct rlimit   no_core = { 0, 0 };

    (void) state;

    e = sample();
    hc_entry_write(&e, block);

    pid = fork();
    assert_true(pid >= 0);

    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        _exit(hc_entry_read(&e, block, hc_entry_size(&e) - 1) == 0 ? 0 : 1);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(HC_DEBUG ? WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT
                         : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}


static void
another_format_version_is_told_apart(void **state)
{
    block_t     b;
    hc_entry_t  e;

    (void) state;

    e = sample();
    b = seal(&e);

    b.data[4]++;
    forge(b.data, b.len);
    assert_int_equal(open_block(b.data, b.len), HC_ENTRY_OTHER_VERSION);

    free(b.data);
}


static void
another_key_or_variant_is_told_apart(void **state)
{
    block_t     b;
    hc_entry_t  e, got;

    (void) state;

    e = sample();
    b = seal(&e);

    assert_int_equal(hc_entry_open(&got, b.data, b.len,
                                   S("http://example.com/?a=2"), e.variant),
                     HC_ENTRY_OTHER_KEY);
    assert_int_equal(hc_entry_open(&got, b.data, b.len,
                                   S("http://example.com/?a="), e.variant),
                     HC_ENTRY_OTHER_KEY);
    assert_int_equal(hc_entry_open(&got, b.data, b.len, e.key, S("br")),
                     HC_ENTRY_OTHER_KEY);
    assert_int_equal(hc_entry_open(&got, b.data, b.len, e.key,
                                   hc_str(NULL, 0)), HC_ENTRY_OTHER_KEY);

    free(b.data);
}


static void
the_boundary_of_key_and_variant_counts(void **state)
{
    block_t     b;
    hc_entry_t  e, got;

    (void) state;

    e = sample();
    e.key = S("ab");
    e.variant = S("c");
    b = seal(&e);

    assert_int_equal(hc_entry_open(&got, b.data, b.len, S("a"), S("bc")),
                     HC_ENTRY_OTHER_KEY);

    free(b.data);
}


static void
a_length_that_does_not_fit_its_field_is_not_stored(void **state)
{
    size_t      i;
    hc_entry_t  e[5];

    (void) state;

    for (i = 0; i < n_of(e); i++) {
        e[i] = sample();
    }

    e[0].key = hc_str(long_text, 65536);
    e[1].key = hc_str(NULL, 0);
    e[2].variant = hc_str(long_text, 4096);
    e[3].headers.len = (size_t) UINT32_MAX + 1;
    e[4].body.len = (size_t) UINT32_MAX + 1;

    for (i = 0; i < n_of(e); i++) {
        assert_int_equal(hc_entry_size(&e[i]), 0);
        assert_int_equal(hc_entry_sealed_size(&e[i]), 0);
    }

    e[0] = sample();
    e[0].core.ntags = HC_TAGS_MAX + 1;
    assert_int_equal(hc_entry_size(&e[0]), 0);
}


static void
a_sealed_entry_has_less_than_4_gib(void **state)
{
    hc_entry_t  e;

    (void) state;

    e = sample();
    e.body.len = UINT32_MAX;

    assert_true(hc_entry_size(&e) > UINT32_MAX);
    assert_int_equal(hc_entry_sealed_size(&e), 0);
}


static void
the_longest_key_and_variant_are_kept_whole(void **state)
{
    block_t     b;
    hc_entry_t  e, got;

    (void) state;

    e = sample();
    e.key = hc_str(long_text, 65535);
    e.variant = hc_str(long_text, 4095);
    b = seal(&e);

    assert_int_equal(hc_entry_open(&got, b.data, b.len, e.key, e.variant),
                     HC_ENTRY_OK);
    assert_same(&got, &e);
    assert_int_equal(hc_entry_open(&got, b.data, b.len,
                                   hc_str(long_text, 65534), e.variant),
                     HC_ENTRY_OTHER_KEY);

    free(b.data);
}


/* The format on the wire: another build, or another machine, reads this. */

static void
the_bytes_of_format_2_do_not_change(void **state)
{
    block_t                     b;
    hc_entry_t                  e;
    static const unsigned char  want[] =
        "hce1" "\x02\0\0\0" "\x45\0\0\0" "\x24\xcd\xfd\x4e"
        "\x08\x07\x06\x05\x04\x03\x02\x01" "\x88\x13\0\0" "\x01\0\0\0"
        "\x06\0\0\0" "\x02\0\0\0" "\xc8\x04" "\x03\0" "\x02\xb0" "\xff" "\x21"
        "\x07\0\0\0" "\x09\0\0\0" "key" "va" "\0\x01\x01\0" "xy" "{}";

    (void) state;

    memset(&e, 0, sizeof(e));
    e.core.born_at = 0x0102030405060708;
    e.core.lifetime = 5000;
    e.core.stale_for = 1;
    e.core.status = 200;
    e.core.flags = HC_ENTRY_CONF_TTL | HC_ENTRY_PUBLIC | HC_ENTRY_REVALIDATE;
    e.core.error_for = 255;
    e.core.while_for = 0x21;
    e.core.ntags = 1;
    e.tags[0].slot = 7;
    e.tags[0].version = 9;
    e.key = S("key");
    e.variant = S("va");
    e.headers = S("\0\x01\x01\0xy");
    e.body = S("{}");

    b = seal(&e);

    assert_int_equal(b.len, sizeof(want) - 1);
    assert_memory_equal(b.data, want, b.len);

    free(b.data);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_sealed_entry_opens_as_it_was),
        cmocka_unit_test(the_smallest_entry_opens_too),
        cmocka_unit_test(a_written_entry_reads_as_it_was_at_any_address),
        cmocka_unit_test(a_block_may_be_longer_than_its_entry),
        cmocka_unit_test(a_block_that_contradicts_itself_is_not_read),
        cmocka_unit_test(another_format_version_is_told_apart),
        cmocka_unit_test(another_key_or_variant_is_told_apart),
        cmocka_unit_test(the_boundary_of_key_and_variant_counts),
        cmocka_unit_test(a_length_that_does_not_fit_its_field_is_not_stored),
        cmocka_unit_test(a_sealed_entry_has_less_than_4_gib),
        cmocka_unit_test(the_longest_key_and_variant_are_kept_whole),
        cmocka_unit_test(the_bytes_of_format_2_do_not_change),
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}

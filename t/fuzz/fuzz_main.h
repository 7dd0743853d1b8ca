/*
 * Runs a fuzz target without libFuzzer (-DHC_FUZZ_MAIN):
 *
 *   target [-runs=N] [file ...]
 *
 * Files are replayed; without any, N inputs are made from the target's seeds
 * by a fixed pseudo-random sequence, so that a failure comes back.
 */

#ifndef HC_FUZZ_MAIN_H_INCLUDED_
#define HC_FUZZ_MAIN_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* A broken property stops the run, with or without HC_DEBUG. */

#define fuzz_assert(x)                                                        \
    do {                                                                      \
        if (!(x)) {                                                           \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);           \
            abort();                                                          \
        }                                                                     \
    } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#if (HC_FUZZ_MAIN)


#define FUZZ_MAX    4096
#define FUZZ_RUNS   200000


/* The target's: writes seed `n`, at most FUZZ_MAX bytes, returns its size;
 * 0: there is no such seed. */

static size_t fuzz_seed(unsigned n, uint8_t *out);


static uint64_t  fuzz_state = 0x9e3779b97f4a7c15;


static uint32_t
fuzz_random(uint32_t below)
{
    fuzz_state ^= fuzz_state << 13;
    fuzz_state ^= fuzz_state >> 7;
    fuzz_state ^= fuzz_state << 17;

    return below ? (uint32_t) (fuzz_state >> 32) % below : 0;
}


/* Copied to a block of its size, so that a sanitizer sees a read past it. */

static void
fuzz_one(const uint8_t *data, size_t size)
{
    uint8_t  *p;

    p = malloc(size ? size : 1);
    if (p == NULL) {
        abort();
    }

    memcpy(p, data, size);
    LLVMFuzzerTestOneInput(p, size);
    free(p);
}


static size_t
fuzz_insert(uint8_t *p, size_t size, size_t at, uint8_t byte)
{
    if (size == FUZZ_MAX) {
        return size;
    }

    memmove(p + at + 1, p + at, size - at);
    p[at] = byte;

    return size + 1;
}


static size_t
fuzz_mutate(uint8_t *p, size_t size)
{
    size_t                      at, n;
    static const unsigned char  bytes[] = "\0\1\xff\x7f\x80,;=\"\\ \t\r\n09@*:";

    at = fuzz_random((uint32_t) size);
    n = 1 + fuzz_random(8);

    switch (fuzz_random(6)) {

    case 0:
        return size ? fuzz_random((uint32_t) size) : 0;

    case 1:
        return fuzz_insert(p, size, at, bytes[fuzz_random(sizeof(bytes))]);

    case 2:
        n = n < size - at ? n : size - at;
        memmove(p + at, p + at + n, size - at - n);
        return size - n;

    case 3:
        if (size) {
            p[at] ^= (uint8_t) (1u << fuzz_random(8));
        }
        return size;

    case 4:
        if (size) {
            p[at] = bytes[fuzz_random(sizeof(bytes))];
        }
        return size;

    default:
        n = n < size - at ? n : size - at;
        memmove(p + fuzz_random((uint32_t) (size - n + 1)), p + at, n);
        return size;
    }
}


static void
fuzz_runs(unsigned long runs)
{
    size_t    size;
    unsigned  n, seeds;
    uint8_t   p[FUZZ_MAX];

    for (seeds = 0; (size = fuzz_seed(seeds, p)) != 0; seeds++) {
        fuzz_one(p, size);
    }

    while (runs--) {
        size = fuzz_seed(fuzz_random(seeds), p);

        for (n = fuzz_random(8); n; n--) {
            size = fuzz_mutate(p, size);
        }

        fuzz_one(p, size);
    }
}


static int
fuzz_replay(const char *name)
{
    FILE            *f;
    size_t           size;
    static uint8_t   p[1 << 20];

    f = fopen(name, "rb");
    if (f == NULL) {
        perror(name);
        return 1;
    }

    size = fread(p, 1, sizeof(p), f);
    fclose(f);

    fuzz_one(p, size);

    return 0;
}


int
main(int argc, char **argv)
{
    int            i, files, failed;
    unsigned long  runs;

    runs = FUZZ_RUNS;
    files = 0;
    failed = 0;

    for (i = 1; i < argc; i++) {

        if (strncmp(argv[i], "-runs=", 6) == 0) {
            runs = strtoul(argv[i] + 6, NULL, 10);

        } else {
            failed |= fuzz_replay(argv[i]);
            files++;
        }
    }

    if (files == 0) {
        fuzz_runs(runs);
    }

    return failed;
}


#endif


#endif /* HC_FUZZ_MAIN_H_INCLUDED_ */

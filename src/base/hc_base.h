/*
 * Vocabulary shared by all layers: spans, assertions, alignment.
 *
 * Layer: hc_ (plain C11, no nginx, no I/O, time is a parameter).
 */

#ifndef HC_BASE_H_INCLUDED_
#define HC_BASE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <string.h>


/* A borrowed run of bytes; never NUL terminated, never owned. */

typedef struct {
    const unsigned char  *data;
    size_t                len;
} hc_str_t;


#define hc_string(s)      { (const unsigned char *) s, sizeof(s) - 1 }
#define hc_null_string    { NULL, 0 }

#define hc_align(n, a)    (((n) + ((a) - 1)) & ~((size_t) (a) - 1))
#define hc_min(a, b)      ((a) < (b) ? (a) : (b))
#define hc_max(a, b)      ((a) > (b) ? (a) : (b))


static inline hc_str_t
hc_str(const void *data, size_t len)
{
    hc_str_t  s;

    s.data = data;
    s.len = len;

    return s;
}


static inline int
hc_str_eq(hc_str_t a, hc_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


/* Between two looks at what another core is about to change. */

static inline void
hc_cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}


/* Invariants, not inputs: without side effects, on in debug and CI builds. */

#if (HC_DEBUG)
#include <assert.h>
#define hc_assert(x)      assert(x)
#else
#define hc_assert(x)      ((void) sizeof(x))
#endif


#endif /* HC_BASE_H_INCLUDED_ */

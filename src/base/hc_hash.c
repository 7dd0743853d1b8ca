/*
 * SipHash of (le64(a.len), a, b).
 *
 * The length of the first span goes in as a word before the bytes: that is
 * the boundary between the spans, and it keeps the words of `a` aligned.
 */

#include "hc_hash.h"


#define hc_always_inline  inline __attribute__((always_inline))
#define hc_rotl(x, n)     (((x) << (n)) | ((x) >> (64 - (n))))


typedef struct {
    uint64_t  v0;
    uint64_t  v1;
    uint64_t  v2;
    uint64_t  v3;
    uint64_t  tail;              /* bytes that do not fill a word yet */
    unsigned  ntail;             /* how many, 0 .. 7 */
    size_t    total;
} hc_sip_t;


/* part of the key format: every node of a cluster must have the same */

const hc_seed_t  hc_seed_fixed = {
    0x6863207665727369ULL, 0x6f6e20736c6f7473ULL
};


static inline void
hc_sip_round(hc_sip_t *s)
{
    s->v0 += s->v1;
    s->v1 = hc_rotl(s->v1, 13) ^ s->v0;
    s->v0 = hc_rotl(s->v0, 32);

    s->v2 += s->v3;
    s->v3 = hc_rotl(s->v3, 16) ^ s->v2;

    s->v0 += s->v3;
    s->v3 = hc_rotl(s->v3, 21) ^ s->v0;

    s->v2 += s->v1;
    s->v1 = hc_rotl(s->v1, 17) ^ s->v2;
    s->v2 = hc_rotl(s->v2, 32);
}


/* c: rounds, 1 or 2 */

static inline void
hc_sip_word(hc_sip_t *s, uint64_t m, int c)
{
    s->v3 ^= m;
    hc_sip_round(s);

    if (c == 2) {
        hc_sip_round(s);
    }

    s->v0 ^= m;
}


static inline uint32_t
hc_sip_load_half(const unsigned char *p)
{
#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
    uint32_t  m;

    memcpy(&m, p, 4);

    return m;
#else
    return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16
           | (uint32_t) p[3] << 24;
#endif
}


static inline uint64_t
hc_sip_load(const unsigned char *p)
{
#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
    uint64_t  m;

    memcpy(&m, p, 8);

    return m;
#else
    return (uint64_t) hc_sip_load_half(p)
           | (uint64_t) hc_sip_load_half(p + 4) << 32;
#endif
}


/* 1 .. 7 bytes, by loads that overlap instead of a loop */

static inline uint64_t
hc_sip_load_tail(const unsigned char *p, size_t n)
{
    if (n >= 4) {
        return hc_sip_load_half(p)
               | (uint64_t) hc_sip_load_half(p + n - 4) << (8 * (n - 4));
    }

    return p[0]
           | (uint64_t) p[n / 2] << (8 * (n / 2))
           | (uint64_t) p[n - 1] << (8 * (n - 1));
}


/* Words of `span` are laid over the tail the last span left.  Inlined, so that
 * the state stays in registers: most keys are a few words long. */

static hc_always_inline void
hc_sip_feed(hc_sip_t *s, hc_str_t span, int c)
{
    size_t                left;
    uint64_t              m;
    const unsigned char  *p;

    p = span.data;

    for (left = span.len; left >= 8; left -= 8) {
        m = hc_sip_load(p);
        p += 8;

        hc_sip_word(s, s->tail | (m << (8 * s->ntail)), c);
        s->tail = s->ntail ? m >> (64 - 8 * s->ntail) : 0;
    }

    s->total += span.len;

    if (left == 0) {
        return;
    }

    m = hc_sip_load_tail(p, left);
    s->tail |= m << (8 * s->ntail);

    if (s->ntail + left < 8) {
        s->ntail += left;
        return;
    }

    hc_sip_word(s, s->tail, c);
    s->tail = s->ntail ? m >> (64 - 8 * s->ntail) : 0;
    s->ntail = s->ntail + left - 8;
}


static hc_always_inline uint64_t
hc_sip(const hc_seed_t *seed, hc_str_t a, hc_str_t b, int c)
{
    hc_sip_t  s;

    s.v0 = seed->k0 ^ 0x736f6d6570736575ULL;
    s.v1 = seed->k1 ^ 0x646f72616e646f6dULL;
    s.v2 = seed->k0 ^ 0x6c7967656e657261ULL;
    s.v3 = seed->k1 ^ 0x7465646279746573ULL;
    s.tail = 0;
    s.ntail = 0;
    s.total = 8;

    hc_sip_word(&s, a.len, c);
    hc_sip_feed(&s, a, c);

    if (b.len) {
        hc_sip_feed(&s, b, c);
    }

    hc_sip_word(&s, s.tail | ((uint64_t) s.total << 56), c);

    s.v2 ^= 0xff;
    hc_sip_round(&s);
    hc_sip_round(&s);
    hc_sip_round(&s);

    if (c == 2) {
        hc_sip_round(&s);
    }

    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}


uint64_t
hc_hash(const hc_seed_t *seed, hc_str_t a, hc_str_t b)
{
    return hc_sip(seed, a, b, 1);
}


uint64_t
hc_hash_shared(const hc_seed_t *seed, hc_str_t a, hc_str_t b)
{
    return hc_sip(seed, a, b, 2);
}

/*
 * What lies in an arena: items and holes, each told by its first word.
 *
 *   item  | hc_l1_item_t 52 | tags | key | variant | headers | body | slack |
 *   hole  | hc_l1_hole_t 12 | ... | size |
 */

#ifndef HC_L1_ITEM_H_INCLUDED_
#define HC_L1_ITEM_H_INCLUDED_


#include "hc_l1.h"


#define HC_L1_UNIT         8
#define HC_L1_HEADERS_MAX  ((1u << 24) - 1)          /* bytes */

#define HC_L1_HOLE         0
#define HC_L1_LIVE         1             /* in its chain */
#define HC_L1_GRAVE        2             /* in no chain, still being sent */


/* A link in one of the lists of a shard, or the head of one; circular. */

typedef struct {
    uint32_t  next;              /* places of other nodes */
    uint32_t  prev;
} hc_l1_node_t;


/*
 * What an entry's core says, packed: 52 bytes beside its tags.  The body's
 * length follows from `size`, the other lengths and `slack`.
 */

typedef struct {
    uint32_t      size:29;       /* units, all included */
    uint32_t      kind:2;
    uint32_t      after_hole:1;
    uint32_t      next;
    uint32_t      hash;          /* low half of the key's hash */
    uint32_t      gen:8;
    uint32_t      slack:4;       /* bytes at the end that mean nothing */
    uint32_t      uses:4;        /* evict's */
    uint32_t      stamp:16;      /* evict's */
    hc_l1_node_t  node;          /* of a spoke, or of the graves */
    uint32_t      born_low;      /* ms; biased, so that it may be before 0 */
    uint32_t      born_high:8;
    uint32_t      headers_len:24;
    uint32_t      lifetime;
    uint32_t      stale_for;
    uint32_t      fresh_for;     /* ms from born_at */
    uint16_t      status:10;
    uint16_t      ntags:6;
    uint16_t      key_len;
    uint16_t      variant_len:12;
    uint16_t      flags:4;
    uint8_t       error_for;
    uint8_t       while_for;
} hc_l1_item_t;

_Static_assert(sizeof(hc_l1_item_t) == 52, "item header");
_Static_assert(offsetof(hc_l1_item_t, node) % HC_L1_UNIT == 0, "node's place");

#define HC_L1_ITEM_MIN     (sizeof(hc_l1_item_t) / HC_L1_UNIT)
#define HC_L1_NODE_AT      (offsetof(hc_l1_item_t, node) / HC_L1_UNIT)


/* Free memory; at least two units.  Its size stands in its last word too, for
 * the item behind it. */

typedef struct {
    uint32_t  size:29;
    uint32_t  kind:2;
    uint32_t  after_hole:1;      /* never */
    uint32_t  next;              /* of its class */
    uint32_t  prev;              /* 0: the first */
} hc_l1_hole_t;

#define HC_L1_HOLE_MIN     2             /* units */


#define HC_L1_BORN_BIAS  (1ll << 39)

static inline uint64_t
hc_l1_born_at(const hc_l1_item_t *item)
{
    return ((uint64_t) item->born_high << 32 | item->born_low)
           - HC_L1_BORN_BIAS;
}


/* Bytes of the item up to its slack. */

static inline size_t
hc_l1_length(const hc_l1_item_t *item)
{
    return (size_t) item->size * HC_L1_UNIT - item->slack;
}


/* Bytes of key, variant, headers and body. */

static inline size_t
hc_l1_payload(const hc_l1_item_t *item)
{
    return hc_l1_length(item) - sizeof(hc_l1_item_t)
           - item->ntags * sizeof(hc_tag_t);
}


static inline const hc_tag_t *
hc_l1_tags(const hc_l1_item_t *item)
{
    return (const hc_tag_t *) (item + 1);
}


static inline const unsigned char *
hc_l1_key_of(const hc_l1_item_t *item)
{
    return (const unsigned char *) (hc_l1_tags(item) + item->ntags);
}


/* Key and variant at p are those of k, which are as long. */

static inline int
hc_l1_is_key(const unsigned char *p, const hc_l1_key_t *k)
{
    return memcmp(p, k->key.data, k->key.len) == 0
           && (k->variant.len == 0
               || memcmp(p + k->key.len, k->variant.data, k->variant.len)
                  == 0);
}


/* born_at lies before the clock's 0 when the answer is older than the machine
 * is up: times are compared by their distance. */

static inline int
hc_l1_before(uint64_t now, uint64_t when)
{
    return (int64_t) (now - when) < 0;
}


/* Past this a get does not find it. */

static inline uint64_t
hc_l1_keep_until(const hc_l1_item_t *item)
{
    uint64_t  stored_for;

    stored_for = (uint64_t) item->lifetime + item->stale_for;

    return hc_l1_born_at(item) + hc_max(stored_for, item->fresh_for);
}


#endif /* HC_L1_ITEM_H_INCLUDED_ */

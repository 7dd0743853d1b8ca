/*
 * The index of a key's variants: the body of an entry flagged HC_ENTRY_VARY.
 *
 *   u8 format  u8 n  u16 names_len  names          joined by commas
 *   n times:  u16 len  secondary variant           most recent first
 *
 * Integers are little endian.  Bodies may come from another machine: each
 * length is compared, the names have to be as hc_vary_t would write them, and
 * a secondary variant begins with "\nv\n".  What is not sound is no index.
 *
 * A store:  v = Vary of the answer;  hc_variants_join(body, &v);  secondary by
 * hc_vary_secondary(&v, ...);  hc_variants_put(body, &v, secondary, ...).
 */

#ifndef HC_VARIANTS_H_INCLUDED_
#define HC_VARIANTS_H_INCLUDED_


#include "../base/hc_base.h"
#include "hc_vary.h"


#define HC_VARIANTS_MAX        32
#define HC_VARIANTS_LEN_MAX    4095       /* HC_ENTRY_VARIANT_MAX */
#define HC_VARIANTS_HEAD_SIZE  4

/* Bytes an index with one variant of that length needs, at most. */
#define HC_VARIANTS_ROOM(len)                                                 \
    (HC_VARIANTS_HEAD_SIZE + HC_VARY_TEXT_MAX + 2 + (len))


typedef struct {
    hc_str_t  names;
    size_t    n;
    hc_str_t  list[HC_VARIANTS_MAX];      /* spans point into the body */
} hc_variants_t;


/* 1: sound.  Otherwise the index is empty. */
int hc_variants_read(hc_variants_t *index, hc_str_t body);

/* The place in the list; -1: not there. */
int hc_variants_find(const hc_variants_t *index, hc_str_t secondary);

/* The names alone, for a lookup; 1: the whole body is sound. */
int hc_variants_names(hc_str_t body, hc_vary_t *v);

/* Adds the names of the index to v, so that answers of one key that vary by
 * different fields are told apart by all of them.  A body that is empty or not
 * sound adds none.  Look at v->any behind it. */
void hc_variants_join(hc_str_t body, hc_vary_t *v);

/*
 * Writes the index with `secondary` in front.  Other names than the body's, or
 * a body that is not sound, begin a new list.  From the end fall those beyond
 * HC_VARIANTS_MAX and those that do not fit into room; *dropped has them and
 * those of a list that ended (spans point into body), to be deleted.
 *
 * Returns the bytes; 0: not even one fits, or v->any, or no names, or no such
 * secondary variant.  out must not lie in body.
 */
size_t hc_variants_put(hc_str_t body, const hc_vary_t *v, hc_str_t secondary,
    unsigned char *out, size_t room, hc_variants_t *dropped);


#endif /* HC_VARIANTS_H_INCLUDED_ */

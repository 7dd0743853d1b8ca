/*
 * The headers of a stored entry: a run of records
 *
 *   u8 id  u8 name_len  u16 value_len  name  value
 *
 * each of them sound when written, and proved sound again when an entry comes
 * from outside (hc_entry_open).
 */

#ifndef HC_HEADERS_H_INCLUDED_
#define HC_HEADERS_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_ENTRY_NAME_MAX      255
#define HC_ENTRY_VALUE_MAX     65535

#define HC_HEADER_FIXED        4      /* id, name_len, value_len */


/* Header ids: known names travel as a number too, so that an answer can be
 * rebuilt without comparing names. */

#define HC_HEADERS(row)                                                       \
    row(OTHER,            "")                                                 \
    row(CONTENT_TYPE,     "content-type")                                     \
    row(CONTENT_ENCODING, "content-encoding")                                 \
    row(LAST_MODIFIED,    "last-modified")                                    \
    row(ETAG,             "etag")                                             \
    row(CACHE_CONTROL,    "cache-control")                                    \
    row(EXPIRES,          "expires")                                          \
    row(LOCATION,         "location")                                         \
    row(VARY,             "vary")                                             \
    row(LINK,             "link")                                             \
    row(DATE,             "date")                                             \
    row(CONTENT_LOCATION, "content-location")                                 \
    row(CONTENT_RANGE,    "content-range")                                    \
    row(SURROGATE_CONTROL, "surrogate-control")

#define hc_header_id(id, name)  HC_HEADER_##id,

typedef enum {
    HC_HEADERS(hc_header_id)
    HC_HEADER_MAX
} hc_header_id_e;


typedef struct {
    hc_header_id_e  id;
    hc_str_t        name;        /* as the app wrote it */
    hc_str_t        value;
} hc_header_t;


/* The id of a name, in any case; HC_HEADER_OTHER if it is none of the above. */
hc_header_id_e hc_header_find(hc_str_t name);

/* Bytes one header takes; 0 if it cannot be stored: too long, or not a legal
 * field name or value (CR, LF, NUL; RFC 9110, 5.1 and 5.5). */
size_t hc_header_size(hc_str_t name, hc_str_t value);

/* Writes one header, returns the end.  The caller made room by _size(). */
unsigned char *hc_header_write(unsigned char *p, hc_header_id_e id,
    hc_str_t name, hc_str_t value);

/* Takes the next header off *rest.  1: there was one; 0: end; -1: damaged.
 * Inlined: a hit runs it for every header. */

static inline int
hc_header_next(hc_str_t *rest, hc_header_t *h)
{
    size_t    size;
    uint16_t  value_len;

    if (rest->len == 0) {
        return 0;
    }

    if (rest->len < HC_HEADER_FIXED) {
        return -1;
    }

    memcpy(&value_len, rest->data + 2, sizeof(value_len));

    h->name = hc_str(rest->data + HC_HEADER_FIXED, rest->data[1]);
    h->value = hc_str(h->name.data + h->name.len, value_len);

    size = HC_HEADER_FIXED + h->name.len + h->value.len;

    if (rest->data[0] >= HC_HEADER_MAX
        || h->name.len == 0
        || size > rest->len)
    {
        return -1;
    }

    h->id = (hc_header_id_e) rest->data[0];

    rest->data += size;
    rest->len -= size;

    return 1;
}


#endif /* HC_HEADERS_H_INCLUDED_ */

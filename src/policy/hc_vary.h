/*
 * Vary: the fields of a request that chose an answer (RFC 9110, 12.5.5), and
 * what they said, so that requests that mean the same find the same answer
 * (RFC 9111, 4.1).
 *
 * Layer: hc_, decisions.
 */

#ifndef HC_VARY_H_INCLUDED_
#define HC_VARY_H_INCLUDED_


#include "../base/hc_base.h"


#define HC_VARY_NAMES_MAX   8
#define HC_VARY_TEXT_MAX    512
#define HC_VARY_LINES_MAX   64        /* of one field of a request */


/* Names in lower case, sorted, unique, joined by commas. */

typedef struct {
    uint16_t       len;
    uint8_t        n;
    unsigned       any:1;             /* "*", what is no name, or too many: no
                                         other request may be given it */
    unsigned char  text[HC_VARY_TEXT_MAX];
} hc_vary_t;


/* The lines of a request's field: writes at most `max` of them, returns how
 * many there are, 0 if the request does not have it. */

typedef size_t (*hc_vary_get_pt)(void *data, hc_str_t name, hc_str_t *lines,
    size_t max);


void hc_vary_init(hc_vary_t *v);
void hc_vary_add(hc_vary_t *v, hc_str_t line);
void hc_vary_union(hc_vary_t *v, const hc_vary_t *other);

/* Without this name, given in lower case. */
void hc_vary_drop(hc_vary_t *v, hc_str_t dropped);

/* Takes the next name off *rest, which begins as hc_vary_names(); 0: end. */
hc_str_t hc_vary_names(const hc_vary_t *v);
int hc_vary_next(hc_str_t *rest, hc_str_t *name);

/* What the n lines of the field say, in one line: members joined by commas,
 * without blanks around them; of Accept and Accept-Language also in lower case
 * where case says nothing, by weight and then by name.  Fields that are no
 * lists (Cookie, User-Agent ...) stay as they are.  Returns the bytes written,
 * at most those of all lines and n; `name` is in lower case. */
size_t hc_vary_value(hc_str_t name, const hc_str_t *lines, size_t n,
    unsigned char *out);

/* Writes "\nv", then for each name "\n" name ":" value; a field that is not
 * there is "\n" name alone, since absent matches only absent.  Returns the
 * bytes; -1: `any`, no room, too many lines, or a line holds CR, LF or NUL.
 * Room is asked for before a value is made shorter. */
int hc_vary_secondary(const hc_vary_t *v, hc_vary_get_pt get, void *data,
    unsigned char *out, size_t room);


#endif /* HC_VARY_H_INCLUDED_ */

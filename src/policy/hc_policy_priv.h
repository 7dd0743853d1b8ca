/*
 * Text helpers shared inside the policy room.
 *
 * Bytes are compared as ASCII whatever the locale; all are bounded by spans.
 */

#ifndef HC_POLICY_PRIV_H_INCLUDED_
#define HC_POLICY_PRIV_H_INCLUDED_


#include "../base/hc_base.h"


/* 1: a run of header records whose names, values and ids are all sound. */

int hc_headers_sound(hc_str_t run);


static inline unsigned char
hc_lower(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}


static inline int
hc_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}


static inline int
hc_is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}


/* tchar (RFC 9110, 5.6.2) */

static inline int
hc_is_token_char(unsigned char c)
{
    static const uint32_t  tchar[8] = {
        0x00000000,              /* controls */
        0x03ff6cfa,              /* !#$%&'*+-. 0-9 */
        0xc7fffffe,              /* A-Z ^_ */
        0x57ffffff,              /* ` a-z |~ */
    };

    return (tchar[c >> 5] >> (c & 31)) & 1;
}


static inline int
hc_str_caseeq(hc_str_t a, hc_str_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        if (hc_lower(a.data[i]) != hc_lower(b.data[i])) {
            return 0;
        }
    }

    return 1;
}


static inline void
hc_str_skip(hc_str_t *s, size_t n)
{
    if (n) {
        s->data += n;
        s->len -= n;
    }
}


static inline hc_str_t
hc_str_trim(hc_str_t s)
{
    while (s.len && hc_is_blank(s.data[0])) {
        hc_str_skip(&s, 1);
    }

    while (s.len && hc_is_blank(s.data[s.len - 1])) {
        s.len--;
    }

    return s;
}


/* Takes the next member of a comma-separated list; empty ones do not count
 * (RFC 9110, 5.6.1.2).  0: end. */

static inline int
hc_list_next(hc_str_t *rest, hc_str_t *member)
{
    size_t  n;

    while (rest->len) {

        for (n = 0; n < rest->len && rest->data[n] != ','; n++) { /* void */ }

        *member = hc_str_trim(hc_str(rest->data, n));

        hc_str_skip(rest, hc_min(n + 1, rest->len));

        if (member->len) {
            return 1;
        }
    }

    return 0;
}


#endif /* HC_POLICY_PRIV_H_INCLUDED_ */

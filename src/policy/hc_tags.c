/*
 * Lists of named tags.
 */

#include "hc_tags.h"


static int
hc_tags_separator(unsigned char c)
{
    return c == ' ' || c == '\t' || c == ',';
}


int
hc_tags_next(hc_str_t *rest, hc_str_t *tag)
{
    int            sound;
    size_t         n;
    unsigned char  c;

    while (rest->len && hc_tags_separator(rest->data[0])) {
        rest->data++;
        rest->len--;
    }

    if (rest->len == 0) {
        return 0;
    }

    sound = 1;

    for (n = 0; n < rest->len; n++) {
        c = rest->data[n];

        if (hc_tags_separator(c)) {
            break;
        }

        if (c < 0x20 || c == 0x7f) {
            sound = 0;
        }
    }

    *tag = hc_str(rest->data, n);

    rest->data += n;
    rest->len -= n;

    return sound && n <= HC_TAG_LEN_MAX ? 1 : -1;
}

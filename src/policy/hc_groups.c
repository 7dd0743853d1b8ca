/*
 * Cache-Groups and Cache-Group-Invalidation.
 */

#include "hc_groups.h"
#include "hc_structured.h"


static hc_groups_rc_e
hc_groups_take(hc_str_t *rest, hc_str_t *text)
{
    hc_sf_value_t  v;

    switch (hc_sf_item_next(rest, &v)) {

    case 0:
        return HC_GROUPS_END;

    case 1:
        *text = v.text;
        return v.type == HC_SF_STRING ? HC_GROUPS_NAME : HC_GROUPS_DAMAGED;

    default:
        return HC_GROUPS_DAMAGED;
    }
}


int
hc_groups_count(const hc_str_t *lines, size_t n)
{
    int              count;
    size_t           i;
    hc_str_t         rest, text;
    hc_groups_rc_e   rc;

    count = 0;

    for (i = 0; i < n; i++) {

        rest = lines[i];

        while ((rc = hc_groups_take(&rest, &text)) == HC_GROUPS_NAME) {
            count++;
        }

        if (rc == HC_GROUPS_DAMAGED) {
            return -1;
        }
    }

    return count;
}


hc_groups_rc_e
hc_groups_next(hc_str_t *rest, unsigned char out[HC_GROUP_LEN_MAX],
    hc_str_t *name)
{
    size_t           i, len;
    hc_str_t         text;
    hc_groups_rc_e   rc;

    *name = hc_str(out, 0);

    rc = hc_groups_take(rest, &text);

    if (rc != HC_GROUPS_NAME) {
        return rc;
    }

    for (len = 0, i = 0; i < text.len; i++, len++) {
        i += text.data[i] == '\\';
    }

    if (len > HC_GROUP_LEN_MAX) {
        return HC_GROUPS_LONG;
    }

    name->len = hc_sf_string_decode(text, out);

    return HC_GROUPS_NAME;
}

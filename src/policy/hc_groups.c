/*
 * Cache-Groups and Cache-Group-Invalidation.
 */

#include "hc_groups.h"
#include "hc_policy_priv.h"
#include "hc_sf.h"


/* Takes a string with its parameters and what parts it from the next. */

static hc_groups_rc_e
hc_groups_take(hc_str_t *rest, hc_str_t *raw)
{
    *rest = hc_str_trim(*rest);

    if (rest->len == 0) {
        return HC_GROUPS_END;
    }

    if (!hc_sf_string_take(rest, raw)
        || !hc_sf_parameters_take(rest)
        || !hc_sf_comma_take(rest))
    {
        return HC_GROUPS_DAMAGED;
    }

    return HC_GROUPS_NAME;
}


int
hc_groups_count(const hc_str_t *lines, size_t n)
{
    int              count;
    size_t           i;
    hc_str_t         rest, raw;
    hc_groups_rc_e   rc;

    count = 0;

    for (i = 0; i < n; i++) {

        rest = lines[i];

        while ((rc = hc_groups_take(&rest, &raw)) == HC_GROUPS_NAME) {
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
    hc_str_t         raw;
    hc_groups_rc_e   rc;

    *name = hc_str(out, 0);

    rc = hc_groups_take(rest, &raw);

    if (rc != HC_GROUPS_NAME) {
        return rc;
    }

    for (len = 0, i = 0; i < raw.len; i++, len++) {
        i += raw.data[i] == '\\';
    }

    if (len > HC_GROUP_LEN_MAX) {
        return HC_GROUPS_LONG;
    }

    name->len = hc_sf_string_decode(raw, out);

    return HC_GROUPS_NAME;
}

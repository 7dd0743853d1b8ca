/*
 * The run of header records inside an entry.
 *
 * Names and values are checked when written and again when they come from
 * outside: a stored CR LF would let whoever wrote it split our responses.
 */

#include "hc_headers.h"
#include "hc_policy_priv.h"


#define hc_header_name(id, name)  hc_string(name),


static const hc_str_t  hc_header_names[] = {
    HC_HEADERS(hc_header_name)
};


hc_header_id_e
hc_header_find(hc_str_t name)
{
    unsigned  id;

    for (id = HC_HEADER_OTHER + 1; id < HC_HEADER_MAX; id++) {
        if (hc_str_caseeq(name, hc_header_names[id])) {
            return (hc_header_id_e) id;
        }
    }

    return HC_HEADER_OTHER;
}


/* RFC 9110, 5.1: a field name is a token. */

static int
hc_header_name_sound(hc_str_t name)
{
    size_t  i;

    for (i = 0; i < name.len; i++) {
        if (!hc_is_token_char(name.data[i])) {
            return 0;
        }
    }

    return name.len != 0;
}


/* RFC 9110, 5.5: no control bytes but HTAB. */

static int
hc_header_value_sound(hc_str_t value)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < value.len; i++) {
        c = value.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return 0;
        }
    }

    return 1;
}


size_t
hc_header_size(hc_str_t name, hc_str_t value)
{
    if (name.len > HC_ENTRY_NAME_MAX || value.len > HC_ENTRY_VALUE_MAX) {
        return 0;
    }

    if (!hc_header_name_sound(name) || !hc_header_value_sound(value)) {
        return 0;
    }

    return HC_HEADER_FIXED + name.len + value.len;
}


unsigned char *
hc_header_write(unsigned char *p, hc_header_id_e id, hc_str_t name,
    hc_str_t value)
{
    uint16_t  len;

    hc_assert(id == hc_header_find(name));
    hc_assert(name.len && name.len <= HC_ENTRY_NAME_MAX);
    hc_assert(value.len <= HC_ENTRY_VALUE_MAX);

    *p++ = (unsigned char) id;
    *p++ = (unsigned char) name.len;

    len = (uint16_t) value.len;
    memcpy(p, &len, sizeof(len));
    p += sizeof(len);

    memcpy(p, name.data, name.len);
    p += name.len;

    if (value.len) {
        memcpy(p, value.data, value.len);
        p += value.len;
    }

    return p;
}


/* The id has to fit the name: ids are what delivery goes by, and an
 * etag under the id of content-type would be sent as one. */

int
hc_headers_sound(hc_str_t run)
{
    int          rc;
    hc_header_t  h;

    for ( ;; ) {

        rc = hc_header_next(&run, &h);

        if (rc != 1) {
            return rc == 0;
        }

        if (hc_header_size(h.name, h.value) == 0
            || hc_header_find(h.name) != h.id)
        {
            return 0;
        }
    }
}

/*
 * An entry in and out of an item.
 *
 *   hc_l1_item_t | tags | key | variant | headers | body | slack
 */

#include "hc_l1_priv.h"


static unsigned char *
hc_l1_append(unsigned char *p, hc_str_t s)
{
    if (s.len) {
        memcpy(p, s.data, s.len);
    }

    return p + s.len;
}


/* From born_at, in 32 bits: later than that is soon enough to look again. */

static uint32_t
hc_l1_fresh_for(uint64_t born_at, uint64_t fresh_until)
{
    uint64_t  ms;

    ms = fresh_until - born_at;

    if (ms <= UINT32_MAX) {
        return (uint32_t) ms;
    }

    return hc_l1_before(born_at, fresh_until) ? UINT32_MAX : 0;
}


static void
hc_l1_item_set_core(hc_l1_item_t *item, const hc_entry_t *e)
{
    uint64_t  born;

    born = e->core.born_at + HC_L1_BORN_BIAS;

    item->born_low = (uint32_t) born;
    item->born_high = (uint32_t) (born >> 32) & 0xff;
    item->headers_len = (uint32_t) e->headers.len & HC_L1_HEADERS_MAX;
    item->lifetime = e->core.lifetime;
    item->stale_for = e->core.stale_for;
    item->status = e->core.status;
    item->key_len = (uint16_t) e->key.len;
    item->variant_len = e->variant.len & HC_ENTRY_VARIANT_MAX;
    item->ntags = e->core.ntags;
    item->flags = e->core.flags;
    item->error_for = e->core.error_for;
    item->while_for = e->core.while_for;
}


/* The size of the item is set, and enough. */

void
hc_l1_item_write(hc_l1_item_t *item, const hc_l1_put_t *put)
{
    unsigned char     *p;
    const hc_entry_t  *e;

    e = put->entry;

    item->hash = (uint32_t) put->key->hash;
    item->fresh_for = hc_l1_fresh_for(e->core.born_at, put->fresh_until);
    hc_l1_item_set_core(item, e);

    hc_l1_pause_at("entry half written");

    p = (unsigned char *) (item + 1);

    memcpy(p, e->tags, e->core.ntags * sizeof(hc_tag_t));
    p += e->core.ntags * sizeof(hc_tag_t);

    p = hc_l1_append(p, e->key);
    p = hc_l1_append(p, e->variant);
    p = hc_l1_append(p, e->headers);

    if (e->body.data) {
        memcpy(p, e->body.data, e->body.len);
    }

    p += e->body.len;

    item->slack = (uint32_t) ((unsigned char *) item
                              + (size_t) item->size * HC_L1_UNIT - p) & 0xf;

    hc_l1_pause_at("entry written");
}


void
hc_l1_item_set_fresh(hc_l1_item_t *item, uint64_t fresh_until)
{
    item->fresh_for = hc_l1_fresh_for(hc_l1_born_at(item), fresh_until);
}


/* The lengths are the same. */

void
hc_l1_item_refresh(hc_l1_item_t *item, const hc_l1_put_t *put)
{
    const hc_entry_t  *e;

    e = put->entry;

    hc_l1_item_set_core(item, e);
    memcpy(item + 1, e->tags, e->core.ntags * sizeof(hc_tag_t));
    hc_l1_item_set_fresh(item, put->fresh_until);
}


void
hc_l1_item_read(const hc_l1_item_t *item, hc_entry_t *e)
{
    size_t                body_len;
    const unsigned char  *p;

    body_len = hc_l1_payload(item) - item->key_len - item->variant_len
               - item->headers_len;

    e->core.born_at = hc_l1_born_at(item);
    e->core.lifetime = item->lifetime;
    e->core.stale_for = item->stale_for;
    e->core.headers_len = item->headers_len;
    e->core.body_len = (uint32_t) body_len;
    e->core.status = item->status;
    e->core.key_len = item->key_len;
    e->core.variant_len = item->variant_len;
    e->core.ntags = item->ntags;
    e->core.flags = item->flags;
    e->core.error_for = item->error_for;
    e->core.while_for = item->while_for;

    memcpy(e->tags, hc_l1_tags(item), item->ntags * sizeof(hc_tag_t));

    p = hc_l1_key_of(item);

    e->key = hc_str(p, item->key_len);
    p += item->key_len;
    e->variant = hc_str(p, item->variant_len);
    p += item->variant_len;
    e->headers = hc_str(p, item->headers_len);
    p += item->headers_len;
    e->body = hc_str(p, body_len);
}

/*
 * Circular lists of places.
 */

#include "hc_l1_priv.h"


static hc_l1_node_t *
hc_l1_node(const hc_l1_t *l1, uint32_t at)
{
    return hc_l1_at(l1, at);
}


void
hc_l1_list_init(hc_l1_t *l1, hc_l1_node_t *head)
{
    head->next = hc_l1_place(l1, head);
    head->prev = head->next;
}


int
hc_l1_list_empty(const hc_l1_t *l1, const hc_l1_node_t *head)
{
    return head->next == hc_l1_place(l1, head);
}


void
hc_l1_list_add(hc_l1_t *l1, hc_l1_node_t *head, hc_l1_node_t *node)
{
    node->next = hc_l1_place(l1, head);
    node->prev = head->prev;

    hc_l1_list_moved(l1, node);
}


void
hc_l1_list_remove(hc_l1_t *l1, hc_l1_node_t *node)
{
    hc_l1_node(l1, node->prev)->next = node->next;
    hc_l1_node(l1, node->next)->prev = node->prev;
}


/* The node has another place now: its neighbours are told. */

void
hc_l1_list_moved(hc_l1_t *l1, hc_l1_node_t *node)
{
    uint32_t  at;

    at = hc_l1_place(l1, node);

    hc_l1_node(l1, node->prev)->next = at;
    hc_l1_node(l1, node->next)->prev = at;
}

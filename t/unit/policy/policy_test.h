/*
 * What the unit tests of the policy room share.
 */

#ifndef HC_POLICY_TEST_H_INCLUDED_
#define HC_POLICY_TEST_H_INCLUDED_


#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../../src/base/hc_base.h"


#define S(text)      hc_str(text, sizeof(text) - 1)
#define n_of(table)  (sizeof(table) / sizeof(table[0]))


static inline hc_str_t
str(const char *text)
{
    return hc_str(text, strlen(text));
}


/* A copy of exactly that size, so that a sanitizer sees a read past it. */

static inline unsigned char *
tight(const void *data, size_t len)
{
    unsigned char  *p;

    p = malloc(len ? len : 1);
    assert_non_null(p);

    if (len) {
        memcpy(p, data, len);
    }

    return p;
}


#endif /* HC_POLICY_TEST_H_INCLUDED_ */

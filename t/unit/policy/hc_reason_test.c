#include "policy_test.h"
#include "../../../src/policy/hc_reason.h"


static void
every_reason_has_a_text_of_its_own(void **state)
{
    int  i, k;

    (void) state;

    for (i = 1; i < HC_REASON_MAX; i++) {
        assert_true(hc_reason_text(i)[0] != '\0');

        for (k = 0; k < i; k++) {
            assert_string_not_equal(hc_reason_text(i), hc_reason_text(k));
        }
    }
}


static void
texts_belong_to_their_reasons(void **state)
{
    (void) state;

    assert_string_equal(hc_reason_text(HC_REASON_NONE), "");
    assert_string_equal(hc_reason_text(HC_REASON_METHOD), "method");
    assert_string_equal(hc_reason_text(HC_REASON_RANGE), "partial");
    assert_string_equal(hc_reason_text(HC_REASON_L2_BAD_VALUE),
                        "l2-bad-value");
}


static void
a_number_that_is_no_reason_has_no_text(void **state)
{
    (void) state;

    assert_string_equal(hc_reason_text(HC_REASON_MAX), "");
    assert_string_equal(hc_reason_text((hc_reason_e) -1), "");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_reason_has_a_text_of_its_own),
        cmocka_unit_test(texts_belong_to_their_reasons),
        cmocka_unit_test(a_number_that_is_no_reason_has_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

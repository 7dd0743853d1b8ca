#include <time.h>

#include "policy_test.h"
#include "../../../src/policy/hc_date.h"


#define NOW  1790000000          /* September 2026 */


typedef struct {
    const char  *text;
    int64_t      seconds;
} date_row_t;


static void
check(const date_row_t *row, size_t n, int64_t now)
{
    int64_t         got;
    unsigned char  *p;

    for ( /* void */ ; n; n--, row++) {
        p = tight(row->text, strlen(row->text));
        got = hc_date_parse(hc_str(p, strlen(row->text)), now);
        free(p);

        if (got != row->seconds) {
            fail_msg("\"%s\": got %lld, want %lld", row->text,
                     (long long) got, (long long) row->seconds);
        }
    }
}


static void
all_three_forms_are_read(void **state)
{
    static const date_row_t  rows[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },
        { "Wed Nov 16 08:49:37 1994", 784975777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648 },
        { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);
}


static void
every_day_agrees_with_the_c_library(void **state)
{
    char       text[64];
    time_t     t;
    struct tm  tm;

    (void) state;

    for (t = 3661; t < (time_t) 8000000000; t += 86400 * 3 + 7) {
        gmtime_r(&t, &tm);

        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_int_equal(hc_date_parse(str(text), NOW), t);

        strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
        assert_int_equal(hc_date_parse(str(text), NOW), t);

        strftime(text, sizeof(text), "%A, %d-%b-%y %H:%M:%S GMT", &tm);
        assert_int_equal(hc_date_parse(str(text), t), t);
    }
}


static void
names_match_in_any_case(void **state)
{
    static const date_row_t  rows[] = {
        { "sUN, 06 nOV 1994 08:49:37 gmt", 784111777 },
        { "SUNDAY, 06-NOV-94 08:49:37 GMT", 784111777 },
        { "sun nov  6 08:49:37 1994", 784111777 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);
}


static void
the_day_of_the_week_need_not_be_right(void **state)
{
    static const date_row_t  rows[] = {
        { "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "Friday, 06-Nov-94 08:49:37 GMT", 784111777 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);
}


static void
what_is_not_quite_a_date_is_refused(void **state)
{
    static const date_row_t  rows[] = {
        { "", -1 },
        { "0", -1 },
        { "-1", -1 },
        { "784111777", -1 },
        { "Sun, 06 Nov 1994 08:49:37", -1 },
        { "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
        { "Sun, 06 Nov 1994 08:49:37 +0000", -1 },
        { "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
        { " Sun, 06 Nov 1994 08:49:37 GMT", -1 },
        { "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
        { "Sun,  6 Nov 1994 08:49:37 GMT", -1 },
        { "Sun, 06 Nov 94 08:49:37 GMT", -1 },
        { "Sun, 06 Nov 1994 8:49:37 GMT", -1 },
        { "Sun, 06 Nov 1994 08.49.37 GMT", -1 },
        { "Sun, 06-Nov-1994 08:49:37 GMT", -1 },
        { "Sun 06 Nov 1994 08:49:37 GMT", -1 },
        { "Sun; 06 Nov 1994 08:49:37 GMT", -1 },
        { "Xyz, 06 Nov 1994 08:49:37 GMT", -1 },
        { "Sun, 06 Nox 1994 08:49:37 GMT", -1 },
        { "Sun, 06  Nov 1994 08:49:37 GMT", -1 },
        { "Sund, 06-Nov-94 08:49:37 GMT", -1 },
        { ", 06-Nov-94 08:49:37 GMT", -1 },
        { "Sunday 06-Nov-94 08:49:37 GMT", -1 },
        { "Sun Nov 6 08:49:37 1994", -1 },
        { "Sun Nov 06 08:49:37 1994 GMT", -1 },
        { "Sunday,", -1 },
        { ",", -1 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);

    assert_int_equal(hc_date_parse(hc_str("Sun Nov  6 08:49:37 1994", 25),
                                   NOW), -1);
}


static void
days_and_hours_that_do_not_exist_are_refused(void **state)
{
    static const date_row_t  rows[] = {
        { "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
        { "Sun, 31 Nov 1994 08:49:37 GMT", -1 },
        { "Sun, 32 Jan 1994 08:49:37 GMT", -1 },
        { "Sun, 29 Feb 1900 08:49:37 GMT", -1 },
        { "Wed, 29 Feb 2023 00:00:00 GMT", -1 },
        { "Thu, 29 Feb 2024 00:00:00 GMT", 1709164800 },
        { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
        { "Sun Nov  0 08:49:37 1994", -1 },
        { "Sun, 06 Nov 1994 24:00:00 GMT", -1 },
        { "Sun, 06 Nov 1994 08:60:00 GMT", -1 },
        { "Sun, 06 Nov 1994 08:49:61 GMT", -1 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);
}


static void
a_leap_second_is_the_one_after(void **state)
{
    static const date_row_t  rows[] = {
        { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);
}


static void
a_date_before_the_epoch_is_refused(void **state)
{
    static const date_row_t  rows[] = {
        { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
        { "Sat, 01 Jan 0000 00:00:00 GMT", -1 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);
}


static void
two_digits_mean_a_year_at_most_fifty_years_ahead(void **state)
{
    static const date_row_t  rows[] = {
        { "Sunday, 01-Jan-26 00:00:00 GMT", 1767225600 },
        { "Sunday, 01-Jan-76 00:00:00 GMT", 3345062400 },
        { "Sunday, 01-Jan-78 00:00:00 GMT", 252460800 },
        { "Sunday, 01-Jan-00 00:00:00 GMT", 946684800 },
    };
    static const date_row_t  later[] = {
        { "Sunday, 01-Jan-05 00:00:00 GMT", 1104537600 },
    };

    (void) state;

    check(rows, n_of(rows), NOW);
    check(later, n_of(later), 915148800);            /* 1999 */
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(all_three_forms_are_read),
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(names_match_in_any_case),
        cmocka_unit_test(the_day_of_the_week_need_not_be_right),
        cmocka_unit_test(what_is_not_quite_a_date_is_refused),
        cmocka_unit_test(days_and_hours_that_do_not_exist_are_refused),
        cmocka_unit_test(a_leap_second_is_the_one_after),
        cmocka_unit_test(a_date_before_the_epoch_is_refused),
        cmocka_unit_test(two_digits_mean_a_year_at_most_fifty_years_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

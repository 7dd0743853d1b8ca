/*
 * HTTP-date (RFC 9110, 5.6.7).
 *
 *   IMF-fixdate   Sun, 06 Nov 1994 08:49:37 GMT
 *   rfc850-date   Sunday, 06-Nov-94 08:49:37 GMT
 *   asctime-date  Sun Nov  6 08:49:37 1994
 *
 * Nothing looser is accepted: a cache takes what it cannot read for expired,
 * and a zone other than GMT for unreadable (RFC 9111, 4.2).  Names are matched
 * in any case, as the same section asks of caches.
 */

#include "hc_date.h"
#include "hc_policy_priv.h"


#define HC_DATE_DAY       86400
#define HC_DATE_YEAR      31556952              /* a mean Gregorian year */
#define HC_DATE_50_YEARS  (50 * (int64_t) HC_DATE_YEAR)


typedef struct {
    int64_t  year;
    int      month;              /* 0 .. 11 */
    int      day;
    int      hour;
    int      min;
    int      sec;                /* 60: a leap second */
} hc_date_t;


static const hc_str_t  hc_date_weekdays[] = {
    hc_string("sunday"), hc_string("monday"), hc_string("tuesday"),
    hc_string("wednesday"), hc_string("thursday"), hc_string("friday"),
    hc_string("saturday")
};


/* "0" a digit, "_" a digit or a space, "a" a letter, else the byte itself in
 * any case */

static int
hc_date_byte(unsigned char c, unsigned char pattern)
{
    switch (pattern) {

    case '0':
        return hc_is_digit(c);

    case '_':
        return hc_is_digit(c) || c == ' ';

    case 'a':
        return hc_lower(c) >= 'a' && hc_lower(c) <= 'z';

    default:
        return hc_lower(c) == hc_lower(pattern);
    }
}


static int
hc_date_match(hc_str_t s, const char *pattern)
{
    size_t  i;

    if (s.len != strlen(pattern)) {
        return 0;
    }

    for (i = 0; i < s.len; i++) {
        if (!hc_date_byte(s.data[i], pattern[i])) {
            return 0;
        }
    }

    return 1;
}


/* The number in n bytes known to be digits, or spaces before them. */

static int
hc_date_number(const unsigned char *p, size_t n)
{
    int  value;

    for (value = 0; n; n--, p++) {
        value = value * 10 + (*p == ' ' ? 0 : *p - '0');
    }

    return value;
}


/* len 0: the whole name */

static int
hc_date_weekday(hc_str_t s, size_t len)
{
    size_t    i;
    hc_str_t  name;

    for (i = 0; i < sizeof(hc_date_weekdays) / sizeof(hc_str_t); i++) {
        name = hc_date_weekdays[i];

        if (hc_str_caseeq(s, hc_str(name.data, len ? len : name.len))) {
            return 1;
        }
    }

    return 0;
}


static int
hc_date_month(const unsigned char *p)
{
    int                i;
    static const char  names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (i = 0; i < 12; i++) {
        if (hc_str_caseeq(hc_str(p, 3), hc_str(names + i * 3, 3))) {
            return i;
        }
    }

    return -1;
}


static void
hc_date_time(const unsigned char *p, hc_date_t *d)
{
    d->hour = hc_date_number(p, 2);
    d->min = hc_date_number(p + 3, 2);
    d->sec = hc_date_number(p + 6, 2);
}


static int
hc_date_valid(const hc_date_t *d)
{
    int                         days;
    static const unsigned char  lengths[] = { 31, 28, 31, 30, 31, 30,
                                              31, 31, 30, 31, 30, 31 };

    if (d->month < 0 || d->hour > 23 || d->min > 59 || d->sec > 60) {
        return 0;
    }

    days = lengths[d->month];

    if (d->month == 1 && d->year % 4 == 0
        && (d->year % 100 != 0 || d->year % 400 == 0))
    {
        days++;
    }

    return d->day >= 1 && d->day <= days;
}


/* Years begin in March here, so that the leap day comes last. */

static int64_t
hc_date_seconds(const hc_date_t *d)
{
    int64_t  year, month, days;

    year = d->year - (d->month < 2);
    month = (d->month + 10) % 12;

    days = year * 365 + year / 4 - year / 100 + year / 400
           + (month * 153 + 2) / 5 + d->day - 1 - 719468;

    return days * HC_DATE_DAY + d->hour * 3600 + d->min * 60 + d->sec;
}


static int
hc_date_imf(hc_str_t s, hc_date_t *d)
{
    if (!hc_date_match(s, "aaa, 00 aaa 0000 00:00:00 GMT")
        || !hc_date_weekday(hc_str(s.data, 3), 3))
    {
        return 0;
    }

    d->day = hc_date_number(s.data + 5, 2);
    d->month = hc_date_month(s.data + 8);
    d->year = hc_date_number(s.data + 12, 4);
    hc_date_time(s.data + 17, d);

    return 1;
}


static int
hc_date_asctime(hc_str_t s, hc_date_t *d)
{
    if (!hc_date_match(s, "aaa aaa _0 00:00:00 0000")
        || !hc_date_weekday(hc_str(s.data, 3), 3))
    {
        return 0;
    }

    d->month = hc_date_month(s.data + 4);
    d->day = hc_date_number(s.data + 8, 2);
    hc_date_time(s.data + 11, d);
    d->year = hc_date_number(s.data + 20, 4);

    return 1;
}


/* The latest year with these two digits that is not more than 50 years ahead
 * of now. */

static int64_t
hc_date_century(hc_date_t *d, int64_t now)
{
    int64_t  year;

    year = 1970 + now / HC_DATE_YEAR;

    d->year += (year / 100 + 1) * 100;

    while (hc_date_seconds(d) > now + HC_DATE_50_YEARS) {
        d->year -= 100;
    }

    return d->year;
}


static int
hc_date_rfc850(hc_str_t s, hc_date_t *d, int64_t now)
{
    size_t  n;

    for (n = 0; n < s.len && s.data[n] != ','; n++) { /* void */ }

    if (!hc_date_weekday(hc_str(s.data, n), 0)) {
        return 0;
    }

    hc_str_skip(&s, n);

    if (!hc_date_match(s, ", 00-aaa-00 00:00:00 GMT")) {
        return 0;
    }

    d->day = hc_date_number(s.data + 2, 2);
    d->month = hc_date_month(s.data + 5);
    d->year = hc_date_number(s.data + 9, 2);
    hc_date_time(s.data + 12, d);
    d->year = hc_date_century(d, now);

    return 1;
}


int64_t
hc_date_parse(hc_str_t s, int64_t now)
{
    int64_t    seconds;
    hc_date_t  d;

    if (!hc_date_imf(s, &d)
        && !hc_date_rfc850(s, &d, now)
        && !hc_date_asctime(s, &d))
    {
        return -1;
    }

    if (!hc_date_valid(&d)) {
        return -1;
    }

    seconds = hc_date_seconds(&d);

    return seconds < 0 ? -1 : seconds;
}

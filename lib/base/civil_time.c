#include "base/civil_time.h"

#include <stdio.h>

#include "base/text.h"

#define SECONDS_PER_DAY 86400
#define DAYS_BEFORE_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */
#define DAYS_PER_ERA 146097      /* 400 years */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Counting years from March puts the leap day at the end of the year. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_EPOCH;
}

bool civil_time_to_epoch(const struct civil_time *t, int64_t *epoch_s)
{
    if (t->year < 0 || t->year > 9999 || t->month < 1 || t->month > 12 || t->day < 1 ||
        t->day > days_in_month(t->year, t->month) || t->hour < 0 || t->hour > 23 ||
        t->minute < 0 || t->minute > 59 || t->second < 0 || t->second > 59)
        return false;
    *epoch_s = days_from_civil(t->year, t->month, t->day) * SECONDS_PER_DAY + t->hour * 3600 +
               t->minute * 60 + t->second;
    return true;
}

static void civil_from_days(int64_t days, struct civil_time *t)
{
    days += DAYS_BEFORE_EPOCH;
    int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    t->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    t->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    t->year = (int)(year_of_era + era * 400 + (t->month <= 2 ? 1 : 0));
}

bool civil_time_from_epoch(int64_t epoch_s, struct civil_time *t)
{
    int64_t days = epoch_s / SECONDS_PER_DAY, rest = epoch_s % SECONDS_PER_DAY;
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    if (days < days_from_civil(0, 1, 1) || days > days_from_civil(9999, 12, 31))
        return false;
    civil_from_days(days, t);
    t->hour = (int)(rest / 3600);
    t->minute = (int)(rest / 60 % 60);
    t->second = (int)(rest % 60);
    return true;
}

static bool parse_digits(struct bytes text, size_t at, size_t len, int *value)
{
    int v = 0;
    for (size_t i = at; i < at + len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        v = v * 10 + (text.data[i] - '0');
    }
    *value = v;
    return true;
}

static bool parse_rfc3339(struct bytes text, int64_t *epoch_s)
{
    struct civil_time t;
    const uint8_t *c = text.data;
    if (c[4] != '-' || c[7] != '-' || c[10] != 'T' || c[13] != ':' || c[16] != ':' || c[19] != 'Z')
        return false;
    return parse_digits(text, 0, 4, &t.year) && parse_digits(text, 5, 2, &t.month) &&
           parse_digits(text, 8, 2, &t.day) && parse_digits(text, 11, 2, &t.hour) &&
           parse_digits(text, 14, 2, &t.minute) && parse_digits(text, 17, 2, &t.second) &&
           civil_time_to_epoch(&t, epoch_s);
}

bool civil_time_parse(struct bytes text, int64_t *epoch_s)
{
    uint64_t seconds;
    if (text.len == CIVIL_TIME_TEXT_SIZE - 1 && text.data[text.len - 1] == 'Z')
        return parse_rfc3339(text, epoch_s);
    if (!text_parse_u64(text, INT64_MAX, &seconds))
        return false;
    *epoch_s = (int64_t)seconds;
    return true;
}

void civil_time_format(int64_t epoch_s, char out[CIVIL_TIME_TEXT_SIZE])
{
    struct civil_time t;
    if (!civil_time_from_epoch(epoch_s, &t)) {
        (void)snprintf(out, CIVIL_TIME_TEXT_SIZE, "%lld", (long long)epoch_s);
        return;
    }
    /* The modulo changes nothing; it shows the compiler that the text fits. */
    (void)snprintf(out, CIVIL_TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
                   (unsigned)t.year % 10000, (unsigned)t.month % 100, (unsigned)t.day % 100,
                   (unsigned)t.hour % 100, (unsigned)t.minute % 100, (unsigned)t.second % 100);
}

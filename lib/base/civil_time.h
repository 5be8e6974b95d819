/* civil_time.h - seconds since the Epoch and calendar dates, proleptic Gregorian, UTC, no clock. */
#ifndef CATHAYA_BASE_CIVIL_TIME_H
#define CATHAYA_BASE_CIVIL_TIME_H

#include "base/bytes.h"
#include "base/status.h"

struct civil_time {
    int year; /* 0..9999 */
    int month, day, hour, minute, second;
};

/* "YYYY-MM-DDTHH:MM:SSZ" and its NUL. */
#define CIVIL_TIME_TEXT_SIZE 21

/* civil_time_to_epoch is false when a field is out of range (leap seconds are). */
MUST_USE bool civil_time_to_epoch(const struct civil_time *t, int64_t *epoch_s);

/* civil_time_from_epoch is false outside the years 0..9999. */
MUST_USE bool civil_time_from_epoch(int64_t epoch_s, struct civil_time *t);

/* civil_time_parse reads RFC 3339 with seconds in UTC ("2026-11-21T10:00:00Z") or decimal seconds
 * since the Epoch. [RFC3339 5.6] */
MUST_USE bool civil_time_parse(struct bytes text, int64_t *epoch_s);

/* civil_time_format writes RFC 3339; a time outside the years 0..9999 is written as seconds. */
void civil_time_format(int64_t epoch_s, char out[CIVIL_TIME_TEXT_SIZE]);

#endif

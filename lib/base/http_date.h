/* http_date.h - times in HTTP header fields: pure arithmetic, no clock. */
#ifndef CATHAYA_BASE_HTTP_DATE_H
#define CATHAYA_BASE_HTTP_DATE_H

#include "base/bytes.h"
#include "base/status.h"

/* http_date_parse reads an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"), the one form that is written today; the name of the day
 * is not held against the date [RFC9110 5.6.7]. */
MUST_USE bool http_date_parse(struct bytes text, int64_t *epoch_s);

/* http_date_retry_after is how many seconds after now_s a Retry-After field wants: of seconds or a date [RFC9110 10.2.3]. 0 for
 * none, for what is neither, and for the past. */
int64_t http_date_retry_after(struct bytes field, int64_t now_s);

#endif

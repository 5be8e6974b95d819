#include "base/http_date.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"

#define DATE_LEN 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

static bool read_number(struct bytes text, size_t at, size_t len, int *value)
{
    uint64_t number;
    bool ok = text_parse_u64(bytes_of(text.data + at, len), 9999, &number);
    *value = ok ? (int)number : 0;
    return ok;
}

/* text_parse_u64 takes no zeros in front, and here they are. */
static bool read_two_digits(struct bytes text, size_t at, int *value)
{
    return text.data[at] == '0' ? read_number(text, at + 1, 1, value) : read_number(text, at, 2, value);
}

static bool read_month(struct bytes text, size_t at, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (*month = 1; *month <= 12; (*month)++)
        if (memcmp(text.data + at, names + 3 * (size_t)(*month - 1), 3) == 0)
            return true;
    return false;
}

bool http_date_parse(struct bytes text, int64_t *epoch_s)
{
    static const char form[] = "***, ** *** **** **:**:** GMT";
    struct civil_time t;
    if (text.len != DATE_LEN)
        return false;
    for (size_t i = 0; i < DATE_LEN; i++)
        if (form[i] != '*' && text.data[i] != (uint8_t)form[i])
            return false;
    return read_two_digits(text, 5, &t.day) && read_month(text, 8, &t.month) && read_number(text, 12, 4, &t.year) &&
           read_two_digits(text, 17, &t.hour) && read_two_digits(text, 20, &t.minute) && read_two_digits(text, 23, &t.second) &&
           civil_time_to_epoch(&t, epoch_s);
}

int64_t http_date_retry_after(struct bytes field, int64_t now_s)
{
    uint64_t seconds;
    int64_t at_s;
    if (text_parse_u64(field, UINT32_MAX, &seconds))
        return (int64_t)seconds;
    return http_date_parse(field, &at_s) && at_s > now_s ? at_s - now_s : 0;
}

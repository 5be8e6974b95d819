/* CAA RDATA: the first byte of the input says how many records it is cut into. Whatever comes, the answer
 * is yes or no; a record that cannot be read, or a critical one that nobody knows, is never a yes. */
#include <stdlib.h>

#include "rules/caa.h"
#include "rules/issue_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

#define RECORDS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const issuers[] = {"ca.example"};
    struct bytes records[RECORDS_MAX];
    if (size < 1)
        return 0;
    size_t count = 1 + data[0] % RECORDS_MAX, part = (size - 1) / count;
    bool is_readable = true;
    for (size_t i = 0; i < count; i++) {
        struct caa_record record;
        records[i] = bytes_of(data + 1 + i * part, i + 1 < count ? part : size - 1 - i * part);
        is_readable &= caa_record_parse(records[i], &record, NULL) == STATUS_OK;
    }
    for (int is_wildcard = 0; is_wildcard < 2; is_wildcard++) {
        struct error err = {.status = STATUS_OK};
        struct caa_question q = {issuers, 1, is_wildcard != 0, "http-01", "https://ca.example/acct/1"};
        enum status s = caa_check(records, count, &q, &err);
        require(s == STATUS_OK || s == STATUS_REFUSED);
        require(s == STATUS_OK || (err.status == s && err.text[0] != '\0'));
        require(is_readable || s == STATUS_REFUSED);
        /* Nobody is permitted by more than somebody. */
        q.issuer_count = 0;
        require(s == STATUS_OK || caa_check(records, count, &q, NULL) == STATUS_REFUSED);
    }
    return 0;
}

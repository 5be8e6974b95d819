/* TXT RDATA with a persistent validation record: joined, parsed, and judged; a yes needs our issuer's name
 * and the account in it, and stays a yes with another record beside it. */
#include <stdlib.h>

#include "rules/dns_persist.h"
#include "rules/dns_txt.h"
#include "rules/issue_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void judge(struct bytes text)
{
    static const char *const issuers[] = {"ca.example"};
    struct dns_persist record;
    struct dns_persist_question q = {issuers, 1, "https://ca.example/acct/1", false, 1767225600};
    enum status parsed = dns_persist_parse(text, &record, NULL);
    enum status s = dns_persist_check(&text, 1, &q, NULL);
    require(s == STATUS_OK || s == STATUS_MALFORMED || s == STATUS_REFUSED);
    require(s != STATUS_MALFORMED || parsed == STATUS_MALFORMED);
    if (s == STATUS_OK) {
        struct bytes both[] = {bytes_of_text("ca.example; ;"), text};
        require(parsed == STATUS_OK && issue_value_is(record.issuer, issuers[0]));
        require(bytes_is_text(record.account_uri, q.account_url));
        require(dns_persist_check(both, 2, &q, NULL) == STATUS_OK);
    }
    q.is_wildcard = true;
    require(dns_persist_check(&text, 1, &q, NULL) != STATUS_OK || (s == STATUS_OK && record.is_wildcard));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct builder text;
    builder_init(&text, 65536);
    if (dns_txt_join(bytes_of(data, size), &text, NULL) == STATUS_OK)
        judge(builder_view(&text));
    builder_clear(&text);
    judge(bytes_of(data, size));
    return 0;
}

/* dns_persist.h - the persistent validation record _validation-persist.NAME
 * [draft-ietf-acme-dns-persist 3, 4], [BR 3.2.2.4.22]:
 *
 *   ISSUER; accounturi=URI[; policy=wildcard][; persistUntil=SECONDS] */
#ifndef CATHAYA_RULES_DNS_PERSIST_H
#define CATHAYA_RULES_DNS_PERSIST_H

#include "base/bytes.h"
#include "base/status.h"

#define DNS_PERSIST_LABEL "_validation-persist"
/* [BR 3.2.2.4.22]: validation data of this method is good for ten days at most. */
#define DNS_PERSIST_REUSE_MAX_S (10 * 86400U)

/* Borrows from the text. */
struct dns_persist {
    struct bytes issuer; /* as written */
    struct bytes account_uri;
    bool is_wildcard;  /* policy=wildcard; any other policy is as none */
    bool has_until;
    uint64_t until_s;
};

/* dns_persist_parse reads one record's text. STATUS_MALFORMED for bad syntax, no accounturi, a known
 * parameter given twice, or a persistUntil that is no number. Unknown parameters are ignored. */
MUST_USE enum status dns_persist_parse(struct bytes text, struct dns_persist *out, struct error *err);

struct dns_persist_question {
    const char *const *issuers; /* our issuer domain names */
    size_t issuer_count;
    const char *account_url;
    bool is_wildcard;
    int64_t now_s;
};

/* dns_persist_check is STATUS_OK when one of the records (texts) authorizes what is asked.
 * STATUS_MALFORMED when none does and one that names us is malformed; STATUS_REFUSED otherwise, with the
 * reason of the record that names us. */
MUST_USE enum status dns_persist_check(const struct bytes *texts, size_t count,
                                       const struct dns_persist_question *q, struct error *err);

#endif

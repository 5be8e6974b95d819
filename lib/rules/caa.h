/* caa.h - CAA records: may we issue for the name that they stand at [RFC8659], [RFC8657], [BR 3.2.2.8]?
 *
 *   RDATA = flags (1) tag-length (1) tag value
 *
 * Whoever asks has climbed the tree to the first name that has records. */
#ifndef CATHAYA_RULES_CAA_H
#define CATHAYA_RULES_CAA_H

#include "base/bytes.h"
#include "base/status.h"

#define CAA_CRITICAL 0x80

/* Borrows from the RDATA. */
struct caa_record {
    uint8_t flags;
    struct bytes tag; /* letters and digits */
    struct bytes value;
};

/* caa_record_parse splits RDATA. STATUS_MALFORMED for one that is cut short, or a bad tag. */
MUST_USE enum status caa_record_parse(struct bytes rdata, struct caa_record *out, struct error *err);

struct caa_question {
    const char *const *issuers; /* the issuer domain names that are ours */
    size_t issuer_count;
    bool is_wildcard;
    const char *method;      /* "http-01", ...: for validationmethods */
    const char *account_url; /* for accounturi */
};

/* caa_check is STATUS_OK when the records (RDATA) allow what is asked. STATUS_REFUSED with the reason:
 * a record that cannot be read, a critical property that we do not know, no property that names us, or
 * only ones whose parameters name another account or method. Unknown parameters of ours are ignored; a
 * parameter given twice is met by nothing. No records allow everything. */
MUST_USE enum status caa_check(const struct bytes *records, size_t count, const struct caa_question *q,
                               struct error *err);

#endif

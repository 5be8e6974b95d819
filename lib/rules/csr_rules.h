/* csr_rules.h - may a certificate be issued for this request, and for which names?
 *
 * What it does not decide: whether the sender controls the names. That is the issuer's policy.
 */
#ifndef CATHAYA_RULES_CSR_RULES_H
#define CATHAYA_RULES_CSR_RULES_H

#include "base/builder.h"
#include "codec/x509/csr.h"

/* As many as the public ACME CAs allow. */
#define CSR_RULES_NAMES_MAX 100
/* 100 DNS names of 253 bytes with two to three bytes of DER each. */
#define CSR_RULES_NAMES_SIZE_MAX (CSR_RULES_NAMES_MAX * (4 + 253))

/* The names to issue for, in the order of the request, DNS names in lower case, duplicates dropped. */
struct csr_names {
    struct builder *general_names; /* the caller's, empty at first: contents of GeneralNames */
    bool may_be_internal; /* given by the caller: a name may be a single label, for who checks it otherwise */
    size_t count;                  /* names in it */
};

/* csr_rules_check is STATUS_OK when a certificate may be issued; then out->general_names, which the
 * caller has set to an empty builder, holds the names. STATUS_REFUSED, with the reason, for no
 * name, a bad DNS name, an IP address that is not one host, any other kind of name, more than 100
 * names, a key that subject_key_check does not allow, or no proof of possession. */
MUST_USE enum status csr_rules_check(const struct csr *csr, struct csr_names *out,
                                     struct error *err);

#endif

/* sct_check.h - does an SCT verify for a certificate, by what a log list says of its log [RFC6962 5.2], [GM 4]? */
#ifndef CATHAYA_RULES_SCT_CHECK_H
#define CATHAYA_RULES_SCT_CHECK_H

#include "codec/ct/log_list.h"
#include "codec/ct/sct_input.h"
#include "codec/x509/certificate.h"

/* What is logged. Made by one of the functions below; everything is borrowed. The hashes that depend on the log are
 * computed with each check. */
struct sct_check_subject {
    uint16_t type;             /* LEAF_X509, LEAF_PRECERT, LEAF_TBS_CERT */
    struct bytes certificate;  /* LEAF_X509 */
    struct bytes tbs;          /* LEAF_PRECERT: without poison and SCT list */
    struct bytes issuer_spki;  /* LEAF_PRECERT; LEAF_TBS_CERT: the CA cosigner's */
    struct leaf_mtc mtc;       /* LEAF_TBS_CERT; its ca_key_hash is not looked at */
};

/* A certificate whose SCT came beside it (TLS, OCSP): x509_entry. */
struct sct_check_subject sct_check_certificate(struct bytes certificate_der);

/* A TBSCertificate, from precert_write_tbs, precert_write_final_tbs or precert_identity: precert_entry. */
struct sct_check_subject sct_check_precert(struct bytes tbs, struct bytes issuer_spki);

/* An entry of an issuance log: tbs_cert_entry. */
struct sct_check_subject sct_check_mtc(struct bytes log_id, uint64_t index, struct bytes entry, struct bytes ca_spki);

/* sct_check_leaf fills the entry as a log of that suite has it; key_hash has HASH_SIZE bytes and is what the leaf
 * borrows. Timestamp and extensions are not set: sct_input_leaf. STATUS_NO_MEMORY. */
MUST_USE enum status sct_check_leaf(const struct sct_check_subject *subject, const struct ct_suite *suite,
                                      uint8_t key_hash[HASH_SIZE], struct leaf *out, struct error *err);

struct sct_check {
    const struct sct_check_subject *subject;
    const struct log_list_log *log;
    const struct algorithms *algorithms;
    const struct public_key *key; /* of the log, where the caller keeps it; NULL: made from log->key each time */
    int64_t at_s;                 /* no SCT is from later than this */
    int64_t skew_s;               /* but for so much that clocks may differ */
};

/* sct_check is STATUS_OK when sct is the log's, of version 1, not from the future, and its signature verifies.
 * STATUS_REFUSED says why not, in words. Whether the log is trusted and in which state it is, is policy: rules/ct_policy.h. Its
 * temporal interval is between log and submitter: what it has signed it has promised, and a monitor tells (log_finding.h). */
MUST_USE enum status sct_check(const struct sct_check *check, const struct sct *sct, struct error *err);

/* sct_check_leaf_hash is the leaf hash of what the SCT promises: what is asked of the log by get-proof-by-hash. */
MUST_USE enum status sct_check_leaf_hash(const struct sct_check_subject *subject, const struct ct_suite *suite, const struct sct *sct,
                                         uint8_t out[HASH_SIZE], struct error *err);

#endif

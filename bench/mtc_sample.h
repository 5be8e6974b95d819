/* mtc_sample.h - one Merkle Tree Certificate with all that a client needs to judge it, as our CA would
 * issue it; only the tree is not there: the siblings on the path are made up, and the client trusts the
 * subtree hash that follows from them. */
#ifndef CATHAYA_BENCH_MTC_SAMPLE_H
#define CATHAYA_BENCH_MTC_SAMPLE_H

#include "base/builder.h"
#include "rules/verify_certificate.h"

#define MTC_SAMPLE_NAME "www.example.com"
#define MTC_SAMPLE_AT_S INT64_C(1795000000)
#define MTC_SAMPLE_COSIGNERS_MAX 2

struct mtc_sample_kind {
    const struct draft *draft;
    const char *subject_algorithm;   /* of the site's key */
    const char *cosigner_algorithms[MTC_SAMPLE_COSIGNERS_MAX]; /* the CA's, one other's or NULL */
    unsigned height;                 /* hashes in the proof */
    bool is_landmark;                /* by a trusted subtree, no signature inside */
    int64_t at_s;                    /* when it is used; 0: MTC_SAMPLE_AT_S */
};

struct mtc_sample {
    const struct mtc_sample_kind *kind;
    struct algorithms *algorithms;
    struct trust_store *store;
    struct hasher_set hashers;
    struct private_key *subject;
    struct private_key *cosigners[MTC_SAMPLE_COSIGNERS_MAX];
    struct builder key_pem; /* the subject's */
    struct builder der;
    size_t tbs_size;
};

/* mtc_sample_init makes the keys, the certificate and the trust store; mtc_sample_clear must follow, after
 * a failure too. */
MUST_USE enum status mtc_sample_init(struct mtc_sample *sample, const struct mtc_sample_kind *kind,
                                     struct error *err);
void mtc_sample_clear(struct mtc_sample *sample);

/* mtc_sample_verify judges der as the client does. */
MUST_USE enum status mtc_sample_verify(struct mtc_sample *sample, struct bytes der, struct error *err);

#endif

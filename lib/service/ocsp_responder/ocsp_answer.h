/* ocsp_answer.h - what is said about certificates, and signed. Inside service/ocsp_responder; on the worker, but for
 * ocsp_answer_is_ours. */
#ifndef CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_ANSWER_H
#define CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_ANSWER_H

#include "crypto/hash.h"
#include "service/ocsp_responder/ocsp_cache.h"
#include "service/ocsp_responder/ocsp_responder.h"

/* A responder's certificate has little in it. */
#define OCSP_ANSWER_CERTIFICATE_MAX 8192
/* [BR 4.9.10]: every four days at least. */
#define OCSP_ANSWER_FRESH_MAX_S ((int64_t)4 * 86400)

/* How the CA is named, in each hash. */
struct ocsp_issuer {
    uint8_t name_hash[CERT_ID_HASH_COUNT][HASH_SIZE], key_hash[CERT_ID_HASH_COUNT][HASH_SIZE];
};

/* Who signs: changed on the worker alone. */
struct ocsp_signing {
    bool is_ready;
    struct document_signer signer;
    struct builder certificate; /* DER */
    struct bytes name;          /* its subject */
    int64_t not_after_s;        /* nothing is said beyond it */
};

MUST_USE enum status ocsp_answer_read_issuer(struct bytes name, struct bytes spki, struct ocsp_issuer *out, struct error *err);

/* ocsp_answer_is_ours: is it a certificate of this CA? */
bool ocsp_answer_is_ours(const struct ocsp_issuer *issuer, const struct cert_id *id);

MUST_USE enum status ocsp_answer_set_signer(struct ocsp_signing *signing, const struct document_signer *signer,
                                            struct bytes certificate, struct error *err);

/* ocsp_answer_make appends the response to a request about certificates of this CA. STATUS_NOT_FOUND: none of them was ever
 * issued; STATUS_AGAIN: nobody can sign now. */
MUST_USE enum status ocsp_answer_make(const struct ocsp_responder_config *config, const struct ocsp_signing *signing,
                                      const struct ocsp_request *request, struct builder *out, struct ocsp_answer_times *times,
                                      struct error *err);

#endif

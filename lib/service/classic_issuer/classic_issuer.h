/* classic_issuer.h - directly signed certificates: a root, an issuing CA below it, and leaves
 * [RFC5280 4], [BR 7.1.2]. No I/O but the object store of the issuing CA. */
#ifndef CATHAYA_SERVICE_CLASSIC_ISSUER_CLASSIC_ISSUER_H
#define CATHAYA_SERVICE_CLASSIC_ISSUER_CLASSIC_ISSUER_H

#include "crypto/key.h"
#include "policy/lint.h"
#include "ports/acme_issuer.h"
#include "ports/document_signer.h"
#include "ports/object_store.h"

/* URLs of a certificate's pointers. */
#define CLASSIC_URL_MAX 255
#define CLASSIC_CERTIFICATE_MAX 8192 /* of a CA */
/* Of a subscriber: 100 names of 253 bytes, a key, and an SCT list of 32. */
#define CLASSIC_LEAF_MAX (64 * 1024)
/* Of the organisation's and the CA's names. */
#define CLASSIC_NAME_MAX 64

/* What a CA certificate is made from. */
struct classic_ca_request {
    const char *country;      /* two letters */
    const char *organisation;
    const char *common_name;
    struct bytes spki;        /* of the new CA */
    int64_t not_before_s, not_after_s;
    bool is_intranet;         /* anyPolicy instead of the CABF's, no public pointers needed */
    bool has_client_auth;     /* below it may be clientAuth: the root program's RP-07, for SM2 alone */
    const char *issuer_url, *crl_url; /* where the issuer's certificate and CRL are; NULL for a root */
};

/* Who signs. Borrowed pointers. */
struct classic_authority {
    struct bytes subject; /* whole Name of the CA's certificate */
    struct bytes key_id;  /* its subjectKeyIdentifier */
    struct document_signer signer; /* signs TBSCertificates and TBSCertLists */
};

/* classic_authority_of reads what a signing CA needs from its own certificate; out borrows from der.
 * STATUS_REFUSED when the certificate is none of a CA, or not of this key. */
MUST_USE enum status classic_authority_of(struct bytes der, const struct document_signer *signer,
                                          struct classic_authority *out, struct error *err);

/* classic_write_root appends a self-signed root, classic_write_issuing_ca one that `root` signs: with
 * pathLenConstraint 0, serverAuth, and clientAuth when it is asked for. */
MUST_USE enum status classic_write_root(const struct classic_ca_request *request,
                                        const struct document_signer *signer, struct builder *out,
                                        struct error *err);
MUST_USE enum status classic_write_issuing_ca(const struct classic_ca_request *request,
                                              const struct classic_authority *root,
                                              struct builder *out, struct error *err);

/* What a leaf is made from. */
struct classic_leaf_request {
    const struct certificate_profile *profile;
    struct bytes general_names; /* contents of GeneralNames */
    const char *common_name;    /* NULL: an empty subject */
    struct bytes spki;
    int64_t not_before_s, not_after_s;
    const char *issuer_url, *ocsp_url; /* ocsp_url may be NULL */
    const char *crl_url; /* the shard of the serial number is at <crl_url>/<shard>.crl; NULL: no pointer */
};

/* The certificates above a leaf, DER. */
struct classic_issuers {
    struct bytes issuing, root; /* root empty: not known, and nothing is said about the path */
};

/* classic_write_leaf_tbs appends a TBSCertificate with a random serial number. What is signed is this, or what
 * precert_append_extension (rules/precert.h) makes of it: with the poison for a precertificate, with the SCT list afterwards. */
MUST_USE enum status classic_write_leaf_tbs(const struct classic_leaf_request *request, const struct classic_authority *authority,
                                            struct builder *out, struct error *err);

/* classic_lint_tbs reads a TBSCertificate as it will be signed and has it linted, with the path above it: lint has policy, names,
 * now_s, is_precert and are_names_validated; its other fields are filled here. STATUS_REFUSED with the rule. */
MUST_USE enum status classic_lint_tbs(struct bytes tbs, const struct certificate_profile *profile, const struct classic_issuers *issuers,
                                      struct lint_subject lint, struct error *err);

/* classic_sign_tbs appends the certificate of a TBSCertificate that was made for this authority. */
MUST_USE enum status classic_sign_tbs(struct bytes tbs, const struct classic_authority *authority, struct builder *out,
                                      struct error *err);

#endif

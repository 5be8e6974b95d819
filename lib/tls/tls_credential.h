/* tls_credential.h - what a TLS server shows to be somebody: a chain, its private key, and what goes along.
 *
 * Immutable and counted, and the count is atomic: threads share a credential. What kind it is follows from
 * the leaf: a Merkle Tree Certificate is one that says id-alg-mtcProof, GM is one with an SM2 key, and a
 * landmark-relative one has the property trust_anchor_negotiation [TAI 7], [MTC 8.2].
 */
#ifndef CATHAYA_TLS_TLS_CREDENTIAL_H
#define CATHAYA_TLS_TLS_CREDENTIAL_H

#include "codec/properties/properties.h"
#include "rules/certificate_choice.h"
#include "tls/remote_key.h"

/* Certificates in a file; public CAs send up to four. */
#define TLS_CREDENTIAL_CHAIN_MAX 10
#define TLS_CREDENTIAL_PEM_MAX ((size_t)1024 * 1024)
/* DNS names and addresses in a leaf: what public CAs allow [Let's Encrypt: 100]. */
#define TLS_CREDENTIAL_NAMES_MAX 100
/* A basic response with a delegate's ML-DSA certificate has some 12 KiB. */
#define TLS_CREDENTIAL_OCSP_MAX 65535
#define TLS_CREDENTIAL_SCTS_MAX 65535

struct tls_credential;

/* All is copied, but the remote signer's context. Exactly one of the three keys is there. */
struct tls_credential_settings {
    /* PEM, the leaf first. A CERTIFICATE PROPERTIES block in front of it is read
     * (application/pem-certificate-chain-with-properties). Of an MTC only the leaf is sent: what follows it
     * is the CA certificate, which the client has [MTC 8.1]. */
    struct bytes chain_pem;

    struct bytes key_pem;               /* PKCS#8, not encrypted */
    const char *key_uri, *key_provider; /* of OpenSSL's store; provider "" or NULL: none is loaded */
    const struct remote_signer *key_remote;

    /* A CertificatePropertyList, where it is kept beside the chain. Both here and in chain_pem: they must be
     * the same. An MTC without properties is refused: nobody could choose it. */
    struct bytes properties;

    /* An OCSP response in DER, stapled for who asks: of this leaf, signed by its issuer or a delegate, "good",
     * and current at now_s. Needs the issuer in chain_pem. */
    struct bytes ocsp;
    int64_t now_s;

    /* A SignedCertificateTimestampList for the TLS extension; empty: that of property 0xFF01, if any. */
    struct bytes sct_list;
};

/* tls_credential_new reads, checks and derives. STATUS_USAGE when something cannot be read, is not what it
 * should be, or key and leaf do not belong together; STATUS_NOT_FOUND and the like as private_key_from_uri.
 * A certificate that has expired is fine here: it is never chosen. Not thread-safe with a provider. */
MUST_USE enum status tls_credential_new(const struct tls_credential_settings *settings,
                                        struct tls_credential **out, struct error *err);

/* tls_credential_new_public reads a chain and what stands beside it in the same way, without a key: facts for the
 * choice alone (rules/certificate_choice.h). Sites refuse it. */
MUST_USE enum status tls_credential_new_public(struct bytes chain_pem, struct bytes properties,
                                               struct tls_credential **out, struct error *err);

/* tls_credential_with_ocsp gives the same credential with another OCSP response (empty: none): a new one,
 * which has a count of its own. STATUS_REFUSED when it is true that the certificate is revoked, STATUS_USAGE for what
 * else is not to be stapled. */
MUST_USE enum status tls_credential_with_ocsp(const struct tls_credential *credential, struct bytes ocsp,
                                              int64_t now_s, struct tls_credential **out,
                                              struct error *err);

/* tls_credential_ocsp_request appends an OCSPRequest about the leaf, without a nonce, so that a responder may answer what
 * it has ready [RFC9654], [RFC5019 2.1]: SHA-1 in the CertID, which every responder knows. STATUS_USAGE when the chain
 * lacks the issuer. */
MUST_USE enum status tls_credential_ocsp_request(const struct tls_credential *credential, struct builder *out,
                                                 struct error *err);

/* tls_credential_keep gives the same credential again; each needs its tls_credential_free. NULL is fine. */
struct tls_credential *tls_credential_keep(struct tls_credential *credential);
void tls_credential_free(struct tls_credential *credential);

/* What is known about a credential. Everything borrows from it. */
struct tls_credential_facts {
    enum credential_kind kind;
    const char *key_type;         /* for people: "SM2", "P-256", "RSA-2048" */
    int64_t not_before_s, not_after_s;
    const struct bytes *names;    /* of the subjectAltName: DNS names, and addresses as text */
    size_t name_count;
    size_t chain_count;           /* certificates that are sent */
    size_t chain_len;             /* their bytes */
    struct bytes leaf;            /* DER */
    uint8_t fingerprint[32];      /* SHA-256 of the leaf */
    const struct properties *properties; /* NULL: none */
    bool has_scts;
    bool has_ocsp;
    int64_t ocsp_until_s;         /* nextUpdate; ten days after thisUpdate when the response has none */
    const struct choice_candidate *candidate; /* as certificate_choice_make and choice_explain want it */
    const char *ocsp_url;         /* of the leaf's AIA: where to ask; NULL: nowhere */
};

const struct tls_credential_facts *tls_credential_facts(const struct tls_credential *credential);

#endif

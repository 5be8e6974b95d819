/* tls_credential_parts.h - the inside of a credential. Private to tls/. */
#ifndef CATHAYA_TLS_TLS_CREDENTIAL_PARTS_H
#define CATHAYA_TLS_TLS_CREDENTIAL_PARTS_H

#include <stdatomic.h>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "crypto/subject_key.h"
#include "tls/tls_credential.h"

struct tls_credential {
    atomic_size_t count;
    X509 *leaf;
    STACK_OF(X509) *rest;  /* what is sent behind the leaf; NULL or empty: nothing */
    X509 *issuer;          /* for OCSP; NULL: not there */
    EVP_PKEY *key;
    bool is_tls13_only;    /* what has the key signs nothing else */

    struct tls_credential_facts facts;
    struct choice_candidate candidate;
    uint16_t chain_schemes[TLS_CREDENTIAL_CHAIN_MAX];
    char key_type[SUBJECT_KEY_TEXT_SIZE];
    struct properties *properties;
    struct builder properties_der; /* what *properties borrows from */
    struct bytes leaf_der;         /* OPENSSL_malloc */
    struct builder name_text;      /* what names borrow from */
    struct bytes names[TLS_CREDENTIAL_NAMES_MAX];
    struct builder sct_list, ocsp;
    char *ocsp_url;
};

/* ---- credential_chain.c: from PEM to everything that stands in it ---- */

/* credential_chain_read fills leaf, rest, issuer, properties, the candidate and the facts that follow. */
MUST_USE enum status credential_chain_read(struct tls_credential *c, struct bytes pem,
                                           struct bytes properties, struct error *err);

/* credential_chain_describe fills what follows from leaf, rest and properties: of a copy too. */
MUST_USE enum status credential_chain_describe(struct tls_credential *c, struct error *err);

/* ---- credential_key.c ---- */

/* credential_key_open opens the private key, which has to be the leaf's. */
MUST_USE enum status credential_key_open(struct tls_credential *c,
                                         const struct tls_credential_settings *settings, struct error *err);

/* ---- credential_ocsp.c ---- */

/* credential_ocsp_take checks a response and keeps it. */
MUST_USE enum status credential_ocsp_take(struct tls_credential *c, struct bytes der, int64_t now_s,
                                          struct error *err);

#endif

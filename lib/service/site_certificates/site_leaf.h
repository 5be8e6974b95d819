/* site_leaf.h - what is known of a chain that an issuer gave: properties, times, keys, names of its leaf. Pure. */
#ifndef CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_LEAF_H
#define CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_LEAF_H

#include "codec/properties/properties.h"
#include "codec/x509/certificate.h"
#include "service/site_certificates/site_certificates.h"

/* base64url of a key identifier and of a serial number, which have 20 bytes each as a rule, a dot and NUL. */
#define SITE_LEAF_ID_SIZE 256
#define SITE_LEAF_SERIAL_SIZE 64

struct site_leaf {
    struct builder chain;      /* PEM: certificates alone */
    struct builder properties; /* CertificatePropertyList; empty: none */
    struct builder der;        /* of the leaf */
    int64_t not_before_s, not_after_s;
    bool is_mtc, is_gm;        /* id-alg-mtcProof; an SM2 key */
    bool has_negotiation;      /* relative to a landmark */
    bool has_scts;             /* beside it, in its properties */
    uint64_t landmark;         /* its number, when so */
    char id[SITE_LEAF_ID_SIZE];         /* for ARI; "": no AKI */
    char serial[SITE_LEAF_SERIAL_SIZE]; /* for people */
    char ocsp_url[SITE_URL_SIZE];       /* "": none */
    bool has_hash;
    uint8_t hash[32];                   /* SHA-256 of chain and properties */
};

void site_leaf_init(struct site_leaf *leaf);
void site_leaf_clear(struct site_leaf *leaf);

/* site_leaf_read takes a PEM text apart: CERTIFICATE PROPERTIES (at most one, in front), leaf, intermediates.
 * STATUS_MALFORMED with the reason; leaf is to be cleared then too. */
MUST_USE enum status site_leaf_read(struct bytes pem, struct site_leaf *leaf, struct error *err);

/* site_leaf_check: does it fit the kind, the private key (PEM; empty: not looked at) and the time? STATUS_REFUSED with
 * the reason. */
MUST_USE enum status site_leaf_check(const struct site_leaf *leaf, enum site_kind kind, struct bytes key_pem, int64_t now_s,
                                     struct error *err);

/* site_leaf_is_same_entry: is one the other form of the same certificate: the same but for its signature? */
bool site_leaf_is_same_entry(const struct site_leaf *a, const struct site_leaf *b);

/* site_leaf_covers: is this name (a wildcard too), or numeric address, in the certificate or covered by it? */
bool site_leaf_covers(const struct site_leaf *leaf, const char *name);

#endif

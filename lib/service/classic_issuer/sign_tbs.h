/* sign_tbs.h - putting a TBSCertificate together and signing it; private to service/classic_issuer. */
#ifndef CATHAYA_SERVICE_CLASSIC_ISSUER_SIGN_TBS_H
#define CATHAYA_SERVICE_CLASSIC_ISSUER_SIGN_TBS_H

#include "service/classic_issuer/classic_issuer.h"

/* A key identifier is the leftmost 160 bits of SHA-256 over the key [RFC7093 2]: a label. */
#define CLASSIC_KEY_ID_SIZE 20
/* 128 random bits; [BR 7.1.2.7] asks for 64. */
#define CLASSIC_SERIAL_SIZE 16

struct sign_tbs {
    uint8_t serial[CLASSIC_SERIAL_SIZE];
    struct bytes subject;    /* whole Name */
    struct bytes spki;       /* whole */
    struct bytes extensions; /* contents of Extensions */
    int64_t not_before_s, not_after_s;
};

MUST_USE enum status sign_tbs_key_id(struct bytes spki, uint8_t out[CLASSIC_KEY_ID_SIZE],
                                     struct error *err);

/* sign_tbs_new_serial fills serial: positive, and always as long. */
MUST_USE enum status sign_tbs_new_serial(struct sign_tbs *tbs, struct error *err);

/* sign_tbs_write_body appends the TBSCertificate, sign_tbs_write the signed certificate. */
MUST_USE enum status sign_tbs_write_body(const struct sign_tbs *tbs, const struct classic_authority *authority,
                                         struct builder *out, struct error *err);
MUST_USE enum status sign_tbs_write(const struct sign_tbs *tbs,
                                    const struct classic_authority *authority, struct builder *out,
                                    struct error *err);

/* sign_tbs_wrap appends a Certificate of these parts; the value is the signature's bytes. */
MUST_USE enum status sign_tbs_wrap(struct bytes body, struct bytes algorithm, struct bytes value, struct builder *out,
                                   struct error *err);

#endif

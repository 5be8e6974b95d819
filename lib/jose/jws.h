/* jws.h - the JSON Web Signatures of ACME: flattened JSON, one signature, everything protected
 * [RFC7515 7.2.2] [RFC8555 6.2]. Parsing only; who verifies has the key. */
#ifndef CATHAYA_JOSE_JWS_H
#define CATHAYA_JOSE_JWS_H

#include "jose/jwk.h"

/* An RSA key of 8192 bits as JWK, a URL and a nonce, in base64url, with room. */
#define JWS_PROTECTED_MAX 8192
/* A CSR of 100 names with an ML-DSA-87 key is 12 kB, in base64url in JSON 16 kB, in base64url 22 kB. */
#define JWS_PAYLOAD_MAX 65536
#define JWS_URL_MAX 2048
#define JWS_KID_MAX 2048
#define JWS_NONCE_MAX 128

enum jws_kind {
    JWS_REQUEST,    /* of a client: nonce, url, and a jwk or a kid; alg is a signature's [RFC8555 6.2] */
    JWS_KEY_CHANGE, /* inner one: url, jwk, no nonce [RFC8555 7.3.5] */
    JWS_EAB         /* url, kid, no nonce; alg is a MAC [RFC8555 7.3.4] */
};

/* What is wrong, as far as a client is told different things. */
enum jws_fault { JWS_FAULT_MALFORMED, JWS_FAULT_ALGORITHM, JWS_FAULT_KEY, JWS_FAULT_NONCE };

struct jws {
    enum jws_alg alg;
    const char *url;
    const char *nonce; /* NULL unless JWS_REQUEST */
    const char *kid;   /* NULL when there is a jwk */
    struct jwk jwk;    /* alg 0 when there is a kid */
    struct bytes signing_input, payload;
    uint8_t signature[JWS_SIGNATURE_MAX];
    size_t signature_len;
    json_t *header;         /* what the strings above borrow from */
    struct builder texts[2]; /* signing input, payload */
};

/* jws_parse reads body; jws_parse_value one that is a part of other JSON. *fault says what is wrong
 * (STATUS_MALFORMED, STATUS_REFUSED, STATUS_LIMIT). jws_clear must follow in every case. */
MUST_USE enum status jws_parse(enum jws_kind kind, struct bytes body, struct jws *out,
                               enum jws_fault *fault, struct error *err);
MUST_USE enum status jws_parse_value(enum jws_kind kind, const json_t *value, struct jws *out,
                                     enum jws_fault *fault, struct error *err);
void jws_clear(struct jws *jws);

#endif

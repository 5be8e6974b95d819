/* Flattened JSON Web Signatures, as each of the three kinds; the first byte says which. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "jose/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum jws_kind kind = (enum jws_kind)(data[0] % 3);
    struct error err;
    struct jws jws;
    enum jws_fault fault;
    enum status status = jws_parse(kind, bytes_of(data + 1, size - 1), &jws, &fault, &err);
    if (status == STATUS_OK) {
        require(jws.url != NULL && (jws.nonce != NULL) == (kind == JWS_REQUEST));
        require((jws.kid != NULL) == (jws.jwk.alg == 0));
        require(jws_key_alg_is_mac(jws.alg) == (kind == JWS_EAB));
        require(kind != JWS_KEY_CHANGE || jws.kid == NULL);
        require(memchr(jws.signing_input.data, '.', jws.signing_input.len) != NULL);
        require(jws.signature_len <= JWS_SIGNATURE_MAX && jws.payload.len <= JWS_PAYLOAD_MAX);
    } else {
        require(status == STATUS_REFUSED || status == STATUS_MALFORMED || status == STATUS_LIMIT);
        require(err.status == status && err.text[0] != '\0');
    }
    jws_clear(&jws);
    return 0;
}

/* Public keys as JSON: what is read is written in one form, which is read to the same. */
#include "fuzz/fuzz_checks.h"

#include "jose/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct jwk jwk, again;
    enum status status = jwk_parse_text(bytes_of(data, size), &jwk, &err);
    if (status != STATUS_OK) {
        require(status == STATUS_REFUSED || status == STATUS_MALFORMED || status == STATUS_LIMIT);
        require(err.status == status && err.text[0] != '\0');
        return 0;
    }
    struct builder first, second;
    builder_init(&first, JWK_TEXT_MAX);
    builder_init(&second, JWK_TEXT_MAX);
    jwk_write(&jwk, &first);
    require(jwk_parse_text(builder_view(&first), &again, &err) == STATUS_OK);
    jwk_write(&again, &second);
    require_same(&second, builder_view(&first));
    builder_clear(&first);
    struct jws_key *key;
    if (jwk_key(&jwk, &key, &err) == STATUS_OK) {
        require(jws_key_alg(key) == jwk.alg);
        require(jws_key_verify(key, bytes_of(data, size), bytes_of(jwk.main, jwk.main_len), NULL) != STATUS_OK);
        jws_key_free(key);
    }
    return 0;
}

#include "jose/jwk.h"

#include "unit/checks.h"

#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC(x, y) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define N                                                                                            \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst"  \
    "n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr"  \
    "n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

static void good(const char *text, const char *canonical, const char *thumbprint)
{
    struct error err;
    struct jwk jwk;
    OK(jwk_parse_text(bytes_of_text(text), &jwk, &err));
    struct builder b;
    builder_init(&b, JWK_TEXT_MAX);
    jwk_write(&jwk, &b);
    assert_bytes(builder_view(&b), bytes_of_text(canonical));
    struct jwk again;
    OK(jwk_parse_text(builder_view(&b), &again, &err));
    uint8_t print[HASH_SIZE];
    OK(jwk_thumbprint(&again, print, &err));
    if (thumbprint != NULL) {
        builder_reset(&b);
        text_write_base64url(&b, BYTES_OF(print));
        assert_bytes(builder_view(&b), bytes_of_text(thumbprint));
    }
    struct jws_key *key;
    OK(jwk_key(&jwk, &key, &err));
    assert_int_equal(jws_key_alg(key), jwk.alg);
    jws_key_free(key);
    builder_clear(&b);
}

static void good_ones(void **state)
{
    (void)state;
    /* [RFC7638 3.1] */
    good("{\"kty\": \"RSA\", \"n\": \"" N "\", \"e\": \"AQAB\", \"alg\": \"RS256\", \"kid\": \"2011-04-29\"}",
         "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" N "\"}", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    /* [RFC8037 A.3] */
    good("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"use\":\"sig\"}",
         "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
         "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    good(EC(X, Y), "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}", NULL);
    /* The generator of P-384. */
    good("{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3\","
         "\"y\":\"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f\"}",
         "{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3\","
         "\"y\":\"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f\"}",
         NULL);
}

static void bad_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        const char *reason;
    } cases[] = {
        {"", STATUS_MALFORMED, "not a JSON"},
        {"[]", STATUS_MALFORMED, "not an object"},
        {"{}", STATUS_MALFORMED, "\"kty\" is missing"},
        {"{\"kty\":1}", STATUS_MALFORMED, "\"kty\" is missing"},
        {"{\"kty\":\"EC\",\"kty\":\"EC\"}", STATUS_MALFORMED, "not a JSON"},
        {"{\"kty\":\"EC\"}", STATUS_MALFORMED, "\"crv\" is missing"},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", STATUS_MALFORMED, "private"},
        {"{\"kty\":\"oct\",\"crv\":\"P-256\"}", STATUS_REFUSED, "not taken"},
        {"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" X "\",\"y\":\"" Y "\"}", STATUS_REFUSED, "not taken"},
        {"{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}", STATUS_REFUSED, "not taken"},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}", STATUS_REFUSED, "not taken"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}", STATUS_MALFORMED, "\"y\" is missing"},
        {EC(X "=", Y), STATUS_MALFORMED, "base64url"},
        {EC("AAAA", Y), STATUS_MALFORMED, "\"x\" does not have the length"},
        {EC(X, "AAAA"), STATUS_MALFORMED, "\"y\" does not have the length"},
        {EC(X, Y "AAAA" Y), STATUS_REFUSED, "longer than 48"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"d\":\"AA\"}", STATUS_MALFORMED, "\"d\" is a part of a private"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"alg\":\"ES384\"}", STATUS_MALFORMED, "\"alg\""},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"use\":\"enc\"}", STATUS_MALFORMED, "\"use\""},
        {"{\"kty\":\"RSA\",\"n\":\"" N "\"}", STATUS_MALFORMED, "\"e\" is missing"},
        {"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", STATUS_MALFORMED, "empty"},
        {"{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AAEAAQ\"}", STATUS_MALFORMED, "zero byte"},
        {"{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAB\",\"p\":\"AQAB\"}", STATUS_MALFORMED, "private"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct error err;
        struct jwk jwk;
        struct bytes text = heap_copy(bytes_of_text(cases[i].text));
        assert_says(jwk_parse_text(text, &jwk, &err), &err, cases[i].status, cases[i].reason);
        heap_free(text);
    }
}

static void numbers_that_are_no_key(void **state)
{
    (void)state;
    struct error err;
    struct jwk jwk;
    struct jws_key *key;
    OK(jwk_parse_text(bytes_of_text(EC(X, X)), &jwk, &err));
    assert_says(jwk_key(&jwk, &key, &err), &err, STATUS_REFUSED, "no good public key");
    OK(jwk_parse_text(bytes_of_text("{\"kty\":\"RSA\",\"n\":\"" X "\",\"e\":\"AQAB\"}"), &jwk, &err));
    assert_says(jwk_key(&jwk, &key, &err), &err, STATUS_REFUSED, "255 bits");
    char *large = calloc(1, 9000);
    assert_non_null(large);
    memset(large, ' ', 8999);
    assert_says(jwk_parse_text(bytes_of_text(large), &jwk, &err), &err, STATUS_LIMIT, "8192");
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),
        cmocka_unit_test(bad_ones),
        cmocka_unit_test(numbers_that_are_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

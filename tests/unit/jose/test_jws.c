#include "jose/jws.h"

#include "unit/checks.h"

#define JWK                                                                                          \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","        \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define URL "\"url\":\"https://ca.example/x\""
#define REQUEST(rest) "{\"alg\":\"ES256\",\"nonce\":\"Zm9v\"," URL rest "}"

/* The flattened JWS of a protected header, with extra members. */
static struct bytes make(const char *header, const char *payload, const char *extra)
{
    struct builder b;
    builder_init(&b, 1 << 20);
    builder_text(&b, "{\"protected\":\"");
    text_write_base64url(&b, bytes_of_text(header));
    builder_printf(&b, "\",\"payload\":\"%s\",\"signature\":\"AAECAw\"%s}", payload, extra);
    assert_true(builder_is_good(&b));
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

static void requests(void **state)
{
    (void)state;
    struct error err;
    struct jws jws;
    enum jws_fault fault;
    struct bytes body = make(REQUEST(",\"kid\":\"https://ca.example/account/1\""), "Zm9v", "");
    OK(jws_parse(JWS_REQUEST, body, &jws, &fault, &err));
    assert_string_equal(jws.kid, "https://ca.example/account/1");
    assert_string_equal(jws.url, "https://ca.example/x");
    assert_string_equal(jws.nonce, "Zm9v");
    assert_int_equal(jws.alg, JWS_ES256);
    assert_int_equal(jws.jwk.alg, 0);
    assert_bytes(jws.payload, bytes_of_text("foo"));
    assert_hex(bytes_of(jws.signature, jws.signature_len), "00010203");
    assert_true(jws.signing_input.data[jws.signing_input.len - 5] == '.');
    jws_clear(&jws);
    heap_free(body);
    body = make(REQUEST(",\"typ\":\"JWT\",\"jwk\":" JWK), "", ",\"more\":1");
    OK(jws_parse(JWS_REQUEST, body, &jws, &fault, &err));
    assert_null(jws.kid);
    assert_int_equal(jws.jwk.alg, JWS_ES256);
    assert_int_equal(jws.payload.len, 0);
    jws_clear(&jws);
    heap_free(body);
}

static void inner_ones(void **state)
{
    (void)state;
    struct error err;
    struct jws jws;
    enum jws_fault fault;
    struct bytes body = make("{\"alg\":\"ES256\"," URL ",\"jwk\":" JWK "}", "Zm9v", "");
    OK(jws_parse(JWS_KEY_CHANGE, body, &jws, &fault, &err));
    assert_null(jws.nonce);
    jws_clear(&jws);
    heap_free(body);
    body = make("{\"alg\":\"HS512\"," URL ",\"kid\":\"k\"}", "Zm9v", "");
    OK(jws_parse(JWS_EAB, body, &jws, &fault, &err));
    assert_int_equal(jws.alg, JWS_HS512);
    jws_clear(&jws);
    heap_free(body);
}

static void refuse(enum jws_kind kind, struct bytes body, enum jws_fault fault, const char *reason)
{
    struct error err;
    struct jws jws;
    enum jws_fault got;
    enum status s = jws_parse(kind, body, &jws, &got, &err);
    if (s == STATUS_OK || got != fault || strstr(err.text, reason) == NULL)
        fail_msg("%s: fault %d, %s; want %d, ...%s...", status_name(s), got, err.text, fault, reason);
    jws_clear(&jws);
    heap_free(body);
}

static void bad_headers(void **state)
{
    (void)state;
    static const struct {
        enum jws_kind kind;
        const char *header;
        enum jws_fault fault;
        const char *reason;
    } cases[] = {
        {JWS_REQUEST, "", JWS_FAULT_MALFORMED, "not a JSON object"},
        {JWS_REQUEST, "[]", JWS_FAULT_MALFORMED, "not a JSON object"},
        {JWS_REQUEST, "{}", JWS_FAULT_MALFORMED, "\"alg\" is missing"},
        {JWS_REQUEST, "{\"alg\":\"ES256\",\"alg\":\"ES256\"}", JWS_FAULT_MALFORMED, "not a JSON object"},
        {JWS_REQUEST, "{\"alg\":\"ES256\"}", JWS_FAULT_MALFORMED, "\"url\" is missing"},
        {JWS_REQUEST, "{\"alg\":\"none\"," URL "}", JWS_FAULT_ALGORITHM, "must be ES256"},
        {JWS_REQUEST, "{\"alg\":\"HS256\"," URL "}", JWS_FAULT_ALGORITHM, "must be ES256"},
        {JWS_REQUEST, "{\"alg\":\"PS256\"," URL "}", JWS_FAULT_ALGORITHM, "must be ES256"},
        {JWS_REQUEST, REQUEST(",\"crit\":[\"b64\"],\"b64\":false"), JWS_FAULT_MALFORMED, "crit"},
        {JWS_REQUEST, REQUEST(",\"b64\":true"), JWS_FAULT_MALFORMED, "b64"},
        {JWS_REQUEST, REQUEST(""), JWS_FAULT_MALFORMED, "either \"jwk\" or \"kid\""},
        {JWS_REQUEST, REQUEST(",\"kid\":\"x\",\"jwk\":" JWK), JWS_FAULT_MALFORMED, "not both"},
        {JWS_REQUEST, REQUEST(",\"kid\":7"), JWS_FAULT_MALFORMED, "\"kid\""},
        {JWS_REQUEST, REQUEST(",\"jwk\":7"), JWS_FAULT_MALFORMED, "not an object"},
        {JWS_REQUEST, REQUEST(",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-521\"}"), JWS_FAULT_KEY, "not taken"},
        {JWS_REQUEST, "{\"alg\":\"ES384\",\"nonce\":\"Zm9v\"," URL ",\"jwk\":" JWK "}", JWS_FAULT_MALFORMED, "does not belong"},
        {JWS_REQUEST, "{\"alg\":\"ES256\"," URL ",\"kid\":\"x\"}", JWS_FAULT_NONCE, "\"nonce\" is missing"},
        {JWS_REQUEST, "{\"alg\":\"ES256\"," URL ",\"kid\":\"x\",\"nonce\":\"a+b\"}", JWS_FAULT_MALFORMED, "base64url"},
        {JWS_REQUEST, "{\"alg\":\"ES256\"," URL ",\"kid\":\"x\",\"nonce\":7}", JWS_FAULT_MALFORMED, "nonce"},
        {JWS_KEY_CHANGE, REQUEST(",\"jwk\":" JWK), JWS_FAULT_MALFORMED, "\"nonce\" is not allowed"},
        {JWS_KEY_CHANGE, "{\"alg\":\"ES256\"," URL ",\"kid\":\"x\"}", JWS_FAULT_MALFORMED, "must be the new key"},
        {JWS_EAB, "{\"alg\":\"ES256\"," URL ",\"kid\":\"x\"}", JWS_FAULT_ALGORITHM, "HS256"},
        {JWS_EAB, "{\"alg\":\"none\"," URL ",\"kid\":\"x\"}", JWS_FAULT_ALGORITHM, "HS256"},
        {JWS_EAB, "{\"alg\":\"HS256\"," URL ",\"jwk\":" JWK "}", JWS_FAULT_MALFORMED, "must name"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        refuse(cases[i].kind, make(cases[i].header, "", ""), cases[i].fault, cases[i].reason);
}

static void bad_bodies(void **state)
{
    (void)state;
    const char *good = REQUEST(",\"kid\":\"x\"");
    refuse(JWS_REQUEST, make(good, "", ",\"header\":{}"), JWS_FAULT_MALFORMED, "unprotected");
    refuse(JWS_REQUEST, make(good, "", ",\"signatures\":[]"), JWS_FAULT_MALFORMED, "signatures");
    refuse(JWS_REQUEST, make(good, "", ",\"payload\":\"\""), JWS_FAULT_MALFORMED, "not a JSON");
    refuse(JWS_REQUEST, make(good, "Zm9", ""), JWS_FAULT_MALFORMED, "\"payload\" is not base64url");
    refuse(JWS_REQUEST, make(good, "Zm8=", ""), JWS_FAULT_MALFORMED, "\"payload\" is not base64url");
    static const char *const texts[] = {
        "", "x", "[]", "{}", "{\"protected\":\"e30\",\"payload\":\"\"}",
        "{\"protected\":\"e30\",\"signature\":\"AA\"}", "{\"protected\":\"e3\",\"payload\":\"\",\"signature\":\"AA\"}",
        "{\"protected\":\"e30\",\"payload\":\"\",\"signature\":\"A\"}", "{\"protected\":\"e30\",\"payload\":{},\"signature\":\"AA\"}",
        "{\"protected\":\"e30\",\"payload\":\"\",\"signature\":\"AA\"} x", "eyJhbGciOiJFUzI1NiJ9.e30.AA",
    };
    for (size_t i = 0; i < LENGTH(texts); i++)
        refuse(JWS_REQUEST, heap_copy(bytes_of_text(texts[i])), JWS_FAULT_MALFORMED, "JWS: ");
}

static void limits(void **state)
{
    (void)state;
    char *large = calloc(1, 100000);
    assert_non_null(large);
    memset(large, 'A', JWS_PAYLOAD_MAX + 4);
    refuse(JWS_REQUEST, make(REQUEST(",\"kid\":\"x\""), large, ""), JWS_FAULT_MALFORMED, "longer than");
    memset(large, ' ', 99999);
    refuse(JWS_REQUEST, heap_copy(bytes_of_text(large)), JWS_FAULT_MALFORMED, "longer than");
    large[JWS_PROTECTED_MAX + 1] = '\0';
    refuse(JWS_REQUEST, make(large, "", ""), JWS_FAULT_MALFORMED, "longer than");
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),   cmocka_unit_test(inner_ones), cmocka_unit_test(bad_headers),
        cmocka_unit_test(bad_bodies), cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "crypto/jws_key.h"

#include "unit/checks.h"

static struct bytes b64(const char *text)
{
    struct builder b;
    builder_init(&b, 4096);
    assert_true(text_parse_base64url(bytes_of_text(text), &b));
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

static void check(struct jws_key *key, const char *message, const char *signature)
{
    struct error err;
    struct bytes m = bytes_of_text(message), s = b64(signature);
    OK(jws_key_verify(key, m, s, &err));
    assert_says(jws_key_verify(key, bytes_of(m.data, m.len - 1), s, &err), &err, STATUS_REFUSED, "not of this message");
    uint8_t *wrong = (uint8_t *)(uintptr_t)s.data;
    for (size_t i = 0; i < s.len; i += s.len / 2 - 1) {
        wrong[i] ^= 1;
        assert_int_equal(jws_key_verify(key, m, s, NULL), STATUS_REFUSED);
        wrong[i] ^= 1;
    }
    assert_int_equal(jws_key_verify(key, m, bytes_of(s.data, s.len - 1), NULL), STATUS_REFUSED);
    assert_int_equal(jws_key_verify(key, m, bytes_of(NULL, 0), NULL), STATUS_REFUSED);
    /* Zeros: an ECDSA signature that careless libraries have taken for good. */
    memset(wrong, 0, s.len);
    assert_int_equal(jws_key_verify(key, m, s, NULL), STATUS_REFUSED);
    heap_free(s);
}

/* [RFC7515 A.3] */
static void es256(void **state)
{
    (void)state;
    struct error err;
    struct bytes x = b64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    struct bytes y = b64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    struct jws_key *key;
    OK(jws_key_new_ec(JWS_ES256, x, y, &key, &err));
    check(key,
          "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb"
          "S9pc19yb290Ijp0cnVlfQ",
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    assert_int_equal(jws_key_alg(key), JWS_ES256);
    assert_int_equal(jws_key_spki(key).len, 91);
    assert_memory_equal(jws_key_spki(key).data + 27, x.data, 32);
    jws_key_free(jws_key_ref(key));
    assert_int_equal(jws_key_alg(key), JWS_ES256);
    jws_key_free(key);

    assert_says(jws_key_new_ec(JWS_ES256, x, x, &key, &err), &err, STATUS_REFUSED, "no good public key");
    assert_null(key);
    assert_says(jws_key_new_ec(JWS_ES384, x, y, &key, &err), &err, STATUS_MALFORMED, "48 bytes, not 32 and 32");
    assert_int_equal(jws_key_new_ec(JWS_ES256, x, bytes_of(y.data, 31), &key, NULL), STATUS_MALFORMED);
    heap_free(x);
    heap_free(y);
}

/* [RFC8037 A.4] */
static void eddsa(void **state)
{
    (void)state;
    struct error err;
    struct bytes x = b64("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    struct jws_key *key;
    OK(jws_key_new_ed25519(x, &key, &err));
    check(key, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
          "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    jws_key_free(key);
    assert_says(jws_key_new_ed25519(bytes_of(x.data, 31), &key, &err), &err, STATUS_MALFORMED, "32 bytes, not 31");
    heap_free(x);
    jws_key_free(NULL);
}

/* [RFC7638 3.1] has a good modulus. */
static void rsa_numbers(void **state)
{
    (void)state;
    struct error err;
    struct jws_key *key;
    struct bytes n = b64(
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst"
        "n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr"
        "n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw");
    struct bytes e = bytes_of("\x01\x00\x01", 3);
    OK(jws_key_new_rsa(n, e, &key, &err));
    assert_int_equal(jws_key_alg(key), JWS_RS256);
    assert_int_equal(jws_key_verify(key, e, n, NULL), STATUS_REFUSED);
    jws_key_free(key);
    assert_says(jws_key_new_rsa(bytes_of(n.data, 255), e, &key, &err), &err, STATUS_REFUSED, "2040 bits");
    assert_says(jws_key_new_rsa(n, bytes_of("\x00\x01\x00\x01", 4), &key, &err), &err, STATUS_MALFORMED, "zero byte");
    assert_says(jws_key_new_rsa(n, bytes_of("\x01", 1), &key, &err), &err, STATUS_REFUSED, "exponent");
    assert_says(jws_key_new_rsa(n, bytes_of("\x04", 1), &key, &err), &err, STATUS_REFUSED, "even");
    assert_says(jws_key_new_rsa(n, bytes_of("\x01\x00\x00\x00\x01", 5), &key, &err), &err, STATUS_REFUSED, "exponent");
    assert_int_equal(jws_key_new_rsa(bytes_of(NULL, 0), e, &key, NULL), STATUS_MALFORMED);
    uint8_t large[1025];
    memset(large, 0xff, sizeof large);
    assert_says(jws_key_new_rsa(BYTES_OF(large), e, &key, &err), &err, STATUS_REFUSED, "8200 bits");
    heap_free(n);
}

/* [RFC7515 A.1], [RFC4231 4.3] */
static void macs(void **state)
{
    (void)state;
    struct error err;
    uint8_t mac[JWS_MAC_MAX];
    size_t len;
    struct bytes secret = b64("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    OK(jws_key_mac(JWS_HS256, secret,
                   bytes_of_text("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly"
                                 "9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"),
                   mac, &len, &err));
    struct bytes want = b64("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_bytes(bytes_of(mac, len), want);
    heap_free(want);
    heap_free(secret);
    OK(jws_key_mac(JWS_HS384, bytes_of_text("Jefe"), bytes_of_text("what do ya want for nothing?"), mac, &len, &err));
    assert_hex(bytes_of(mac, len), "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
    OK(jws_key_mac(JWS_HS512, bytes_of_text("Jefe"), bytes_of_text("what do ya want for nothing?"), mac, &len, &err));
    assert_int_equal(len, 64);
    assert_int_equal(jws_key_mac(JWS_ES256, bytes_of_text("Jefe"), want, mac, &len, NULL), STATUS_USAGE);
    assert_int_equal(jws_key_mac(JWS_HS256, bytes_of(NULL, 0), bytes_of_text("x"), mac, &len, NULL), STATUS_USAGE);
}

static void names(void **state)
{
    (void)state;
    for (enum jws_alg alg = JWS_ES256; alg <= JWS_HS512; alg++)
        assert_int_equal(jws_key_alg_parse(jws_key_alg_name(alg)), alg);
    static const char *const unknown[] = {"none", "", "es256", "ES512", "ES256 ", "PS256", "SM2"};
    for (size_t i = 0; i < LENGTH(unknown); i++)
        assert_int_equal(jws_key_alg_parse(unknown[i]), 0);
    assert_true(jws_key_alg_is_mac(JWS_HS256));
    assert_false(jws_key_alg_is_mac(JWS_EDDSA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(es256), cmocka_unit_test(eddsa), cmocka_unit_test(rsa_numbers),
        cmocka_unit_test(macs),  cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

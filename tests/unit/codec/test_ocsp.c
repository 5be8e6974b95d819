#include "unit/csr_maker.h"

#include <openssl/ocsp.h>

#include "codec/asn1/der.h"
#include "codec/ocsp/ocsp_response.h"

#define NOW_S ((int64_t)1795000000)

static struct error err;

static const uint8_t algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
static const uint8_t name[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 6, 0x13, 2, 'C', 'N'};
static const uint8_t hash_a[32] = {1, 2, 3}, hash_b[32] = {4, 5, 6};
static const uint8_t serial[] = {0x40, 1, 2, 3};
static const uint8_t nonce[] = {DER_OCTET_STRING, 4, 'a', 'b', 'c', 'd'};

static struct cert_id id_of(enum cert_id_hash hash, bool has_null)
{
    size_t size = cert_id_hash_size(hash);
    return (struct cert_id){.hash = hash, .has_null = has_null, .issuer_name_hash = bytes_of(hash_a, size),
                            .issuer_key_hash = bytes_of(hash_b, size), .serial = BYTES_OF(serial)};
}

/* ---- requests ---- */

static struct bytes request_of(size_t count, bool has_nonce)
{
    struct ocsp_request request = {.id_count = count};
    struct builder b;
    builder_init(&b, OCSP_REQUEST_SIZE_MAX);
    for (size_t i = 0; i < count; i++)
        request.ids[i] = id_of((enum cert_id_hash)(i % CERT_ID_HASH_COUNT), i % 2 == 0);
    if (has_nonce)
        request.nonce = BYTES_OF(nonce);
    ocsp_request_write(&request, &b);
    OK(builder_status(&b, "request", &err));
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

static void requests_come_back(void **state)
{
    struct ocsp_request request;
    (void)state;
    struct bytes der = request_of(OCSP_REQUEST_IDS_MAX, true);
    OK(ocsp_request_parse(der, &request, &err));
    assert_int_equal(request.id_count, OCSP_REQUEST_IDS_MAX);
    for (size_t i = 0; i < request.id_count; i++) {
        struct cert_id want = id_of((enum cert_id_hash)(i % CERT_ID_HASH_COUNT), i % 2 == 0);
        assert_true(cert_id_is_same(&request.ids[i], &want));
        assert_int_equal(request.ids[i].has_null, want.has_null);
    }
    assert_bytes(request.nonce, BYTES_OF(nonce));
    heap_free(der);
}

/* A request made by OpenSSL, nonce and all, is read as it was meant. */
static void reads_openssl(void **state)
{
    struct ocsp_request request;
    (void)state;
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    X509_NAME *issuer = X509_NAME_new();
    ASN1_BIT_STRING *key = ASN1_BIT_STRING_new();
    assert_int_equal(ASN1_INTEGER_set(number, 0x1234), 1);
    assert_int_equal(ASN1_BIT_STRING_set(key, (unsigned char *)(uintptr_t)hash_a, sizeof hash_a), 1);
    OCSP_REQUEST *made = OCSP_REQUEST_new();
    assert_non_null(OCSP_request_add0_id(made, OCSP_cert_id_new(EVP_sha1(), issuer, key, number)));
    assert_int_equal(OCSP_request_add1_nonce(made, NULL, 16), 1);
    unsigned char *raw = NULL;
    int len = i2d_OCSP_REQUEST(made, &raw);
    struct bytes der = maker_take(raw, len);
    OK(ocsp_request_parse(der, &request, &err));
    assert_int_equal(request.id_count, 1);
    assert_int_equal(request.ids[0].hash, CERT_ID_SHA1);
    assert_hex(request.ids[0].serial, "1234");
    assert_int_equal(request.nonce.len, 18);
    heap_free(der);
    OCSP_REQUEST_free(made);
    ASN1_BIT_STRING_free(key);
    X509_NAME_free(issuer);
    ASN1_INTEGER_free(number);
}

static void assert_request(const char *hex, enum status want, const char *why)
{
    struct ocsp_request request;
    struct bytes der = heap_hex(hex);
    assert_says(ocsp_request_parse(der, &request, &err), &err, want, why);
    heap_free(der);
}


static void refuses_requests(void **state)
{
    (void)state;
    /* A serial number of 21 bytes; one hash that is too short for SHA-1. */
    assert_request("3054 3052 3050 304e 304c 3007 06052b0e03021a 0414 0101010101010101010101010101010101010101"
                   "0414 0202020202020202020202020202020202020202 0215 010101010101010101010101010101010101010101",
                   STATUS_MALFORMED, "CertID");
    assert_request("303f 303d 303b 3039 3037 3007 06052b0e03021a 0413 01010101010101010101010101010101010101"
                   "0414 0202020202020202020202020202020202020202 0201 01", STATUS_MALFORMED, "CertID");
    assert_request("30 02 3000", STATUS_MALFORMED, "requestList");
    assert_request("30 04 3002 3000", STATUS_MALFORMED, "requestList");
    assert_request("30 03 3000 00", STATUS_MALFORMED, "");
    assert_request("30 09 3007 a003 020100 3000", STATUS_MALFORMED, "version");
}

/* Every byte that is cut off or changed is either refused or says something else: never read beyond its end. */
static void short_requests(void **state)
{
    struct ocsp_request request;
    (void)state;
    struct bytes der = request_of(2, true);
    for (size_t len = 0; len < der.len; len++) {
        struct bytes cut = heap_copy(bytes_of(der.data, len));
        assert_int_not_equal(ocsp_request_parse(cut, &request, &err), STATUS_OK);
        heap_free(cut);
    }
    heap_free(der);
}

static void request_limits(void **state)
{
    struct ocsp_request request;
    struct builder b, many;
    (void)state;
    builder_init(&b, OCSP_REQUEST_SIZE_MAX);
    size_t outer = der_open(&b, DER_SEQUENCE), tbs = der_open(&b, DER_SEQUENCE), list = der_open(&b, DER_SEQUENCE);
    for (int i = 0; i <= OCSP_REQUEST_IDS_MAX; i++) {
        struct cert_id id = id_of(CERT_ID_SM3, false);
        size_t one = der_open(&b, DER_SEQUENCE);
        cert_id_write(&id, &b);
        der_close(&b, one);
    }
    der_close(&b, list);
    der_close(&b, tbs);
    der_close(&b, outer);
    assert_says(ocsp_request_parse(builder_view(&b), &request, &err), &err, STATUS_LIMIT, "more than 8");
    builder_clear(&b);
    builder_init(&many, OCSP_REQUEST_SIZE_MAX + 1);
    memset(builder_space(&many, OCSP_REQUEST_SIZE_MAX + 1), 0, OCSP_REQUEST_SIZE_MAX + 1);
    assert_says(ocsp_request_parse(builder_view(&many), &request, &err), &err, STATUS_LIMIT, "longer than");
    builder_clear(&many);
    /* A nonce of 128 bytes is the longest [RFC9654 2.1]. */
    for (size_t len = OCSP_NONCE_MAX; len <= OCSP_NONCE_MAX + 1; len++) {
        uint8_t text[OCSP_NONCE_MAX + 1] = {0};
        struct builder value;
        builder_init(&value, 256);
        der_write(&value, DER_OCTET_STRING, bytes_of(text, len));
        builder_init(&b, OCSP_REQUEST_SIZE_MAX);
        ocsp_request_write(&(struct ocsp_request){.id_count = 1, .ids = {id_of(CERT_ID_SHA256, true)}, .nonce = builder_view(&value)}, &b);
        assert_int_equal(ocsp_request_parse(builder_view(&b), &request, &err), len <= OCSP_NONCE_MAX ? STATUS_OK : STATUS_MALFORMED);
        builder_clear(&b);
        builder_clear(&value);
    }
}

/* ---- responses ---- */

static const uint8_t scts[] = {0, 5, 0, 3, 1, 2, 3};

static struct ocsp_response_data data_of(void)
{
    return (struct ocsp_response_data){
        .responder_name = BYTES_OF(name), .produced_s = NOW_S, .single_count = 3, .nonce = BYTES_OF(nonce),
        .singles = {
            {.id = id_of(CERT_ID_SHA1, true), .status = OCSP_GOOD, .this_update_s = NOW_S, .next_update_s = NOW_S + 86400, .scts = BYTES_OF(scts)},
            {.id = id_of(CERT_ID_SM3, false), .status = OCSP_REVOKED, .revoked_s = NOW_S - 5, .reason = 1, .this_update_s = NOW_S,
             .next_update_s = NOW_S + 86400},
            {.id = id_of(CERT_ID_SHA256, true), .status = OCSP_UNKNOWN, .this_update_s = NOW_S, .next_update_s = NOW_S + 86400},
        },
    };
}

static struct bytes response_of(const struct ocsp_response_data *data)
{
    struct builder tbs, der;
    builder_init(&tbs, OCSP_RESPONSE_SIZE_MAX);
    builder_init(&der, OCSP_RESPONSE_SIZE_MAX);
    ocsp_response_write_data(data, &tbs);
    OK(builder_status(&tbs, "data", &err));
    assert_true(ocsp_response_is_data(builder_view(&tbs)));
    ocsp_response_write(builder_view(&tbs), BYTES_OF(algorithm), bytes_of_text("signature"), bytes_of(NULL, 0), &der);
    OK(builder_status(&der, "response", &err));
    struct bytes copy = heap_copy(builder_view(&der));
    builder_clear(&der);
    builder_clear(&tbs);
    return copy;
}

static void responses_come_back(void **state)
{
    struct ocsp_response parsed;
    struct ocsp_response_data data = data_of();
    (void)state;
    struct bytes der = response_of(&data);
    OK(ocsp_response_parse(der, &parsed, &err));
    assert_int_equal(parsed.status, OCSP_SUCCESSFUL);
    assert_int_equal(parsed.data.single_count, 3);
    assert_int_equal(parsed.data.produced_s, NOW_S);
    assert_bytes(parsed.data.responder_name, BYTES_OF(name));
    assert_bytes(parsed.data.nonce, BYTES_OF(nonce));
    assert_bytes(parsed.data.singles[0].scts, BYTES_OF(scts));
    assert_true(cert_id_is_same(&parsed.data.singles[1].id, &data.singles[1].id));
    assert_int_equal(parsed.data.singles[1].status, OCSP_REVOKED);
    assert_int_equal(parsed.data.singles[1].reason, 1);
    assert_int_equal(parsed.data.singles[1].revoked_s, NOW_S - 5);
    assert_int_equal(parsed.data.singles[2].status, OCSP_UNKNOWN);
    assert_int_equal(parsed.data.singles[2].next_update_s, NOW_S + 86400);
    assert_true(bytes_is_text(parsed.signature, "signature"));
    for (size_t len = 0; len < der.len; len++) {
        struct bytes cut = heap_copy(bytes_of(der.data, len));
        assert_int_not_equal(ocsp_response_parse(cut, &parsed, &err), STATUS_OK);
        heap_free(cut);
    }
    heap_free(der);
}

/* OpenSSL reads the same in what we write, and the SCT list where RFC 6962 has it. */
static void openssl_reads(void **state)
{
    struct ocsp_response_data data = data_of();
    int status, reason;
    ASN1_GENERALIZEDTIME *revoked, *from, *until;
    (void)state;
    struct bytes der = response_of(&data);
    const unsigned char *at = der.data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
    assert_non_null(response);
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    assert_non_null(basic);
    assert_int_equal(OCSP_resp_count(basic), 3);
    status = OCSP_single_get0_status(OCSP_resp_get0(basic, 1), &reason, &revoked, &from, &until);
    assert_int_equal(status, V_OCSP_CERTSTATUS_REVOKED);
    assert_int_equal(reason, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
    OCSP_SINGLERESP *first = OCSP_resp_get0(basic, 0);
    assert_int_equal(OCSP_single_get0_status(first, NULL, NULL, NULL, NULL), V_OCSP_CERTSTATUS_GOOD);
    int where = OCSP_SINGLERESP_get_ext_by_NID(first, NID_ct_cert_scts, -1);
    assert_true(where >= 0);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_SINGLERESP_get_ext(first, where));
    assert_int_equal(ASN1_STRING_length(value), 2 + (int)sizeof scts);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    heap_free(der);
}

static void failures(void **state)
{
    static const struct {
        const char *hex;
        enum ocsp_response_status status;
    } good[] = {{"30030a0101", OCSP_MALFORMED_REQUEST}, {"30030a0103", OCSP_TRY_LATER}, {"30030a0106", OCSP_UNAUTHORIZED}};
    static const char *const bad[] = {"30030a0104", "30030a0107", "30030a0100", "30050a01060500", "30030a0106 00"};
    struct ocsp_response parsed;
    (void)state;
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct builder b;
        builder_init(&b, 64);
        ocsp_response_write_failure(good[i].status, &b);
        assert_hex(builder_view(&b), good[i].hex);
        OK(ocsp_response_parse(builder_view(&b), &parsed, &err));
        assert_int_equal(parsed.status, good[i].status);
        builder_clear(&b);
    }
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct bytes der = heap_hex(bad[i]);
        assert_int_equal(ocsp_response_parse(der, &parsed, &err), STATUS_MALFORMED);
        heap_free(der);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_come_back), cmocka_unit_test(reads_openssl), cmocka_unit_test(refuses_requests),
        cmocka_unit_test(short_requests), cmocka_unit_test(request_limits), cmocka_unit_test(responses_come_back),
        cmocka_unit_test(openssl_reads), cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

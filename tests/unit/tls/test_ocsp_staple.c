/* Stapled OCSP responses: good ones, and all that say nothing. */
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "unit/checks.h"

#include "crypto/context.h"
#include "tls/ocsp_staple.h"

#define AT_S INT64_C(1795000000)
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

static struct error err;

struct party {
    EVP_PKEY *key;
    X509 *cert;
};

static struct party issuer, stranger, leaf, other_leaf, delegate, expired_delegate, no_delegate;

static void add_extension(X509 *cert, X509 *by, int nid, const char *value)
{
    X509V3_CTX v3;
    X509V3_set_ctx(&v3, by, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &v3, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* by NULL: self-signed. usage NULL: none is said. */
static struct party make(const char *name, const struct party *by, long serial, int64_t until_s, const char *usage)
{
    struct party p = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
    X509_NAME *subject = X509_NAME_new();
    assert_true(p.key != NULL && p.cert != NULL && subject != NULL);
    X509 *signer = by != NULL ? by->cert : p.cert;
    assert_true(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) &&
                X509_set_version(p.cert, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(p.cert), serial) &&
                X509_set_subject_name(p.cert, subject) && ASN1_TIME_set(X509_getm_notBefore(p.cert), AT_S - DAY) != NULL &&
                ASN1_TIME_set(X509_getm_notAfter(p.cert), until_s) != NULL && X509_set_pubkey(p.cert, p.key) &&
                X509_set_issuer_name(p.cert, by != NULL ? X509_get_subject_name(by->cert) : subject));
    X509_NAME_free(subject);
    add_extension(p.cert, signer, NID_basic_constraints, by == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    if (usage != NULL)
        add_extension(p.cert, signer, NID_ext_key_usage, usage);
    assert_true(X509_sign(p.cert, by != NULL ? by->key : p.key, EVP_sha256()) > 0);
    return p;
}

static void clear(struct party *p)
{
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
}

static int make_all(void **state)
{
    (void)state;
    (void)context_library();
    issuer = make("issuer", NULL, 1, AT_S + DAY, NULL);
    stranger = make("issuer", NULL, 1, AT_S + DAY, NULL); /* of the same name */
    leaf = make("leaf", &issuer, 7, AT_S + DAY, "serverAuth");
    other_leaf = make("leaf", &issuer, 8, AT_S + DAY, "serverAuth");
    delegate = make("responder", &issuer, 9, AT_S + DAY, "OCSPSigning");
    expired_delegate = make("responder", &issuer, 10, AT_S - HOUR, "OCSPSigning");
    no_delegate = make("responder", &issuer, 11, AT_S + DAY, "serverAuth");
    return 0;
}

static int clear_all(void **state)
{
    (void)state;
    clear(&issuer);
    clear(&stranger);
    clear(&leaf);
    clear(&other_leaf);
    clear(&delegate);
    clear(&expired_delegate);
    clear(&no_delegate);
    return 0;
}

/* ---- responses ---- */

struct recipe {
    const struct party *about, *signer;
    int status;
    int64_t from_s, until_s; /* until_s 0: no nextUpdate */
    const EVP_MD *id_digest; /* NULL: SHA-1, as responders have it */
};

static struct bytes respond(const struct recipe *r)
{
    unsigned char *der = NULL;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(r->id_digest, r->about->cert, issuer.cert);
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)r->from_s), *until = r->until_s != 0 ? ASN1_TIME_set(NULL, (time_t)r->until_s) : NULL;
    ASN1_TIME *revoked = r->status == V_OCSP_CERTSTATUS_REVOKED ? ASN1_TIME_set(NULL, (time_t)(AT_S - HOUR)) : NULL;
    OCSP_SINGLERESP *single = OCSP_basic_add1_status(basic, id, r->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, from, until);
    assert_non_null(single);
    assert_int_equal(OCSP_basic_sign(basic, r->signer->cert, r->signer->key, EVP_sha256(), NULL, 0), 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int len = i2d_OCSP_RESPONSE(response, &der);
    assert_true(len > 0);
    struct bytes copy = heap_copy(bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    ASN1_TIME_free(revoked);
    return copy;
}

static struct recipe good(void)
{
    return (struct recipe){.about = &leaf, .signer = &issuer, .status = V_OCSP_CERTSTATUS_GOOD, .from_s = AT_S - HOUR, .until_s = AT_S + HOUR};
}

static int64_t until_s; /* of the last good answer */

static enum ocsp_answer judge_der(struct bytes der)
{
    err = (struct error){.status = STATUS_OK};
    return ocsp_staple_judge(der, leaf.cert, issuer.cert, AT_S, &until_s, &err);
}

static enum ocsp_answer judge(const struct recipe *r)
{
    struct bytes der = respond(r);
    enum ocsp_answer answer = judge_der(der);
    heap_free(der);
    return answer;
}

#define SAYS_NOTHING(recipe, words) \
    do { \
        assert_int_equal(judge(recipe), OCSP_ANSWER_NONE); \
        assert_non_null(strstr(err.text, words)); \
    } while (0)

static void good_ones(void **state)
{
    (void)state;
    struct recipe r = good();
    assert_int_equal(judge(&r), OCSP_ANSWER_GOOD);
    r.id_digest = EVP_sha256();
    assert_int_equal(judge(&r), OCSP_ANSWER_GOOD);
    r.id_digest = EVP_sm3();
    assert_int_equal(judge(&r), OCSP_ANSWER_GOOD);
    r.signer = &delegate;
    assert_int_equal(judge(&r), OCSP_ANSWER_GOOD);
}

static void revoked(void **state)
{
    (void)state;
    struct recipe r = good();
    r.status = V_OCSP_CERTSTATUS_REVOKED;
    assert_int_equal(judge(&r), OCSP_ANSWER_REVOKED);
    assert_non_null(strstr(err.text, "revoked: keyCompromise"));
    r.signer = &delegate;
    assert_int_equal(judge(&r), OCSP_ANSWER_REVOKED);
    /* Not when anybody might have written it. */
    r.signer = &stranger;
    SAYS_NOTHING(&r, "not signed");
}

static void signers(void **state)
{
    (void)state;
    struct recipe r = good();
    r.signer = &stranger;
    SAYS_NOTHING(&r, "not signed");
    r.signer = &no_delegate;
    SAYS_NOTHING(&r, "not signed");
    r.signer = &expired_delegate;
    SAYS_NOTHING(&r, "not signed");
    r.signer = &leaf;
    SAYS_NOTHING(&r, "not signed");
}

static void times(void **state)
{
    (void)state;
    static const struct {
        int64_t from_s, until_s;
        bool is_current;
    } rows[] = {
        {AT_S, AT_S, true},
        {AT_S + OCSP_STAPLE_SKEW_S, AT_S + DAY, true},
        {AT_S + OCSP_STAPLE_SKEW_S + 1, AT_S + DAY, false},
        {AT_S - DAY, AT_S - OCSP_STAPLE_SKEW_S, true},
        {AT_S - DAY, AT_S - OCSP_STAPLE_SKEW_S - 1, false},
        {AT_S - OCSP_STAPLE_LIFETIME_S, 0, true},
        {AT_S - OCSP_STAPLE_LIFETIME_S - 1, 0, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct recipe r = good();
        r.from_s = rows[i].from_s;
        r.until_s = rows[i].until_s;
        if (!rows[i].is_current) {
            SAYS_NOTHING(&r, "out of date");
            continue;
        }
        assert_int_equal(judge(&r), OCSP_ANSWER_GOOD);
        assert_int_equal(until_s, rows[i].until_s != 0 ? rows[i].until_s : rows[i].from_s + OCSP_STAPLE_LIFETIME_S);
    }
    /* A clock that says anything. */
    struct recipe r = good();
    struct bytes der = respond(&r);
    assert_int_equal(ocsp_staple_judge(der, leaf.cert, issuer.cert, INT64_MAX, &until_s, &err), OCSP_ANSWER_NONE);
    assert_int_equal(ocsp_staple_judge(der, leaf.cert, issuer.cert, INT64_MIN, &until_s, &err), OCSP_ANSWER_NONE);
    heap_free(der);
}

static void other_answers(void **state)
{
    (void)state;
    struct recipe r = good();
    r.about = &other_leaf;
    SAYS_NOTHING(&r, "another certificate");
    r = good();
    r.status = V_OCSP_CERTSTATUS_UNKNOWN;
    SAYS_NOTHING(&r, "does not know");
}

static void damage(void **state)
{
    (void)state;
    struct recipe r = good();
    struct bytes der = respond(&r);
    for (size_t len = 0; len < der.len; len += 7) {
        struct bytes cut = heap_copy(bytes_of(der.data, len));
        assert_int_equal(judge_der(cut), OCSP_ANSWER_NONE);
        heap_free(cut);
    }
    for (size_t i = 0; i < der.len; i += 3) {
        ((uint8_t *)(uintptr_t)der.data)[i] ^= 0x10;
        assert_int_not_equal(judge_der(der), OCSP_ANSWER_REVOKED);
        ((uint8_t *)(uintptr_t)der.data)[i] ^= 0x10;
    }
    assert_int_equal(judge_der(der), OCSP_ANSWER_GOOD);
    heap_free(der);
    /* "Try later" has no answer in it. */
    assert_int_equal(judge_der(BYTES_OF("\x30\x03\x0a\x01\x03")), OCSP_ANSWER_NONE);
    struct bytes later = bytes_of("\x30\x03\x0a\x01\x03", 5);
    assert_int_equal(judge_der(later), OCSP_ANSWER_NONE);
    assert_non_null(strstr(err.text, "the responder has refused"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),
        cmocka_unit_test(revoked),
        cmocka_unit_test(signers),
        cmocka_unit_test(times),
        cmocka_unit_test(other_answers),
        cmocka_unit_test(damage),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}

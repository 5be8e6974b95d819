/* Certificates read, renewed and revoked [RFC8555 7.4.2, 7.6] [RFC9773]. */
#include "order_steps.h"

#include "base/civil_time.h"
#include "service/acme/acme_orders.h"
#include "service/acme/acme_sweep.h"

#define ONE "{'identifiers':[{'type':'dns','value':'www.example.com'}]}"
#define CLASSIC "{'identifiers':[{'type':'dns','value':'www.example.com'}],'profile':'intl-classic'}"
#define NAME "DNS:www.example.com"
#define DAY_S 86400

struct issued {
    struct steps s;
    EVP_PKEY *key;
    char certificate[STEP_URL_SIZE];
    struct bytes der; /* as a client has it */
    char id[64];      /* ARI */
};

/* What the fake issuers would have signed. */
static struct bytes make_certificate(EVP_PKEY *key, const uint8_t *serial, size_t serial_len, const uint8_t key_id[4],
                                     int64_t not_before_s, int64_t not_after_s)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_NAME_new();
    BIGNUM *number = BN_bin2bn(serial, (int)serial_len, NULL);
    ASN1_INTEGER *serial_number = BN_to_ASN1_INTEGER(number, NULL);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    const uint8_t aki[8] = {0x30, 6, 0x80, 4, key_id[0], key_id[1], key_id[2], key_id[3]};
    unsigned char *der = NULL;
    assert_int_equal(X509_set_version(x, 2), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"CA", -1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(x, name), 1);
    assert_int_equal(X509_set_subject_name(x, name), 1);
    assert_int_equal(X509_set_serialNumber(x, serial_number), 1);
    assert_int_equal(X509_set_pubkey(x, key), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)not_before_s));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)not_after_s));
    assert_int_equal(ASN1_OCTET_STRING_set(value, aki, sizeof aki), 1);
    X509_EXTENSION *ext = X509_EXTENSION_create_by_NID(NULL, NID_authority_key_identifier, 0, value);
    assert_int_equal(X509_add_ext(x, ext, -1), 1);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    ASN1_INTEGER_free(serial_number);
    BN_free(number);
    X509_NAME_free(name);
    X509_free(x);
    return maker_take(der, len);
}

static void read_serial(struct issued *i, bool is_classic)
{
    struct error err;
    struct builder memory, id;
    struct acme_certificate c;
    static const uint8_t mtc[4] = {1, 2, 3, 4}, classic[4] = {5, 6, 7, 8};
    const uint8_t *key_id = is_classic ? classic : mtc;
    uint64_t number;
    const char *last = strrchr(i->certificate, '/') + 1;
    assert_true(text_parse_u64(bytes_of_text(last), INT64_MAX, &number));
    builder_init(&memory, 65536);
    OK(i->s.w.inner.get_certificate(i->s.w.inner.context, number, &memory, &c, &err));
    builder_init_fixed(&id, i->id, sizeof i->id);
    text_write_base64url(&id, bytes_of(key_id, 4));
    builder_text(&id, ".");
    text_write_base64url(&id, bytes_of(c.serial, c.serial_len));
    builder_u8(&id, 0);
    assert_true(builder_is_good(&id));
    i->der = make_certificate(i->key, c.serial, c.serial_len, key_id, c.not_before_s, c.not_after_s);
    builder_clear(&memory);
}

static void issue_one(struct issued *i, const char *order)
{
    i->key = maker_key("EC", "P-256", 0);
    step_ready(&i->s, order);
    step_want(&i->s.c, step_finalize(&i->s.c, i->s.order, i->key, NAME), 200);
    assert_string_equal(acme_answer_text(&i->s.c.answer, "status"), "valid");
    (void)snprintf(i->certificate, sizeof i->certificate, "%s", acme_answer_text(&i->s.c.answer, "certificate"));
    read_serial(i, strstr(order, "intl-classic") != NULL);
}

static void begin_issued(struct issued *i, const char *order)
{
    step_begin(&i->s);
    issue_one(i, order);
}

static void drop_issued(struct issued *i)
{
    heap_free(i->der);
    EVP_PKEY_free(i->key);
}

static void end_issued(struct issued *i)
{
    drop_issued(i);
    step_end(&i->s);
}

/* ---- reading ---- */

static int read_as(struct acme_client *c, const char *url, const char *accept)
{
    char header[256];
    json_t *jws = acme_client_jws(c, acme_client_header(c, url), "");
    char *body = json_dumps(jws, 0);
    (void)snprintf(header, sizeof header, "Accept: %s", accept);
    int status = acme_client_send(c, "POST", url, "application/jose+json", body, header);
    free(body);
    json_decref(jws);
    return status;
}

static bool has_link(const struct acme_answer *a, const char *rel, char url[STEP_URL_SIZE])
{
    char link[STEP_URL_SIZE], want[128];
    (void)snprintf(want, sizeof want, "rel=\"%s\"", rel);
    for (unsigned i = 0; acme_answer_header(a, "Link", i, link) != NULL; i++)
        if (strstr(link, want) != NULL) {
            (void)snprintf(url, STEP_URL_SIZE, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
            return true;
        }
    return false;
}

static void assert_type(struct acme_client *c, const char *want)
{
    char text[STEP_URL_SIZE];
    assert_string_equal(acme_answer_header(&c->answer, "Content-Type", 0, text), want);
}

static void test_read(void **state)
{
    static const struct {
        const char *accept;
        bool with_properties;
    } cases[] = {
        {"*/*", false},
        {"application/pem-certificate-chain", false},
        {"application/pem-certificate-chain-with-properties", true},
        {"application/pem-certificate-chain, application/pem-certificate-chain-with-properties", true},
        {"application/pem-certificate-chain;q=0.9, Application/Pem-Certificate-Chain-With-Properties ; q=0.5", false},
        {"application/pem-certificate-chain-with-properties;q=0", false},
        {"application/pem-certificate-chain;q=0.2,application/pem-certificate-chain-with-properties;v=1;q=0.25", true},
        {",;q=,", false},
        {"", false},
    };
    struct issued i;
    (void)state;
    begin_issued(&i, ONE);
    step_want(&i.s.c, acme_client_post(&i.s.c, i.certificate, NULL), 200);
    assert_type(&i.s.c, "application/pem-certificate-chain");
    step_says(&i.s.c, "standalone plain");
    for (size_t n = 0; n < LENGTH(cases); n++) {
        step_want(&i.s.c, read_as(&i.s.c, i.certificate, cases[n].accept), 200);
        assert_type(&i.s.c, cases[n].with_properties ? "application/pem-certificate-chain-with-properties"
                                                     : "application/pem-certificate-chain");
        step_says(&i.s.c, cases[n].with_properties ? "with properties" : "plain");
    }
    end_issued(&i);
}

static void test_landmark(void **state)
{
    struct issued i;
    char url[STEP_URL_SIZE], text[STEP_URL_SIZE];
    (void)state;
    begin_issued(&i, ONE);
    step_want(&i.s.c, acme_client_post(&i.s.c, i.certificate, NULL), 200);
    assert_true(has_link(&i.s.c.answer, "acme-optional-alternate", url));
    /* The GM suite is not C2SP's. */
    assert_false(has_link(&i.s.c.answer, "c2sp.org/mtc-tlog/prefix-url", text));
    step_want(&i.s.c, acme_client_post(&i.s.c, url, NULL), 202);
    assert_string_equal(acme_answer_header(&i.s.c.answer, "Retry-After", 0, text), "60");
    assert_int_equal(i.s.c.answer.body.len, 0);
    i.s.w.has_landmark = true;
    step_want(&i.s.c, acme_client_post(&i.s.c, url, NULL), 200);
    step_says(&i.s.c, "landmark plain");
    assert_false(has_link(&i.s.c.answer, "acme-optional-alternate", text));
    end_issued(&i);
}

static void test_links_of_others(void **state)
{
    struct issued i;
    char url[STEP_URL_SIZE];
    (void)state;
    begin_issued(&i, CLASSIC);
    step_want(&i.s.c, acme_client_post(&i.s.c, i.certificate, NULL), 200);
    assert_false(has_link(&i.s.c.answer, "acme-optional-alternate", url));
    (void)snprintf(url, sizeof url, "%.400s/landmark", i.certificate);
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, url, NULL), 404, "malformed");
    /* An MTC CA of the international suite. */
    i.s.w.profiles[0].is_gm = false;
    drop_issued(&i);
    issue_one(&i, ONE);
    step_want(&i.s.c, acme_client_post(&i.s.c, i.certificate, NULL), 200);
    assert_true(has_link(&i.s.c.answer, "c2sp.org/mtc-tlog/prefix-url", url));
    assert_string_equal(url, "https://log.example/");
    end_issued(&i);
}

static void test_whose(void **state)
{
    struct issued i;
    struct acme_client other;
    (void)state;
    begin_issued(&i, ONE);
    acme_client_init(&other, &i.s.w, JWS_ES256);
    acme_client_open(&other);
    step_want_problem(&other, acme_client_post(&other, i.certificate, NULL), 403, "unauthorized");
    step_want_problem(&other, acme_client_post(&other, URL("/certificate/77"), NULL), 404, "malformed");
    acme_client_clear(&other);
    end_issued(&i);
}

/* ---- renewal information ---- */

static int ask_renewal(struct issued *i, const char *id, int64_t *start_s, int64_t *end_s)
{
    char url[STEP_URL_SIZE];
    (void)snprintf(url, sizeof url, URL("/renewal-info/%s"), id);
    int status = acme_client_send(&i->s.c, "GET", url, NULL, NULL, NULL);
    if (status == 200) {
        json_t *window = json_object_get(i->s.c.answer.json, "suggestedWindow");
        assert_true(civil_time_parse(bytes_of_text(json_string_value(json_object_get(window, "start"))), start_s));
        assert_true(civil_time_parse(bytes_of_text(json_string_value(json_object_get(window, "end"))), end_s));
    }
    return status;
}

static void test_renewal_information(void **state)
{
    struct issued i;
    int64_t start_s, end_s, again_s;
    char text[STEP_URL_SIZE];
    (void)state;
    begin_issued(&i, ONE);
    int64_t from_s = i.s.w.now_ms / 1000;
    step_want(&i.s.c, ask_renewal(&i, i.id, &start_s, &end_s), 200);
    assert_true(start_s >= from_s + 7 * DAY_S * 3 / 4 - 4 && start_s <= from_s + 7 * DAY_S * 78 / 100);
    assert_true(end_s > start_s + 6 * 3600 && end_s < from_s + 7 * DAY_S);
    assert_string_equal(acme_answer_header(&i.s.c.answer, "Retry-After", 0, text), "21600");
    acme_world_advance(&i.s.w, 3 * DAY_S * 1000);
    step_want(&i.s.c, ask_renewal(&i, i.id, &again_s, &end_s), 200);
    assert_int_equal(again_s, start_s);
    step_want_problem(&i.s.c, ask_renewal(&i, "AQIDBA.AAAA", &start_s, &end_s), 404, "malformed");
    step_want_problem(&i.s.c, ask_renewal(&i, "CQkJCQ.AQAC", &start_s, &end_s), 404, "malformed");
    step_want_problem(&i.s.c, ask_renewal(&i, "AQIDBA", &start_s, &end_s), 400, "malformed");
    step_want_problem(&i.s.c, ask_renewal(&i, "AQIDBA.AQAB=", &start_s, &end_s), 400, "malformed");
    step_want_problem(&i.s.c, ask_renewal(&i, ".", &start_s, &end_s), 400, "malformed");
    step_want_problem(&i.s.c, ask_renewal(&i, "AQIDBA.AQIDBAUGBwgJCgsMDQ4PEBESExQVFhc", &start_s, &end_s), 400, "malformed");
    end_issued(&i);
}

static json_t *order_replacing(const char *name, const char *id)
{
    return json_pack("{s:[{s:s,s:s}],s:s}", "identifiers", "type", "dns", "value", name, "replaces", id);
}

static void test_replaces(void **state)
{
    struct issued i;
    struct acme_client other;
    (void)state;
    step_init(&i.s);
    i.s.w.config.limits.rates[ACME_LIMIT_ORDERS] = (struct acme_rate){2, 30 * DAY_S};
    i.s.w.config.limits.rates[ACME_LIMIT_SET] = (struct acme_rate){1, 30 * DAY_S};
    step_start(&i.s);
    issue_one(&i, ONE);
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, URL("/new-order"), order_replacing("b.example", i.id)), 400, "malformed");
    acme_client_init(&other, &i.s.w, JWS_ES256);
    acme_client_open(&other);
    step_want_problem(&other, acme_client_post(&other, URL("/new-order"), order_replacing("www.example.com", i.id)), 403,
                      "unauthorized");
    acme_client_clear(&other);
    /* Limits do not count for a renewal when it is due: else a chain of renewals would have none. */
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, URL("/new-order"), step_json(ONE)), 429, "rateLimited");
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, URL("/new-order"), order_replacing("www.example.com", i.id)), 429,
                      "rateLimited");
    i.s.w.now_ms += 6 * DAY_S * (int64_t)1000;
    step_want(&i.s.c, acme_client_post(&i.s.c, URL("/new-order"), order_replacing("www.example.com", i.id)), 201);
    assert_string_equal(acme_answer_text(&i.s.c.answer, "replaces"), i.id);
    assert_non_null(acme_answer_header(&i.s.c.answer, "Location", 0, i.s.order));
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, URL("/new-order"), order_replacing("www.example.com", i.id)), 409,
                      "alreadyReplaced");
    /* That order comes to nothing: the next one may, and counts as an order. */
    acme_world_advance(&i.s.w, i.s.w.config.order_lifetime_s * 1000);
    step_want_status(&i.s.c, i.s.order, "invalid");
    step_want(&i.s.c, acme_client_post(&i.s.c, URL("/new-order"), order_replacing("www.example.com", i.id)), 201);
    assert_non_null(acme_answer_header(&i.s.c.answer, "Location", 0, i.s.order));
    step_want_status(&i.s.c, i.s.order, "ready");
    EVP_PKEY *key = maker_key("EC", "P-256", 0);
    step_want(&i.s.c, step_finalize(&i.s.c, i.s.order, key, NAME), 200);
    assert_string_equal(acme_answer_text(&i.s.c.answer, "status"), "valid");
    EVP_PKEY_free(key);
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, URL("/new-order"), order_replacing("www.example.com", i.id)), 409,
                      "alreadyReplaced");
    end_issued(&i);
}

/* ---- revocation ---- */

static int revoke(struct issued *i, struct acme_client *c, const char *reason)
{
    struct builder text;
    builder_init(&text, MAKER_SIZE_MAX);
    text_write_base64url(&text, i->der);
    json_t *json = json_pack("{s:s%}", "certificate", text.data, text.len);
    if (reason != NULL)
        (void)json_object_set_new(json, "reason", json_loads(reason, JSON_DECODE_ANY, NULL));
    builder_clear(&text);
    return acme_client_post(c, URL("/revoke-cert"), json);
}

static int noted_reason(struct issued *i)
{
    struct error err;
    struct builder memory;
    struct acme_certificate c;
    uint64_t number;
    assert_true(text_parse_u64(bytes_of_text(strrchr(i->certificate, '/') + 1), INT64_MAX, &number));
    builder_init(&memory, 65536);
    OK(i->s.w.inner.get_certificate(i->s.w.inner.context, number, &memory, &c, &err));
    int reason = c.revoked_s == 0 ? -1 : c.reason;
    builder_clear(&memory);
    return reason;
}

static void test_revoke_by_account(void **state)
{
    struct issued i;
    int64_t start_s, end_s;
    static const char *const bad[] = {"2", "6", "7", "8", "9", "10", "-1", "99999999999"};
    (void)state;
    begin_issued(&i, ONE);
    for (size_t n = 0; n < LENGTH(bad); n++)
        step_want_problem(&i.s.c, revoke(&i, &i.s.c, bad[n]), 400, "badRevocationReason");
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, "\"1\""), 400, "malformed");
    assert_int_equal(i.s.w.revoked_count, 0);
    step_want(&i.s.c, revoke(&i, &i.s.c, "4"), 200);
    assert_int_equal(i.s.c.answer.body.len, 0);
    assert_int_equal(noted_reason(&i), 4);
    assert_int_equal(i.s.w.revoked_count, 1);
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, NULL), 400, "alreadyRevoked");
    acme_world_advance(&i.s.w, 1000);
    step_want(&i.s.c, ask_renewal(&i, i.id, &start_s, &end_s), 200);
    assert_true(end_s < i.s.w.now_ms / 1000 && start_s < end_s);
    end_issued(&i);
}

static void test_revoke_by_key(void **state)
{
    struct issued i;
    struct acme_client holder, other;
    (void)state;
    begin_issued(&i, CLASSIC);
    acme_client_init(&other, &i.s.w, JWS_ES256);
    step_want_problem(&other, revoke(&i, &other, "1"), 403, "unauthorized");
    acme_client_clear(&other);
    acme_client_init(&holder, &i.s.w, JWS_ES256);
    EVP_PKEY_free(holder.pkey);
    holder.pkey = EVP_PKEY_dup(i.key);
    step_want(&holder, revoke(&i, &holder, NULL), 200);
    assert_int_equal(noted_reason(&i), 1);
    acme_client_clear(&holder);
    end_issued(&i);
}

static void test_revoke_by_names(void **state)
{
    struct issued i;
    struct acme_client other;
    char order[STEP_URL_SIZE];
    (void)state;
    begin_issued(&i, ONE);
    acme_client_init(&other, &i.s.w, JWS_RS256);
    acme_client_open(&other);
    step_want_problem(&other, revoke(&i, &other, NULL), 403, "unauthorized");
    /* A pending authorization is none. */
    step_order_by(&i.s, &other, ONE);
    (void)snprintf(order, sizeof order, "%s", i.s.order);
    step_want_problem(&other, revoke(&i, &other, NULL), 403, "unauthorized");
    step_authorize_by(&other, order);
    step_want_problem(&other, revoke(&i, &other, "1"), 400, "badRevocationReason");
    step_want(&other, revoke(&i, &other, "5"), 200);
    assert_int_equal(noted_reason(&i), 5);
    acme_client_clear(&other);
    end_issued(&i);
}

/* What the CA has revoked is renewed at once; who revokes his own certificate stands in line. */
static void test_revoked_and_replaced(void **state)
{
    struct issued i;
    struct error err;
    (void)state;
    for (int by_ca = 0; by_ca <= 1; by_ca++) {
        uint64_t number;
        step_init(&i.s);
        i.s.w.config.limits.rates[ACME_LIMIT_SET] = (struct acme_rate){1, 30 * DAY_S};
        step_start(&i.s);
        issue_one(&i, ONE);
        assert_true(text_parse_u64(bytes_of_text(strrchr(i.certificate, '/') + 1), INT64_MAX, &number));
        OK(acme_revoke_note(i.s.w.acme, number, 4, by_ca == 1, &err));
        acme_world_run(&i.s.w);
        assert_int_equal(noted_reason(&i), 4);
        int status = acme_client_post(&i.s.c, URL("/new-order"), order_replacing("www.example.com", i.id));
        step_want(&i.s.c, status, by_ca == 1 ? 201 : 429);
        if (by_ca == 1) {
            EVP_PKEY *key = maker_key("EC", "P-256", 0);
            assert_non_null(acme_answer_header(&i.s.c.answer, "Location", 0, i.s.order));
            step_want(&i.s.c, step_finalize(&i.s.c, i.s.order, key, NAME), 200);
            EVP_PKEY_free(key);
        }
        end_issued(&i);
    }
}

/* A directly signed certificate is compared as a whole. */
static void test_revoke_by_der(void **state)
{
    struct issued i;
    struct error err;
    struct builder memory;
    struct acme_certificate c;
    uint64_t number;
    (void)state;
    begin_issued(&i, CLASSIC);
    const struct acme_store *store = &i.s.w.inner;
    assert_true(text_parse_u64(bytes_of_text(strrchr(i.certificate, '/') + 1), INT64_MAX, &number));
    builder_init(&memory, 65536);
    OK(store->get_certificate(store->context, number, &memory, &c, &err));
    c.der = i.der;
    OK(store->put_certificate(store->context, &c, &err));
    OK(store->commit(store->context, &err));
    builder_clear(&memory);
    uint8_t *last = (uint8_t *)(uintptr_t)i.der.data + i.der.len - 1;
    *last ^= 1; /* in the signature */
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, NULL), 404, "malformed");
    *last ^= 1;
    step_want(&i.s.c, revoke(&i, &i.s.c, NULL), 200);
    end_issued(&i);
}

static void test_revoke_what_is_not_ours(void **state)
{
    struct issued i;
    (void)state;
    begin_issued(&i, ONE);
    /* Right serial number, another key. */
    struct bytes ours = i.der;
    EVP_PKEY *key = i.key;
    i.key = maker_key("EC", "P-256", 0);
    read_serial(&i, false);
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, NULL), 404, "malformed");
    drop_issued(&i);
    i.key = key;
    i.der = heap_copy(bytes_of_text("no certificate"));
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, NULL), 400, "malformed");
    heap_free(i.der);
    i.der = ours;
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, URL("/revoke-cert"), step_json("{'certificate':'-----BEGIN'}")), 400, "malformed");
    step_want_problem(&i.s.c, acme_client_post(&i.s.c, URL("/revoke-cert"), json_object()), 400, "malformed");
    assert_int_equal(noted_reason(&i), -1);
    acme_world_advance(&i.s.w, (int64_t)7 * DAY_S * 1000);
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, NULL), 403, "unauthorized");
    end_issued(&i);
}

static void fail_to_revoke(void *context, const struct acme_certificate *certificate, int reason, acme_revoke_done *done,
                           void *cookie)
{
    struct error err;
    (void)context;
    (void)certificate;
    (void)reason;
    (void)error_set(&err, STATUS_IO, "the disk of the CA is full");
    done(cookie, STATUS_IO, &err);
}

static void test_revoke_fails(void **state)
{
    struct issued i;
    (void)state;
    begin_issued(&i, ONE);
    i.s.w.must_commit_fail = true;
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, NULL), 503, "serverInternal");
    assert_int_equal(noted_reason(&i), -1);
    struct acme_issuer real = i.s.w.issuer;
    i.s.w.issuer.revoke = fail_to_revoke;
    step_want_problem(&i.s.c, revoke(&i, &i.s.c, NULL), 503, "serverInternal");
    assert_int_equal(noted_reason(&i), -1);
    i.s.w.issuer = real;
    step_want(&i.s.c, revoke(&i, &i.s.c, NULL), 200);
    assert_int_equal(noted_reason(&i), 0);
    end_issued(&i);
}

/* ---- mass revocation ---- */

struct told {
    uint64_t each, good, end;
    enum status status;
    uint64_t count, failed_count;
};

static void on_each(void *cookie, const struct acme_certificate *certificate, enum status status, const struct error *err)
{
    struct told *t = cookie;
    (void)err;
    assert_true(certificate->id > 0);
    t->each++;
    t->good += status == STATUS_OK;
}

static void on_end(void *cookie, enum status status, uint64_t count, uint64_t failed_count, const struct error *err)
{
    struct told *t = cookie;
    (void)err;
    t->end++;
    t->status = status;
    t->count = count;
    t->failed_count = failed_count;
}

static struct told sweep(struct acme_world *w, const struct acme_certificate_query *query, int reason, bool is_dry_run)
{
    struct told told = {0};
    struct error err;
    const struct acme_sweep_report report = {&told, on_each, on_end};
    OK(acme_revoke_matching(w->acme, query, reason, is_dry_run, &report, &err));
    assert_int_equal(acme_revoke_matching(w->acme, query, reason, is_dry_run, &report, &err), STATUS_AGAIN);
    acme_world_run(w);
    assert_int_equal(told.end, 1);
    return told;
}

static void test_sweep(void **state)
{
    struct issued i;
    const struct acme_certificate_query query = {.ca = "gm", .name = ".example.com"};
    struct error err;
    struct told t;
    (void)state;
    begin_issued(&i, CLASSIC);
    /* More than a page. */
    for (int n = 0; n < 70; n++) {
        drop_issued(&i);
        issue_one(&i, ONE);
    }
    t = sweep(&i.s.w, &query, 1, true);
    assert_int_equal(t.status, STATUS_OK);
    assert_int_equal(t.count, 70);
    assert_int_equal(t.good, 70);
    assert_int_equal(i.s.w.revoked_count, 0);
    struct acme_issuer real = i.s.w.issuer;
    i.s.w.issuer.revoke = fail_to_revoke;
    t = sweep(&i.s.w, &query, 1, false);
    assert_int_equal(t.failed_count, 70);
    assert_int_equal(noted_reason(&i), -1);
    i.s.w.issuer = real;
    /* A commit that fails is told of: those are found again. */
    i.s.w.must_commit_fail = true;
    t = sweep(&i.s.w, &query, 1, false);
    assert_true(t.failed_count > 0 && t.failed_count < 70);
    uint64_t left = t.failed_count;
    t = sweep(&i.s.w, &query, 1, false);
    assert_int_equal(t.count, left);
    assert_int_equal(t.failed_count, 0);
    assert_int_equal(noted_reason(&i), 1);
    t = sweep(&i.s.w, &query, 1, false);
    assert_int_equal(t.count, 0);
    assert_int_equal(acme_revoke_matching(i.s.w.acme, &query, 6, true, &(struct acme_sweep_report){&t, on_each, on_end}, &err),
                     STATUS_REFUSED);
    end_issued(&i);
}

static void test_sweep_stops(void **state)
{
    struct issued i;
    const struct acme_certificate_query query = {0};
    struct told t = {0};
    struct error err;
    (void)state;
    begin_issued(&i, ONE);
    OK(acme_revoke_matching(i.s.w.acme, &query, 1, false, &(struct acme_sweep_report){&t, on_each, on_end}, &err));
    acme_stop(i.s.w.acme);
    assert_int_equal(t.end, 1);
    assert_int_equal(t.status, STATUS_AGAIN);
    acme_world_run(&i.s.w);
    assert_int_equal(noted_reason(&i), -1);
    end_issued(&i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_landmark),
        cmocka_unit_test(test_links_of_others),
        cmocka_unit_test(test_whose),
        cmocka_unit_test(test_renewal_information),
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_revoke_by_account),
        cmocka_unit_test(test_revoke_by_key),
        cmocka_unit_test(test_revoke_by_names),
        cmocka_unit_test(test_revoked_and_replaced),
        cmocka_unit_test(test_revoke_by_der),
        cmocka_unit_test(test_revoke_what_is_not_ours),
        cmocka_unit_test(test_revoke_fails),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_sweep_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

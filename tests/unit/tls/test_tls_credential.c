/* Credentials: what is derived, what is refused, OCSP responses and SCTs, sharing by threads. */
#include <pthread.h>
#include <signal.h>

#include <openssl/ocsp.h>

#include "unit/tls/server_world.h"

#include "codec/ct/sct_list.h"

/* ---- a CA of two certificates ---- */

struct authority {
    EVP_PKEY *key, *leaf_key;
    X509 *cert, *leaf;
    struct builder chain, key_pem;
};

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX v3;
    X509V3_set_ctx(&v3, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &v3, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void authority_init(struct authority *a)
{
    a->key = world_key(false);
    a->leaf_key = world_key(false);
    a->cert = world_certificate(a->key, "DNS:ca.example", WORLD_AT_S - DAY, WORLD_AT_S + 100 * DAY);
    assert_int_equal(X509_set_subject_name(a->cert, X509_get_issuer_name(a->cert)), 1);
    add_extension(a->cert, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(a->cert, a->key, EVP_sha256()) > 0);
    a->leaf = world_certificate(a->leaf_key, "DNS:" NAME ",DNS:*.example.com,IP:192.0.2.1,IP:2001:db8::1",
                                WORLD_AT_S - DAY, WORLD_AT_S + 30 * DAY);
    add_extension(a->leaf, NID_info_access, "OCSP;URI:http://ocsp.example/");
    assert_true(X509_sign(a->leaf, a->key, EVP_sha256()) > 0);
    builder_init(&a->chain, 65536);
    builder_init(&a->key_pem, 65536);
    put_certificate(&a->chain, a->leaf);
    put_certificate(&a->chain, a->cert);
    (void)key_pem_of(a->leaf_key, &a->key_pem);
}

static void authority_clear(struct authority *a)
{
    EVP_PKEY_free(a->key);
    EVP_PKEY_free(a->leaf_key);
    X509_free(a->cert);
    X509_free(a->leaf);
    builder_clear(&a->chain);
    builder_clear(&a->key_pem);
}

/* A response about `about`, signed by key. */
static void write_ocsp(const struct authority *a, X509 *about, EVP_PKEY *key, int status, int64_t from_s,
                       int64_t until_s, struct builder *out)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), about, a->cert);
    ASN1_TIME *from = ASN1_TIME_adj(NULL, (time_t)from_s, 0, 0), *until = ASN1_TIME_adj(NULL, (time_t)until_s, 0, 0);
    ASN1_TIME *revoked = status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL;
    assert_non_null(OCSP_basic_add1_status(basic, id, status, 0, revoked, from, until));
    assert_int_equal(OCSP_basic_sign(basic, a->cert, key, EVP_sha256(), NULL, OCSP_NOCERTS), 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *der = NULL;
    int len = i2d_OCSP_RESPONSE(response, &der);
    assert_true(len > 0);
    builder_reset(out);
    builder_bytes(out, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
}

/* ---- what is derived ---- */

static void kinds_and_facts(void **state)
{
    (void)state;
    make_six();
    for (size_t i = 0; i < CREDENTIAL_KIND_COUNT; i++) {
        const struct tls_credential_facts *facts = tls_credential_facts(six[i]);
        enum credential_kind kind = (enum credential_kind)i;
        bool is_mtc = credential_kind_is_mtc(kind);
        assert_int_equal(facts->kind, kind);
        assert_int_equal(facts->candidate->kind, kind);
        assert_int_equal(facts->chain_count, is_mtc ? 1 : 2);
        assert_int_equal(facts->candidate->chain_schemes.count, is_mtc ? 0 : 2);
        assert_string_equal(facts->key_type, credential_kind_is_gm(kind) ? "SM2" : "P-256");
        assert_int_equal(facts->properties != NULL, is_mtc);
        assert_int_equal(facts->name_count, 1);
        assert_true(bytes_is_text(facts->names[0], NAME));
        assert_int_equal(facts->candidate->schemes12.count > 0, !credential_kind_is_gm(kind));
    }
    free_six();
}

static void names_and_addresses(void **state)
{
    (void)state;
    static const char *const want[] = {NAME, "*.example.com", "192.0.2.1", "2001:db8::1"};
    struct authority a;
    authority_init(&a);
    struct tls_credential *c = credential_of(builder_view(&a.chain), builder_view(&a.key_pem));
    const struct tls_credential_facts *facts = tls_credential_facts(c);
    assert_int_equal(facts->name_count, LENGTH(want));
    for (size_t i = 0; i < LENGTH(want); i++)
        assert_true(bytes_is_text(facts->names[i], want[i]));
    assert_string_equal(facts->ocsp_url, "http://ocsp.example/");
    assert_int_equal(facts->not_after_s, WORLD_AT_S + 30 * DAY);
    assert_int_equal(facts->chain_count, 1); /* nobody needs the root */
    assert_false(facts->has_ocsp || facts->has_scts);
    tls_credential_free(c);
    authority_clear(&a);
}

/* The plain chain of ACME has the CA certificate behind the leaf: it is not sent. */
static void what_stands_behind_an_mtc_is_cut_off(void **state)
{
    (void)state;
    struct builder chain, key;
    struct authority a;
    authority_init(&a);
    builder_init(&chain, 65536);
    builder_init(&key, 65536);
    mtc_files(true, "32473.1", 0, WORLD_AT_S + DAY, &chain, &key);
    builder_bytes(&chain, builder_view(&a.chain));
    struct tls_credential *c = credential_of(builder_view(&chain), builder_view(&key));
    assert_int_equal(tls_credential_facts(c)->chain_count, 1);
    assert_int_equal(tls_credential_facts(c)->kind, CREDENTIAL_GM_STANDALONE);
    tls_credential_free(c);
    builder_clear(&chain);
    builder_clear(&key);
    authority_clear(&a);
}

/* ---- what is refused ---- */

static void refused(const struct tls_credential_settings *settings, const char *words)
{
    struct tls_credential *c = NULL;
    assert_says(tls_credential_new(settings, &c, &err), &err, STATUS_USAGE, words);
    assert_null(c);
}

static void what_cannot_be_used(void **state)
{
    (void)state;
    struct authority a, other;
    struct builder mtc, key, properties, mixed;
    authority_init(&a);
    authority_init(&other);
    builder_init(&mtc, 65536);
    builder_init(&key, 65536);
    builder_init(&properties, 65536);
    builder_init(&mixed, 65536);
    mtc_files(true, "32473.1", 0, WORLD_AT_S + DAY, &mtc, &key);
    write_properties("32473.2", 0, &properties);
    const struct tls_credential_settings good = {.chain_pem = builder_view(&a.chain), .key_pem = builder_view(&a.key_pem)};
    struct tls_credential_settings bad = good;
    bad.key_pem = builder_view(&other.key_pem);
    refused(&bad, "not the leaf's");
    bad.key_pem = bytes_of(NULL, 0);
    refused(&bad, "there is none");
    bad.key_pem = builder_view(&a.chain);
    refused(&bad, "not an unencrypted PEM private key");
    bad = good;
    bad.key_uri = "file:/nowhere";
    refused(&bad, "more than one");
    bad = good;
    bad.chain_pem = builder_view(&a.key_pem);
    refused(&bad, "no certificate in it");
    bad.chain_pem = bytes_of(builder_view(&a.chain).data, builder_view(&a.chain).len - 30);
    refused(&bad, "certificate chain");
    /* Certificates that did not issue each other. */
    put_certificate(&mixed, a.leaf);
    put_certificate(&mixed, a.leaf);
    bad.chain_pem = builder_view(&mixed);
    refused(&bad, "certificate 2 has not issued certificate 1");
    /* Two opinions about the properties; none; junk. */
    bad = (struct tls_credential_settings){.chain_pem = builder_view(&mtc), .key_pem = builder_view(&key),
                                           .properties = builder_view(&properties)};
    refused(&bad, "not those that stand beside it");
    const char *leaf = strstr((const char *)mtc.data, "-----BEGIN CERTIFICATE-----");
    assert_non_null(leaf);
    bad.chain_pem = bytes_of(leaf, mtc.len - (size_t)(leaf - (const char *)mtc.data));
    bad.properties = bytes_of(NULL, 0);
    refused(&bad, "without the trust anchor");
    bad.properties = bytes_of_text("junk");
    refused(&bad, "certificate properties");
    /* And SCTs that are none. */
    bad = good;
    bad.sct_list = bytes_of_text("junk");
    refused(&bad, "SCT list");
    builder_clear(&mtc);
    builder_clear(&key);
    builder_clear(&properties);
    builder_clear(&mixed);
    authority_clear(&a);
    authority_clear(&other);
}

/* ---- keys of a store ---- */

static void a_key_by_uri(void **state)
{
    (void)state;
    static const bool is_gm[] = {false, true};
    char path[] = "/tmp/cathaya-test-XXXXXX", uri[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)snprintf(uri, sizeof uri, "file:%s", path);
    for (size_t i = 0; i < LENGTH(is_gm); i++) {
        struct builder chain, key, other_chain, other_key;
        struct tls_credential *c = NULL;
        builder_init(&chain, 65536);
        builder_init(&key, 65536);
        builder_init(&other_chain, 65536);
        builder_init(&other_key, 65536);
        mtc_files(is_gm[i], "32473.1", 0, WORLD_AT_S + DAY, &chain, &key);
        mtc_files(is_gm[i], "32473.1", 0, WORLD_AT_S + DAY, &other_chain, &other_key);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, key.data, key.len, 0), (ssize_t)key.len);
        struct tls_credential_settings settings = {.chain_pem = builder_view(&chain), .key_uri = uri};
        OK(tls_credential_new(&settings, &c, &err));
        tls_credential_free(c);
        settings.chain_pem = builder_view(&other_chain);
        refused(&settings, "not the leaf's");
        builder_clear(&chain);
        builder_clear(&key);
        builder_clear(&other_chain);
        builder_clear(&other_key);
    }
    (void)close(fd);
    (void)unlink(path);
}

/* ---- OCSP and SCTs ---- */

static struct tls_server *server_with(struct tls_credential *credential)
{
    struct tls_site site = {.credentials = &credential, .credential_count = 1, .is_default = true};
    return server_of(sites_of(&site, 1), NULL);
}

static void responses_are_stapled_for_who_asks(void **state)
{
    (void)state;
    struct authority a;
    struct builder ocsp;
    struct tls_credential *plain, *c = NULL;
    struct tls_server_report report;
    struct connection connection;
    authority_init(&a);
    builder_init(&ocsp, 65536);
    write_ocsp(&a, a.leaf, a.key, V_OCSP_CERTSTATUS_GOOD, WORLD_AT_S - 60, WORLD_AT_S + DAY, &ocsp);
    plain = credential_of(builder_view(&a.chain), builder_view(&a.key_pem));
    OK(tls_credential_with_ocsp(plain, builder_view(&ocsp), WORLD_AT_S, &c, &err));
    assert_true(tls_credential_facts(c)->has_ocsp);
    assert_int_equal(tls_credential_facts(c)->ocsp_until_s, WORLD_AT_S + DAY);
    assert_bytes(tls_credential_facts(c)->leaf, tls_credential_facts(plain)->leaf);
    struct tls_server *server = server_with(c);
    static const int versions[] = {0, TLS1_2_VERSION};
    for (size_t i = 0; i < LENGTH(versions); i++) {
        struct offer offer = {.asks_for_ocsp = true, .max_version = versions[i]};
        const unsigned char *got = NULL;
        open_connection(&connection, server, &offer);
        assert_int_equal(shake(&connection, &report), TLS_DONE);
        assert_true(report.is_stapled);
        long len = SSL_get_tlsext_status_ocsp_resp(connection.client, &got);
        assert_true(len > 0);
        assert_bytes(bytes_of(got, (size_t)len), builder_view(&ocsp));
        close_connection(&connection);
    }
    struct offer silent = {.sni = NULL}, asking = {.asks_for_ocsp = true};
    expect(server, &silent, &report);
    assert_false(report.is_stapled);
    world_now_s = WORLD_AT_S + DAY + 1; /* not when it is old */
    expect(server, &asking, &report);
    assert_false(report.is_stapled);
    world_now_s = WORLD_AT_S;
    tls_server_free(server);
    tls_credential_free(c);
    tls_credential_free(plain);
    builder_clear(&ocsp);
    authority_clear(&a);
}

static void responses_that_are_not_stapled(void **state)
{
    (void)state;
    struct authority a, other;
    struct builder ocsp;
    authority_init(&a);
    authority_init(&other);
    builder_init(&ocsp, 65536);
    struct tls_credential *plain = credential_of(builder_view(&a.chain), builder_view(&a.key_pem)), *c = NULL;
    /* The CA's own certificate gets another serial number than the leaf. */
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(a.cert), 78), 1);
    const struct {
        X509 *about;
        const struct authority *by;
        int status;
        int64_t from_s, until_s;
        const char *words;
    } rows[] = {
        {a.leaf, &a, V_OCSP_CERTSTATUS_REVOKED, -60, DAY, "revoked"},
        {a.leaf, &a, V_OCSP_CERTSTATUS_UNKNOWN, -60, DAY, "does not know the certificate"},
        {a.leaf, &a, V_OCSP_CERTSTATUS_GOOD, -60, 0, "out of date"},
        {a.leaf, &a, V_OCSP_CERTSTATUS_GOOD, 3600, DAY, "out of date"},
        {a.cert, &a, V_OCSP_CERTSTATUS_GOOD, -60, DAY, "about another certificate"},
        {a.leaf, &other, V_OCSP_CERTSTATUS_GOOD, -60, DAY, "about another certificate"}, /* by issuer */
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        write_ocsp(rows[i].by, rows[i].about, rows[i].by->key, rows[i].status, WORLD_AT_S + rows[i].from_s,
                   WORLD_AT_S + rows[i].until_s, &ocsp);
        assert_says(tls_credential_with_ocsp(plain, builder_view(&ocsp), WORLD_AT_S, &c, &err), &err,
                    rows[i].status == V_OCSP_CERTSTATUS_REVOKED ? STATUS_REFUSED : STATUS_USAGE, rows[i].words);
        assert_null(c);
    }
    write_ocsp(&a, a.leaf, a.key, V_OCSP_CERTSTATUS_GOOD, WORLD_AT_S - 60, WORLD_AT_S + DAY, &ocsp);
    ocsp.data[ocsp.len - 1] ^= 1; /* of the signature */
    assert_says(tls_credential_with_ocsp(plain, builder_view(&ocsp), WORLD_AT_S, &c, &err), &err, STATUS_USAGE,
                "not signed by who may answer");
    assert_says(tls_credential_with_ocsp(plain, bytes_of_text("junk"), WORLD_AT_S, &c, &err), &err, STATUS_USAGE, "cannot be read");
    tls_credential_free(plain);
    builder_clear(&ocsp);
    authority_clear(&a);
    authority_clear(&other);
}

/* One certificate ID, made with SHA-1, and nothing else: responders have that answer ready. */
static void what_responders_are_asked(void **state)
{
    (void)state;
    struct authority a;
    struct builder request, small;
    authority_init(&a);
    builder_init(&request, 1024);
    builder_init(&small, 16);
    struct tls_credential *c = credential_of(builder_view(&a.chain), builder_view(&a.key_pem));
    OK(tls_credential_ocsp_request(c, &request, &err));
    const unsigned char *at = request.data;
    OCSP_REQUEST *got = d2i_OCSP_REQUEST(NULL, &at, (long)request.len);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), a.leaf, a.cert);
    assert_non_null(got);
    assert_ptr_equal(at, request.data + request.len);
    assert_int_equal(OCSP_request_onereq_count(got), 1);
    assert_int_equal(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(got, 0)), id), 0);
    assert_int_equal(OCSP_REQUEST_get_ext_count(got), 0);
    assert_int_equal(OCSP_request_is_signed(got), 0);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(got);
    assert_int_equal(tls_credential_ocsp_request(c, &small, &err), STATUS_LIMIT);
    tls_credential_free(c);
    builder_clear(&request);
    builder_clear(&small);
    /* A leaf alone says nothing of the issuer's key. */
    size_t len = (size_t)((const uint8_t *)memmem(a.chain.data, a.chain.len, "-----END CERTIFICATE-----", 25) - a.chain.data) + 26;
    c = credential_of(bytes_of(a.chain.data, len), builder_view(&a.key_pem));
    assert_says(tls_credential_ocsp_request(c, &request, &err), &err, STATUS_USAGE, "lacks the issuer");
    tls_credential_free(c);
    authority_clear(&a);
}

static void scts_go_along(void **state)
{
    (void)state;
    uint8_t id[32] = {1}, signature[70] = {2};
    struct builder one, list;
    struct sct sct = {.version = SCT_V1, .log_id = BYTES_OF(id), .timestamp_ms = 1, .algorithm = 0x0708, .signature = BYTES_OF(signature)};
    struct authority a;
    struct tls_credential *c = NULL, *with_ocsp = NULL;
    struct tls_server_report report;
    struct connection connection;
    authority_init(&a);
    builder_init(&one, 1000);
    builder_init(&list, 1000);
    OK(sct_write(&sct, &one, &err));
    sct.serialized = builder_view(&one);
    OK(sct_list_write(&sct, 1, &list, &err));
    struct tls_credential_settings settings = {.chain_pem = builder_view(&a.chain), .key_pem = builder_view(&a.key_pem),
                                               .sct_list = builder_view(&list)};
    OK(tls_credential_new(&settings, &c, &err));
    OK(tls_credential_with_ocsp(c, bytes_of(NULL, 0), WORLD_AT_S, &with_ocsp, &err));
    assert_true(tls_credential_facts(with_ocsp)->has_scts);
    struct tls_server *server = server_with(with_ocsp);
    static const int versions[] = {0, TLS1_2_VERSION};
    for (size_t i = 0; i < LENGTH(versions); i++) {
        struct offer offer = {.asks_for_scts = true, .max_version = versions[i]};
        open_connection(&connection, server, &offer);
        assert_int_equal(shake(&connection, &report), TLS_DONE);
        assert_int_equal(connection.sct_len, list.len);
        close_connection(&connection);
    }
    tls_server_free(server);
    tls_credential_free(c);
    tls_credential_free(with_ocsp);
    builder_clear(&one);
    builder_clear(&list);
    authority_clear(&a);
}

/* ---- threads ---- */

#define THREADS 2
#define ROUNDS 20

struct worker {
    struct tls_sites *sites;
    size_t done;
};

/* As a gateway's worker: a server of its own, sites that all share. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    struct tls_server *server;
    struct tls_server_settings settings = {.now_s = world_clock};
    struct error error;
    if (tls_server_new(&settings, worker->sites, &server, &error) != STATUS_OK)
        return NULL;
    for (int i = 0; i < ROUNDS; i++) {
        struct offer offer = {.groups = i % 2 == 0 ? GM_GROUPS : INTL_GROUPS, .suites = i % 2 == 0 ? GM_SUITE : INTL_SUITES,
                              .schemes = MIXED_SCHEMES, .sni = NAME};
        struct connection c;
        struct tls_server_report report;
        open_connection(&c, server, &offer);
        worker->done += shake(&c, &report) == TLS_DONE;
        close_connection(&c);
        tls_server_set_sites(server, worker->sites);
    }
    tls_server_free(server);
    tls_sites_free(worker->sites);
    return NULL;
}

static void threads_share(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    make_six();
    struct tls_site site = six_site();
    struct tls_sites *sites = sites_of(&site, 1);
    free_six(); /* the sites keep them */
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.sites = tls_sites_keep(sites)};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    tls_sites_free(sites);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].done, ROUNDS);
    }
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_facts),
        cmocka_unit_test(names_and_addresses),
        cmocka_unit_test(what_stands_behind_an_mtc_is_cut_off),
        cmocka_unit_test(what_cannot_be_used),
        cmocka_unit_test(a_key_by_uri),
        cmocka_unit_test(responses_are_stapled_for_who_asks),
        cmocka_unit_test(responses_that_are_not_stapled),
        cmocka_unit_test(what_responders_are_asked),
        cmocka_unit_test(scts_go_along),
        cmocka_unit_test(threads_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

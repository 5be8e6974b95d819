/* server_world.h - sites with certificates made on the spot, and a plain OpenSSL client that is told what to
 * offer. What is not used by a test is no fault. */
#ifndef CATHAYA_TESTS_UNIT_TLS_SERVER_WORLD_H
#define CATHAYA_TESTS_UNIT_TLS_SERVER_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "unit/checks.h"

#include "codec/pem/pem.h"
#include "crypto/context.h"
#include "tls/classic_chain.h"
#include "tls/tls_credential_parts.h"
#include "tls/tls_server.h"
#include "tls/trust_anchors.h"

#define WORLD_AT_S INT64_C(1795000000)
#define DAY 86400
#define NAME "www.example.com"
#define GM_GROUPS "curveSM2MLKEM768:curveSM2"
#define GM_SUITE "TLS_SM4_GCM_SM3"
#define INTL_GROUPS "X25519MLKEM768:X25519:secp256r1"
#define INTL_SUITES "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
#define MIXED_GROUPS GM_GROUPS ":" INTL_GROUPS
#define MIXED_SUITES GM_SUITE ":" INTL_SUITES
/* SM2 is not among the schemes that OpenSSL's client offers by itself. */
#define MIXED_SCHEMES "sm2sig_sm3:ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:ed25519"
#define INTL_SCHEMES "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:ed25519"

static struct error err __attribute__((unused));

static int64_t world_now_s = WORLD_AT_S;

static inline int64_t world_clock(void *context)
{
    (void)context;
    return world_now_s;
}

/* ---- credentials ---- */

static inline void put_pem(struct builder *out, const char *label, struct bytes der)
{
    OK(pem_write(label, der, out, &err));
}

static inline struct tls_credential *credential_of(struct bytes chain, struct bytes key)
{
    struct tls_credential *credential = NULL;
    struct tls_credential_settings settings = {.chain_pem = chain, .key_pem = key, .now_s = WORLD_AT_S};
    OK(tls_credential_new(&settings, &credential, &err));
    return credential;
}

static inline struct tls_credential *classic_credential(enum classic_alg alg)
{
    struct classic_chain *chain;
    struct builder pem;
    builder_init(&pem, 65536);
    OK(classic_chain_new(alg, NAME, WORLD_AT_S, &chain, &err));
    put_pem(&pem, PEM_CERTIFICATE, classic_chain_leaf(chain));
    put_pem(&pem, PEM_CERTIFICATE, classic_chain_intermediate(chain));
    struct tls_credential *credential = credential_of(builder_view(&pem), classic_chain_key_pem(chain));
    builder_clear(&pem);
    classic_chain_free(chain);
    return credential;
}

static inline void *without_const(const void *p)
{
    return (void *)(uintptr_t)p;
}

static inline EVP_PKEY *world_key(bool is_gm)
{
    EVP_PKEY *key = is_gm ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2") : EVP_EC_gen("P-256");
    assert_non_null(key);
    return key;
}

static inline struct bytes key_pem_of(EVP_PKEY *key, struct builder *out)
{
    char *pem;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    long len = BIO_get_mem_data(bio, &pem);
    builder_bytes(out, bytes_of(pem, (size_t)len));
    BIO_free(bio);
    return builder_view(out);
}

/* An unsigned certificate of key for names ("DNS:a,DNS:b"). */
static inline X509 *world_certificate(EVP_PKEY *key, const char *names, int64_t from_s, int64_t until_s)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_NAME_new();
    X509V3_CTX v3;
    assert_true(X509_set_version(cert, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 77) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"32473.1", -1, -1, 0) &&
                X509_set_issuer_name(cert, name) && ASN1_TIME_set(X509_getm_notBefore(cert), from_s) != NULL &&
                ASN1_TIME_set(X509_getm_notAfter(cert), until_s) != NULL && X509_set_pubkey(cert, key));
    X509_NAME_free(name);
    X509V3_set_ctx(&v3, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, names);
    assert_non_null(san);
    assert_int_equal(X509_add_ext(cert, san, -1), 1);
    X509_EXTENSION_free(san);
    return cert;
}

/* id-alg-mtcProof, and bytes in place of a proof. */
static inline void forge_proof(X509 *cert, int size)
{
    static const uint8_t proof[2048];
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    X509_get0_signature(&signature, &algorithm, cert);
    assert_true(ASN1_STRING_set(without_const(signature), proof, size));
    X509_ALGOR_set0(without_const(algorithm), OBJ_txt2obj("1.3.6.1.5.5.7.6.67", 1), V_ASN1_UNDEF, NULL);
    X509_ALGOR_set0(without_const(X509_get0_tbs_sigalg(cert)), OBJ_txt2obj("1.3.6.1.5.5.7.6.67", 1), V_ASN1_UNDEF,
                    NULL);
}

static inline void put_certificate(struct builder *out, X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    assert_true(len > 0);
    put_pem(out, PEM_CERTIFICATE, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
}

static inline void write_properties(const char *ca, uint64_t landmark, struct builder *der)
{
    static struct properties properties;
    struct tai id;
    OK(tai_parse_text(bytes_of_text(ca), &id, &err));
    if (landmark > 0)
        OK(properties_landmark(&id, 1, landmark, &properties, &err));
    else
        OK(properties_standalone(&id, &properties, &err));
    OK(properties_write(&properties, PROPERTIES_WITH_PATTERNS, der, &err));
}

/* The file that ACME gives, and the key. landmark 0: a standalone certificate of that CA. */
static inline void mtc_files(bool is_gm, const char *ca, uint64_t landmark, int64_t until_s, struct builder *chain,
                             struct builder *key_pem)
{
    EVP_PKEY *key = world_key(is_gm);
    X509 *cert = world_certificate(key, "DNS:" NAME, WORLD_AT_S - 3600, until_s);
    struct builder der;
    builder_init(&der, 65536);
    write_properties(ca, landmark, &der);
    put_pem(chain, PROPERTIES_PEM_LABEL, builder_view(&der));
    forge_proof(cert, 700);
    put_certificate(chain, cert);
    (void)key_pem_of(key, key_pem);
    builder_clear(&der);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static inline struct tls_credential *mtc_credential(bool is_gm, const char *ca, uint64_t landmark, int64_t until_s)
{
    struct builder chain, key;
    builder_init(&chain, 65536);
    builder_init(&key, 65536);
    mtc_files(is_gm, ca, landmark, until_s, &chain, &key);
    struct tls_credential *credential = credential_of(builder_view(&chain), builder_view(&key));
    builder_clear(&chain);
    builder_clear(&key);
    return credential;
}

/* A self-signed certificate, as challenges have. */
static inline struct tls_credential *self_signed(bool is_gm, const char *names, int64_t from_s, int64_t until_s)
{
    struct builder chain, key_pem;
    EVP_PKEY *key = world_key(is_gm);
    X509 *cert = world_certificate(key, names, from_s, until_s);
    assert_int_equal(X509_set_subject_name(cert, X509_get_issuer_name(cert)), 1);
    assert_true(X509_sign(cert, key, is_gm ? EVP_sm3() : EVP_sha256()) > 0);
    builder_init(&chain, 65536);
    builder_init(&key_pem, 65536);
    put_certificate(&chain, cert);
    struct tls_credential *credential = credential_of(builder_view(&chain), key_pem_of(key, &key_pem));
    builder_clear(&chain);
    builder_clear(&key_pem);
    X509_free(cert);
    EVP_PKEY_free(key);
    return credential;
}

/* ---- the six kinds at one site ---- */

static struct tls_credential *six[CREDENTIAL_KIND_COUNT];

static inline void make_six(void)
{
    int64_t until = WORLD_AT_S + 7 * DAY;
    six[CREDENTIAL_GM_LANDMARK] = mtc_credential(true, "32473.1", 8, until);
    six[CREDENTIAL_GM_STANDALONE] = mtc_credential(true, "32473.1", 0, until);
    six[CREDENTIAL_GM_CLASSIC] = classic_credential(CLASSIC_SM2);
    six[CREDENTIAL_INTL_LANDMARK] = mtc_credential(false, "32473.2", 5, until);
    six[CREDENTIAL_INTL_STANDALONE] = mtc_credential(false, "32473.2", 0, until);
    six[CREDENTIAL_INTL_CLASSIC] = classic_credential(CLASSIC_P256);
}

static inline void free_six(void)
{
    for (size_t i = 0; i < CREDENTIAL_KIND_COUNT; i++)
        tls_credential_free(six[i]);
}

static inline struct tls_sites *sites_of(const struct tls_site *all, size_t count)
{
    struct tls_sites *sites = NULL;
    struct tls_sites_settings settings = {.sites = all, .site_count = count};
    OK(tls_sites_new(&settings, &sites, &err));
    return sites;
}

static const char *const world_names[] = {NAME, "*.example.com"};
static const char *const world_alpn[] = {"h2", "http/1.1"};

static inline struct tls_site six_site(void)
{
    return (struct tls_site){.names = world_names, .name_count = 2, .credentials = six,
                             .credential_count = CREDENTIAL_KIND_COUNT, .stage = STAGE_LANDMARK, .alpn = world_alpn,
                             .alpn_count = 2, .index = 42};
}

/* Takes sites. */
static inline struct tls_server *server_of(struct tls_sites *sites, const struct tls_ticket_keys *keys)
{
    struct tls_server *server = NULL;
    struct tls_server_settings settings = {.now_s = world_clock, .ticket_keys = keys};
    OK(tls_server_new(&settings, sites, &server, &err));
    tls_sites_free(sites);
    return server;
}

/* ---- the client ---- */

struct offer {
    const char *groups, *suites, *schemes; /* NULL: OpenSSL's own */
    const char *sni;
    const char *anchors[4];                /* with has_anchors */
    bool has_anchors;
    bool has_cert_schemes;                 /* extension 50, with the same as ecdsa and sm2 */
    const char *alpn;                      /* with lengths, "\x02h2" */
    int max_version;
    bool asks_for_ocsp, asks_for_scts;
    SSL_SESSION *session;
};

struct connection {
    int fds[2];
    struct tls_stream *server;
    SSL *client;
    SSL_CTX *ctx;
    struct trust_anchors anchors;
    struct trust_anchor_list heard;
    struct builder requested;
    SSL_SESSION *session; /* the newest */
    size_t sct_len;
};

static inline int add_cert_schemes(SSL *s, unsigned type, unsigned context, const unsigned char **out, size_t *len,
                                   X509 *cert, size_t index, int *alert, void *argument)
{
    static const unsigned char list[] = {0, 4, 0x07, 0x08, 0x04, 0x03};
    (void)s, (void)type, (void)context, (void)cert, (void)index, (void)alert, (void)argument;
    *out = list;
    *len = sizeof list;
    return 1;
}

static inline int add_nothing(SSL *s, unsigned type, unsigned context, const unsigned char **out, size_t *len,
                              X509 *cert, size_t index, int *alert, void *argument)
{
    (void)s, (void)type, (void)context, (void)cert, (void)index, (void)alert, (void)argument;
    *out = NULL;
    *len = 0;
    return 1;
}

static inline int see_scts(SSL *s, unsigned type, unsigned context, const unsigned char *in, size_t len, X509 *cert,
                           size_t index, int *alert, void *argument)
{
    struct connection *c = argument;
    (void)s, (void)type, (void)context, (void)in, (void)cert, (void)index, (void)alert;
    c->sct_len = len;
    return 1;
}

static inline int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct connection *c = SSL_get_app_data(ssl);
    SSL_SESSION_free(c->session);
    c->session = session;
    return 1;
}

static inline void prepare_client(struct connection *c, const struct offer *offer)
{
    SSL_CTX *ctx = c->ctx = SSL_CTX_new_ex(context_library(), context_properties(), TLS_client_method());
    OK(trust_anchors_install(ctx, 0, &err));
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
    if (offer->groups != NULL)
        assert_int_equal(SSL_CTX_set1_groups_list(ctx, without_const(offer->groups)), 1);
    if (offer->suites != NULL)
        assert_int_equal(SSL_CTX_set_ciphersuites(ctx, offer->suites), 1);
    if (offer->schemes != NULL)
        assert_int_equal(SSL_CTX_set1_sigalgs_list(ctx, without_const(offer->schemes)), 1);
    if (offer->has_cert_schemes)
        assert_int_equal(SSL_CTX_add_custom_ext(ctx, 50, SSL_EXT_CLIENT_HELLO, add_cert_schemes, NULL, NULL, NULL, NULL), 1);
    if (offer->asks_for_scts)
        assert_int_equal(SSL_CTX_add_custom_ext(ctx, 18, SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_CERTIFICATE | SSL_EXT_TLS1_2_SERVER_HELLO,
                                                add_nothing, NULL, NULL, see_scts, c), 1);
    if (offer->max_version != 0)
        assert_int_equal(SSL_CTX_set_max_proto_version(ctx, offer->max_version), 1);
}

static inline void prepare_anchors(struct connection *c, const struct offer *offer)
{
    struct tai ids[4];
    size_t count = 0;
    for (; count < 4 && offer->anchors[count] != NULL; count++)
        OK(tai_parse_text(bytes_of_text(offer->anchors[count]), &ids[count], &err));
    builder_init(&c->requested, 1000);
    OK(trust_anchor_list_write(ids, count, TRUST_ANCHOR_REQUESTED, &c->requested, &err));
    c->anchors = (struct trust_anchors){.is_requesting = offer->has_anchors, .requested = builder_view(&c->requested),
                                        .heard = &c->heard};
    assert_true(trust_anchors_attach(c->client, &c->anchors));
}

static inline void open_connection(struct connection *c, struct tls_server *server, const struct offer *offer)
{
    *c = (struct connection){.fds = {-1, -1}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, c->fds), 0);
    prepare_client(c, offer);
    c->client = SSL_new(c->ctx);
    assert_int_equal(SSL_set_app_data(c->client, c), 1);
    prepare_anchors(c, offer);
    if (offer->sni != NULL)
        assert_int_equal(SSL_set_tlsext_host_name(c->client, without_const(offer->sni)), 1);
    if (offer->alpn != NULL)
        assert_int_equal(SSL_set_alpn_protos(c->client, (const unsigned char *)offer->alpn, (unsigned)strlen(offer->alpn)), 0);
    if (offer->asks_for_ocsp)
        assert_int_equal(SSL_set_tlsext_status_type(c->client, TLSEXT_STATUSTYPE_ocsp), 1);
    if (offer->session != NULL)
        assert_int_equal(SSL_set_session(c->client, offer->session), 1);
    assert_int_equal(SSL_set_fd(c->client, c->fds[1]), 1);
    SSL_set_connect_state(c->client);
    OK(tls_stream_new_server(server, c->fds[0], &c->server, &err));
}

/* One turn of both; the server's result. */
static inline enum tls_result turn(struct connection *c)
{
    ERR_clear_error();
    (void)SSL_do_handshake(c->client);
    return tls_stream_handshake(c->server);
}

/* The server's result, and what it says of it; what comes after the handshake is read by the client. */
static inline enum tls_result shake(struct connection *c, struct tls_server_report *report)
{
    enum tls_result result = TLS_WANT_READ;
    char byte;
    for (int i = 0; i < 6 && result != TLS_DONE && result != TLS_FAILED; i++)
        result = turn(c);
    if (result == TLS_DONE) {
        ERR_clear_error();
        assert_true(SSL_read(c->client, &byte, 1) <= 0);
    }
    tls_server_report(c->server, report);
    return result;
}

static inline void close_connection(struct connection *c)
{
    tls_stream_free(c->server);
    SSL_SESSION_free(c->session);
    /* Else OpenSSL takes the session for one that broke, and never resumes it. */
    SSL_set_shutdown(c->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c->client);
    SSL_CTX_free(c->ctx);
    builder_clear(&c->requested);
    (void)close(c->fds[0]);
    (void)close(c->fds[1]);
    ERR_clear_error();
}

/* A handshake that has to come off. */
static inline void expect(struct tls_server *server, const struct offer *offer, struct tls_server_report *report)
{
    struct connection c;
    open_connection(&c, server, offer);
    if (shake(&c, report) != TLS_DONE)
        fail_msg("handshake failed: %s", tls_stream_reason(c.server));
    assert_int_equal(c.anchors.is_confirmed, report->is_anchor_confirmed);
    close_connection(&c);
    report->sni = report->alpn = NULL; /* gone with the stream */
}

/* The alert that the client has had from the server; 0: none. */
static inline int alert_seen(struct connection *c)
{
    ERR_clear_error();
    (void)SSL_do_handshake(c->client);
    int reason = ERR_GET_REASON(ERR_peek_last_error());
    return reason > SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : 0;
}

/* A handshake that has to fail, with these words here, and the alert that belongs to it over there. */
static inline void expect_failure(struct tls_server *server, const struct offer *offer, enum tls_failure failure,
                                  const char *words)
{
    struct connection c;
    struct tls_server_report report;
    open_connection(&c, server, offer);
    assert_int_equal(shake(&c, &report), TLS_FAILED);
    if (report.failure != failure || strstr(tls_stream_reason(c.server), words) == NULL)
        fail_msg("%s: %s", tls_failure_name(report.failure), tls_stream_reason(c.server));
    int alert = alert_seen(&c);
    assert_int_equal(alert, failure == TLS_FAILURE_UNKNOWN_NAME    ? SSL_AD_UNRECOGNIZED_NAME
                            : failure == TLS_FAILURE_NO_CREDENTIAL ? SSL_AD_HANDSHAKE_FAILURE
                            : failure == TLS_FAILURE_INTERNAL      ? SSL_AD_INTERNAL_ERROR
                                                                   : SSL_AD_NO_APPLICATION_PROTOCOL);
    close_connection(&c);
}

#endif

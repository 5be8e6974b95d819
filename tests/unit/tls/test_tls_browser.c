/* A browser against a server of OpenSSL's, over a socket pair. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/tls/peer_world.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "tls/classic_certificate.h"
#include "tls/proof_name.h"
#include "tls/tls_browser.h"
#include "tls/trust_anchors.h"

/* Turns of a handshake with a HelloRetryRequest, and room. */
#define TURNS_MAX 32

/* ---- the server ---- */

struct site {
    const struct classic_chain *chain;
    const char *suites, *groups;
    const char *available; /* IDs for EncryptedExtensions, space between; NULL: none */
    int version;           /* 0: any */
    bool is_confirmed;
    bool is_leaf_alone;
    bool has_extras; /* an OCSP response that says nothing, and an SCT */
};

struct server {
    SSL_CTX *ctx;
    SSL *ssl;
    struct trust_anchors anchors;
    struct trust_anchor_list heard;
    struct builder available;
    int fds[2];
};

static void list_available(struct server *s, const char *text)
{
    struct tai ids[8];
    size_t count = 0;
    struct reader r;
    builder_init(&s->available, TRUST_ANCHOR_LIST_SIZE_MAX);
    if (text == NULL)
        return;
    reader_init(&r, bytes_of_text(text));
    while (!reader_is_at_end(&r)) {
        struct bytes one = reader_rest(&r);
        if (!reader_until(&r, ' ', &one))
            assert_true(reader_skip(&r, one.len));
        OK(tai_parse_text(one, &ids[count++], &err));
    }
    OK(trust_anchor_list_write(ids, count, TRUST_ANCHOR_AVAILABLE, &s->available, &err));
}

/* "Try later". */
static int staple(SSL *ssl, void *argument)
{
    static const uint8_t response[] = {0x30, 3, 0x0a, 1, 3};
    (void)argument;
    assert_int_equal(SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(response, sizeof response), sizeof response), 1);
    return SSL_TLSEXT_ERR_OK;
}

static int add_sct(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *len, X509 *cert, size_t index,
                   int *alert, void *argument)
{
    static const uint8_t list[2 + 2 + 47] = {0, 49, 0, 47, 0};
    (void)ssl, (void)type, (void)context, (void)cert, (void)alert, (void)argument;
    *out = list;
    *len = sizeof list;
    return index == 0 ? 1 : 0;
}

static int ignore(SSL *ssl, unsigned type, unsigned context, const unsigned char *in, size_t len, X509 *cert, size_t index,
                  int *alert, void *argument)
{
    (void)ssl, (void)type, (void)context, (void)in, (void)len, (void)cert, (void)index, (void)alert, (void)argument;
    return 1;
}

static void add_extras(SSL_CTX *ctx)
{
    assert_int_equal(SSL_CTX_set_tlsext_status_cb(ctx, staple), 1);
    assert_int_equal(SSL_CTX_add_custom_ext(ctx, TLSEXT_TYPE_signed_certificate_timestamp,
                                            SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_CERTIFICATE,
                                            add_sct, NULL, NULL, ignore, NULL), 1);
}

static SSL_CTX *server_context(const struct site *site)
{
    SSL_CTX *ctx = SSL_CTX_new_ex(context_library(), context_properties(), TLS_server_method());
    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_set_ciphersuites(ctx, site->suites), 1);
    assert_int_equal(SSL_CTX_set1_groups_list(ctx, (char *)(uintptr_t)site->groups), 1);
    if (site->version != 0)
        assert_int_equal(SSL_CTX_set_max_proto_version(ctx, site->version), 1);
    assert_int_equal(SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"test", 4), 1);
    X509 *leaf = classic_certificate_parse(classic_chain_leaf(site->chain));
    X509 *between = classic_certificate_parse(classic_chain_intermediate(site->chain));
    EVP_PKEY *key = evp_key_read_pem(classic_chain_key_pem(site->chain));
    STACK_OF(X509) *rest = sk_X509_new_null();
    assert_true(leaf != NULL && between != NULL && key != NULL && rest != NULL);
    if (!site->is_leaf_alone)
        assert_true(sk_X509_push(rest, between) > 0);
    assert_int_equal(SSL_CTX_use_cert_and_key(ctx, leaf, key, rest, 1), 1);
    sk_X509_free(rest);
    X509_free(leaf);
    X509_free(between);
    EVP_PKEY_free(key);
    OK(trust_anchors_install(ctx, 0, &err));
    if (site->has_extras)
        add_extras(ctx);
    return ctx;
}

/* ctx NULL: made for this connection. */
static void server_start(struct server *s, const struct site *site, SSL_CTX *ctx)
{
    memset(s, 0, sizeof *s);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s->fds), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(s->fds[i], F_SETFL, O_NONBLOCK), 0);
    if (ctx != NULL)
        assert_int_equal(SSL_CTX_up_ref(ctx), 1);
    s->ctx = ctx != NULL ? ctx : server_context(site);
    list_available(s, site->available);
    s->anchors = (struct trust_anchors){
        .available = builder_view(&s->available), .is_confirmed = site->is_confirmed, .heard = &s->heard};
    s->ssl = SSL_new(s->ctx);
    assert_non_null(s->ssl);
    assert_true(trust_anchors_attach(s->ssl, &s->anchors));
    assert_int_equal(SSL_set_fd(s->ssl, s->fds[1]), 1);
    SSL_set_accept_state(s->ssl);
}

static void server_stop(struct server *s)
{
    SSL_free(s->ssl);
    SSL_CTX_free(s->ctx);
    builder_clear(&s->available);
    (void)close(s->fds[0]);
    (void)close(s->fds[1]);
}

static const struct site gm_site = {.suites = "TLS_SM4_GCM_SM3", .groups = "curveSM2MLKEM768:curveSM2"};
static const struct site intl_site = {.suites = "TLS_AES_128_GCM_SHA256", .groups = "X25519MLKEM768:X25519"};

static struct site gm(void)
{
    struct site site = gm_site;
    site.chain = world.gm_chain;
    return site;
}

static struct site intl(void)
{
    struct site site = intl_site;
    site.chain = world.intl_chain;
    return site;
}

/* ---- the client ---- */

static struct tls_browser *browser_of(const char *profile)
{
    struct tls_browser *browser;
    struct tls_browser_settings settings = {.profile = profile, .trust = world.trust};
    OK(tls_browser_new(&settings, &browser, &err));
    return browser;
}

static enum tls_result shake_hands(struct server *s, struct tls_stream *stream)
{
    enum tls_result result = TLS_WANT_READ;
    for (int i = 0; i < TURNS_MAX && (result == TLS_WANT_READ || result == TLS_WANT_WRITE); i++) {
        result = tls_stream_handshake(stream);
        (void)SSL_do_handshake(s->ssl);
    }
    return result;
}

static struct tls_stream *dial(struct server *s, struct tls_browser *browser, const struct tls_browser_dial *how)
{
    struct tls_stream *stream;
    OK(tls_browser_dial(browser, s->fds[0], how, &stream, &err));
    return stream;
}

static const struct tls_browser_dial usual = {.server_name = NAME, .at_s = AT_S};

/* One handshake with a report of it. */
static struct tls_browser_report once(const struct site *site, const char *profile, const struct tls_browser_dial *how,
                                      struct tai *retry, bool *has_retry)
{
    struct server server;
    struct tls_browser *browser = browser_of(profile);
    server_start(&server, site, NULL);
    struct tls_stream *stream = dial(&server, browser, how);
    enum tls_result result = shake_hands(&server, stream);
    struct tls_browser_report report = *tls_browser_report(stream);
    assert_int_equal(result == TLS_DONE, report.is_done);
    if (report.is_judged && strcmp(report.version, "TLSv1.3") == 0)
        assert_int_equal(report.sent_count, server.heard.count);
    *has_retry = tls_browser_retry_anchor(stream, retry);
    tls_browser_free(browser);
    tls_stream_free(stream);
    server_stop(&server);
    return report;
}

static struct tls_browser_report one(const struct site *site, const char *profile)
{
    struct tai id;
    bool has_retry;
    return once(site, profile, &usual, &id, &has_retry);
}

/* ---- profiles ---- */

static void gm_browser(void **state)
{
    (void)state;
    struct site site = gm();
    site.available = "32473.1 32473.2";
    peer_world_trust("");
    struct tls_browser_report r = one(&site, "gm");
    assert_string_equal(r.reason, "");
    assert_true(r.is_done && r.is_judged);
    assert_string_equal(r.version, "TLSv1.3");
    assert_string_equal(r.group, "curveSM2MLKEM768");
    assert_string_equal(r.suite, "TLS_SM4_GCM_SM3");
    assert_string_equal(r.signature, "sm2sig_sm3");
    assert_int_equal(r.signature_id, 0x0708);
    assert_int_equal(r.peer.world, PEER_WORLD_GM);
    assert_int_equal(r.peer.mode, PEER_MODE_CLASSIC);
    assert_true(r.has_trust_anchors);
    assert_int_equal(r.sent_count, 2);
    assert_int_equal(r.available_count, 2);
    assert_false(r.is_anchor_confirmed || r.is_resumed || r.is_hello_retried || r.is_retry);
    assert_in_range(r.client_hello_size, 1400, 3200); /* with both hybrids */
    assert_in_range(r.server_flight_size, r.peer.chain_size + 1100, r.peer.chain_size + 1500);
    assert_in_range(r.client_finish_size, 50, 120);
    assert_in_range(r.certificate_message_size, r.peer.chain_size, r.peer.chain_size + 40);
    peer_world_distrust();
}

static void intl_browsers(void **state)
{
    (void)state;
    struct site site = intl();
    static const char *const profiles[] = {"gm", "gm-no-landmarks", "intl", "legacy"};
    peer_world_trust("");
    for (size_t i = 0; i < LENGTH(profiles); i++) {
        struct tls_browser_report r = one(&site, profiles[i]);
        assert_string_equal(r.reason, "");
        assert_true(r.is_done);
        assert_string_equal(r.profile, profiles[i]);
        assert_string_equal(tls_browser_profile(i), profiles[i]);
        assert_int_equal(r.peer.world, PEER_WORLD_INTL);
        assert_string_equal(r.suite, i < 3 ? "TLS_AES_128_GCM_SHA256" : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
        assert_int_equal(r.has_trust_anchors, i < 3);
        assert_int_equal(r.sent_count, i < 2 ? 2 : i == 2 ? 1 : 0);
    }
    assert_null(tls_browser_profile(4));
    /* Those who know no GM find no common suite with a site that has nothing else. */
    site = gm();
    for (size_t i = 2; i < LENGTH(profiles); i++) {
        struct tls_browser_report r = one(&site, profiles[i]);
        assert_false(r.is_done);
        assert_true(r.reason[0] != '\0');
    }
    peer_world_distrust();
}

static void tls_1_2(void **state)
{
    (void)state;
    struct site site = intl();
    site.version = TLS1_2_VERSION;
    peer_world_trust("");
    struct tls_browser_report r = one(&site, "legacy");
    assert_string_equal(r.reason, "");
    assert_string_equal(r.version, "TLSv1.2");
    assert_int_equal(r.peer.mode, PEER_MODE_CLASSIC);
    peer_world_distrust();
}

static void what_goes_along(void **state)
{
    (void)state;
    struct site site = intl();
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    peer_world_trust("");
    for (size_t i = 0; i < LENGTH(versions); i++) {
        site.version = versions[i];
        site.has_extras = false;
        struct tls_browser_report r = one(&site, "intl");
        assert_int_equal(r.peer.ocsp, PEER_OCSP_NONE);
        assert_int_equal(r.peer.sct_count, CLASSIC_CHAIN_SCTS);
        site.has_extras = true;
        r = one(&site, "intl");
        assert_string_equal(r.reason, "");
        assert_true(r.is_done);
        assert_int_equal(r.peer.ocsp, PEER_OCSP_IGNORED);
        assert_int_equal(r.peer.sct_count, CLASSIC_CHAIN_SCTS + 1);
        assert_int_equal(r.peer.scts[CLASSIC_CHAIN_SCTS].source, PEER_SCT_TLS);
    }
    peer_world_distrust();
}

/* ---- refusals ---- */

static void refusals(void **state)
{
    (void)state;
    static const struct tls_browser_dial other_name = {.server_name = "www.example.org", .at_s = AT_S},
                                         too_late = {.server_name = NAME, .at_s = AT_S + 100 * INT64_C(86400)},
                                         address = {.server_name = "127.0.0.1", .at_s = AT_S};
    struct site site = gm();
    struct tai id;
    bool has_retry;
    peer_world_trust("");
    struct tls_browser_report r = once(&site, "gm", &other_name, &id, &has_retry);
    assert_false(r.is_done || has_retry);
    assert_true(r.is_judged);
    assert_int_equal(r.verdict, STATUS_REFUSED);
    assert_non_null(strstr(r.reason, "not for the name www.example.org"));
    assert_string_equal(r.suite, "TLS_SM4_GCM_SM3");
    r = once(&site, "gm", &too_late, &id, &has_retry);
    assert_non_null(strstr(r.reason, "expired"));
    r = once(&site, "gm", &address, &id, &has_retry);
    assert_non_null(strstr(r.reason, "not for this IP address"));
    /* RFC 8998: OpenSSL itself would mix them. */
    site.suites = "TLS_AES_128_GCM_SHA256";
    r = one(&site, "gm");
    assert_false(r.is_done);
    assert_non_null(strstr(r.reason, "SM2 certificate under the suite TLS_AES_128_GCM_SHA256"));
    site = gm();
    site.groups = "X25519";
    r = one(&site, "gm");
    assert_non_null(strstr(r.reason, "SM2 certificate with the group x25519"));
    site = intl();
    site.groups = "curveSM2";
    r = one(&site, "gm");
    assert_non_null(strstr(r.reason, "with the group curveSM2"));
    site = intl();
    site.is_leaf_alone = true;
    r = one(&site, "gm");
    assert_non_null(strstr(r.reason, "issuer"));
    peer_world_distrust();
}

static void wrong_settings(void **state)
{
    (void)state;
    struct tls_browser *browser;
    struct tls_stream *stream;
    peer_world_trust("");
    struct tls_browser_settings settings = {.profile = "netscape", .trust = world.trust};
    assert_says(tls_browser_new(&settings, &browser, &err), &err, STATUS_USAGE, "netscape");
    settings.profile = "gm";
    settings.alpn = "";
    assert_says(tls_browser_new(&settings, &browser, &err), &err, STATUS_USAGE, "protocol name");
    browser = browser_of("gm");
    static const char *const names[] = {"", "a b", "*.example.com", "\xc3\xa4.example"};
    for (size_t i = 0; i < LENGTH(names); i++)
        assert_says(tls_browser_dial(browser, 0, &(struct tls_browser_dial){.server_name = names[i]}, &stream, &err), &err,
                    STATUS_USAGE, "server name");
    tls_browser_free(browser);
    peer_world_distrust();
}

/* ---- retry ---- */

static void retry(void **state)
{
    (void)state;
    struct site site = intl();
    struct tai id, gm_id, intl_id;
    bool has_retry;
    OK(tai_parse_text(bytes_of_text("32473.1"), &gm_id, &err));
    OK(tai_parse_text(bytes_of_text("32473.2"), &intl_id, &err));
    site.is_leaf_alone = true; /* not trusted */
    site.available = "32473.99 32473.2 32473.1";
    peer_world_trust("");
    struct tls_browser_report r = once(&site, "gm", &usual, &id, &has_retry);
    assert_false(r.is_done);
    assert_true(has_retry);
    assert_true(tai_equal(&id, &intl_id));
    assert_int_equal(r.available_count, 3);
    r = once(&site, "legacy", &usual, &id, &has_retry);
    assert_false(has_retry);
    /* The retry sends that ID alone, and is the last one. */
    struct tls_browser_dial again = usual;
    again.only_anchor = &gm_id;
    r = once(&site, "gm", &again, &id, &has_retry);
    assert_true(r.is_retry);
    assert_int_equal(r.sent_count, 1);
    assert_true(tai_equal(&r.sent[0], &gm_id));
    assert_false(r.is_done || has_retry);
    /* Nothing that is trusted is on offer. */
    site.available = "32473.99 32473.1.1.1.5";
    (void)once(&site, "gm", &usual, &id, &has_retry);
    assert_false(has_retry);
    /* A connection that is good needs none. */
    site.available = "32473.1";
    site.is_leaf_alone = false;
    r = once(&site, "gm", &usual, &id, &has_retry);
    assert_true(r.is_done);
    assert_false(has_retry);
    peer_world_distrust();
}

static void confirmed(void **state)
{
    (void)state;
    struct site site = intl();
    site.is_confirmed = true;
    peer_world_trust("");
    struct tls_browser_report r = one(&site, "gm");
    assert_string_equal(r.reason, "");
    assert_true(r.is_anchor_confirmed);
    peer_world_distrust();
}

static void hello_retry(void **state)
{
    (void)state;
    struct site site = gm();
    peer_world_trust("");
    site = intl();
    site.groups = "P-384";
    struct tls_browser_report plain = one(&(struct site){.chain = world.intl_chain, .suites = intl_site.suites, .groups = intl_site.groups}, "intl");
    struct tls_browser_report r = one(&site, "intl");
    assert_string_equal(r.reason, "");
    assert_true(r.is_hello_retried);
    assert_string_equal(r.group, "secp384r1");
    assert_true(r.client_hello_size > plain.client_hello_size + 300);
    peer_world_distrust();
}

/* ---- sessions ---- */

static struct tls_browser_session *take_session(struct server *s, struct tls_stream *stream)
{
    char byte;
    size_t len;
    assert_int_equal(SSL_write(s->ssl, "x", 1), 1);
    assert_int_equal(tls_stream_read(stream, &byte, 1, &len), TLS_DONE);
    assert_int_equal(byte, 'x');
    return tls_browser_take_session(stream);
}

static struct tls_browser_report resumed(SSL_CTX *ctx, const struct site *site, struct tls_browser *browser,
                                         const struct tls_browser_dial *how)
{
    struct server server;
    server_start(&server, site, ctx);
    struct tls_stream *stream = dial(&server, browser, how);
    (void)shake_hands(&server, stream);
    struct tls_browser_report report = *tls_browser_report(stream);
    tls_stream_free(stream);
    server_stop(&server);
    return report;
}

static void resumption(void **state)
{
    (void)state;
    struct site site = gm();
    SSL_CTX *ctx;
    struct server server;
    struct bytes chain[PEER_CHAIN_MAX];
    struct peer_request asked;
    site.has_extras = true;
    peer_world_trust("");
    struct tls_browser *browser = browser_of("gm");
    ctx = server_context(&site);
    server_start(&server, &site, ctx);
    struct tls_stream *stream = dial(&server, browser, &usual);
    assert_null(tls_browser_take_session(stream));
    assert_false(tls_browser_request(stream, chain, &asked)); /* nothing was judged yet */
    assert_int_equal(shake_hands(&server, stream), TLS_DONE);
    assert_true(tls_browser_request(stream, chain, &asked));
    assert_true(asked.count == 2 && asked.sct_list.len > 0 && asked.ocsp_response.len > 0 && asked.at_s == AT_S);
    assert_true(bytes_is_text(asked.dns_name, NAME));
    struct tls_browser_session *session = take_session(&server, stream);
    assert_non_null(session);
    tls_stream_free(stream);
    server_stop(&server);
    struct tls_browser_dial how = usual;
    how.session = session;
    struct tls_browser_report r = resumed(ctx, &site, browser, &how);
    assert_string_equal(r.reason, "");
    assert_true(r.is_done);
    assert_true(r.is_judged);
    assert_true(r.is_resumed);
    assert_int_equal(r.peer.mode, PEER_MODE_CLASSIC);
    /* What came beside the certificates does not come again, and counts all the same. */
    assert_int_equal(r.peer.sct_count, CLASSIC_CHAIN_SCTS + 1);
    assert_int_equal(r.peer.ocsp, PEER_OCSP_IGNORED);
    assert_string_equal(r.signature, "sm2sig_sm3");
    assert_true(r.server_flight_size < 1500);
    assert_int_equal(r.certificate_message_size, 0);
    /* Not for another name, and not when the certificate has expired meanwhile. */
    how.server_name = "example.net";
    r = resumed(ctx, &site, browser, &how);
    assert_false(r.is_done || r.is_resumed);
    assert_non_null(strstr(r.reason, "not for the name"));
    how.server_name = NAME;
    how.at_s = AT_S + 100 * INT64_C(86400);
    r = resumed(ctx, &site, browser, &how);
    assert_false(r.is_done || r.is_resumed);
    assert_non_null(strstr(r.reason, "expired"));
    tls_browser_session_free(session);
    tls_browser_free(browser);
    SSL_CTX_free(ctx);
    peer_world_distrust();
}

/* A session of a GM certificate goes on with curveSM2 or not at all [RFC8998]. */
static void resumption_is_paired(void **state)
{
    (void)state;
    struct site site = gm();
    struct server server;
    char sent[] = "x", got[8];
    size_t len;
    peer_world_trust("");
    struct tls_browser *browser = browser_of("gm");
    SSL_CTX *ctx = server_context(&site);
    server_start(&server, &site, ctx);
    struct tls_stream *stream = dial(&server, browser, &usual);
    assert_int_equal(shake_hands(&server, stream), TLS_DONE);
    struct tls_browser_dial how = usual;
    how.session = take_session(&server, stream);
    tls_stream_free(stream);
    server_stop(&server);
    assert_int_equal(SSL_CTX_set1_groups_list(ctx, (void *)(uintptr_t)"X25519MLKEM768:X25519"), 1);
    server_start(&server, &site, ctx);
    stream = dial(&server, browser, &how);
    assert_int_equal(shake_hands(&server, stream), TLS_FAILED);
    assert_int_equal(SSL_session_reused(server.ssl), 1);
    assert_non_null(strstr(tls_stream_reason(stream), "X25519MLKEM768"));
    assert_false(tls_browser_report(stream)->is_done);
    assert_int_equal(tls_stream_write(stream, BYTES_OF(sent), &len), TLS_FAILED);
    assert_int_equal(tls_stream_read(stream, got, sizeof got, &len), TLS_FAILED);
    tls_stream_free(stream);
    server_stop(&server);
    tls_browser_session_free((struct tls_browser_session *)(uintptr_t)how.session);
    tls_browser_free(browser);
    SSL_CTX_free(ctx);
    peer_world_distrust();
}

/* Without a goodbye nobody knows whether that was all. */
static void a_connection_that_is_cut(void **state)
{
    (void)state;
    struct site site = intl();
    struct server server;
    char got[8];
    size_t len;
    peer_world_trust("");
    struct tls_browser *browser = browser_of("intl");
    server_start(&server, &site, NULL);
    struct tls_stream *stream = dial(&server, browser, &usual);
    assert_int_equal(shake_hands(&server, stream), TLS_DONE);
    assert_int_equal(shutdown(server.fds[1], SHUT_WR), 0);
    assert_int_equal(tls_stream_read(stream, got, sizeof got, &len), TLS_FAILED);
    tls_stream_free(stream);
    server_stop(&server);
    tls_browser_free(browser);
    peer_world_distrust();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gm_browser),
        cmocka_unit_test(intl_browsers),
        cmocka_unit_test(tls_1_2),
        cmocka_unit_test(what_goes_along),
        cmocka_unit_test(refusals),
        cmocka_unit_test(wrong_settings),
        cmocka_unit_test(retry),
        cmocka_unit_test(confirmed),
        cmocka_unit_test(hello_retry),
        cmocka_unit_test(resumption),
        cmocka_unit_test(resumption_is_paired),
        cmocka_unit_test(a_connection_that_is_cut),
    };
    return cmocka_run_group_tests(tests, peer_world_make, peer_world_clear);
}

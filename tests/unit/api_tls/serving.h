/* serving.h - a site with certificates of both worlds made on the spot, and clients of the library that trust them. What
 * is not used by a test is no fault. */
#ifndef CATHAYA_TESTS_UNIT_API_TLS_SERVING_H
#define CATHAYA_TESTS_UNIT_API_TLS_SERVING_H

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cathaya/tls_server.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "unit/checks.h"
#include "unit/rules/mtc_maker.h"

#include "codec/pem/pem.h"
#include "codec/properties/properties.h"
#include "crypto/context.h"
#include "tls/classic_chain.h"

#define NAME "www.example.com"
#define AT_S (MAKER_NOW + 3600)
#define KINDS 6

static struct error err __attribute__((unused));
static struct cathaya_error outer;

#define GOOD(expression) \
    do { \
        if ((expression) != CATHAYA_OK) \
            fail_msg("%s: %s", #expression, outer.reason); \
    } while (0)

static inline void says(enum cathaya_status got, enum cathaya_status want, const char *words)
{
    if (got != want || outer.status != want || strstr(outer.reason, words) == NULL)
        fail_msg("got %d (%d: %s), want %d (...%s...)", (int)got, (int)outer.status, outer.reason, (int)want, words);
}

static int64_t clock_s = AT_S;

static inline int64_t test_clock(void *context)
{
    (void)context;
    return clock_s;
}

/* ---- files ---- */

/* In the order of enum cathaya_tls_kind, from GM_LANDMARK on. */
static struct {
    struct builder chain, key;
} files[KINDS];

static struct maker_ca cas[2]; /* gm, intl */
static struct classic_chain *chains[2];
static uint8_t subtree_hash[2][HASH_SIZE];
static const char *const ca_ids[] = {"32473.1", "32473.2"};

static inline void put_mtc(size_t at, const char *ca, bool is_landmark, struct bytes der, struct bytes key)
{
    static struct properties properties;
    struct builder list;
    struct tai id;
    builder_init(&list, PROPERTIES_SIZE_MAX);
    OK(tai_parse_text(bytes_of_text(ca), &id, &err));
    if (is_landmark)
        OK(properties_landmark(&id, 1, 5, &properties, &err));
    else
        OK(properties_standalone(&id, &properties, &err));
    OK(properties_write(&properties, PROPERTIES_WITH_PATTERNS, &list, &err));
    OK(pem_write(PROPERTIES_PEM_LABEL, builder_view(&list), &files[at].chain, &err));
    OK(pem_write(PEM_CERTIFICATE, der, &files[at].chain, &err));
    builder_bytes(&files[at].key, key);
    builder_clear(&list);
}

/* Entry 5 of log 1, landmark-relative and standalone. */
static inline void make_mtcs(size_t world)
{
    struct maker_cert cert;
    unsigned char *spki = NULL;
    char *pem;
    EVP_PKEY *key = world == 0 ? EVP_PKEY_Q_keygen(context_library(), NULL, "SM2") : EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    int len = i2d_PUBKEY(key, &spki);
    assert_true(len > 0 && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    long pem_len = BIO_get_mem_data(bio, &pem);
    maker_cert_init(&cert, &cas[world], 1, 5, 4, 8);
    cert.spki = bytes_of(spki, (size_t)len);
    maker_subtree_hash(&cert, subtree_hash[world]);
    for (size_t i = 0; i < 2; i++) {
        if (i == 1)
            maker_ca_sign(&cert);
        struct bytes der = maker_write(&cert);
        put_mtc(world * 3 + i, ca_ids[world], i == 0, der, bytes_of(pem, (size_t)pem_len));
        heap_free(der);
    }
    BIO_free(bio);
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
}

static inline void make_classic(size_t world)
{
    size_t at = world * 3 + 2;
    OK(classic_chain_new(world == 0 ? CLASSIC_SM2 : CLASSIC_P256, NAME, AT_S, &chains[world], &err));
    OK(pem_write(PEM_CERTIFICATE, classic_chain_leaf(chains[world]), &files[at].chain, &err));
    OK(pem_write(PEM_CERTIFICATE, classic_chain_intermediate(chains[world]), &files[at].chain, &err));
    builder_bytes(&files[at].key, classic_chain_key_pem(chains[world]));
}

static inline int make_world(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    maker_ca_init(&cas[0], &maker_gm, ca_ids[0], "sm2_sm3");
    maker_ca_init(&cas[1], &maker_07, ca_ids[1], "mldsa44");
    for (size_t i = 0; i < KINDS; i++) {
        builder_init(&files[i].chain, 65536);
        builder_init(&files[i].key, 65536);
    }
    for (size_t world = 0; world < 2; world++) {
        make_mtcs(world);
        make_classic(world);
    }
    return 0;
}

static inline int clear_world(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        builder_clear(&files[i].chain);
        builder_clear(&files[i].key);
    }
    for (size_t world = 0; world < 2; world++) {
        maker_ca_clear(&cas[world]);
        classic_chain_free(chains[world]);
    }
    return 0;
}

static inline const char *text_of(const struct builder *b)
{
    return (const char *)b->data;
}

/* ---- the client ---- */

static inline struct cathaya_tls_trust *trust_all(void)
{
    struct cathaya_tls_trust *trust;
    GOOD(cathaya_tls_trust_new(&trust, &outer));
    for (size_t world = 0; world < 2; world++) {
        enum cathaya_world w = world == 0 ? CATHAYA_WORLD_GM : CATHAYA_WORLD_INTL;
        struct bytes root = classic_chain_root(chains[world]);
        GOOD(cathaya_tls_trust_add_ca(trust, cas[world].der.data, cas[world].der.len, &outer));
        GOOD(cathaya_tls_trust_add_root(trust, w, root.data, root.len, &outer));
        GOOD(cathaya_trust_add_subtree(cathaya_tls_trust_mtc(trust), ca_ids[world], 1, 4, 8, subtree_hash[world], &outer));
        GOOD(cathaya_tls_trust_add_landmarks(trust, w, ca_ids[world], 1, 3, 7, &outer));
    }
    return trust;
}

static inline struct cathaya_tls_client *client_of(const struct cathaya_tls_trust *trust, const char *profile)
{
    struct cathaya_tls_settings settings = {.profile = profile, .alpn = "http/1.1"};
    struct cathaya_tls_client *client;
    GOOD(cathaya_tls_client_new(trust, &settings, &client, &outer));
    return client;
}

/* The first flight of a client of this profile: a ClientHello in records. On the heap. */
static inline struct bytes hello_of(const char *profile)
{
    struct cathaya_tls_trust *trust = trust_all();
    struct cathaya_tls_client *client = client_of(trust, profile);
    struct cathaya_tls_target target = {.server_name = NAME, .at = AT_S};
    struct cathaya_tls *connection;
    uint8_t bytes[8192];
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    GOOD(cathaya_tls_connect(client, fds[0], &target, &connection, &outer));
    assert_int_equal(cathaya_tls_handshake(connection), CATHAYA_TLS_WANT_READ);
    ssize_t len = read(fds[1], bytes, sizeof bytes);
    assert_true(len > 100);
    cathaya_tls_free(connection);
    cathaya_tls_client_free(client);
    cathaya_tls_trust_free(trust);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return heap_copy(bytes_of(bytes, (size_t)len));
}

#endif

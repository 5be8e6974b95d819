#include "tls/tls_browser.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "crypto/context.h"
#include "tls/tls_browser_parts.h"
#include "tls/tls_stream_parts.h"

/* Lists of names for OpenSSL: some twenty of thirty characters. */
#define LIST_SIZE 1024

/* For libssl's macros that take what they only read as not const. */
static void *unconst(const void *p)
{
    return (void *)(uintptr_t)p;
}

/* ---- the browser ---- */

const char *tls_browser_profile(size_t i)
{
    const struct client_profile *profile = client_profiles_at(i);
    return profile != NULL ? profile->name : NULL;
}

static enum status unusable(const char *what, struct error *err)
{
    return error_set(err, STATUS_USAGE, "tls: %s: %s", what, context_openssl_reason());
}

static enum status offer(SSL_CTX *ctx, const struct client_profile *profile, struct error *err)
{
    char memory[4][LIST_SIZE];
    struct builder list[4];
    bool ok = true;
    for (size_t i = 0; i < 4; i++)
        builder_init_fixed(&list[i], memory[i], LIST_SIZE);
    tls_names_openssl_suites(profile->suites, true, &list[0]);
    tls_names_openssl_suites(profile->suites, false, &list[1]);
    client_profiles_openssl_groups(profile, &list[2]);
    tls_names_openssl_schemes(profile->schemes, &list[3]);
    for (size_t i = 0; i < 4; i++) {
        builder_u8(&list[i], 0);
        ok = ok && builder_is_good(&list[i]);
    }
    if (!ok)
        return error_set(err, STATUS_LIMIT, "tls: the profile %s offers too much", profile->name);
    if (SSL_CTX_set_min_proto_version(ctx, profile->has_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, profile->has_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) != 1)
        return unusable("versions", err);
    if (SSL_CTX_set_ciphersuites(ctx, memory[0]) != 1 ||
        (profile->has_tls12 && memory[1][0] != '\0' && SSL_CTX_set_cipher_list(ctx, memory[1]) != 1))
        return unusable("suites", err);
    if (SSL_CTX_set1_groups_list(ctx, memory[2]) != 1)
        return unusable("groups", err);
    return SSL_CTX_set1_sigalgs_list(ctx, memory[3]) == 1 ? STATUS_OK : unusable("signature algorithms", err);
}

static enum status make_context(struct tls_browser *b, const struct tls_browser_settings *settings, struct error *err)
{
    b->ctx = tls_context_new_library(false);
    if (b->ctx == NULL)
        return unusable("no context", err);
    /* Compression of certificates would hide what their sizes are. */
    (void)SSL_CTX_set_options(b->ctx, SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    /* A page that was cut off is not the page. */
    (void)SSL_CTX_clear_options(b->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    enum status s = offer(b->ctx, b->profile, err);
    if (s == STATUS_OK && settings->alpn != NULL)
        s = tls_context_offer_protocol(b->ctx, settings->alpn, err);
    if (s == STATUS_OK && b->profile->has_trust_anchors)
        s = trust_anchors_install(b->ctx, settings->trust_anchors_type, err);
    return s == STATUS_OK ? tls_browser_watch(b->ctx, err) : s;
}

enum status tls_browser_new(const struct tls_browser_settings *settings, struct tls_browser **out, struct error *err)
{
    *out = NULL;
    const struct client_profile *profile = client_profiles_find(bytes_of_text(settings->profile));
    if (profile == NULL)
        return error_set(err, STATUS_USAGE, "\"%.40s\" is no profile of a client: gm, gm-no-landmarks, intl, legacy",
                         settings->profile);
    struct tls_browser *b = calloc(1, sizeof *b);
    if (b == NULL)
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    enum status s = hasher_set_init(&b->hashers, err);
    if (s != STATUS_OK) {
        free(b);
        return s;
    }
    b->count = 1;
    b->profile = profile;
    b->trust = settings->trust;
    b->scope = (struct peer_scope){
        .has_gm = profile->is_gm, .has_mtc = profile->has_trust_anchors, .has_landmarks = profile->has_landmarks};
    s = make_context(b, settings, err);
    if (s == STATUS_OK)
        *out = b;
    else
        tls_browser_free(b);
    return s;
}

void tls_browser_free(struct tls_browser *browser)
{
    if (browser == NULL || --browser->count > 0)
        return;
    SSL_CTX_free(browser->ctx);
    hasher_set_clear(&browser->hashers);
    free(browser);
}

/* ---- connections ---- */

static void connection_free(void *owner)
{
    struct tls_browser_connection *c = owner;
    builder_clear(&c->requested);
    builder_clear(&c->sct_list);
    builder_clear(&c->ocsp);
    builder_clear(&c->chain);
    SSL_SESSION_free(c->session);
    tls_browser_free(c->browser);
    free(c);
}

static bool connection_explain(void *owner, SSL *ssl, struct builder *reason)
{
    struct tls_browser_connection *c = owner;
    (void)ssl;
    tls_browser_describe(c);
    if (!c->has_failed)
        return false;
    builder_text(reason, c->report.reason);
    return true;
}

/* The certificates of a session were judged before it was offered; now it is known with which suite and group they
 * go on. */
static bool connection_finished(void *owner, SSL *ssl)
{
    struct tls_browser_connection *c = owner;
    struct error err = {.status = STATUS_OK};
    c->report.is_resumed = SSL_session_reused(ssl) == 1;
    tls_browser_describe(c);
    c->report.is_done = !c->report.is_resumed || tls_browser_judge(c, false, &err) == STATUS_OK;
    return c->report.is_done;
}

static const struct tls_stream_kind kind = {
    .free = connection_free, .explain = connection_explain, .finished = connection_finished};

static enum status read_name(struct tls_browser_connection *c, const char *name, struct error *err)
{
    size_t len = strlen(name);
    if (ip_address_parse(bytes_of(name, len), c->ip, &c->ip_len)) {
        memcpy(c->server_name, name, len + 1);
        return STATUS_OK;
    }
    c->ip_len = 0;
    if (len > 1 && name[len - 1] == '.')
        len--;
    enum status s = dns_name_check_host(bytes_of(name, len), false, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "server name \"%.100s\"", name);
    if (len > DNS_NAME_MAX)
        return error_set(err, STATUS_USAGE, "server name: longer than %d characters", DNS_NAME_MAX);
    memcpy(c->server_name, name, len);
    return STATUS_OK;
}

static enum status ask_for_anchors(struct tls_browser_connection *c, const struct tls_browser_dial *dial, struct error *err)
{
    struct tls_browser_report *r = &c->report;
    if (!c->browser->profile->has_trust_anchors)
        return STATUS_OK;
    r->is_retry = dial->only_anchor != NULL;
    if (r->is_retry)
        r->sent[r->sent_count++] = *dial->only_anchor;
    else
        r->sent_count = peer_trust_anchors(c->browser->trust, &c->browser->scope, r->sent, TLS_BROWSER_ANCHORS_MAX);
    r->has_trust_anchors = true;
    c->anchors.is_requesting = true;
    c->anchors.heard = &c->heard;
    enum status s = trust_anchor_list_write(r->sent, r->sent_count, TRUST_ANCHOR_REQUESTED, &c->requested, err);
    c->anchors.requested = builder_view(&c->requested);
    return s;
}

/* A session stands for certificates that were judged once: what is not trusted any more is not resumed. */
static void offer_session(struct tls_browser_connection *c, const struct tls_browser_session *session)
{
    struct error ignored = {.status = STATUS_OK};
    builder_bytes(&c->chain, builder_view(&session->chain));
    builder_bytes(&c->sct_list, builder_view(&session->sct_list));
    builder_bytes(&c->ocsp, builder_view(&session->ocsp));
    if (strcmp(session->server_name, c->server_name) == 0 && tls_browser_judge(c, true, &ignored) == STATUS_OK &&
        SSL_set_session(c->ssl, session->session) == 1) {
        memcpy(c->report.signature, session->signature, sizeof c->report.signature);
        c->report.signature_id = session->signature_id;
        return;
    }
    builder_reset(&c->chain);
    builder_reset(&c->sct_list);
    builder_reset(&c->ocsp);
    c->has_failed = false;
    c->report.is_judged = false;
    c->report.verdict = STATUS_OK;
    c->report.reason[0] = '\0';
    c->report.peer = (struct peer_verdict){.mode = PEER_MODE_NONE};
}

static enum status prepare(struct tls_browser_connection *c, const struct tls_browser_dial *dial, struct error *err)
{
    builder_init(&c->requested, TRUST_ANCHOR_LIST_SIZE_MAX);
    builder_init(&c->sct_list, TLS_BROWSER_SCT_LIST_SIZE_MAX);
    builder_init(&c->ocsp, TLS_BROWSER_OCSP_SIZE_MAX);
    builder_init(&c->chain, TLS_BROWSER_CHAIN_SIZE_MAX);
    c->at_s = dial->at_s;
    c->report.profile = c->browser->profile->name;
    enum status s = read_name(c, dial->server_name, err);
    if (s == STATUS_OK)
        s = ask_for_anchors(c, dial, err);
    if (s != STATUS_OK)
        return s;
    c->ssl = SSL_new(c->browser->ctx);
    if (c->ssl == NULL || !tls_browser_connection_attach(c->ssl, c) ||
        (c->anchors.is_requesting && !trust_anchors_attach(c->ssl, &c->anchors)) ||
        (c->ip_len == 0 && SSL_set_tlsext_host_name(c->ssl, unconst(c->server_name)) != 1))
        return error_set(err, STATUS_NO_MEMORY, "tls: no connection: %s", context_openssl_reason());
    SSL_set_connect_state(c->ssl);
    if (dial->session != NULL)
        offer_session(c, dial->session);
    return STATUS_OK;
}

struct tls_browser_connection *tls_browser_connection_of_stream(const struct tls_stream *stream)
{
    return tls_stream_owner(stream, &kind);
}

enum status tls_browser_dial(struct tls_browser *browser, int fd, const struct tls_browser_dial *dial,
                             struct tls_stream **out, struct error *err)
{
    *out = NULL;
    struct tls_browser_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    c->browser = browser;
    browser->count++;
    enum status s = prepare(c, dial, err);
    if (s == STATUS_OK)
        return tls_stream_new_kind(c->ssl, fd, &kind, c, out, err);
    SSL_free(c->ssl);
    ERR_clear_error();
    connection_free(c);
    return s;
}

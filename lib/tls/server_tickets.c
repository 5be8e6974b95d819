/* Session tickets: keys from outside, and what a ticket remembers of the certificate it began with. */
#include "tls/tls_server_parts.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/context.h"
#include "crypto/random.h"

/* Beside the session: version, kind of credential, last second of the certificate, second of the full handshake. */
#define NOTE_VERSION 2
#define NOTE_SIZE 18
/* Servers that share ticket keys have clocks of their own: a handshake may seem to be this much in the future. */
#define SKEW_S 60
#define IV_SIZE 16

void tls_ticket_keys_add(struct tls_ticket_keys *keys, const struct tls_ticket_key *key)
{
    memmove(&keys->keys[1], &keys->keys[0], sizeof keys->keys - sizeof keys->keys[0]);
    keys->keys[0] = *key;
    if (keys->count < TLS_TICKET_KEYS_MAX)
        keys->count++;
}

enum status tls_ticket_keys_rotate(struct tls_ticket_keys *keys, struct error *err)
{
    struct tls_ticket_key fresh;
    enum status s = random_bytes(&fresh, sizeof fresh, err);
    if (s != STATUS_OK)
        return s;
    tls_ticket_keys_add(keys, &fresh);
    bytes_wipe(&fresh, sizeof fresh);
    return STATUS_OK;
}

void tls_ticket_keys_wipe(struct tls_ticket_keys *keys)
{
    bytes_wipe(keys, sizeof *keys);
}

void tls_server_set_ticket_keys(struct tls_server *server, const struct tls_ticket_keys *keys)
{
    tls_ticket_keys_wipe(&server->ticket_keys);
    if (keys != NULL)
        server->ticket_keys = *keys;
    if (server->ticket_keys.count > TLS_TICKET_KEYS_MAX)
        server->ticket_keys.count = TLS_TICKET_KEYS_MAX;
}

/* ---- the envelope ---- */

static bool set_mac(EVP_MAC_CTX *mac, struct tls_ticket_key *key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_END,
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static int seal(struct tls_server *server, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                EVP_MAC_CTX *mac)
{
    struct tls_ticket_key *key = &server->ticket_keys.keys[0];
    if (server->ticket_keys.count == 0)
        return 0;
    memcpy(name, key->name, sizeof key->name);
    return random_bytes(iv, IV_SIZE, NULL) == STATUS_OK && EVP_EncryptInit_ex2(cipher, server->ticket_cipher, key->cipher, iv, NULL) == 1 &&
                   set_mac(mac, key)
               ? 1
               : -1;
}

static int unseal(struct tls_server *server, const unsigned char *name, const unsigned char *iv,
                  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    for (size_t i = 0; i < server->ticket_keys.count; i++) {
        struct tls_ticket_key *key = &server->ticket_keys.keys[i];
        if (!bytes_equal(bytes_of(name, sizeof key->name), BYTES_OF(key->name)))
            continue;
        if (EVP_DecryptInit_ex2(cipher, server->ticket_cipher, key->cipher, iv, NULL) != 1 || !set_mac(mac, key))
            return -1;
        return i == 0 ? 1 : 2; /* 2: the client gets a new ticket by the newest key */
    }
    return 0;
}

static int envelope(SSL *ssl, unsigned char name[16], unsigned char iv[EVP_MAX_IV_LENGTH], EVP_CIPHER_CTX *cipher,
                    EVP_MAC_CTX *mac, int is_sealed)
{
    struct tls_server *server = server_connection_of(ssl)->server;
    return is_sealed != 0 ? seal(server, name, iv, cipher, mac) : unseal(server, name, iv, cipher, mac);
}

/* ---- what is remembered ---- */

/* How long a session goes on that began at began_s: every ticket of it counts from the handshake in which the server
 * has proven who it is, and ends with the certificate. */
static int64_t left_s(int64_t began_s, int64_t until_s, int64_t now_s)
{
    int64_t end_s = began_s + TLS_TICKET_LIFETIME_S;
    return (until_s < end_s ? until_s : end_s) - now_s;
}

static int remember(SSL *ssl, void *argument)
{
    const struct server_connection *c = server_connection_of(ssl);
    int64_t now_s = c->server->now_s(c->server->context);
    struct ticket_note note = {c->until_s, now_s};
    uint8_t memory[NOTE_SIZE];
    struct builder b;
    (void)argument;
    if (!c->has_kind)
        return 0;
    if (SSL_session_reused(ssl) == 1)
        note = c->recalled;
    int64_t left = left_s(note.began_s, note.until_s, now_s);
    (void)SSL_SESSION_set_timeout(SSL_get_session(ssl), left < 1                       ? 1
                                                        : left < TLS_TICKET_LIFETIME_S ? (long)left
                                                                                       : TLS_TICKET_LIFETIME_S);
    builder_init_fixed(&b, memory, sizeof memory);
    builder_u8(&b, NOTE_VERSION);
    builder_u8(&b, (uint8_t)c->kind);
    builder_u64(&b, (uint64_t)note.until_s);
    builder_u64(&b, (uint64_t)note.began_s);
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), memory, b.len);
}

static bool read_note(SSL_SESSION *session, uint8_t *kind, struct ticket_note *note)
{
    void *data = NULL;
    size_t len = 0;
    uint8_t version;
    uint64_t until_s, began_s;
    struct reader r;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &len) != 1)
        return false;
    reader_init(&r, bytes_of(data, len));
    if (!reader_u8(&r, &version) || !reader_u8(&r, kind) || !reader_u64(&r, &until_s) || !reader_u64(&r, &began_s) ||
        !reader_is_at_end(&r) || version != NOTE_VERSION)
        return false;
    *note = (struct ticket_note){(int64_t)until_s, (int64_t)began_s};
    return true;
}

/* May the session go on? It is not too old, its certificate is valid, and the client would get the like of it today. */
static bool may_resume(struct server_connection *c, SSL_SESSION *session)
{
    uint8_t kind;
    int64_t now_s = c->server->now_s(c->server->context);
    return read_note(session, &kind, &c->recalled) && c->has_kind && kind == (uint8_t)c->kind &&
           c->recalled.began_s <= now_s + SKEW_S && left_s(c->recalled.began_s, c->recalled.until_s, now_s) >= 0;
}

/* In TLS 1.3 a client uses a ticket once, so that nobody sees two connections with the same one [RFC8446 C.4]: each
 * resumption has to bring the next. In TLS 1.2 the client keeps its ticket until a newer key is there. */
static SSL_TICKET_RETURN recall(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t name_len,
                                SSL_TICKET_STATUS status, void *argument)
{
    struct server_connection *c = server_connection_of(ssl);
    (void)name;
    (void)name_len;
    (void)argument;
    bool is_good = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!is_good)
        return status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT ? SSL_TICKET_RETURN_IGNORE_RENEW
                                                                            : SSL_TICKET_RETURN_IGNORE;
    if (!may_resume(c, session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    bool is_tls13 = SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION;
    return status == SSL_TICKET_SUCCESS && !is_tls13 ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

enum status server_tickets_add(struct tls_server *server, struct error *err)
{
    (void)SSL_CTX_set_session_cache_mode(server->ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(server->ctx, TLS_TICKET_LIFETIME_S);
    server->ticket_cipher = EVP_CIPHER_fetch(context_library(), "AES-256-CBC", context_properties());
    if (server->ticket_cipher != NULL && SSL_CTX_set_tlsext_ticket_key_evp_cb(server->ctx, envelope) == 1 &&
        SSL_CTX_set_session_ticket_cb(server->ctx, remember, recall, NULL) == 1)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "tls: session tickets: %s", context_openssl_reason());
}

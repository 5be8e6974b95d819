#include "gateway/gateway_signer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "adapters/signer_client/signer_client.h"
#include "key_file.h"

struct held_key {
    struct held_key *next;
    char name[KEY_FILE_NAME_MAX + 1];
    char socket[KEY_FILE_NAME_MAX + 1];
    const char *key_id; /* in name */
    struct public_key *key;
    pthread_mutex_t mutex; /* of what follows: workers ask one after the other */
    struct signer_client *client; /* NULL: not found yet */
    int64_t pause_until_ms, pause_ms;
    bool is_failing, is_told;
    uint64_t failure_count;
    char reason[ERROR_TEXT_MAX];
};

/* The main thread's alone. */
static struct held_key *held_keys;
static struct algorithms *algorithms;

/* ---- asking ---- */

static enum status find_client(struct held_key *k, struct error *err)
{
    if (k->client != NULL)
        return STATUS_OK;
    struct signer_client *client;
    enum status s = signer_client_open_within(k->socket, k->key_id, public_key_alg(k->key), GATEWAY_SIGNER_TIMEOUT_MS,
                                              &client, err);
    if (s != STATUS_OK)
        return s;
    if (!bytes_equal(public_key_spki(signer_client_key(client)), public_key_spki(k->key))) {
        signer_client_close(client);
        return error_set(err, STATUS_USAGE, "signer %s, key %s: it is not the leaf's", k->socket, k->key_id);
    }
    k->client = client;
    return STATUS_OK;
}

/* Who was waited for is not asked again for as long, and for twice as long each time. Who is not there at all costs
 * nothing, and is found as soon as he is. */
static void take_failure(struct held_key *k, enum status s, int64_t began_ms, const struct error *err)
{
    int64_t end_ms = posix_clock_monotonic_ms(), cost_ms = end_ms - began_ms;
    k->is_failing = true;
    k->failure_count++;
    memcpy(k->reason, err->text, sizeof k->reason);
    if (s != STATUS_IO || cost_ms < GATEWAY_SIGNER_TIMEOUT_MS / 2)
        return;
    k->pause_ms = k->pause_ms * 2 > cost_ms ? k->pause_ms * 2 : cost_ms;
    if (k->pause_ms > GATEWAY_SIGNER_PAUSE_MAX_MS)
        k->pause_ms = GATEWAY_SIGNER_PAUSE_MAX_MS;
    k->pause_until_ms = end_ms + k->pause_ms;
}

/* message NULL: only to see whether somebody is there. */
static enum status ask(struct held_key *k, const struct bytes *message, struct builder *signature, struct error *err)
{
    int64_t began_ms = posix_clock_monotonic_ms();
    if (began_ms < k->pause_until_ms) {
        k->failure_count++;
        return error_set(err, STATUS_IO, "%s; not asked again yet", k->reason);
    }
    enum status s = find_client(k, err);
    if (s == STATUS_OK && message != NULL)
        s = signer_client_sign_handshake(k->client, *message, signature, err);
    if (s != STATUS_OK) {
        take_failure(k, s, began_ms, err);
    } else {
        k->is_failing = false;
        k->pause_ms = 0;
    }
    return s;
}

/* The scheme and the ID follow from the key, which the signer has too. */
static enum status sign(void *context, uint16_t scheme, struct bytes id, struct bytes message,
                        struct builder *signature, struct error *err)
{
    struct held_key *k = context;
    (void)scheme;
    (void)id;
    (void)pthread_mutex_lock(&k->mutex);
    enum status s = ask(k, &message, signature, err);
    (void)pthread_mutex_unlock(&k->mutex);
    return s;
}

/* ---- keys ---- */

/* What both a signer and TLS have. */
static enum status find_algorithm(struct bytes spki, struct public_key **out, struct error *err)
{
    static const char *const names[] = {"sm2_sm3", "ecdsa_p256_sha256", "ecdsa_p384_sha384", "ed25519", "mldsa44", "mldsa65",
                                        "mldsa87"};
    struct error ignored;
    if (algorithms == NULL && algorithms_new(&algorithms, err) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (public_key_new(algorithms_by_name(algorithms, bytes_of_text(names[i])), spki, out, &ignored) == STATUS_OK)
            return STATUS_OK;
    return error_set(err, STATUS_USAGE, "a key in a signer is one of SM2, P-256, P-384, Ed25519 or ML-DSA");
}

static enum status split_name(struct held_key *k, const char *name, struct error *err)
{
    int len = snprintf(k->name, sizeof k->name, "%s", name);
    const char *socket = k->name + sizeof GATEWAY_SIGNER_SCHEME - 1, *hash = strrchr(k->name, '#');
    if (len >= (int)sizeof k->name || hash == NULL || hash <= socket || hash[1] == '\0')
        return error_set(err, STATUS_USAGE, "%.200s: a key in a signer is named signer:SOCKET#KEYID", name);
    (void)snprintf(k->socket, sizeof k->socket, "%.*s", (int)(hash - socket), socket);
    k->key_id = hash + 1;
    return STATUS_OK;
}

static void free_held(struct held_key *k)
{
    public_key_free(k->key);
    (void)pthread_mutex_destroy(&k->mutex);
    free(k);
}

static enum status make_held(const char *name, struct bytes spki, struct held_key **out, struct error *err)
{
    struct held_key *k = calloc(1, sizeof *k);
    if (k == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    (void)pthread_mutex_init(&k->mutex, NULL);
    enum status s = split_name(k, name, err);
    if (s == STATUS_OK)
        s = find_algorithm(spki, &k->key, err);
    if (s != STATUS_OK) {
        free_held(k);
        return s;
    }
    k->next = held_keys;
    held_keys = k;
    *out = k;
    return STATUS_OK;
}

static struct held_key *find_held(const char *name, struct bytes spki)
{
    struct held_key *k = held_keys;
    while (k != NULL && (strcmp(k->name, name) != 0 || !bytes_equal(public_key_spki(k->key), spki)))
        k = k->next;
    return k;
}

enum status gateway_signer_open(const char *name, struct bytes spki, struct remote_signer *out, struct error *err)
{
    struct held_key *k = find_held(name, spki);
    enum status s = k != NULL ? STATUS_OK : make_held(name, spki, &k, err);
    if (s != STATUS_OK)
        return s;
    (void)pthread_mutex_lock(&k->mutex);
    s = ask(k, NULL, NULL, err);
    (void)pthread_mutex_unlock(&k->mutex);
    *out = (struct remote_signer){.context = k, .sign = sign, .is_tls13_only = true, .is_away = s == STATUS_IO};
    return s == STATUS_IO ? STATUS_OK : s;
}

/* ---- for the operator ---- */

static void tell(struct held_key *k, struct events_port *events)
{
    char count[24];
    (void)snprintf(count, sizeof count, "%" PRIu64, k->failure_count);
    if (k->is_failing)
        events_report(events, EVENT_ERROR, "signer-away", {"key", k->name}, {"reason", k->reason});
    else
        events_report(events, EVENT_INFO, "signer-back", {"key", k->name}, {"failures", count});
    k->is_told = k->is_failing;
    if (!k->is_failing)
        k->failure_count = 0;
}

/* A key that a worker is waiting for is looked at the next time. */
void gateway_signer_look(struct events_port *events)
{
    for (struct held_key *k = held_keys; k != NULL; k = k->next) {
        if (pthread_mutex_trylock(&k->mutex) != 0)
            continue;
        if (k->is_failing != k->is_told)
            tell(k, events);
        (void)pthread_mutex_unlock(&k->mutex);
    }
}

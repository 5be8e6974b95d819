#include "adapters/signer_client/signer_client.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/signer_client/signer_socket.h"
#include "codec/signer/signer_message.h"

struct signer_client {
    pthread_mutex_t mutex; /* of everything below, in a call */
    char *path;
    char key_id[SIGNER_KEY_ID_MAX + 1];
    int fd; /* -1: not connected */
    int64_t timeout_ms, end_ms; /* of the call under way */
    bool is_away; /* nobody was there when we asked last */
    struct public_key *key;
    struct builder request, answer;
    /* The tree that was signed last through this client: what the next one is proved from at first. */
    char origin[UINT8_MAX + 1];
    uint64_t size;
};

static void disconnect(struct signer_client *client)
{
    if (client->fd >= 0)
        (void)close(client->fd);
    client->fd = -1;
}

static void begin_call(struct signer_client *client)
{
    (void)pthread_mutex_lock(&client->mutex);
    client->end_ms = signer_socket_now_ms() + client->timeout_ms;
}

/* One attempt; until connect_end_ms somebody may come who listens. */
static enum status exchange_once(struct signer_client *client, int64_t connect_end_ms, struct error *err)
{
    enum status status = STATUS_OK;
    builder_reset(&client->answer);
    if (client->fd < 0)
        status = signer_socket_connect(client->path, connect_end_ms, &client->fd, err);
    if (status == STATUS_OK)
        status = signer_socket_exchange(client->fd, builder_view(&client->request), client->end_ms,
                                        &client->answer, err);
    if (status != STATUS_OK)
        disconnect(client);
    return status;
}

/* The answer borrows until the next request. A signer that was started again has closed the connection. Who does not
 * answer at all has used up the time: it is not asked again. */
static enum status exchange(struct signer_client *client, const struct signer_request *request,
                            struct signer_answer *answer, struct error *err)
{
    bool may_wait = client->key != NULL && !client->is_away;
    builder_reset(&client->request);
    enum status status = signer_request_write(request, &client->request, err);
    if (status != STATUS_OK)
        return status;
    status = exchange_once(client, 0, err);
    if (status == STATUS_IO && may_wait && signer_socket_now_ms() < client->end_ms)
        status = exchange_once(client, client->end_ms, err);
    client->is_away = status == STATUS_IO;
    if (status != STATUS_OK)
        return status;
    status = signer_answer_parse(builder_view(&client->answer), answer, err);
    if (status != STATUS_OK)
        disconnect(client); /* where its next answer would begin is anybody's guess */
    return status;
}

/* What an answer that is no yes means here. The reason is the signer's text, for people. */
static enum status take_refusal(const struct signer_answer *answer, struct error *err)
{
    static const enum status statuses[] = {
        [SIGNER_NEEDS_PROOF] = STATUS_REFUSED, [SIGNER_REFUSED] = STATUS_REFUSED, [SIGNER_NOT_FOUND] = STATUS_REFUSED,
        [SIGNER_MALFORMED] = STATUS_REFUSED,   [SIGNER_FAILED] = STATUS_IO,
    };
    int len = answer->body.len < ERROR_TEXT_MAX ? (int)answer->body.len : ERROR_TEXT_MAX;
    return error_set(err, statuses[answer->verdict], "the signer says: %.*s", len, (const char *)answer->body.data);
}

static enum status ask(struct signer_client *client, const struct signer_request *request,
                       struct signer_answer *answer, struct error *err)
{
    enum status status = exchange(client, request, answer, err);
    return status == STATUS_OK && answer->verdict != SIGNER_DONE ? take_refusal(answer, err) : status;
}

static enum status end_call(struct signer_client *client, enum status status, struct error *err)
{
    (void)pthread_mutex_unlock(&client->mutex);
    return error_prefix(err, status, "signer %s, key %s", client->path, client->key_id);
}

/* ---- statements ---- */

static enum status ask_last(struct signer_client *client, const struct signer_request *request,
                            uint64_t *size, struct error *err)
{
    struct signer_request last = {.operation = SIGNER_LAST, .key_id = request->key_id,
                                  .statement = {.log_origin = request->statement.log_origin}};
    struct signer_answer answer;
    struct signer_last tree;
    enum status status = ask(client, &last, &answer, err);
    if (status == STATUS_OK)
        status = signer_last_parse(answer.body, &tree, err);
    if (status == STATUS_OK)
        *size = tree.size;
    return status;
}

/* With the proof that goes with it. */
static enum status ask_proved(struct signer_client *client, struct signer_request *request, struct subtree part,
                              const struct subtree_prover *prover, struct signer_answer *answer, struct error *err)
{
    uint8_t memory[SIGNER_PROOF_MAX];
    struct builder proof;
    bool is_provable = prover != NULL && part.start < part.end && part.end <= request->statement.subtree.end;
    enum status status = STATUS_OK;
    builder_init_fixed(&proof, memory, sizeof memory);
    if (is_provable)
        status = prover->prove(prover->context, part, &proof, err);
    request->proof = builder_view(&proof);
    if (status == STATUS_OK)
        status = exchange(client, request, answer, err);
    request->proof = bytes_of(NULL, 0);
    return status;
}

/* The tree that the signer knows may be another than ours when one of us was killed: then it says so, is asked
 * for it, and gets the proof from there. */
static enum status ask_tree(struct signer_client *client, struct signer_request *request,
                            const struct subtree_prover *prover, struct signer_answer *answer, struct error *err)
{
    const struct cosigned_message *m = &request->statement;
    bool is_known = bytes_is_text(m->log_origin, client->origin);
    struct subtree part = {0, client->size};
    enum status status = is_known ? STATUS_OK : ask_last(client, request, &part.end, err);
    if (status == STATUS_OK)
        status = ask_proved(client, request, part, prover, answer, err);
    if (status == STATUS_OK && answer->verdict == SIGNER_NEEDS_PROOF) {
        status = ask_last(client, request, &part.end, err);
        if (status == STATUS_OK)
            status = ask_proved(client, request, part, prover, answer, err);
    }
    if (status == STATUS_OK && answer->verdict == SIGNER_DONE) {
        memcpy(client->origin, m->log_origin.data, m->log_origin.len);
        client->origin[m->log_origin.len] = '\0';
        client->size = m->subtree.end;
    }
    return status;
}

static enum status take_signature(const struct signer_client *client, const struct signer_answer *answer,
                                  struct bytes message, struct builder *out, struct error *err)
{
    if (answer->verdict != SIGNER_DONE)
        return take_refusal(answer, err);
    enum status status = public_key_verify(client->key, message, answer->body, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "what the signer gave");
    builder_bytes(out, answer->body);
    return builder_status(out, "signature", err);
}

static enum status sign_statement(void *context, const struct cosigned_message *m,
                                  const struct subtree_prover *prover, struct builder *out, struct error *err)
{
    struct signer_client *client = context;
    struct signer_request request = {.operation = m->timestamp != 0 ? SIGNER_TREE : SIGNER_SUBTREE,
                                     .key_id = bytes_of_text(client->key_id), .statement = *m};
    struct signer_answer answer;
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    builder_init_fixed(&message, memory, sizeof memory);
    begin_call(client);
    enum status status = cosigned_message_write(m, &message, err);
    if (status == STATUS_OK)
        status = request.operation == SIGNER_TREE ? ask_tree(client, &request, prover, &answer, err)
                                                  : ask_proved(client, &request, m->subtree, prover, &answer, err);
    if (status == STATUS_OK)
        status = take_signature(client, &answer, builder_view(&message), out, err);
    return end_call(client, status, err);
}

static enum status sign_document(void *context, struct bytes document, struct builder *out, struct error *err)
{
    struct signer_client *client = context;
    struct signer_request request = {.operation = SIGNER_DOCUMENT, .key_id = bytes_of_text(client->key_id),
                                     .document = document};
    struct signer_answer answer;
    begin_call(client);
    enum status status = exchange(client, &request, &answer, err);
    if (status == STATUS_OK)
        status = take_signature(client, &answer, document, out, err);
    return end_call(client, status, err);
}

enum status signer_client_sign_handshake(struct signer_client *client, struct bytes message, struct builder *out,
                                         struct error *err)
{
    struct signer_request request = {.operation = SIGNER_HANDSHAKE, .key_id = bytes_of_text(client->key_id),
                                     .document = message};
    struct signer_answer answer;
    begin_call(client);
    enum status status = exchange(client, &request, &answer, err);
    if (status == STATUS_OK && answer.verdict != SIGNER_DONE)
        status = take_refusal(&answer, err);
    if (status == STATUS_OK) {
        builder_bytes(out, answer.body);
        status = builder_status(out, "signature", err);
    }
    return end_call(client, status, err);
}

/* ---- opening ---- */

static enum status take_row(struct signer_client *client, const struct signer_key_row *row,
                            const struct signature_alg *alg, struct error *err)
{
    if (!bytes_is_text(row->algorithm, alg->name))
        return error_set(err, STATUS_USAGE, "it is a key of %.*s, not of %s", (int)row->algorithm.len,
                         (const char *)row->algorithm.data, alg->name);
    return public_key_new(alg, row->spki, &client->key, err);
}

static enum status find_key(struct signer_client *client, const struct signature_alg *alg, struct error *err)
{
    struct signer_request request = {.operation = SIGNER_LIST};
    struct signer_answer answer;
    struct signer_key_row row;
    struct reader r;
    enum status status = ask(client, &request, &answer, err);
    if (status != STATUS_OK)
        return status;
    reader_init(&r, answer.body);
    while ((status = signer_key_row_read(&r, &row, err)) == STATUS_OK)
        if (bytes_is_text(row.key_id, client->key_id))
            return take_row(client, &row, alg, err);
    return status == STATUS_NOT_FOUND ? error_set(err, STATUS_USAGE, "the signer has no such key") : status;
}

enum status signer_client_open_within(const char *socket_path, const char *key_id, const struct signature_alg *alg,
                                      int64_t timeout_ms, struct signer_client **out, struct error *err)
{
    *out = NULL;
    if (key_id[0] == '\0' || strlen(key_id) > SIGNER_KEY_ID_MAX)
        return error_set(err, STATUS_USAGE, "the ID of a signer's key has 1 to %d bytes", SIGNER_KEY_ID_MAX);
    struct signer_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    client->fd = -1;
    (void)pthread_mutex_init(&client->mutex, NULL);
    client->timeout_ms = timeout_ms;
    memcpy(client->key_id, key_id, strlen(key_id) + 1);
    builder_init(&client->request, SIGNER_REQUEST_MAX);
    builder_init(&client->answer, SIGNER_ANSWER_MAX + 2);
    client->path = strdup(socket_path);
    begin_call(client);
    enum status status = client->path == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory") : find_key(client, alg, err);
    status = end_call(client, status, err);
    if (status != STATUS_OK) {
        signer_client_close(client);
        return status;
    }
    *out = client;
    return STATUS_OK;
}

enum status signer_client_open(const char *socket_path, const char *key_id, const struct signature_alg *alg,
                               struct signer_client **out, struct error *err)
{
    return signer_client_open_within(socket_path, key_id, alg, SIGNER_CLIENT_TIMEOUT_MS, out, err);
}

void signer_client_close(struct signer_client *client)
{
    if (client == NULL)
        return;
    disconnect(client);
    public_key_free(client->key);
    builder_clear(&client->request);
    builder_clear(&client->answer);
    (void)pthread_mutex_destroy(&client->mutex);
    free(client->path);
    free(client);
}

void signer_client_set_timeout(struct signer_client *client, int64_t timeout_ms)
{
    client->timeout_ms = timeout_ms;
}

const struct public_key *signer_client_key(const struct signer_client *client)
{
    return client->key;
}

struct cosigner signer_client_cosigner(struct signer_client *client, const struct tai *id)
{
    return (struct cosigner){.context = client, .id = *id, .key = client->key, .sign = sign_statement};
}

struct document_signer signer_client_document_signer(struct signer_client *client)
{
    return (struct document_signer){.context = client, .key = client->key, .sign = sign_document};
}

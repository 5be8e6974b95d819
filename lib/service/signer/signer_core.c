#include "service/signer/signer_core.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "service/signer/signer_rules.h"

/* One key with what it remembers. */
struct holder {
    struct signer_key config;
    struct hasher hasher;
    struct signer_memory memory;
    struct builder record; /* as it stands in the store */
    bool is_stale;         /* a swap failed: the store may say either */
};

struct signer_core {
    size_t count;
    struct holder holders[SIGNER_KEYS_MAX];
};

static bool has_logs(const struct signer_key *key)
{
    return (key->kinds & (SIGNER_KIND_LOG | SIGNER_KIND_REVOCATIONS)) != 0;
}

/* ---- memory ---- */

static enum status load(struct holder *holder, struct error *err)
{
    const struct record_store *store = &holder->config.memory;
    struct bytes spki = public_key_spki(private_key_public(holder->config.key));
    uint8_t key[HASH_SIZE];
    if (!hash_label_sha256(&spki, 1, key))
        return error_set(err, STATUS_NO_MEMORY, "the crypto library has no SHA-256");
    builder_reset(&holder->record);
    enum status status = store->load(store->context, &holder->record, err);
    if (status == STATUS_NOT_FOUND) {
        holder->memory.count = 0;
        memcpy(holder->memory.key, key, HASH_SIZE);
        status = STATUS_OK;
    } else if (status == STATUS_OK) {
        status = signer_memory_parse(builder_view(&holder->record), &holder->memory, err);
    }
    if (status == STATUS_OK && memcmp(holder->memory.key, key, HASH_SIZE) != 0)
        status = error_set(err, STATUS_REFUSED, "the memory is that of another key");
    holder->is_stale = status != STATUS_OK;
    return error_prefix(err, status, "key %s", holder->config.id);
}

/* Durable when it returns STATUS_OK: only then may anything be signed. */
static enum status keep(struct holder *holder, const struct signer_memory *next, struct error *err)
{
    const struct record_store *store = &holder->config.memory;
    struct builder text;
    builder_init(&text, RECORD_MAX);
    signer_memory_write(next, &text);
    enum status status = builder_status(&text, "the signer's memory", err);
    if (status == STATUS_OK) {
        holder->is_stale = true;
        status = store->swap(store->context, builder_view(&holder->record), builder_view(&text), err);
    }
    if (status == STATUS_OK) {
        holder->memory = *next;
        builder_reset(&holder->record);
        builder_bytes(&holder->record, builder_view(&text));
        status = builder_status(&holder->record, "the signer's memory", err);
        holder->is_stale = status != STATUS_OK;
    }
    builder_clear(&text);
    return status;
}

/* ---- keys ---- */

static enum status check_key(const struct signer_core *core, const struct signer_key *key, struct error *err)
{
    struct bytes spki = public_key_spki(private_key_public(key->key));
    if (key->id[0] == '\0' || strlen(key->id) > SIGNER_KEY_ID_MAX)
        return error_set(err, STATUS_USAGE, "key \"%.80s\": an ID has 1 to %d bytes", key->id, SIGNER_KEY_ID_MAX);
    if ((key->kinds & SIGNER_KIND_CERTIFICATE) != 0 && has_logs(key))
        return error_set(err, STATUS_USAGE, "key %s: a key that signs about logs signs no certificates [MTC 5.5]", key->id);
    if ((key->kinds & SIGNER_KIND_TLS) != 0 && key->kinds != SIGNER_KIND_TLS)
        return error_set(err, STATUS_USAGE, "key %s: a key for handshakes signs nothing else", key->id);
    if ((key->kinds & SIGNER_KIND_OCSP) != 0 && key->kinds != SIGNER_KIND_OCSP)
        return error_set(err, STATUS_USAGE, "key %s: a key for OCSP responses signs nothing else", key->id);
    if (has_logs(key) && (key->hash == NULL || key->cosigner.len == 0))
        return error_set(err, STATUS_USAGE, "key %s: what is signed about logs needs their hash and a cosigner ID", key->id);
    for (size_t i = 0; i < core->count; i++) {
        const struct signer_key *other = &core->holders[i].config;
        if (strcmp(other->id, key->id) == 0)
            return error_set(err, STATUS_USAGE, "key %s is there twice", key->id);
        /* Each ID has a memory of its own: two of them could be played against each other. */
        if (bytes_equal(public_key_spki(private_key_public(other->key)), spki))
            return error_set(err, STATUS_USAGE, "%s and %s are one key, but one key has one memory", other->id, key->id);
    }
    return STATUS_OK;
}

static enum status add(struct signer_core *core, const struct signer_key *key, struct error *err)
{
    enum status status = check_key(core, key, err);
    if (status != STATUS_OK)
        return status;
    struct holder *holder = &core->holders[core->count++];
    holder->config = *key;
    builder_init(&holder->record, RECORD_MAX);
    if (!has_logs(key))
        return STATUS_OK;
    status = hasher_init(&holder->hasher, key->hash, err);
    return status == STATUS_OK ? load(holder, err) : status;
}

enum status signer_core_new(const struct signer_key *keys, size_t count, struct signer_core **out,
                            struct error *err)
{
    *out = NULL;
    if (count > SIGNER_KEYS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d keys", SIGNER_KEYS_MAX);
    struct signer_core *core = calloc(1, sizeof *core);
    enum status status = core != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = add(core, &keys[i], err);
    if (status != STATUS_OK) {
        signer_core_free(core);
        return status;
    }
    *out = core;
    return STATUS_OK;
}

void signer_core_free(struct signer_core *core)
{
    if (core == NULL)
        return;
    for (size_t i = 0; i < core->count; i++) {
        hasher_clear(&core->holders[i].hasher);
        builder_clear(&core->holders[i].record);
    }
    free(core);
}

static struct holder *find_key(struct signer_core *core, struct bytes id)
{
    for (size_t i = 0; i < core->count; i++)
        if (bytes_is_text(id, core->holders[i].config.id))
            return &core->holders[i];
    return NULL;
}

/* ---- operations: each appends the answer's body ---- */

static enum status sign(struct holder *holder, struct bytes message, struct builder *body, struct error *err)
{
    return private_key_sign(holder->config.key, message, body, err);
}

static enum status sign_statement(struct holder *holder, const struct cosigned_message *m,
                                  struct builder *body, struct error *err)
{
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    builder_init_fixed(&message, memory, sizeof memory);
    enum status status = cosigned_message_write(m, &message, err);
    return status == STATUS_OK ? sign(holder, builder_view(&message), body, err) : status;
}

static enum status remember(struct holder *holder, const struct signer_request *request, struct error *err)
{
    const struct cosigned_message *m = &request->statement;
    struct signer_memory next = holder->memory;
    struct signer_tree *tree = signer_memory_find(&next, m->log_origin);
    if (tree != NULL && tree->size == m->subtree.end)
        return STATUS_OK;
    if (tree == NULL) {
        if (next.count == SIGNER_MEMORY_LOGS_MAX)
            return error_set(err, STATUS_REFUSED, "the key remembers %d logs already", SIGNER_MEMORY_LOGS_MAX);
        tree = &next.trees[next.count++];
        memcpy(tree->origin, m->log_origin.data, m->log_origin.len);
        tree->origin[m->log_origin.len] = '\0';
    }
    tree->size = m->subtree.end;
    memcpy(tree->root, m->hash, HASH_SIZE);
    return keep(holder, &next, err);
}

static enum status sign_tree(struct holder *holder, const struct signer_request *request,
                             struct builder *body, enum signer_verdict *verdict, struct error *err)
{
    const struct signer_tree *last = signer_memory_find(&holder->memory, request->statement.log_origin);
    enum status status = signer_rules_check_tree(&holder->config, &holder->hasher, last, request, verdict, err);
    if (status == STATUS_OK)
        status = remember(holder, request, err);
    return status == STATUS_OK ? sign_statement(holder, &request->statement, body, err) : status;
}

static enum status sign_subtree(struct holder *holder, const struct signer_request *request,
                                struct builder *body, enum signer_verdict *verdict, struct error *err)
{
    const struct signer_tree *last = signer_memory_find(&holder->memory, request->statement.log_origin);
    enum status status = signer_rules_check_subtree(&holder->config, &holder->hasher, last, request, verdict, err);
    return status == STATUS_OK ? sign_statement(holder, &request->statement, body, err) : status;
}

static enum status sign_document(struct holder *holder, const struct signer_request *request,
                                 struct builder *body, struct error *err)
{
    enum status status = signer_rules_check_document(&holder->config, request->document, err);
    return status == STATUS_OK ? sign(holder, request->document, body, err) : status;
}

static enum status sign_handshake(struct holder *holder, const struct signer_request *request,
                                  struct builder *body, struct error *err)
{
    enum status status = signer_rules_check_handshake(&holder->config, request->document, err);
    return status == STATUS_OK ? private_key_sign_handshake(holder->config.key, request->document, body, err) : status;
}

static enum status tell_last(struct holder *holder, const struct signer_request *request,
                             struct builder *body, struct error *err)
{
    struct signer_last last = {.is_known = false};
    struct bytes origin = request->statement.log_origin;
    enum status status = signer_rules_check_origin(&holder->config, origin, err);
    if (status != STATUS_OK)
        return status;
    const struct signer_tree *tree = signer_memory_find(&holder->memory, origin);
    if (tree != NULL) {
        last = (struct signer_last){.is_known = true, .size = tree->size};
        memcpy(last.root, tree->root, HASH_SIZE);
    }
    signer_last_write(&last, body);
    return STATUS_OK;
}

static void list_keys(const struct signer_core *core, struct builder *body)
{
    for (size_t i = 0; i < core->count; i++) {
        const struct public_key *key = private_key_public(core->holders[i].config.key);
        struct signer_key_row row = {bytes_of_text(core->holders[i].config.id),
                                     bytes_of_text(public_key_alg(key)->name), public_key_spki(key)};
        signer_key_row_write(&row, body);
    }
}

static enum status use_key(struct holder *holder, const struct signer_request *request,
                           struct builder *body, enum signer_verdict *verdict, struct error *err)
{
    enum status status = STATUS_OK;
    bool is_about_logs = request->operation != SIGNER_DOCUMENT && request->operation != SIGNER_HANDSHAKE;
    if (is_about_logs && (holder->config.kinds & SIGNER_KIND_LOG) == 0)
        return error_set(err, STATUS_REFUSED, "this key signs nothing about logs");
    if (holder->is_stale)
        status = load(holder, err);
    if (status != STATUS_OK)
        return status;
    switch (request->operation) {
    case SIGNER_LAST:
        return tell_last(holder, request, body, err);
    case SIGNER_TREE:
        return sign_tree(holder, request, body, verdict, err);
    case SIGNER_SUBTREE:
        return sign_subtree(holder, request, body, verdict, err);
    case SIGNER_DOCUMENT:
        return sign_document(holder, request, body, err);
    case SIGNER_HANDSHAKE:
        return sign_handshake(holder, request, body, err);
    case SIGNER_LIST:
        break;
    }
    return error_set(err, STATUS_REFUSED, "no such operation");
}

static enum status answer(struct signer_core *core, struct bytes input, struct builder *body,
                          enum signer_verdict *verdict, struct error *err)
{
    struct signer_request request;
    enum status status = signer_request_parse(input, &request, err);
    if (status != STATUS_OK)
        return status;
    if (request.operation == SIGNER_LIST) {
        list_keys(core, body);
        return STATUS_OK;
    }
    struct holder *holder = find_key(core, request.key_id);
    if (holder == NULL)
        return error_set(err, STATUS_NOT_FOUND, "there is no key %.*s", (int)request.key_id.len,
                         (const char *)request.key_id.data);
    return error_prefix(err, use_key(holder, &request, body, verdict, err), "key %s", holder->config.id);
}

static enum signer_verdict verdict_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return SIGNER_DONE;
    case STATUS_MALFORMED:
        return SIGNER_MALFORMED;
    case STATUS_NOT_FOUND:
        return SIGNER_NOT_FOUND;
    case STATUS_REFUSED:
        return SIGNER_REFUSED;
    case STATUS_CONFLICT: /* somebody else writes the memory */
    case STATUS_LIMIT:
    case STATUS_AGAIN:
    case STATUS_IO:
    case STATUS_NO_MEMORY:
    case STATUS_USAGE:
        break;
    }
    return SIGNER_FAILED;
}

enum status signer_core_answer(struct signer_core *core, struct bytes request, struct builder *out,
                               struct error *refusal)
{
    struct error err = {.status = STATUS_OK};
    struct builder body;
    enum signer_verdict verdict = SIGNER_DONE;
    builder_init(&body, SIGNER_ANSWER_MAX);
    enum status status = answer(core, request, &body, &verdict, &err);
    if (status == STATUS_OK)
        status = builder_status(&body, "answer", &err);
    if (status != STATUS_OK) {
        builder_reset(&body); /* a part of a signature is nobody's business */
        builder_text(&body, err.text);
        verdict = verdict == SIGNER_DONE ? verdict_of(status) : verdict;
    } else {
        err.status = STATUS_OK; /* what was tried on the way is no refusal */
    }
    signer_answer_start(verdict, out);
    builder_bytes(out, builder_view(&body));
    builder_clear(&body);
    if (refusal != NULL)
        *refusal = err;
    return builder_status(out, "answer", &err);
}

#include "fakes/mirror_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/local_key/local_key.h"
#include "codec/note/timestamped_signature.h"
#include "codec/witness/add_checkpoint.h"
#include "codec/witness/sign_subtree.h"
#include "merkle/node.h"
#include "merkle/proof.h"

#define LEVELS 13

static struct algorithms *algorithms;
static struct private_key *keys[2][3]; /* by enum world_algorithms: log, mirror, witness */
static struct private_key *plain_key;
static enum world_algorithms current;

static void *must(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

static void require(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "mirror_world: %s\n", what);
    abort();
}

#define MUST(expression) require((expression) == STATUS_OK, #expression)

static struct private_key *make_key(const char *name)
{
    struct private_key *key;
    MUST(private_key_generate(algorithms_by_name(algorithms, bytes_of_text(name)), &key, NULL));
    return key;
}

static void make_keys(enum world_algorithms which)
{
    static const char *const names[2][3] = {
        [WORLD_FAST] = {"ecdsa_p256_sha256", "ecdsa_p256_sha256", "ed25519"},
        [WORLD_MIXED] = {"sm2_sm3", "mldsa44", "sm2_sm3"}};
    if (algorithms == NULL)
        MUST(algorithms_new(&algorithms, NULL));
    for (size_t i = 0; i < 3 && keys[which][i] == NULL; i++)
        keys[which][i] = make_key(names[which][i]);
    if (plain_key == NULL)
        plain_key = make_key("ed25519");
    current = which;
}

void mirror_world_end_keys(void)
{
    for (size_t i = 0; i < 6; i++) {
        private_key_free(keys[i / 3][i % 3]);
        keys[i / 3][i % 3] = NULL;
    }
    private_key_free(plain_key);
    plain_key = NULL;
    algorithms_free(algorithms);
    algorithms = NULL;
}

const struct public_key *mirror_world_log_key(void)
{
    return private_key_public(keys[current][0]);
}

const struct algorithms *mirror_world_algorithms(void)
{
    return algorithms;
}

/* ---- the log ---- */

void mirror_world_entry(unsigned fork, uint64_t index, struct builder *out)
{
    builder_printf(out, "entry %llu of history %u", (unsigned long long)index, fork);
    for (uint64_t i = 0; i < index % 7; i++)
        builder_text(out, " and more");
}

static void grow_log(struct mirror_world *w, unsigned fork)
{
    struct builder entry;
    builder_init(&entry, 1024);
    for (unsigned level = 0; level < LEVELS; level++)
        w->nodes[fork][level] = must(calloc((WORLD_ENTRIES >> level) + 1, HASH_SIZE));
    for (uint64_t i = 0; i < WORLD_ENTRIES; i++) {
        builder_reset(&entry);
        mirror_world_entry(i < w->fork_point ? 0 : fork, i, &entry);
        node_leaf_hash(&w->hasher, builder_view(&entry), w->nodes[fork][0][i]);
    }
    for (unsigned level = 1; level < LEVELS; level++)
        for (uint64_t i = 0; i < WORLD_ENTRIES >> level; i++)
            node_hash(&w->hasher, w->nodes[fork][level - 1][2 * i],
                      w->nodes[fork][level - 1][2 * i + 1], w->nodes[fork][level][i]);
    builder_clear(&entry);
}

struct history {
    struct mirror_world *w;
    unsigned fork;
};

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE],
                             struct error *err)
{
    const struct history *h = context;
    (void)err;
    require(level < LEVELS && index < WORLD_ENTRIES >> level, "a node outside the log");
    memcpy(out, h->w->nodes[h->fork][level][index], HASH_SIZE);
    return STATUS_OK;
}

void mirror_world_hash(struct mirror_world *w, unsigned fork, struct subtree s, uint8_t out[HASH_SIZE])
{
    struct history history = {.w = w, .fork = fork};
    struct node_source source = {.context = &history, .read = read_node};
    MUST(proof_subtree_hash(&w->hasher, &source, s, out, NULL));
}

void mirror_world_root(struct mirror_world *w, unsigned fork, uint64_t size, uint8_t out[HASH_SIZE])
{
    mirror_world_hash(w, fork, (struct subtree){0, size}, out);
}

static void make_proof(struct mirror_world *w, unsigned fork, struct subtree s, uint64_t tree_size,
                       struct builder *out)
{
    struct history history = {.w = w, .fork = fork};
    struct node_source source = {.context = &history, .read = read_node};
    if (s.end > 0 && s.end <= tree_size)
        MUST(proof_make_consistency(&w->hasher, &source, s, tree_size, out, NULL));
}

void mirror_world_note(struct mirror_world *w, unsigned fork, uint64_t size, struct builder *out)
{
    struct checkpoint checkpoint = {.origin = bytes_of_text(WORLD_ORIGIN), .size = size};
    struct builder text, message, signature, payload;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct bytes name = bytes_of_text(WORLD_LOG);
    builder_init(&text, NOTE_SIZE_MAX);
    builder_init(&message, NOTE_SIZE_MAX);
    builder_init(&signature, NOTE_SIZE_MAX);
    builder_init(&payload, NOTE_SIZE_MAX);
    mirror_world_root(w, fork, size, checkpoint.root);
    MUST(checkpoint_write(&checkpoint, &text, NULL));
    MUST(note_write_text(builder_view(&text), out, NULL));
    struct cosigned_message m = {.cosigner_name = name,
                                 .log_origin = checkpoint.origin,
                                 .timestamp = 1700000000,
                                 .subtree = {0, size}};
    memcpy(m.hash, checkpoint.root, HASH_SIZE);
    MUST(cosigned_message_write(&m, &message, NULL));
    MUST(private_key_sign(keys[current][0], builder_view(&message), &signature, NULL));
    struct timestamped_signature t = {.timestamp_s = m.timestamp,
                                      .signature = builder_view(&signature)};
    MUST(timestamped_signature_write(&t, &payload, NULL));
    MUST(note_key_id(name, mirror_world_log_key(), key_id, NULL));
    MUST(note_write_signature(name, key_id, builder_view(&payload), out, NULL));
    builder_clear(&payload);
    builder_clear(&signature);
    builder_clear(&message);
    builder_clear(&text);
}

void mirror_world_add_checkpoint(struct mirror_world *w, unsigned fork, uint64_t old_size,
                                 uint64_t size, struct builder *out)
{
    struct add_checkpoint request = {.old_size = old_size};
    struct builder note, proof;
    builder_init(&note, NOTE_SIZE_MAX);
    builder_init(&proof, 4096);
    mirror_world_note(w, fork, size, &note);
    make_proof(w, fork, (struct subtree){0, old_size}, size, &proof);
    require(proof_lines_set(&request.proof, builder_view(&proof)), "proof");
    request.note = builder_view(&note);
    add_checkpoint_write(&request, out);
    builder_clear(&proof);
    builder_clear(&note);
}

static void add_package(struct mirror_world *w, unsigned fork, struct subtree range, uint64_t end,
                        struct builder *out)
{
    struct builder entries, entry, proof;
    builder_init(&entries, ENTRY_BUNDLE_SIZE_MAX);
    builder_init(&entry, 1024);
    builder_init(&proof, 4096);
    for (uint64_t i = range.start; i < range.end; i++) {
        builder_reset(&entry);
        mirror_world_entry(i < w->fork_point ? 0 : fork, i, &entry);
        entry_bundle_append(&entries, builder_view(&entry));
    }
    make_proof(w, fork, (struct subtree){range.start / 256 * 256, range.end}, end, &proof);
    MUST(add_entries_write_package(builder_view(&entries), builder_view(&proof), out, NULL));
    builder_clear(&proof);
    builder_clear(&entry);
    builder_clear(&entries);
}

void mirror_world_add_entries(struct mirror_world *w, unsigned fork, uint64_t start, uint64_t end,
                              uint64_t packages, struct builder *out)
{
    struct add_entries_header header = {
        .origin = bytes_of_text(WORLD_ORIGIN), .upload_start = start, .upload_end = end};
    uint64_t count = add_entries_package_count(start, end);
    MUST(add_entries_write_header(&header, out, NULL));
    for (uint64_t i = 0; i < count && i < packages; i++)
        add_package(w, fork, add_entries_package_range(start, end, i), end, out);
}

void mirror_world_sign_subtree(struct mirror_world *w, unsigned fork, struct subtree s,
                               uint64_t tree_size, struct bytes note, struct builder *out)
{
    struct sign_subtree request = {.subtree = s, .note = note};
    struct builder proof;
    builder_init(&proof, 4096);
    mirror_world_hash(w, fork, s, request.hash);
    make_proof(w, fork, s, tree_size, &proof);
    require(proof_lines_set(&request.proof, builder_view(&proof)), "proof");
    sign_subtree_write(&request, out);
    builder_clear(&proof);
}

/* ---- the mirror ---- */

static void submit(void *context, void (*run)(void *), void (*done)(void *), void *cookie)
{
    struct mirror_world *w = context;
    require(w->job_count < sizeof w->jobs / sizeof w->jobs[0], "too many jobs");
    w->jobs[w->job_count++] = (struct world_job){.run = run, .done = done, .cookie = cookie};
}

void world_run(struct mirror_world *w)
{
    while (w->job_count > 0) {
        struct world_job job = w->jobs[0];
        w->job_count--;
        memmove(&w->jobs[0], &w->jobs[1], w->job_count * sizeof w->jobs[0]);
        job.run(job.cookie);
        job.done(job.cookie);
    }
}

static int64_t now_ms(void *context)
{
    const struct mirror_world *w = context;
    return w->now_ms;
}

static void report(void *context, enum event_level level, const char *what,
                   const struct event_field *fields, size_t field_count)
{
    struct mirror_world *w = context;
    (void)level;
    (void)fields;
    (void)field_count;
    w->event_count++;
    (void)snprintf(w->last_event, sizeof w->last_event, "%s", what);
}

static enum status sign_message(void *context, struct bytes message, struct builder *out,
                                struct error *err)
{
    return private_key_sign(context, message, out, err);
}

static struct mirror_cosigner make_cosigner(enum mirror_role role, const char *name, const char *id,
                                            const struct private_key *key)
{
    struct mirror_cosigner c = {.role = role, .key = private_key_public(key)};
    struct tai tai;
    (void)snprintf(c.name, sizeof c.name, "%s", name);
    c.type = (enum note_key_type)public_key_alg(c.key)->note_type;
    MUST(tai_parse_text(bytes_of_text(id), &tai, NULL));
    c.port = local_key_cosigner(&tai, key);
    return c;
}

struct mirror_world *mirror_world_new(const struct hash_alg *hash, enum world_algorithms which,
                                      bool has_witness, uint64_t fork_point)
{
    struct mirror_world *w = must(calloc(1, sizeof *w));
    make_keys(which);
    w->disk = memory_disk_new();
    w->hash = hash;
    w->fork_point = fork_point;
    w->now_ms = INT64_C(1800000000000);
    MUST(hasher_init(&w->hasher, hash, NULL));
    for (unsigned fork = 0; fork < WORLD_FORKS; fork++)
        grow_log(w, fork);
    w->cosigners[0] = make_cosigner(MIRROR_ROLE_MIRROR, WORLD_MIRROR, "32473.9", keys[which][1]);
    w->cosigners[1] =
        make_cosigner(MIRROR_ROLE_WITNESS, WORLD_WITNESS_NAME, "32473.10", keys[which][2]);
    w->cosigners[2] = (struct mirror_cosigner){.role = MIRROR_ROLE_WITNESS,
                                               .name = WORLD_PLAIN_WITNESS,
                                               .type = NOTE_KEY_ED25519_COSIGNATURE,
                                               .key = private_key_public(plain_key),
                                               .sign_message = sign_message,
                                               .sign_message_context = plain_key};
    w->cosigner_count = has_witness ? 3 : 1;
    return w;
}

struct mirror_world *mirror_world_copy(const struct mirror_world *from)
{
    struct mirror_world *w = must(malloc(sizeof *w));
    *w = *from;
    require(from->mirror == NULL || from->job_count == 0, "a world is copied at rest");
    w->mirror = NULL;
    w->disk = memory_disk_copy(from->disk);
    MUST(hasher_init(&w->hasher, from->hash, NULL));
    for (unsigned fork = 0; fork < WORLD_FORKS; fork++)
        for (unsigned level = 0; level < LEVELS; level++) {
            size_t len = ((WORLD_ENTRIES >> level) + 1) * (size_t)HASH_SIZE;
            w->nodes[fork][level] = must(malloc(len));
            memcpy(w->nodes[fork][level], from->nodes[fork][level], len);
        }
    return w;
}

void mirror_world_free(struct mirror_world *w)
{
    mirror_world_close(w);
    for (unsigned fork = 0; fork < WORLD_FORKS; fork++)
        for (unsigned level = 0; level < LEVELS; level++)
            free(w->nodes[fork][level]);
    hasher_clear(&w->hasher);
    memory_disk_free(w->disk);
    free(w);
}

enum status mirror_world_open(struct mirror_world *w, struct error *err)
{
    struct mirror_config config = {.cosigners = w->cosigners,
                                   .cosigner_count = w->cosigner_count,
                                   .clock = {.context = w, .now_ms = now_ms},
                                   .events = {.context = w, .report = report},
                                   .submission_prefix = ""};
    struct mirror_log_config log = {.origin = WORLD_ORIGIN,
                                    .hash = w->hash,
                                    .key_count = 1,
                                    .tiles = memory_disk_store(w->disk, WORLD_TILES),
                                    .witness = memory_disk_store(w->disk, WORLD_WITNESS),
                                    .evidence = memory_disk_store(w->disk, WORLD_EVIDENCE),
                                    .record = memory_disk_record(w->disk),
                                    .work = {.context = w, .submit = submit}};
    log.keys[0].key = mirror_world_log_key();
    log.keys[0].type = (enum note_key_type)public_key_alg(log.keys[0].key)->note_type;
    (void)snprintf(log.keys[0].name, sizeof log.keys[0].name, "%s", WORLD_LOG);
    enum status status = mirror_new(&config, &w->mirror, err);
    if (status == STATUS_OK)
        status = mirror_add_log(w->mirror, &log, err);
    if (status != STATUS_OK)
        mirror_world_close(w);
    return status;
}

void mirror_world_close(struct mirror_world *w)
{
    require(w->job_count == 0, "jobs are left");
    mirror_free(w->mirror);
    w->mirror = NULL;
}

/* ---- HTTP ---- */

static void send_response(struct http_exchange *x)
{
    struct world_exchange *e = x->server;
    struct bytes line = builder_view(&x->response.headers);
    require(!e->is_sent, "a response was sent twice");
    e->is_sent = true;
    e->status = x->response.status;
    builder_bytes(&e->headers, line);
    builder_bytes(&e->body, builder_view(&x->response.body));
    builder_u8(&e->body, '\0'); /* behind its end, for who looks for text in it */
    e->body.len--;
    builder_u8(&e->headers, '\0');
    const char *type = strstr((const char *)e->headers.data, "Content-Type: ");
    if (type != NULL)
        (void)snprintf(e->content_type, sizeof e->content_type, "%.*s",
                       (int)strcspn(type + 14, "\r"), type + 14);
}

static void set_paused(struct http_exchange *x, bool is_paused)
{
    struct world_exchange *e = x->server;
    require(e->is_paused != is_paused, "paused twice");
    e->is_paused = is_paused;
}

struct world_exchange *world_start(struct mirror_world *w, const char *path, struct bytes body)
{
    struct world_exchange *e = must(calloc(1, sizeof *e));
    e->handler = mirror_handler(w->mirror);
    builder_init(&e->headers, 4096);
    builder_init(&e->body, NOTE_SIZE_MAX);
    e->x.request.method = bytes_of_text("POST");
    e->x.request.path = bytes_of_text(path);
    e->x.request.body = body;
    e->x.response.file = -1;
    builder_init(&e->x.response.headers, 4096);
    builder_init(&e->x.response.body, NOTE_SIZE_MAX);
    e->x.send = send_response;
    e->x.set_paused = set_paused;
    e->x.server = e;
    e->handler.begin(e->handler.context, &e->x);
    return e;
}

bool world_piece(struct world_exchange *e, struct bytes piece)
{
    return !e->is_sent && e->x.on_body(&e->x, piece);
}

void world_end_body(struct world_exchange *e)
{
    if (!e->is_sent)
        e->handler.handle(e->handler.context, &e->x);
}

void world_exchange_free(struct world_exchange *e)
{
    builder_clear(&e->x.response.headers);
    builder_clear(&e->x.response.body);
    builder_clear(&e->headers);
    builder_clear(&e->body);
    free(e);
}

struct world_exchange *world_post(struct mirror_world *w, const char *path, struct bytes body,
                                  size_t piece)
{
    struct world_exchange *e = world_start(w, path, body);
    bool is_wanted = e->x.on_body != NULL;
    for (size_t at = 0; at < body.len && is_wanted; at += piece) {
        size_t len = body.len - at < piece ? body.len - at : piece;
        is_wanted = world_piece(e, bytes_of(body.data + at, len));
        if (e->is_paused)
            world_run(w);
    }
    if (is_wanted || e->x.on_body == NULL)
        world_end_body(e);
    world_run(w);
    require(e->is_sent, "no response");
    return e;
}

int world_post_status(struct mirror_world *w, const char *path, const struct builder *body)
{
    require(builder_is_good(body), "a request of the test is too large");
    struct world_exchange *e = world_post(w, path, builder_view(body), 5000);
    int status = e->status;
    world_exchange_free(e);
    return status;
}

int mirror_world_update(struct mirror_world *w, unsigned fork, uint64_t old_size, uint64_t size)
{
    struct builder body;
    builder_init(&body, (size_t)1 << 24);
    mirror_world_add_checkpoint(w, fork, old_size, size, &body);
    int status = world_post_status(w, "/add-checkpoint", &body);
    if (status == 200) {
        builder_reset(&body);
        mirror_world_add_entries(w, fork, old_size, size, UINT64_MAX, &body);
        status = world_post_status(w, "/add-entries", &body);
    }
    builder_clear(&body);
    return status;
}

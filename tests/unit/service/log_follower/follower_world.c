#include "unit/service/log_follower/follower_world.h"

#include <inttypes.h>
#include <stdio.h>

#include "codec/ct/tree_head.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/note/checkpoint.h"
#include "codec/note/note_key.h"
#include "codec/note/timestamped_signature.h"
#include "ct_json/ct_json.h"
#include "merkle/node.h"
#include "merkle/proof.h"
#include "merkle/tile.h"

static struct error err;

/* No certificate: whoever submitted it is to blame, not the log. */
#define ISSUER "an issuer"

/* ---- the tree ---- */

struct reading {
    struct follower_world *w;
    unsigned history;
    struct hasher hasher;
};

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *e)
{
    struct reading *r = context;
    uint8_t left[HASH_SIZE], right[HASH_SIZE];
    if (level == 0) {
        assert_true(index < r->w->histories[r->history].count);
        memcpy(out, r->w->histories[r->history].hashes[index], HASH_SIZE);
        return STATUS_OK;
    }
    (void)read_node(context, level - 1, 2 * index, left, e);
    (void)read_node(context, level - 1, 2 * index + 1, right, e);
    node_hash(&r->hasher, left, right, out);
    return STATUS_OK;
}

static void open_reading(struct follower_world *w, unsigned history, struct reading *r, struct node_source *source)
{
    *r = (struct reading){.w = w, .history = history};
    OK(hasher_init(&r->hasher, w->suite->hash, &err));
    *source = (struct node_source){r, read_node};
}

void follower_world_root(struct follower_world *w, unsigned history, uint64_t size, uint8_t out[HASH_SIZE])
{
    struct reading r;
    struct node_source source;
    open_reading(w, history, &r, &source);
    OK(proof_subtree_hash(&r.hasher, &source, (struct subtree){0, size}, out, &err));
    hasher_clear(&r.hasher);
}

/* ---- entries ---- */

static struct bytes keep(struct builder *b)
{
    struct bytes copy = heap_copy(builder_view(b));
    builder_clear(b);
    return copy;
}

static void put(struct follower_world *w, unsigned history, const struct stored *entry)
{
    struct history *h = &w->histories[history];
    struct hasher hasher;
    assert_true(h->count < FOLLOWER_ENTRIES_MAX);
    h->entries[h->count] = *entry;
    OK(hasher_init(&hasher, w->suite->hash, &err));
    node_leaf_hash(&hasher, entry->leaf, h->hashes[h->count]);
    hasher_clear(&hasher);
    h->count++;
}

void follower_world_add_leaf(struct follower_world *w, unsigned history, const struct leaf *leaf, struct bytes precert)
{
    struct builder merkle, extra, tile, timestamped;
    struct stored entry;
    struct bytes issuer = bytes_of_text(ISSUER);
    uint8_t fingerprint[HASH_SIZE];
    OK(ct_suite_hash(w->suite, issuer, fingerprint, &err));
    builder_init(&merkle, 1 << 20);
    builder_init(&extra, 1 << 20);
    builder_init(&tile, 1 << 20);
    builder_init(&timestamped, 1 << 20);
    OK(leaf_write_merkle(leaf, &merkle, &err));
    OK(leaf_extra_write(leaf->type, precert, &issuer, 1, &extra, &err));
    struct leaf_tile whole = {.leaf = *leaf, .pre_certificate = precert, .chain = BYTES_OF(fingerprint)};
    OK(leaf_tile_write(&whole, &tile, &err));
    builder_clear(&timestamped);
    entry.leaf = keep(&merkle);
    entry.extra = keep(&extra);
    entry.tile = keep(&tile);
    put(w, history, &entry);
}

static void add_mtc(struct follower_world *w, unsigned history, uint64_t number)
{
    struct builder entry, tile;
    struct stored stored = {.extra = heap_copy(bytes_of("", 0))};
    builder_init(&entry, 1000);
    builder_init(&tile, 1002);
    builder_u16(&entry, 0);
    builder_u16(&entry, 1);
    builder_printf(&entry, "entry %" PRIu64 " of history %u", number, history);
    builder_u16(&tile, (uint16_t)entry.len);
    builder_bytes(&tile, builder_view(&entry));
    stored.leaf = keep(&entry);
    stored.tile = keep(&tile);
    put(w, history, &stored);
}

void follower_world_add(struct follower_world *w, unsigned history, uint64_t count, int64_t timestamp_ms)
{
    for (uint64_t i = 0; i < count; i++) {
        char text[64];
        uint64_t number = w->histories[history].count;
        uint8_t extensions[16];
        struct builder b;
        if (w->kind == LOG_KIND_MTC) {
            add_mtc(w, history, number);
            continue;
        }
        builder_init_fixed(&b, extensions, sizeof extensions);
        OK(sct_write_leaf_index(number, &b, &err));
        (void)snprintf(text, sizeof text, "certificate %" PRIu64 " of history %u", number, history);
        struct leaf leaf = {.timestamp_ms = (uint64_t)timestamp_ms, .type = LEAF_X509, .certificate = bytes_of_text(text),
                            .extensions = builder_view(&b)};
        follower_world_add_leaf(w, history, &leaf, bytes_of("", 0));
    }
}

static void copy_entries(struct follower_world *w, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct stored *from = &w->histories[0].entries[i];
        struct stored entry = {heap_copy(from->leaf), heap_copy(from->extra), heap_copy(from->tile)};
        put(w, 1, &entry);
    }
}

/* ---- heads ---- */

static void sign_mtc(struct follower_world *w, const struct shown *s, const uint8_t root[HASH_SIZE], struct builder *out)
{
    char origin[TAI_NAME_SIZE], name[TAI_NAME_SIZE];
    struct tai log_id;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder text, message, signature, payload;
    OK(tai_log_id(&w->ca.id, 1, &log_id, &err));
    tai_name(&log_id, origin);
    tai_name(&w->ca.id, name);
    struct checkpoint checkpoint = {.origin = bytes_of_text(origin), .size = s->size};
    memcpy(checkpoint.root, root, HASH_SIZE);
    builder_init(&text, NOTE_SIZE_MAX);
    builder_init(&message, NOTE_SIZE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&payload, NOTE_SIZE_MAX);
    OK(checkpoint_write(&checkpoint, &text, &err));
    OK(note_write_text(builder_view(&text), out, &err));
    struct cosigned_message m = {.cosigner_name = bytes_of_text(name), .log_origin = bytes_of_text(origin),
                                 .timestamp = (uint64_t)s->timestamp_ms / 1000, .subtree = {0, s->size}};
    memcpy(m.hash, root, HASH_SIZE);
    OK(cosigned_message_write(&m, &message, &err));
    if (s->has_wrong_signature)
        builder_u8(&message, 0);
    OK(private_key_sign(w->key, builder_view(&message), &signature, &err));
    struct timestamped_signature t = {.timestamp_s = m.timestamp, .signature = builder_view(&signature)};
    OK(timestamped_signature_write(&t, &payload, &err));
    OK(note_key_id(bytes_of_text(name), private_key_public(w->key), key_id, &err));
    OK(note_write_signature(bytes_of_text(name), key_id, builder_view(&payload), out, &err));
    builder_clear(&text);
    builder_clear(&message);
    builder_clear(&signature);
    builder_clear(&payload);
}

void follower_world_sign(struct follower_world *w, const struct shown *s, struct builder *out, uint8_t root[HASH_SIZE])
{
    follower_world_root(w, s->history, s->size, root);
    if (s->has_wrong_root)
        root[0] ^= 1;
    if (w->kind == LOG_KIND_MTC) {
        sign_mtc(w, s, root, out);
        return;
    }
    struct tree_head head = {.timestamp_ms = (uint64_t)s->timestamp_ms, .size = s->size};
    uint8_t input[TREE_HEAD_INPUT_SIZE];
    struct builder signature;
    memcpy(head.root, root, HASH_SIZE);
    tree_head_write_input(&head, input);
    input[0] ^= s->has_wrong_signature;
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    OK(private_key_sign(w->key, BYTES_OF(input), &signature, &err));
    struct digitally_signed value = {w->suite->signature, builder_view(&signature)};
    digitally_signed_write(&value, out);
    builder_clear(&signature);
}

static void write_head(struct follower_world *w, const struct shown *s, struct builder *out)
{
    uint8_t root[HASH_SIZE], key_id[NOTE_KEY_ID_SIZE], log_id[HASH_SIZE];
    const char *origin = strstr(FOLLOWER_URL, "://") + 3;
    struct builder signature, payload, text;
    if (w->kind == LOG_KIND_MTC) {
        follower_world_sign(w, s, out, root);
        return;
    }
    builder_init(&signature, NOTE_SIZE_MAX);
    builder_init(&payload, NOTE_SIZE_MAX);
    builder_init(&text, NOTE_SIZE_MAX);
    follower_world_sign(w, s, &signature, root);
    struct tree_head head = {.timestamp_ms = (uint64_t)s->timestamp_ms, .size = s->size};
    memcpy(head.root, root, HASH_SIZE);
    if (w->kind == LOG_KIND_RFC6962) {
        OK(ct_json_write_sth(w->suite, &head, builder_view(&signature), out, &err));
    } else {
        struct digitally_signed value;
        struct checkpoint checkpoint = {.origin = bytes_of_text(origin), .size = s->size};
        memcpy(checkpoint.root, root, HASH_SIZE);
        OK(digitally_signed_parse(builder_view(&signature), &value, &err));
        tree_head_write_note_signature(head.timestamp_ms, &value, &payload);
        OK(checkpoint_write(&checkpoint, &text, &err));
        OK(note_write_text(builder_view(&text), out, &err));
        OK(ct_suite_hash(w->suite, public_key_spki(private_key_public(w->key)), log_id, &err));
        OK(tree_head_key_id(bytes_of_text(origin), log_id, key_id, &err));
        OK(note_write_signature(bytes_of_text(origin), key_id, builder_view(&payload), out, &err));
    }
    builder_clear(&signature);
    builder_clear(&payload);
    builder_clear(&text);
}

/* ---- serving ---- */

struct serving {
    struct follower_world *w;
    struct shown *s;
    struct fake_answer *out;
};

static void serve_tile(struct serving *x, const char *path)
{
    struct tile tile;
    struct reading r;
    struct node_source source;
    const char *folder = x->w->kind == LOG_KIND_MTC ? "entries" : "data";
    OK(tile_parse_path_in(bytes_of_text(path), folder, &tile, &err));
    uint64_t first = tile.index * TILE_WIDTH;
    unsigned width = tile_width(x->s->size, tile.level, tile.index);
    int64_t missing = x->s->missing_index;
    /* A partial one is there as long as no full one is. */
    bool is_there = tile.width <= width && (tile.width == TILE_WIDTH || tile.width == width || x->w->histories[x->s->history].count / TILE_WIDTH <= tile.index);
    if (!is_there || (tile.is_entries && missing >= 0 && (uint64_t)missing / TILE_WIDTH == tile.index)) {
        x->out->status = 404;
        return;
    }
    open_reading(x->w, x->s->history, &r, &source);
    for (unsigned i = 0; i < tile.width; i++) {
        uint8_t hash[HASH_SIZE];
        unsigned entries_of = x->s->history ^ x->s->has_wrong_entries;
        if (tile.is_entries) {
            builder_bytes(&x->out->body, x->w->histories[entries_of].entries[first + i].tile);
        } else {
            OK(source.read(source.context, tile.level * TILE_HEIGHT, first + i, hash, &err));
            builder_bytes(&x->out->body, BYTES_OF(hash));
        }
    }
    hasher_clear(&r.hasher);
}

static uint64_t parameter(const char *path, const char *name)
{
    const char *at = strstr(path, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

static void serve_entries(struct serving *x, const char *path)
{
    uint64_t start = parameter(path, "start="), end = parameter(path, "end=") + 1;
    const struct history *h = &x->w->histories[x->s->history ^ x->s->has_wrong_entries];
    if (end > x->s->size)
        end = x->s->size;
    if (x->s->entries_max > 0 && end - start > x->s->entries_max)
        end = start + x->s->entries_max;
    if (start >= end || (x->s->missing_index >= 0 && start <= (uint64_t)x->s->missing_index && (uint64_t)x->s->missing_index < end)) {
        x->out->status = 404;
        return;
    }
    ct_json_open_entries(&x->out->body);
    for (uint64_t i = start; i < end; i++)
        ct_json_add_entry(&x->out->body, i == start, h->entries[i].leaf, h->entries[i].extra);
    ct_json_close_entries(&x->out->body);
}

/* The base64 of a hash, escaped as in a URL. */
static bool is_hash(const char *escaped, const uint8_t hash[HASH_SIZE])
{
    char text[64];
    struct builder b;
    builder_init_fixed(&b, text, sizeof text);
    text_write_base64(&b, bytes_of(hash, HASH_SIZE));
    for (size_t i = 0; i < b.len; i++) {
        unsigned c = (unsigned char)*escaped++;
        if (c == '%') {
            char hex[3] = {escaped[0], escaped[1], '\0'};
            c = (unsigned)strtoul(hex, NULL, 16);
            escaped += 2;
        }
        if (c != (unsigned char)text[i])
            return false;
    }
    return true;
}

static void serve_proof(struct serving *x, const char *path)
{
    struct reading r;
    struct node_source source;
    struct builder proof;
    const struct history *h = &x->w->histories[x->s->history];
    if (parameter(path, strstr(path, "second=") != NULL ? "second=" : "tree_size=") > x->s->size) {
        x->out->status = 400;
        return;
    }
    builder_init(&proof, 100 * HASH_SIZE);
    open_reading(x->w, x->s->history, &r, &source);
    if (strstr(path, "consistency") != NULL) {
        struct subtree part = {0, parameter(path, "first=")};
        OK(proof_make_consistency(&r.hasher, &source, part, parameter(path, "second="), &proof, &err));
        OK(ct_json_write_consistency(builder_view(&proof), &x->out->body, &err));
    } else {
        struct subtree tree = {0, parameter(path, "tree_size=")};
        uint64_t index = tree.end;
        if (strstr(path, "leaf_index=") != NULL) {
            index = parameter(path, "leaf_index=");
        } else {
            for (uint64_t i = 0; i < tree.end && index == tree.end; i++)
                if (is_hash(strstr(path, "hash=") + 5, h->hashes[i]))
                    index = i;
        }
        if (index >= tree.end) {
            x->out->status = 404;
        } else {
            OK(proof_make_inclusion(&r.hasher, &source, tree, index, &proof, &err));
            if (strstr(path, "by-hash") != NULL)
                OK(ct_json_write_inclusion(index, builder_view(&proof), &x->out->body, &err));
            else
                OK(ct_json_write_entry_and_proof(h->entries[index].leaf, h->entries[index].extra, builder_view(&proof), &x->out->body, &err));
        }
    }
    hasher_clear(&r.hasher);
    builder_clear(&proof);
}

static void serve(struct follower_world *w, struct shown *s, const char *path, struct fake_answer *out)
{
    struct serving x = {w, s, out};
    size_t len = strlen(w->requests);
    (void)snprintf(w->requests + len, sizeof w->requests - len, "%s\n", path);
    out->status = 200;
    if (s->is_down) {
        out->failure = FETCH_CONNECT;
    } else if (s->busy_count > 0) {
        s->busy_count--;
        out->status = s->busy_status;
        out->retry_after = s->retry_after;
    } else if (strcmp(path, "checkpoint") == 0 || strcmp(path, "ct/v1/get-sth") == 0) {
        if (s->is_garbage)
            builder_text(&out->body, "hello");
        else
            write_head(w, s, &out->body);
    } else if (s->is_head_only) {
        out->status = 503;
    } else if (strncmp(path, "tile/", 5) == 0) {
        serve_tile(&x, path);
    } else if (strncmp(path, "ct/v1/get-entries", 17) == 0) {
        serve_entries(&x, path);
    } else if (strncmp(path, "ct/v1/", 6) == 0) {
        serve_proof(&x, path);
    } else if (strncmp(path, "issuer/", 7) == 0 && !s->has_no_issuers) {
        builder_text(&out->body, s->has_wrong_issuers ? "another" : ISSUER);
    } else if (strcmp(path, "landmarks") == 0 && s->landmarks != NULL) {
        builder_text(&out->body, s->landmarks);
    } else {
        out->status = 404;
    }
}

static void serve_log(void *context, const char *path, const struct fetch_request *request, struct fake_answer *out)
{
    struct follower_world *w = context;
    assert_true(request->accepts_gzip);
    serve(w, &w->log, path, out);
}

static void serve_mirror(void *context, const char *path, const struct fetch_request *request, struct fake_answer *out)
{
    struct follower_world *w = context;
    (void)request;
    serve(w, &w->mirror, path, out);
}

/* ---- the world ---- */

static void make_ca(struct follower_world *w)
{
    w->ca.draft = &draft_gm;
    OK(tai_parse_text(bytes_of_text("32473.1"), &w->ca.id, &err));
    OK(public_key_new(public_key_alg(private_key_public(w->key)), public_key_spki(private_key_public(w->key)), &w->ca.key, &err));
    OK(trust_store_new(w->algorithms, &w->store, &err));
}

struct follower_world *follower_world_new(enum log_kind kind, const struct ct_suite *suite, uint64_t count, uint64_t fork)
{
    struct follower_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->kind = kind;
    w->suite = suite;
    OK(algorithms_new(&w->algorithms, &err));
    OK(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text(suite->algorithm)), &w->key, &err));
    w->loop = fake_loop_new(FOLLOWER_NOW_MS);
    w->disk = memory_disk_new();
    follower_world_add(w, 0, fork, FOLLOWER_NOW_MS - 30000);
    copy_entries(w, fork);
    follower_world_add(w, 0, count - fork, FOLLOWER_NOW_MS - 30000);
    follower_world_add(w, 1, count - fork, FOLLOWER_NOW_MS - 30000);
    w->log = w->mirror = (struct shown){.size = count, .timestamp_ms = FOLLOWER_NOW_MS - 10000, .missing_index = -1};
    struct fake_host hosts[] = {{FOLLOWER_URL, w, serve_log}, {FOLLOWER_MIRROR_URL, w, serve_mirror}};
    fake_loop_add_host(w->loop, &hosts[0]);
    fake_loop_add_host(w->loop, &hosts[1]);
    w->followed = (struct followed_log){.name = "test", .kind = kind, .hash = suite->hash, .url = FOLLOWER_URL,
                                        .key = private_key_public(w->key), .mmd_ms = FOLLOWER_MMD_MS};
    if (kind == LOG_KIND_MTC) {
        make_ca(w);
        w->followed.ca = &w->ca;
        w->followed.store = w->store;
        w->followed.log_number = 1;
        w->followed.mmd_ms = 0;
    }
    w->options = (struct follower_options){.interval_ms = 10000};
    return w;
}

void follower_world_free(struct follower_world *w)
{
    for (unsigned h = 0; h < 2; h++)
        for (uint64_t i = 0; i < w->histories[h].count; i++) {
            heap_free(w->histories[h].entries[i].leaf);
            heap_free(w->histories[h].entries[i].extra);
            heap_free(w->histories[h].entries[i].tile);
        }
    if (w->follower != NULL)
        follower_world_close(w);
    trust_store_free(w->store);
    public_key_free(w->ca.key);
    fake_loop_free(w->loop);
    memory_disk_free(w->disk);
    private_key_free(w->key);
    algorithms_free(w->algorithms);
    free(w);
}

/* ---- what comes ---- */

static void *on_look(void *cookie, const struct followed_batch *batch)
{
    struct follower_world *w = cookie;
    w->look_count += batch->count;
    uint64_t *result = malloc(sizeof *result);
    assert_non_null(result);
    *result = batch->start;
    return result;
}

static void on_drop(void *cookie, void *result)
{
    ((struct follower_world *)cookie)->drop_count++;
    free(result);
}

static void on_entries(void *cookie, const struct followed_batch *batch)
{
    struct follower_world *w = cookie;
    assert_int_equal(*(uint64_t *)batch->look_result, batch->start);
    free(batch->look_result);
    if (batch->start != w->next_index)
        print_message("entries %" PRIu64 " again, after %" PRIu64 "\n", batch->start, w->next_index);
    assert_true(batch->start <= w->next_index);
    w->next_index = batch->start + batch->count;
    w->entry_count += batch->count;
    for (size_t i = 0; i < batch->count; i++)
        assert_int_equal(batch->entries[i].index, batch->start + i);
}

static void on_progress(void *cookie, uint64_t size)
{
    ((struct follower_world *)cookie)->verified_size = size;
}

static bool is_proof(struct follower_world *w, struct bytes file)
{
    struct builder memory, text;
    struct evidence e;
    if (file.len == 0)
        return false;
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    builder_init(&text, EVIDENCE_CHECK_TEXT_MAX);
    OK(evidence_parse(file, &memory, &e, &err));
    OK(evidence_check(&e, w->algorithms, &text, &err));
    builder_clear(&memory);
    builder_clear(&text);
    return true;
}

static void on_finding(void *cookie, const struct log_finding *finding)
{
    struct follower_world *w = cookie;
    assert_true(w->finding_count < FOLLOWER_FINDINGS_MAX);
    struct told *t = &w->findings[w->finding_count++];
    *t = (struct told){.id = finding->id, .is_over = finding->is_over, .has_index = finding->has_index, .index = finding->index,
                       .is_proven = is_proof(w, finding->evidence)};
    (void)snprintf(t->text, sizeof t->text, "%s", finding->text);
    (void)snprintf(t->source, sizeof t->source, "%s", finding->source);
}

static void on_contact(void *cookie, const struct followed_contact *contact)
{
    ((struct follower_world *)cookie)->contact_bad_count += !contact->is_good;
}

static void on_round(void *cookie, enum status status, const struct error *e)
{
    struct follower_world *w = cookie;
    w->round_status = status;
    w->round_count++;
    w->round_error = *e;
}

void follower_world_open(struct follower_world *w)
{
    static const struct follower_callbacks callbacks = {.look = on_look, .drop = on_drop, .entries = on_entries,
                                                        .progress = on_progress, .finding = on_finding, .contact = on_contact,
                                                        .round_done = on_round};
    struct follower_ports ports = {.fetch = fake_loop_fetch(w->loop), .timer = fake_loop_timer(w->loop), .clock = fake_loop_clock(w->loop),
                                   .state = memory_disk_store(w->disk, 0), .work = fake_loop_work(w->loop), .algorithms = w->algorithms};
    OK(log_follower_new(&w->followed, &w->options, &ports, &callbacks, w, &w->follower, &err));
    struct follower_status status;
    log_follower_status(w->follower, &status);
    w->next_index = status.seen_size;
    log_follower_start(w->follower);
}

static void on_stopped(void *cookie)
{
    *(bool *)cookie = true;
}

void follower_world_close(struct follower_world *w)
{
    bool has_stopped = false;
    log_follower_stop(w->follower, on_stopped, &has_stopped);
    while (!has_stopped && fake_loop_step(w->loop, 100000))
        continue;
    assert_true(has_stopped);
    log_follower_free(w->follower);
    w->follower = NULL;
}

void follower_world_round(struct follower_world *w)
{
    unsigned before = w->round_count;
    w->finding_count = 0;
    w->entry_count = 0;
    w->requests[0] = '\0';
    for (unsigned steps = 0; w->round_count == before; steps++)
        if (steps > 100000 || !fake_loop_step(w->loop, 10000000))
            fail_msg("no round");
}

static void show(const struct follower_world *w)
{
    for (size_t i = 0; i < w->finding_count; i++)
        print_message("  %s%s%s: %s: %s\n", log_finding_name(w->findings[i].id), w->findings[i].is_over ? " is over" : "",
                      w->findings[i].is_proven ? " (proven)" : "", w->findings[i].source, w->findings[i].text);
    print_message("  round: %s %s\n", status_name(w->round_status), w->round_error.text);
}

const struct told *follower_world_expect(struct follower_world *w, enum finding_id id, bool is_proven)
{
    if (w->finding_count != 1 || w->findings[0].id != id || w->findings[0].is_proven != is_proven) {
        print_message("expected: %s\n", log_finding_name(id));
        show(w);
    }
    assert_int_equal(w->finding_count, 1);
    assert_int_equal(w->findings[0].id, id);
    assert_int_equal(w->findings[0].is_proven, is_proven);
    return &w->findings[0];
}

void follower_world_expect_none(struct follower_world *w)
{
    if (w->finding_count > 0 || w->round_status != STATUS_OK)
        show(w);
    assert_int_equal(w->finding_count, 0);
    assert_int_equal(w->round_status, STATUS_OK);
}

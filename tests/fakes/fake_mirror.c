#include "fakes/fake_mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec/mtc/cosigned_message.h"
#include "codec/note/checkpoint.h"
#include "codec/note/timestamped_signature.h"
#include "codec/witness/add_checkpoint.h"
#include "codec/witness/add_entries.h"
#include "codec/witness/sign_subtree.h"
#include "merkle/node.h"
#include "merkle/proof.h"

static void must(bool is_true, const char *what)
{
    if (!is_true) {
        (void)fprintf(stderr, "fake mirror: %s\n", what);
        abort();
    }
}

void fake_mirror_init(struct fake_mirror *m, const char *id_text)
{
    must(tai_parse_text(bytes_of_text(id_text), &m->id, NULL) == STATUS_OK, "id");
    tai_name(&m->id, m->name);
    m->leaves = calloc(FAKE_MIRROR_ENTRIES_MAX, sizeof *m->leaves);
    must(m->leaves != NULL, "memory");
    m->now_s = 1793283605;
}

void fake_mirror_clear(struct fake_mirror *m)
{
    free(m->leaves);
    m->leaves = NULL;
}

void fake_mirror_forget(struct fake_mirror *m)
{
    m->pending_size = m->signed_size = m->next_entry = 0;
    m->has_pending = false;
}

/* ---- its tree ---- */

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *err)
{
    struct fake_mirror *m = context;
    if (level == 0) {
        memcpy(out, m->leaves[index], HASH_SIZE);
        return STATUS_OK;
    }
    uint8_t left[HASH_SIZE], right[HASH_SIZE];
    struct hasher h;
    enum status s = read_node(m, level - 1, 2 * index, left, err);
    s = s ? s : read_node(m, level - 1, 2 * index + 1, right, err);
    must(s == STATUS_OK && hasher_init(&h, m->hash, err) == STATUS_OK, "hash");
    node_hash(&h, left, right, out);
    hasher_clear(&h);
    return STATUS_OK;
}

static void hash_of(struct fake_mirror *m, struct subtree s, uint8_t out[HASH_SIZE])
{
    struct hasher h;
    struct node_source source = {m, read_node};
    must(hasher_init(&h, m->hash, NULL) == STATUS_OK, "hasher");
    must(proof_subtree_hash(&h, &source, s, out, NULL) == STATUS_OK, "subtree hash");
    hasher_clear(&h);
}

static bool is_consistent(struct fake_mirror *m, struct subtree s, uint64_t size, const uint8_t hash[HASH_SIZE],
                          const uint8_t root[HASH_SIZE], struct bytes proof)
{
    struct hasher h;
    must(hasher_init(&h, m->hash, NULL) == STATUS_OK, "hasher");
    bool is = proof_check_consistency(&h, s, size, hash, root, proof, NULL) == STATUS_OK;
    hasher_clear(&h);
    return is;
}

/* ---- its signatures ---- */

static void sign(struct fake_mirror *m, struct subtree s, const uint8_t hash[HASH_SIZE], uint64_t timestamp_s,
                 struct bytes text, struct builder *lines)
{
    struct private_key *key = m->fault == MIRROR_OTHER_KEY ? m->other_key : m->key;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder message, signature, payload;
    struct cosigned_message c = {.cosigner_name = bytes_of_text(m->name), .log_origin = bytes_of_text(m->origin),
                                 .timestamp = timestamp_s, .subtree = s};
    memcpy(c.hash, hash, HASH_SIZE);
    if (m->fault == MIRROR_BAD_SIGNATURE)
        c.hash[3] ^= 1;
    builder_init(&message, 65536);
    builder_init(&signature, 65536);
    builder_init(&payload, 65536);
    if (m->key_type == NOTE_KEY_ED25519_COSIGNATURE)
        must(timestamped_signature_write_ed25519_message(timestamp_s, text, &message, NULL) == STATUS_OK, "message");
    else
        must(cosigned_message_write(&c, &message, NULL) == STATUS_OK, "message");
    must(private_key_sign(key, builder_view(&message), &signature, NULL) == STATUS_OK, "sign");
    struct timestamped_signature t = {timestamp_s, builder_view(&signature)};
    must(timestamped_signature_write(&t, &payload, NULL) == STATUS_OK, "payload");
    must(note_key_id_as(m->key_type, bytes_of_text(m->name), private_key_public(key), key_id, NULL) == STATUS_OK, "id");
    must(note_write_signature(bytes_of_text(m->name), key_id, builder_view(&payload), lines, NULL) == STATUS_OK, "line");
    builder_clear(&payload);
    builder_clear(&signature);
    builder_clear(&message);
}

static void write_text(struct fake_mirror *m, uint64_t size, const uint8_t root[HASH_SIZE], struct builder *out)
{
    struct checkpoint c = {.origin = bytes_of_text(m->origin), .size = size};
    memcpy(c.root, root, HASH_SIZE);
    must(checkpoint_write(&c, out, NULL) == STATUS_OK, "text");
}

static void sign_checkpoint(struct fake_mirror *m, uint64_t size, const uint8_t root[HASH_SIZE], struct builder *lines)
{
    struct builder text;
    builder_init(&text, 4096);
    write_text(m, size, root, &text);
    sign(m, (struct subtree){0, size}, root, m->now_s, builder_view(&text), lines);
    builder_clear(&text);
}

/* ---- add-checkpoint ---- */

static void conflict_size(uint64_t size, struct fake_answer *out)
{
    out->status = 409;
    out->content_type = "text/x.tlog.size";
    builder_printf(&out->body, "%llu\n", (unsigned long long)size);
}

static void add_checkpoint(struct fake_mirror *m, struct bytes body, struct fake_answer *out)
{
    struct add_checkpoint request;
    struct checkpoint c;
    struct note note;
    m->add_checkpoint_count++;
    must(add_checkpoint_parse(body, &request, NULL) == STATUS_OK, "add-checkpoint body");
    must(note_parse(request.note, &note, NULL) == STATUS_OK && checkpoint_parse(note.text, &c, NULL) == STATUS_OK,
         "add-checkpoint note");
    must(bytes_is_text(c.origin, m->origin), "origin");
    must(request.old_size <= c.size, "old size"); /* 400: a mistake of the client */
    if (m->fault == MIRROR_AHEAD) {
        conflict_size(c.size + 100, out);
        return;
    }
    if (m->fault == MIRROR_FORKED) {
        out->status = 422;
        return;
    }
    if (request.old_size != (m->has_pending ? m->pending_size : 0)) {
        conflict_size(m->has_pending ? m->pending_size : 0, out);
        return;
    }
    bool is_good = request.old_size == 0                ? request.proof.count == 0
                   : request.old_size == c.size ? memcmp(c.root, m->pending_root, HASH_SIZE) == 0
                                                : is_consistent(m, (struct subtree){0, request.old_size}, c.size,
                                                                m->pending_root, c.root, proof_lines_view(&request.proof));
    if (!is_good) {
        out->status = 422;
        return;
    }
    m->has_pending = true;
    m->pending_size = c.size;
    memcpy(m->pending_root, c.root, HASH_SIZE);
    out->status = 200;
    if (m->is_witness) {
        sign_checkpoint(m, c.size, c.root, &out->body);
        m->signed_size = c.size;
    }
}

/* ---- add-entries ---- */

static void unzip(struct bytes body, struct builder *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)body.data, .avail_in = (uInt)body.len};
    must(inflateInit2(&z, 15 + 16) == Z_OK, "inflate");
    int result = Z_OK;
    while (result == Z_OK) {
        uint8_t piece[65536];
        z.next_out = piece;
        z.avail_out = sizeof piece;
        result = inflate(&z, Z_NO_FLUSH);
        builder_bytes(out, bytes_of(piece, sizeof piece - z.avail_out));
    }
    must(result == Z_STREAM_END && builder_is_good(out), "gzip");
    (void)inflateEnd(&z);
}

static void write_info(struct fake_mirror *m, int status, uint64_t size, struct fake_answer *out)
{
    struct mirror_info info = {size, m->next_entry, bytes_of_text("ticket")};
    out->status = status;
    out->content_type = MIRROR_INFO_CONTENT_TYPE;
    mirror_info_write(&info, &out->body);
}

/* Entries of a package that verifies; false otherwise. */
static bool take_package(struct fake_mirror *m, const struct add_entries_package *p)
{
    struct reader r;
    struct bytes entry;
    struct hasher h;
    uint8_t hash[HASH_SIZE];
    must(hasher_init(&h, m->hash, NULL) == STATUS_OK, "hasher");
    reader_init(&r, p->entries);
    must(p->range.end <= FAKE_MIRROR_ENTRIES_MAX, "too many entries");
    for (uint64_t i = p->range.start; i < p->range.end; i++) {
        must(entry_bundle_next(&r, &entry), "entry");
        node_leaf_hash(&h, entry, m->leaves[i]);
        m->uploaded_entries++;
    }
    hasher_clear(&h);
    struct subtree whole = {p->range.start - p->range.start % 256, p->range.end};
    hash_of(m, whole, hash);
    return is_consistent(m, whole, m->pending_size, hash, m->pending_root, p->proof);
}

static void add_entries(struct fake_mirror *m, struct bytes body, struct fake_answer *out)
{
    struct add_entries_reader r;
    enum add_entries_event event;
    struct bytes rest = body;
    unsigned taken = 0;
    bool is_checked = false;
    m->add_entries_count++;
    add_entries_reader_init(&r, ADD_ENTRIES_PACKAGE_MAX);
    for (;;) {
        must(add_entries_reader_next(&r, &rest, &event, NULL) == STATUS_OK, "add-entries body");
        if (event == ADD_ENTRIES_HEADER) {
            must(bytes_is_text(r.header.origin, m->origin), "origin");
            if (!m->has_pending) {
                out->status = 422;
                break;
            }
            if (r.header.upload_end != m->pending_size || r.header.upload_start > m->next_entry) {
                write_info(m, 409, m->pending_size, out);
                break;
            }
            if (m->fault == MIRROR_FORGETFUL && r.header.upload_start > 0) {
                m->next_entry = 0;
                write_info(m, 409, m->pending_size, out);
                break;
            }
            is_checked = true;
        } else if (event == ADD_ENTRIES_PACKAGE && (m->packages_max == 0 || taken < m->packages_max)) {
            must(++taken <= 32, "more than 32 packages in a request");
            if (!take_package(m, &r.package)) {
                out->status = 422;
                is_checked = false;
                break;
            }
            if (m->next_entry < r.package.range.end)
                m->next_entry = r.package.range.end;
        } else if (event == ADD_ENTRIES_MORE || event == ADD_ENTRIES_END) {
            break;
        }
    }
    if (is_checked && m->next_entry < r.header.upload_end) {
        write_info(m, 202, m->pending_size, out);
    } else if (is_checked) {
        uint8_t root[HASH_SIZE];
        hash_of(m, (struct subtree){0, m->pending_size}, root);
        must(memcmp(root, m->pending_root, HASH_SIZE) == 0, "the entries are not those of the checkpoint");
        out->status = 200;
        sign_checkpoint(m, m->pending_size, root, &out->body);
        m->signed_size = m->pending_size;
    }
    add_entries_reader_clear(&r);
}

/* ---- sign-subtree and the view ---- */

static void sign_subtree(struct fake_mirror *m, struct bytes body, struct fake_answer *out)
{
    struct sign_subtree request;
    struct note note;
    struct checkpoint c;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    size_t at = 0;
    m->sign_subtree_count++;
    if (m->fault == MIRROR_NO_SUBTREES) {
        out->status = 404;
        return;
    }
    must(sign_subtree_parse(body, &request, NULL) == STATUS_OK, "sign-subtree body");
    must(note_parse(request.note, &note, NULL) == STATUS_OK && checkpoint_parse(note.text, &c, NULL) == STATUS_OK,
         "sign-subtree note");
    must(note.signature_count == 1, "lines of others in the reference checkpoint");
    must(note_key_id_as(m->key_type, bytes_of_text(m->name), private_key_public(m->key), key_id, NULL) == STATUS_OK, "id");
    if (note_find(&note, bytes_of_text(m->name), key_id, &at) == NULL || c.size > m->signed_size) {
        out->status = 403;
        return;
    }
    must(is_consistent(m, request.subtree, c.size, request.hash, c.root, proof_lines_view(&request.proof)),
         "the proof of a subtree");
    out->status = 200;
    sign(m, request.subtree, request.hash, 0, (struct bytes){NULL, 0}, &out->body);
}

static void publish(struct fake_mirror *m, struct fake_answer *out)
{
    struct builder text;
    uint8_t root[HASH_SIZE];
    uint64_t size = m->signed_size > 0 ? m->signed_size : 1;
    m->fetch_count++;
    builder_init(&text, 4096);
    if (m->fault == MIRROR_AHEAD)
        size += 100;
    memcpy(root, m->pending_root, HASH_SIZE);
    if (m->signed_size > 0)
        hash_of(m, (struct subtree){0, m->signed_size}, root);
    if (m->fault == MIRROR_FORKED)
        root[0] ^= 1;
    write_text(m, size, root, &text);
    must(note_write_text(builder_view(&text), &out->body, NULL) == STATUS_OK, "note");
    sign(m, (struct subtree){0, size}, root, m->now_s, builder_view(&text), &out->body);
    out->status = 200;
    builder_clear(&text);
}

static void answer(void *context, const char *path, const struct fetch_request *request, struct fake_answer *out)
{
    struct fake_mirror *m = context;
    struct builder body;
    out->delay_ms = m->delay_ms;
    if (m->fault == MIRROR_DOWN) {
        out->failure = FETCH_CONNECT;
        return;
    }
    if (m->fault == MIRROR_ERROR) {
        out->status = 500;
        return;
    }
    builder_init(&body, (size_t)64 << 20);
    if (request->is_gzip)
        unzip(request->body, &body);
    else
        builder_bytes(&body, request->body);
    if (strcmp(path, "add-checkpoint") == 0)
        add_checkpoint(m, builder_view(&body), out);
    else if (strcmp(path, "add-entries") == 0 && !m->is_witness)
        add_entries(m, builder_view(&body), out);
    else if (strcmp(path, "sign-subtree") == 0 && !m->is_witness)
        sign_subtree(m, builder_view(&body), out);
    else if (strlen(path) == 64 + strlen("/checkpoint"))
        publish(m, out);
    else
        out->status = 404;
    builder_clear(&body);
}

struct fake_host fake_mirror_host(struct fake_mirror *m)
{
    return (struct fake_host){m->prefix, m, answer};
}

/* The log of versions: one history, with the entries that the bundles say. */
#include <stdlib.h>
#include <string.h>

#include "codec/evidence/evidence.h"
#include "codec/note/note.h"
#include "service/bundle_watcher/watcher_parts.h"

/* ---- evidence ---- */

/* The key that signs both: the first of the log's. */
static const struct bundle_key *log_key(const struct bundle_watcher *w)
{
    for (size_t i = 0; i < w->keys.count; i++)
        if (w->keys.at[i].role == TRUST_BUNDLE_KEY_VERSIONS)
            return &w->keys.at[i];
    return NULL;
}

/* part, proof: of a smaller tree that is no beginning of the greater one. */
static void tell_two(struct bundle_watcher *w, const struct version_checkpoint *small, const struct version_checkpoint *great,
                     const char *from, const uint8_t part[HASH_SIZE], struct bytes proof)
{
    const struct bundle_key *key = log_key(w);
    bool is_one_size = small->size == great->size;
    struct evidence *e = calloc(1, sizeof *e);
    struct builder out;
    builder_init(&out, EVIDENCE_SIZE_MAX);
    if (e != NULL && key != NULL) {
        *e = (struct evidence){.kind = is_one_size ? EVIDENCE_TWO_ROOTS : EVIDENCE_NOT_A_PREFIX, .hash = &hash_sm3,
                               .origin = bytes_of_text(w->keys.origin), .key_name = bytes_of_text(key->note_name),
                               .key_oid = bytes_of_text(public_key_alg(key->key)->oid), .key_spki = public_key_spki(key->key),
                               .seen_s = w->config.clock.now_ms(w->config.clock.context) / 1000, .where = bytes_of_text(from)};
        e->statements[0] = (struct evidence_statement){.is_note = true, .note = small->note};
        e->statements[1] = (struct evidence_statement){.is_note = true, .note = great->note};
        bool is_good = is_one_size || proof_lines_set(&e->proof, proof);
        if (!is_one_size)
            memcpy(e->part_hash, part, HASH_SIZE);
        if (!is_good || evidence_write(e, &out, NULL) != STATUS_OK)
            builder_reset(&out);
    }
    watcher_find(w, is_one_size ? FINDING_SPLIT_VIEW : FINDING_NOT_A_PREFIX, from, builder_view(&out),
                 "the log of versions has signed two histories: checkpoints of %llu and of %llu versions", (unsigned long long)small->size,
                 (unsigned long long)great->size);
    builder_clear(&out);
    free(e);
}

/* ---- questions ---- */

/* Is this checkpoint of the history of the newest one? STATUS_CONFLICT: a finding was made. */
static enum status compare(struct bundle_watcher *w, const struct version_checkpoint *seen, const char *from, struct error *err)
{
    uint8_t part[HASH_SIZE], memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    if (seen->size == 0 || seen->size > w->now.size)
        return STATUS_OK;
    if (seen->size == w->now.size) {
        if (memcmp(seen->root, w->now.root, HASH_SIZE) == 0)
            return STATUS_OK;
        tell_two(w, seen, &w->now, from, NULL, bytes_of(NULL, 0));
        return STATUS_CONFLICT;
    }
    builder_init_fixed(&proof, memory, sizeof memory);
    enum status s = tile_set_evaluate(&w->tiles, (struct subtree){0, seen->size}, w->now.root, part, &proof, err);
    if (s != STATUS_OK || memcmp(part, seen->root, HASH_SIZE) == 0)
        return s;
    tell_two(w, seen, &w->now, from, part, builder_view(&proof));
    return STATUS_CONFLICT;
}

/* Is the bundle's TrustVersion the entry? The bundle proves it by its own checkpoint; this one has to have it too. */
static enum status check_entry(struct bundle_watcher *w, const struct seen_checkpoint *seen, struct error *err)
{
    uint8_t is[HASH_SIZE];
    if (seen->version == 0 || seen->version > w->now.size)
        return STATUS_OK;
    enum status s = tile_set_evaluate(&w->tiles, (struct subtree){seen->version - 1, seen->version}, w->now.root, is, NULL, err);
    if (s == STATUS_OK && memcmp(is, seen->leaf, HASH_SIZE) != 0)
        watcher_find(w, FINDING_VERSION_CONTENTS, seen->from, bytes_of(NULL, 0),
                     "version %llu is signed with other contents than the log of versions has", (unsigned long long)seen->version);
    return s;
}

static void take_now(struct bundle_watcher *w)
{
    struct error err = {.status = STATUS_OK};
    builder_reset(&w->note);
    builder_bytes(&w->note, builder_view(&w->now_note));
    w->held = w->now;
    w->held.note = builder_view(&w->note);
    if (w->latest.version > w->now.size)
        watcher_find(w, FINDING_VERSION_ORDER, w->url, bytes_of(NULL, 0), "version %llu is published, and the log of versions has %llu",
                     (unsigned long long)w->latest.version, (unsigned long long)w->now.size);
    if (watcher_keep(w, &err) != STATUS_OK)
        watcher_end_round(w, err.status, &err);
    else
        watcher_check_landmarks(w);
}

static void ask_tree(struct bundle_watcher *w)
{
    struct error err = {.status = STATUS_OK};
    bool is_missing = false;
    for (size_t i = 0; i < w->seen_count; i++) {
        struct seen_checkpoint *seen = &w->seen[i];
        if (seen->is_done)
            continue;
        enum status s = compare(w, &seen->checkpoint, seen->from, &err);
        enum status entry = s == STATUS_OK || s == STATUS_AGAIN ? check_entry(w, seen, &err) : s;
        seen->is_done = s != STATUS_AGAIN && entry != STATUS_AGAIN;
        is_missing = is_missing || !seen->is_done;
        w->is_fork = w->is_fork || s == STATUS_CONFLICT;
        if (s == STATUS_REFUSED || entry == STATUS_REFUSED) {
            watcher_find(w, FINDING_BAD_CONSISTENCY, w->url, bytes_of(NULL, 0), "log of versions: %s", err.text);
            watcher_end_tree(w);
            watcher_end_round(w, STATUS_REFUSED, &err);
            return;
        }
    }
    if (is_missing) {
        watcher_fetch_tiles(w);
        return;
    }
    watcher_end_tree(w);
    /* The watcher stays on the history that it has. */
    if (w->is_fork)
        watcher_end_round(w, STATUS_CONFLICT, &(struct error){.status = STATUS_CONFLICT, .text = "two histories"});
    else
        take_now(w);
}

/* ---- the checkpoint ---- */

static void add_seen(struct bundle_watcher *w, const struct version_checkpoint *checkpoint, const char *from)
{
    struct seen_checkpoint *seen = &w->seen[w->seen_count++];
    builder_reset(&seen->note);
    builder_bytes(&seen->note, checkpoint->note);
    seen->checkpoint = *checkpoint;
    seen->checkpoint.note = builder_view(&seen->note);
    seen->version = 0;
    seen->is_done = !builder_is_good(&seen->note);
    size_t len = strlen(from) < sizeof seen->from - 1 ? strlen(from) : sizeof seen->from - 1;
    memcpy(seen->from, from, len);
    seen->from[len] = '\0';
}

static void on_checkpoint(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err)
{
    enum status s = status;
    builder_reset(&w->now_note);
    builder_bytes(&w->now_note, body);
    if (s == STATUS_OK)
        s = builder_status(&w->now_note, "checkpoint", err);
    if (s == STATUS_OK)
        s = version_proof_read_checkpoint(builder_view(&w->now_note), &w->keys, &w->now, err);
    if (s == STATUS_OK) {
        w->now.note = builder_view(&w->now_note);
    } else {
        if (s == STATUS_MALFORMED || s == STATUS_REFUSED)
            watcher_find(w, s == STATUS_REFUSED ? FINDING_BAD_SIGNATURE : FINDING_BAD_HEAD, w->url, bytes_of(NULL, 0), "%s", err->text);
        watcher_end_round(w, s, err);
        return;
    }
    if (w->held.size > w->now.size)
        watcher_find(w, FINDING_WENT_BACK, w->url, bytes_of(NULL, 0), "the log of versions shows %llu entries, and had %llu before",
                     (unsigned long long)w->now.size, (unsigned long long)w->held.size);
    if (w->held.size > 0 && w->seen_count + 2 <= SEEN_MAX)
        add_seen(w, &w->held, w->config.url);
    if (w->has_gossip && w->seen_count + 1 <= SEEN_MAX)
        add_seen(w, &w->gossip.checkpoint, w->gossip.from);
    w->has_gossip = w->has_gossip && w->gossip.checkpoint.size > w->now.size; /* one that is ahead waits */
    char prefix[BUNDLE_WATCHER_URL_MAX];
    size_t len = strlen(w->config.url);
    memcpy(prefix, w->config.url, len);
    memcpy(prefix + len, "/log", sizeof "/log");
    w->is_fork = false;
    s = watcher_begin_tree(w, prefix, &hash_sm3, w->now.size, ask_tree, watcher_end_round, err);
    if (s != STATUS_OK)
        watcher_end_round(w, s, err);
    else
        ask_tree(w);
}

void watcher_ask_log(struct bundle_watcher *w)
{
    watcher_get(w, w->config.url, "log/checkpoint", "checkpoint", NOTE_SIZE_MAX, on_checkpoint);
}

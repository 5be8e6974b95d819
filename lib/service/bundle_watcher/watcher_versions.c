/* `latest`, and the bundles of the versions that are new. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/evidence/evidence.h"
#include "codec/trust_bundle/trust_version_proof.h"
#include "service/bundle_watcher/watcher_parts.h"

static int64_t now_s(const struct bundle_watcher *w)
{
    return w->config.clock.now_ms(w->config.clock.context) / 1000;
}

static void see(struct bundle_watcher *w, const struct version_checkpoint *checkpoint, uint64_t version,
                const uint8_t entry[TRUST_ENVELOPE_VERSION_SIZE])
{
    if (w->seen_count == SEEN_MAX || checkpoint->size == 0)
        return;
    struct seen_checkpoint *seen = &w->seen[w->seen_count];
    builder_reset(&seen->note);
    builder_bytes(&seen->note, checkpoint->note);
    if (!builder_is_good(&seen->note) || trust_version_proof_leaf(entry, seen->leaf, NULL) != STATUS_OK)
        return;
    seen->checkpoint = *checkpoint;
    seen->checkpoint.note = builder_view(&seen->note);
    seen->version = version;
    seen->is_done = false;
    (void)snprintf(seen->from, sizeof seen->from, "%s", w->url);
    w->seen_count++;
}

/* ---- two contents of one version ---- */

static const struct bundle_key *bundle_key(const struct bundle_watcher *w, const uint8_t id[TRUST_ENVELOPE_KEY_ID_SIZE])
{
    uint8_t own[TRUST_ENVELOPE_KEY_ID_SIZE];
    for (size_t i = 0; i < w->keys.count; i++)
        if (w->keys.at[i].role == TRUST_BUNDLE_KEY_BUNDLE && trust_envelope_key_id(public_key_spki(w->keys.at[i].key), own) &&
            memcmp(own, id, sizeof own) == 0)
            return &w->keys.at[i];
    return NULL;
}

/* By a key whose signature of the first one is kept. */
static void tell_two(struct bundle_watcher *w, const struct trust_envelope *envelope, const uint8_t entry[TRUST_ENVELOPE_VERSION_SIZE])
{
    const struct bundle_key *key = bundle_key(w, w->last.key_id);
    struct evidence *e = calloc(1, sizeof *e);
    struct builder out;
    builder_init(&out, EVIDENCE_SIZE_MAX);
    for (size_t i = 0; e != NULL && key != NULL && i < envelope->signature_count; i++) {
        if (memcmp(envelope->signatures[i].key_id, w->last.key_id, sizeof w->last.key_id) != 0)
            continue;
        *e = (struct evidence){.kind = EVIDENCE_TWO_VERSIONS, .hash = &hash_sm3, .origin = bytes_of_text(w->keys.origin),
                               .key_name = bytes_of_text("bundle-key"), .key_oid = bytes_of_text(public_key_alg(key->key)->oid),
                               .key_spki = public_key_spki(key->key), .seen_s = now_s(w), .where = bytes_of_text(w->url)};
        e->statements[0] = (struct evidence_statement){.is_version = true, .version = BYTES_OF(w->last.entry),
                                                       .signature = builder_view(&w->last.signature)};
        e->statements[1] = (struct evidence_statement){.is_version = true, .version = bytes_of(entry, TRUST_ENVELOPE_VERSION_SIZE),
                                                       .signature = envelope->signatures[i].signature};
        if (evidence_write(e, &out, NULL) != STATUS_OK)
            builder_reset(&out);
    }
    watcher_find(w, FINDING_VERSION_CONTENTS, w->url, builder_view(&out), "version %llu is signed with two contents",
                 (unsigned long long)w->last.version);
    builder_clear(&out);
    free(e);
}

static void note_signed(struct bundle_watcher *w, uint64_t version, const struct trust_envelope *envelope,
                        const uint8_t entry[TRUST_ENVELOPE_VERSION_SIZE])
{
    bool is_same = w->last.version == version;
    if (is_same && memcmp(w->last.entry, entry, TRUST_ENVELOPE_VERSION_SIZE) != 0)
        tell_two(w, envelope, entry);
    if (version == w->latest.version)
        memcpy(w->last.sha256, w->latest.bundle_sha256, HASH_SIZE);
    if (is_same)
        return;
    w->last.version = 0;
    for (size_t i = 0; i < envelope->signature_count && w->last.version == 0; i++) {
        if (bundle_key(w, envelope->signatures[i].key_id) == NULL)
            continue;
        builder_reset(&w->last.signature);
        builder_bytes(&w->last.signature, envelope->signatures[i].signature);
        memcpy(w->last.key_id, envelope->signatures[i].key_id, sizeof w->last.key_id);
        memcpy(w->last.entry, entry, TRUST_ENVELOPE_VERSION_SIZE);
        w->last.version = builder_is_good(&w->last.signature) ? version : 0;
    }
}

/* The newest version is another file than before: signed again, or something else. One that names keys was judged by others than
 * those of now. */
static bool is_to_be_seen_again(const struct bundle_watcher *w)
{
    bool is_rotation = trust_latest_rotation(&w->latest, w->version - 1) == w->version;
    return w->version > 0 && w->latest.version == w->version && w->last.version == w->version && !is_rotation &&
           memcmp(w->last.sha256, w->latest.bundle_sha256, HASH_SIZE) != 0;
}

/* ---- one version ---- */

/* A bundle that a client would take: what it says goes on from the version before. */
static enum status take(struct bundle_watcher *w, const struct trust_bundle *bundle, struct bytes contents, struct error *err)
{
    if (bundle->issued_s < w->issued_s)
        watcher_find(w, FINDING_VERSION_ORDER, w->url, bytes_of(NULL, 0), "version %llu was issued %lld seconds before version %llu",
                     (unsigned long long)bundle->version, (long long)(w->issued_s - bundle->issued_s), (unsigned long long)w->version);
    w->version = bundle->version;
    w->issued_s = bundle->issued_s;
    builder_reset(&w->newest);
    builder_bytes(&w->newest, contents);
    enum status s = builder_status(&w->newest, "bundle", err);
    return s == STATUS_OK ? watcher_take_keys(w, bundle, err) : s;
}

static enum status judge(struct bundle_watcher *w, struct bytes body, struct error *err)
{
    struct trust_envelope envelope;
    struct trust_bundle bundle;
    struct version_checkpoint checkpoint = {.size = 0};
    uint8_t entry[TRUST_ENVELOPE_VERSION_SIZE];
    const struct bundle_signature_pins pins = {.keys = &w->keys, .now_s = now_s(w), .is_step = w->at < w->latest.version};
    trust_bundle_init(&bundle);
    enum status s = trust_envelope_parse(body, &envelope, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(envelope.contents, &bundle, err);
    if (s == STATUS_OK)
        s = trust_envelope_version(&bundle, envelope.contents, entry, err);
    if (s == STATUS_OK && bundle.version != w->at)
        s = error_set(err, STATUS_REFUSED, "it is version %llu", (unsigned long long)bundle.version);
    if (s == STATUS_OK)
        s = bundle_signature_check(&envelope, &bundle, &pins, &checkpoint, err);
    if (s == STATUS_OK) {
        note_signed(w, bundle.version, &envelope, entry); /* by the keys before it */
        see(w, &checkpoint, bundle.version, entry);
        s = take(w, &bundle, envelope.contents, err);
    }
    trust_bundle_clear(&bundle);
    return s;
}

static void on_bundle(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err)
{
    enum status s = status == STATUS_OK ? judge(w, body, err) : status;
    bool is_newest = w->at == w->latest.version;
    if (s == STATUS_NO_MEMORY || s == STATUS_IO) {
        watcher_end_round(w, s, err);
        return;
    }
    if (s == STATUS_NOT_FOUND && is_newest)
        watcher_find(w, FINDING_MISSING_ENTRY, w->url, bytes_of(NULL, 0), "`latest` names version %llu, which is not there",
                     (unsigned long long)w->at);
    else if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        watcher_find(w, FINDING_BAD_VERSION, w->url, bytes_of(NULL, 0), "version %llu is none that a client would take: %s",
                     (unsigned long long)w->at, err->text);
    /* What cannot be taken is asked for again: nothing goes on behind it. */
    if (s == STATUS_NOT_FOUND && !is_newest)
        watcher_next_version(w);
    else if (s == STATUS_OK)
        watcher_check_identities(w);
    else
        watcher_ask_log(w);
}

/* Rotations one after the other; then the newest ones. */
void watcher_next_version(struct bundle_watcher *w)
{
    char path[64];
    uint64_t newest = w->latest.version, rotation = trust_latest_rotation(&w->latest, w->at);
    if (w->at >= newest) {
        watcher_ask_log(w);
        return;
    }
    uint64_t first = newest >= BUNDLE_WATCHER_VERSIONS_MAX ? newest - BUNDLE_WATCHER_VERSIONS_MAX + 1 : 1;
    uint64_t next = w->at + 1 > first ? w->at + 1 : first;
    w->at = rotation != 0 && rotation < next ? rotation : next;
    (void)snprintf(path, sizeof path, "bundles/%llu", (unsigned long long)w->at);
    watcher_get(w, w->config.url, path, "bundle", TRUST_ENVELOPE_SIZE_MAX, on_bundle);
}

static void on_latest(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err)
{
    enum status s = status == STATUS_OK ? trust_latest_parse(body, &w->latest, err) : status;
    if (s != STATUS_OK) {
        if (s == STATUS_MALFORMED)
            watcher_find(w, FINDING_BAD_VERSION, w->url, bytes_of(NULL, 0), "latest: %s", err->text);
        watcher_end_round(w, s, err);
        return;
    }
    if (w->latest.version < w->version)
        watcher_find(w, FINDING_WENT_BACK, w->url, bytes_of(NULL, 0), "version %llu is shown as the newest, and version %llu was before",
                     (unsigned long long)w->latest.version, (unsigned long long)w->version);
    /* The first time there is nothing to go on from. */
    w->at = w->version > 0 ? w->version : w->latest.version - 1;
    if (is_to_be_seen_again(w))
        w->at--;
    if (w->identities.is_waiting)
        watcher_check_identities(w);
    else
        watcher_next_version(w);
}

void watcher_ask_versions(struct bundle_watcher *w)
{
    watcher_get(w, w->config.url, "latest", "latest", TRUST_LATEST_SIZE_MAX, on_latest);
}

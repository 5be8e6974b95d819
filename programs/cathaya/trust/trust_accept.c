#include "trust/trust_accept.h"

#include <string.h>

#include "codec/mtc/ca_certificate.h"
#include "trust/trust_held.h"
#include "trust/trust_versions.h"

/* ---- CAs with a new key ---- */

static bool has_key(const struct trust_bundle *b, const struct tai *ca_id, struct ca_certificate *out)
{
    for (size_t i = 0; i < b->cas.count; i++)
        if (tai_equal(&trust_bundle_ca_at(b, i)->id, ca_id))
            return ca_certificate_parse(trust_bundle_ca_at(b, i)->certificate, out, NULL) == STATUS_OK;
    return false;
}

/* What the old key has signed does not count any more: landmarks, the checkpoint to go on from, the revocations file. What is
 * revoked stays so. With the same key and other rules the landmarks alone go. */
static enum status forget_log(struct trust_accept *a, struct trust_directory_log *file, bool is_same_key, struct error *err)
{
    struct trust_bundle_log *log = array_at(&file->bundle.logs, 0);
    struct bytes nothing = bytes_of(NULL, 0);
    log->first_landmark = log->size_before = 0;
    log->landmark_count = 0;
    file->bundle.landmarks.count = 0;
    file->bundle.version++;
    return trust_directory_write_log(a->dir, &file->bundle, is_same_key ? file->note : nothing, is_same_key ? file->revocations : nothing, err);
}

/* Does the log's file come from the key that its CA has in the new bundle? Behind a bundle without the CA nobody knows. */
static bool is_of_same_key(const struct trust_accept *a, const struct trust_bundle *now, const struct tai *ca_id)
{
    struct ca_certificate x, y;
    return a->held != NULL && has_key(&a->held->bundle, ca_id, &x) && has_key(now, ca_id, &y) && bytes_equal(x.spki, y.spki);
}

static bool has_ca(const struct trust_bundle *b, const struct tai *ca_id)
{
    struct ca_certificate ca;
    return has_key(b, ca_id, &ca);
}

/* Before the bundle is there: after a crash in between, landmarks are missing until the next update, and none is wrong. */
static enum status forget_old_keys(struct trust_accept *a, struct trust_directory *fresh, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < fresh->log_count; i++) {
        const struct tai *ca_id = &trust_bundle_log_at(&fresh->logs[i].bundle, 0)->ca_id;
        bool is_same_key = is_of_same_key(a, &fresh->bundle, ca_id);
        if (has_ca(&fresh->bundle, ca_id) && (!is_same_key || fresh->logs[i].is_outdated))
            s = forget_log(a, &fresh->logs[i], is_same_key, err);
    }
    return s;
}

/* ---- what is held ---- */

static enum status note_anchors(struct trust_accept *a, struct error *err)
{
    const struct trust_directory *held = a->held;
    enum status s = STATUS_OK;
    a->anchor_count = 0;
    if (held->note.len > 0) {
        s = version_proof_parse_checkpoint(builder_view(&held->note), &a->anchors[0], err);
        a->anchor_count = s == STATUS_OK;
    }
    bool is_other = a->anchor_count == 0 || a->anchors[0].size != held->checkpoint.size;
    if (s == STATUS_OK && held->checkpoint.size != 0 && is_other)
        a->anchors[a->anchor_count++] = held->checkpoint;
    return s;
}

static enum status note_held(struct trust_accept *a, struct error *err)
{
    struct hasher h;
    if (!a->held->is_signed) /* cannot be while keys are pinned */
        return error_set(err, STATUS_REFUSED, "%s: trust.bundle is not signed", a->dir);
    enum status s = hasher_init(&h, &hash_sm3, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(&h, a->held->bundle_bytes, a->pins.held_sm3);
    s = hasher_status(&h, err);
    hasher_clear(&h);
    if (s == STATUS_OK)
        s = note_anchors(a, err);
    a->pins.held_version = a->held->bundle.version;
    a->pins.keys = &a->held->keys;
    a->pins.held_checkpoint = (struct version_checkpoint){.size = 0};
    if (a->anchor_count > 0)
        a->pins.held_checkpoint = a->anchors[0];
    return s;
}

enum status trust_accept_open(const struct trust_versions_settings *versions, const struct algorithms *algorithms,
                              struct trust_accept *out, struct error *err)
{
    const char *dir = versions->dir;
    *out = (struct trust_accept){.dir = dir, .algorithms = algorithms, .versions = versions};
    if (!trust_keys_exist(dir))
        return error_set(err, STATUS_USAGE, "%s: no keys are pinned: `cathaya trust import --bundle-key FILE` for a new directory", dir);
    enum status s = trust_keys_read(dir, algorithms, &out->pinned, err);
    if (s != STATUS_OK)
        return s;
    out->pins.keys = &out->pinned;
    s = trust_directory_read(dir, algorithms, &out->held, err);
    if (s == STATUS_NOT_FOUND && out->held == NULL && trust_keys_exist(dir))
        return STATUS_OK;
    return s == STATUS_OK ? note_held(out, err) : s;
}

void trust_accept_close(struct trust_accept *a)
{
    trust_directory_free(a->held);
    trust_directory_free(a->fresh);
    bundle_keys_clear(&a->pinned);
    a->held = a->fresh = NULL;
}

/* ---- what is offered ---- */

/* The same version twice, both signed. */
static void keep_two_versions(const struct trust_accept *a, const struct trust_versions_settings *settings, struct bytes envelope)
{
    struct trust_envelope parsed;
    struct trust_bundle bundle;
    trust_bundle_init(&bundle);
    if (a->held != NULL && trust_envelope_parse(envelope, &parsed, NULL) == STATUS_OK &&
        trust_bundle_parse(parsed.contents, &bundle, NULL) == STATUS_OK && bundle.version == a->pins.held_version)
        trust_versions_keep_bundles(settings, bundle.version, builder_view(&a->held->memory), envelope);
    trust_bundle_clear(&bundle);
}

/* What is signed twice is a proof for everybody. */
static void keep_evidence(const struct trust_accept *a, struct bytes envelope)
{
    struct trust_versions_settings settings = *a->versions;
    const struct version_checkpoint *held = &a->pins.held_checkpoint;
    settings.keys = a->pins.keys;
    if (a->offered.size != 0 && a->offered.size == held->size && memcmp(a->offered.root, held->root, HASH_SIZE) != 0)
        trust_versions_keep_roots(&settings, held, &a->offered);
    else
        keep_two_versions(a, &settings, envelope);
}

enum status trust_accept_judge(struct trust_accept *a, struct bytes envelope, int64_t now_s, bool is_step, struct error *err)
{
    trust_directory_free(a->fresh);
    a->fresh = NULL;
    a->pins.now_s = now_s;
    a->pins.is_step = is_step;
    enum status s = trust_directory_judge(a->dir, envelope, &a->pins, a->algorithms, &a->fresh, &a->offered, err);
    if (s == STATUS_CONFLICT)
        keep_evidence(a, envelope);
    return s;
}

/* The oldest one that nothing has been compared with stays, so that a later round can do it. */
static struct bytes next_note(const struct trust_accept *a, bool is_compared)
{
    bool is_newer = a->anchor_count == 0 || (is_compared && a->offered.size >= a->anchors[0].size);
    return is_newer ? (a->offered.size != 0 ? a->offered.note : bytes_of(NULL, 0)) : a->anchors[0].note;
}

static enum status put_in_place(struct trust_accept *a, struct bytes envelope, bool is_compared, struct error *err)
{
    uint64_t version = a->fresh->bundle.version;
    enum status s = forget_old_keys(a, a->fresh, err);
    if (s == STATUS_OK)
        s = trust_held_write(a->dir, version, a->pins.keys, a->pins.now_s, next_note(a, is_compared), err);
    if (s == STATUS_OK)
        s = trust_directory_write_signed(a->dir, envelope, err);
    if (s == STATUS_OK)
        trust_held_sweep(a->dir, version);
    return s;
}

enum status trust_accept_commit(struct trust_accept *a, struct bytes envelope, bool is_compared, bool *is_changed, struct error *err)
{
    /* With the same contents the signatures that are held are as good. */
    *is_changed = a->fresh->bundle.version != a->pins.held_version;
    if (!*is_changed)
        return STATUS_OK;
    enum status s = put_in_place(a, envelope, is_compared, err);
    if (s != STATUS_OK)
        return s;
    trust_directory_free(a->held);
    trust_directory_free(a->fresh);
    a->held = a->fresh = NULL;
    s = trust_directory_read(a->dir, a->algorithms, &a->held, err);
    return s == STATUS_OK ? note_held(a, err) : s;
}

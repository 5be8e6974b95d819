/* What the log has is signed and published: new files first, `latest` last. */
#include <stdlib.h>
#include <string.h>

#include "codec/trust_bundle/trust_delta.h"
#include "service/trust_publisher/publisher_parts.h"

/* Signatures of all keys that an envelope takes; SM2 and ML-DSA-44 are far below. */
#define SIGNATURES_MAX ((size_t)TRUST_ENVELOPE_SIGNATURES_MAX * 8192)
#define PROOF_MAX 65535

struct release {
    struct trust_publisher *p;
    uint64_t version;
    struct version_contents contents, before; /* before: of version 1 nothing */
    struct trust_envelope envelope;
    struct builder signatures, proof;
    struct builder encoded; /* the envelope */
    struct trust_latest *latest;
};

/* ---- files ---- */

static enum status put(struct trust_publisher *p, const char *name, struct bytes value, struct error *err)
{
    const struct object_store *store = &p->config.published;
    return error_prefix(err, store->put(store->context, name, value, err), "%s", name);
}

/* ---- the envelope ---- */

static enum status read_both(struct release *r, struct error *err)
{
    enum status s = publisher_read_contents(r->p, r->version, &r->contents, err);
    if (s == STATUS_OK && r->version > 1)
        s = publisher_read_contents(r->p, r->version - 1, &r->before, err);
    return s;
}

/* The keys that clients have, and so those that sign: the ones that the version before names. */
static const struct trust_bundle *keys_in_force(const struct release *r)
{
    return r->version > 1 ? &r->before.bundle : &r->contents.bundle;
}

static enum status make_envelope(struct release *r, struct error *err)
{
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    r->envelope.contents = builder_view(&r->contents.bytes);
    enum status s = trust_envelope_version(&r->contents.bundle, r->envelope.contents, version, err);
    if (s == STATUS_OK)
        s = publisher_prove(r->p, r->version, &r->proof, err);
    if (s == STATUS_OK)
        s = publisher_sign(r->p, keys_in_force(r), version, &r->envelope, &r->signatures, err);
    if (s != STATUS_OK)
        return s;
    r->envelope.log_proof = builder_view(&r->proof);
    return trust_envelope_write(&r->envelope, &r->encoded, err);
}

/* ---- rotations ---- */

static enum status note_rotation(void *context, const char *name, struct error *err)
{
    struct trust_latest *latest = context;
    uint64_t version;
    size_t at = latest->rotation_count;
    if (!publisher_version(FOLDER_ROTATIONS, name, &version))
        return STATUS_OK;
    if (latest->rotation_count == TRUST_LATEST_ROTATIONS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d changes of keys: found a log of versions anew", TRUST_LATEST_ROTATIONS_MAX);
    for (; at > 0 && latest->rotations[at - 1] > version; at--)
        latest->rotations[at] = latest->rotations[at - 1];
    latest->rotations[at] = version;
    latest->rotation_count++;
    return STATUS_OK;
}

static enum status read_rotations(struct release *r, struct error *err)
{
    const struct object_store *store = &r->p->config.state;
    char name[VERSION_NAME_SIZE];
    enum status s = STATUS_OK;
    r->p->report.is_rotation = r->version > 1 && publisher_is_rotation(&r->before.bundle, &r->contents.bundle);
    publisher_name(FOLDER_ROTATIONS, r->version, name);
    if (r->p->report.is_rotation)
        s = store->put(store->context, name, bytes_of_text("keys\n"), err);
    if (r->p->report.is_rotation && s == STATUS_OK)
        s = store->sync(store->context, err);
    return s == STATUS_OK ? store->list(store->context, FOLDER_ROTATIONS, note_rotation, r->latest, err) : s;
}

/* ---- deltas ---- */

/* The first version from which a delta helps: who holds one from before a change of keys has to take the rotation first. */
static uint64_t first_base(const struct release *r)
{
    uint64_t count = r->p->config.delta_count, first = r->version > count ? r->version - count : 1;
    for (size_t i = 0; i < r->latest->rotation_count; i++)
        if (r->latest->rotations[i] < r->version && r->latest->rotations[i] > first)
            first = r->latest->rotations[i];
    return first;
}

static enum status make_delta(struct release *r, uint64_t from, struct error *err)
{
    struct version_contents base;
    struct builder delta;
    char name[VERSION_NAME_SIZE];
    struct trust_latest_delta line = {.from = from};
    builder_init(&delta, r->encoded.len); /* what is longer than the whole is of no use */
    enum status s = publisher_read_contents(r->p, from, &base, err);
    if (s == STATUS_OK)
        s = trust_delta_write(builder_view(&base.bytes), from, &r->envelope, &delta, err);
    publisher_clear_contents(&base);
    if (s == STATUS_OK) {
        publisher_name(FOLDER_DELTAS, from, name);
        s = put(r->p, name, builder_view(&delta), err);
        line.size = (uint32_t)delta.len;
        r->latest->deltas[r->latest->delta_count++] = line;
    }
    builder_clear(&delta);
    /* A client without it takes the whole. */
    return s == STATUS_NOT_FOUND || s == STATUS_LIMIT ? STATUS_OK : s;
}

static enum status make_deltas(struct release *r, struct error *err)
{
    enum status s = STATUS_OK;
    if (r->p->config.delta_count == 0)
        return s;
    for (uint64_t from = first_base(r); s == STATUS_OK && from < r->version; from++)
        s = make_delta(r, from, err);
    return s;
}

static enum status note_deltas(struct release *r, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = r->latest->delta_count; s == STATUS_OK && i-- > 0;) {
        const struct trust_publisher_delta delta = {r->latest->deltas[i].from, r->latest->deltas[i].size};
        s = array_insert(&r->p->report.deltas, r->p->report.deltas.count, &delta, "deltas", err);
    }
    return s;
}

/* ---- the folder ---- */

static enum status sync_all(struct trust_publisher *p, struct error *err)
{
    const struct object_store *log = &p->config.log, *published = &p->config.published;
    enum status s = log->sync(log->context, err);
    return s == STATUS_OK ? published->sync(published->context, err) : s;
}

static enum status put_latest(struct release *r, struct error *err)
{
    struct bytes whole = builder_view(&r->encoded);
    struct builder text;
    builder_init(&text, TRUST_LATEST_SIZE_MAX);
    r->latest->version = r->version;
    r->latest->issued_s = r->contents.bundle.issued_s;
    r->latest->expires_s = r->contents.bundle.expires_s;
    r->latest->bundle_size = (uint32_t)whole.len;
    enum status s = hash_label_sha256(&whole, 1, r->latest->bundle_sha256) ? STATUS_OK
                                                                           : error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        s = trust_latest_write(r->latest, &text, err);
    if (s == STATUS_OK)
        s = put(r->p, OBJECT_LATEST, builder_view(&text), err);
    builder_clear(&text);
    return s;
}

static enum status publish(struct release *r, struct error *err)
{
    char name[VERSION_NAME_SIZE];
    publisher_name(FOLDER_BUNDLES, r->version, name);
    enum status s = put(r->p, name, builder_view(&r->encoded), err);
    if (s == STATUS_OK)
        s = make_deltas(r, err);
    if (s == STATUS_OK)
        s = put(r->p, OBJECT_BUNDLE, builder_view(&r->encoded), err);
    if (s == STATUS_OK)
        s = sync_all(r->p, err);
    /* Whoever finds it after a power cut finds all that it speaks of: the next start relies on that. */
    if (s == STATUS_OK)
        s = put_latest(r, err);
    return s == STATUS_OK ? sync_all(r->p, err) : s;
}

static enum status release(struct release *r, struct error *err)
{
    enum status s = read_both(r, err);
    if (s == STATUS_OK)
        s = make_envelope(r, err);
    if (s == STATUS_OK)
        s = read_rotations(r, err);
    if (s == STATUS_OK)
        s = publish(r, err);
    if (s != STATUS_OK)
        return s;
    r->p->latest = *r->latest;
    r->p->report.version = r->version;
    r->p->report.issued_s = r->latest->issued_s;
    r->p->report.expires_s = r->latest->expires_s;
    r->p->report.contents_size = r->contents.bytes.len;
    r->p->report.envelope_size = r->encoded.len;
    s = note_deltas(r, err);
    return s == STATUS_OK ? publisher_prune(r->p, err) : s;
}

enum status publisher_release(struct trust_publisher *p, struct error *err)
{
    struct release *r = calloc(1, sizeof *r);
    struct trust_latest *latest = calloc(1, sizeof *latest);
    enum status s = r != NULL && latest != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        *r = (struct release){.p = p, .version = log_state(p->log).size, .latest = latest};
        builder_init(&r->signatures, SIGNATURES_MAX);
        builder_init(&r->proof, PROOF_MAX);
        builder_init(&r->encoded, TRUST_ENVELOPE_SIZE_MAX);
        s = release(r, err);
        publisher_clear_contents(&r->contents);
        if (r->version > 1)
            publisher_clear_contents(&r->before);
        builder_clear(&r->signatures);
        builder_clear(&r->proof);
        builder_clear(&r->encoded);
    }
    free(latest);
    free(r);
    return s;
}

enum status publisher_read_latest(struct trust_publisher *p, struct error *err)
{
    const struct object_store *store = &p->config.published;
    struct builder text;
    builder_init(&text, TRUST_LATEST_SIZE_MAX);
    enum status s = store->get(store->context, OBJECT_LATEST, &text, err);
    if (s == STATUS_OK)
        s = trust_latest_parse(builder_view(&text), &p->latest, err);
    builder_clear(&text);
    if (s == STATUS_OK || s == STATUS_IO || s == STATUS_NO_MEMORY)
        return s;
    /* Torn by a power cut, or not there: it is written anew from what the log has. */
    p->latest = (struct trust_latest){.version = 0};
    return STATUS_OK;
}

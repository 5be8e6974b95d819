#include "rules/checkpoint_trust.h"

#include "codec/note/checkpoint_verify.h"
#include "codec/note/timestamped_signature.h"

struct signatures {
    const struct note *note;
    const struct checkpoint *checkpoint;
    const struct trust_store *store;
};

static enum status verify(const struct signatures *s, const struct tai *id, const struct public_key *key, struct error *err)
{
    char name[TAI_NAME_SIZE];
    tai_name(id, name);
    struct checkpoint_verifier verifier = {
        .name = bytes_of_text(name), .type = (enum note_key_type)public_key_alg(key)->note_type, .key = key};
    return checkpoint_verify(s->note, s->checkpoint, &verifier, err);
}

static bool has_signed(const void *context, const struct tai *id)
{
    const struct signatures *s = context;
    struct error err;
    size_t number;
    const struct trust_cosigner *c = trust_store_find_cosigner(s->store, tai_bytes(id), &number);
    return c != NULL && verify(s, id, c->key, &err) == STATUS_OK;
}

/* Too few have signed: a cosignature that is wrong is never right, while one that is not there may come. */
static enum status tell_shortage(const struct trust_requirement *required, size_t good, const struct signatures *signatures,
                                 struct error *err)
{
    for (size_t i = 0; i < required->count; i++) {
        size_t number;
        const struct trust_cosigner *c = trust_store_find_cosigner(signatures->store, tai_bytes(&required->ids[i]), &number);
        enum status s = c != NULL ? verify(signatures, &required->ids[i], c->key, err) : STATUS_NOT_FOUND;
        if (s == STATUS_NO_MEMORY)
            return s;
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return error_prefix(err, STATUS_REFUSED, "checkpoint: signature of a cosigner");
    }
    return error_set(err, STATUS_AGAIN,
                     "checkpoint: the cosigner policy is not satisfied yet: %zu of %zu cosigners have signed, %zu are required", good,
                     required->count, required->needed);
}

static enum status check_requirements(const struct trust_ca *ca, const struct signatures *signatures, struct error *err)
{
    size_t count;
    const struct trust_requirement *required = trust_store_requirements(signatures->store, &count);
    for (size_t i = 0; i < count; i++) {
        if (!trust_requirement_is_for(&required[i], &ca->id))
            continue;
        size_t good = trust_store_count_signed(&required[i], has_signed, signatures);
        if (good < required[i].needed)
            return tell_shortage(&required[i], good, signatures, err);
    }
    return STATUS_OK;
}

static enum status check_origin(const struct trust_ca *ca, uint16_t log_number, const struct checkpoint *checkpoint, struct error *err)
{
    struct tai id;
    char origin[TAI_NAME_SIZE];
    enum status s = tai_log_id(&ca->id, log_number, &id, err);
    if (s != STATUS_OK)
        return s;
    tai_name(&id, origin);
    if (!bytes_is_text(checkpoint->origin, origin))
        return error_set(err, STATUS_REFUSED, "checkpoint: of another log than %s", origin);
    if (checkpoint->size >> 48 != 0)
        return error_set(err, STATUS_REFUSED, "checkpoint: larger than a log can be");
    return STATUS_OK;
}

/* The newest of the CA's signatures, which were verified. */
static uint64_t newest_time_s(const struct note *note, const struct trust_ca *ca)
{
    char name[TAI_NAME_SIZE];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    const struct note_signature *line;
    uint64_t newest = 0;
    size_t at = 0;
    enum note_key_type type = (enum note_key_type)public_key_alg(ca->key)->note_type;
    tai_name(&ca->id, name);
    if (type == NOTE_KEY_ED25519 || note_key_id_as(type, bytes_of_text(name), ca->key, key_id, NULL) != STATUS_OK)
        return 0;
    while ((line = note_find(note, bytes_of_text(name), key_id, &at)) != NULL) {
        struct builder payload;
        struct timestamped_signature signature;
        builder_init(&payload, NOTE_SIZE_MAX);
        if (note_signature_payload(line, &payload, NULL) == STATUS_OK &&
            timestamped_signature_parse(builder_view(&payload), &signature, NULL) == STATUS_OK && signature.timestamp_s > newest)
            newest = signature.timestamp_s;
        builder_clear(&payload);
    }
    return newest;
}

enum status checkpoint_trust_check(const struct trust_store *store, const struct trust_ca *ca, uint16_t log_number,
                                   struct bytes note, struct checkpoint *out, uint64_t *timestamp_s, struct error *err)
{
    struct note parsed;
    struct signatures signatures = {&parsed, out, store};
    enum status s = note_parse(note, &parsed, err);
    if (s == STATUS_OK)
        s = checkpoint_parse(parsed.text, out, err);
    if (s == STATUS_OK)
        s = check_origin(ca, log_number, out, err);
    if (s != STATUS_OK)
        return s;
    s = verify(&signatures, &ca->id, ca->key, err);
    if (s == STATUS_NO_MEMORY)
        return s;
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_REFUSED, "checkpoint: signature of the CA");
    *timestamp_s = newest_time_s(&parsed, ca);
    return check_requirements(ca, &signatures, err);
}

/* The elements of keys: of the distributor, and of those who sign website identity records. */
#include "codec/note/note_key.h"
#include "codec/trust_bundle/trust_fields.h"

/* The signature types that the log of versions may sign its checkpoints with. */
static bool is_note_type(uint8_t type)
{
    return type == NOTE_KEY_RFC6962 || type == NOTE_KEY_MLDSA44_COSIGNATURE || type == NOTE_KEY_OTHER;
}

static bool read_log_fields(struct reader *r, struct trust_bundle_key *key)
{
    return reader_u8(r, &key->note_type) && is_note_type(key->note_type) && trust_fields_text(r, false, &key->note_name) &&
           note_is_name(key->note_name) && trust_fields_text(r, false, &key->origin) && note_is_name(key->origin);
}

static bool is_key_before(const struct trust_bundle_key *a, const struct trust_bundle_key *b)
{
    return a->role != b->role ? a->role < b->role : bytes_compare(a->spki, b->spki) < 0;
}

enum status trust_key_fields_read(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_key key = {.note_type = 0};
    uint8_t role;
    if (!reader_u8(r, &role) || role < TRUST_BUNDLE_KEY_BUNDLE || role > TRUST_BUNDLE_KEY_VERSIONS ||
        !trust_fields_algorithm(r, &key.algorithm) || !trust_fields_spki(r, &key.spki) ||
        (role == TRUST_BUNDLE_KEY_VERSIONS && !read_log_fields(r, &key)))
        return trust_fields_malformed(r, "signing key", err);
    key.role = (enum trust_bundle_key_role)role;
    const struct trust_bundle_key *last = b->keys.count > 0 ? trust_bundle_key_at(b, b->keys.count - 1) : NULL;
    if (last != NULL && !is_key_before(last, &key))
        return trust_fields_malformed(r, "signing keys are not in order", err);
    if (last != NULL && last->role == TRUST_BUNDLE_KEY_VERSIONS && !bytes_equal(last->origin, key.origin))
        return trust_fields_malformed(r, "the keys of the log of versions have two origins", err);
    return trust_fields_append(&b->keys, &key, "signing keys", err);
}

enum status trust_key_fields_read_signer(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_signer signer;
    if (!trust_fields_algorithm(r, &signer.algorithm) || !trust_fields_spki(r, &signer.spki) ||
        !trust_fields_text(r, false, &signer.operator_name) || !trust_fields_level(r, &signer.level_max))
        return trust_fields_malformed(r, "identity signer", err);
    size_t n = b->signers.count;
    if (n > 0 && bytes_compare(trust_bundle_signer_at(b, n - 1)->spki, signer.spki) >= 0)
        return trust_fields_malformed(r, "identity signers are not in order", err);
    return trust_fields_append(&b->signers, &signer, "identity signers", err);
}

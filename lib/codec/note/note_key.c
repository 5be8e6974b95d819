#include "codec/note/note_key.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/ct/ct_suite.h"
#include "crypto/hash.h"

/* What stands before the raw key in the only DER SubjectPublicKeyInfo that each algorithm has. */
static const uint8_t ed25519_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                         0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t mldsa44_prefix[] = {0x30, 0x82, 0x05, 0x32, 0x30, 0x0b, 0x06, 0x09,
                                         0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03,
                                         0x11, 0x03, 0x82, 0x05, 0x21, 0x00};
#define ED25519_KEY_SIZE 32
#define MLDSA44_KEY_SIZE 1312

#define OTHER_IDENTIFIER "mtc-cosignature/v1/"
/* The type, the identifier of type ff with its newline, and the SubjectPublicKeyInfo. */
#define MATERIAL_MAX (1 + sizeof OTHER_IDENTIFIER + ALGORITHM_OID_TEXT_MAX + KEY_SPKI_MAX)

static bool raw_key(struct bytes spki, struct bytes prefix, size_t size, struct bytes *raw)
{
    struct reader r;
    reader_init(&r, spki);
    struct bytes start;
    return reader_bytes(&r, prefix.len, &start) && bytes_equal(start, prefix) &&
           reader_bytes(&r, size, raw) && reader_is_at_end(&r);
}

/* A CT log is named by the hash of its key: *log_id holds it. */
static bool log_id_of(const struct public_key *key, uint8_t log_id[HASH_SIZE])
{
    const struct ct_suite *suite = ct_suite_by_algorithm(public_key_alg(key));
    return suite != NULL && ct_suite_hash(suite, public_key_spki(key), log_id, NULL) == STATUS_OK;
}

/* The type byte and the public key, as key IDs and verifier keys have them. */
static enum status write_material(enum note_key_type type, const struct public_key *key,
                                  struct builder *out, struct error *err)
{
    struct bytes spki = public_key_spki(key), raw = spki;
    const struct signature_alg *alg = public_key_alg(key);
    uint8_t log_id[HASH_SIZE];
    bool is_right = true;
    builder_u8(out, (uint8_t)type);
    switch (type) {
    case NOTE_KEY_ED25519:
    case NOTE_KEY_ED25519_COSIGNATURE:
        is_right = raw_key(spki, BYTES_OF(ed25519_prefix), ED25519_KEY_SIZE, &raw);
        break;
    case NOTE_KEY_MLDSA44_COSIGNATURE:
        is_right = raw_key(spki, BYTES_OF(mldsa44_prefix), MLDSA44_KEY_SIZE, &raw);
        break;
    case NOTE_KEY_RFC6962:
        is_right = log_id_of(key, log_id);
        raw = BYTES_OF(log_id);
        break;
    case NOTE_KEY_OTHER:
        builder_printf(out, OTHER_IDENTIFIER "%s\n", alg->oid);
        break;
    default:
        is_right = false;
    }
    if (!is_right)
        return error_set(err, STATUS_USAGE, "a key of algorithm %s has no note type %02x",
                         alg->name, (unsigned)type);
    builder_bytes(out, raw);
    return builder_status(out, "note key", err);
}

static enum status check_name(struct bytes name, struct error *err)
{
    if (!note_is_name(name))
        return error_set(err, STATUS_USAGE,
                         "key name of a note: empty, or with spaces, controls or \"+\"");
    return STATUS_OK;
}

static enum status hash_key_id(struct bytes name, struct bytes material,
                               uint8_t out[NOTE_KEY_ID_SIZE], struct error *err)
{
    uint8_t digest[HASH_SIZE];
    const struct bytes parts[] = {name, bytes_of_text("\n"), material};
    if (!hash_label_sha256(parts, sizeof parts / sizeof parts[0], digest))
        return error_set(err, STATUS_NO_MEMORY, "key ID of a note: hashing failed");
    memcpy(out, digest, NOTE_KEY_ID_SIZE);
    return STATUS_OK;
}

/* What the key ID is made of, and the key ID. */
static enum status identify(enum note_key_type type, struct bytes name, const struct public_key *key,
                            struct builder *material, uint8_t key_id[NOTE_KEY_ID_SIZE],
                            struct error *err)
{
    enum status status = check_name(name, err);
    if (status == STATUS_OK)
        status = write_material(type, key, material, err);
    return status == STATUS_OK ? hash_key_id(name, builder_view(material), key_id, err) : status;
}

enum status note_key_id_as(enum note_key_type type, struct bytes name, const struct public_key *key,
                           uint8_t out[NOTE_KEY_ID_SIZE], struct error *err)
{
    struct builder material;
    builder_init(&material, MATERIAL_MAX);
    enum status status = identify(type, name, key, &material, out, err);
    builder_clear(&material);
    return status;
}

enum status note_key_write_vkey_as(enum note_key_type type, struct bytes name,
                                   const struct public_key *key, struct builder *out,
                                   struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder material;
    builder_init(&material, MATERIAL_MAX);
    enum status status = identify(type, name, key, &material, key_id, err);
    if (status == STATUS_OK) {
        builder_bytes(out, name);
        builder_u8(out, '+');
        text_write_hex(out, BYTES_OF(key_id));
        builder_u8(out, '+');
        /* A CT log's key ID is made of its LogID, which nothing can be verified with. */
        if (type == NOTE_KEY_RFC6962) {
            material.len = 1;
            builder_bytes(&material, public_key_spki(key));
        }
        text_write_base64(out, builder_view(&material));
        status = builder_status(out, "verifier key", err);
    }
    builder_clear(&material);
    return status;
}

static enum note_key_type type_of(const struct public_key *key)
{
    return (enum note_key_type)public_key_alg(key)->note_type;
}

enum status note_key_id(struct bytes name, const struct public_key *key,
                        uint8_t out[NOTE_KEY_ID_SIZE], struct error *err)
{
    return note_key_id_as(type_of(key), name, key, out, err);
}

enum status note_key_write_vkey(struct bytes name, const struct public_key *key,
                                struct builder *out, struct error *err)
{
    return note_key_write_vkey_as(type_of(key), name, key, out, err);
}

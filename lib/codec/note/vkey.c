#include "codec/note/vkey.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/ct/ct_suite.h"

#define OTHER_IDENTIFIER "mtc-cosignature/v1/"

static enum status malformed(const char *what, struct error *err)
{
    return error_set(err, STATUS_MALFORMED, "verifier key: %s", what);
}

/* The three parts; a name has no "+", base64 may have some. */
static enum status split(struct bytes text, struct vkey *out, struct bytes *base64, struct error *err)
{
    struct reader r;
    struct bytes name, id;
    reader_init(&r, text);
    if (text.len > VKEY_TEXT_MAX || !reader_until(&r, '+', &name) || !reader_until(&r, '+', &id))
        return malformed("expected: name+id+key", err);
    if (!note_is_name(name) || name.len > VKEY_NAME_MAX)
        return malformed("its name is empty, too long, or has characters that a name cannot have", err);
    if (!text_parse_hex(id, out->key_id, NOTE_KEY_ID_SIZE))
        return malformed("its key ID is not eight hex digits", err);
    memcpy(out->name, name.data, name.len);
    out->name[name.len] = '\0';
    *base64 = reader_rest(&r);
    return STATUS_OK;
}

/* A raw key becomes the SubjectPublicKeyInfo of its algorithm. */
static enum status read_raw(struct reader *r, const struct algorithms *algorithms, const char *name,
                            const struct signature_alg **alg, struct builder *spki, struct error *err)
{
    *alg = algorithms_by_name(algorithms, bytes_of_text(name));
    if (*alg == NULL)
        return error_set(err, STATUS_REFUSED, "verifier key: no algorithm %s here", name);
    size_t whole = der_open(spki, DER_SEQUENCE);
    builder_bytes(spki, algorithm_identifier(*alg));
    der_write_bits(spki, reader_rest(r));
    der_close(spki, whole);
    return builder_status(spki, "verifier key", err);
}

static const struct signature_alg *find_by_oid(const struct algorithms *algorithms, struct bytes oid)
{
    char dotted[ALGORITHM_OID_TEXT_MAX + 1];
    struct builder identifier;
    uint8_t memory[ALGORITHM_IDENTIFIER_MAX];
    if (oid.len > ALGORITHM_OID_TEXT_MAX || memchr(oid.data, 0, oid.len) != NULL)
        return NULL;
    memcpy(dotted, oid.data, oid.len);
    dotted[oid.len] = '\0';
    builder_init_fixed(&identifier, memory, sizeof memory);
    size_t mark = der_open(&identifier, DER_SEQUENCE);
    if (!algorithm_oid_to_der(dotted, &identifier))
        return NULL;
    der_close(&identifier, mark);
    return builder_is_good(&identifier)
               ? algorithms_by_identifier(algorithms, builder_view(&identifier))
               : NULL;
}

/* Type ff: its identifier, a newline, and the SubjectPublicKeyInfo [GM 3]. */
static enum status read_other(struct reader *r, const struct algorithms *algorithms,
                              const struct signature_alg **alg, struct builder *spki, struct error *err)
{
    struct bytes prefix, oid;
    if (!reader_bytes(r, sizeof OTHER_IDENTIFIER - 1, &prefix) ||
        !bytes_is_text(prefix, OTHER_IDENTIFIER) || !reader_until(r, '\n', &oid))
        return error_set(err, STATUS_REFUSED, "verifier key: type ff of an identifier that is not known");
    *alg = find_by_oid(algorithms, oid);
    if (*alg == NULL)
        return error_set(err, STATUS_REFUSED, "verifier key: its signature algorithm is not known");
    builder_bytes(spki, reader_rest(r));
    return builder_status(spki, "verifier key", err);
}

/* Type 05: the SubjectPublicKeyInfo of a CT log, which is of one suite or of the other. */
static enum status read_ct_log(struct reader *r, const struct algorithms *algorithms, const struct signature_alg **alg,
                               struct builder *spki, struct error *err)
{
    static const struct ct_suite *const suites[] = {&ct_suite_gm, &ct_suite_intl};
    struct bytes rest = reader_rest(r);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        struct public_key *key = NULL;
        *alg = algorithms_by_name(algorithms, bytes_of_text(suites[i]->algorithm));
        bool is_right = *alg != NULL && public_key_new(*alg, rest, &key, NULL) == STATUS_OK;
        public_key_free(key);
        if (!is_right)
            continue;
        builder_bytes(spki, rest);
        return builder_status(spki, "verifier key", err);
    }
    return error_set(err, STATUS_REFUSED, "verifier key: of a CT log, whose key is none of SM2 or P-256");
}

static enum status read_key(struct reader *r, const struct algorithms *algorithms, struct vkey *out,
                            struct builder *spki, struct error *err)
{
    uint8_t type;
    const struct signature_alg *alg;
    enum status s;
    if (!reader_u8(r, &type))
        return malformed("it has no key", err);
    out->type = (enum note_key_type)type;
    if (type == NOTE_KEY_ED25519 || type == NOTE_KEY_ED25519_COSIGNATURE)
        s = read_raw(r, algorithms, "ed25519", &alg, spki, err);
    else if (type == NOTE_KEY_MLDSA44_COSIGNATURE)
        s = read_raw(r, algorithms, "mldsa44", &alg, spki, err);
    else if (type == NOTE_KEY_RFC6962)
        s = read_ct_log(r, algorithms, &alg, spki, err);
    else if (type == NOTE_KEY_OTHER)
        s = read_other(r, algorithms, &alg, spki, err);
    else
        s = error_set(err, STATUS_REFUSED, "verifier key: type %02x is not known", type);
    if (s != STATUS_OK)
        return s;
    s = public_key_new(alg, builder_view(spki), &out->key, err);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : malformed("it is not a key of its type", err);
}

static enum status check_id(const struct vkey *vkey, struct error *err)
{
    uint8_t id[NOTE_KEY_ID_SIZE];
    enum status s = note_key_id_as(vkey->type, vkey_name(vkey), vkey->key, id, err);
    if (s == STATUS_USAGE)
        return malformed("it is not a key of its type", err);
    if (s == STATUS_OK && memcmp(id, vkey->key_id, sizeof id) != 0)
        return malformed("its key ID is not that of its name and key", err);
    return s;
}

enum status vkey_parse(struct bytes text, const struct algorithms *algorithms, struct vkey *out,
                       struct error *err)
{
    struct builder material, spki;
    struct bytes base64;
    *out = (struct vkey){.key = NULL};
    builder_init(&material, VKEY_TEXT_MAX);
    builder_init(&spki, KEY_SPKI_MAX);
    enum status s = split(text, out, &base64, err);
    if (s == STATUS_OK && !text_parse_base64(base64, &material))
        s = malformed("its key is not base64", err);
    if (s == STATUS_OK) {
        struct reader r;
        reader_init(&r, builder_view(&material));
        s = read_key(&r, algorithms, out, &spki, err);
    }
    if (s == STATUS_OK)
        s = check_id(out, err);
    builder_clear(&material);
    builder_clear(&spki);
    if (s != STATUS_OK)
        vkey_clear(out);
    return s;
}

void vkey_clear(struct vkey *vkey)
{
    public_key_free(vkey->key);
    vkey->key = NULL;
}

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "service/issuer/issuer.h"

static const uint8_t version_3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};
static const uint8_t empty_name[] = {DER_SEQUENCE, 0x00};

/* Room for the fixed extensions and for 100 names. */
#define EXTENSIONS_SIZE_MAX (48 * 1024)

/* The policy of the profile, if it has one. */
static enum status write_policy(const char *dotted, struct builder *out, struct error *err)
{
    uint8_t memory[ALGORITHM_IDENTIFIER_MAX];
    struct builder oid;
    if (dotted[0] == '\0')
        return STATUS_OK;
    builder_init_fixed(&oid, memory, sizeof memory);
    if (!algorithm_oid_to_der(dotted, &oid) || !builder_is_good(&oid))
        return error_set(err, STATUS_USAGE, "policy %s: not a dotted OID, or too long a one", dotted);
    extensions_write_policy(out, bytes_of(oid.data + 2, oid.len - 2)); /* without tag and length */
    return STATUS_OK;
}

/* [GM 8.2]: keyUsage, extKeyUsage, critical subjectAltName (the subject is empty), AKI = CA ID so that
 * ARI can name the certificate, one policy. */
static enum status write_extensions(const struct issuer *issuer, const struct issuer_request *request,
                                    struct builder *out, struct error *err)
{
    size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(out, DER_SEQUENCE);
    extensions_write_key_usage(out, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write_ext_key_usage(out, request->profile->has_client_auth);
    extensions_write_subject_alt_name(out, request->general_names, true);
    extensions_write_authority_key_id(out, tai_bytes(&issuer->ca_id));
    enum status s = write_policy(request->profile->policy_oid, out, err);
    der_close(out, list);
    der_close(out, wrapper);
    return s == STATUS_OK ? builder_status(out, "extensions", err) : s;
}

/* The algorithm of a key, as it stands in its SubjectPublicKeyInfo. */
static enum status find_algorithm(struct bytes spki, struct bytes *out, struct error *err)
{
    struct reader r, inside;
    reader_init(&r, spki);
    if (!der_enter(&r, DER_SEQUENCE, &inside) || !reader_is_at_end(&r) ||
        !der_whole(&inside, DER_SEQUENCE, out))
        return error_set(err, STATUS_MALFORMED, "the key is not a SubjectPublicKeyInfo");
    return STATUS_OK;
}

static void write_validity(int64_t not_before_s, int64_t not_after_s, struct builder *out)
{
    size_t validity = der_open(out, DER_SEQUENCE);
    der_write_time(out, not_before_s);
    der_write_time(out, not_after_s);
    der_close(out, validity);
}

static enum status write_entry(const struct issuer *issuer, struct bytes spki,
                               struct bytes validity, struct bytes extensions, struct builder *out,
                               struct error *err)
{
    uint8_t name_memory[128], hash[HASH_SIZE];
    struct builder name;
    struct bytes algorithm;
    builder_init_fixed(&name, name_memory, sizeof name_memory);
    draft_write_ca_name(issuer->draft, &issuer->ca_id, &name);
    enum status s = builder_status(&name, "issuer name", err);
    if (s == STATUS_OK)
        s = find_algorithm(spki, &algorithm, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(issuer->hasher, spki, hash);
    struct tbs_entry entry = {
        .version = BYTES_OF(version_3),
        .issuer = builder_view(&name),
        .validity = validity,
        .subject = BYTES_OF(empty_name),
        .spki_algorithm = algorithm,
        .spki_hash = BYTES_OF(hash),
        .after_spki = extensions,
    };
    size_t before = out->len;
    log_entry_write_start(out, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&entry, out);
    s = builder_status(out, "log entry", err);
    if (s == STATUS_OK)
        s = hasher_status(issuer->hasher, err);
    if (s == STATUS_OK && out->len - before > LOG_ENTRY_SIZE_MAX)
        s = error_set(err, STATUS_LIMIT, "log entry: longer than %d bytes", LOG_ENTRY_SIZE_MAX);
    return s;
}

enum status issuer_write_entry(const struct issuer *issuer, const struct issuer_request *request,
                               int64_t now_s, struct builder *out, int64_t *not_before_s,
                               int64_t *not_after_s, struct error *err)
{
    uint8_t validity_memory[64];
    struct builder validity, extensions;
    builder_init_fixed(&validity, validity_memory, sizeof validity_memory);
    builder_init(&extensions, EXTENSIONS_SIZE_MAX);
    *not_before_s = request->not_before_s != 0 ? request->not_before_s
                                               : now_s - request->profile->backdate_s;
    *not_after_s = request->not_after_s != 0 ? request->not_after_s
                                             : *not_before_s + request->profile->lifetime_s - 1;
    write_validity(*not_before_s, *not_after_s, &validity);
    enum status s = builder_status(&validity, "validity", err);
    if (s == STATUS_OK)
        s = write_extensions(issuer, request, &extensions, err);
    if (s == STATUS_OK)
        s = write_entry(issuer, request->spki, builder_view(&validity), builder_view(&extensions), out, err);
    builder_clear(&extensions);
    return s;
}

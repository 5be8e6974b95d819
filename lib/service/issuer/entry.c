#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "service/issuer/issuer.h"

static const uint8_t version_3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};
static const uint8_t empty_name[] = {DER_SEQUENCE, 0x00};

/* Room for the fixed extensions and for 100 names. */
#define EXTENSIONS_SIZE_MAX (48 * 1024)

/* [GM 8.2]: keyUsage, extKeyUsage, critical subjectAltName (the subject is empty), AKI = CA ID so that
 * ARI can name the certificate, one policy. */
static void write_extensions(const struct issuer *issuer, struct bytes general_names,
                             struct builder *out)
{
    size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(out, DER_SEQUENCE);
    extensions_write_key_usage(out, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write_ext_key_usage(out, issuer->profile.has_client_auth);
    extensions_write_subject_alt_name(out, general_names, true);
    extensions_write_authority_key_id(out, tai_bytes(&issuer->ca_id));
    if (issuer->profile.policy_oid.len > 0)
        extensions_write_policy(out, issuer->profile.policy_oid);
    der_close(out, list);
    der_close(out, wrapper);
}

static void write_validity(int64_t not_before_s, int64_t not_after_s, struct builder *out)
{
    size_t validity = der_open(out, DER_SEQUENCE);
    der_write_time(out, not_before_s);
    der_write_time(out, not_after_s);
    der_close(out, validity);
}

enum status issuer_write_entry(const struct issuer *issuer, struct bytes general_names,
                               struct bytes spki, struct bytes spki_algorithm, int64_t now_s,
                               struct builder *out, int64_t *not_after_s, struct error *err)
{
    uint8_t name_memory[128], validity_memory[64], hash[HASH_SIZE];
    struct builder name, validity, extensions;
    builder_init_fixed(&name, name_memory, sizeof name_memory);
    builder_init_fixed(&validity, validity_memory, sizeof validity_memory);
    builder_init(&extensions, EXTENSIONS_SIZE_MAX);

    int64_t not_before_s = now_s - issuer->profile.backdate_s;
    *not_after_s = not_before_s + issuer->profile.lifetime_s - 1;
    draft_write_ca_name(issuer->draft, &issuer->ca_id, &name);
    write_validity(not_before_s, *not_after_s, &validity);
    write_extensions(issuer, general_names, &extensions);
    hasher_one(issuer->hasher, spki, hash);
    struct tbs_entry entry = {
        .version = BYTES_OF(version_3),
        .issuer = builder_view(&name),
        .validity = builder_view(&validity),
        .subject = BYTES_OF(empty_name),
        .spki_algorithm = spki_algorithm,
        .spki_hash = BYTES_OF(hash),
        .after_spki = builder_view(&extensions),
    };
    size_t before = out->len;
    log_entry_write_start(out, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&entry, out);
    enum status s = builder_status(&name, "issuer name", err);
    if (s == STATUS_OK)
        s = builder_status(&validity, "validity", err);
    if (s == STATUS_OK)
        s = builder_status(&extensions, "extensions", err);
    if (s == STATUS_OK)
        s = builder_status(out, "log entry", err);
    if (s == STATUS_OK)
        s = hasher_status(issuer->hasher, err);
    if (s == STATUS_OK && out->len - before > LOG_ENTRY_SIZE_MAX)
        s = error_set(err, STATUS_LIMIT, "log entry: longer than %d bytes", LOG_ENTRY_SIZE_MAX);
    builder_clear(&extensions);
    return s;
}

#include "codec/mtc/tbs_entry.h"

#include "codec/asn1/der.h"
#include "codec/x509/name.h"

static enum status malformed(const struct reader *r, struct error *err, const char *field)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "TBSCertificateLogEntry: bad %s", field);
}

enum status tbs_entry_parse(struct bytes contents, struct tbs_entry *out, struct error *err)
{
    enum status s = der_check_nested(contents, "TBSCertificateLogEntry", err);
    if (s != STATUS_OK)
        return s;
    struct reader r;
    struct der_element hash;
    *out = (struct tbs_entry){.not_before_s = 0};
    reader_init(&r, contents);
    s = certificate_read_version(&r, &out->version, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "TBSCertificateLogEntry");
    if (!name_read(&r, &out->issuer))
        return malformed(&r, err, "issuer");
    s = certificate_read_validity(&r, &out->validity, &out->not_before_s, &out->not_after_s, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "TBSCertificateLogEntry");
    if (!name_read(&r, &out->subject))
        return malformed(&r, err, "subject");
    if (!der_whole(&r, DER_SEQUENCE, &out->spki_algorithm))
        return malformed(&r, err, "subjectPublicKeyAlgorithm");
    if (!der_tagged(&r, DER_OCTET_STRING, &hash) || hash.contents.len != HASH_SIZE)
        return malformed(&r, err, "subjectPublicKeyInfoHash");
    out->spki_hash = hash.contents;
    s = certificate_read_after_spki(&r, out->version, &out->after_spki, &out->extensions, err);
    return error_prefix(err, s, "TBSCertificateLogEntry");
}

void tbs_entry_write(const struct tbs_entry *entry, struct builder *out)
{
    builder_bytes(out, entry->version);
    builder_bytes(out, entry->issuer);
    builder_bytes(out, entry->validity);
    builder_bytes(out, entry->subject);
    builder_bytes(out, entry->spki_algorithm);
    der_write(out, DER_OCTET_STRING, entry->spki_hash);
    builder_bytes(out, entry->after_spki);
}

/* Two bytes of LOG_ENTRY_TBS_CERT, as they stand in an entry. */
static const uint8_t entry_type[] = {LOG_ENTRY_TBS_CERT >> 8, LOG_ENTRY_TBS_CERT & 0xff};

void tbs_entry_leaf_hash(struct hasher *h, const struct certificate *cert,
                         struct bytes entry_extensions, uint8_t out[HASH_SIZE])
{
    static const uint8_t leaf_prefix[] = {0x00};
    static const uint8_t octet_string[] = {DER_OCTET_STRING, HASH_SIZE};
    uint8_t spki_hash[HASH_SIZE];
    hasher_one(h, cert->spki, spki_hash);
    hasher_start(h);
    hasher_update(h, BYTES_OF(leaf_prefix));
    hasher_update(h, entry_extensions);
    hasher_update(h, BYTES_OF(entry_type));
    hasher_update(h, cert->version);
    /* issuer, validity and subject stand side by side in the certificate too. */
    hasher_update(h, bytes_of(cert->issuer.data,
                              (size_t)(cert->subject.data + cert->subject.len - cert->issuer.data)));
    hasher_update(h, cert->spki_algorithm);
    hasher_update(h, BYTES_OF(octet_string));
    hasher_update(h, BYTES_OF(spki_hash));
    hasher_update(h, cert->after_spki);
    hasher_finish(h, out);
}

enum status tbs_entry_write_certificate(const struct tbs_entry *entry, const struct draft *draft,
                                        uint64_t serial, struct bytes spki, struct bytes mtc_proof,
                                        struct builder *out, struct error *err)
{
    size_t certificate = der_open(out, DER_SEQUENCE), tbs = der_open(out, DER_SEQUENCE);
    builder_bytes(out, entry->version);
    der_write_u64(out, serial);
    builder_bytes(out, draft->proof_identifier);
    builder_bytes(out, entry->issuer);
    builder_bytes(out, entry->validity);
    builder_bytes(out, entry->subject);
    builder_bytes(out, spki);
    builder_bytes(out, entry->after_spki);
    der_close(out, tbs);
    builder_bytes(out, draft->proof_identifier);
    der_write_bits(out, mtc_proof);
    der_close(out, certificate);
    return builder_status(out, "certificate", err);
}

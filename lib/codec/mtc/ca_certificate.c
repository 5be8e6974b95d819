#include "codec/mtc/ca_certificate.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"

/* AlgorithmIdentifier of SHA-256, parameters absent: the only logHash that was ever in use. */
static const uint8_t sha256_identifier[] = {0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
                                            0x01, 0x65, 0x03, 0x04, 0x02, 0x01};

/* [RFC9925] id-alg-unsigned, and a name of one id-rdna-unsigned attribute with an empty value. */
static const uint8_t unsigned_identifier[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
                                              0x01, 0x05, 0x05, 0x07, 0x06, 0x24};
static const uint8_t unsigned_name[] = {0x30, 0x10, 0x31, 0x0e, 0x30, 0x0c, 0x06, 0x08, 0x2b,
                                        0x06, 0x01, 0x05, 0x05, 0x07, 0x19, 0x01, 0x0c, 0x00};
static const uint8_t version_3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};

static unsigned count_fields(struct reader r)
{
    unsigned count = 0;
    struct der_element field;
    while (der_any(&r, &field))
        count++;
    return count;
}

/* An AlgorithmIdentifier without parameters: nothing else names an algorithm here [GM 2]. */
static bool read_identifier(struct reader *r, struct bytes *whole)
{
    struct reader at = *r, child;
    struct der_element oid;
    if (!der_enter(&at, DER_SEQUENCE, &child) || !der_tagged(&child, DER_OID, &oid) ||
        !reader_is_at_end(&child))
        return false;
    *whole = bytes_of(r->at, (size_t)(at.at - r->at));
    *r = at;
    return true;
}

static enum status read_fields(struct reader *fields, struct ca_certificate *out, struct error *err)
{
    const struct draft *draft = out->draft;
    struct bytes log_hash;
    if (draft->has_log_hash && (!read_identifier(fields, &log_hash) ||
                                !bytes_equal(log_hash, BYTES_OF(sha256_identifier))))
        return error_at(err, STATUS_MALFORMED, reader_offset(fields),
                        "Merkle Tree CA extension: logHash is not SHA-256");
    if (!read_identifier(fields, &out->sig_alg))
        return error_at(err, STATUS_MALFORMED, reader_offset(fields),
                        "Merkle Tree CA extension: bad sigAlg (an OID, no parameters)");
    out->max_serial = CA_CERTIFICATE_SERIAL_MAX;
    if (!der_read_u64(fields, &out->min_serial) ||
        (draft->has_max_serial && !der_read_u64(fields, &out->max_serial)) ||
        !reader_is_at_end(fields))
        return error_at(err, STATUS_MALFORMED, reader_offset(fields),
                        "Merkle Tree CA extension: bad minSerial or maxSerial");
    if (out->min_serial < draft->serial_min || out->max_serial < draft->serial_min)
        return error_set(err, STATUS_MALFORMED,
                         "Merkle Tree CA extension: %s wants serial numbers of 2^48 and more", draft->name);
    return STATUS_OK;
}

static enum status read_ca_extension(const struct extension *e, struct ca_certificate *out,
                                     struct error *err)
{
    struct reader r, fields;
    if (!e->is_critical)
        return error_set(err, STATUS_MALFORMED, "Merkle Tree CA extension: not critical");
    reader_init(&r, e->value);
    if (!der_enter(&r, DER_SEQUENCE, &fields) || !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "Merkle Tree CA extension: not a SEQUENCE");
    out->draft = draft_find(e->oid, count_fields(fields));
    if (out->draft == NULL)
        return error_set(err, STATUS_MALFORMED,
                         "Merkle Tree CA extension: no version has this number of fields");
    return read_fields(&fields, out, err);
}

static enum status check_is_ca(const struct extensions *e, struct error *err)
{
    if (!e->has_basic_constraints || !e->is_ca)
        return error_set(err, STATUS_REFUSED, "CA certificate: basicConstraints does not say cA TRUE");
    if (!e->has_key_usage || (e->key_usage & KEY_USAGE_KEY_CERT_SIGN) == 0)
        return error_set(err, STATUS_REFUSED, "CA certificate: keyUsage does not say keyCertSign");
    if (e->unknown_critical.len != 0)
        return error_set(err, STATUS_REFUSED, "CA certificate: unknown critical extension");
    return STATUS_OK;
}

/* 1.3.6.1.4.1.64829.2.1 asserts SHA-256 and ML-DSA-44 [C2SP mtc-tlog]. */
static const uint8_t oid_c2sp_prefix_url[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xfa, 0x3d, 0x02, 0x01};

static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};

/* What the GM profile asks beyond the base draft [GM 7]: GM-28, GM-29, GM-30. */
static enum status check_gm(const struct ca_certificate *ca, struct bytes list,
                            const struct extensions *parsed, struct error *err)
{
    struct reader r;
    struct extension e;
    if (!bytes_equal(parsed->subject_key_id, tai_bytes(&ca->id)))
        return error_set(err, STATUS_REFUSED, "CA certificate: subjectKeyIdentifier is not the CA ID (GM-28)");
    if (ca->min_serial > ca->max_serial)
        return error_set(err, STATUS_REFUSED, "CA certificate: minSerial is above maxSerial (GM-29)");
    reader_init(&r, list);
    while (extensions_next(&r, &e)) {
        bool must_be_critical = bytes_equal(e.oid, BYTES_OF(oid_key_usage)) ||
                                bytes_equal(e.oid, BYTES_OF(oid_basic_constraints));
        if (must_be_critical && !e.is_critical)
            return error_set(err, STATUS_REFUSED,
                             "CA certificate: keyUsage or basicConstraints is not critical (GM-28)");
        if (bytes_equal(e.oid, BYTES_OF(oid_c2sp_prefix_url)))
            return error_set(err, STATUS_REFUSED, "CA certificate: an SM3 CA with the C2SP prefix URL (GM-30)");
    }
    return STATUS_OK;
}

enum status ca_certificate_parse(struct bytes der, struct ca_certificate *out, struct error *err)
{
    struct certificate cert;
    struct extensions extensions;
    *out = (struct ca_certificate){.draft = NULL};
    enum status s = certificate_parse(der, &cert, err);
    if (s == STATUS_OK)
        s = extensions_parse(cert.extensions, &extensions, err);
    if (s != STATUS_OK)
        return s;
    if (extensions.mtc_ca.oid.len == 0)
        return error_set(err, STATUS_REFUSED, "CA certificate: no Merkle Tree CA extension of a known version");
    s = read_ca_extension(&extensions.mtc_ca, out, err);
    if (s == STATUS_OK)
        s = check_is_ca(&extensions, err);
    if (s == STATUS_OK)
        s = draft_parse_ca_name(out->draft, cert.subject, &out->id, err);
    if (s == STATUS_OK && out->draft == &draft_gm)
        s = check_gm(out, cert.extensions, &extensions, err);
    if (s != STATUS_OK)
        return s;
    out->name = cert.subject;
    out->spki = cert.spki;
    out->not_before_s = cert.not_before_s;
    out->not_after_s = cert.not_after_s;
    return STATUS_OK;
}

static void write_extensions(const struct ca_certificate *ca, struct builder *out)
{
    uint8_t value[64];
    struct builder v;
    builder_init_fixed(&v, value, sizeof value);
    size_t fields = der_open(&v, DER_SEQUENCE);
    builder_bytes(&v, ca->sig_alg);
    der_write_u64(&v, ca->min_serial);
    der_write_u64(&v, ca->max_serial);
    der_close(&v, fields);
    if (!builder_is_good(&v))
        out->failure = v.failure;

    size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(out, DER_SEQUENCE);
    extensions_write_key_usage(out, KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    extensions_write_basic_constraints_ca(out);
    extensions_write_subject_key_id(out, tai_bytes(&ca->id));
    extensions_write(out, ca->draft->ca_extension, true, builder_view(&v));
    der_close(out, list);
    der_close(out, wrapper);
}

enum status ca_certificate_write(const struct ca_certificate *ca, struct builder *out,
                                 struct error *err)
{
    if (!ca->draft->is_written)
        return error_set(err, STATUS_USAGE, "%s is read only: new CAs are draft-07 or gm-0", ca->draft->name);
    size_t certificate = der_open(out, DER_SEQUENCE), tbs = der_open(out, DER_SEQUENCE);
    builder_bytes(out, BYTES_OF(version_3));
    der_write_u64(out, 1);
    builder_bytes(out, BYTES_OF(unsigned_identifier));
    builder_bytes(out, BYTES_OF(unsigned_name));
    size_t validity = der_open(out, DER_SEQUENCE);
    der_write_time(out, ca->not_before_s);
    der_write_time(out, ca->not_after_s);
    der_close(out, validity);
    draft_write_ca_name(ca->draft, &ca->id, out);
    builder_bytes(out, ca->spki);
    write_extensions(ca, out);
    der_close(out, tbs);
    builder_bytes(out, BYTES_OF(unsigned_identifier));
    const uint8_t no_bits = 0;
    der_write(out, DER_BIT_STRING, bytes_of(&no_bits, 1));
    der_close(out, certificate);
    return builder_status(out, "CA certificate", err);
}

/* The certificates of CAs: a root, what it signs, and who answers for that. */
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "codec/x509/issuing_extensions.h"
#include "service/classic_issuer/classic_ocsp.h"
#include "service/classic_issuer/sign_tbs.h"

static const uint8_t oid_country[] = {0x55, 0x04, 0x06};
static const uint8_t oid_organisation[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t any_policy[] = {0x55, 0x1d, 0x20, 0x00};
/* The CABF's domain-validated policy, 2.23.140.1.2.1 [BR 7.1.6.1]. */
static const uint8_t domain_validated[] = {0x67, 0x81, 0x0c, 0x01, 0x02, 0x01};

#define PRINTABLE_STRING 0x13
#define ISSUING_USAGE (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN)
#define ROOT_USAGE (KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN)

static void write_attribute(struct builder *b, struct bytes oid, uint8_t tag, const char *value)
{
    size_t set = der_open(b, DER_SET), sequence = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, oid);
    der_write(b, tag, bytes_of_text(value));
    der_close(b, sequence);
    der_close(b, set);
}

static enum status write_name(const struct classic_ca_request *request, struct builder *b,
                              struct error *err)
{
    if (strlen(request->country) != 2 || strlen(request->organisation) - 1 >= CLASSIC_NAME_MAX ||
        strlen(request->common_name) - 1 >= CLASSIC_NAME_MAX)
        return error_set(err, STATUS_USAGE, "a CA has a country of two letters, and names of 1 to %d bytes",
                         CLASSIC_NAME_MAX);
    size_t name = der_open(b, DER_SEQUENCE);
    write_attribute(b, BYTES_OF(oid_country), PRINTABLE_STRING, request->country);
    write_attribute(b, BYTES_OF(oid_organisation), DER_UTF8_STRING, request->organisation);
    write_attribute(b, BYTES_OF(oid_common_name), DER_UTF8_STRING, request->common_name);
    der_close(b, name);
    return builder_status(b, "name", err);
}

static void write_root_extensions(struct bytes key_id, struct builder *b)
{
    issuing_extensions_write_basic_constraints(b, -1);
    extensions_write_key_usage(b, ROOT_USAGE);
    extensions_write_subject_key_id(b, key_id);
}

static void write_issuing_extensions(const struct classic_ca_request *request, struct bytes key_id,
                                     struct bytes issuer_key_id, struct builder *b)
{
    issuing_extensions_write_basic_constraints(b, 0);
    extensions_write_key_usage(b, ISSUING_USAGE);
    extensions_write_ext_key_usage(b, request->has_client_auth);
    extensions_write_subject_key_id(b, key_id);
    extensions_write_authority_key_id(b, issuer_key_id);
    extensions_write_policy(b, request->is_intranet ? BYTES_OF(any_policy) : BYTES_OF(domain_validated));
    if (request->issuer_url != NULL)
        issuing_extensions_write_authority_information(b, NULL, request->issuer_url);
    if (request->crl_url != NULL)
        issuing_extensions_write_crl_point(b, request->crl_url);
}

/* root is NULL for one that signs itself with signer. */
static enum status write_ca(const struct classic_ca_request *request,
                            const struct classic_authority *root, const struct document_signer *signer,
                            struct builder *out, struct error *err)
{
    uint8_t key_id[CLASSIC_KEY_ID_SIZE];
    struct builder name, extensions;
    builder_init(&name, CLASSIC_CERTIFICATE_MAX);
    builder_init(&extensions, CLASSIC_CERTIFICATE_MAX);
    enum status s = write_name(request, &name, err);
    if (s == STATUS_OK)
        s = sign_tbs_key_id(request->spki, key_id, err);
    if (s == STATUS_OK && root == NULL)
        write_root_extensions(BYTES_OF(key_id), &extensions);
    else if (s == STATUS_OK)
        write_issuing_extensions(request, BYTES_OF(key_id), root->key_id, &extensions);
    if (s == STATUS_OK)
        s = builder_status(&extensions, "extensions", err);
    struct classic_authority self = {.subject = builder_view(&name), .key_id = BYTES_OF(key_id)};
    if (root == NULL)
        self.signer = *signer;
    struct sign_tbs tbs = {
        .subject = builder_view(&name), .spki = request->spki, .extensions = builder_view(&extensions),
        .not_before_s = request->not_before_s, .not_after_s = request->not_after_s,
    };
    if (s == STATUS_OK)
        s = sign_tbs_new_serial(&tbs, err);
    if (s == STATUS_OK)
        s = sign_tbs_write(&tbs, root != NULL ? root : &self, out, err);
    builder_clear(&extensions);
    builder_clear(&name);
    return s;
}

enum status classic_write_root(const struct classic_ca_request *request,
                               const struct document_signer *signer, struct builder *out, struct error *err)
{
    return write_ca(request, NULL, signer, out, err);
}

enum status classic_write_issuing_ca(const struct classic_ca_request *request,
                                     const struct classic_authority *root, struct builder *out,
                                     struct error *err)
{
    return write_ca(request, root, NULL, out, err);
}

/* ---- who answers ---- */

static void write_responder_extensions(struct bytes issuer_key_id, struct builder *b)
{
    /* SEQUENCE OF { id-kp-OCSPSigning }, and NULL. */
    static const uint8_t oid_ext_key_usage[] = {0x55, 0x1d, 0x25};
    static const uint8_t ocsp_signing[] = {DER_SEQUENCE, 10, DER_OID, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9};
    static const uint8_t oid_no_check[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5}, null[] = {DER_NULL, 0};
    extensions_write_key_usage(b, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write(b, BYTES_OF(oid_ext_key_usage), false, BYTES_OF(ocsp_signing));
    extensions_write_authority_key_id(b, issuer_key_id);
    extensions_write(b, BYTES_OF(oid_no_check), false, BYTES_OF(null));
}

enum status classic_write_ocsp_responder(const struct classic_ca_request *request, const struct classic_authority *issuing,
                                         struct builder *out, struct error *err)
{
    struct builder name, extensions;
    builder_init(&name, CLASSIC_CERTIFICATE_MAX);
    builder_init(&extensions, CLASSIC_CERTIFICATE_MAX);
    enum status s = write_name(request, &name, err);
    write_responder_extensions(issuing->key_id, &extensions);
    if (s == STATUS_OK)
        s = builder_status(&extensions, "extensions", err);
    struct sign_tbs tbs = {
        .subject = builder_view(&name), .spki = request->spki, .extensions = builder_view(&extensions),
        .not_before_s = request->not_before_s, .not_after_s = request->not_after_s,
    };
    if (s == STATUS_OK)
        s = sign_tbs_new_serial(&tbs, err);
    if (s == STATUS_OK)
        s = sign_tbs_write(&tbs, issuing, out, err);
    builder_clear(&extensions);
    builder_clear(&name);
    return s;
}

enum status classic_authority_of(struct bytes der, const struct document_signer *signer,
                                 struct classic_authority *out, struct error *err)
{
    struct certificate certificate;
    struct extensions extensions;
    enum status s = certificate_parse(der, &certificate, err);
    if (s == STATUS_OK)
        s = extensions_parse(certificate.extensions, &extensions, err);
    if (s != STATUS_OK)
        return s;
    if (!extensions.is_ca || extensions.subject_key_id.len == 0)
        return error_set(err, STATUS_REFUSED, "the certificate is none of a CA with a subjectKeyIdentifier");
    if (!bytes_equal(certificate.spki, public_key_spki(signer->key)))
        return error_set(err, STATUS_REFUSED, "the certificate is not of this key");
    *out = (struct classic_authority){certificate.subject, extensions.subject_key_id, *signer};
    return STATUS_OK;
}

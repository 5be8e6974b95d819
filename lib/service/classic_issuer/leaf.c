/* The certificates of subscribers [BR 7.1.2.7]. */
#include <stdio.h>
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/certificate.h"
#include "codec/x509/crl.h"
#include "codec/x509/extensions.h"
#include "codec/x509/issuing_extensions.h"
#include "service/classic_issuer/sign_tbs.h"

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};

/* One common name. */
#define SUBJECT_SIZE_MAX 320
/* Room for the fixed extensions and for 100 names. */
#define EXTENSIONS_SIZE_MAX (48 * 1024)

static void write_subject(const char *common_name, struct builder *b)
{
    size_t name = der_open(b, DER_SEQUENCE);
    if (common_name != NULL) {
        size_t set = der_open(b, DER_SET), sequence = der_open(b, DER_SEQUENCE);
        der_write(b, DER_OID, BYTES_OF(oid_common_name));
        der_write(b, DER_UTF8_STRING, bytes_of_text(common_name));
        der_close(b, sequence);
        der_close(b, set);
    }
    der_close(b, name);
}

static enum status write_crl_point(const char *url, struct bytes serial, struct builder *b,
                                   struct error *err)
{
    char point[CLASSIC_URL_MAX + 1];
    if (url == NULL)
        return STATUS_OK;
    if (snprintf(point, sizeof point, "%s/%u.crl", url, crl_shard_of(serial)) >= (int)sizeof point)
        return error_set(err, STATUS_USAGE, "the CRL's URL is too long: %s", url);
    issuing_extensions_write_crl_point(b, point);
    return STATUS_OK;
}

static enum status write_extensions(const struct classic_leaf_request *request, struct bytes key_id,
                                    struct bytes serial, struct builder *b, struct error *err)
{
    const struct certificate_profile *profile = request->profile;
    uint8_t oid_memory[PROFILE_OID_SIZE];
    struct builder oid;
    extensions_write_key_usage(b, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write_ext_key_usage(b, profile->has_client_auth);
    extensions_write_subject_alt_name(b, request->general_names, request->common_name == NULL);
    extensions_write_authority_key_id(b, key_id);
    issuing_extensions_write_authority_information(b, request->ocsp_url, request->issuer_url);
    enum status s = write_crl_point(request->crl_url, serial, b, err);
    builder_init_fixed(&oid, oid_memory, sizeof oid_memory);
    if (s == STATUS_OK && profile->policy_oid[0] != '\0') {
        if (!algorithm_oid_to_der(profile->policy_oid, &oid) || !builder_is_good(&oid))
            return error_set(err, STATUS_USAGE, "profile %s: policy %s is no OID", profile->name, profile->policy_oid);
        extensions_write_policy(b, bytes_of(oid_memory + 2, oid.len - 2)); /* behind tag and length */
    }
    return s == STATUS_OK ? builder_status(b, "extensions", err) : s;
}

enum status classic_write_leaf_tbs(const struct classic_leaf_request *request, const struct classic_authority *authority,
                                   struct builder *out, struct error *err)
{
    uint8_t subject_memory[SUBJECT_SIZE_MAX];
    struct builder subject, extensions;
    builder_init_fixed(&subject, subject_memory, sizeof subject_memory);
    builder_init(&extensions, EXTENSIONS_SIZE_MAX);
    write_subject(request->common_name, &subject);
    struct sign_tbs tbs = {
        .subject = builder_view(&subject), .spki = request->spki,
        .not_before_s = request->not_before_s, .not_after_s = request->not_after_s,
    };
    enum status s = builder_status(&subject, "subject", err);
    if (s == STATUS_OK)
        s = sign_tbs_new_serial(&tbs, err);
    if (s == STATUS_OK)
        s = write_extensions(request, authority->key_id, BYTES_OF(tbs.serial), &extensions, err);
    tbs.extensions = builder_view(&extensions);
    if (s == STATUS_OK)
        s = builder_status(&extensions, "extensions", err);
    if (s == STATUS_OK)
        s = sign_tbs_write_body(&tbs, authority, out, err);
    builder_clear(&extensions);
    return s;
}

/* ---- the linter's view ---- */

/* Its root is in the program for what the profile is for: the CA cannot know better. */
static void fill_path(struct bytes leaf, const struct classic_issuers *issuers, bool is_intranet, struct policy_path *out)
{
    struct trust_bundle_purposes purposes = {1, {is_intranet ? TRUST_BUNDLE_TLS_INTRANET : TRUST_BUNDLE_TLS}};
    *out = (struct policy_path){.count = 3, .is_valid = true};
    out->certificates[0] = (struct policy_path_certificate){.der = leaf};
    out->certificates[1] = (struct policy_path_certificate){.der = issuers->issuing, .is_listed = true, .purposes = purposes};
    out->certificates[2] = (struct policy_path_certificate){.der = issuers->root, .is_listed = true, .is_root = true, .purposes = purposes};
}

enum status classic_lint_tbs(struct bytes tbs, const struct certificate_profile *profile, const struct classic_issuers *issuers,
                             struct lint_subject lint, struct error *err)
{
    struct policy_path path;
    struct certificate c;
    struct builder whole;
    struct reader r, contents, version;
    struct bytes serial, algorithm = {NULL, 0};
    reader_init(&r, tbs);
    /* The parser of certificates wants both algorithms to be there. */
    bool ok = der_enter(&r, DER_SEQUENCE, &contents) && der_enter(&contents, DER_CONTEXT_CONSTRUCTED(0), &version) &&
              der_whole(&contents, DER_INTEGER, &serial) && der_whole(&contents, DER_SEQUENCE, &algorithm);
    if (!ok)
        return error_set(err, STATUS_MALFORMED, "what is to be signed is no TBSCertificate");
    builder_init(&whole, 2 * CLASSIC_LEAF_MAX);
    enum status s = sign_tbs_wrap(tbs, algorithm, bytes_of_text("-"), &whole, err);
    if (s == STATUS_OK)
        s = certificate_parse(builder_view(&whole), &c, err);
    if (s == STATUS_OK) {
        fill_path(builder_view(&whole), issuers, profile->is_intranet, &path);
        lint.path = issuers->root.len > 0 ? &path : NULL;
        lint.signature = c.signature_algorithm;
        lint.profile = profile;
        lint.serial = c.serial;
        lint.subject = c.subject;
        lint.spki = c.spki;
        lint.extensions = c.extensions;
        lint.not_before_s = c.not_before_s;
        lint.not_after_s = c.not_after_s;
        s = lint_check(&lint, NULL, err);
    }
    builder_clear(&whole);
    return s;
}

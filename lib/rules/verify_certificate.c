#include "rules/verify_certificate.h"

#include "base/civil_time.h"
#include "codec/x509/extensions.h"
#include "rules/dns_name.h"

static enum status check_time(const char *what, int64_t not_before_s, int64_t not_after_s,
                              int64_t at_s, struct error *err)
{
    char at[CIVIL_TIME_TEXT_SIZE], limit[CIVIL_TIME_TEXT_SIZE];
    if (at_s >= not_before_s && at_s <= not_after_s)
        return STATUS_OK;
    bool is_early = at_s < not_before_s;
    civil_time_format(at_s, at);
    civil_time_format(is_early ? not_before_s : not_after_s, limit);
    return error_set(err, STATUS_REFUSED, "the %s %s %s; judged at %s", what,
                     is_early ? "is not valid before" : "expired at", limit, at);
}

/* An MTC never issues, and it is used to sign a TLS handshake. */
static enum status check_use(const struct extensions *e, struct error *err)
{
    if (e->unknown_critical.len != 0)
        return error_set(err, STATUS_REFUSED, "unknown critical extension");
    if (e->mtc_ca.oid.len != 0 || e->is_ca)
        return error_set(err, STATUS_REFUSED, "a CA certificate is not a server certificate");
    if (e->has_key_usage && (e->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) == 0)
        return error_set(err, STATUS_REFUSED, "keyUsage does not allow digitalSignature");
    if (e->has_key_usage && (e->key_usage & KEY_USAGE_KEY_CERT_SIGN) != 0)
        return error_set(err, STATUS_REFUSED, "keyUsage allows keyCertSign: a Merkle Tree Certificate never issues");
    if (e->has_ext_key_usage && !e->has_server_auth && !e->has_any_purpose)
        return error_set(err, STATUS_REFUSED, "extKeyUsage does not allow serverAuth");
    return STATUS_OK;
}

static bool has_name(struct bytes subject_alt_name, const struct verify_request *request)
{
    struct reader r;
    struct san_name name;
    reader_init(&r, subject_alt_name);
    while (!reader_is_at_end(&r) && san_next(&r, &name)) {
        if (name.tag == SAN_DNS_NAME && request->dns_name.len > 0 &&
            dns_name_matches(name.value, request->dns_name))
            return true;
        if (name.tag == SAN_IP_ADDRESS && request->ip.len > 0 && bytes_equal(name.value, request->ip))
            return true;
    }
    return false;
}

static enum status check_names(const struct extensions *e, const struct verify_request *request,
                               struct error *err)
{
    if (request->dns_name.len == 0 && request->ip.len == 0)
        return STATUS_OK;
    if (has_name(e->subject_alt_name, request))
        return STATUS_OK;
    if (request->dns_name.len == 0)
        return error_set(err, STATUS_REFUSED, "the certificate is not for this IP address");
    return error_set(err, STATUS_REFUSED, "the certificate is not for the name %.*s",
                     (int)(request->dns_name.len < 200 ? request->dns_name.len : 200),
                     (const char *)request->dns_name.data);
}

enum status verify_certificate(const struct trust_store *store, struct hasher_set *hashers,
                               struct bytes der, const struct verify_request *request,
                               struct proof_verdict *verdict, struct error *err)
{
    struct certificate cert;
    struct extensions extensions;
    *verdict = (struct proof_verdict){.ca = NULL};
    enum status s = certificate_parse(der, &cert, err);
    if (s == STATUS_OK)
        s = verify_proof(store, hashers, &cert, request->is_without_subtrees, verdict, err);
    if (s != STATUS_OK || request->is_proof_only)
        return s;
    s = extensions_parse(cert.extensions, &extensions, err);
    if (s == STATUS_OK)
        s = check_time("certificate", cert.not_before_s, cert.not_after_s, request->at_s, err);
    if (s == STATUS_OK)
        s = check_time("CA certificate", verdict->ca->not_before_s, verdict->ca->not_after_s,
                       request->at_s, err);
    if (s == STATUS_OK)
        s = check_use(&extensions, err);
    return s == STATUS_OK ? check_names(&extensions, request, err) : s;
}

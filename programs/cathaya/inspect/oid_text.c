#include "inspect/oid_text.h"

#include <stdio.h>
#include <string.h>

#include "base/builder.h"
#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/tai/tai.h"

static const struct {
    const char *dotted, *name;
} names[] = {
    {"1.2.156.10197.1.301", "SM2 key"},
    {"1.2.156.10197.1.401", "SM3"},
    {"1.2.156.10197.1.501", "SM2 with SM3"},
    {"1.2.840.10045.2.1", "EC key"},
    {"1.2.840.10045.3.1.7", "P-256"},
    {"1.3.132.0.34", "P-384"},
    {"1.3.132.0.35", "P-521"},
    {"1.2.840.10045.4.3.2", "ECDSA with SHA-256"},
    {"1.2.840.10045.4.3.3", "ECDSA with SHA-384"},
    {"1.2.840.10045.4.3.4", "ECDSA with SHA-512"},
    {"1.2.840.113549.1.1.1", "RSA key"},
    {"1.2.840.113549.1.1.10", "RSA-PSS"},
    {"1.2.840.113549.1.1.11", "RSA with SHA-256"},
    {"1.2.840.113549.1.1.12", "RSA with SHA-384"},
    {"1.2.840.113549.1.1.13", "RSA with SHA-512"},
    {"1.3.101.112", "Ed25519"},
    {"2.16.840.1.101.3.4.2.1", "SHA-256"},
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44"},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65"},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87"},
    {"2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s"},
    {"1.3.6.1.5.5.7.6.36", "unsigned"},
    {"1.3.6.1.5.5.7.6.67", "MTC proof"},
    {"1.3.6.1.4.1.44363.47.0", "MTC proof up to -06"},
    {"1.3.6.1.4.1.44363.47.1", "CA ID up to -05"},
    {"1.3.6.1.4.1.44363.47.3", "CA ID of -06"},
    {"1.3.6.1.5.5.7.25.1", "unsigned"},
    {"1.3.6.1.5.5.7.25.3", "trustAnchorID"},
    {"1.3.6.1.4.1.44363.47.2", "mtcCertificationAuthority up to -05"},
    {"1.3.6.1.4.1.44363.47.4", "mtcCertificationAuthority of -06"},
    {"1.3.6.1.5.5.7.1.38", "mtcCertificationAuthority"},
    {"1.3.6.1.4.1.32473.1000.1", "mtcCertificationAuthority-SM3"},
    {"1.3.6.1.4.1.64829.2.1", "mtc-tlog prefix URL"},
    {"1.3.6.1.4.1.11129.2.4.2", "signed certificate timestamps"},
    {"1.3.6.1.4.1.11129.2.4.3", "precertificate poison"},
    {"1.3.6.1.5.5.7.1.1", "authorityInfoAccess"},
    {"1.3.6.1.5.5.7.3.1", "serverAuth"},
    {"1.3.6.1.5.5.7.3.2", "clientAuth"},
    {"1.2.840.113549.1.9.14", "extensionRequest"},
    {"2.5.4.3", "CN"},
    {"2.5.4.5", "serialNumber"},
    {"2.5.4.6", "C"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.29.14", "subjectKeyIdentifier"},
    {"2.5.29.15", "keyUsage"},
    {"2.5.29.17", "subjectAltName"},
    {"2.5.29.18", "issuerAltName"},
    {"2.5.29.19", "basicConstraints"},
    {"2.5.29.30", "nameConstraints"},
    {"2.5.29.31", "cRLDistributionPoints"},
    {"2.5.29.32", "certificatePolicies"},
    {"2.5.29.35", "authorityKeyIdentifier"},
    {"2.5.29.37", "extKeyUsage"},
    {"2.5.29.37.0", "anyExtendedKeyUsage"},
    {"2.23.140.1.2.1", "domain validated"},
    {"2.23.140.1.2.2", "organization validated"},
};

static bool write_dotted(struct bytes contents, struct builder *b)
{
    struct reader r;
    uint64_t component;
    reader_init(&r, contents);
    if (!tai_read_component(&r, &component))
        return false;
    unsigned first = component < 80 ? (unsigned)component / 40 : 2;
    builder_printf(b, "%u.%llu", first, (unsigned long long)(component - 40 * first));
    while (tai_read_component(&r, &component))
        builder_printf(b, ".%llu", (unsigned long long)component);
    return reader_is_at_end(&r) && builder_is_good(b);
}

void oid_text(struct bytes contents, char out[OID_TEXT_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, OID_TEXT_SIZE / 2);
    if (!write_dotted(contents, &b)) {
        builder_reset(&b);
        size_t shown = contents.len < OID_TEXT_SIZE / 5 ? contents.len : OID_TEXT_SIZE / 5;
        text_write_hex(&b, bytes_of(contents.data, shown));
    }
    out[b.len] = '\0';
}

const char *oid_name(const char *dotted)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].dotted, dotted) == 0)
            return names[i].name;
    return NULL;
}

void oid_describe(struct bytes contents, char out[OID_TEXT_SIZE])
{
    char dotted[OID_TEXT_SIZE];
    oid_text(contents, dotted);
    const char *name = oid_name(dotted);
    if (name == NULL)
        memcpy(out, dotted, sizeof dotted);
    else
        (void)snprintf(out, OID_TEXT_SIZE, "%s (%.120s)", name, dotted);
}

void oid_describe_algorithm(struct bytes identifier, char out[OID_TEXT_SIZE])
{
    struct reader r, fields;
    struct der_element oid, parameters;
    reader_init(&r, identifier);
    if (!der_enter(&r, DER_SEQUENCE, &fields) || !der_tagged(&fields, DER_OID, &oid)) {
        (void)snprintf(out, OID_TEXT_SIZE, "no AlgorithmIdentifier");
        return;
    }
    oid_describe(oid.contents, out);
    size_t len = strlen(out);
    if (!der_any(&fields, &parameters))
        return;
    if (parameters.tag != DER_OID) {
        (void)snprintf(out + len, OID_TEXT_SIZE - len, "%s", parameters.tag == DER_NULL ? ", NULL" : ", parameters");
        return;
    }
    char curve[OID_TEXT_SIZE];
    oid_describe(parameters.contents, curve);
    (void)snprintf(out + len, OID_TEXT_SIZE - len, ", %.80s", curve);
}

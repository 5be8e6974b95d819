#include "inspect/inspect.h"

#include "base/text.h"
#include "codec/mtc/ca_certificate.h"
#include "codec/x509/extensions.h"
#include "inspect/oid_text.h"
#include "inspect/view.h"

/* LOG:INDEX, as policies write serial numbers. */
static void show_serial_as_index(json_t *out, const char *name, uint64_t serial)
{
    view_text(out, name, "%llu:%llu", (unsigned long long)(serial >> 48),
              (unsigned long long)(serial & (((uint64_t)1 << 48) - 1)));
}

static void show_serial(json_t *out, struct bytes contents, bool is_mtc)
{
    uint64_t serial = 0;
    bool is_small = contents.len < 9 || (contents.len == 9 && contents.data[0] == 0);
    if (!is_mtc || !is_small || contents.len == 0 || contents.data[0] >= 0x80) {
        view_bytes(out, "serial", contents);
        return;
    }
    for (size_t i = 0; i < contents.len; i++)
        serial = serial << 8 | contents.data[i];
    view_text(out, "serial", "%llu", (unsigned long long)serial);
    view_number(out, "log", serial >> 48);
    view_number(out, "index", serial & (((uint64_t)1 << 48) - 1));
}

static void show_validity(json_t *out, int64_t not_before_s, int64_t not_after_s, int64_t at_s)
{
    view_time(out, "not_before", not_before_s);
    view_time(out, "not_after", not_after_s);
    view_text(out, "validity", "%s", at_s < not_before_s  ? "not yet valid"
                                     : at_s > not_after_s ? "expired"
                                                          : "valid now");
}

static enum status show_ca(json_t *out, struct bytes der, struct error *err)
{
    struct ca_certificate ca;
    char id[TAI_TEXT_SIZE], algorithm[OID_TEXT_SIZE];
    enum status s = ca_certificate_parse(der, &ca, err);
    if (s != STATUS_OK)
        return s;
    json_t *shown = view_object(out, "merkle_tree_ca");
    tai_text(&ca.id, id);
    oid_describe_algorithm(ca.sig_alg, algorithm);
    view_text(shown, "ca_id", "%s", id);
    view_text(shown, "version", "%s", ca.draft->name);
    view_text(shown, "tree_hash", "%s", ca.draft->hash->name);
    view_text(shown, "cosigner_algorithm", "%s", algorithm);
    show_serial_as_index(shown, "min_serial", ca.min_serial);
    show_serial_as_index(shown, "max_serial", ca.max_serial);
    return STATUS_OK;
}

static void show_fields(json_t *out, const struct certificate *cert, bool is_mtc, int64_t at_s)
{
    char algorithm[OID_TEXT_SIZE];
    view_number(out, "bytes", cert->der.len);
    show_serial(out, cert->serial, is_mtc);
    inspect_name(out, "issuer", cert->issuer);
    show_validity(out, cert->not_before_s, cert->not_after_s, at_s);
    inspect_name(out, "subject", cert->subject);
    inspect_key(out, "subject_key", cert->spki);
    oid_describe_algorithm(cert->signature_algorithm, algorithm);
    view_text(out, "signature_algorithm", "%s", algorithm);
    if (!bytes_equal(cert->signature, cert->signature_algorithm)) {
        oid_describe_algorithm(cert->signature, algorithm);
        view_text(out, "but_inside_it_is", "%s", algorithm);
    }
}

/* The first thing that is wrong decides; what comes after is shown all the same. */
static enum status first_failure(enum status before, enum status now, const struct error *now_err,
                                 struct error *err)
{
    if (before != STATUS_OK || now == STATUS_OK)
        return before;
    if (err != NULL)
        *err = *now_err;
    return now;
}

enum status inspect_certificate(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct certificate cert;
    struct extensions extensions;
    struct tai ca_id;
    struct error later;
    const char *version;
    enum status s = certificate_parse(in->content, &cert, err);
    if (s != STATUS_OK)
        return s;
    const struct draft *draft = inspect_version(cert.issuer, &ca_id, &version);
    bool is_mtc = draft != NULL && bytes_equal(cert.signature_algorithm, draft->proof_identifier);
    bool is_ca = extensions_parse(cert.extensions, &extensions, NULL) == STATUS_OK && extensions.mtc_ca.oid.len != 0;
    view_text(out, "form", "%s", is_ca    ? "certificate of a Merkle Tree CA"
                                 : is_mtc ? "Merkle Tree Certificate"
                                          : "certificate, not of a Merkle Tree CA");
    show_fields(out, &cert, is_mtc, in->at_s);
    if (is_ca)
        s = first_failure(s, show_ca(out, in->content, &later), &later, err);
    s = first_failure(s, inspect_extensions(out, cert.extensions, &later), &later, err);
    if (is_mtc) {
        view_text(out, "version", "%s", version);
        json_t *proof = view_object(out, "proof");
        return first_failure(s, inspect_proof(proof, cert.signature_value, draft, &later), &later, err);
    }
    view_bytes(out, "signature", cert.signature_value);
    return s;
}

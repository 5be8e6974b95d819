#include "ca_run/run_ocsp.h"

#include <stdio.h>

#include "codec/x509/certificate.h"
#include "service/classic_issuer/acme_classic_issuer.h"

/* The largest object that is looked at: a list of SCTs. */
#define VALUE_MAX OCSP_RESPONDER_SCTS_MAX

/* ---- the CA's store, on the worker ---- */

static enum status get(struct run_ocsp *ocsp, const char *name, struct error *err)
{
    builder_reset(&ocsp->value);
    return ocsp->store.get(ocsp->store.context, name, &ocsp->value, err);
}

/* What was issued without a CT policy has none. */
static enum status find_scts(struct run_ocsp *ocsp, const struct classic_issued *issued, struct builder *scts, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    classic_order_name("scts", issued->instance, issued->order, name);
    enum status s = get(ocsp, name, err);
    if (s == STATUS_NOT_FOUND || s == STATUS_LIMIT) /* a list that is too long says nothing that the certificate does not */
        return STATUS_OK;
    if (s == STATUS_OK)
        builder_bytes(scts, builder_view(&ocsp->value));
    return s;
}

static enum status find(void *context, struct bytes serial, struct ocsp_record *out, struct builder *scts, struct error *err)
{
    struct run_ocsp *ocsp = context;
    char name[OBJECT_NAME_MAX + 1];
    struct classic_issued issued;
    struct classic_revocation revocation;
    classic_issued_name("issued", serial, name);
    enum status s = get(ocsp, name, err);
    if (s == STATUS_OK)
        s = classic_issued_parse(builder_view(&ocsp->value), &issued, err);
    if (s == STATUS_OK && scts != NULL)
        s = find_scts(ocsp, &issued, scts, err);
    if (s != STATUS_OK)
        return s;
    classic_issued_name("revoked", serial, name);
    s = get(ocsp, name, err);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (s == STATUS_OK)
        s = classic_revocation_parse(name, builder_view(&ocsp->value), &revocation, err);
    if (s == STATUS_OK)
        *out = (struct ocsp_record){.is_revoked = true, .revoked_s = revocation.revoked_s, .reason = revocation.reason};
    return s;
}

/* ---- ---- */

static enum status set_signer(struct run_ocsp *ocsp, struct error *err)
{
    struct document_signer signer = key_file_document_signer(&ocsp->keys.key);
    return ocsp_responder_set_signer(ocsp->responder, &signer, builder_view(&ocsp->keys.certificate), err);
}

static enum status new_responder(struct run_ocsp *ocsp, const struct run_classic *settings, const struct run_ocsp_ports *ports,
                                 struct error *err)
{
    struct certificate issuing;
    enum status s = certificate_parse(builder_view(&ocsp->directory->issuing), &issuing, err);
    if (s != STATUS_OK)
        return s;
    struct ocsp_responder_config config = {
        .ca = settings->name, .prefix = ocsp->prefix, .issuer_name = issuing.subject, .issuer_spki = issuing.spki,
        .source = {ocsp, find}, .validity_s = settings->ocsp_validity_s, .has_scts = settings->has_ocsp_scts,
        .has_nonce = settings->has_ocsp_nonce, .worker = ports->worker, .clock = ports->clock, .events = ports->events,
        .metrics = ports->metrics, .metrics_labels = ocsp->labels,
    };
    return ocsp_responder_new(&config, &ocsp->responder, err);
}

enum status run_ocsp_open(struct run_ocsp *ocsp, const struct run_classic *settings, const struct classic_directory *directory,
                          const struct run_ocsp_ports *ports, struct error *err)
{
    ocsp->directory = directory;
    ocsp->clock = ports->clock;
    ocsp->store = sqlite_ca_store_objects(directory->store);
    builder_init(&ocsp->value, VALUE_MAX);
    if (!settings->has_ocsp)
        return STATUS_OK;
    (void)snprintf(ocsp->labels, sizeof ocsp->labels, "ca=\"%s\"", settings->name);
    if (snprintf(ocsp->prefix, sizeof ocsp->prefix, "%s/classic/%s/ocsp", ports->base_path, settings->name) >= (int)sizeof ocsp->prefix)
        return error_set(err, STATUS_USAGE, "the path of its OCSP responder is too long");
    struct key_name key = {settings->ocsp_key, settings->ocsp_key_provider, ports->directory};
    enum status s = classic_responder_open(&ocsp->keys, directory, settings->ocsp_key != NULL ? &key : NULL, ports->algorithms, ports->clock.now_ms(ports->clock.context) / 1000, err);
    if (s == STATUS_OK)
        s = new_responder(ocsp, settings, ports, err);
    return s == STATUS_OK ? set_signer(ocsp, err) : s;
}

enum status run_ocsp_renew(struct run_ocsp *ocsp, struct error *err)
{
    bool is_new = false;
    if (ocsp->responder == NULL)
        return STATUS_OK;
    enum status s = classic_responder_renew(&ocsp->keys, ocsp->directory, ocsp->clock.now_ms(ocsp->clock.context) / 1000, &is_new, err);
    return s == STATUS_OK && is_new ? set_signer(ocsp, err) : s;
}

void run_ocsp_forget(struct run_ocsp *ocsp, struct bytes serial)
{
    if (ocsp->responder != NULL)
        ocsp_responder_forget(ocsp->responder, serial);
}

void run_ocsp_close(struct run_ocsp *ocsp)
{
    ocsp_responder_free(ocsp->responder);
    classic_responder_close(&ocsp->keys);
    builder_clear(&ocsp->value);
    *ocsp = (struct run_ocsp){.responder = NULL};
}

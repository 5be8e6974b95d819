#include "codec/ocsp/ocsp_response.h"

#include "base/civil_time.h"
#include "codec/asn1/der.h"
#include "codec/ocsp/ocsp_nonce.h"
#include "codec/x509/extensions.h"

static const uint8_t oid_basic[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1};
/* Beside the SCTs in certificates (2) and the poison (3) [RFC6962 3.3]. */
static const uint8_t oid_scts[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5};

#define ENUMERATED 0x0a
#define SCT_VALUE_MAX (65535 + 8)

/* ---- times: always GeneralizedTime, in seconds [RFC6960 4.2.2.1] ---- */

static void write_time(struct builder *b, int64_t epoch_s)
{
    struct civil_time t;
    if (!civil_time_from_epoch(epoch_s, &t)) {
        b->failure = STATUS_LIMIT;
        return;
    }
    size_t time = der_open(b, DER_GENERALIZED_TIME);
    builder_printf(b, "%04d%02d%02d%02d%02d%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    der_close(b, time);
}

/* ---- writing ---- */

static void write_scts(struct bytes scts, struct builder *b)
{
    struct builder value;
    builder_init(&value, SCT_VALUE_MAX);
    der_write(&value, DER_OCTET_STRING, scts);
    if (!builder_is_good(&value) && builder_is_good(b))
        b->failure = value.failure;
    size_t wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(1)), list = der_open(b, DER_SEQUENCE);
    extensions_write(b, BYTES_OF(oid_scts), false, builder_view(&value));
    der_close(b, list);
    der_close(b, wrapper);
    builder_clear(&value);
}

static void write_status(const struct ocsp_single *single, struct builder *b)
{
    if (single->status != OCSP_REVOKED) {
        der_write(b, DER_CONTEXT(single->status), bytes_of(NULL, 0));
        return;
    }
    size_t revoked = der_open(b, DER_CONTEXT_CONSTRUCTED(1));
    write_time(b, single->revoked_s);
    if (single->reason != 0) {
        uint8_t reason = (uint8_t)single->reason;
        size_t wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
        der_write(b, ENUMERATED, bytes_of(&reason, 1));
        der_close(b, wrapper);
    }
    der_close(b, revoked);
}

static void write_single(const struct ocsp_single *single, struct builder *b)
{
    size_t sequence = der_open(b, DER_SEQUENCE);
    cert_id_write(&single->id, b);
    write_status(single, b);
    write_time(b, single->this_update_s);
    size_t next = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
    write_time(b, single->next_update_s);
    der_close(b, next);
    if (single->scts.len > 0)
        write_scts(single->scts, b);
    der_close(b, sequence);
}

void ocsp_response_write_data(const struct ocsp_response_data *data, struct builder *out)
{
    size_t sequence = der_open(out, DER_SEQUENCE), id = der_open(out, DER_CONTEXT_CONSTRUCTED(1));
    builder_bytes(out, data->responder_name);
    der_close(out, id);
    write_time(out, data->produced_s);
    size_t list = der_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < data->single_count; i++)
        write_single(&data->singles[i], out);
    der_close(out, list);
    if (data->nonce.len > 0) {
        size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(1));
        ocsp_nonce_write(data->nonce, out);
        der_close(out, wrapper);
    }
    der_close(out, sequence);
}

static void write_basic(struct bytes tbs, struct bytes algorithm, struct bytes signature, struct bytes certificate,
                        struct builder *out)
{
    size_t basic = der_open(out, DER_SEQUENCE);
    builder_bytes(out, tbs);
    builder_bytes(out, algorithm);
    der_write_bits(out, signature);
    if (certificate.len > 0) {
        size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(0)), list = der_open(out, DER_SEQUENCE);
        builder_bytes(out, certificate);
        der_close(out, list);
        der_close(out, wrapper);
    }
    der_close(out, basic);
}

static void write_response_status(enum ocsp_response_status status, struct builder *out)
{
    uint8_t value = (uint8_t)status;
    der_write(out, ENUMERATED, bytes_of(&value, 1));
}

void ocsp_response_write(struct bytes tbs, struct bytes algorithm, struct bytes signature, struct bytes certificate,
                         struct builder *out)
{
    size_t sequence = der_open(out, DER_SEQUENCE);
    write_response_status(OCSP_SUCCESSFUL, out);
    size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(0)), response = der_open(out, DER_SEQUENCE);
    der_write(out, DER_OID, BYTES_OF(oid_basic));
    size_t octets = der_open(out, DER_OCTET_STRING);
    write_basic(tbs, algorithm, signature, certificate, out);
    der_close(out, octets);
    der_close(out, response);
    der_close(out, wrapper);
    der_close(out, sequence);
}

void ocsp_response_write_failure(enum ocsp_response_status status, struct builder *out)
{
    size_t sequence = der_open(out, DER_SEQUENCE);
    write_response_status(status, out);
    der_close(out, sequence);
}

#include "codec/ocsp/ocsp_response.h"

#include "base/civil_time.h"
#include "codec/asn1/der.h"
#include "codec/ocsp/ocsp_nonce.h"
#include "codec/x509/extensions.h"
#include "codec/x509/name.h"

static const uint8_t oid_basic[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1};
/* Beside the SCTs in certificates (2) and the poison (3) [RFC6962 3.3]. */
static const uint8_t oid_scts[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5};

#define ENUMERATED 0x0a
#define STATUS_LAST 6
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

static bool two_digits(const uint8_t *at, int *value)
{
    *value = (at[0] - '0') * 10 + (at[1] - '0');
    return at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9';
}

static bool read_time(struct reader *r, int64_t *epoch_s)
{
    struct der_element e;
    struct civil_time t;
    int century;
    if (!der_tagged(r, DER_GENERALIZED_TIME, &e) || e.contents.len != 15 || e.contents.data[14] != 'Z')
        return false;
    const uint8_t *c = e.contents.data;
    if (!two_digits(c, &century) || !two_digits(c + 2, &t.year) || !two_digits(c + 4, &t.month) || !two_digits(c + 6, &t.day) ||
        !two_digits(c + 8, &t.hour) || !two_digits(c + 10, &t.minute) || !two_digits(c + 12, &t.second))
        return false;
    t.year += century * 100;
    return civil_time_to_epoch(&t, epoch_s);
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
    size_t bits = der_open(out, DER_BIT_STRING);
    builder_u8(out, 0); /* unused bits */
    builder_bytes(out, signature);
    der_close(out, bits);
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

/* ---- reading ---- */

static bool read_enumerated(struct reader *r, uint8_t max, uint8_t *value)
{
    struct der_element e;
    if (!der_tagged(r, ENUMERATED, &e) || e.contents.len != 1 || e.contents.data[0] > max)
        return false;
    *value = e.contents.data[0];
    return true;
}

static bool read_responder(struct reader *r, struct ocsp_response_data *out)
{
    struct reader by;
    struct der_element key;
    if (der_next_is(r, DER_CONTEXT_CONSTRUCTED(1)))
        return der_enter(r, DER_CONTEXT_CONSTRUCTED(1), &by) && name_read(&by, &out->responder_name) && reader_is_at_end(&by);
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(2), &by) || !der_tagged(&by, DER_OCTET_STRING, &key) || !reader_is_at_end(&by))
        return false;
    out->responder_key = key.contents;
    return key.contents.len > 0;
}

static bool read_status(struct reader *r, struct ocsp_single *out)
{
    struct der_element e;
    struct reader revoked, wrapper;
    uint8_t reason = 0;
    if (der_tagged(r, DER_CONTEXT(0), &e) || der_tagged(r, DER_CONTEXT(2), &e)) {
        out->status = (enum ocsp_cert_status)(e.tag & 0x0f);
        return e.contents.len == 0;
    }
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(1), &revoked) || !read_time(&revoked, &out->revoked_s))
        return false;
    if (!reader_is_at_end(&revoked) &&
        (!der_enter(&revoked, DER_CONTEXT_CONSTRUCTED(0), &wrapper) || !read_enumerated(&wrapper, OCSP_REASON_MAX, &reason) ||
         !reader_is_at_end(&wrapper) || !reader_is_at_end(&revoked)))
        return false;
    out->status = OCSP_REVOKED;
    out->reason = reason;
    return true;
}

/* [1] Extensions: what is not critical and not known is read over. */
static bool read_extensions(struct reader *r, struct bytes *nonce, struct bytes *scts)
{
    struct reader wrapper, list, value;
    struct extension e;
    struct der_element octets;
    size_t count = 0;
    if (reader_is_at_end(r))
        return true;
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(1), &wrapper) || !der_enter(&wrapper, DER_SEQUENCE, &list) ||
        !reader_is_at_end(&wrapper) || reader_is_at_end(&list))
        return false;
    while (!reader_is_at_end(&list)) {
        if (!extensions_next(&list, &e) || ++count > EXTENSIONS_MAX)
            return false;
        if (nonce != NULL && ocsp_nonce_is(&e)) {
            if (nonce->len > 0 || !ocsp_nonce_read(&e, nonce))
                return false;
        } else if (scts != NULL && bytes_equal(e.oid, BYTES_OF(oid_scts))) {
            reader_init(&value, e.value);
            if (scts->len > 0 || !der_tagged(&value, DER_OCTET_STRING, &octets) || !reader_is_at_end(&value) ||
                octets.contents.len == 0)
                return false;
            *scts = octets.contents;
        } else if (e.is_critical) {
            return false;
        }
    }
    return true;
}

static bool read_single(struct reader *r, struct ocsp_single *out)
{
    struct reader sequence, next;
    if (!der_enter(r, DER_SEQUENCE, &sequence) || !cert_id_read(&sequence, &out->id) || !read_status(&sequence, out) ||
        !read_time(&sequence, &out->this_update_s))
        return false;
    if (der_next_is(&sequence, DER_CONTEXT_CONSTRUCTED(0)) &&
        (!der_enter(&sequence, DER_CONTEXT_CONSTRUCTED(0), &next) || !read_time(&next, &out->next_update_s) ||
         !reader_is_at_end(&next) || out->next_update_s < out->this_update_s))
        return false;
    return read_extensions(&sequence, NULL, &out->scts) && reader_is_at_end(&sequence);
}

/* *is_limit: too many answers. */
static bool read_data(struct reader *r, struct ocsp_response_data *out, bool *is_limit)
{
    struct reader list;
    if (!read_responder(r, out) || !read_time(r, &out->produced_s) || !der_enter(r, DER_SEQUENCE, &list) ||
        reader_is_at_end(&list))
        return false;
    while (!reader_is_at_end(&list)) {
        *is_limit = out->single_count == OCSP_REQUEST_IDS_MAX;
        if (*is_limit || !read_single(&list, &out->singles[out->single_count]))
            return false;
        out->single_count++;
    }
    return read_extensions(r, &out->nonce, NULL) && reader_is_at_end(r);
}

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "OCSP response: bad %s", what);
}

static bool read_certificates(struct reader *r, struct bytes *out)
{
    struct reader wrapper, list;
    struct bytes one;
    if (reader_is_at_end(r))
        return true;
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(0), &wrapper) || !der_enter(&wrapper, DER_SEQUENCE, &list) ||
        !reader_is_at_end(&wrapper))
        return false;
    *out = reader_rest(&list);
    while (!reader_is_at_end(&list))
        if (!der_whole(&list, DER_SEQUENCE, &one))
            return false;
    return reader_is_at_end(r);
}

static enum status read_basic(struct bytes der, const struct reader *outer, struct ocsp_response *out, struct error *err)
{
    struct reader r, basic, data, bits;
    uint8_t unused;
    bool is_limit = false;
    reader_init_within(&r, outer, der);
    if (der_check_nested(der, "OCSP response", err) != STATUS_OK)
        return malformed(outer, "response", err);
    if (!der_enter(&r, DER_SEQUENCE, &basic) || !reader_is_at_end(&r))
        return malformed(&r, "BasicOCSPResponse", err);
    const uint8_t *start = basic.at;
    if (!der_enter(&basic, DER_SEQUENCE, &data))
        return malformed(&basic, "tbsResponseData", err);
    out->tbs = bytes_of(start, (size_t)(basic.at - start));
    if (!read_data(&data, &out->data, &is_limit))
        return is_limit ? error_set(err, STATUS_LIMIT, "OCSP response: more than %d answers", OCSP_REQUEST_IDS_MAX)
                        : malformed(&data, "tbsResponseData", err);
    if (!der_whole(&basic, DER_SEQUENCE, &out->algorithm) || !der_enter(&basic, DER_BIT_STRING, &bits) ||
        !reader_u8(&bits, &unused) || unused != 0)
        return malformed(&basic, "signature", err);
    out->signature = reader_rest(&bits);
    return read_certificates(&basic, &out->certificates) ? STATUS_OK : malformed(&basic, "certs", err);
}

enum status ocsp_response_parse(struct bytes der, struct ocsp_response *out, struct error *err)
{
    struct reader r, outer, wrapper, response;
    struct der_element oid, octets;
    uint8_t status;
    *out = (struct ocsp_response){.status = OCSP_INTERNAL_ERROR};
    if (der.len > OCSP_RESPONSE_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "OCSP response: longer than %zu bytes", OCSP_RESPONSE_SIZE_MAX);
    enum status s = der_check_nested(der, "OCSP response", err);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, der);
    if (!der_enter(&r, DER_SEQUENCE, &outer) || !reader_is_at_end(&r) || !read_enumerated(&outer, STATUS_LAST, &status) ||
        status == 4)
        return malformed(&r, "responseStatus", err);
    out->status = (enum ocsp_response_status)status;
    if (out->status != OCSP_SUCCESSFUL)
        return reader_is_at_end(&outer) ? STATUS_OK : malformed(&outer, "failure with an answer", err);
    if (!der_enter(&outer, DER_CONTEXT_CONSTRUCTED(0), &wrapper) || !reader_is_at_end(&outer) ||
        !der_enter(&wrapper, DER_SEQUENCE, &response) || !reader_is_at_end(&wrapper) || !der_tagged(&response, DER_OID, &oid) ||
        !bytes_equal(oid.contents, BYTES_OF(oid_basic)) || !der_tagged(&response, DER_OCTET_STRING, &octets) ||
        !reader_is_at_end(&response))
        return malformed(&outer, "responseBytes", err);
    return read_basic(octets.contents, &r, out, err);
}

bool ocsp_response_is_data(struct bytes document)
{
    struct reader r, contents;
    struct ocsp_response_data data = {.single_count = 0};
    bool is_limit = false;
    reader_init(&r, document);
    return der_enter(&r, DER_SEQUENCE, &contents) && reader_is_at_end(&r) && read_data(&contents, &data, &is_limit);
}

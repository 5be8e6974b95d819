/* Reading responses: ocsp_response.c writes them. */
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

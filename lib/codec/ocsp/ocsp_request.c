#include "codec/ocsp/ocsp_request.h"

#include "codec/asn1/der.h"
#include "codec/ocsp/ocsp_nonce.h"
#include "codec/x509/extensions.h"

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "OCSP request: bad %s", what);
}

/* [RFC6960 4.1.2]: what is critical and not understood must not be read over. */
static bool read_extensions(struct reader *r, unsigned number, struct bytes *nonce)
{
    struct reader wrapper, list;
    struct extension e;
    size_t count = 0;
    if (reader_is_at_end(r))
        return true;
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(number), &wrapper) || !der_enter(&wrapper, DER_SEQUENCE, &list) ||
        !reader_is_at_end(&wrapper) || reader_is_at_end(&list))
        return false;
    while (!reader_is_at_end(&list)) {
        if (!extensions_next(&list, &e) || ++count > EXTENSIONS_MAX)
            return false;
        if (nonce != NULL && ocsp_nonce_is(&e)) {
            if (nonce->len > 0 || !ocsp_nonce_read(&e, nonce))
                return false;
        } else if (e.is_critical) {
            return false;
        }
    }
    return true;
}

static enum status read_list(struct reader *r, struct ocsp_request *out, struct error *err)
{
    struct reader list, request;
    if (!der_enter(r, DER_SEQUENCE, &list) || reader_is_at_end(&list))
        return malformed(r, "requestList", err);
    while (!reader_is_at_end(&list)) {
        if (out->id_count == OCSP_REQUEST_IDS_MAX)
            return error_set(err, STATUS_LIMIT, "OCSP request: more than %d certificates", OCSP_REQUEST_IDS_MAX);
        if (!der_enter(&list, DER_SEQUENCE, &request) || !cert_id_read(&request, &out->ids[out->id_count]))
            return malformed(&list, "CertID", err);
        if (!read_extensions(&request, 0, NULL) || !reader_is_at_end(&request))
            return malformed(&request, "singleRequestExtensions", err);
        out->id_count++;
    }
    return STATUS_OK;
}

enum status ocsp_request_parse(struct bytes der, struct ocsp_request *out, struct error *err)
{
    struct reader r, outer, tbs;
    struct der_element element;
    *out = (struct ocsp_request){.id_count = 0};
    if (der.len > OCSP_REQUEST_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "OCSP request: longer than %d bytes", OCSP_REQUEST_SIZE_MAX);
    enum status s = der_check_nested(der, "OCSP request", err);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, der);
    if (!der_enter(&r, DER_SEQUENCE, &outer) || !reader_is_at_end(&r) || !der_enter(&outer, DER_SEQUENCE, &tbs))
        return malformed(&r, "SEQUENCE, or bytes behind it", err);
    if (!reader_is_at_end(&outer) && (!der_tagged(&outer, DER_CONTEXT_CONSTRUCTED(0), &element) || !reader_is_at_end(&outer)))
        return malformed(&outer, "optionalSignature", err);
    if (der_next_is(&tbs, DER_CONTEXT_CONSTRUCTED(0)))
        return malformed(&tbs, "version: v1 is not written out", err);
    if (der_next_is(&tbs, DER_CONTEXT_CONSTRUCTED(1)) && !der_tagged(&tbs, DER_CONTEXT_CONSTRUCTED(1), &element))
        return malformed(&tbs, "requestorName", err);
    s = read_list(&tbs, out, err);
    if (s != STATUS_OK)
        return s;
    return read_extensions(&tbs, 2, &out->nonce) && reader_is_at_end(&tbs) ? STATUS_OK : malformed(&tbs, "requestExtensions", err);
}

void ocsp_request_write(const struct ocsp_request *request, struct builder *out)
{
    size_t outer = der_open(out, DER_SEQUENCE), tbs = der_open(out, DER_SEQUENCE), list = der_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < request->id_count; i++) {
        size_t one = der_open(out, DER_SEQUENCE);
        cert_id_write(&request->ids[i], out);
        der_close(out, one);
    }
    der_close(out, list);
    if (request->nonce.len > 0) {
        size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(2));
        ocsp_nonce_write(request->nonce, out);
        der_close(out, wrapper);
    }
    der_close(out, tbs);
    der_close(out, outer);
}

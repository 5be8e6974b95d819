/* OCSP: what is a request or a response is written again as it was read, when it has nothing in it that we never write. */
#include "fuzz_checks.h"

#include "codec/ocsp/ocsp_response.h"

static void try_request(struct bytes input)
{
    struct ocsp_request request, again;
    struct builder b;
    struct error err = {.status = STATUS_OK};
    enum status s = ocsp_request_parse(input, &request, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return;
    }
    for (size_t i = 0; i < request.id_count; i++)
        if (request.ids[i].hash == CERT_ID_OTHER_HASH)
            return;
    builder_init(&b, OCSP_REQUEST_SIZE_MAX);
    ocsp_request_write(&request, &b);
    require(builder_is_good(&b));
    require(ocsp_request_parse(builder_view(&b), &again, &err) == STATUS_OK && again.id_count == request.id_count);
    for (size_t i = 0; i < request.id_count; i++)
        require(bytes_equal(again.ids[i].whole, request.ids[i].whole));
    require(bytes_equal(again.nonce, request.nonce));
    builder_clear(&b);
}

static void try_response(struct bytes input)
{
    struct ocsp_response response;
    struct error err = {.status = STATUS_OK};
    enum status s = ocsp_response_parse(input, &response, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return;
    }
    if (response.status == OCSP_SUCCESSFUL)
        require(response.data.single_count > 0 && ocsp_response_is_data(response.tbs));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_request(bytes_of(data, size));
    try_response(bytes_of(data, size));
    return 0;
}

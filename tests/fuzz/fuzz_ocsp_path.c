/* An OCSP request in the path of a GET: whatever is in it, and what comes out is one for the parser. */
#include "fuzz_checks.h"

#include "codec/ocsp/ocsp_request.h"
#include "service/ocsp_responder/ocsp_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct builder der;
    struct ocsp_request request;
    struct error err = {.status = STATUS_OK};
    builder_init(&der, OCSP_REQUEST_SIZE_MAX);
    enum status s = ocsp_http_read_path("/ocsp", bytes_of(data, size), &der, &err);
    if (s == STATUS_OK)
        (void)(ocsp_request_parse(builder_view(&der), &request, &err) == STATUS_OK);
    else
        require_refusal(s, &err);
    builder_clear(&der);
    return 0;
}

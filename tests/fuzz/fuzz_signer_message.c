/* Requests to a signer and its answers: what is read is written as it was. */
#include "codec/signer/signer_message.h"
#include "fuzz/fuzz_checks.h"

static void read_request(struct bytes input)
{
    struct signer_request request;
    struct builder out;
    struct error err = {.status = STATUS_OK};
    builder_init(&out, SIGNER_REQUEST_MAX);
    enum status status = signer_request_parse(input, &request, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
    } else {
        require(signer_request_write(&request, &out, &err) == STATUS_OK);
        require_same(&out, input);
    }
    builder_clear(&out);
}

static void read_rows(struct bytes body)
{
    struct reader r;
    struct signer_key_row row;
    struct builder out;
    struct error err = {.status = STATUS_OK};
    enum status status;
    builder_init(&out, body.len + 8);
    reader_init(&r, body);
    while ((status = signer_key_row_read(&r, &row, &err)) == STATUS_OK)
        signer_key_row_write(&row, &out);
    if (status == STATUS_NOT_FOUND)
        require_same(&out, body);
    else
        require_refusal(status, &err);
    builder_clear(&out);
}

static void read_last(struct bytes body)
{
    struct signer_last last;
    struct builder out;
    struct error err = {.status = STATUS_OK};
    builder_init(&out, 64);
    if (signer_last_parse(body, &last, &err) == STATUS_OK) {
        signer_last_write(&last, &out);
        require_same(&out, body);
    }
    builder_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct signer_answer answer;
    read_request(input);
    if (signer_answer_parse(input, &answer, NULL) == STATUS_OK && answer.verdict == SIGNER_DONE) {
        read_rows(answer.body);
        read_last(answer.body);
    }
    return 0;
}

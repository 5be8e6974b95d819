/* ClientHellos: a handshake message, or records; then the choice and its explanation, which must take
 * whatever can be read. */
#include "fuzz/fuzz_checks.h"

#include "rules/choice_explain.h"
#include "rules/client_hello.h"

static struct client_hello hello;
static struct choice choice;
static struct properties properties;

static void choose(void)
{
    static const uint16_t sm2[] = {TLS_SCHEME_SM2SIG_SM3}, ecdsa[] = {TLS_SCHEME_ECDSA_P256_SHA256};
    struct choice_client client = client_hello_offer(&hello);
    properties.trust_anchor_id = (struct tai){.len = 1, .data = {7}};
    const struct choice_candidate candidates[] = {
        {.kind = CREDENTIAL_GM_STANDALONE, .schemes13 = TLS_CODES_OF(sm2), .properties = &properties,
         .not_after_s = 100},
        {.kind = CREDENTIAL_INTL_CLASSIC, .schemes13 = TLS_CODES_OF(ecdsa),
         .schemes12 = TLS_CODES_OF(ecdsa), .chain_schemes = TLS_CODES_OF(ecdsa), .not_after_s = 100},
    };
    struct choice_settings settings = {.stage = STAGE_LANDMARK, .now_s = 50};
    certificate_choice_make(&client, candidates, 2, &settings, &choice);
    struct builder text;
    builder_init(&text, CHOICE_EXPLAIN_SIZE_MAX);
    choice_explain_write(&client, candidates, &settings, &choice, &text);
    require(builder_is_good(&text));
    builder_clear(&text);
}

/* A message in records of every size is the same message. */
static void divide(struct bytes message, size_t piece)
{
    struct error err;
    struct reader r;
    struct builder records, again;
    builder_init(&records, (size_t)1 << 20);
    builder_init(&again, CLIENT_HELLO_SIZE_MAX);
    reader_init(&r, message);
    while (!reader_is_at_end(&r)) {
        struct bytes part;
        size_t len = reader_left(&r) < piece ? reader_left(&r) : piece;
        require(reader_bytes(&r, len, &part));
        builder_u8(&records, 0x16);
        builder_u16(&records, 0x0301);
        builder_u16(&records, (uint16_t)len);
        builder_bytes(&records, part);
    }
    struct bytes all = builder_view(&records);
    require(client_hello_gather(bytes_of(all.data, all.len - 1), &again, &err) == STATUS_AGAIN);
    builder_reset(&again);
    require(client_hello_gather(all, &again, &err) == STATUS_OK);
    require_same(&again, message);
    builder_clear(&records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct builder memory;
    struct bytes input = bytes_of(data, size);
    builder_init(&memory, CLIENT_HELLO_SIZE_MAX);
    enum status status = client_hello_load(input, TRUST_ANCHOR_LIST_CODE_POINT, &memory, &hello, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
    } else {
        choose();
        struct bytes message = memory.len > 0 ? builder_view(&memory) : input;
        divide(message, 1 + size % 97);
        divide(message, 16384);
    }
    builder_clear(&memory);
    return 0;
}

/* Trust anchor IDs and patterns. The first byte says which form the rest is. */
#include "fuzz/fuzz_checks.h"

#include "codec/tai/tai_pattern.h"

#define OUT_MAX 4096

static void check_id(struct bytes input, const struct tai *id)
{
    char text[TAI_TEXT_SIZE], name[TAI_NAME_SIZE];
    struct tai same, ca, log_id;
    uint16_t log_number;
    tai_text(id, text);
    tai_name(id, name);
    require(tai_parse_text(bytes_of_text(text), &same, NULL) == STATUS_OK && tai_equal(id, &same));
    require(tai_parse_name(bytes_of_text(name), &same, NULL) == STATUS_OK && tai_equal(id, &same));
    require(tai_parse_binary(tai_bytes(id), &same, NULL) == STATUS_OK && tai_equal(id, &same));
    require(bytes_equal(input, tai_bytes(id)) || bytes_is_text(input, text) ||
            bytes_is_text(input, name));
    if (tai_split_log_id(id, &ca, &log_number)) {
        require(tai_log_id(&ca, log_number, &log_id, NULL) == STATUS_OK);
        require(tai_equal(&log_id, id) && tai_is_within(id, &ca));
    }
    struct tai_pattern pattern = {.len = 0};
    require(tai_pattern_append_id(&pattern, id, NULL) == STATUS_OK);
    require(tai_pattern_contains(&pattern, id));
}

static void check_pattern(struct bytes input, const struct tai_pattern *p)
{
    struct builder text;
    struct tai_pattern same;
    builder_init(&text, OUT_MAX);
    tai_pattern_write_text(p, &text);
    require(builder_is_good(&text));
    require(bytes_equal(input, tai_pattern_bytes(p)) || bytes_equal(input, builder_view(&text)));
    if (p->len > 0) {
        require(tai_pattern_parse_text(builder_view(&text), &same, NULL) == STATUS_OK);
        require(bytes_equal(tai_pattern_bytes(&same), tai_pattern_bytes(p)));
    }
    builder_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes input = bytes_of(data + 1, size - 1);
    struct tai id;
    struct tai_pattern pattern;
    struct error err;
    enum status status;
    switch (data[0] % 5) {
    case 0:
        status = tai_parse_binary(input, &id, &err);
        break;
    case 1:
        status = tai_parse_text(input, &id, &err);
        break;
    case 2:
        status = tai_parse_name(input, &id, &err);
        break;
    case 3:
        status = tai_pattern_parse_binary(input, &pattern, &err);
        break;
    default:
        status = tai_pattern_parse_text(input, &pattern, &err);
    }
    if (status != STATUS_OK)
        require_refusal(status, &err);
    else if (data[0] % 5 < 3)
        check_id(input, &id);
    else
        check_pattern(input, &pattern);
    return 0;
}

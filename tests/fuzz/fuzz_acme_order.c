/* What clients of an ACME server write that leads to an order or its certificate: identifiers, times,
 * cursors, certificate IDs, Accept fields, common names. The first byte says which. What is taken has one
 * spelling, which is taken again. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/x509/name.h"
#include "service/acme/acme_names.h"
#include "service/acme/acme_order_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_identifier(struct bytes input)
{
    json_t *json = json_loadb((const char *)input.data, input.len, JSON_REJECT_DUPLICATES, NULL);
    struct acme_identifier id, again, base;
    const char *problem = NULL;
    struct error err = {.status = STATUS_OK};
    if (json == NULL)
        return;
    enum status s = acme_names_parse(json, &id, &problem, &err);
    json_decref(json);
    if (s != STATUS_OK) {
        require(problem != NULL && err.status == s && err.text[0] != '\0');
        return;
    }
    json = json_pack("{s:s,s:s}", "type", id.type == ACME_DNS ? "dns" : "ip", "value", id.value);
    require(acme_names_parse(json, &again, &problem, &err) == STATUS_OK && acme_names_equal(&id, &again));
    json_decref(json);
    require(acme_names_base(&id, &base) == (id.value[0] == '*'));
    /* As certificates keep them. */
    struct builder lines;
    builder_init(&lines, sizeof id.value + 1);
    acme_names_write_lines(&id, 1, &lines);
    struct bytes rest = builder_view(&lines);
    require(acme_names_next_line(&rest, &again) && acme_names_equal(&id, &again) && rest.len == 0);
    builder_clear(&lines);
}

static void check_certificate_id(struct bytes input)
{
    uint8_t key_memory[64], serial_memory[20];
    struct builder key_id, serial, again;
    builder_init_fixed(&key_id, key_memory, sizeof key_memory);
    builder_init_fixed(&serial, serial_memory, sizeof serial_memory);
    if (!acme_order_text_certificate_id(input, &key_id, &serial))
        return;
    builder_init(&again, 256);
    text_write_base64url(&again, builder_view(&key_id));
    builder_u8(&again, '.');
    text_write_base64url(&again, builder_view(&serial));
    require(bytes_equal(builder_view(&again), input));
    builder_clear(&again);
}

static void check_time(struct bytes input)
{
    char text[64];
    int64_t time_s;
    if (input.len >= sizeof text)
        return;
    memcpy(text, input.data, input.len);
    text[input.len] = '\0';
    if (acme_order_text_time(text, &time_s))
        require(time_s > 0 && text[10] == 'T');
}

static void check_common_name(struct bytes input)
{
    struct reader r;
    struct bytes whole;
    reader_init(&r, input);
    if (name_read(&r, &whole) && reader_is_at_end(&r))
        (void)acme_order_text_common_name(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t after;
    if (size < 2)
        return 0;
    struct bytes input = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case 'i':
        check_identifier(input);
        break;
    case 'c':
        check_certificate_id(input);
        break;
    case 't':
        check_time(input);
        break;
    case 'n':
        check_common_name(input);
        break;
    case 'q':
        if (acme_order_text_cursor(input, &after))
            require(after <= INT64_MAX);
        break;
    case 'a':
        (void)acme_order_text_wants_properties(input);
        break;
    default:
        break;
    }
    return 0;
}

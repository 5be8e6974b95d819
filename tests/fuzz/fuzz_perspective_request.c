/* What a perspective is sent, and what it answers: taken whole or refused; what was taken is written again
 * and read back the same. */
#include <stdlib.h>
#include <string.h>

#include "service/validation/perspective_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_request(struct bytes text)
{
    struct perspective_request first, second;
    struct builder again;
    enum status s = perspective_json_read_request(text, &first, NULL);
    require(s == STATUS_OK || s == STATUS_MALFORMED);
    if (s != STATUS_OK)
        return;
    builder_init(&again, PERSPECTIVE_BODY_MAX);
    require(perspective_json_write_request(&first.request, &again, NULL) == STATUS_OK);
    require(perspective_json_read_request(builder_view(&again), &second, NULL) == STATUS_OK);
    const struct validation_request *a = &first.request, *b = &second.request;
    require(a->challenge == b->challenge && a->is_wildcard == b->is_wildcard &&
            a->is_intranet == b->is_intranet && a->is_caa_only == b->is_caa_only);
    require(a->identifier.type == b->identifier.type && same(a->identifier.value, b->identifier.value));
    require(same(a->token, b->token) && same(a->key_authorization, b->key_authorization) &&
            same(a->account_url, b->account_url));
    builder_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct perspective_result result;
    struct bytes text = bytes_of(data, size);
    check_request(text);
    enum status s = perspective_json_read_result(text, &result, NULL);
    require(s == STATUS_OK || s == STATUS_MALFORMED);
    if (s == STATUS_OK)
        for (const char *c = result.result.detail; *c != '\0'; c++)
            require(*c >= 0x20 && *c < 0x7f);
    return 0;
}

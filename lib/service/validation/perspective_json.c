#include "service/validation/perspective_json.h"

#include <string.h>

#include <jansson.h>

#include "service/validation/validation.h"

static int append(const char *text, size_t len, void *out)
{
    struct builder *b = out;
    builder_bytes(b, bytes_of(text, len));
    return builder_is_good(b) ? 0 : -1;
}

/* Takes root. */
static enum status write_json(json_t *root, struct builder *out, struct error *err)
{
    if (root == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    int failed = json_dump_callback(root, append, out, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(root);
    enum status s = builder_status(out, "a perspective's JSON", err);
    if (s == STATUS_OK && failed != 0)
        s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    return s;
}

enum status perspective_json_write_request(const struct validation_request *r, struct builder *out,
                                           struct error *err)
{
    const char *challenge = validation_method_name(r->challenge);
    if (challenge == NULL)
        return error_set(err, STATUS_USAGE, "no such validation method");
    json_t *root = json_pack("{s:i, s:s, s:{s:s, s:s}, s:b, s:b, s:b, s:s?, s:s?, s:s?}", "version", 1, "challenge",
                             challenge, "identifier", "type", r->identifier.type == ACME_IP ? "ip" : "dns",
                             "value", r->identifier.value, "wildcard", r->is_wildcard, "intranet",
                             r->is_intranet, "caa-only", r->is_caa_only, "token", r->token,
                             "key-authorization", r->key_authorization, "account-url", r->account_url);
    return write_json(root, out, err);
}

enum status perspective_json_write_result(const struct validation_result *r, struct builder *out,
                                          struct error *err)
{
    json_t *root;
    if (r->problem != NULL)
        root = json_pack("{s:i, s:b, s:s, s:s}", "version", 1, "valid", 0, "problem", r->problem, "detail",
                         r->detail != NULL ? r->detail : "");
    else
        root = json_pack("{s:i, s:b, s:o}", "version", 1, "valid", 1, "reuse-max",
                         r->reuse_max_s == UINT32_MAX ? json_null() : json_integer(r->reuse_max_s));
    return write_json(root, out, err);
}

static enum status wrong(struct error *err, const char *what)
{
    return error_set(err, STATUS_MALFORMED, "perspective: %s", what);
}

static enum status load(struct bytes text, json_t **out, struct error *err)
{
    json_error_t where;
    *out = NULL;
    if (text.len > PERSPECTIVE_BODY_MAX)
        return wrong(err, "the JSON is too long");
    *out = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(*out))
        return wrong(err, "not a JSON object");
    json_t *version = json_object_get(*out, "version");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return wrong(err, "version is not 1");
    return STATUS_OK;
}

static bool copy_text(const json_t *value, bool may_be_null, char *out, size_t size)
{
    out[0] = '\0';
    if (may_be_null && json_is_null(value))
        return true;
    if (!json_is_string(value) || json_string_length(value) >= size)
        return false;
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool read_bool(const json_t *root, const char *name, bool *out)
{
    const json_t *value = json_object_get(root, name);
    *out = json_is_true(value);
    return json_is_boolean(value);
}

static bool read_identifier(const json_t *value, struct acme_identifier *out)
{
    const json_t *type = json_object_get(value, "type");
    if (!json_is_object(value) || json_object_size(value) != 2 || !json_is_string(type))
        return false;
    bool is_ip = strcmp(json_string_value(type), "ip") == 0;
    if (!is_ip && strcmp(json_string_value(type), "dns") != 0)
        return false;
    out->type = is_ip ? ACME_IP : ACME_DNS;
    return copy_text(json_object_get(value, "value"), false, out->value, sizeof out->value);
}

static enum status read_request(const json_t *root, struct perspective_request *out, struct error *err)
{
    struct validation_request *r = &out->request;
    const json_t *challenge = json_object_get(root, "challenge"), *token = json_object_get(root, "token"),
                 *key = json_object_get(root, "key-authorization"),
                 *account = json_object_get(root, "account-url");
    if (json_object_size(root) != 9)
        return wrong(err, "a member is missing, or one too many");
    if (json_is_string(challenge))
        r->challenge = validation_method_by_name(bytes_of_text(json_string_value(challenge)));
    if ((int)r->challenge == 0)
        return wrong(err, "challenge is none that is known");
    if (!read_identifier(json_object_get(root, "identifier"), &r->identifier))
        return wrong(err, "identifier is none");
    if (!read_bool(root, "wildcard", &r->is_wildcard) || !read_bool(root, "intranet", &r->is_intranet) ||
        !read_bool(root, "caa-only", &r->is_caa_only))
        return wrong(err, "wildcard, intranet or caa-only is not true or false");
    if (!copy_text(token, true, out->token, sizeof out->token) ||
        !copy_text(key, true, out->key_authorization, sizeof out->key_authorization) ||
        !copy_text(account, true, out->account_url, sizeof out->account_url))
        return wrong(err, "token, key-authorization or account-url is no text, or too long");
    r->token = json_is_null(token) ? NULL : out->token;
    r->key_authorization = json_is_null(key) ? NULL : out->key_authorization;
    r->account_url = json_is_null(account) ? NULL : out->account_url;
    return STATUS_OK;
}

enum status perspective_json_read_request(struct bytes text, struct perspective_request *out,
                                          struct error *err)
{
    json_t *root;
    *out = (struct perspective_request){.request = {.is_wildcard = false}};
    enum status s = load(text, &root, err);
    if (s == STATUS_OK)
        s = read_request(root, out, err);
    json_decref(root);
    return s;
}

static const char *known_problem(const json_t *value)
{
    static const char *const known[] = {"unauthorized", "connection", "dns",       "caa",
                                        "tls",          "malformed",  "incorrectResponse", "serverInternal"};
    for (size_t i = 0; json_is_string(value) && i < sizeof known / sizeof known[0]; i++)
        if (strcmp(json_string_value(value), known[i]) == 0)
            return known[i];
    return NULL;
}

static enum status read_invalid(const json_t *root, struct perspective_result *out, struct error *err)
{
    const json_t *detail = json_object_get(root, "detail");
    out->result.problem = known_problem(json_object_get(root, "problem"));
    out->result.detail = out->detail;
    if (json_object_size(root) != 4 || out->result.problem == NULL ||
        !copy_text(detail, false, out->detail, sizeof out->detail))
        return wrong(err, "problem or detail is none");
    for (char *c = out->detail; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return STATUS_OK;
}

static enum status read_valid(const json_t *root, struct perspective_result *out, struct error *err)
{
    const json_t *reuse = json_object_get(root, "reuse-max");
    json_int_t seconds = json_integer_value(reuse);
    if (json_object_size(root) != 3 || !(json_is_null(reuse) || json_is_integer(reuse)) || seconds < 0 ||
        seconds >= UINT32_MAX)
        return wrong(err, "reuse-max is no number of seconds");
    out->result.detail = out->detail;
    out->result.reuse_max_s = json_is_null(reuse) ? UINT32_MAX : (uint32_t)seconds;
    return STATUS_OK;
}

enum status perspective_json_read_result(struct bytes text, struct perspective_result *out,
                                         struct error *err)
{
    json_t *root;
    bool is_valid = false;
    memset(out, 0, sizeof *out);
    enum status s = load(text, &root, err);
    if (s == STATUS_OK && !read_bool(root, "valid", &is_valid))
        s = wrong(err, "valid is not true or false");
    if (s == STATUS_OK)
        s = is_valid ? read_valid(root, out, err) : read_invalid(root, out, err);
    json_decref(root);
    return s;
}

/* `cathaya ca revoke`: mass revocation, asked of the running service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_run/run_admin.h"
#include "ca_run/run_config.h"
#include "command.h"
#include "options.h"
#include "output.h"
#include "service/control_client.h"

#define ANSWER_MAX ((size_t)256 * 1024 * 1024)

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration of the running `cathaya ca run`", .is_required = true},
    {.name = "reason", .metavar = "NAME", .help = "keyCompromise, affiliationChanged, superseded, cessationOfOperation, "
                                                  "privilegeWithdrawn or unspecified", .is_required = true},
    {.name = "serial", .metavar = "HEX", .help = "serial number", .is_repeatable = true},
    {.name = "name", .metavar = "NAME", .help = "one of the names; .NAME for anything below it"},
    {.name = "ca", .metavar = "NAME", .help = "the issuing CA, by its name in the configuration"},
    {.name = "profile", .metavar = "NAME", .help = "issued under this profile"},
    {.name = "account", .metavar = "ID", .help = "issued for this account"},
    {.name = "key", .metavar = "HEX", .help = "SHA-256 of the public key (SubjectPublicKeyInfo)"},
    {.name = "issued-from", .metavar = "TIME", .help = "valid from this time on or later"},
    {.name = "issued-to", .metavar = "TIME", .help = "valid from before this time"},
    {.name = "dry-run", .help = "only list what would be revoked"},
    {.name = "json", .help = "print JSON, one object a line"},
    {.name = NULL},
};

/* [RFC5280 5.3.1]; what the BR allow for subscribers. */
static const struct {
    const char *name;
    int code;
} reasons[] = {
    {"unspecified", 0}, {"keyCompromise", 1}, {"affiliationChanged", 3}, {"superseded", 4}, {"cessationOfOperation", 5},
    {"privilegeWithdrawn", 9},
};

static void add_text(json_t *query, const struct options *options, const char *option, const char *member)
{
    if (options_has(options, option))
        (void)json_object_set_new(query, member, json_string(options_value(options, option)));
}

static enum status add_time(json_t *query, const struct options *options, const char *option, const char *member,
                            struct error *err)
{
    int64_t time_s = 0;
    enum status s = options_time(options, option, &time_s, err);
    if (s == STATUS_OK && time_s != 0)
        (void)json_object_set_new(query, member, json_integer(time_s));
    return s;
}

static enum status make_query(const struct options *options, json_t *query, struct error *err)
{
    size_t i = 0, at = 0;
    uint64_t account = 0;
    const char *reason = options_value(options, "reason"), *serial;
    json_t *serials = json_array();
    while (i < sizeof reasons / sizeof reasons[0] && strcmp(reason, reasons[i].name) != 0)
        i++;
    if (i == sizeof reasons / sizeof reasons[0])
        return error_set(err, STATUS_USAGE, "--reason: %s is none that a certificate may be revoked for", reason);
    (void)json_object_set_new(query, "reason", json_integer(reasons[i].code));
    (void)json_object_set_new(query, "dry_run", json_boolean(options_has(options, "dry-run")));
    while ((serial = options_next(options, "serial", &at)) != NULL)
        (void)json_array_append_new(serials, json_string(serial));
    if (json_array_size(serials) > 0)
        (void)json_object_set(query, "serials", serials);
    json_decref(serials);
    add_text(query, options, "name", "name");
    add_text(query, options, "ca", "ca");
    add_text(query, options, "profile", "profile");
    add_text(query, options, "key", "spki_sha256");
    enum status s = options_number(options, "account", INT64_MAX, &account, err);
    if (s == STATUS_OK && account != 0)
        (void)json_object_set_new(query, "account", json_integer((json_int_t)account));
    if (s == STATUS_OK)
        s = add_time(query, options, "issued-from", "issued_from", err);
    return s == STATUS_OK ? add_time(query, options, "issued-to", "issued_to", err) : s;
}

/* ---- asking ---- */

/* "gm 01000000000000: revoked (a.example and 2 more)" */
static void print_certificate(const json_t *line, bool is_dry_run)
{
    const char *reason = json_string_value(json_object_get(line, "reason")), *status = json_string_value(json_object_get(line, "status"));
    const json_t *names = json_object_get(line, "names");
    const char *first = json_string_value(json_array_get(names, 0)), *what = is_dry_run ? "would be revoked" : "revoked";
    char more[32] = "";
    if (json_array_size(names) > 1)
        (void)snprintf(more, sizeof more, " and %zu more", json_array_size(names) - 1);
    if (status == NULL || strcmp(status, "ok") != 0)
        what = reason != NULL ? reason : "not revoked";
    output_line("%s %s: %s (%s%s)", json_string_value(json_object_get(line, "ca")), json_string_value(json_object_get(line, "serial")),
                what, first != NULL ? first : "no name", more);
}

static void print_line(const json_t *line, bool is_json, bool is_dry_run)
{
    if (is_json)
        output_json(json_deep_copy(line));
    else if (json_object_get(line, "serial") != NULL)
        print_certificate(line, is_dry_run);
    else
        output_line("%lld certificates, %lld failed", (long long)json_integer_value(json_object_get(line, "count")),
                    (long long)json_integer_value(json_object_get(line, "failed")));
}

/* The last line says how it ended. */
static int print_answer(const struct builder *answer, bool is_json, bool is_dry_run)
{
    const char *text = (const char *)answer->data;
    int exit_status = EXIT_SURROUNDINGS;
    const char *end = text + answer->len;
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop != NULL ? stop : end) - line);
        json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
        const char *status = json_string_value(json_object_get(object, "status"));
        if (object != NULL && json_object_get(object, "count") == NULL && json_object_get(object, "serial") == NULL) {
            output_error("%s", json_string_value(json_object_get(object, "reason")) != NULL
                                   ? json_string_value(json_object_get(object, "reason")) : "the service refused");
            exit_status = EXIT_NO;
        } else if (object != NULL) {
            print_line(object, is_json, is_dry_run);
            if (json_object_get(object, "count") != NULL)
                exit_status = status != NULL && strcmp(status, "ok") == 0 &&
                              json_integer_value(json_object_get(object, "failed")) == 0 ? EXIT_YES : EXIT_NO;
        }
        json_decref(object);
        line += len + 1;
    }
    return exit_status;
}

static enum status ask(const char *socket, const char *body, struct builder *answer, struct error *err)
{
    struct control_request request = {
        .socket = socket, .service = "cathaya ca run", .method = "POST", .path = "/revoke", .body = body};
    return control_client_ask(&request, answer, err);
}

static int run(const struct options *options)
{
    struct run_config *config = NULL;
    struct error err = {.status = STATUS_OK};
    struct builder answer;
    int exit_status;
    builder_init(&answer, ANSWER_MAX);
    json_t *query = json_object();
    enum status s = run_config_read(options_value(options, "config"), &config, &err);
    if (s == STATUS_OK)
        s = make_query(options, query, &err);
    char *body = s == STATUS_OK ? json_dumps(query, JSON_COMPACT) : NULL;
    if (s == STATUS_OK && body == NULL)
        s = error_set(&err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        s = ask(config->admin_socket, body, &answer, &err);
    if (s == STATUS_OK)
        exit_status = print_answer(&answer, options_has(options, "json"), options_has(options, "dry-run"));
    else
        exit_status = output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
    free(body);
    json_decref(query);
    builder_clear(&answer);
    run_config_free(config);
    return exit_status;
}

const struct command command_ca_revoke = {
    .name = "ca revoke",
    .arguments = "",
    .summary = "revoke every certificate that meets all of the conditions",
    .details = "At least one condition must be given; look at what they find with --dry-run first. The service must be\n"
               "running. Revocations are durable and published at once: in the log's file of revocations, and in the CRLs.\n",
    .options = rows,
    .run = run,
};

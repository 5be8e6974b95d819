/* `cathaya ca revoke`: mass revocation, asked of the running service. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ca_run/run_admin.h"
#include "ca_run/run_config.h"
#include "command.h"
#include "options.h"
#include "output.h"

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

static enum status open_socket(const char *path, int *fd, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >= (int)sizeof address.sun_path)
        return error_set(err, STATUS_USAGE, "%s: too long for a socket", path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && connect(*fd, (struct sockaddr *)&address, sizeof address) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "%s: %s; is `cathaya ca run` with this configuration running?", path, strerror(errno));
}

static enum status exchange(int fd, const char *body, struct builder *answer, struct error *err)
{
    struct builder request;
    builder_init(&request, RUN_ADMIN_BODY_MAX + 1024);
    builder_printf(&request, "POST /revoke HTTP/1.0\r\nHost: admin\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                   strlen(body));
    builder_text(&request, body);
    enum status s = builder_status(&request, "query", err);
    for (size_t sent = 0; s == STATUS_OK && sent < request.len;) {
        ssize_t n = send(fd, request.data + sent, request.len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            s = error_set(err, STATUS_IO, "the service does not take the query: %s", strerror(errno));
        else
            sent += (size_t)n;
    }
    builder_clear(&request);
    for (ssize_t n = 1; s == STATUS_OK && n > 0;) {
        char part[65536];
        n = recv(fd, part, sizeof part, 0);
        if (n > 0)
            builder_bytes(answer, bytes_of(part, (size_t)n));
        if (n < 0)
            s = error_set(err, STATUS_IO, "the service does not answer: %s", strerror(errno));
    }
    return s == STATUS_OK ? builder_status(answer, "answer", err) : s;
}

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

/* The lines behind the head; the last one says how it ended. */
static int print_answer(const struct builder *answer, bool is_json, bool is_dry_run)
{
    const char *text = (const char *)answer->data;
    const char *body = answer->len > 0 ? memmem(text, answer->len, "\r\n\r\n", 4) : NULL;
    int exit_status = EXIT_SURROUNDINGS;
    if (body == NULL) {
        output_error("the service ended the connection without an answer");
        return EXIT_SURROUNDINGS;
    }
    const char *end = text + answer->len;
    for (const char *line = body + 4; line < end;) {
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

static int run(const struct options *options)
{
    struct run_config *config = NULL;
    struct error err = {.status = STATUS_OK};
    struct builder answer;
    int fd = -1, exit_status;
    builder_init(&answer, ANSWER_MAX);
    json_t *query = json_object();
    enum status s = run_config_read(options_value(options, "config"), &config, &err);
    if (s == STATUS_OK)
        s = make_query(options, query, &err);
    char *body = s == STATUS_OK ? json_dumps(query, JSON_COMPACT) : NULL;
    if (s == STATUS_OK && body == NULL)
        s = error_set(&err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        s = open_socket(config->admin_socket, &fd, &err);
    if (s == STATUS_OK)
        s = exchange(fd, body, &answer, &err);
    if (s == STATUS_OK)
        exit_status = print_answer(&answer, options_has(options, "json"), options_has(options, "dry-run"));
    else
        exit_status = output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
    if (fd >= 0)
        (void)close(fd);
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

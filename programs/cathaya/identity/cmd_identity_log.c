/* cathaya trust identity add, list, audit - the identity log of a registry. */
#include <time.h>

#include "algorithms_file.h"
#include "base/text.h"
#include "codec/trust_bundle/trust_envelope.h"
#include "command.h"
#include "identity/identity_file.h"
#include "identity/identity_registry.h"
#include "input.h"
#include "registry/registry_directory.h"

struct session {
    struct algorithms *algorithms;
    struct registry_directory *directory;
    struct identity_registry identities;
    int64_t now_s;
};

static enum status open_session(const struct options *options, bool is_for_change, struct session *s, struct error *err)
{
    const char *dir = options_value(options, "registry");
    s->now_s = (int64_t)time(NULL);
    enum status status = options_time(options, "at", &s->now_s, err);
    if (status == STATUS_OK)
        status = algorithms_file_open(options_value(options, "algorithms"), &s->algorithms, err);
    if (status == STATUS_OK)
        status = registry_directory_open(dir, s->algorithms, is_for_change, &s->directory, err);
    return status == STATUS_OK ? identity_registry_open(dir, registry_directory_registry(s->directory), s->algorithms, s->now_s,
                                                        &s->identities, err)
                               : status;
}

static void close_session(struct session *s)
{
    identity_registry_close(&s->identities);
    registry_directory_close(s->directory);
    algorithms_free(s->algorithms);
}

/* ---- add ---- */

static enum status add_one(void *context, struct bytes entry, struct error *err)
{
    struct session *s = (struct session *)context;
    return identity_registry_append(&s->identities, entry, s->now_s, err);
}

static int run_add(const struct options *options)
{
    struct session s = {.algorithms = NULL};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    enum status status = open_session(options, true, &s, &err);
    if (status != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    uint64_t before = status == STATUS_OK ? identity_log_size(s.identities.log) : 0;
    for (size_t i = 0; status == STATUS_OK && i < options->argument_count; i++) {
        status = identity_file_each(options->arguments[i], add_one, &s, &err);
        if (status != STATUS_OK)
            exit_status = output_failure(ROLE_OBJECT, &err);
    }
    uint64_t size = status == STATUS_OK ? identity_log_size(s.identities.log) : 0;
    if (status == STATUS_OK && size == before) {
        output_line("%s: nothing to add", s.identities.path);
        close_session(&s);
        return exit_status;
    }
    if (status == STATUS_OK && (status = identity_registry_write(&s.identities, &err)) != STATUS_OK)
        exit_status = output_failure(ROLE_STATE, &err);
    if (status == STATUS_OK)
        output_line("%s: entries %llu to %llu", s.identities.path, (unsigned long long)before,
                    (unsigned long long)size - 1);
    close_session(&s);
    return exit_status;
}

static const struct option_row add_rows[] = {
    {.name = "registry", .metavar = "DIR", .is_required = true, .help = "the registry of the root program"},
    {.name = "at", .metavar = "TIME", .help = "with the signers of this time, RFC 3339 or seconds; now"},
    {.name = NULL},
};

const struct command command_trust_identity_add = {
    .name = "trust identity add",
    .arguments = "FILE...",
    .summary = "append records of websites' identities, and revocations, to the registry's log",
    .details = "All of them or none: each has to be signed by an identity signer of the registry, within its level.\n",
    .options = add_rows,
    .argument_min = 1,
    .argument_max = 4096,
    .run = run_add,
};

/* ---- list ---- */

static const char *state_of(const struct session *s, uint64_t i, struct error *why)
{
    const struct website_identity_entry *e = identity_log_at(s->identities.log, i);
    why->text[0] = '\0';
    if (e->is_revocation)
        return "revocation";
    if (identity_log_revocation_of(s->identities.log, i) != NULL)
        return "revoked";
    if (e->record.until_s < s->now_s)
        return "expired";
    if (e->record.issued_s > s->now_s)
        return "not-yet";
    return identity_check_entry(s->identities.signers, e, why) == STATUS_OK ? "good" : "refused";
}

static void list_one(const struct session *s, uint64_t i, bool is_json)
{
    struct error why;
    const struct website_identity_entry *e = identity_log_at(s->identities.log, i);
    const char *state = state_of(s, i, &why);
    struct builder words;
    if (is_json) {
        json_t *o = identity_file_json(e);
        json_object_set_new(o, "index", json_integer((json_int_t)i));
        json_object_set_new(o, "state", json_string(state));
        if (why.text[0] != '\0')
            output_json_text(o, "reason", why.text);
        output_json(o);
        return;
    }
    builder_init(&words, 4096);
    identity_file_words(e, &words);
    output_line("%llu %s %.*s%s%s", (unsigned long long)i, state, (int)words.len, (const char *)words.data,
                why.text[0] != '\0' ? ": " : "", why.text);
    builder_clear(&words);
}

static int run_list(const struct options *options)
{
    struct session s = {.algorithms = NULL};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    if (open_session(options, false, &s, &err) != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    for (uint64_t i = 0; exit_status == EXIT_YES && i < identity_log_size(s.identities.log); i++)
        list_one(&s, i, options_has(options, "json"));
    close_session(&s);
    return exit_status;
}

static const struct option_row list_rows[] = {
    {.name = "registry", .metavar = "DIR", .is_required = true, .help = "the registry of the root program"},
    {.name = "at", .metavar = "TIME", .help = "as of this time, RFC 3339 or seconds; now"},
    {.name = "json", .help = "a JSON object for each entry"},
    {.name = NULL},
};

const struct command command_trust_identity_list = {
    .name = "trust identity list",
    .arguments = "",
    .summary = "list the entries of a registry's log of identities",
    .options = list_rows,
    .run = run_list,
};

/* ---- audit ---- */

/* An envelope, or the bundle itself. */
static enum status parse_bundle(struct bytes content, struct trust_bundle *out, struct error *err)
{
    struct trust_envelope envelope;
    if (!trust_envelope_is(content))
        return trust_bundle_parse(content, out, err);
    enum status s = trust_envelope_parse(content, &envelope, err);
    return s == STATUS_OK ? trust_bundle_parse(envelope.contents, out, err) : s;
}

static enum status audit_bundle(struct identity_log *log, struct bytes content, uint64_t *version, uint64_t *size, struct error *err)
{
    struct trust_bundle bundle;
    struct website_identity_section section;
    trust_bundle_init(&bundle);
    website_identity_section_init(&section);
    enum status s = parse_bundle(content, &bundle, err);
    *version = bundle.version;
    if (s == STATUS_OK && bundle.identities.len > 0) {
        s = website_identity_section_parse(bundle.identities, &section, err);
        if (s == STATUS_OK)
            s = identity_log_check_section(log, &section, err);
    }
    *size = section.log_size;
    website_identity_section_clear(&section);
    trust_bundle_clear(&bundle);
    return s;
}

static int audit_file(struct identity_log *log, const char *path, bool is_json)
{
    struct builder content;
    struct error err = {.status = STATUS_OK};
    uint64_t version = 0, size = 0;
    builder_init(&content, INPUT_SIZE_MAX);
    enum status s = input_read(path, INPUT_SIZE_MAX, &content, &err);
    if (s != STATUS_OK) {
        builder_clear(&content);
        return output_failure(ROLE_NEEDED, &err);
    }
    s = audit_bundle(log, builder_view(&content), &version, &size, &err);
    if (is_json) {
        json_t *o = json_object();
        output_json_text(o, "file", path);
        json_object_set_new(o, "good", json_boolean(s == STATUS_OK));
        json_object_set_new(o, "version", json_integer((json_int_t)version));
        json_object_set_new(o, "log_size", json_integer((json_int_t)size));
        if (s != STATUS_OK)
            output_json_text(o, "reason", err.text);
        output_json(o);
    } else if (s == STATUS_OK) {
        output_line("%s: OK version %llu speaks of the log's first %llu entries", path, (unsigned long long)version,
                    (unsigned long long)size);
    } else {
        output_line("%s: FAIL %s", path, err.text);
    }
    builder_clear(&content);
    return s == STATUS_OK ? EXIT_YES : EXIT_NO;
}

static int run_audit(const struct options *options)
{
    struct identity_log *log = NULL;
    struct builder text;
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    builder_init(&text, IDENTITY_LOG_TEXT_MAX);
    enum status s = identity_log_new(&log, &err);
    if (s == STATUS_OK)
        s = input_read(options_value(options, "log"), IDENTITY_LOG_TEXT_MAX, &text, &err);
    if (s == STATUS_OK)
        s = identity_log_read(log, builder_view(&text), &err);
    if (s != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    for (size_t i = 0; s == STATUS_OK && i < options->argument_count; i++)
        exit_status = output_worse(exit_status, audit_file(log, options->arguments[i], options_has(options, "json")));
    builder_clear(&text);
    identity_log_free(log);
    return exit_status;
}

static const struct option_row audit_rows[] = {
    {.name = "log", .metavar = "FILE", .is_required = true, .help = "the log as the distributor publishes it: identity-log"},
    {.name = "json", .help = "a JSON object for each bundle"},
    {.name = NULL},
};

const struct command command_trust_identity_audit = {
    .name = "trust identity audit",
    .arguments = "BUNDLE...",
    .summary = "check that bundles speak of one log of identities, which only grows",
    .details = "Exit status 1: a bundle has another log, or a record that the log has not: the distributor has told others something else.\n",
    .options = audit_rows,
    .argument_min = 1,
    .argument_max = 4096,
    .run = run_audit,
};

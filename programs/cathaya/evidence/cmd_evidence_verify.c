/* cathaya evidence verify - does a file prove that someone lied. */
#include <string.h>

#include "algorithms_file.h"
#include "base/civil_time.h"
#include "base/text.h"
#include "command.h"
#include "input.h"
#include "output.h"
#include "rules/evidence_check.h"

/* One file and what became of it. */
struct judged {
    const char *path;
    struct evidence evidence; /* kind and so on when is_read */
    bool is_read;
    enum status status;
    struct builder text; /* with its NUL: the explanation, or the reason */
    char key_sha256[2 * HASH_SIZE + 1]; /* of the SubjectPublicKeyInfo: whose key it is, the reader knows */
};

static void copy_text(struct bytes text, char *out, size_t size)
{
    size_t len = text.len < size ? text.len : size - 1;
    memcpy(out, text.data, len);
    out[len] = '\0';
}

static void report_json(const struct judged *j)
{
    json_t *o = json_object();
    char text[512], seen[CIVIL_TIME_TEXT_SIZE];
    output_json_text(o, "file", j->path);
    json_object_set_new(o, "proven", json_boolean(j->status == STATUS_OK));
    json_object_set_new(o, "status", json_string(j->status == STATUS_OK ? "ok" : status_name(j->status)));
    output_json_text(o, "reason", (const char *)j->text.data);
    if (j->is_read) {
        const struct evidence *e = &j->evidence;
        json_object_set_new(o, "kind", json_string(evidence_kind_name(e->kind)));
        json_object_set_new(o, "hash", json_string(e->hash->name));
        copy_text(e->origin, text, sizeof text);
        output_json_text(o, "origin", text);
        copy_text(e->key_name, text, sizeof text);
        output_json_text(o, "key", text);
        copy_text(e->key_oid, text, sizeof text);
        output_json_text(o, "algorithm", text);
        json_object_set_new(o, "key_sha256", json_string(j->key_sha256));
        civil_time_format(e->seen_s, seen);
        json_object_set_new(o, "seen", json_string(seen));
        copy_text(e->where, text, sizeof text);
        output_json_text(o, "where", text);
    }
    output_json(o);
}

static void set_fingerprint(struct judged *j)
{
    uint8_t hash[HASH_SIZE];
    if (hash_label_sha256(&j->evidence.key_spki, 1, hash))
        text_hex(BYTES_OF(hash), j->key_sha256);
}

static void judge(struct judged *j, struct bytes content, const struct algorithms *algorithms)
{
    struct builder memory;
    struct error err = {.status = STATUS_OK};
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    j->status = evidence_parse(content, &memory, &j->evidence, &err);
    j->is_read = j->status == STATUS_OK;
    if (j->is_read)
        set_fingerprint(j);
    if (j->is_read)
        j->status = evidence_check(&j->evidence, algorithms, &j->text, &err);
    if (j->status != STATUS_OK) {
        builder_reset(&j->text);
        builder_text(&j->text, err.text);
    }
    builder_u8(&j->text, '\0');
    builder_clear(&memory);
}

static int judge_file(const char *path, const struct algorithms *algorithms, bool is_json)
{
    struct error err = {.status = STATUS_OK};
    struct builder content;
    struct judged j = {.path = path};
    builder_init(&content, INPUT_SIZE_MAX);
    builder_init(&j.text, EVIDENCE_CHECK_TEXT_MAX + ERROR_TEXT_MAX);
    enum status s = input_read(path, INPUT_SIZE_MAX, &content, &err);
    int status;
    if (s != STATUS_OK) {
        status = output_failure(ROLE_OBJECT, &err);
    } else {
        judge(&j, builder_view(&content), algorithms);
        if (is_json)
            report_json(&j);
        else
            output_line("%s: %s: %s%s%s%s", path, j.status == STATUS_OK ? "PROVEN" : "NOT PROVEN", (const char *)j.text.data,
                        j.is_read ? " (SHA-256 of the key: " : "", j.key_sha256, j.is_read ? ")" : "");
        status = (int)output_exit_status(ROLE_OBJECT, j.status);
    }
    builder_clear(&j.text);
    builder_clear(&content);
    return status;
}

static int run(const struct options *options)
{
    struct algorithms *algorithms = NULL;
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s != STATUS_OK)
        status = output_failure(ROLE_NEEDED, &err);
    for (size_t i = 0; i < options->argument_count && s == STATUS_OK; i++)
        status = output_worse(status, judge_file(options->arguments[i], algorithms,
                                                 options_has(options, "json")));
    algorithms_free(algorithms);
    return status;
}

static const struct option_row rows[] = {
    {.name = "json", .help = "a JSON object for each file"},
    {.name = NULL},
};

const struct command command_evidence_verify = {
    .name = "evidence verify",
    .arguments = "FILE...",
    .summary = "does this file prove that someone lied",
    .details = "Prints `FILE: PROVEN: what was signed` or `FILE: NOT PROVEN: reason`. Exit status 0: all are\n"
               "proven; 1: not, or malformed. Whose key it is must be known from elsewhere.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1000,
    .run = run,
};

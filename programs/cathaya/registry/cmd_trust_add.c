/* cathaya trust add - a new file of a registry: operators, what may be trusted, applications, incidents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "codec/x509/certificate.h"
#include "crypto/key.h"
#include "crypto/subject_key.h"
#include "input.h"
#include "output.h"
#include "registry/registry_add.h"
#include "registry/registry_edit.h"

enum status registry_add_line(struct builder *conf, const char *keyword, const char *value, struct error *err)
{
    const char *const words[] = {keyword, value};
    return value != NULL ? registry_edit_write(words, 2, conf, err) : STATUS_OK;
}

enum status registry_add_algorithm(const struct algorithms *algorithms, struct bytes spki, const char **out, struct error *err)
{
    static const char *const names[] = {"sm2_sm3", "ecdsa_p256_sha256", "ecdsa_p384_sha384", "ed25519", "mldsa44", "mldsa65", "mldsa87"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(names[i]));
        struct public_key *key;
        if (alg == NULL || public_key_new(alg, spki, &key, NULL) != STATUS_OK)
            continue;
        public_key_free(key);
        *out = names[i];
        return STATUS_OK;
    }
    return error_set(err, STATUS_USAGE, "the key is of no algorithm that is known: say --set 'algorithm NAME'");
}

enum status registry_add_pem(struct registry_command *c, const struct registry_target *target, struct bytes der, struct error *err)
{
    bool is_certificate = target->kind == REGISTRY_ROOT || target->kind == REGISTRY_INTERMEDIATE || target->kind == REGISTRY_MTC_CA;
    struct builder pem;
    builder_init(&pem, REGISTRY_FILE_SIZE_MAX);
    enum status s = pem_write(is_certificate ? PEM_CERTIFICATE : "PUBLIC KEY", der, &pem, err);
    if (s == STATUS_OK)
        s = registry_directory_put(c->directory, target->pem, builder_view(&pem), err);
    builder_clear(&pem);
    return s;
}

/* ---- the first state, or step ---- */

static enum status write_state(const struct registry_command *c, const struct registry_target *target, struct builder *conf,
                               struct error *err)
{
    const char *words[5] = {"state"}, *value;
    const char *reason = options_value(c->options, "reason");
    char purposes[160] = "";
    size_t count = 1, at = 0;
    bool has_purposes = target->kind == REGISTRY_ROOT || target->kind == REGISTRY_INTERMEDIATE || target->kind == REGISTRY_MTC_CA;
    while ((value = options_next(c->options, "purpose", &at)) != NULL) {
        size_t len = strlen(purposes);
        snprintf(purposes + len, sizeof purposes - len, "%s%s", len > 0 ? "," : "", value);
    }
    if (!has_purposes && purposes[0] != '\0')
        return error_set(err, STATUS_USAGE, "--purpose: only roots, intermediates and MTC CAs have purposes");
    /* An intermediate that is only disclosed has none. */
    if (has_purposes && purposes[0] == '\0')
        return STATUS_OK;
    if (reason == NULL)
        return error_set(err, STATUS_USAGE, "say why: --reason TEXT");
    if (has_purposes)
        words[count++] = purposes;
    words[count++] = target->kind == REGISTRY_CT_LOG ? "pending" : "applied";
    words[count++] = c->day;
    words[count++] = reason;
    return registry_edit_write(words, count, conf, err);
}

static enum status write_step(const struct registry_command *c, const struct registry_target *target, struct builder *conf,
                              struct error *err)
{
    const char *const words[] = {"step", target->kind == REGISTRY_APPLICATION ? "received" : "opened", c->day,
                                 options_value(c->options, "reason")};
    if (words[3] == NULL)
        return error_set(err, STATUS_USAGE, "say what it is about: --reason TEXT");
    return registry_edit_write(words, 4, conf, err);
}

/* ---- the file ---- */

static enum status write_operator(const struct registry_command *c, struct builder *conf, struct error *err)
{
    const char *const en[] = {"name", "en", options_value(c->options, "name")}, *const zh[] = {"name", "zh", options_value(c->options, "name-zh")};
    if (en[2] == NULL)
        return error_set(err, STATUS_USAGE, "an operator has a name: --name NAME");
    enum status s = registry_edit_write(en, 3, conf, err);
    return s == STATUS_OK && zh[2] != NULL ? registry_edit_write(zh, 3, conf, err) : s;
}

static enum status write_thing(struct registry_command *c, const struct registry_target *target, struct bytes der, struct builder *conf,
                               struct error *err)
{
    const char *algorithm = NULL, *policy = options_value(c->options, "policy");
    bool has_algorithm = target->kind == REGISTRY_COSIGNER || target->kind == REGISTRY_IDENTITY_SIGNER ||
                         target->kind == REGISTRY_BUNDLE_KEY;
    enum status s = registry_add_line(conf, "name", options_value(c->options, "name"), err);
    if (s == STATUS_OK)
        s = registry_add_line(conf, "operator", options_value(c->options, "operator"), err);
    if (s == STATUS_OK)
        s = registry_add_line(conf, "issuer", options_value(c->options, "issuer"), err);
    if (s == STATUS_OK && has_algorithm && !options_has(c->options, "algorithm-name"))
        s = registry_add_algorithm(c->algorithms, der, &algorithm, err);
    else if (s == STATUS_OK)
        algorithm = options_value(c->options, "algorithm-name");
    if (s == STATUS_OK)
        s = registry_add_line(conf, "algorithm", algorithm, err);
    if (s == STATUS_OK && policy != NULL)
        s = target->kind == REGISTRY_MTC_CA ? registry_add_policy(c, policy, conf, err)
                                            : error_set(err, STATUS_USAGE, "--policy: of an MTC CA");
    return s == STATUS_OK ? write_state(c, target, conf, err) : s;
}

static enum status write_case(struct registry_command *c, const struct registry_target *target, struct builder *conf, struct error *err)
{
    enum status s = registry_add_line(conf, "title", options_value(c->options, "name"), err);
    if (s == STATUS_OK)
        s = registry_add_line(conf, "operator", options_value(c->options, "operator"), err);
    return s == STATUS_OK ? write_step(c, target, conf, err) : s;
}

/* Further statements, as they stand in the file. */
static enum status write_settings(const struct registry_command *c, struct builder *conf, struct error *err)
{
    size_t at = 0;
    const char *line;
    while ((line = options_next(c->options, "set", &at)) != NULL) {
        if (!text_is_printable_utf8(bytes_of_text(line)))
            return error_set(err, STATUS_USAGE, "--set: one line of printable UTF-8");
        builder_printf(conf, "%s\n", line);
    }
    return builder_status(conf, "the new file", err);
}

/* The numbers of a CA's key take too long to be checked by lint each time. */
static enum status check_numbers(const struct registry_target *target, struct bytes der, const char *file, struct error *err)
{
    struct certificate certificate;
    if (target->kind != REGISTRY_ROOT && target->kind != REGISTRY_INTERMEDIATE)
        return STATUS_OK;
    enum status s = certificate_parse(der, &certificate, err);
    if (s == STATUS_OK && subject_key_check_form(certificate.spki, NULL) == STATUS_OK)
        s = subject_key_check(certificate.spki, err);
    return error_prefix(err, s, "%s", file);
}

static enum status read_der(const struct registry_command *c, const struct registry_target *target, struct input_blocks *blocks,
                            struct error *err)
{
    const char *file = options_value(c->options, "file");
    struct builder content;
    if (!registry_kind_is_thing(target->kind))
        return file == NULL ? STATUS_OK : error_set(err, STATUS_USAGE, "--file: %s have none", registry_kind_folder(target->kind));
    if (file == NULL)
        return error_set(err, STATUS_USAGE, "--file: where its certificate or key is");
    builder_init(&content, REGISTRY_FILE_SIZE_MAX);
    enum status s = input_read(file, REGISTRY_FILE_SIZE_MAX, &content, err);
    if (s == STATUS_OK)
        s = error_prefix(err, input_split(builder_view(&content), blocks, err), "%s", file);
    builder_clear(&content);
    if (s == STATUS_OK && blocks->count != 1)
        return error_set(err, STATUS_USAGE, "%s: one certificate or key, not %zu", file, blocks->count);
    return s == STATUS_OK ? check_numbers(target, input_block_der(blocks, 0), file, err) : s;
}

static enum status write_conf(struct registry_command *c, const struct registry_target *target, const struct input_blocks *blocks,
                              struct builder *conf, struct error *err)
{
    enum status s = STATUS_OK;
    if (target->kind == REGISTRY_OPERATOR)
        s = write_operator(c, conf, err);
    else if (registry_kind_is_thing(target->kind))
        s = write_thing(c, target, input_block_der(blocks, 0), conf, err);
    else
        s = write_case(c, target, conf, err);
    return s == STATUS_OK ? write_settings(c, conf, err) : s;
}

static enum status add(struct registry_command *c, struct error *err)
{
    struct registry_target target;
    struct input_blocks blocks = {.count = 0};
    struct builder conf;
    enum status s = registry_command_target(c, c->options->arguments[0], false, &target, err);
    builder_init(&conf, REGISTRY_FILE_SIZE_MAX);
    if (s == STATUS_OK)
        s = read_der(c, &target, &blocks, err);
    if (s == STATUS_OK)
        s = write_conf(c, &target, &blocks, &conf, err);
    if (s == STATUS_OK)
        s = registry_directory_put(c->directory, target.conf, builder_view(&conf), err);
    if (s == STATUS_OK && registry_kind_is_thing(target.kind))
        s = registry_add_pem(c, &target, input_block_der(&blocks, 0), err);
    builder_clear(&conf);
    input_blocks_clear(&blocks);
    return s;
}

/* What its acceptance will take. */
static enum status say_what_is_missing(struct registry_command *c, struct error *err)
{
    struct registry_target target;
    struct registry_report report = {.error_count = 0};
    enum status s = registry_command_target(c, c->options->arguments[0], true, &target, err);
    if (s == STATUS_OK)
        s = registry_command_suppose(c, &target, err);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    s = registry_lint(registry_directory_registry(c->directory), c->at_s, &report, err);
    bool is_first = true;
    for (size_t i = 0; s == STATUS_OK && i < report.findings.count; i++) {
        const struct registry_finding *finding = registry_finding_at(&report, i);
        if (finding->severity != REGISTRY_ERROR || strcmp(finding->head->file, target.conf) != 0)
            continue;
        if (is_first)
            output_line("before it can be accepted:");
        is_first = false;
        registry_command_print(finding);
    }
    registry_report_clear(&report);
    return s;
}

static int run(const struct options *options)
{
    struct registry_command c;
    struct error err = {.status = STATUS_OK};
    char done[REGISTRY_COMMAND_NAME_SIZE * 2];
    enum status s = registry_command_open(&c, options, REGISTRY_COMMAND_CHANGE, &err);
    if (s == STATUS_OK)
        s = add(&c, &err);
    snprintf(done, sizeof done, "%.120s: added on %s", options->arguments[0], c.day);
    int exit_status = s == STATUS_OK ? registry_command_finish(&c, false, done) : registry_command_fail(&err);
    if (exit_status == EXIT_YES && say_what_is_missing(&c, &err) != STATUS_OK)
        exit_status = registry_command_fail(&err);
    registry_command_close(&c);
    return exit_status;
}

static const struct option_row rows[] = {
    REGISTRY_COMMAND_REGISTRY,
    {.name = "file", .metavar = "FILE", .help = "its certificate or public key, PEM or DER"},
    {.name = "operator", .metavar = "ID", .help = "who runs it: an ID of operators/"},
    {.name = "name", .metavar = "NAME", .help = "its name for people; the title of an application or incident"},
    {.name = "name-zh", .metavar = "NAME", .help = "an operator's name in Chinese"},
    {.name = "issuer", .metavar = "ID", .help = "of an intermediate: the root or intermediate that has issued it"},
    {.name = "purpose", .metavar = "NAME[,NAME]", .is_repeatable = true, .help = "what is applied for: tls, tls-intranet, tls-client, email, code, timestamp, document, e-invoice"},
    {.name = "policy", .metavar = "FILE", .help = "of an MTC CA: its cosigners, those required, revoked ranges, as `cathaya verify --policy` takes it"},
    {.name = "cosigner-operator", .metavar = "ID=OPERATOR", .is_repeatable = true, .help = "behind --policy: who runs a cosigner that is new"},
    {.name = "algorithm-name", .metavar = "NAME", .help = "of a key: what it signs with, where the key does not say it"},
    {.name = "reason", .metavar = "TEXT", .help = "why, or what it is about: the first line of its history"},
    {.name = "set", .metavar = "STATEMENT", .is_repeatable = true, .help = "a further line of the file, as docs/registry.md has it"},
    REGISTRY_COMMAND_AT,
    {.name = NULL},
};

const struct command command_trust_add = {
    .name = "trust add",
    .arguments = "FOLDER/ID",
    .summary = "a new operator, root, intermediate, MTC CA, cosigner, key, application or incident",
    .details = "What can be trusted begins as applied. What lint misses of it is printed.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};

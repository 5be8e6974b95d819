/* cathaya trust explain - which rules of the policy a certificate keeps, and what is to be done about the others. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/properties/properties.h"
#include "command.h"
#include "input.h"
#include "judging/judging.h"
#include "output.h"
#include "rules/dns_name.h"

/* More than a chain has, in two files together; the rest is not looked at. */
#define CHAIN_MAX 64

struct session {
    struct judging_basis *basis;
    struct judging_question question; /* but for the chain */
    struct input_blocks chain;        /* of --chain */
    uint8_t ip[16];
    enum policy_language language;
    bool is_json;
};

static enum status read_names(struct session *session, const struct options *options, struct error *err)
{
    const char *dns = options_value(options, "dns"), *ip = options_value(options, "ip");
    size_t ip_len = 0;
    if (dns != NULL && ip != NULL)
        return error_set(err, STATUS_USAGE, "--dns and --ip: one name is dialled; give one of them");
    if (ip != NULL && !ip_address_parse(bytes_of_text(ip), session->ip, &ip_len))
        return error_set(err, STATUS_USAGE, "--ip %.100s: want an address like 192.0.2.1 or 2001:db8::1", ip);
    session->question.ip = bytes_of(session->ip, ip_len);
    if (dns == NULL)
        return STATUS_OK;
    session->question.dns_name = bytes_of_text(dns);
    enum status s = dns_name_check_host(session->question.dns_name, false, err);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "--dns");
}

static enum status read_question(struct session *session, const struct options *options, struct error *err)
{
    const char *purpose = options_value(options, "purpose");
    session->is_json = options_has(options, "json");
    session->question.at_s = (int64_t)time(NULL);
    session->question.purpose = purpose == NULL ? TRUST_BUNDLE_TLS : trust_bundle_purpose_by_name(bytes_of_text(purpose));
    if (session->question.purpose == 0)
        return error_set(err, STATUS_USAGE, "--purpose %.40s: tls, tls-intranet, tls-client, email, code, timestamp, document or e-invoice",
                         purpose);
    enum status s = options_time(options, "at", &session->question.at_s, err);
    if (s == STATUS_OK)
        s = judging_language_parse(options_value(options, "lang"), &session->language, err);
    return s == STATUS_OK ? read_names(session, options, err) : s;
}

static enum status load(struct session *session, const struct options *options, struct error *err)
{
    const char *trust = options_value(options, "trust"), *list = options_value(options, "log-list");
    const char *policy = options_value(options, "policy"), *ct = options_value(options, "ct-policies");
    if (ct != NULL && policy == NULL)
        return error_set(err, STATUS_USAGE, "--ct-policies goes with --policy");
    if (list != NULL && trust == NULL)
        return error_set(err, STATUS_USAGE, "--log-list goes with --trust: without a path no timestamp can be verified");
    enum status s = judging_basis_new(options_value(options, "algorithms"), &session->basis, err);
    if (s == STATUS_OK && trust != NULL)
        s = error_prefix(err, judging_basis_take_directory(session->basis, trust, session->question.at_s, 0, err), "--trust");
    if (s == STATUS_OK && trust != NULL && session->basis->directory->is_expired)
        trust_directory_print_warning(session->basis->directory, session->question.at_s);
    if (s == STATUS_OK && list != NULL)
        s = error_prefix(err, judging_basis_take_log_list(session->basis, list, err), "--log-list");
    if (s == STATUS_OK)
        s = judging_basis_take_policy(session->basis, policy, ct, err);
    if (s == STATUS_OK)
        s = judging_basis_take_options(session->basis, options, err);
    if (s == STATUS_OK && options_has(options, "chain"))
        s = error_prefix(err, input_read_certificates(options_value(options, "chain"), &session->chain, err), "--chain");
    return s;
}

/* ---- one certificate ---- */

static void print(const char *path, const struct judging_report *report)
{
    output_line("%s", path);
    judging_report_verdict(report);
    judging_report_lines(report);
}

static void print_json(const char *path, const struct judging_report *report)
{
    char text[1024];
    json_t *object = json_object();
    output_json_text(object, "file", path);
    judging_report_fill(report, object);
    judging_report_reason(report, text, sizeof text);
    output_json_text(object, "reason", text);
    judging_report_why_not_higher(report, text, sizeof text);
    if (text[0] != '\0')
        output_json_text(object, "why_not_higher", text);
    else
        (void)json_object_set_new(object, "why_not_higher", json_null());
    output_json(object);
}

static void add_certificates(struct judging_question *question, const struct input_blocks *blocks, struct bytes *chain)
{
    for (size_t i = 0; i < blocks->count && question->count < CHAIN_MAX; i++)
        if (input_block_is(blocks, i, PEM_CERTIFICATE))
            chain[question->count++] = input_block_der(blocks, i);
        else if (input_block_is(blocks, i, PROPERTIES_PEM_LABEL))
            question->properties = input_block_der(blocks, i);
}

static int explain_blocks(const struct session *session, const char *path, const struct input_blocks *blocks)
{
    struct bytes chain[CHAIN_MAX];
    struct judging_question question = session->question;
    struct judging *judging;
    struct judging_report report;
    struct error err = {.text = ""};
    question.chain = chain;
    add_certificates(&question, blocks, chain);
    add_certificates(&question, &session->chain, chain);
    enum status s = judging_new(session->basis, &question, &judging, &err);
    if (s != STATUS_OK) {
        (void)error_prefix(&err, s, "%s", path);
        return output_failure(ROLE_OBJECT, &err);
    }
    judging_describe(session->basis, judging, &report);
    report.language = session->language;
    report.detail = JUDGING_EXPLAIN;
    if (session->is_json)
        print_json(path, &report);
    else
        print(path, &report);
    int status = judging->answer.verdict == POLICY_VERDICT_SECURE ? EXIT_YES : EXIT_NO;
    judging_free(judging);
    return status;
}

static int explain(const struct session *session, const char *path)
{
    struct input_blocks blocks;
    struct error err = {.text = ""};
    enum status s = input_read_certificates(path, &blocks, &err);
    int status = s == STATUS_OK ? explain_blocks(session, path, &blocks) : output_failure(ROLE_OBJECT, &err);
    input_blocks_clear(&blocks);
    return status;
}

static int run(const struct options *options)
{
    struct session session = {.basis = NULL};
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    enum status s = read_question(&session, options, &err);
    if (s == STATUS_OK)
        s = load(&session, options, &err);
    if (s != STATUS_OK)
        status = output_failure(ROLE_NEEDED, &err);
    for (size_t i = 0; s == STATUS_OK && i < options->argument_count; i++)
        status = output_worse(status, explain(&session, options->arguments[i]));
    input_blocks_clear(&session.chain);
    judging_basis_free(session.basis);
    return status;
}

static const struct option_row rows[] = {
    {.name = "trust", .metavar = "DIR", .help = "trust directory: paths, SCTs and cosigners are looked at, by its policy"},
    {.name = "policy", .metavar = "FILE", .help = "the policy, in place of the directory's or the one that is built in"},
    {.name = "ct-policies", .metavar = "FILE", .help = "the CT policies that --policy speaks of; those that are built in"},
    {.name = "chain", .metavar = "FILE", .help = "certificates that come with CERT, beside those of its own file"},
    {.name = "purpose", .metavar = "PURPOSE", .help = "tls, tls-intranet, tls-client, email, code, timestamp, document, e-invoice; tls"},
    {.name = "dns", .metavar = "NAME", .help = "the name that it has to be for, as A-labels"},
    {.name = "ip", .metavar = "ADDR", .help = "the address that it has to be for"},
    {.name = "at", .metavar = "TIME", .help = "judge at this time, RFC 3339 or seconds; now"},
    {.name = "log-list", .metavar = "FILE", .help = "CT logs, in place of those of the trust directory"},
    {.name = "public-label", .metavar = "LABEL", .is_repeatable = true, .help = "a top-level domain that counts as public"},
    {.name = "lang", .metavar = "LANG", .help = "en or zh; en"},
    {.name = "json", .help = "one JSON object per certificate"},
    {.name = NULL},
};

const struct command command_trust_explain = {
    .name = "trust explain",
    .arguments = "CERT...",
    .summary = "which rules of the policy a certificate keeps, and how to mend the others",
    .details = "The first certificate of a file is judged, the others come with it. Without --trust what the leaf says is judged,\n"
               "and rules about paths, SCTs and cosigners are not looked at. Exit status 0: secure; 1: not.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = SIZE_MAX,
    .run = run,
};

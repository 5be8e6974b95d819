/* cathaya verify - Merkle Tree Certificates on the public library, as any other program would use it; with a trust directory all
 * kinds, as a client judges them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cathaya/verify.h>

#include "algorithms_file.h"
#include "command.h"
#include "input.h"
#include "judging/verify_client.h"
#include "output.h"
#include "rules/dns_name.h"
#include "verify_report.h"

/* A policy with thousands of landmarks, and the keys of its cosigners. */
#define POLICY_SIZE_MAX INPUT_SIZE_MAX

struct session {
    struct cathaya_trust *trust;
    struct cathaya_verifier *verifier;
    struct cathaya_request request;
    uint8_t ip[16];
    struct input_blocks *cas; /* one of each --ca */
    size_t ca_count;
    struct verify_client client; /* of the trust directory; without a basis --ca and --policy say it */
    struct input_blocks chain;
    bool has_chain;
    bool is_json;
};

static void session_clear(struct session *s)
{
    cathaya_verifier_free(s->verifier);
    cathaya_trust_free(s->trust);
    for (size_t i = 0; i < s->ca_count; i++)
        input_blocks_clear(&s->cas[i]);
    free(s->cas);
    input_blocks_clear(&s->chain);
    judging_basis_free(s->client.basis);
}

/* A failure that came through the public border, in our own terms; where is a file, or NULL. */
static enum status from_public(const struct cathaya_error *outer, const char *where, struct error *err)
{
    enum status s = (enum status)outer->status;
    if (where != NULL)
        return error_set(err, s, "%s: %s", where, outer->reason);
    return error_set(err, s, "%s", outer->reason);
}

static enum status add_algorithm(void *context, const char *name, const char *oid,
                                 const char *evp_name, const char *provider, struct error *err)
{
    struct cathaya_trust *trust = context;
    struct cathaya_error outer;
    if (cathaya_trust_add_algorithm(trust, name, oid, evp_name, provider, &outer) == CATHAYA_OK)
        return STATUS_OK;
    return from_public(&outer, NULL, err);
}

static enum status add_ca_file(struct session *session, const char *path, struct error *err)
{
    struct input_blocks *blocks = &session->cas[session->ca_count++];
    struct cathaya_error outer;
    enum status s = input_read_certificates(path, blocks, err);
    for (size_t i = 0; s == STATUS_OK && i < blocks->count; i++) {
        struct bytes der = input_block_der(blocks, i);
        if (input_block_is(blocks, i, PEM_CERTIFICATE) &&
            cathaya_trust_add_ca(session->trust, der.data, der.len, &outer) != CATHAYA_OK)
            s = from_public(&outer, path, err);
    }
    return error_prefix(err, s, "--ca");
}

static enum status add_ca_files(struct session *session, const struct options *options,
                                struct error *err)
{
    size_t at = 0;
    const char *path;
    enum status s = STATUS_OK;
    session->cas = calloc(options->value_count + 1, sizeof *session->cas);
    if (session->cas == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    while (s == STATUS_OK && (path = options_next(options, "ca", &at)) != NULL)
        s = add_ca_file(session, path, err);
    return s;
}

static enum status add_policy(struct session *session, const char *path, struct error *err)
{
    struct builder text;
    struct cathaya_error outer;
    if (path == NULL)
        return STATUS_OK;
    builder_init(&text, POLICY_SIZE_MAX);
    enum status s = input_read(path, POLICY_SIZE_MAX, &text, err);
    if (s == STATUS_OK &&
        cathaya_trust_add_policy(session->trust, (const char *)text.data, text.len, &outer) != CATHAYA_OK)
        s = from_public(&outer, path, err);
    builder_clear(&text);
    return error_prefix(err, s, "--policy");
}

/* The directory is read as every client reads it, and then given to the public library. */
static enum status add_directory(struct session *session, const struct options *options, struct error *err)
{
    struct cathaya_error outer;
    enum status s = verify_client_open(&session->client, options, session->request.at, err);
    if (s != STATUS_OK)
        return s;
    const struct trust_directory *d = session->client.basis->directory;
    if (d->is_expired)
        trust_directory_print_warning(d, session->request.at);
    struct cathaya_bundle *bundles = calloc(1 + d->log_count, sizeof *bundles);
    if (bundles == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    bundles[0] = (struct cathaya_bundle){d->bundle_bytes.data, d->bundle_bytes.len};
    for (size_t i = 0; i < d->log_count; i++)
        bundles[1 + i] = (struct cathaya_bundle){d->logs[i].contents.data, d->logs[i].contents.len};
    if (cathaya_trust_add_bundles(session->trust, bundles, 1 + d->log_count, session->request.at, &outer) != CATHAYA_OK)
        s = from_public(&outer, options_value(options, "trust"), err);
    free(bundles);
    return s;
}

/* --trust, or --ca with its --policy. */
static enum status add_trusted(struct session *session, const struct options *options, struct error *err)
{
    bool has_trust = options_has(options, "trust");
    if (has_trust && (options_has(options, "ca") || options_has(options, "policy")))
        return error_set(err, STATUS_USAGE, "--trust has CAs and policies of its own; leave out --ca and --policy, or it");
    if (!has_trust && (session->client.has_policy || options_has(options, "purpose")))
        return error_set(err, STATUS_USAGE, "--%s goes with --trust: a directory says what is trusted for what",
                         session->client.has_policy ? "policy-answer" : "purpose");
    if (!has_trust && !options_has(options, "ca"))
        return error_set(err, STATUS_USAGE, "--ca FILE or --trust DIR is missing; see `cathaya verify --help`");
    if (has_trust)
        return add_directory(session, options, err);
    enum status s = add_ca_files(session, options, err);
    return s == STATUS_OK ? add_policy(session, options_value(options, "policy"), err) : s;
}

static enum status load_trust(struct session *session, const struct options *options,
                              struct error *err)
{
    struct cathaya_error outer;
    if (cathaya_trust_new(&session->trust, &outer) != CATHAYA_OK)
        return from_public(&outer, NULL, err);
    enum status s = algorithms_file_read(options_value(options, "algorithms"), add_algorithm,
                                         session->trust, err);
    if (s == STATUS_OK)
        s = add_trusted(session, options, err);
    if (s == STATUS_OK && cathaya_verifier_new(session->trust, &session->verifier, &outer) != CATHAYA_OK)
        s = from_public(&outer, NULL, err);
    const char *chain = options_value(options, "chain");
    if (s != STATUS_OK || chain == NULL)
        return s;
    session->has_chain = true;
    s = input_read_certificates(chain, &session->chain, err);
    return error_prefix(err, s, "--chain");
}

static enum status read_dns_name(struct session *session, const char *name, struct error *err)
{
    uint8_t address[16];
    size_t len;
    if (name == NULL)
        return STATUS_OK;
    if (ip_address_parse(bytes_of_text(name), address, &len))
        return error_set(err, STATUS_USAGE, "--dns %s: that is an address; use --ip", name);
    for (const char *c = name; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return error_set(err, STATUS_USAGE, "--dns %.100s: want A-labels, as in xn--p1ai", name);
    if (name[0] == '\0')
        return error_set(err, STATUS_USAGE, "--dns: the name is empty");
    session->request.dns_name = name;
    return STATUS_OK;
}

static enum status read_ip(struct session *session, const char *text, struct error *err)
{
    if (text == NULL)
        return STATUS_OK;
    if (!ip_address_parse(bytes_of_text(text), session->ip, &session->request.ip_len))
        return error_set(err, STATUS_USAGE, "--ip %.100s: want an address like 192.0.2.1 or 2001:db8::1", text);
    session->request.ip = session->ip;
    return STATUS_OK;
}

static enum status read_request(struct session *session, const struct options *options,
                                struct error *err)
{
    const char *dns = options_value(options, "dns"), *ip = options_value(options, "ip");
    session->request.at = (int64_t)time(NULL);
    session->request.proof_only = options_has(options, "proof-only");
    session->is_json = options_has(options, "json");
    if (dns != NULL && ip != NULL)
        return error_set(err, STATUS_USAGE, "--dns and --ip: one name is dialled; give one of them");
    if (session->request.proof_only && (dns != NULL || ip != NULL))
        return error_set(err, STATUS_USAGE, "--proof-only looks at no names; leave out --dns and --ip, or it");
    enum status s = options_time(options, "at", &session->request.at, err);
    if (s == STATUS_OK)
        s = verify_client_read(&session->client, options, err);
    if (s == STATUS_OK)
        s = read_dns_name(session, dns, err);
    return s == STATUS_OK ? read_ip(session, ip, err) : s;
}

static bool is_ca(const struct session *session, struct bytes der)
{
    for (size_t i = 0; i < session->ca_count; i++)
        for (size_t j = 0; j < session->cas[i].count; j++)
            if (bytes_equal(der, input_block_der(&session->cas[i], j)))
                return true;
    const struct trust_bundle *b = session->client.basis != NULL ? trust_directory_bundle(session->client.basis->directory) : NULL;
    for (size_t i = 0; b != NULL && i < b->cas.count; i++)
        if (bytes_equal(der, trust_bundle_ca_at(b, i)->certificate))
            return true;
    return false;
}

/* What a server sent beside the certificate: it and its CA certificate are all that a path has. */
static bool is_chain_good(const struct session *session, struct bytes leaf, struct cathaya_error *err)
{
    for (size_t i = 0; i < session->chain.count; i++) {
        struct bytes der = input_block_der(&session->chain, i);
        if (!input_block_is(&session->chain, i, PEM_CERTIFICATE) || bytes_equal(der, leaf) ||
            is_ca(session, der))
            continue;
        struct error inner;
        (void)error_set(&inner, STATUS_REFUSED,
                        "certificate %zu of the chain is neither this one nor a --ca certificate: the "
                        "path of a Merkle Tree Certificate has no intermediates", i + 1);
        err->status = CATHAYA_REFUSED;
        memcpy(err->reason, inner.text, sizeof err->reason);
        return false;
    }
    return true;
}

/* The first certificate of a file is the one that is judged: servers send it first. */
static struct bytes first_certificate(const struct input_blocks *blocks)
{
    for (size_t i = 0; i < blocks->count; i++)
        if (input_block_is(blocks, i, PEM_CERTIFICATE))
            return input_block_der(blocks, i);
    return bytes_of(NULL, 0);
}

static int report(const struct session *session, const struct verify_report *report)
{
    if (session->is_json)
        verify_report_json(report);
    else
        verify_report_line(report);
    if (report->judging != NULL && report->err->status == CATHAYA_OK && report->judging->answer->verdict != POLICY_VERDICT_SECURE)
        return EXIT_NO;
    return (int)output_exit_status(ROLE_OBJECT, (enum status)report->err->status);
}

/* The object is no certificate file at all: a verdict, too. */
static int report_malformed(const struct session *session, const char *path, const struct error *err)
{
    struct cathaya_error outer = {.status = (enum cathaya_status)err->status};
    const struct cathaya_result none = {.mode = CATHAYA_MODE_NONE};
    size_t prefix = strlen(path) + 2;
    bool has_path = strncmp(err->text, path, prefix - 2) == 0 && strlen(err->text) > prefix;
    (void)snprintf(outer.reason, sizeof outer.reason, "%s", err->text + (has_path ? prefix : 0));
    return report(session, &(struct verify_report){.file = path, .result = &none, .err = &outer});
}

/* ---- as a client of the directory ---- */

static int judge_as_client(const struct session *session, const char *path, const struct input_blocks *blocks)
{
    struct verify_answer answer;
    struct error err = {.text = ""};
    enum status s = verify_client_judge(&session->client, &session->request, blocks, &session->chain, &answer, &err);
    if (s == STATUS_MALFORMED || s == STATUS_LIMIT)
        return report_malformed(session, path, &err);
    if (s != STATUS_OK)
        return output_failure(ROLE_OBJECT, &err);
    if (answer.chain == NULL && answer.err.status == CATHAYA_OK && !is_chain_good(session, answer.certificates[0], &answer.err))
        answer.result.mode = CATHAYA_MODE_NONE;
    int status = report(session, &(struct verify_report){.file = path, .result = &answer.result, .err = &answer.err, .chain = answer.chain,
                                                         .judging = session->client.has_policy ? &answer.says : NULL});
    judging_free(answer.judging);
    return status;
}

/* ---- on the public library ---- */

static int judge_alone(const struct session *session, const char *path, const struct input_blocks *blocks)
{
    struct cathaya_result result;
    struct cathaya_error outer;
    struct bytes der = first_certificate(blocks);
    if (cathaya_verify(session->verifier, der.data, der.len, &session->request, &result, &outer) == CATHAYA_OK &&
        !is_chain_good(session, der, &outer))
        result.mode = CATHAYA_MODE_NONE;
    return report(session, &(struct verify_report){.file = path, .result = &result, .err = &outer});
}

static int judge(const struct session *session, const char *path)
{
    struct input_blocks blocks;
    struct error err = {.status = STATUS_OK};
    int status;
    enum status s = input_read_certificates(path, &blocks, &err);
    if (s == STATUS_OK) {
        bool is_client = session->client.basis != NULL && !session->request.proof_only;
        status = is_client ? judge_as_client(session, path, &blocks) : judge_alone(session, path, &blocks);
    } else if (s == STATUS_MALFORMED || s == STATUS_LIMIT) {
        status = report_malformed(session, path, &err);
    } else {
        status = output_failure(ROLE_OBJECT, &err);
    }
    input_blocks_clear(&blocks);
    return status;
}

static int run(const struct options *options)
{
    struct session session = {.trust = NULL};
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    enum status s = read_request(&session, options, &err);
    if (s == STATUS_OK)
        s = load_trust(&session, options, &err);
    if (s != STATUS_OK)
        status = output_failure(ROLE_NEEDED, &err);
    for (size_t i = 0; s == STATUS_OK && i < options->argument_count; i++)
        status = output_worse(status, judge(&session, options->arguments[i]));
    session_clear(&session);
    return status;
}

static const struct option_row rows[] = {
    {.name = "ca", .metavar = "FILE", .is_repeatable = true, .help = "certificate of a Merkle Tree CA that is trusted"},
    {.name = "trust", .metavar = "DIR", .help = "trust directory, instead of --ca and --policy"},
    {.name = "policy", .metavar = "FILE", .help = "cosigners, trusted subtrees, revoked ranges"},
    {.name = "chain", .metavar = "FILE", .help = "the certificates that came with CERT"},
    {.name = "at", .metavar = "TIME", .help = "judge at this time, RFC 3339 or seconds; now"},
    {.name = "dns", .metavar = "NAME", .help = "the name that was dialled, as A-labels"},
    {.name = "ip", .metavar = "ADDR", .help = "the address that was dialled"},
    {.name = "purpose", .metavar = "PURPOSE", .help = "with --trust: tls, tls-intranet, tls-client, email, code, timestamp, document,\n"
                                                      "e-invoice; tls"},
    {.name = "policy-answer", .help = "with --trust: OK is only what the policy calls secure, and its answer is printed"},
    {.name = "public-label", .metavar = "LABEL", .is_repeatable = true, .help = "a top-level domain that counts as public"},
    {.name = "lang", .metavar = "LANG", .help = "of the policy's answer: en or zh; en"},
    {.name = "verbose", .help = "every rule of the policy, not only those that are not kept"},
    {.name = "proof-only", .help = "only the checks that replace the signature (section 7.2)"},
    {.name = "json", .help = "one JSON object per certificate"},
    {.name = NULL},
};

const struct command command_verify = {
    .name = "verify",
    .arguments = "CERT...",
    .summary = "judge Merkle Tree Certificates, and with --trust all others",
    .details = "Prints `CERT: OK reason` or `CERT: FAIL reason` for each file, in PEM or DER. Of a file with\n"
               "several certificates the first is judged. Exit status 0: all are OK; 1: one is not.\n"
               "Without --dns and --ip names are not checked.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = SIZE_MAX,
    .run = run,
};

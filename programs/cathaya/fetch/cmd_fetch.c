/* cathaya fetch - a GM browser without a window. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "fetch/fetch_report.h"
#include "fetch/fetch_trust.h"
#include "output.h"

#define TIMEOUT_DEFAULT_S 30
#define TIMEOUT_MAX_S 3600
#define REPEAT_MAX 1000000

struct session {
    struct fetch_request request;
    const char *url, *profile, *output, *directory;
    uint64_t repeat_count, code_point;
    bool is_json, is_resuming, is_verbose;
    enum judging_check check;
    enum policy_language language;
    struct judging_basis *basis;
    struct tls_browser *browser;
};

static void session_clear(struct session *s)
{
    tls_browser_free(s->browser);
    judging_basis_free(s->basis);
}

static enum status read_url(struct session *session, const struct options *options, struct error *err)
{
    struct fetch_request *r = &session->request;
    const char *connect = options_value(options, "connect");
    session->url = options->arguments[0];
    enum status s = http_url_resolve(NULL, bytes_of_text(session->url), &r->url, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "%.200s", session->url);
    if (!r->url.is_https)
        return error_set(err, STATUS_USAGE, "%.200s: only https: is fetched", session->url);
    r->port = r->url.port != 0 ? r->url.port : 443;
    if (connect == NULL)
        return STATUS_OK;
    s = fetch_addresses_parse(connect, &r->addresses, err);
    return error_prefix(err, s, "--connect");
}

static enum status read_options(struct session *session, const struct options *options, struct error *err)
{
    uint64_t timeout_s = TIMEOUT_DEFAULT_S;
    session->profile = options_has(options, "as") ? options_value(options, "as") : "gm";
    session->output = options_value(options, "output");
    session->directory = options_value(options, "trust");
    session->is_json = options_has(options, "json");
    session->is_resuming = options_has(options, "resume");
    session->is_verbose = options_has(options, "verbose");
    session->repeat_count = session->is_resuming ? 2 : 1;
    session->request.is_head = options_has(options, "head");
    session->request.at_s = (int64_t)time(NULL);
    enum status s = options_time(options, "at", &session->request.at_s, err);
    if (s == STATUS_OK)
        s = judging_check_read(options, &session->check, err);
    if (s == STATUS_OK)
        s = judging_language_parse(options_value(options, "lang"), &session->language, err);
    if (s == STATUS_OK)
        s = options_number(options, "timeout", TIMEOUT_MAX_S, &timeout_s, err);
    if (s == STATUS_OK)
        s = options_number(options, "repeat", REPEAT_MAX, &session->repeat_count, err);
    if (s == STATUS_OK)
        s = options_number(options, "code-point", UINT16_MAX, &session->code_point, err);
    if (s == STATUS_OK && (timeout_s == 0 || session->repeat_count == 0))
        s = error_set(err, STATUS_USAGE, "--%s 0: want at least 1", timeout_s == 0 ? "timeout" : "repeat");
    session->request.timeout_ms = (int64_t)timeout_s * 1000;
    return s == STATUS_OK ? read_url(session, options, err) : s;
}

static enum status make_browser(struct session *session, struct error *err)
{
    session->request.policies = session->basis->set;
    session->request.trust = session->basis->peer;
    session->request.names = &session->basis->names;
    const struct tls_browser_settings settings = {
        .profile = session->profile, .trust = session->basis->peer, .alpn = "http/1.1",
        .trust_anchors_type = (uint16_t)session->code_point};
    enum status s = tls_browser_new(&settings, &session->browser, err);
    return error_prefix(err, s, "--as");
}

/* ---- one fetch ---- */

/* A script wants to know: would a browser's user see a warning? */
static bool is_refused(const struct session *session, const struct fetch_result *result)
{
    return result->judgement != NULL && session->check != JUDGING_WARN && result->judgement->answer.verdict != POLICY_VERDICT_SECURE;
}

static int exit_status_of(const struct session *session, const struct fetch_result *result)
{
    switch (result->outcome) {
    case FETCH_OK:
        return is_refused(session, result) ? EXIT_NO : EXIT_YES;
    case FETCH_UNTRUSTED:
    case FETCH_BAD_ANSWER:
        return EXIT_NO;
    default:
        return EXIT_SURROUNDINGS;
    }
}

static bool is_body_on_stdout(const struct session *session)
{
    return session->output != NULL && strcmp(session->output, "-") == 0;
}

static void say_on_stderr(const struct session *session, const struct fetch_report *report)
{
    char reason[FETCH_REASON_SIZE];
    const struct fetch_result *result = report->result;
    bool is_silent = is_body_on_stdout(session);
    if (result->outcome != FETCH_OK && (is_silent || result->outcome == FETCH_NO_PEER)) {
        output_error("fetch: %s: %s", session->url, result->err.text);
    } else if (is_silent && is_refused(session, result)) {
        fetch_report_reason(report, reason);
        output_error("fetch: %s: %s: %s", session->url, fetch_report_verdict(result), reason);
    }
}

/* Of a server that could be anybody nothing is said. */
static bool is_authentic(const struct fetch_result *result)
{
    return result->has_tls && result->report.is_done && result->report.verdict == STATUS_OK &&
           (result->judgement == NULL || result->judgement->answer.verdict != POLICY_VERDICT_UNTRUSTED);
}

static int report(const struct session *session, const struct fetch_result *result)
{
    struct fetch_identity *identity = NULL;
    struct error err;
    if (is_authentic(result) && fetch_identity_find(session->basis, session->directory, session->request.url.host, session->request.at_s,
                                                    &identity, &err) != STATUS_OK)
        output_error("fetch: %s: identity: %s", session->url, err.text);
    const struct fetch_report report = {.url = session->url, .profile = session->profile, .result = result, .basis = session->basis,
                                        .language = session->language, .is_verbose = session->is_verbose, .identity = identity};
    if (session->is_json)
        fetch_report_json(&report);
    else if (!is_body_on_stdout(session))
        fetch_report_print(&report);
    say_on_stderr(session, &report);
    fetch_identity_free(identity);
    return exit_status_of(session, result);
}

static int repeat(struct session *session)
{
    int status = EXIT_YES;
    struct tls_browser_session *ticket = NULL;
    struct fetch_result *result = calloc(1, sizeof *result);
    if (result == NULL) {
        output_error("fetch: out of memory");
        return EXIT_SURROUNDINGS;
    }
    for (uint64_t i = 0; i < session->repeat_count; i++) {
        if (!session->is_resuming) {
            tls_browser_session_free(ticket);
            ticket = NULL;
        }
        fetch_exchange_run(&session->request, session->browser, &ticket, result);
        status = output_worse(status, report(session, result));
    }
    tls_browser_session_free(ticket);
    fetch_exchange_clear(result);
    free(result);
    return status;
}

static int fetch_to_file(struct session *session)
{
    FILE *file = is_body_on_stdout(session) ? stdout : session->output != NULL ? fopen(session->output, "wbe") : NULL;
    if (session->output != NULL && file == NULL) {
        output_error("fetch: --output %s: %s", session->output, strerror(errno));
        return EXIT_SURROUNDINGS;
    }
    session->request.body = file;
    int status = repeat(session);
    if (file != NULL && file != stdout && fclose(file) != 0) {
        output_error("fetch: --output %s: %s", session->output, strerror(errno));
        status = output_worse(status, EXIT_SURROUNDINGS);
    }
    return status;
}

/* Nothing to connect to is a verdict of its own: the surroundings. */
static enum status find_host(struct session *session, struct error *err)
{
    struct fetch_request *r = &session->request;
    if (r->addresses.count > 0)
        return STATUS_OK;
    return fetch_addresses_resolve(r->url.host, r->port, &r->addresses, err);
}

static int run(const struct options *options)
{
    struct session session = {.basis = NULL};
    struct error err = {.status = STATUS_OK};
    int status;
    enum status s = read_options(&session, options, &err);
    if (s == STATUS_OK && session.is_json && is_body_on_stdout(&session))
        s = error_set(&err, STATUS_USAGE, "--json and --output -: both go to stdout; give --output a file");
    if (s == STATUS_OK)
        s = fetch_trust_load(options, session.request.at_s, &session.basis, &err);
    if (s == STATUS_OK)
        s = make_browser(&session, &err);
    if (s == STATUS_OK)
        s = find_host(&session, &err);
    status = s == STATUS_OK ? fetch_to_file(&session) : output_failure(ROLE_NEEDED, &err);
    session_clear(&session);
    return status;
}

static const struct option_row rows[] = {
    {.name = "trust", .metavar = "DIR", .help = "trust directory, see cathaya trust"},
    {.name = "ca", .metavar = "FILE", .is_repeatable = true,
     .help = "or: Merkle Tree CAs, and roots of directly signed chains"},
    {.name = "intermediate", .metavar = "FILE", .is_repeatable = true, .help = "with --ca: certificates that servers may forget"},
    {.name = "policy", .metavar = "FILE", .help = "with --ca: cosigners, trusted subtrees, revoked ranges"},
    {.name = "anchor", .metavar = "ID", .is_repeatable = true,
     .help = "with --ca: a further trust anchor ID to send, as CA.2.LOG.LANDMARK"},
    {.name = "as", .metavar = "PROFILE", .help = "gm, gm-no-landmarks, intl or legacy; gm"},
    {.name = "connect", .metavar = "ADDR:PORT", .help = "connect there, whatever the URL says"},
    {.name = "at", .metavar = "TIME", .help = "judge at this time, RFC 3339 or seconds; now"},
    {.name = "head", .help = "ask with HEAD: no body"},
    {.name = "output", .metavar = "FILE", .help = "put the body there; - is stdout, without the report"},
    {.name = "resume", .help = "fetch twice, the second time with the session of the first"},
    {.name = "repeat", .metavar = "N", .help = "fetch N times, each with a connection of its own"},
    {.name = "timeout", .metavar = "SECONDS", .help = "for each fetch; 30"},
    {.name = "code-point", .metavar = "N", .help = "of the trust_anchors extension; 51764"},
    {.name = "policy-check", .metavar = "MODE", .help = "refuse (exit status 1 unless secure), warn, or off; refuse"},
    {.name = "log-list", .metavar = "FILE", .help = "CT logs, in place of those of the trust directory"},
    {.name = "public-label", .metavar = "LABEL", .is_repeatable = true, .help = "a top-level domain that counts as public"},
    {.name = "lang", .metavar = "LANG", .help = "en or zh; en"},
    {.name = "verbose", .help = "every rule of the policy, not only those that are not kept"},
    {.name = "json", .help = "one JSON object per fetch"},
    {.name = NULL},
};

const struct command command_fetch = {
    .name = "fetch",
    .arguments = "URL",
    .summary = "connect and fetch as a GM browser does, and say what was found",
    .details = "Exit status 0: the verdict is secure, and the server has answered; 1: it is untrusted, not secure or not\n"
               "transparent, or its answer is no HTTP; 3: it was not reached. What the HTTP status says does not count.\n"
               "With --policy-check warn, what is trusted is 0. Redirects are not followed.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};

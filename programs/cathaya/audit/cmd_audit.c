/* cathaya audit - follows logs to their heads, verifies everything, and looks for what somebody was promised. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/event_loop/event_loop.h"
#include "adapters/http_client/curl_fetch.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "algorithms_file.h"
#include "audit/audit_report.h"
#include "audit/audit_scts.h"
#include "base/text.h"
#include "command.h"
#include "input.h"
#include "output.h"

#define INTERVAL_DEFAULT_MS 10000
#define INTERVAL_MAX_MS     (UINT64_C(24) * 3600 * 1000)
#define PARALLEL_MAX        64
#define REQUESTS_MAX        1000

struct session;

struct followed {
    struct session *session;
    const struct audit_log *log;
    struct log_follower *follower;
    bool has_ended, has_stopped; /* the only round; all of it */
    bool has_bad;                /* a finding that is more than a notice */
};

struct asked {
    struct session *session;
    const struct audit_sct *sct;
};

struct session {
    struct event_loop *loop;
    struct curl_fetch *fetch;
    struct event_signal *signals[2];
    struct algorithms *algorithms;
    struct clock_port clock;
    struct posix_object_store *state;
    struct posix_record_store *lock;
    char evidence_dir[PATH_MAX]; /* "": none */
    struct audit_logs logs;
    struct array scts; /* struct audit_sct * */
    struct followed *followed;
    struct asked *asked;
    struct follower_options options;
    bool is_json, is_following, is_stopping;
    int exit_status;
};

static void worse(struct session *s, int exit_status)
{
    s->exit_status = output_worse(s->exit_status, exit_status);
}

/* A log that lies is worse than one that cannot be reached. */
static void say_no(struct session *s)
{
    s->exit_status = EXIT_NO;
}

/* ---- what comes ---- */

static void keep_evidence(struct session *s, const struct log_finding *finding, char path[PATH_MAX])
{
    struct error err = {.text = ""};
    uint8_t digest[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    path[0] = '\0';
    if (finding->evidence.len == 0 || s->evidence_dir[0] == '\0' || !hash_label_sha256(&finding->evidence, 1, digest))
        return;
    text_hex(bytes_of(digest, 8), hex);
    int len = snprintf(path, PATH_MAX, "%s/%s-%s-%s.evidence", s->evidence_dir, finding->log, log_finding_name(finding->id), hex);
    bool is_good = len > 0 && len < PATH_MAX && (mkdir(s->evidence_dir, 0755) == 0 || errno == EEXIST) &&
                   input_write_file(path, finding->evidence, 0644, &err) == STATUS_OK;
    if (is_good)
        return;
    output_error("the evidence cannot be kept: %s", err.text[0] != '\0' ? err.text : s->evidence_dir);
    worse(s, EXIT_SURROUNDINGS);
    path[0] = '\0';
}

static void on_finding(void *cookie, const struct log_finding *finding)
{
    struct followed *f = cookie;
    char path[PATH_MAX];
    bool is_bad = !finding->is_over && finding->severity != FINDING_NOTICE;
    keep_evidence(f->session, finding, path);
    audit_report_finding(finding, path, f->session->is_json);
    f->has_bad = f->has_bad || is_bad;
    if (is_bad)
        say_no(f->session);
}

static void on_answered(void *cookie, const struct follower_answered *answered)
{
    struct asked *a = cookie;
    struct session *s = a->session;
    audit_report_sct(a->sct, s->logs.items[a->sct->log]->name, answered, s->is_json);
    if (answered->answer == FOLLOWER_NOT_INCLUDED)
        say_no(s);
    else if (answered->answer == FOLLOWER_UNKNOWN && s->exit_status != EXIT_NO)
        worse(s, EXIT_SURROUNDINGS);
}

/* ---- the end ---- */

static void on_stopped(void *cookie)
{
    struct followed *f = cookie;
    struct session *s = f->session;
    f->has_stopped = true;
    for (size_t i = 0; i < s->logs.count; i++)
        if (!s->followed[i].has_stopped)
            return;
    event_loop_stop(s->loop);
}

/* Requests under way end with their client. */
static void stop(void *cookie)
{
    struct session *s = cookie;
    if (s->is_stopping)
        return;
    s->is_stopping = true;
    for (size_t i = 0; i < s->logs.count; i++)
        log_follower_stop(s->followed[i].follower, on_stopped, &s->followed[i]);
    curl_fetch_stop(s->fetch);
}

static void stop_soon(struct session *s)
{
    struct timer_port timers = event_loop_timers(s->loop);
    (void)timers.start(timers.context, 0, stop, s);
}

static void on_signal(void *cookie, int number)
{
    (void)number;
    stop_soon(cookie);
}

static void on_round(void *cookie, enum status status, const struct error *err)
{
    struct followed *f = cookie;
    struct session *s = f->session;
    struct follower_status now;
    log_follower_status(f->follower, &now);
    if (status != STATUS_OK || !s->is_following)
        audit_report_log(f->log, &now, status, err, f->has_bad, s->options.is_heads_only, s->is_json);
    if (s->is_following)
        return;
    if (status != STATUS_OK && s->exit_status != EXIT_NO)
        worse(s, status == STATUS_IO || status == STATUS_NO_MEMORY ? EXIT_SURROUNDINGS : EXIT_NO);
    f->has_ended = true;
    for (size_t i = 0; i < s->logs.count; i++)
        if (!s->followed[i].has_ended)
            return;
    stop_soon(s);
}

/* ---- the beginning ---- */

static enum status open_state(struct session *s, const struct options *options, struct error *err)
{
    const char *dir = options_value(options, "state"), *evidence = options_value(options, "evidence");
    if (evidence != NULL)
        (void)snprintf(s->evidence_dir, sizeof s->evidence_dir, "%s", evidence);
    else if (dir != NULL)
        (void)snprintf(s->evidence_dir, sizeof s->evidence_dir, "%s/evidence", dir);
    if (dir == NULL)
        return STATUS_OK;
    /* The lock: one audit at a time has a state. */
    enum status status = posix_record_store_open(dir, true, &s->lock, err);
    if (status == STATUS_OK)
        status = posix_object_store_open(dir, POSIX_PRIVATE, false, &s->state, err);
    return error_prefix(err, status, "--state");
}

static enum status start_follower(struct session *s, size_t i, struct error *err)
{
    static const struct follower_callbacks callbacks = {.finding = on_finding, .round_done = on_round};
    struct followed *f = &s->followed[i];
    *f = (struct followed){.session = s, .log = s->logs.items[i]};
    struct follower_ports ports = {.fetch = curl_fetch_port(s->fetch), .timer = event_loop_timers(s->loop), .clock = s->clock,
                                   .work = event_loop_pool(s->loop), .algorithms = s->algorithms};
    if (s->state != NULL)
        ports.state = posix_object_store_port(s->state);
    return log_follower_new(&f->log->followed, &s->options, &ports, &callbacks, f, &f->follower, err);
}

/* An SCT that does not verify, or of a log that is not followed, is asked of nobody. */
static enum status ask(struct session *s, size_t i, struct error *err)
{
    const struct audit_sct *sct = *(struct audit_sct **)array_at(&s->scts, i);
    s->asked[i] = (struct asked){s, sct};
    if (sct->verified != STATUS_OK) {
        audit_report_bad_sct(sct, s->is_json);
        say_no(s);
        return STATUS_OK;
    }
    struct follower_check check = {.name = sct->name, .timestamp_ms = sct->timestamp_ms, .has_index = sct->has_index,
                                   .index = sct->index, .sct = builder_view(&sct->sct), .leaf = builder_view(&sct->leaf)};
    memcpy(check.leaf_hash, sct->leaf_hash, HASH_SIZE);
    return log_follower_check(s->followed[sct->log].follower, &check, on_answered, &s->asked[i], err);
}

static enum status start_all(struct session *s, struct error *err)
{
    s->followed = calloc(s->logs.count, sizeof *s->followed);
    s->asked = calloc(s->scts.count + 1, sizeof *s->asked);
    if (s->followed == NULL || s->asked == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < s->logs.count; i++)
        status = start_follower(s, i, err);
    for (size_t i = 0; status == STATUS_OK && i < s->scts.count; i++)
        status = ask(s, i, err);
    for (size_t i = 0; status == STATUS_OK && i < s->logs.count; i++)
        log_follower_start(s->followed[i].follower);
    return status;
}

static enum status read_options(struct session *s, const struct options *options, struct error *err)
{
    uint64_t interval_ms = INTERVAL_DEFAULT_MS, parallel = 0, requests = 0;
    s->is_json = options_has(options, "json");
    s->is_following = options_has(options, "follow");
    if (s->is_following && options_has(options, "once"))
        return error_set(err, STATUS_USAGE, "--once or --follow, not both");
    enum status status = options_number(options, "interval-ms", INTERVAL_MAX_MS, &interval_ms, err);
    if (status == STATUS_OK)
        status = options_number(options, "parallel", PARALLEL_MAX, &parallel, err);
    if (status == STATUS_OK)
        status = options_number(options, "requests-per-s", REQUESTS_MAX, &requests, err);
    if (status == STATUS_OK && s->is_following && interval_ms == 0)
        return error_set(err, STATUS_USAGE, "--interval-ms: more than 0");
    s->options = (struct follower_options){.interval_ms = s->is_following ? interval_ms : 0,
                                           .parallel = (unsigned)parallel,
                                           .requests_per_s = (unsigned)requests,
                                           .is_heads_only = options_has(options, "heads-only"),
                                           .is_from_now = options_has(options, "from-now"),
                                           .is_retelling = true};
    return status;
}

static enum status prepare(struct session *s, const struct options *options, struct error *err)
{
    enum status status = read_options(s, options, err);
    if (status == STATUS_OK)
        status = algorithms_file_open(options_value(options, "algorithms"), &s->algorithms, err);
    if (status == STATUS_OK)
        status = audit_logs_load(options, s->algorithms, &s->logs, err);
    return status;
}

static enum status open_loop(struct session *s, struct error *err)
{
    enum status status = event_loop_new(&s->loop, err);
    if (status == STATUS_OK)
        status = curl_fetch_new(s->loop, &s->fetch, err);
    if (status == STATUS_OK)
        status = event_loop_signal(s->loop, SIGINT, on_signal, s, &s->signals[0], err);
    if (status == STATUS_OK)
        status = event_loop_signal(s->loop, SIGTERM, on_signal, s, &s->signals[1], err);
    return status;
}

static void close_session(struct session *s)
{
    for (size_t i = 0; s->followed != NULL && i < s->logs.count; i++)
        log_follower_free(s->followed[i].follower);
    free(s->followed);
    free(s->asked);
    event_signal_free(s->signals[0]);
    event_signal_free(s->signals[1]);
    curl_fetch_free(s->fetch);
    event_loop_free(s->loop);
    posix_object_store_close(s->state);
    posix_record_store_close(s->lock);
    audit_scts_clear(&s->scts);
    audit_logs_clear(&s->logs);
    algorithms_free(s->algorithms);
}

static int run(const struct options *options)
{
    struct session s = {.clock = posix_clock()};
    struct error err = {.status = STATUS_OK};
    enum role role = ROLE_NEEDED;
    enum status status = prepare(&s, options, &err);
    if (status == STATUS_OK) {
        role = ROLE_OBJECT;
        status = audit_scts_load(options, &s.logs, s.algorithms, s.clock.now_ms(s.clock.context) / 1000, &s.scts, &err);
    }
    if (status == STATUS_OK) {
        role = ROLE_STATE;
        status = open_state(&s, options, &err);
    }
    if (status == STATUS_OK)
        status = open_loop(&s, &err);
    if (status == STATUS_OK)
        status = start_all(&s, &err);
    if (status == STATUS_OK)
        event_loop_run(s.loop);
    else
        s.exit_status = output_failure(role, &err);
    close_session(&s);
    return s.exit_status;
}

static const struct option_row rows[] = {
    {.name = "log-list", .metavar = "FILE", .help = "logs of a list: schema 3 with the GM fields", .is_repeatable = true},
    {.name = "log", .metavar = "\"KIND URL KEY\"", .help = "one log: rfc6962, static-ct with its key; mtc with the CA's certificate",
     .is_repeatable = true},
    {.name = "mmd", .metavar = "SECONDS", .help = "maximum merge delay of CT logs given by --log; 60 if not given"},
    {.name = "policy", .metavar = "FILE", .help = "cosigners of logs given by --log \"mtc ...\""},
    {.name = "minimum-index", .metavar = "N", .help = "entries before it may be pruned, and are left out"},
    {.name = "mirror", .metavar = "URL", .help = "also serves the log, and is compared with it", .is_repeatable = true},
    {.name = "cert", .metavar = "FILE", .help = "certificate whose SCTs are to be in the logs", .is_repeatable = true},
    {.name = "issuer", .metavar = "FILE", .help = "its issuer, unless that stands behind it in its file"},
    {.name = "sct", .metavar = "FILE", .help = "SCTs that came beside the certificate: a list, or an answer of add-chain",
     .is_repeatable = true},
    {.name = "fetched", .metavar = "FILE", .help = "what `cathaya fetch --json` has said: the server's SCTs", .is_repeatable = true},
    {.name = "state", .metavar = "DIR", .help = "keep here what is verified, and go on from it"},
    {.name = "evidence", .metavar = "DIR", .help = "keep evidence files here; DIR/evidence of --state if not given"},
    {.name = "once", .help = "one round, which is the default"},
    {.name = "follow", .help = "go on until a signal comes"},
    {.name = "interval-ms", .metavar = "N", .help = "between rounds; 10000 if not given"},
    {.name = "heads-only", .help = "no entries: tree heads and proofs alone"},
    {.name = "from-now", .help = "without a state begin at the head, for tiled logs"},
    {.name = "parallel", .metavar = "N", .help = "requests at once to one log; 6 if not given"},
    {.name = "requests-per-s", .metavar = "N", .help = "requests to one log in a second; 50 if not given"},
    {.name = "ca-file", .metavar = "FILE", .help = "what the logs' HTTPS certificates chain to, instead of the system's"},
    {.name = "json", .help = "a JSON object for each finding, log and SCT"},
    {.name = NULL},
};

const struct command command_audit = {
    .name = "audit",
    .arguments = "",
    .summary = "do logs keep their promises",
    .details = "Follows each log up to its head and verifies signatures, consistency, entries, times, landmarks and\n"
               "mirrors; looks whether SCTs are in the logs, and how long that took. A URL may be file:DIRECTORY, of\n"
               "a tiled log's objects. Exit status 0: all is well; 1: something is wrong; 3: a log did not answer.\n",
    .options = rows,
    .argument_min = 0,
    .argument_max = 0,
    .run = run,
};

/* cathaya trust update - new landmarks, from the logs themselves, with everything verified; or a signed bundle. */
#include <signal.h>

#include "adapters/event_loop/event_loop.h"
#include "adapters/http_client/curl_fetch.h"
#include "adapters/posix/posix_clock.h"
#include "algorithms_file.h"
#include "command.h"
#include "output.h"
#include "trust/trust_held.h"
#include "trust/trust_round.h"
#include "trust/trust_take.h"

/* A day: landmarks come hourly at most, in days at least. */
#define WATCH_MAX_S 86400

struct session {
    struct event_loop *loop;
    struct curl_fetch *fetch;
    struct event_signal *signals[2];
    struct timer_port timers;
    struct algorithms *algorithms;
    struct trust_round_settings settings;
    struct trust_take_settings take_settings;
    bool is_taking; /* signed bundles; otherwise the logs are asked */
    struct builder url; /* with a NUL; "": none */
    struct trust_round *round;
    struct trust_take *take;
    uint64_t watch_s; /* 0: once */
    uint64_t timer;
    bool is_stopping;
    int exit_status;
};

static void begin(void *cookie);

/* A round is not freed from within its own call. */
static void end_round(void *cookie)
{
    struct session *s = cookie;
    trust_round_free(s->round);
    trust_take_free(s->take);
    s->round = NULL;
    s->take = NULL;
    if (s->watch_s == 0 || s->is_stopping)
        event_loop_stop(s->loop);
    else
        s->timer = s->timers.start(s->timers.context, s->watch_s * 1000, begin, s);
}

static void on_done(void *cookie, int exit_status)
{
    struct session *s = cookie;
    s->exit_status = exit_status;
    (void)s->timers.start(s->timers.context, 0, end_round, s);
}

static void begin(void *cookie)
{
    struct session *s = cookie;
    struct error err = {.status = STATUS_OK};
    s->timer = 0;
    enum status status = s->is_taking ? trust_take_start(&s->take_settings, on_done, s, &s->take, &err)
                                                         : trust_round_start(&s->settings, on_done, s, &s->round, &err);
    if (status == STATUS_OK)
        return;
    s->exit_status = output_failure(ROLE_NEEDED, &err);
    end_round(s);
}

static void on_signal(void *cookie, int number)
{
    struct session *s = cookie;
    (void)number;
    s->is_stopping = true;
    event_loop_stop(s->loop);
}

/* --bundle and --url say it; otherwise the directory's own URL, unless the logs are to be asked. */
static enum status find_source(struct session *s, const struct options *options, struct error *err)
{
    const char *url = options_value(options, "url"), *bundle = options_value(options, "bundle");
    enum status status = STATUS_OK;
    if ((url != NULL) + (bundle != NULL) + options_has(options, "logs") > 1)
        return error_set(err, STATUS_USAGE, "--bundle, --url, --logs: one of them");
    if (url != NULL) {
        builder_text(&s->url, url);
        while (s->url.len > 0 && s->url.data[s->url.len - 1] == '/')
            s->url.len--;
        builder_u8(&s->url, 0);
        status = builder_status(&s->url, "--url", err);
    } else if (bundle == NULL && !options_has(options, "logs")) {
        status = trust_held_read_url(s->settings.dir, &s->url, err);
    }
    s->take_settings.source = bundle;
    if (s->url.len > 1)
        s->take_settings.url = (const char *)s->url.data;
    s->is_taking = bundle != NULL || s->url.len > 1;
    return status;
}

static enum status start(struct session *s, const struct options *options, struct error *err)
{
    enum status status = algorithms_file_open(options_value(options, "algorithms"), &s->algorithms, err);
    if (status == STATUS_OK)
        status = event_loop_new(&s->loop, err);
    if (status == STATUS_OK)
        status = curl_fetch_new(s->loop, &s->fetch, err);
    if (status == STATUS_OK)
        status = event_loop_signal(s->loop, SIGTERM, on_signal, s, &s->signals[0], err);
    if (status == STATUS_OK)
        status = event_loop_signal(s->loop, SIGINT, on_signal, s, &s->signals[1], err);
    if (status != STATUS_OK)
        return status;
    s->timers = event_loop_timers(s->loop);
    s->settings.algorithms = s->algorithms;
    s->settings.ports = (struct landmark_update_ports){curl_fetch_port(s->fetch), posix_clock()};
    s->take_settings = (struct trust_take_settings){.dir = s->settings.dir, .ca_file = s->settings.ca_file, .algorithms = s->algorithms,
                                                    .fetch = s->settings.ports.fetch, .clock = s->settings.ports.clock,
                                                    .is_json = s->settings.is_json};
    return find_source(s, options, err);
}

/* What is under way ends first: its callbacks use the round. */
static void stop(struct session *s)
{
    if (s->timer != 0)
        s->timers.cancel(s->timers.context, s->timer);
    if (s->fetch != NULL)
        curl_fetch_stop(s->fetch);
    trust_round_free(s->round);
    trust_take_free(s->take);
    curl_fetch_free(s->fetch);
    event_signal_free(s->signals[0]);
    event_signal_free(s->signals[1]);
    event_loop_free(s->loop);
    algorithms_free(s->algorithms);
    builder_clear(&s->url);
}

static int run(const struct options *options)
{
    struct session s = {.exit_status = EXIT_YES,
                        .settings = {.dir = options_value(options, "dir"), .ca_file = options_value(options, "ca-file"),
                                     .is_json = options_has(options, "json")}};
    struct error err = {.status = STATUS_OK};
    builder_init(&s.url, TRUST_HELD_URL_MAX + 1);
    enum status status = options_number(options, "watch", WATCH_MAX_S, &s.watch_s, &err);
    if (status == STATUS_OK)
        status = start(&s, options, &err);
    if (status == STATUS_OK) {
        begin(&s);
        event_loop_run(s.loop);
    } else {
        s.exit_status = output_failure(ROLE_NEEDED, &err);
    }
    stop(&s);
    return s.exit_status;
}

static const struct option_row rows[] = {
    {.name = "dir", .metavar = "DIR", .is_required = true, .help = "trust directory"},
    {.name = "bundle", .metavar = "FILE|URL", .help = "take this signed bundle, or this delta to what is held"},
    {.name = "url", .metavar = "URL", .help = "take the newest signed bundle from this distributor; the URL that `trust import --bundle-url` has put down"},
    {.name = "logs", .help = "ask the logs, also where the directory has a distributor"},
    {.name = "ca-file", .metavar = "FILE", .help = "certificates that https servers have to chain to; the system's"},
    {.name = "watch", .metavar = "SECONDS", .help = "again and again, with so long in between, until SIGTERM"},
    {.name = "json", .help = "one JSON object per log, or for the bundle"},
    {.name = NULL},
};

const struct command command_trust_update = {
    .name = "trust update",
    .arguments = "",
    .summary = "take new landmarks from the logs, or a signed bundle, verified",
    .details = "Where the directory has a distributor: asks what is newest, takes the delta from what is held, or what has new keys and then\n"
               "the whole bundle, and compares the log of versions. Otherwise, and with --logs: asks every log of every Merkle Tree CA that was imported with a URL. Exit status 1: a log says what it must not\n"
               "(what is held stays, and evidence is kept in DIR/evidence); 3: a log could not be reached.\n"
               "Signed bundles: exit status 1 when it is not signed by the keys in force, older than what is held, expired, not in the\n"
               "log of versions, or contradicts what is held.\n",
    .options = rows,
    .run = run,
};

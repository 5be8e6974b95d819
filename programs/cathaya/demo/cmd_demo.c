#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "algorithms_file.h"
#include "command.h"
#include "demo/demo.h"
#include "demo/demo_live.h"
#include "demo/demo_state.h"
#include "output.h"

/* The landmark of the table: a million entries. */
#define LANDMARK_ENTRIES ((uint64_t)1 << 20)

static const struct option_row rows[] = {
    {.name = "stay", .help = "keep the services running until SIGTERM; DIR/demo.json says where everything is"},
    {.name = "state", .metavar = "DIR", .help = "keep everything in DIR (new or empty); a temporary one when absent"},
    {.name = "http01-port", .metavar = "N", .help = "where names below demo.test are validated on 127.0.0.1; a free one when absent"},
    {.name = "entries", .metavar = "N", .help = "size of each big log at its landmark; 1048576 when absent, no such logs with --stay"},
    {.name = "no-services", .help = "the big logs and their table alone"},
    {.name = "json", .help = "print JSON, one object a line"},
    {.name = NULL},
};

struct wishes {
    uint64_t entries; /* 0: no big logs */
    uint64_t http01_port;
    bool is_staying, has_services, is_json;
};

static enum status read_options(const struct options *options, struct wishes *w, struct error *err)
{
    *w = (struct wishes){.is_staying = options_has(options, "stay"),
                         .has_services = !options_has(options, "no-services"),
                         .is_json = options_has(options, "json")};
    bool has_entries = options_value(options, "entries") != NULL;
    w->entries = w->is_staying ? 0 : LANDMARK_ENTRIES;
    enum status s = options_number(options, "entries", (uint64_t)1 << 32, &w->entries, err);
    if (s == STATUS_OK)
        s = options_number(options, "http01-port", 65535, &w->http01_port, err);
    if (s == STATUS_OK && (has_entries || !w->is_staying) && w->entries < 1024)
        s = error_set(err, STATUS_USAGE, "--entries: 1024 at least");
    if (s == STATUS_OK && options_value(options, "http01-port") != NULL && w->http01_port == 0)
        s = error_set(err, STATUS_USAGE, "--http01-port: 1 to 65535");
    if (s == STATUS_OK && w->is_staying && !w->has_services)
        s = error_set(err, STATUS_USAGE, "--stay: keeps the services running, which --no-services leaves out");
    return s;
}

static int run_in(const struct wishes *w, const char *state, const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct algorithms *algorithms = NULL;
    struct demo_live live = {.state = state, .entries = w->entries, .http01_port = (uint16_t)w->http01_port,
                             .is_staying = w->is_staying, .is_json = w->is_json,
                             .algorithms_file = options_value(options, "algorithms")};
    int exit_status;
    enum status s = algorithms_file_open(live.algorithms_file, &algorithms, &err);
    if (s != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    else if (w->has_services)
        exit_status = demo_live_run(&live, algorithms);
    else
        exit_status = demo_measure(state, algorithms, w->entries, w->is_json);
    output_progress_end();
    algorithms_free(algorithms);
    return exit_status;
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct demo_state state;
    struct wishes wishes;
    enum status s = read_options(options, &wishes, &err);
    if (s == STATUS_OK)
        s = demo_state_open(&state, options_value(options, "state"), &err);
    if (s != STATUS_OK)
        return output_failure(ROLE_STATE, &err);
    int exit_status = run_in(&wishes, state.path, options);
    demo_state_close(&state);
    return exit_status;
}

const struct command command_demo = {
    .name = "demo",
    .arguments = "",
    .summary = "the whole ecosystem on loopback, and a table of what happened",
    .details = "CAs and mirrors run as services, acme-tiny and our own ACME client get certificates, relying parties\n"
               "judge them; then two big logs: real keys, requests, durable logs and TLS handshakes in memory.\n"
               "certs: bytes of the certificates that a server sends; flight: bytes from ServerHello to Finished;\n"
               "verify: a client's work on the certificates; faster: against classic. All measured in the run.\n",
    .options = rows,
    .run = run,
};

#include "demo/demo_live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo/demo_world.h"
#include "output.h"

/* Filling two logs with a million entries each, on a slow disk. */
#define MEASURE_S 1800
/* Until somebody ends it. */
#define STAY_S 0x7fffffffU

struct running {
    const struct demo_live *live;
    struct demo_world *w;
    struct demo_process *measurement;
    size_t wrong_count;
    bool is_complete; /* all that was to be done was done */
};

static enum status check_programs(struct error *err)
{
    static const char *const names[] = {"pebble-challtestsrv", "acme-tiny", "openssl"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!demo_processes_find(names[i]))
            return error_set(err, STATUS_IO, "%s is not installed; `make demo` installs what the demo needs (scripts/get-packages demo)",
                             names[i]);
    return STATUS_OK;
}

/* ---- open and close ---- */

static enum status make_folders(struct demo_world *w, char logs[DEMO_PATH_SIZE], struct error *err)
{
    static const char *const names[] = {"", "logs"};
    for (size_t i = 0; i < 2; i++) {
        enum status s = demo_path(w, logs, err, "%s", names[i]);
        if (s != STATUS_OK)
            return s;
        if (mkdir(logs, 0755) != 0)
            return error_set(err, errno == EEXIST ? STATUS_USAGE : STATUS_IO, "%s: %s", logs,
                             errno == EEXIST ? "is there already; --state wants a new or empty directory" : strerror(errno));
    }
    return STATUS_OK;
}

static enum status open_world(struct running *r, struct algorithms *algorithms, struct error *err)
{
    struct demo_world *w = r->w;
    char logs[DEMO_PATH_SIZE];
    char *real = realpath(r->live->state, NULL);
    w->algorithms = algorithms;
    w->is_json = r->live->is_json;
    w->http01_port = r->live->http01_port;
    enum status s = real == NULL ? error_set(err, STATUS_IO, "%s: %s", r->live->state, strerror(errno))
                    : strlen(real) > DEMO_STATE_PATH_MAX
                        ? error_set(err, STATUS_USAGE, "%.80s...: path too long", real)
                        : check_programs(err);
    (void)snprintf(w->state, sizeof w->state, "%s", real != NULL ? real : "");
    free(real);
    if (s == STATUS_OK)
        s = make_folders(w, logs, err);
    if (s == STATUS_OK)
        s = event_loop_new(&w->loop, err);
    if (s == STATUS_OK)
        s = demo_processes_open(&w->processes, w->loop, logs, err);
    if (s == STATUS_OK)
        s = curl_fetch_new(w->loop, &w->fetch, err);
    if (s == STATUS_OK && w->http01_port == 0)
        s = demo_port(&w->http01_port, err);
    return s;
}

static void close_world(struct demo_world *w)
{
    char path[DEMO_PATH_SIZE + 16];
    (void)snprintf(path, sizeof path, "%s/demo.json", w->state);
    (void)unlink(path); /* nobody is there any more */
    demo_processes_end(&w->processes);
    demo_http01_stop(w);
    demo_gateway_stop(w);
    demo_trust_stop(w);
    curl_fetch_free(w->fetch);
    event_loop_free(w->loop);
    log_list_clear(&w->ctlogs);
    for (size_t i = 0; i < DEMO_MIRRORS; i++) {
        builder_clear(&w->mirrors[i].vkey_text);
        vkey_clear(&w->mirrors[i].vkey);
    }
}

/* ---- the big logs, in a process of their own ---- */

/* They come last, so that nothing else is slowed down by them. */
static enum status start_measurement(struct running *r, struct error *err)
{
    char entries[24];
    const char *arguments[DEMO_ARGUMENTS_MAX] = {"cathaya", "demo", "--no-services", "--state", r->w->state, "--entries", entries};
    size_t count = 7;
    if (r->live->entries == 0)
        return STATUS_OK;
    (void)snprintf(entries, sizeof entries, "%llu", (unsigned long long)r->live->entries);
    if (r->live->is_json)
        arguments[count++] = "--json";
    if (r->live->algorithms_file != NULL) {
        arguments[count++] = "--algorithms";
        arguments[count++] = r->live->algorithms_file;
    }
    demo_say(r->w, "%s", "");
    demo_say(r->w, "filling:  two big logs of %s entries", entries);
    return demo_processes_start(&r->w->processes, "big-logs", arguments, NULL, &r->measurement, err);
}

/* Its output is ours, byte by byte: it has gone through output_line already. */
static enum status measure(struct running *r, struct error *err)
{
    enum status s = start_measurement(r, err);
    if (s != STATUS_OK || r->measurement == NULL)
        return s;
    s = demo_process_finish(r->measurement, MEASURE_S, err);
    (void)fwrite(r->measurement->output.data, 1, r->measurement->output.len, stdout);
    (void)fflush(stdout);
    return s;
}

/* ---- what happens ---- */

static enum status use_services(struct running *r, struct error *err)
{
    struct demo_world *w = r->w;
    enum status s = demo_http01_start(w, err);
    if (s == STATUS_OK)
        demo_say(w, "asking:   acme-tiny for 4 certificates, then our own client for 4, and for their landmark-relative ones");
    if (s == STATUS_OK)
        s = demo_acme_tiny_run(w, err);
    if (s == STATUS_OK)
        s = demo_acme_run(w, err);
    if (s == STATUS_OK)
        s = demo_relying_run(w, &r->wrong_count, err);
    if (s == STATUS_OK)
        s = demo_visit_run(w, &r->wrong_count, err);
    if (s == STATUS_OK)
        s = demo_judge_run(w, &r->wrong_count, err);
    if (s == STATUS_OK)
        s = demo_logs_look(w, err);
    if (s == STATUS_OK)
        s = demo_monitor_run(w, err);
    demo_http01_stop(w);
    if (s == STATUS_OK)
        demo_report(w);
    if (s == STATUS_OK && r->wrong_count > 0)
        s = error_set(err, STATUS_REFUSED, "%zu verdicts were wrong", r->wrong_count);
    return s;
}

static bool is_never(void *context)
{
    (void)context;
    return false;
}

static enum status stay(struct running *r, struct error *err)
{
    enum status s = demo_trust_watch(r->w, err);
    if (s == STATUS_OK)
        s = demo_json_write(r->w, err);
    if (s != STATUS_OK)
        return s;
    demo_say(r->w, "%s", "");
    demo_say(r->w, "ready:    %s/demo.json says where everything is; SIGTERM or Ctrl-C ends it", r->w->state);
    demo_say(r->w, "          the gateway serves https://%s at 127.0.0.1:%u; clients trust %s", DEMO_SITE, r->w->gateway_port, r->w->trust);
    demo_say(r->w, "          names below demo.test are validated on 127.0.0.1, http-01 at port %u", r->w->http01_port);
    s = demo_processes_wait(&r->w->processes, is_never, NULL, STAY_S, "demo", err);
    return s == STATUS_AGAIN ? STATUS_OK : s;
}

static enum status run_all(struct running *r, struct error *err)
{
    enum status s = demo_setup(r->w, err);
    if (s == STATUS_OK)
        s = demo_services_start(r->w, err);
    if (s == STATUS_OK)
        s = use_services(r, err);
    if (s == STATUS_OK)
        s = measure(r, err);
    return s == STATUS_OK && r->live->is_staying ? stay(r, err) : s;
}

int demo_live_run(const struct demo_live *live, struct algorithms *algorithms)
{
    struct error err = {.status = STATUS_OK};
    struct running r = {.live = live, .w = calloc(1, sizeof *r.w)};
    if (r.w == NULL)
        return EXIT_SURROUNDINGS;
    enum status s = open_world(&r, algorithms, &err);
    bool is_open = s == STATUS_OK;
    if (is_open)
        s = run_all(&r, &err);
    close_world(r.w);
    free(r.w);
    if (s == STATUS_OK)
        return EXIT_YES;
    int exit_status = output_failure(is_open ? ROLE_OBJECT : ROLE_STATE, &err);
    return s == STATUS_AGAIN ? EXIT_SURROUNDINGS : exit_status;
}

#include "mirror/mirror_landmarks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapters/http_client/curl_fetch.h"
#include "codec/landmarks/landmarks.h"
#include "mirror/mirror_logs.h"

#define FETCH_MS 10000
#define URL_SIZE (MIRROR_CONFIG_PATH_MAX + 32)

struct mirror_landmarks {
    const struct mirror_config_file *config;
    struct timer_port timers;
    struct curl_fetch *fetch;
    struct mirror *mirror;
    struct events_port events;
    uint64_t timer;
};

/* One fetch. */
struct asking {
    struct mirror_landmarks *landmarks;
    char origin[MIRROR_ORIGIN_MAX + 1];
    char url[URL_SIZE];
};

enum status mirror_landmarks_new(const struct mirror_config_file *config, struct event_loop *loop, struct mirror *mirror,
                                 const struct events_port *events, struct mirror_landmarks **out, struct error *err)
{
    *out = NULL;
    struct mirror_landmarks *m = calloc(1, sizeof *m);
    if (m == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *m = (struct mirror_landmarks){
        .config = config, .timers = event_loop_timers(loop), .mirror = mirror, .events = *events};
    enum status s = curl_fetch_new(loop, &m->fetch, err);
    if (s != STATUS_OK) {
        free(m);
        return s;
    }
    *out = m;
    return STATUS_OK;
}

static void tell(const struct asking *a, const char *reason)
{
    events_report(&a->landmarks->events, EVENT_WARNING, "landmarks-not-fetched", {"url", a->url}, {"reason", reason});
}

static void fetched(void *cookie, const struct fetch_response *response)
{
    struct asking *a = cookie;
    struct error err = {.text = ""};
    char text[32];
    (void)snprintf(text, sizeof text, "status %d", response->status);
    /* A log without landmarks yet is nothing to tell of. */
    if (response->failure != FETCH_NO_FAILURE && response->failure != FETCH_STOPPED)
        tell(a, response->failure_text);
    else if (response->failure == FETCH_NO_FAILURE && response->status != 200 && response->status != 404)
        tell(a, text);
    else if (response->status == 200 && response->is_cut)
        tell(a, "longer than a landmarks document can be");
    else if (response->status == 200 &&
             mirror_take_landmarks(a->landmarks->mirror, bytes_of_text(a->origin), response->body, &err) != STATUS_OK)
        tell(a, err.text);
    free(a);
}

static void ask(struct mirror_landmarks *m, const struct mirror_config_ca *ca, uint64_t number)
{
    struct error err = {.text = ""};
    struct asking *a = calloc(1, sizeof *a);
    if (a == NULL)
        return;
    a->landmarks = m;
    mirror_logs_ca_origin(ca, number, a->origin);
    (void)snprintf(a->url, sizeof a->url, "%s/%" PRIu64 "/landmarks", ca->prefix_url, number);
    struct fetch_request request = {.method = "GET",
                                    .url = a->url,
                                    .ca_file = ca->ca_file[0] != '\0' ? ca->ca_file : NULL,
                                    .timeout_ms = FETCH_MS,
                                    .response_max = LANDMARKS_SIZE_MAX};
    struct fetch_port port = curl_fetch_port(m->fetch);
    enum status s = port.start(port.context, &request, fetched, a, &err);
    if (s != STATUS_OK) {
        tell(a, err.text);
        free(a);
    }
}

static void ask_all(void *context)
{
    struct mirror_landmarks *m = context;
    for (size_t i = 0; i < m->config->ca_count; i++) {
        const struct mirror_config_ca *ca = &m->config->cas[i];
        uint64_t newest = ca->prefix_url[0] != '\0' ? mirror_logs_newest_used(m->mirror, ca) : 0;
        /* A log that was closed keeps its landmarks until they have expired; before that there was another one, at most. */
        if (newest > 1)
            ask(m, ca, newest - 1);
        if (newest > 0)
            ask(m, ca, newest);
    }
    m->timer = m->timers.start(m->timers.context, m->config->landmark_interval_ms, ask_all, m);
}

void mirror_landmarks_run(struct mirror_landmarks *landmarks)
{
    ask_all(landmarks);
}

void mirror_landmarks_stop(struct mirror_landmarks *landmarks)
{
    landmarks->timers.cancel(landmarks->timers.context, landmarks->timer);
    landmarks->timer = 0;
    curl_fetch_stop(landmarks->fetch);
}

void mirror_landmarks_free(struct mirror_landmarks *landmarks)
{
    if (landmarks == NULL)
        return;
    curl_fetch_free(landmarks->fetch);
    free(landmarks);
}

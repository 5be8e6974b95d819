#include "adapters/http_client/curl_loop.h"

#include <stdlib.h>

/* A socket of libcurl's that the loop watches. */
struct watched {
    struct curl_loop *curl;
    curl_socket_t fd;
    struct event_watch *watch;
};

static void take_messages(struct curl_loop *l)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(l->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        /* The message is libcurl's and goes with the handle. */
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        l->done(easy, code);
    }
}

static void act(struct curl_loop *l, curl_socket_t fd, int events)
{
    int running;
    (void)curl_multi_socket_action(l->multi, fd, events, &running);
    take_messages(l);
}

static void on_event(void *cookie, unsigned events)
{
    struct watched *watched = cookie; /* gone when libcurl closes the socket in here */
    int flags = 0;
    if (events & EVENT_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & EVENT_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    if (events & EVENT_FAILED)
        flags |= CURL_CSELECT_ERR;
    act(watched->curl, watched->fd, flags);
}

static void on_timer(void *cookie)
{
    struct curl_loop *l = cookie;
    l->timer = 0;
    act(l, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *cookie)
{
    (void)multi;
    struct curl_loop *l = cookie;
    l->timers.cancel(l->timers.context, l->timer);
    l->timer = 0;
    if (timeout_ms >= 0)
        l->timer = l->timers.start(l->timers.context, (uint64_t)timeout_ms, on_timer, l);
    return 0;
}

static void unwatch(struct curl_loop *l, struct watched *watched, curl_socket_t fd)
{
    if (watched == NULL)
        return;
    (void)curl_multi_assign(l->multi, fd, NULL);
    event_watch_free(watched->watch);
    free(watched);
}

/* A socket that cannot be watched makes its fetch run into the time limit; a failure here would end
 * all the others. */
static void watch(struct curl_loop *l, struct watched *watched, curl_socket_t fd, unsigned events)
{
    if (watched != NULL) {
        event_watch_change(watched->watch, events);
        return;
    }
    watched = calloc(1, sizeof *watched);
    if (watched == NULL)
        return;
    watched->curl = l;
    watched->fd = fd;
    if (event_loop_watch(l->loop, fd, events, on_event, watched, &watched->watch, NULL)
        != STATUS_OK) {
        free(watched);
        return;
    }
    (void)curl_multi_assign(l->multi, fd, watched);
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *cookie, void *assigned)
{
    (void)easy;
    struct curl_loop *l = cookie;
    if (what == CURL_POLL_REMOVE)
        unwatch(l, assigned, fd);
    else
        watch(l, assigned, fd,
              ((what & CURL_POLL_IN) ? EVENT_READABLE : 0)
                  | ((what & CURL_POLL_OUT) ? EVENT_WRITABLE : 0));
    return 0;
}

bool curl_loop_init(struct curl_loop *l, struct event_loop *loop, long idle_max,
                    void (*done)(CURL *easy, CURLcode code))
{
    *l = (struct curl_loop){.loop = loop,
                            .timers = event_loop_timers(loop),
                            .multi = curl_multi_init(),
                            .done = done};
    return l->multi != NULL
           && curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted) == CURLM_OK
           && curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l) == CURLM_OK
           && curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) == CURLM_OK
           && curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l) == CURLM_OK
           && curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, idle_max) == CURLM_OK;
}

void curl_loop_clear(struct curl_loop *l)
{
    (void)curl_multi_cleanup(l->multi);
    l->timers.cancel(l->timers.context, l->timer);
}

/* curl_loop.h - libcurl's multi interface on the event loop: its sockets are watched, its timer runs.
 * Inside adapters/http_client. */
#ifndef CATHAYA_ADAPTERS_HTTP_CLIENT_CURL_LOOP_H
#define CATHAYA_ADAPTERS_HTTP_CLIENT_CURL_LOOP_H

#include <curl/curl.h>

#include "adapters/event_loop/event_loop.h"

struct curl_loop {
    struct event_loop *loop;
    struct timer_port timers;
    CURLM *multi; /* transfers are added and removed by whoever owns this */
    uint64_t timer;
    void (*done)(CURL *easy, CURLcode code);
};

/* curl_loop_init borrows loop; done is called for each transfer that ends, and removes it from multi.
 * False when libcurl cannot start; clear has to follow in any case. */
MUST_USE bool curl_loop_init(struct curl_loop *l, struct event_loop *loop, long idle_max,
                             void (*done)(CURL *easy, CURLcode code));
/* curl_loop_clear closes the connections; no transfer is left. Not from within done. */
void curl_loop_clear(struct curl_loop *l);

#endif

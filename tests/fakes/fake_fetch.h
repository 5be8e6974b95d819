/* fake_fetch.h - a web whose pages the test writes, by URL and, where it matters, by the address that was
 * connected to. Nobody is at home anywhere else: FETCH_CONNECT. It ends the program when a caller asks for
 * what is no URL, or with no time or room for the answer. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_FETCH_H
#define CATHAYA_TESTS_FAKES_FAKE_FETCH_H

#include "fakes/fake_timer.h"
#include "ports/fetch.h"

struct fake_fetch;

struct fake_fetch *fake_fetch_new(struct fake_timer *timer);
/* fake_fetch_free answers who still waits with FETCH_STOPPED; no timer may run afterwards. */
void fake_fetch_free(struct fake_fetch *f);
struct fetch_port fake_fetch_port(struct fake_fetch *f);

/* fake_fetch_page: what this URL answers, until it is set again. address, location: NULL for any, none. */
void fake_fetch_page(struct fake_fetch *f, const char *url, const char *address, int status,
                     const char *body, const char *location);
/* fake_fetch_fail: asking this URL fails. FETCH_TIMEOUT comes after the request's time. */
void fake_fetch_fail(struct fake_fetch *f, const char *url, const char *address, enum fetch_failure failure);
/* fake_fetch_mute: never an answer, against the contract. */
void fake_fetch_mute(struct fake_fetch *f, const char *url);
/* fake_fetch_serve answers all other URLs by calling serve, which may keep the token and answer by
 * fake_fetch_answer later. The request is borrowed for the call. */
typedef void fake_fetch_serve_function(void *context, const struct fetch_request *request, void *token);
void fake_fetch_serve(struct fake_fetch *f, fake_fetch_serve_function *serve, void *context);
void fake_fetch_answer(struct fake_fetch *f, void *token, int status, const char *content_type,
                       struct bytes body);
/* fake_fetch_retry_after: the header of the answer that will be given for the token. */
void fake_fetch_retry_after(void *token, const char *value);
/* fake_fetch_refuse: start says STATUS_LIMIT. */
void fake_fetch_refuse(struct fake_fetch *f, bool is_refusing);
void fake_fetch_clear(struct fake_fetch *f);

/* fake_fetch_log is one line "METHOD URL ADDRESS[ any-certificate]" per request so far. */
const char *fake_fetch_log(const struct fake_fetch *f);

#endif

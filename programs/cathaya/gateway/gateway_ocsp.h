/* gateway_ocsp.h - OCSP responses for the classic certificates whose CA has a responder: asked for in time, kept while
 * they are current, stapled [RFC6066 8]. Without one a handshake goes on without: nothing is refused for it. */
#ifndef CATHAYA_PROGRAM_GATEWAY_OCSP_H
#define CATHAYA_PROGRAM_GATEWAY_OCSP_H

#include "gateway/gateway_deploy.h"
#include "ports/clock.h"
#include "ports/fetch.h"
#include "ports/timer.h"

struct gateway_ocsp;

struct gateway_ocsp_ports {
    struct gateway_deploy *deploy;
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct events_port *events;
};

MUST_USE enum status gateway_ocsp_new(const struct gateway_ocsp_ports *ports, struct gateway_ocsp **out,
                                      struct error *err);

/* gateway_ocsp_free: fetch and timer call nothing any more. NULL is fine. */
void gateway_ocsp_free(struct gateway_ocsp *ocsp);

/* gateway_ocsp_look goes through all credentials: staples what is there, asks for what is due. By itself it does so every
 * GATEWAY_OCSP_LOOK_MS. */
#define GATEWAY_OCSP_LOOK_MS 30000
void gateway_ocsp_look(struct gateway_ocsp *ocsp);

/* gateway_ocsp_look_site does so for one site alone, whose credentials are new. */
void gateway_ocsp_look_site(struct gateway_ocsp *ocsp, const char *title);

#endif

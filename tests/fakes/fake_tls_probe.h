/* fake_tls_probe.h - one TLS server, whose certificate the test sets; everybody else is not at home. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_TLS_PROBE_H
#define CATHAYA_TESTS_FAKES_FAKE_TLS_PROBE_H

#include "fakes/fake_timer.h"
#include "ports/tls_probe.h"

struct fake_tls_probe {
    struct fake_timer *timer;
    /* What is there; borrowed. */
    const char *address; /* NULL: any */
    const char *failure; /* of the handshake; NULL: none */
    bool has_alpn, is_refusing;
    struct bytes certificate;
    /* What was asked. */
    char asked_address[64], asked_name[256], asked_alpn[32];
    uint16_t asked_port;
    unsigned asked_count;
};

struct tls_probe_port fake_tls_probe_port(struct fake_tls_probe *p);

#endif

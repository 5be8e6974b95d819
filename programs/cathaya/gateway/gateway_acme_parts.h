/* gateway_acme_parts.h - what the files of gateway_acme share. */
#ifndef CATHAYA_PROGRAM_GATEWAY_ACME_PARTS_H
#define CATHAYA_PROGRAM_GATEWAY_ACME_PARTS_H

#include "gateway/gateway_acme.h"
#include "service/acme_client/acme_client.h"

struct acme_issuer {
    struct gateway_acme *acme;
    const struct gateway_issuer *config;
    struct private_key *key; /* of the account */
    struct builder eab_key;
    struct acme_client *client;
};

struct gateway_acme {
    struct gateway_acme_ports ports;
    struct acme_issuer issuers[GATEWAY_ISSUERS_MAX];
    struct site_issuer ports_of_sites[GATEWAY_ISSUERS_MAX];
    size_t count;
    size_t operation_count; /* under way */
};

/* gateway_challenge_name is "http-01", "tls-alpn-01" or "dns-01". */
const char *gateway_challenge_name(enum gateway_challenge challenge);

/* The solver of an issuer's client; its context is the issuer. (gateway_solver.c) */
void gateway_acme_provision(void *solver, const struct acme_client_challenge *challenge, acme_client_provisioned *done,
                            void *cookie);
void gateway_acme_clean(void *solver, const struct acme_client_challenge *challenge);

/* gateway_acme_port is an issuer as service/site_certificates wants it. (gateway_acme_port.c) */
struct site_acme_port gateway_acme_port(struct acme_issuer *issuer);

#endif

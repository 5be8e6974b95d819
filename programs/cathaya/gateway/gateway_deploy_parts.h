/* gateway_deploy_parts.h - the inside of gateway_deploy.c, for the file that makes states of it. */
#ifndef CATHAYA_PROGRAM_GATEWAY_DEPLOY_PARTS_H
#define CATHAYA_PROGRAM_GATEWAY_DEPLOY_PARTS_H

#include "gateway/gateway_deploy.h"

struct deployed_site {
    char title[256];
    struct tls_credential *credentials[TLS_SITE_CREDENTIALS_MAX];
    size_t count;
};

struct deploy_token {
    char *token, *key_authorization;
};

struct deploy_alpn {
    char *token, *name;
    struct tls_credential *credential;
    bool is_shown; /* one for each name: the first */
    gateway_deploy_done *done;
    void *cookie;
};

struct deploy_waiter {
    gateway_deploy_done *done;
    void *cookie;
};

struct gateway_deploy {
    struct events_port *events;
    struct event_hook *hook;
    struct proxy *proxy; /* NULL: not started, or stopped */
    const struct gateway_config *config;
    struct gateway_backends *backends;
    struct deployed_site *sites; /* as many as the configuration has */
    size_t site_count;
    struct deployed_site *left; /* of the configuration before, until the new one is settled */
    size_t left_count;
    struct deploy_token tokens[GATEWAY_CHALLENGES_MAX];
    size_t token_count;
    struct deploy_alpn alpns[GATEWAY_CHALLENGES_MAX]; /* in the order of their coming */
    size_t alpn_count;
    struct deploy_waiter *waiters; /* for the next state */
    size_t waiter_count;
    bool is_changed;
};

/* gateway_deploy_state makes a state of everything there is; it belongs to the caller. */
MUST_USE enum status gateway_deploy_state(const struct gateway_deploy *deploy, struct proxy_state **out,
                                          struct error *err);

#endif

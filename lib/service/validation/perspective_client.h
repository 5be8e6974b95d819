/* perspective_client.h - a remote perspective as a validator_port: asks over HTTP what perspective_json.h
 * says. Whatever is not an answer by the letter is a "serverInternal" problem: it corroborates nothing. */
#ifndef CATHAYA_SERVICE_VALIDATION_PERSPECTIVE_CLIENT_H
#define CATHAYA_SERVICE_VALIDATION_PERSPECTIVE_CLIENT_H

#include "ports/fetch.h"
#include "ports/validator.h"

/* 128 bits in hex and more; printable ASCII without blanks. */
#define PERSPECTIVE_SECRET_MIN 32
#define PERSPECTIVE_SECRET_MAX 256

/* perspective_secret_check: STATUS_USAGE when the text is not fit for a secret. */
MUST_USE enum status perspective_secret_check(const char *secret, struct error *err);

struct perspective_client_config {
    const char *url;     /* "https://fra.perspectives.example"; "/validate" is added */
    const char *secret;
    const char *ca_file; /* for https; NULL: the system's */
    uint32_t timeout_ms; /* 0: 60,000, more than a perspective takes itself */
    struct fetch_port fetch;
};

struct perspective_client;

/* perspective_client_new copies the texts. */
MUST_USE enum status perspective_client_new(const struct perspective_client_config *config,
                                            struct perspective_client **out, struct error *err);
/* perspective_client_free: no done is called any more; late answers free what is left. */
void perspective_client_free(struct perspective_client *c);

struct validator_port perspective_client_port(struct perspective_client *c);

#endif

/* control_client.h - a command that asks the running service something over its Unix socket, whose mode says who may. */
#ifndef CATHAYA_PROGRAM_SERVICE_CONTROL_CLIENT_H
#define CATHAYA_PROGRAM_SERVICE_CONTROL_CLIENT_H

#include <jansson.h>

#include "base/builder.h"

struct control_request {
    const char *socket;  /* its path */
    const char *service; /* "cathaya ca run", for the reason when nobody is there */
    const char *method, *path;
    const char *body;    /* JSON; NULL: none */
};

/* control_client_ask appends the answer's body, whatever its status; it blocks. STATUS_USAGE for a path too long for a
 * socket, STATUS_IO when nobody answers, STATUS_LIMIT beyond the builder. */
MUST_USE enum status control_client_ask(const struct control_request *request, struct builder *answer, struct error *err);

/* control_client_ask_json gives the answer as a value, which belongs to the caller. STATUS_IO also when it is no JSON. */
MUST_USE enum status control_client_ask_json(const struct control_request *request, json_t **out, struct error *err);

#endif

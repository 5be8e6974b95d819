/* gateway_ask.h - how the commands ask the running gateway over its socket. */
#ifndef CATHAYA_PROGRAM_GATEWAY_ASK_H
#define CATHAYA_PROGRAM_GATEWAY_ASK_H

#include <jansson.h>

#include "options.h"

/* gateway_ask posts a question (NULL: it is a GET) to the gateway of --config and gives its answer, which belongs to
 * the caller. STATUS_USAGE when the configuration is bad, STATUS_IO when nobody answers. */
MUST_USE enum status gateway_ask(const struct options *options, const char *path, const json_t *question, json_t **out,
                                 struct error *err);

#endif

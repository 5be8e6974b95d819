/* ctlog_admin.h - what the operator asks of a running service, over its Unix socket:
 *
 *   GET  /status              {"logs": [{"title", "origin", "suite", "state", "ready", "frozen", "size", "min_index",
 *                              "tree_head_ms", "tree_head_age_ms", "root", "pending", "roots", "index_size"}]}
 *   GET  /list                one log list of all logs (schema 3)
 *   POST /freeze {"log": T}   read-only for good; {"size", "root"}
 *
 * A refusal is {"error"}. Trust: the socket has mode 0600; whoever can open it is the operator.
 */
#ifndef CATHAYA_PROGRAM_CTLOG_CTLOG_ADMIN_H
#define CATHAYA_PROGRAM_CTLOG_CTLOG_ADMIN_H

#include "ctlog/ctlog_service.h"

/* ctlog_admin_handler is to be the route "/" of the socket; service is borrowed. */
struct http_handler ctlog_admin_handler(struct ctlog_service *service);

/* ctlog_admin_status is the object of /status: the caller's; NULL without memory. */
struct json_t *ctlog_admin_status(const struct ctlog_service *service);

#endif

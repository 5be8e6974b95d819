#include "gateway/gateway_ask.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/gateway_service.h"
#include "service/control_client.h"

enum status gateway_ask(const struct options *options, const char *path, const json_t *question, json_t **out,
                        struct error *err)
{
    struct gateway_config *config;
    char socket[GATEWAY_PATH_MAX + 16];
    enum status s = gateway_config_read(options_value(options, "config"), &config, err);
    if (s != STATUS_OK)
        return s;
    gateway_admin_socket(config, socket);
    gateway_config_free(config);
    char *body = question != NULL ? json_dumps(question, JSON_COMPACT) : NULL;
    struct control_request request = {.socket = socket, .service = "cathaya gateway run",
                                      .method = question != NULL ? "POST" : "GET", .path = path, .body = body};
    s = control_client_ask_json(&request, out, err);
    free(body);
    return s;
}

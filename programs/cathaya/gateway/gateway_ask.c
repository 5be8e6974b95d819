#include "gateway/gateway_ask.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/gateway_service.h"
#include "output.h"
#include "service/control_client.h"

/* Ten thousand rows of a few hundred bytes. */
#define ANSWER_MAX ((size_t)16 << 20)

enum status gateway_ask(const struct options *options, const char *path, const json_t *question, json_t **out,
                        struct error *err)
{
    struct gateway_config *config;
    struct builder answer;
    char socket[GATEWAY_PATH_MAX + 16];
    enum status s = gateway_config_read(options_value(options, "config"), &config, err);
    if (s != STATUS_OK)
        return s;
    gateway_admin_socket(config, socket);
    gateway_config_free(config);
    char *body = question != NULL ? json_dumps(question, JSON_COMPACT) : NULL;
    struct control_request request = {.socket = socket, .service = "cathaya gateway run",
                                      .method = question != NULL ? "POST" : "GET", .path = path, .body = body};
    builder_init(&answer, ANSWER_MAX);
    s = control_client_ask(&request, &answer, err);
    *out = s == STATUS_OK ? json_loadb((const char *)answer.data, answer.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (s == STATUS_OK && *out == NULL)
        s = error_set(err, STATUS_IO, "%s: the answer is no JSON", socket);
    builder_clear(&answer);
    free(body);
    return s;
}

void gateway_ask_print_lines(const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        output_line("%.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

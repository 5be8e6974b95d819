#include "service/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A query with the serial numbers of a whole CA. */
#define REQUEST_MAX ((size_t)17 * 1024 * 1024)
#define HEAD_MAX 16384
/* Ten thousand rows of a status, of a few hundred bytes each. */
#define JSON_MAX ((size_t)16 << 20)

static enum status open_socket(const struct control_request *request, int *fd, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s", request->socket) >= (int)sizeof address.sun_path)
        return error_set(err, STATUS_USAGE, "%s: too long for a socket", request->socket);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && connect(*fd, (struct sockaddr *)&address, sizeof address) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "%s: %s; is `%s` with this configuration running?", request->socket,
                     strerror(errno), request->service);
}

static enum status send_request(int fd, const struct control_request *request, struct error *err)
{
    struct builder text;
    const char *body = request->body != NULL ? request->body : "";
    builder_init(&text, REQUEST_MAX);
    builder_printf(&text, "%s %s HTTP/1.0\r\nHost: admin\r\n", request->method, request->path);
    if (request->body != NULL)
        builder_printf(&text, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    builder_printf(&text, "\r\n");
    builder_text(&text, body);
    enum status s = builder_status(&text, "query", err);
    for (size_t sent = 0; s == STATUS_OK && sent < text.len;) {
        ssize_t n = send(fd, text.data + sent, text.len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            s = error_set(err, STATUS_IO, "the service does not take the query: %s", strerror(errno));
        else
            sent += (size_t)n;
    }
    builder_clear(&text);
    return s;
}

/* HTTP/1.0: the body ends with the connection. */
static enum status read_answer(int fd, struct builder *answer, struct error *err)
{
    struct builder head;
    bool is_body = false;
    enum status s = STATUS_OK;
    builder_init(&head, HEAD_MAX + 65536);
    for (ssize_t n = 1; s == STATUS_OK && n > 0;) {
        char part[65536];
        n = recv(fd, part, sizeof part, 0);
        if (n < 0)
            s = error_set(err, STATUS_IO, "the service does not answer: %s", strerror(errno));
        if (n > 0)
            builder_bytes(is_body ? answer : &head, bytes_of(part, (size_t)n));
        const uint8_t *end = is_body || head.len == 0 ? NULL : memmem(head.data, head.len, "\r\n\r\n", 4);
        if (end != NULL) {
            is_body = true;
            builder_bytes(answer, bytes_of(end + 4, (size_t)(head.data + head.len - end - 4)));
        }
    }
    builder_clear(&head);
    if (s == STATUS_OK && !is_body)
        s = error_set(err, STATUS_IO, "the service ended the connection without an answer");
    return s == STATUS_OK ? builder_status(answer, "answer", err) : s;
}

enum status control_client_ask(const struct control_request *request, struct builder *answer, struct error *err)
{
    int fd = -1;
    enum status s = open_socket(request, &fd, err);
    if (s == STATUS_OK)
        s = send_request(fd, request, err);
    if (s == STATUS_OK)
        s = read_answer(fd, answer, err);
    if (fd >= 0)
        (void)close(fd);
    return s;
}

enum status control_client_ask_json(const struct control_request *request, json_t **out, struct error *err)
{
    struct builder answer;
    builder_init(&answer, JSON_MAX);
    enum status s = control_client_ask(request, &answer, err);
    *out = s == STATUS_OK ? json_loadb((const char *)answer.data, answer.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (s == STATUS_OK && *out == NULL)
        s = error_set(err, STATUS_IO, "%s: the answer is no JSON", request->socket);
    builder_clear(&answer);
    return s;
}

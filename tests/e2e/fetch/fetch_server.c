/* fetch_server.c - a TLS server of ours, one connection after the other, for the tests of `cathaya fetch`.
 *
 *   fetch_server DIR CREDENTIAL...
 *
 * A CREDENTIAL is "gm-classic" or "intl-classic" (made on the spot; the root goes to DIR/gm-root.der, DIR/intl-root.der, and what
 * stands between to DIR/..-between.der), or CHAIN:KEY, two PEM files. "short:..." leaves out the certificates behind the leaf.
 * Prints "ready PORT". What is answered says the path: see answers. Ends when stdin ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "codec/pem/pem.h"
#include "tls/classic_chain.h"
#include "tls/tls_server.h"

#define NAME "www.example.com"
#define FILE_MAX 1000000
#define CREDENTIALS_MAX 16
#define REQUEST_MAX 8192
#define WAIT_MS 20000

static struct error err;

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "fetch_server: %s: %s\n", what, why);
    exit(3);
}

static void must(enum status s, const char *what)
{
    if (s != STATUS_OK)
        die(what, err.text);
}

static int64_t now_s(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

/* ---- credentials ---- */

static void write_file(const char *dir, const char *name, struct bytes content)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content.data, 1, content.len, file) != content.len || fclose(file) != 0)
        die(path, strerror(errno));
}

static void read_file(const char *path, struct builder *out)
{
    FILE *file = fopen(path, "rb");
    builder_init(out, FILE_MAX);
    uint8_t *space = builder_space(out, FILE_MAX / 2);
    size_t len = file != NULL && space != NULL ? fread(space, 1, FILE_MAX / 2, file) : 0;
    if (len == 0)
        die(path, "cannot be read");
    out->len = len;
    (void)fclose(file);
}

static struct tls_credential *make_credential(struct bytes chain, struct bytes key, const char *what)
{
    struct tls_credential *credential = NULL;
    struct tls_credential_settings settings = {.chain_pem = chain, .key_pem = key, .now_s = now_s(NULL)};
    must(tls_credential_new(&settings, &credential, &err), what);
    return credential;
}

static struct tls_credential *make_classic(const char *dir, bool is_gm, bool is_short)
{
    struct classic_chain *chain;
    struct builder pem;
    builder_init(&pem, FILE_MAX);
    must(classic_chain_new(is_gm ? CLASSIC_SM2 : CLASSIC_P256, NAME, now_s(NULL), &chain, &err), "chain");
    must(pem_write(PEM_CERTIFICATE, classic_chain_leaf(chain), &pem, &err), "chain");
    if (!is_short)
        must(pem_write(PEM_CERTIFICATE, classic_chain_intermediate(chain), &pem, &err), "chain");
    write_file(dir, is_gm ? "gm-root.der" : "intl-root.der", classic_chain_root(chain));
    write_file(dir, is_gm ? "gm-between.der" : "intl-between.der", classic_chain_intermediate(chain));
    struct tls_credential *credential = make_credential(builder_view(&pem), classic_chain_key_pem(chain), "classic");
    builder_clear(&pem);
    classic_chain_free(chain);
    return credential;
}

static struct tls_credential *load_credential(const char *dir, char *text)
{
    struct builder chain, key;
    bool is_short = strncmp(text, "short:", 6) == 0;
    if (is_short)
        text += 6;
    if (strcmp(text, "gm-classic") == 0 || strcmp(text, "intl-classic") == 0)
        return make_classic(dir, text[0] == 'g', is_short);
    char *colon = strchr(text, ':');
    if (colon == NULL)
        die(text, "want CHAIN:KEY");
    *colon = '\0';
    read_file(text, &chain);
    read_file(colon + 1, &key);
    struct tls_credential *credential = make_credential(builder_view(&chain), builder_view(&key), text);
    builder_clear(&chain);
    builder_clear(&key);
    return credential;
}

/* ---- answers ---- */

static const struct answer {
    const char *path, *text;
} answers[] = {
    {"/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"},
    {"/until-close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world"},
    {"/short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello world"},
    {"/garbage", "220 mail.example.com ESMTP\r\n\r\n"},
    {"/two-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
    {"/hints", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"},
    {"/endless-hints", "HTTP/1.1 103 Early Hints\r\n\r\n"},
    {"/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"},
    {"/empty", "HTTP/1.1 204 No Content\r\n\r\n"},
    {"/nothing", ""},
    {"/silence", NULL},
    {"/", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"},
};

static bool wait_for(int fd, enum tls_result result)
{
    struct pollfd p = {.fd = fd, .events = result == TLS_WANT_WRITE ? POLLOUT : POLLIN};
    return (result == TLS_WANT_READ || result == TLS_WANT_WRITE) && poll(&p, 1, WAIT_MS) > 0;
}

static bool read_request(struct tls_stream *stream, int fd, char request[REQUEST_MAX])
{
    size_t used = 0, len;
    enum tls_result result;
    do {
        while (wait_for(fd, result = tls_stream_read(stream, request + used, REQUEST_MAX - 1 - used, &len)))
            continue;
        used += len;
        request[used] = '\0';
    } while (result == TLS_DONE && strstr(request, "\r\n\r\n") == NULL);
    return result == TLS_DONE;
}

static void write_all(struct tls_stream *stream, int fd, struct bytes left)
{
    while (left.len > 0) {
        size_t len = 0;
        enum tls_result result = tls_stream_write(stream, left, &len);
        left = bytes_of(left.data + len, left.len - len);
        if (result != TLS_DONE && !wait_for(fd, result))
            return;
    }
}

static void answer(struct tls_stream *stream, int fd)
{
    char request[REQUEST_MAX];
    if (!read_request(stream, fd, request))
        return;
    const char *path = strchr(request, ' ');
    (void)fprintf(stderr, "%.*s\n", (int)strcspn(request, "\r"), request);
    for (size_t i = 0; path != NULL && i < sizeof answers / sizeof *answers; i++) {
        if (strncmp(path + 1, answers[i].path, strlen(answers[i].path)) != 0)
            continue;
        if (answers[i].text == NULL) {
            (void)wait_for(fd, TLS_WANT_READ); /* until the client has enough of it */
            return;
        }
        /* A HEAD's answer ends with its head. */
        const char *text = answers[i].text, *end = strstr(text, "\r\n\r\n");
        write_all(stream, fd, bytes_of(text, request[0] == 'H' && end != NULL ? (size_t)(end + 4 - text) : strlen(text)));
        break;
    }
    (void)tls_stream_close(stream);
}

static void serve(struct tls_server *server, int fd)
{
    struct tls_stream *stream;
    enum tls_result result;
    must(tls_stream_new_server(server, fd, &stream, &err), "stream");
    while (wait_for(fd, result = tls_stream_handshake(stream)))
        continue;
    if (result == TLS_DONE)
        answer(stream, fd);
    tls_stream_free(stream);
    (void)close(fd);
}

/* ---- */

static struct tls_server *make_server(const char *dir, char **texts, size_t count)
{
    static const char *const names[] = {NAME};
    static const char *const alpn[] = {"http/1.1"};
    struct tls_credential *credentials[CREDENTIALS_MAX];
    struct tls_ticket_keys keys = {.count = 0};
    struct tls_sites *sites;
    struct tls_server *server;
    for (size_t i = 0; i < count; i++)
        credentials[i] = load_credential(dir, texts[i]);
    struct tls_site site = {.names = names, .name_count = 1, .credentials = credentials, .credential_count = count,
                            .stage = STAGE_LANDMARK, .is_default = true, .alpn = alpn, .alpn_count = 1};
    must(tls_sites_new(&(struct tls_sites_settings){.sites = &site, .site_count = 1}, &sites, &err), "sites");
    must(tls_ticket_keys_rotate(&keys, &err), "ticket keys");
    must(tls_server_new(&(struct tls_server_settings){.ticket_keys = &keys, .now_s = now_s}, sites, &server, &err), "server");
    tls_sites_free(sites);
    for (size_t i = 0; i < count; i++)
        tls_credential_free(credentials[i]);
    return server;
}

static int listen_any(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        die("listen", strerror(errno));
    (void)printf("ready %u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 3 || argc > 2 + CREDENTIALS_MAX)
        die("usage", "fetch_server DIR CREDENTIAL...");
    struct tls_server *server = make_server(argv[1], argv + 2, (size_t)argc - 2);
    int fd = listen_any();
    for (;;) {
        struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
        if (poll(p, 2, -1) < 0 || p[1].revents != 0)
            break;
        int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer >= 0)
            serve(server, peer);
    }
    tls_server_free(server);
    (void)close(fd);
    return 0;
}

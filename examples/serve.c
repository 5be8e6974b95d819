/* serve.c - a small HTTPS server on libcathaya-tls, for clients of every kind: each gets the best of the certificates that it
 * can use. Sockets and HTTP are the program's, certificates and TLS are the library's.
 *
 *   cc serve.c $(pkg-config --cflags --libs cathaya-tls) -o serve
 *   ./serve ADDRESS PORT NAME CHAIN.pem KEY.pem [CHAIN.pem KEY.pem]...
 *
 * CHAIN.pem has the leaf first; CERTIFICATE PROPERTIES of a Merkle Tree Certificate stand before it. Port 0 takes a free
 * one, which it prints. One connection at a time: what a real server does better stands in cathaya/tls_server.h.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* sockets, in C17 without extensions */
#endif
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cathaya/tls_server.h>

#define FILE_SIZE_MAX 262144
#define CREDENTIALS_MAX 16
#define WAIT_MS 5000

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

static void must(enum cathaya_status status, const char *what, const struct cathaya_error *err)
{
    if (status != CATHAYA_OK)
        die(what, err->reason);
}

/* The library reads no clock. */
static int64_t seconds(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

/* ---- certificates: once, and again after each renewal ---- */

static size_t read_file(const char *path, char *out)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(out, 1, FILE_SIZE_MAX, file) : 0;
    if (file == NULL || fclose(file) != 0 || len == 0)
        die(path, "cannot be read");
    return len;
}

static struct cathaya_tls_credential *load(const char *chain_path, const char *key_path)
{
    static char chain[FILE_SIZE_MAX], key[FILE_SIZE_MAX];
    struct cathaya_tls_credential_settings settings;
    struct cathaya_tls_credential *credential;
    struct cathaya_tls_credential_facts facts;
    struct cathaya_error err;
    memset(&settings, 0, sizeof settings);
    settings.chain_pem = chain;
    settings.chain_pem_len = read_file(chain_path, chain);
    settings.key_pem = key;
    settings.key_pem_len = read_file(key_path, key);
    settings.at = seconds(NULL);
    must(cathaya_tls_credential_new(&settings, &credential, &err), chain_path, &err);
    memset(key, 0, sizeof key);
    cathaya_tls_credential_describe(credential, &facts);
    printf("%s: %s, %s\n", chain_path, cathaya_tls_kind_name(facts.kind), facts.key_type);
    return credential;
}

static struct cathaya_tls_sites *load_site(const char *name, char **files, size_t count)
{
    static const char *const protocols[] = {"http/1.1"};
    struct cathaya_tls_credential *credentials[CREDENTIALS_MAX];
    struct cathaya_tls_site site;
    struct cathaya_tls_sites *sites;
    struct cathaya_error err;
    for (size_t i = 0; i < count; i++)
        credentials[i] = load(files[2 * i], files[2 * i + 1]);
    memset(&site, 0, sizeof site);
    site.names = &name;
    site.name_count = 1;
    site.credentials = credentials;
    site.credential_count = count;
    site.stage = CATHAYA_TLS_STAGE_LANDMARK;
    site.is_default = 1;
    site.alpn = protocols;
    site.alpn_count = 1;
    must(cathaya_tls_sites_new(&site, 1, NULL, 0, &sites, &err), name, &err);
    for (size_t i = 0; i < count; i++)
        cathaya_tls_credential_free(credentials[i]); /* the site keeps them */
    return sites;
}

/* ---- sockets ---- */

static int listen_on(const char *address, const char *port)
{
    struct addrinfo hints, *found;
    struct sockaddr_storage here;
    socklen_t here_len = sizeof here;
    char number[16];
    int on = 1;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    if (getaddrinfo(address, port, &hints, &found) != 0)
        die(address, "no such address");
    int fd = socket(found->ai_family, found->ai_socktype, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&here, &here_len) != 0 ||
        getnameinfo((struct sockaddr *)&here, here_len, NULL, 0, number, sizeof number, NI_NUMERICSERV) != 0)
        die(address, "cannot listen");
    freeaddrinfo(found);
    printf("ready %s\n", number);
    fflush(stdout);
    return fd;
}

/* Not 0: call again. */
static int wait_for(int fd, enum cathaya_tls_result result)
{
    struct pollfd p;
    p.fd = fd;
    p.events = result == CATHAYA_TLS_WANT_WRITE ? POLLOUT : POLLIN;
    if (result != CATHAYA_TLS_WANT_READ && result != CATHAYA_TLS_WANT_WRITE)
        return 0;
    return poll(&p, 1, WAIT_MS) > 0;
}

/* ---- one connection ---- */

/* The head of a request ends with an empty line. Not 0: it has come. */
static int read_head(struct cathaya_tls *connection, int fd)
{
    static char head[8192];
    size_t used = 0, len;
    while (used < sizeof head - 1) {
        enum cathaya_tls_result result;
        while (wait_for(fd, result = cathaya_tls_read(connection, head + used, sizeof head - 1 - used, &len)))
            ;
        if (result != CATHAYA_TLS_DONE)
            return 0;
        used += len;
        head[used] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            return 1;
    }
    return 0;
}

static void write_all(struct cathaya_tls *connection, int fd, const char *text)
{
    size_t left = strlen(text), len;
    enum cathaya_tls_result result = CATHAYA_TLS_DONE;
    while (left > 0 && result == CATHAYA_TLS_DONE) {
        while (wait_for(fd, result = cathaya_tls_write(connection, text, left, &len)))
            ;
        if (result == CATHAYA_TLS_DONE) {
            text += len;
            left -= len;
        }
    }
}

static void answer(struct cathaya_tls *connection, int fd, const struct cathaya_tls_server_report *report)
{
    char body[256], text[512];
    if (!read_head(connection, fd))
        return;
    snprintf(body, sizeof body, "%s %s %s\n", cathaya_tls_kind_name(report->kind), report->group, report->suite);
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %lu\r\nConnection: close\r\n\r\n%s",
             (unsigned long)strlen(body), body);
    write_all(connection, fd, text);
    (void)cathaya_tls_close(connection);
}

static void serve_one(struct cathaya_tls_server *server, int fd)
{
    static struct cathaya_tls_server_report report;
    struct cathaya_tls *connection;
    struct cathaya_error err;
    enum cathaya_tls_result result;
    must(cathaya_tls_accept(server, fd, &connection, &err), "connection", &err);
    do
        result = cathaya_tls_handshake(connection);
    while (wait_for(fd, result));
    cathaya_tls_server_report(connection, &report);
    if (report.is_done)
        printf("%s: %s %s %s%s: %s\n", report.server_name, cathaya_tls_kind_name(report.kind), report.group, report.suite,
               report.is_resumed ? ", resumed" : "", report.why);
    else
        printf("%s: %s: %s\n", report.server_name, report.failure, cathaya_tls_reason(connection));
    fflush(stdout);
    if (report.is_done && !report.is_acme_challenge)
        answer(connection, fd, &report);
    cathaya_tls_free(connection);
}

int main(int argc, char **argv)
{
    struct cathaya_tls_server_settings settings;
    struct cathaya_tls_server *server;
    struct cathaya_tls_sites *sites;
    struct cathaya_tls_ticket_keys *keys;
    struct cathaya_error err;
    if (argc < 6 || argc % 2 != 0 || argc > 4 + 2 * CREDENTIALS_MAX)
        die("usage", "serve ADDRESS PORT NAME CHAIN.pem KEY.pem [CHAIN.pem KEY.pem]...");
    signal(SIGPIPE, SIG_IGN);
    sites = load_site(argv[3], argv + 4, (size_t)(argc - 4) / 2);
    must(cathaya_tls_ticket_keys_new(&keys, &err), "ticket keys", &err); /* rotate them every few hours */
    memset(&settings, 0, sizeof settings);
    settings.now = seconds;
    settings.ticket_keys = keys;
    must(cathaya_tls_server_new(&settings, sites, &server, &err), "server", &err);
    cathaya_tls_sites_free(sites); /* the server keeps them */
    cathaya_tls_ticket_keys_free(keys);
    int listener = listen_on(argv[1], argv[2]);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
            serve_one(server, fd);
        if (fd >= 0)
            (void)close(fd);
    }
}

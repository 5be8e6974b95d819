/* connect.c - talks to a TLS server as a browser of Merkle Tree Certificates does, on libcathaya-tls: the socket is the
 * program's, trust and TLS are the library's.
 *
 *   cc connect.c $(pkg-config --cflags --libs cathaya-tls) -o connect
 *   ./connect ADDRESS PORT NAME gm|gm-no-landmarks|intl|legacy TRUSTED.der...
 *
 * A TRUSTED.der is the certificate of a Merkle Tree CA, or a root of directly signed chains.
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

#include <cathaya/tls.h>

#define FILE_SIZE_MAX 262144
#define WAIT_MS 10000

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

/* ---- trust: once for a program ---- */

static void trust_file(struct cathaya_tls_trust *trust, const char *path)
{
    static unsigned char der[FILE_SIZE_MAX];
    struct cathaya_error err;
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(der, 1, sizeof der, file) : 0;
    if (file == NULL || fclose(file) != 0 || len == 0)
        die(path, "cannot be read");
    if (cathaya_tls_trust_add_ca(trust, der, len, &err) == CATHAYA_OK ||
        cathaya_tls_trust_add_root(trust, CATHAYA_WORLD_GM, der, len, &err) == CATHAYA_OK)
        return;
    must(cathaya_tls_trust_add_root(trust, CATHAYA_WORLD_INTL, der, len, &err), path, &err);
}

/* ---- the socket, which the library only borrows ---- */

static int open_socket(const char *address, const char *port)
{
    struct addrinfo hints, *found;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST;
    if (getaddrinfo(address, port, &hints, &found) != 0)
        die(address, "no such address");
    int fd = socket(found->ai_family, found->ai_socktype, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        die(address, "cannot connect");
    freeaddrinfo(found);
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

static void print_report(const struct cathaya_tls *connection)
{
    static const char *const modes[] = {"none", "landmark", "standalone", "classic"};
    static const char *const worlds[] = {"none", "gm", "intl"};
    static struct cathaya_tls_report report;
    cathaya_tls_report(connection, &report);
    printf("%s %s %s %s\n", report.version, report.group, report.suite, report.signature);
    printf("certificate: %s %s, %lu bytes; server flight: %lu bytes\n", worlds[report.world], modes[report.mode],
           (unsigned long)report.certificate_size, (unsigned long)report.server_flight_size);
    printf("%s\n", report.is_done ? "trusted" : report.reason);
}

static struct cathaya_tls *shake_hands(struct cathaya_tls_client *client, int fd, const struct cathaya_tls_target *target)
{
    struct cathaya_tls *connection;
    struct cathaya_error err;
    enum cathaya_tls_result result;
    must(cathaya_tls_connect(client, fd, target, &connection, &err), target->server_name, &err);
    do
        result = cathaya_tls_handshake(connection);
    while (wait_for(fd, result));
    return connection;
}

static int ask(struct cathaya_tls *connection, int fd, const char *name)
{
    char text[1024];
    size_t len;
    enum cathaya_tls_result result;
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %.255s\r\nConnection: close\r\n\r\n", name);
    /* A request this short goes out whole. */
    while (wait_for(fd, result = cathaya_tls_write(connection, text, strlen(text), &len)))
        ;
    if (result != CATHAYA_TLS_DONE)
        return 1;
    while (wait_for(fd, result = cathaya_tls_read(connection, text, sizeof text - 1, &len)))
        ;
    text[len] = '\0';
    printf("%.*s\n", (int)strcspn(text, "\r\n"), text);
    (void)cathaya_tls_close(connection);
    return result == CATHAYA_TLS_DONE ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct cathaya_tls_trust *trust;
    struct cathaya_tls_client *client;
    struct cathaya_tls_settings settings;
    struct cathaya_tls_target target;
    struct cathaya_tls_report report;
    struct cathaya_error err;
    char anchor[CATHAYA_ID_SIZE];
    if (argc < 6)
        die("usage", "connect ADDRESS PORT NAME PROFILE TRUSTED.der...");
    signal(SIGPIPE, SIG_IGN);
    must(cathaya_tls_trust_new(&trust, &err), "trust", &err);
    for (int i = 5; i < argc; i++)
        trust_file(trust, argv[i]);

    memset(&settings, 0, sizeof settings);
    settings.profile = argv[4];
    settings.alpn = "http/1.1";
    must(cathaya_tls_client_new(trust, &settings, &client, &err), "client", &err);

    memset(&target, 0, sizeof target);
    target.server_name = argv[3];
    target.at = (int64_t)time(NULL);
    int fd = open_socket(argv[1], argv[2]);
    struct cathaya_tls *connection = shake_hands(client, fd, &target);
    if (cathaya_tls_retry_anchor(connection, anchor)) {
        /* The server has another certificate, which would be trusted: once more, asking for that one. */
        cathaya_tls_free(connection);
        (void)close(fd);
        target.only_anchor = anchor;
        fd = open_socket(argv[1], argv[2]);
        connection = shake_hands(client, fd, &target);
    }
    print_report(connection);
    cathaya_tls_report(connection, &report);
    int status = report.is_done ? ask(connection, fd, argv[3]) : 1;
    cathaya_tls_free(connection);
    (void)close(fd);
    cathaya_tls_client_free(client);
    cathaya_tls_trust_free(trust);
    return status;
}

/* cathaya-tls-reference CHAIN KEY GROUPS SUITES [TICKETS]: nothing but OpenSSL: accept, SSL_accept, read until the client goes. One
 * connection after the other; it tells what a handshake costs at least. Prints "ready ADDRESS:PORT". */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "cathaya-tls-reference: %s: ", what);
    ERR_print_errors_fp(stderr);
    exit(3);
}

static int listen_any(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("listen");
    (void)printf("ready 127.0.0.1:%u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

static void serve(SSL_CTX *ctx, int fd)
{
    static const int on = 1;
    char buffer[4096];
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        fail("SSL_new");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (SSL_accept(ssl) == 1)
        while (SSL_read(ssl, buffer, sizeof buffer) > 0)
            continue;
    ERR_clear_error();
    SSL_free(ssl);
}

int main(int argc, char **argv)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (argc != 5 && argc != 6) {
        (void)fprintf(stderr, "usage: cathaya-tls-reference CHAIN KEY GROUPS SUITES [TICKETS]\n");
        return 2;
    }
    if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, argv[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, argv[2], SSL_FILETYPE_PEM) != 1)
        fail(argv[1]);
    if (SSL_CTX_set1_groups_list(ctx, argv[3]) != 1 || SSL_CTX_set_ciphersuites(ctx, argv[4]) != 1)
        fail(argv[3]);
    if (argc == 6 && SSL_CTX_set_num_tickets(ctx, strtoul(argv[5], NULL, 10)) != 1)
        fail("tickets");
    SSL_CTX_set_options(ctx, SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    SSL_CTX_set_quiet_shutdown(ctx, 1);
    (void)signal(SIGPIPE, SIG_IGN);
    int listener = listen_any();
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            fail("accept");
        serve(ctx, fd);
        (void)close(fd);
    }
}

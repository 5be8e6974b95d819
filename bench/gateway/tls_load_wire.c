/* The client's side of TLS, and of TCP. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/tls_load.h"

/* Each loopback address has its own ports: connections that are closed keep theirs for a minute. */
#define SOURCES 1000

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "cathaya-tls-load: %s: %s\n", what, ERR_reason_error_string(ERR_peek_error()));
    exit(3);
}

static int add_anchors(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *len, X509 *x, size_t index,
                       int *alert, void *argument)
{
    const struct load_options *o = argument;
    (void)ssl, (void)type, (void)x, (void)index, (void)alert;
    if (context != SSL_EXT_CLIENT_HELLO)
        return 0;
    uint8_t *list = malloc(o->anchors_len + 2);
    if (list == NULL)
        return -1;
    list[0] = (uint8_t)(o->anchors_len >> 8);
    list[1] = (uint8_t)o->anchors_len;
    for (size_t i = 0; i < o->anchors_len; i++)
        list[2 + i] = o->anchors[i];
    *out = list;
    *len = o->anchors_len + 2;
    return 1;
}

static void free_anchors(SSL *ssl, unsigned type, unsigned context, const unsigned char *list, void *argument)
{
    (void)ssl, (void)type, (void)context, (void)argument;
    free((void *)(uintptr_t)list);
}

static int ignore_anchors(SSL *ssl, unsigned type, unsigned context, const unsigned char *list, size_t len, X509 *x, size_t index,
                          int *alert, void *argument)
{
    (void)ssl, (void)type, (void)context, (void)list, (void)len, (void)x, (void)index, (void)alert, (void)argument;
    return 1;
}

static int believe(X509_STORE_CTX *store, void *argument)
{
    (void)store, (void)argument;
    return 1;
}

SSL_CTX *load_context(const struct load_options *o)
{
    static const unsigned where = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS | SSL_EXT_TLS1_3_CERTIFICATE | SSL_EXT_TLS1_3_ONLY;
    static const unsigned char alpn[] = "\x08http/1.1";
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
        fail("TLS");
    if (o->groups != NULL && SSL_CTX_ctrl(ctx, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)(uintptr_t)o->groups) != 1)
        fail(o->groups);
    if (o->suites != NULL && SSL_CTX_set_ciphersuites(ctx, o->suites) != 1)
        fail(o->suites);
    if (o->signatures != NULL && SSL_CTX_ctrl(ctx, SSL_CTRL_SET_SIGALGS_LIST, 0, (void *)(uintptr_t)o->signatures) != 1)
        fail(o->signatures);
    if (o->has_anchors && SSL_CTX_add_custom_ext(ctx, o->anchors_type, where, add_anchors, free_anchors, (void *)(uintptr_t)o,
                                                 ignore_anchors, NULL) != 1)
        fail("trust_anchors");
    SSL_CTX_set_cert_verify_callback(ctx, believe, NULL);
    if (SSL_CTX_set_alpn_protos(ctx, alpn, sizeof alpn - 1) != 0)
        fail("ALPN");
    SSL_CTX_set_options(ctx, SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_quiet_shutdown(ctx, 1);
    return ctx;
}

bool load_set_name(SSL *ssl, const char *name)
{
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) == 1;
}

int load_connect(const struct load_options *o)
{
    static const int on = 1;
    static uint32_t number;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(o->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 0x100 + number++ % SOURCES)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    /* On loopback it is done at once, or when the server's backlog is full not for seconds. */
    if (bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

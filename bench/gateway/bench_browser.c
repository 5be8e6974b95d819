/* cathaya-bench-browser DIR KIND GROUPS SUITES SIGNATURES|-: one client that judges the server's certificate inside the handshake
 * as a browser does. Makes a certificate of that kind into DIR for the server, says "made", and for each line "PORT SECONDS"
 * on stdin shakes hands one connection after the other for so long, each on a new TCP connection, and prints a JSON object. Time
 * begins when TCP is connected, and ends when a request could be sent. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/bench_made.h"
#include "gateway/tls_load.h"
#include "load/load_time.h"

/* Of a server that says nothing any more. */
#define PATIENCE_MS 10000

struct browser {
    struct bench_made made;
    struct load_options options;
    SSL_CTX *ctx;
    struct load_result result;
    double judged_s;
    size_t finish_len, chain_len;
    char why[ERROR_TEXT_MAX];
};

static _Noreturn void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "cathaya-bench-browser: %s: %s\n", what, why);
    exit(3);
}

/* In place of X509_verify_cert: 1 when the certificate is good. */
static int judge(X509_STORE_CTX *store, void *argument)
{
    struct browser *b = argument;
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
    struct bytes chain[PEER_CHAIN_MAX];
    uint8_t *der[PEER_CHAIN_MAX] = {NULL};
    size_t count = 0;
    struct error err = {.status = STATUS_OK};
    double begin_s = load_time_now_s();
    b->chain_len = 0;
    for (; count < PEER_CHAIN_MAX && (int)count < sk_X509_num(sent); count++) {
        int len = i2d_X509(sk_X509_value(sent, (int)count), &der[count]);
        if (len <= 0)
            break;
        chain[count] = bytes_of(der[count], (size_t)len);
        b->chain_len += (size_t)len;
    }
    enum status status = bench_made_judge(&b->made, chain, count, (int64_t)time(NULL), &err);
    for (size_t i = 0; i < count; i++)
        OPENSSL_free(der[i]);
    b->judged_s += load_time_now_s() - begin_s;
    if (status != STATUS_OK)
        (void)snprintf(b->why, sizeof b->why, "%s", err.text);
    return status == STATUS_OK;
}

static void shake(struct browser *b)
{
    int fd = load_connect(&b->options);
    SSL *ssl = SSL_new(b->ctx);
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        !load_set_name(ssl, b->options.name))
        fail("connection", strerror(errno));
    double begin_s = load_time_now_s();
    size_t hello_len = 0;
    int done;
    while ((done = SSL_connect(ssl)) != 1) {
        int code = SSL_get_error(ssl, done);
        struct pollfd wait = {.fd = fd, .events = code == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT};
        if ((code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) || poll(&wait, 1, PATIENCE_MS) != 1)
            fail("handshake", b->why[0] != '\0' ? b->why : ERR_reason_error_string(ERR_peek_error()));
        if (hello_len == 0)
            hello_len = (size_t)BIO_number_written(SSL_get_wbio(ssl));
    }
    load_result_add(&b->result, (load_time_now_s() - begin_s) * 1e3);
    b->result.client_hello_len = hello_len;
    b->result.server_flight_len = (size_t)BIO_number_read(SSL_get_rbio(ssl));
    b->finish_len = (size_t)BIO_number_written(SSL_get_wbio(ssl)) - hello_len;
    (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    (void)close(fd);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void measure(struct browser *b, double seconds)
{
    struct load_result *r = &b->result;
    b->judged_s = 0;
    load_result_begin(&b->options, r);
    while (load_time_now_s() - r->begin_s < seconds)
        shake(b);
    qsort(r->ms, r->count, sizeof *r->ms, compare);
    (void)printf("{\"count\": %zu, \"p50_ms\": %.3f, \"p90_ms\": %.3f, \"judged_us\": %.1f, \"client_hello\": %zu, "
                 "\"server_flight\": %zu, \"client_finish\": %zu, \"certificates\": %zu}\n",
                 r->count, (double)r->ms[r->count / 2], (double)r->ms[r->count * 9 / 10], b->judged_s / (double)r->count * 1e6,
                 r->client_hello_len, r->server_flight_len, b->finish_len, b->chain_len);
    (void)fflush(stdout);
}

/* What bench_made_make has written for clients. */
static void read_anchors(struct load_options *o, const char *dir, const char *kind)
{
    char path[4096];
    unsigned byte;
    (void)snprintf(path, sizeof path, "%s/%s.anchors", dir, kind);
    FILE *file = fopen(path, "r");
    while (file != NULL && o->anchors_len < LOAD_ANCHORS_MAX && fscanf(file, "%2x", &byte) == 1)
        o->anchors[o->anchors_len++] = (uint8_t)byte;
    o->has_anchors = file != NULL;
    if (file != NULL)
        (void)fclose(file);
}

int main(int argc, char **argv)
{
    static struct browser b;
    char line[100];
    if (argc != 6) {
        (void)fprintf(stderr, "usage: cathaya-bench-browser DIR KIND GROUPS SUITES SIGNATURES|-\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    bench_made_make(argv[1], argv[2], (int64_t)time(NULL), &b.made);
    b.options = (struct load_options){.name = MTC_SAMPLE_NAME, .groups = argv[3], .suites = argv[4], .anchors_type = 51764,
                                      .signatures = strcmp(argv[5], "-") != 0 ? argv[5] : NULL};
    read_anchors(&b.options, argv[1], argv[2]);
    b.ctx = load_context(&b.options);
    SSL_CTX_set_verify(b.ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(b.ctx, judge, &b);
    (void)printf("made\n");
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *end;
        b.options.port = (uint16_t)strtoul(line, &end, 10);
        measure(&b, strtod(end, NULL));
    }
    free(b.result.ms);
    SSL_CTX_free(b.ctx);
    bench_made_clear(&b.made);
    return 0;
}

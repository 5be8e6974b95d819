/* tls_load.h - what the files of cathaya-tls-load share. */
#ifndef CATHAYA_BENCH_GATEWAY_TLS_LOAD_H
#define CATHAYA_BENCH_GATEWAY_TLS_LOAD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_ANCHORS_MAX 4096
#define LOAD_WATCHED_MAX 16
#define LOAD_NAME_SIZE 64

enum load_mode {
    LOAD_HANDSHAKES, /* connect, shake hands, close, again */
    LOAD_RESUMPTIONS,
    LOAD_REQUESTS,   /* one after the other on connections that are kept */
    LOAD_IDLE        /* open, one request each, stay until stdin ends */
};

struct load_options {
    enum load_mode mode;
    const char *mode_name, *name, *path, *groups, *suites, *signatures;
    uint16_t port, anchors_type;
    uint8_t anchors[LOAD_ANCHORS_MAX]; /* the extension's list, without its length */
    size_t anchors_len;
    bool has_anchors, is_plain;
    size_t concurrency;
    double seconds;
    unsigned watched[LOAD_WATCHED_MAX];
    size_t watched_count;
};

/* load_options_read ends the program when they are no good. */
void load_options_read(int argc, char **argv, struct load_options *out);

struct load_result {
    float *ms; /* of each operation, in any order */
    size_t count, cap, error_count, resumed_count;
    uint64_t body_bytes;
    double begin_s, end_s;
    size_t client_hello_len, server_flight_len;
    char group[LOAD_NAME_SIZE], suite[LOAD_NAME_SIZE], error[256];
    double cpu_begin_s[LOAD_WATCHED_MAX];
};

void load_result_begin(const struct load_options *options, struct load_result *result);
void load_result_add(struct load_result *result, double ms);
void load_result_error(struct load_result *result, const char *what);
/* load_result_print writes one JSON object. */
void load_result_print(const struct load_options *options, struct load_result *result);

/* load_context makes the client's side: what is offered, and no judgement. Ends the program when OpenSSL refuses. */
SSL_CTX *load_context(const struct load_options *options);
/* load_set_name sets the server name that is sent; OpenSSL's macro takes the const away. */
bool load_set_name(SSL *ssl, const char *name);
/* load_connect begins a connection to the port, from one of many loopback addresses; -1. */
int load_connect(const struct load_options *options);

#endif

/* acme_load.h - what the files of cathaya-acme-load share. */
#ifndef CATHAYA_BENCH_LOAD_ACME_LOAD_H
#define CATHAYA_BENCH_LOAD_ACME_LOAD_H

#include "adapters/event_loop/event_loop.h"
#include "crypto/key.h"
#include "load/lean_http.h"
#include "load/load_world.h"
#include "service/acme_client/acme_client.h"

#define LOAD_NAME_SIZE 64
#define LOAD_ACCOUNTS_MAX 256
#define LOAD_KEYS 8
#define LOAD_WATCHED_MAX 8

struct load_options {
    const char *directory, *ca_file, *profile, *key_type;
    uint16_t http_port, dns_port;
    bool is_renewal, is_json, is_world_only;
    unsigned rate;          /* orders begun per second; 0: closed loop */
    size_t concurrency, accounts, connections;
    size_t names;           /* made beforehand */
    uint64_t first;         /* number of the first name */
    unsigned seconds;       /* 0: until all names have had a turn */
    unsigned watched[LOAD_WATCHED_MAX]; /* processes whose CPU time is told */
    size_t watched_count;
};

/* load_options_read ends the program when they are no good. */
void load_options_read(int argc, char **argv, struct load_options *out);

/* What one order took; -1: it did not get there. */
struct load_sample {
    double begin_s, end_s;    /* since the measurement began */
    double issue_ms, valid_ms; /* all of it; from finalize to valid */
};

struct load_result {
    struct load_sample *samples;
    size_t count, cap;
    size_t error_count, late_count;
    char errors[5][256]; /* the first ones */
    double window_begin_s, window_end_s, cpu_s;
    size_t connection_count;
    uint64_t http_count, dns_count;
    double watched_s[LOAD_WATCHED_MAX];
};

void load_result_init(struct load_result *result, size_t cap);
void load_result_clear(struct load_result *result);
void load_result_error(struct load_result *result, const char *text);
void load_result_print(const struct load_options *options, struct load_result *result);

#endif

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "load/acme_load.h"

static _Noreturn void usage(const char *why)
{
    (void)fprintf(stderr,
                  "cathaya-acme-load: %s\n"
                  "usage: cathaya-acme-load --directory URL [--ca-file PEM] --http-port P [--dns-port P]\n"
                  "  --mix new|renew      names that are new, or that have been authorized before (default new)\n"
                  "  --rate R             orders begun per second, whatever the server does; 0: the next when one has ended\n"
                  "  --concurrency C      orders at a time (default 256; with --rate the most there may be)\n"
                  "  --names N            names and requests made beforehand (default 10000)\n"
                  "  --seconds S          how long; 0: until each name has had its turn\n"
                  "  --accounts A         (default 16)   --connections K (default: concurrency)\n"
                  "  --watch PID          tells the CPU time of that process too (several times)\n"
                  "  --profile NAME   --key p256|sm2 (default p256)   --first N (number of the first name)   --json\n"
                  "cathaya-acme-load --serve --http-port P --dns-port P: answers validations only, until it is stopped\n",
                  why);
    exit(2);
}

static uint64_t number(const char *name, const char *text, uint64_t max)
{
    uint64_t value;
    char why[128];
    if (text != NULL && text_parse_u64(bytes_of_text(text), max, &value))
        return value;
    (void)snprintf(why, sizeof why, "--%s: a number up to %llu", name, (unsigned long long)max);
    usage(why);
}

static void take(struct load_options *o, const char *name, const char *text)
{
    if (strcmp(name, "directory") == 0)
        o->directory = text;
    else if (strcmp(name, "ca-file") == 0)
        o->ca_file = text;
    else if (strcmp(name, "profile") == 0)
        o->profile = text;
    else if (strcmp(name, "key") == 0)
        o->key_type = text;
    else if (strcmp(name, "http-port") == 0)
        o->http_port = (uint16_t)number(name, text, 65535);
    else if (strcmp(name, "dns-port") == 0)
        o->dns_port = (uint16_t)number(name, text, 65535);
    else if (strcmp(name, "mix") == 0 && (strcmp(text, "new") == 0 || strcmp(text, "renew") == 0))
        o->is_renewal = text[0] == 'r';
    else if (strcmp(name, "rate") == 0)
        o->rate = (unsigned)number(name, text, 100000);
    else if (strcmp(name, "concurrency") == 0)
        o->concurrency = number(name, text, 20000);
    else if (strcmp(name, "connections") == 0)
        o->connections = number(name, text, 4000);
    else if (strcmp(name, "names") == 0)
        o->names = number(name, text, 10000000);
    else if (strcmp(name, "first") == 0)
        o->first = number(name, text, UINT64_MAX / 2);
    else if (strcmp(name, "seconds") == 0)
        o->seconds = (unsigned)number(name, text, 86400);
    else if (strcmp(name, "accounts") == 0)
        o->accounts = number(name, text, LOAD_ACCOUNTS_MAX);
    else if (strcmp(name, "watch") == 0 && o->watched_count < LOAD_WATCHED_MAX)
        o->watched[o->watched_count++] = (unsigned)number(name, text, UINT32_MAX);
    else if (strcmp(name, "json") == 0)
        o->is_json = true;
    else if (strcmp(name, "serve") == 0)
        o->is_world_only = true;
    else
        usage(name);
}

void load_options_read(int argc, char **argv, struct load_options *out)
{
    static const struct option options[] = {
        {"directory", 1, NULL, 0}, {"ca-file", 1, NULL, 0}, {"profile", 1, NULL, 0}, {"key", 1, NULL, 0},
        {"http-port", 1, NULL, 0}, {"dns-port", 1, NULL, 0}, {"mix", 1, NULL, 0}, {"rate", 1, NULL, 0},
        {"concurrency", 1, NULL, 0}, {"connections", 1, NULL, 0}, {"names", 1, NULL, 0}, {"first", 1, NULL, 0},
        {"seconds", 1, NULL, 0}, {"accounts", 1, NULL, 0}, {"json", 0, NULL, 0}, {"serve", 0, NULL, 0},
        {"watch", 1, NULL, 0}, {NULL, 0, NULL, 0}};
    int index = 0, code;
    *out = (struct load_options){.key_type = "p256", .concurrency = 256, .accounts = 16, .names = 10000,
                                 .first = (uint64_t)time(NULL) * 1000000};
    while ((code = getopt_long(argc, argv, "", options, &index)) != -1) {
        if (code != 0)
            usage("no such option");
        take(out, options[index].name, optarg);
    }
    if (optind != argc || (!out->is_world_only && out->directory == NULL))
        usage("a directory is needed");
    if (out->concurrency == 0 || out->accounts == 0 || out->names == 0 || (out->http_port == 0 && out->is_world_only))
        usage("0 is too little");
    if (out->connections == 0)
        out->connections = out->concurrency < 4000 ? out->concurrency : 4000;
}

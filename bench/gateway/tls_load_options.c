#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/tls_load.h"

static _Noreturn void usage(const char *why)
{
    (void)fprintf(stderr,
                  "cathaya-tls-load: %s\n"
                  "usage: cathaya-tls-load --port P --mode handshakes|resumptions|requests|idle [options]\n"
                  "  --name NAME          server name and Host (default www.example.com)   --path PATH (default /1024)\n"
                  "  --groups LIST  --suites LIST  --signatures LIST    by OpenSSL's names (default: OpenSSL's)\n"
                  "  --anchors HEX        trust_anchors with this list (each ID with its length); --anchors-type N (default 51764)\n"
                  "  --concurrency N      connections at a time (default 16)   --seconds S (default 5)\n"
                  "  --watch PID          tells the CPU time of that process (several times)\n"
                  "  --plain              no TLS\n",
                  why);
    exit(2);
}

static unsigned long number(const char *name, const char *text, unsigned long max)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value == 0 || value > max)
        usage(name);
    return value;
}

static void take_anchors(struct load_options *o, const char *text)
{
    o->has_anchors = true;
    for (o->anchors_len = 0; text[0] != '\0' && text[1] != '\0' && o->anchors_len < LOAD_ANCHORS_MAX; text += 2) {
        unsigned byte;
        if (sscanf(text, "%2x", &byte) != 1)
            usage("--anchors: hexadecimal digits");
        o->anchors[o->anchors_len++] = (uint8_t)byte;
    }
}

static void take_mode(struct load_options *o, const char *text)
{
    static const char *const names[] = {"handshakes", "resumptions", "requests", "idle"};
    o->mode_name = text;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            o->mode = (enum load_mode)i;
            return;
        }
    }
    usage("--mode: none of these");
}

static void take(struct load_options *o, const char *name, const char *text)
{
    if (strcmp(name, "port") == 0)
        o->port = (uint16_t)number(name, text, 65535);
    else if (strcmp(name, "mode") == 0)
        take_mode(o, text);
    else if (strcmp(name, "name") == 0)
        o->name = text;
    else if (strcmp(name, "path") == 0)
        o->path = text;
    else if (strcmp(name, "groups") == 0)
        o->groups = text;
    else if (strcmp(name, "suites") == 0)
        o->suites = text;
    else if (strcmp(name, "signatures") == 0)
        o->signatures = text;
    else if (strcmp(name, "anchors") == 0)
        take_anchors(o, text);
    else if (strcmp(name, "anchors-type") == 0)
        o->anchors_type = (uint16_t)number(name, text, 65535);
    else if (strcmp(name, "concurrency") == 0)
        o->concurrency = number(name, text, 50000);
    else if (strcmp(name, "seconds") == 0)
        o->seconds = strtod(text, NULL);
    else if (strcmp(name, "watch") == 0 && o->watched_count < LOAD_WATCHED_MAX)
        o->watched[o->watched_count++] = (unsigned)number(name, text, UINT32_MAX);
    else if (strcmp(name, "plain") == 0)
        o->is_plain = true;
    else
        usage(name);
}

void load_options_read(int argc, char **argv, struct load_options *out)
{
    static const struct option options[] = {
        {"port", 1, NULL, 0}, {"mode", 1, NULL, 0}, {"name", 1, NULL, 0}, {"path", 1, NULL, 0}, {"groups", 1, NULL, 0},
        {"suites", 1, NULL, 0}, {"signatures", 1, NULL, 0}, {"anchors", 1, NULL, 0}, {"anchors-type", 1, NULL, 0},
        {"concurrency", 1, NULL, 0}, {"seconds", 1, NULL, 0}, {"watch", 1, NULL, 0}, {"plain", 0, NULL, 0}, {NULL, 0, NULL, 0}};
    int index = 0, code;
    *out = (struct load_options){.mode_name = "", .name = "www.example.com", .path = "/1024", .anchors_type = 51764,
                                 .concurrency = 16, .seconds = 5};
    while ((code = getopt_long(argc, argv, "", options, &index)) != -1) {
        if (code != 0)
            usage("no such option");
        take(out, options[index].name, optarg);
    }
    if (optind != argc || out->port == 0 || out->mode_name[0] == '\0' || out->seconds <= 0)
        usage("a port and a mode are needed");
    if (out->is_plain && out->mode < LOAD_REQUESTS)
        usage("without TLS there are no handshakes");
}

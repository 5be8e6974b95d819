/* resolve - looks names up through adapters/dns, for tests:
 *
 *   resolve [--stub ZONE=ADDRESS@PORT]... [--forward ADDRESS@PORT]... [--anchor FILE]...
 *           [--insecure ZONE]... [--unvalidated] [--ttl SECONDS] [--timeout MS] NAME TYPE [NAME TYPE]...
 *
 * All lookups are started at once. Prints a line for each, in the order given:
 *   NAME TYPE OUTCOME secure|insecure TTL RDATA-IN-HEX,... WHY
 * Only loopback is ever asked. Exit status 2 for a bad configuration or name, with its reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/dns/unbound_resolver.h"
#include "base/text.h"

#define QUESTIONS_MAX 2048

struct question {
    struct event_loop *loop;
    size_t *open_count;
    const char *name, *type;
    struct builder line;
};

static const char *const outcomes[] = {[DNS_FOUND] = "found",
                                       [DNS_NO_DATA] = "no-data",
                                       [DNS_NO_NAME] = "no-name",
                                       [DNS_FAILED] = "failed",
                                       [DNS_BOGUS] = "bogus"};

static void on_answer(void *cookie, const struct dns_answer *answer)
{
    struct question *q = cookie;
    builder_printf(&q->line, "%s %s %s %s %u ", q->name, q->type, outcomes[answer->outcome],
                   answer->is_secure ? "secure" : "insecure", (unsigned)answer->ttl_s);
    for (size_t i = 0; i < answer->record_count; i++) {
        builder_text(&q->line, i > 0 ? "," : "");
        text_write_hex(&q->line, answer->records[i]);
    }
    builder_printf(&q->line, "%s %s\n", answer->record_count == 0 ? "-" : "", answer->why);
    if (--*q->open_count == 0)
        event_loop_stop(q->loop);
}

static enum dns_type type_of(const char *text)
{
    static const struct {
        const char *text;
        enum dns_type type;
    } types[] = {{"A", DNS_A}, {"TXT", DNS_TXT}, {"AAAA", DNS_AAAA}, {"CAA", DNS_CAA}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(text, types[i].text) == 0)
            return types[i].type;
    fprintf(stderr, "resolve: unknown type %s\n", text);
    exit(2);
}

/* "ZONE=ADDRESS@PORT" in place. */
static struct unbound_resolver_stub stub_of(char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        fprintf(stderr, "resolve: --stub wants ZONE=ADDRESS@PORT\n");
        exit(2);
    }
    *equals = '\0';
    return (struct unbound_resolver_stub){.zone = text, .address = equals + 1};
}

struct settings {
    struct unbound_resolver_stub stubs[UNBOUND_RESOLVER_LIST_MAX + 1];
    const char *anchors[UNBOUND_RESOLVER_LIST_MAX + 1], *insecure[UNBOUND_RESOLVER_LIST_MAX + 1];
    const char *forwarders[UNBOUND_RESOLVER_LIST_MAX + 1];
    struct unbound_resolver_config config;
};

static uint32_t number(const char *text)
{
    uint64_t value;
    if (!text_parse_u64(bytes_of_text(text), UINT32_MAX, &value)) {
        fprintf(stderr, "resolve: no number: %s\n", text);
        exit(2);
    }
    return (uint32_t)value;
}

/* The index of the first word that is no option. */
static int read_options(int argc, char **argv, struct settings *s)
{
    struct unbound_resolver_config *c = &s->config;
    *c = (struct unbound_resolver_config){.stubs = s->stubs,
                                          .anchor_files = s->anchors,
                                          .insecure_zones = s->insecure,
                                          .forwarders = s->forwarders,
                                          .is_loopback_only = true};
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const char *option = argv[i];
        if (strcmp(option, "--unvalidated") == 0) {
            c->is_unvalidated = true;
            continue;
        }
        if (++i == argc)
            break;
        if (strcmp(option, "--stub") == 0 && c->stub_count <= UNBOUND_RESOLVER_LIST_MAX)
            s->stubs[c->stub_count++] = stub_of(argv[i]);
        else if (strcmp(option, "--forward") == 0 && c->forwarder_count <= UNBOUND_RESOLVER_LIST_MAX)
            s->forwarders[c->forwarder_count++] = argv[i];
        else if (strcmp(option, "--anchor") == 0 && c->anchor_file_count <= UNBOUND_RESOLVER_LIST_MAX)
            s->anchors[c->anchor_file_count++] = argv[i];
        else if (strcmp(option, "--insecure") == 0
                 && c->insecure_zone_count <= UNBOUND_RESOLVER_LIST_MAX)
            s->insecure[c->insecure_zone_count++] = argv[i];
        else if (strcmp(option, "--ttl") == 0)
            c->is_uncached = (c->cache_ttl_s = number(argv[i])) == 0;
        else if (strcmp(option, "--timeout") == 0)
            c->timeout_ms = number(argv[i]);
        else
            break;
    }
    return i;
}

static int refuse(const struct error *err, struct unbound_resolver *resolver, struct event_loop *loop)
{
    fprintf(stderr, "resolve: %s\n", err->text);
    unbound_resolver_close(resolver);
    event_loop_free(loop);
    return 2;
}

int main(int argc, char **argv)
{
    static struct settings settings;
    static struct question questions[QUESTIONS_MAX];
    struct error err = {0};
    struct event_loop *loop = NULL;
    struct unbound_resolver *resolver = NULL;
    int first = read_options(argc, argv, &settings);
    size_t count = first < argc ? (size_t)(argc - first) / 2 : 0, open_count = count;
    if (count == 0 || count > QUESTIONS_MAX) {
        fprintf(stderr, "usage: resolve [OPTIONS] NAME TYPE...\n");
        return 2;
    }
    if (event_loop_new(&loop, &err) != STATUS_OK
        || unbound_resolver_open(loop, &settings.config, &resolver, &err) != STATUS_OK)
        return refuse(&err, resolver, loop);
    struct resolver_port port = unbound_resolver_port(resolver);
    for (size_t i = 0; i < count; i++) {
        struct question *q = &questions[i];
        *q = (struct question){.loop = loop, .open_count = &open_count,
                               .name = argv[first + 2 * (int)i], .type = argv[first + 2 * (int)i + 1]};
        builder_init(&q->line, (size_t)1 << 24);
        if (port.start(port.context, q->name, type_of(q->type), on_answer, q, &err) != STATUS_OK)
            return refuse(&err, resolver, loop);
    }
    event_loop_run(loop);
    unbound_resolver_close(resolver);
    event_loop_free(loop);
    for (size_t i = 0; i < count; i++) {
        fwrite(questions[i].line.data, 1, questions[i].line.len, stdout);
        builder_clear(&questions[i].line);
    }
    return 0;
}

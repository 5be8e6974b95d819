#include "adapters/dns/unbound_resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unbound.h>

#include "adapters/dns/unbound_config.h"

#define CLASS_IN 1
#define RCODE_NO_NAME 3
#define NAME_TEXT_MAX 253 /* [RFC1035 2.3.4], without the last dot */
#define LABEL_MAX 63
#define WHY_SIZE 256

struct lookup {
    struct unbound_resolver *resolver;
    struct lookup *next;
    struct lookup **link; /* what points here */
    int async_id;
    uint64_t timer;
    resolver_done *done;
    void *cookie;
};

struct unbound_resolver {
    struct ub_ctx *ctx;
    struct timer_port timers;
    struct event_watch *watch;
    struct lookup *lookups;
    size_t lookup_count;
    uint32_t timeout_ms;
    bool is_closing;
};

/* forget takes a lookup out of the list, so that done may ask for another one, and frees it. */
static void forget(struct lookup *lookup)
{
    struct unbound_resolver *resolver = lookup->resolver;
    resolver->timers.cancel(resolver->timers.context, lookup->timer);
    *lookup->link = lookup->next;
    if (lookup->next != NULL)
        lookup->next->link = lookup->link;
    resolver->lookup_count--;
    free(lookup);
}

static void give(struct lookup *lookup, const struct dns_answer *answer)
{
    resolver_done *done = lookup->done;
    void *cookie = lookup->cookie;
    forget(lookup);
    done(cookie, answer);
}

static void give_up(struct lookup *lookup, const char *why)
{
    /* What libunbound still says about it is dropped. */
    (void)ub_cancel(lookup->resolver->ctx, lookup->async_id);
    give(lookup, &(struct dns_answer){.outcome = DNS_FAILED, .why = why});
}

static const char *rcode_text(int rcode, char *memory, size_t size)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
                                        "REFUSED"};
    if (rcode >= 0 && (size_t)rcode < sizeof names / sizeof names[0])
        (void)snprintf(memory, size, "the answer of the name servers is %s", names[rcode]);
    else
        (void)snprintf(memory, size, "the answer of the name servers has RCODE %d", rcode);
    return memory;
}

/* Records into answer; false when there are more than an answer may have. */
static bool take_records(const struct ub_result *result, struct bytes records[DNS_RECORDS_MAX],
                         struct dns_answer *answer)
{
    size_t count = 0;
    while (result->data[count] != NULL) {
        if (count == DNS_RECORDS_MAX)
            return false;
        records[count] = bytes_of(result->data[count], (size_t)result->len[count]);
        count++;
    }
    answer->outcome = DNS_FOUND;
    answer->records = records;
    answer->record_count = count;
    return true;
}

/* The rules of ports/resolver.h: a bogus answer never gives records, whatever else it says. */
static void read_result(const struct ub_result *result, struct bytes records[DNS_RECORDS_MAX],
                        char why[WHY_SIZE], struct dns_answer *answer)
{
    *answer = (struct dns_answer){.outcome = DNS_FAILED, .why = ""};
    if (result->bogus) {
        answer->outcome = DNS_BOGUS;
        answer->why = result->why_bogus != NULL ? result->why_bogus : "DNSSEC validation failed";
        return;
    }
    if (result->rcode != 0 && result->rcode != RCODE_NO_NAME) {
        answer->why = rcode_text(result->rcode, why, WHY_SIZE);
        return;
    }
    if (result->rcode == RCODE_NO_NAME || result->nxdomain) {
        answer->outcome = DNS_NO_NAME;
    } else if (!result->havedata) {
        answer->outcome = DNS_NO_DATA;
    } else if (!take_records(result, records, answer)) {
        (void)snprintf(why, WHY_SIZE, "the answer has more than %d records", DNS_RECORDS_MAX);
        answer->why = why;
        return;
    }
    answer->is_secure = result->secure != 0;
    answer->ttl_s = result->ttl > 0 ? (uint32_t)result->ttl : 0;
}

static void on_result(void *cookie, int code, struct ub_result *result)
{
    struct lookup *lookup = cookie;
    struct bytes records[DNS_RECORDS_MAX];
    char why[WHY_SIZE];
    struct dns_answer answer = {.outcome = DNS_FAILED, .why = "no result"};
    if (code != 0)
        answer.why = ub_strerror(code);
    else if (result != NULL)
        read_result(result, records, why, &answer);
    give(lookup, &answer);
    ub_resolve_free(result);
}

static void on_readable(void *cookie, unsigned events)
{
    (void)events;
    struct unbound_resolver *resolver = cookie;
    /* A failure is one of the pipe to the thread: the lookups end by their timers. */
    (void)ub_process(resolver->ctx);
}

static void on_timeout(void *cookie)
{
    struct lookup *lookup = cookie;
    lookup->timer = 0;
    char why[WHY_SIZE];
    (void)snprintf(why, sizeof why, "no answer within %u ms",
                   (unsigned)lookup->resolver->timeout_ms);
    give_up(lookup, why);
}

/* Letters, digits, hyphens, underscores and dots: what libunbound reads as an escape stays out. */
static bool is_name(const char *name)
{
    size_t label_len = 0, len = 0;
    for (; name[len] != '\0'; len++) {
        char c = name[len];
        if (len > NAME_TEXT_MAX)
            return false;
        if (c == '.') {
            if (label_len == 0)
                return false;
            label_len = 0;
            continue;
        }
        bool is_allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                          || c == '-' || c == '_';
        if (!is_allowed || ++label_len > LABEL_MAX)
            return false;
    }
    return len > 0 && len - (name[len - 1] == '.') <= NAME_TEXT_MAX;
}

static void link_in(struct unbound_resolver *resolver, struct lookup *lookup)
{
    lookup->next = resolver->lookups;
    lookup->link = &resolver->lookups;
    if (lookup->next != NULL)
        lookup->next->link = &lookup->next;
    resolver->lookups = lookup;
    resolver->lookup_count++;
}

static enum status start(void *context, const char *name, enum dns_type type, resolver_done *done,
                         void *cookie, struct error *err)
{
    struct unbound_resolver *resolver = context;
    if (!is_name(name))
        return error_set(err, STATUS_USAGE, "no name to look up in DNS: %s", name);
    if (resolver->is_closing)
        return error_set(err, STATUS_AGAIN, "the resolver is closed");
    if (resolver->lookup_count >= UNBOUND_RESOLVER_LOOKUPS_MAX)
        return error_set(err, STATUS_LIMIT, "%d DNS lookups are under way",
                         UNBOUND_RESOLVER_LOOKUPS_MAX);
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return error_set(err, STATUS_NO_MEMORY, "DNS lookup");
    lookup->resolver = resolver;
    lookup->done = done;
    lookup->cookie = cookie;
    link_in(resolver, lookup);
    lookup->timer = resolver->timers.start(resolver->timers.context, resolver->timeout_ms,
                                           on_timeout, lookup);
    int code = ub_resolve_async(resolver->ctx, name, (int)type, CLASS_IN, lookup, on_result,
                                &lookup->async_id);
    if (code != 0) {
        forget(lookup);
        return error_set(err, STATUS_IO, "cannot look up %s: %s", name, ub_strerror(code));
    }
    return STATUS_OK;
}

enum status unbound_resolver_open(struct event_loop *loop,
                                  const struct unbound_resolver_config *config,
                                  struct unbound_resolver **out, struct error *err)
{
    struct unbound_resolver *resolver = calloc(1, sizeof *resolver);
    if (resolver == NULL)
        return error_set(err, STATUS_NO_MEMORY, "resolver");
    resolver->timers = event_loop_timers(loop);
    resolver->timeout_ms = config->timeout_ms != 0 ? config->timeout_ms
                                                   : UNBOUND_RESOLVER_TIMEOUT_DEFAULT_MS;
    enum status status = unbound_config_make(config, &resolver->ctx, err);
    if (status == STATUS_OK)
        status = event_loop_watch(loop, ub_fd(resolver->ctx), EVENT_READABLE, on_readable, resolver,
                                  &resolver->watch, err);
    if (status != STATUS_OK) {
        unbound_resolver_close(resolver);
        return status;
    }
    *out = resolver;
    return STATUS_OK;
}

struct resolver_port unbound_resolver_port(struct unbound_resolver *resolver)
{
    return (struct resolver_port){.context = resolver, .start = start};
}

void unbound_resolver_close(struct unbound_resolver *resolver)
{
    if (resolver == NULL)
        return;
    resolver->is_closing = true;
    while (resolver->lookups != NULL)
        give_up(resolver->lookups, "the resolver is closed");
    event_watch_free(resolver->watch);
    ub_ctx_delete(resolver->ctx);
    free(resolver);
}

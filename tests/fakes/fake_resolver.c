#include "fakes/fake_resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/builder.h"

#define ENTRIES_MAX 256
#define PENDING_MAX 512

struct entry {
    char name[256];
    enum dns_type type;
    bool is_muted;
    enum dns_outcome outcome;
    unsigned fail_times; /* 0: always, when outcome is not FOUND */
    unsigned asked;
    struct bytes records[DNS_RECORDS_MAX];
    size_t record_count;
};

struct pending {
    struct fake_resolver *resolver;
    char name[256];
    enum dns_type type;
    resolver_done *done;
    void *cookie;
};

struct fake_resolver {
    struct fake_timer *timer;
    bool is_refusing;
    struct entry entries[ENTRIES_MAX];
    size_t entry_count;
    struct pending *muted[PENDING_MAX];
    size_t muted_count, pending_count;
};

static void require(bool is_true, const char *what)
{
    if (!is_true) {
        (void)fprintf(stderr, "fake_resolver: %s\n", what);
        abort();
    }
}

struct fake_resolver *fake_resolver_new(struct fake_timer *timer)
{
    struct fake_resolver *r = calloc(1, sizeof *r);
    require(r != NULL, "out of memory");
    r->timer = timer;
    return r;
}

void fake_resolver_clear(struct fake_resolver *r)
{
    for (size_t i = 0; i < r->entry_count; i++)
        for (size_t j = 0; j < r->entries[i].record_count; j++)
            free((uint8_t *)(uintptr_t)r->entries[i].records[j].data);
    memset(r->entries, 0, sizeof r->entries);
    r->entry_count = 0;
}

void fake_resolver_free(struct fake_resolver *r)
{
    if (r == NULL)
        return;
    require(r->pending_count == r->muted_count, "freed with answers that are due");
    for (size_t i = 0; i < r->muted_count; i++)
        free(r->muted[i]);
    fake_resolver_clear(r);
    free(r);
}

static struct entry *entry_of(struct fake_resolver *r, const char *name, enum dns_type type, bool may_add)
{
    for (size_t i = 0; i < r->entry_count; i++)
        if (r->entries[i].type == type && strcmp(r->entries[i].name, name) == 0)
            return &r->entries[i];
    if (!may_add)
        return NULL;
    require(r->entry_count < ENTRIES_MAX && strlen(name) < 256, "too many names, or too long a name");
    struct entry *e = &r->entries[r->entry_count++];
    *e = (struct entry){.type = type, .outcome = DNS_FOUND};
    memcpy(e->name, name, strlen(name) + 1);
    return e;
}

void fake_resolver_add(struct fake_resolver *r, const char *name, enum dns_type type, struct bytes rdata)
{
    struct entry *e = entry_of(r, name, type, true);
    uint8_t *copy = malloc(rdata.len + 1);
    require(copy != NULL && e->record_count < DNS_RECORDS_MAX, "too many records");
    if (rdata.len > 0)
        memcpy(copy, rdata.data, rdata.len);
    e->records[e->record_count++] = bytes_of(copy, rdata.len);
}

void fake_resolver_add_address(struct fake_resolver *r, const char *name, const char *address)
{
    uint8_t raw[16];
    bool is_ipv6 = strchr(address, ':') != NULL;
    require(inet_pton(is_ipv6 ? AF_INET6 : AF_INET, address, raw) == 1, "no address");
    fake_resolver_add(r, name, is_ipv6 ? DNS_AAAA : DNS_A, bytes_of(raw, is_ipv6 ? 16 : 4));
}

void fake_resolver_add_txt(struct fake_resolver *r, const char *name, const char *text)
{
    struct builder b;
    size_t len = strlen(text), at = 0;
    builder_init(&b, 65536);
    do {
        size_t part = len - at < 255 ? len - at : 255;
        builder_u8(&b, (uint8_t)part);
        builder_bytes(&b, bytes_of(text + at, part));
        at += part;
    } while (at < len);
    fake_resolver_add(r, name, DNS_TXT, builder_view(&b));
    builder_clear(&b);
}

void fake_resolver_add_caa(struct fake_resolver *r, const char *name, unsigned flags, const char *tag,
                           const char *value)
{
    struct builder b;
    builder_init(&b, 4096);
    builder_u8(&b, (uint8_t)flags);
    builder_u8(&b, (uint8_t)strlen(tag));
    builder_text(&b, tag);
    builder_text(&b, value);
    fake_resolver_add(r, name, DNS_CAA, builder_view(&b));
    builder_clear(&b);
}

void fake_resolver_fail(struct fake_resolver *r, const char *name, enum dns_type type,
                        enum dns_outcome outcome, unsigned times)
{
    struct entry *e = entry_of(r, name, type, true);
    e->outcome = outcome;
    e->fail_times = times;
}

void fake_resolver_mute(struct fake_resolver *r, const char *name, enum dns_type type)
{
    entry_of(r, name, type, true)->is_muted = true;
}

void fake_resolver_refuse(struct fake_resolver *r, bool is_refusing)
{
    r->is_refusing = is_refusing;
}

unsigned fake_resolver_asked(const struct fake_resolver *r, const char *name, enum dns_type type)
{
    unsigned asked = 0;
    for (size_t i = 0; i < r->entry_count; i++)
        if (strcmp(r->entries[i].name, name) == 0 && (type == 0 || r->entries[i].type == type))
            asked += r->entries[i].asked;
    return asked;
}

/* An entry that was made by asking is not a name that exists. */
static bool name_exists(const struct fake_resolver *r, const char *name)
{
    for (size_t i = 0; i < r->entry_count; i++)
        if (strcmp(r->entries[i].name, name) == 0 && r->entries[i].record_count > 0)
            return true;
    return false;
}

static void answer(void *cookie)
{
    struct pending *p = cookie;
    struct fake_resolver *r = p->resolver;
    struct entry *e = entry_of(r, p->name, p->type, true);
    struct dns_answer a = {.outcome = DNS_FOUND, .ttl_s = 300, .why = ""};
    if (e->outcome != DNS_FOUND) {
        a.outcome = e->outcome;
        a.why = e->outcome == DNS_BOGUS ? "signature expired" : "SERVFAIL";
        if (e->fail_times > 0 && --e->fail_times == 0)
            e->outcome = DNS_FOUND;
    } else if (e->record_count == 0) {
        a.outcome = name_exists(r, p->name) ? DNS_NO_DATA : DNS_NO_NAME;
    } else {
        a.records = e->records;
        a.record_count = e->record_count;
    }
    r->pending_count--;
    p->done(p->cookie, &a);
    free(p);
}

static bool is_name(const char *name)
{
    size_t len = strlen(name), label = 0;
    for (size_t i = 0; i < len; i++) {
        label = name[i] == '.' ? 0 : label + 1;
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f || name[i] == '/' || label > 63 ||
            (name[i] == '.' && (i == 0 || name[i - 1] == '.')))
            return false;
    }
    return len > 0 && len <= 254;
}

static enum status start(void *context, const char *name, enum dns_type type, resolver_done *done,
                         void *cookie, struct error *err)
{
    struct fake_resolver *r = context;
    require(is_name(name), "no name");
    if (r->is_refusing || r->pending_count == PENDING_MAX)
        return error_set(err, STATUS_LIMIT, "too many lookups");
    struct entry *e = entry_of(r, name, type, true);
    e->asked++;
    struct pending *p = calloc(1, sizeof *p);
    require(p != NULL, "out of memory");
    *p = (struct pending){.resolver = r, .type = type, .done = done, .cookie = cookie};
    memcpy(p->name, name, strlen(name) + 1);
    r->pending_count++;
    if (e->is_muted) {
        r->muted[r->muted_count++] = p;
        return STATUS_OK;
    }
    struct timer_port timer = fake_timer_port(r->timer);
    (void)timer.start(timer.context, 0, answer, p);
    return STATUS_OK;
}

void fake_resolver_answer_muted(struct fake_resolver *r)
{
    while (r->muted_count > 0)
        answer(r->muted[--r->muted_count]);
}

struct resolver_port fake_resolver_port(struct fake_resolver *r)
{
    return (struct resolver_port){r, start};
}

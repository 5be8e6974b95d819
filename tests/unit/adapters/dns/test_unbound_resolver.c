/* Limits and ends, with a name server that never answers; real ones are in tests/e2e/dns. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/dns/unbound_resolver.h"
#include "unit/checks.h"

struct world {
    struct event_loop *loop;
    struct unbound_resolver *resolver;
    struct resolver_port port;
    int silent;
    unsigned open_count;
};

struct got {
    struct world *world;
    unsigned done_count;
    enum dns_outcome outcome;
    char why[128];
    const char *again; /* a name that done asks for */
    enum status again_status;
};

static void on_answer(void *cookie, const struct dns_answer *answer)
{
    struct got *got = cookie;
    got->done_count++;
    got->outcome = answer->outcome;
    assert_int_equal(answer->record_count, 0);
    assert_false(answer->is_secure);
    (void)snprintf(got->why, sizeof got->why, "%s", answer->why);
    if (got->again != NULL)
        got->again_status = got->world->port.start(got->world->port.context, got->again, DNS_A,
                                                   on_answer, got, NULL);
    if (--got->world->open_count == 0)
        event_loop_stop(got->world->loop);
}

static void make(struct world *w, uint32_t timeout_ms)
{
    struct error err;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char address[32];
    *w = (struct world){0};
    w->silent = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(w->silent, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(w->silent, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(address, sizeof address, "127.0.0.1@%u", ntohs(at.sin_port));
    const char *forwarder = address;
    struct unbound_resolver_config config = {.forwarders = &forwarder,
                                             .forwarder_count = 1,
                                             .is_unvalidated = true,
                                             .is_loopback_only = true,
                                             .timeout_ms = timeout_ms};
    OK(event_loop_new(&w->loop, &err));
    OK(unbound_resolver_open(w->loop, &config, &w->resolver, &err));
    w->port = unbound_resolver_port(w->resolver);
}

static void unmake(struct world *w)
{
    unbound_resolver_close(w->resolver);
    event_loop_free(w->loop);
    close(w->silent);
}

static void start(struct world *w, const char *name, struct got *got)
{
    struct error err;
    got->world = w;
    OK(w->port.start(w->port.context, name, DNS_TXT, on_answer, got, &err));
    w->open_count++;
    assert_int_equal(got->done_count, 0);
}

static void test_time_limit(void **state)
{
    (void)state;
    struct world w;
    struct got got[3] = {{0}};
    make(&w, 50);
    for (size_t i = 0; i < LENGTH(got); i++)
        start(&w, "www.example.com", &got[i]);
    event_loop_run(w.loop);
    for (size_t i = 0; i < LENGTH(got); i++) {
        assert_int_equal(got[i].done_count, 1);
        assert_int_equal(got[i].outcome, DNS_FAILED);
        assert_string_equal(got[i].why, "no answer within 50 ms");
    }
    /* libunbound goes on asking; nothing of it comes up again. */
    unmake(&w);
    assert_int_equal(got[0].done_count, 1);
}

static void test_limit_and_close(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    static struct got got[UNBOUND_RESOLVER_LOOKUPS_MAX];
    char name[64];
    make(&w, 600000);
    for (size_t i = 0; i < LENGTH(got); i++) {
        (void)snprintf(name, sizeof name, "n%zu.example.com", i % 50);
        start(&w, name, &got[i]);
    }
    assert_says(w.port.start(w.port.context, "www.example.com", DNS_A, on_answer, NULL, &err), &err,
                STATUS_LIMIT, "4096 DNS lookups are under way");
    got[0].again = "more.example.com";
    unmake(&w);
    for (size_t i = 0; i < LENGTH(got); i++) {
        assert_int_equal(got[i].done_count, 1);
        assert_int_equal(got[i].outcome, DNS_FAILED);
        assert_string_equal(got[i].why, "the resolver is closed");
    }
    assert_int_equal(got[0].again_status, STATUS_AGAIN);
}

static void test_never_used(void **state)
{
    (void)state;
    struct world w;
    make(&w, 0);
    unmake(&w);
    unbound_resolver_close(NULL);
}

/* The file of dns-root-data is good; nothing is asked by opening. */
static void test_default_anchor(void **state)
{
    (void)state;
    struct error err;
    struct event_loop *loop;
    struct unbound_resolver *resolver;
    struct unbound_resolver_config config = {.is_loopback_only = true};
    OK(event_loop_new(&loop, &err));
    enum status status = unbound_resolver_open(loop, &config, &resolver, &err);
    if (access(UNBOUND_RESOLVER_ROOT_KEY, R_OK) == 0) {
        OK(status);
        unbound_resolver_close(resolver);
    } else {
        assert_says(status, &err, STATUS_USAGE, UNBOUND_RESOLVER_ROOT_KEY);
    }
    event_loop_free(loop);
}

static void test_bad_configuration(void **state)
{
    (void)state;
    struct error err;
    struct event_loop *loop;
    struct unbound_resolver *resolver;
    const char *list[UNBOUND_RESOLVER_LIST_MAX + 1];
    for (size_t i = 0; i < LENGTH(list); i++)
        list[i] = "127.0.0.1";
    struct unbound_resolver_config config = {.forwarders = list,
                                             .forwarder_count = LENGTH(list),
                                             .is_unvalidated = true,
                                             .is_loopback_only = true};
    OK(event_loop_new(&loop, &err));
    assert_says(unbound_resolver_open(loop, &config, &resolver, &err), &err, STATUS_USAGE,
                "more than 64 name servers");
    config.forwarder_count = 1;
    config.cache_ttl_s = UNBOUND_RESOLVER_CACHE_TTL_MAX_S + 1;
    assert_says(unbound_resolver_open(loop, &config, &resolver, &err), &err, STATUS_USAGE, "60 s");
    event_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_limit),     cmocka_unit_test(test_limit_and_close),
        cmocka_unit_test(test_never_used),     cmocka_unit_test(test_default_anchor),
        cmocka_unit_test(test_bad_configuration),
    };
    return cmocka_run_group_tests_name("adapters/dns/unbound_resolver", tests, NULL, NULL);
}

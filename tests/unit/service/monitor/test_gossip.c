/* Tree heads between two monitors, and what strangers may make us do. */
#include "unit/checks.h"

#include <stdio.h>

#include "fakes/fake_loop.h"
#include "service/monitor/gossip.h"
#include "service/monitor/prober.h"

#define ID "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff"
#define ORIGIN "oid/1.3.6.1.4.1.32473.1.0.1"

struct side {
    struct gossip *gossip;
    struct followed_head heads[2];
    unsigned views;
    uint64_t last_size;
    char last_from[100];
    enum status answer;
};

static struct fake_loop *loop;
static struct metrics *metrics;
static struct side sides[2];
static const char *sender = "192.0.2.1";
static struct gossip_peer peer = {"https://other.example", NULL};
static struct error err;

static bool head(void *context, size_t log, struct followed_head *out)
{
    const struct side *s = context;
    *out = s->heads[log];
    return out->signature.len > 0;
}

static enum status view(void *context, size_t log, const struct followed_head *h, const char *from, struct error *e)
{
    struct side *s = context;
    assert_true(log < 2);
    s->views++;
    s->last_size = h->size;
    (void)snprintf(s->last_from, sizeof s->last_from, "%s", from);
    return s->answer == STATUS_OK ? STATUS_OK : error_set(e, s->answer, "not signed");
}

/* ---- the other side over HTTP ---- */

static struct fake_answer *answer_now;

static void send(struct http_exchange *x)
{
    answer_now->status = x->response.status;
    builder_bytes(&answer_now->body, builder_view(&x->response.body));
    builder_clear(&x->response.body);
    builder_clear(&x->response.headers);
}

static void serve(void *context, const char *path, const struct fetch_request *request, struct fake_answer *out)
{
    struct side *s = context;
    struct http_handler handler = gossip_handler(s->gossip);
    char whole[200];
    (void)snprintf(whole, sizeof whole, "/%s", path);
    struct http_exchange x = {.request = {.method = bytes_of_text(request->method), .path = bytes_of_text(whole), .body = request->body},
                              .send = send};
    (void)snprintf(x.request.peer, sizeof x.request.peer, "%s", sender);
    builder_init(&x.response.body, GOSSIP_MESSAGE_MAX);
    builder_init(&x.response.headers, 4096);
    answer_now = out;
    handler.handle(handler.context, &x);
}

static void make_side(size_t i, bool has_peer)
{
    size_t number;
    const struct gossip_config config = {.clock = fake_loop_clock(loop), .timer = fake_loop_timer(loop), .fetch = fake_loop_fetch(loop),
                                         .events = fake_loop_events(loop), .metrics = metrics, .interval_ms = 1000, .peers = &peer,
                                         .peer_count = has_peer ? 1 : 0, .context = &sides[i], .head = head, .view = view};
    OK(gossip_new(&config, &sides[i].gossip, &err));
    OK(gossip_add_log(sides[i].gossip, ID, false, &number, &err));
    OK(gossip_add_log(sides[i].gossip, ORIGIN, true, &number, &err));
    assert_int_equal(gossip_add_log(sides[i].gossip, ID, false, &number, &err), STATUS_CONFLICT);
    sides[i].heads[0] = (struct followed_head){.size = 10, .timestamp_ms = 5, .signature = bytes_of_text("sig")};
}

static int set_up(void **state)
{
    (void)state;
    memset(sides, 0, sizeof sides);
    loop = fake_loop_new(1800000000000);
    OK(metrics_new(&metrics, &err));
    make_side(0, true);
    make_side(1, false);
    const struct fake_host host = {"https://other.example", &sides[1], serve};
    fake_loop_add_host(loop, &host);
    return 0;
}

static void note_stopped(void *cookie)
{
    *(bool *)cookie = true;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bool has_stopped = false;
        gossip_stop(sides[i].gossip, note_stopped, &has_stopped);
        fake_loop_run(loop, 1000);
        assert_true(has_stopped);
        gossip_free(sides[i].gossip);
    }
    metrics_free(metrics);
    fake_loop_free(loop);
    return 0;
}

static void heads_are_exchanged(void **state)
{
    (void)state;
    gossip_start(sides[0].gossip);
    fake_loop_run(loop, 1500);
    assert_int_equal(sides[0].views + sides[1].views, 0); /* both have the same */
    sides[1].heads[0].size = 11;
    sides[1].heads[1] = (struct followed_head){.signature = bytes_of_text("a checkpoint\n")};
    fake_loop_run(loop, 1000);
    assert_int_equal(sides[0].views, 2);
    assert_int_equal(sides[1].views, 1);
    assert_string_equal(sides[0].last_from, "https://other.example");
    assert_string_equal(sides[1].last_from, "192.0.2.1");
    assert_int_equal(sides[1].last_size, 10);
    fake_loop_run(loop, 5000); /* and not again and again */
    assert_int_equal(sides[0].views, 2);
    assert_int_equal(sides[1].views, 1);
    struct gossip_peer_status status;
    gossip_peer_status(sides[0].gossip, 0, &status);
    assert_true(status.good_ms > 0);
    assert_string_equal(status.failure, "");
}

static void a_peer_that_fails_is_named(void **state)
{
    (void)state;
    peer.url = "https://nobody.example";
    gossip_free(sides[0].gossip);
    make_side(0, true);
    gossip_start(sides[0].gossip);
    fake_loop_run(loop, 1500);
    struct gossip_peer_status status;
    gossip_peer_status(sides[0].gossip, 0, &status);
    assert_int_equal(status.good_ms, 0);
    assert_true(strlen(status.failure) > 0);
    peer.url = "https://other.example";
}

static int post(const char *body)
{
    struct fake_answer out = {.status = 0};
    const struct fetch_request request = {.method = body != NULL ? "POST" : "GET", .body = bytes_of_text(body != NULL ? body : "")};
    builder_init(&out.body, GOSSIP_MESSAGE_MAX);
    serve(&sides[1], "gossip/v1/tree-heads", &request, &out);
    builder_clear(&out.body);
    return out.status;
}

static void strangers(void **state)
{
    (void)state;
    sides[1].answer = STATUS_REFUSED;
    assert_int_equal(post(NULL), 405);
    assert_int_equal(post("{"), 400);
    assert_int_equal(post("[]"), 400);
    assert_int_equal(post("{\"tree_heads\":[{}, 7, {\"log\":\"x\"}]}"), 200);
    assert_int_equal(sides[1].views, 0);
    struct builder body; /* more heads than are given on at once */
    builder_init(&body, GOSSIP_MESSAGE_MAX);
    builder_text(&body, "{\"tree_heads\":[");
    for (int i = 0; i < GOSSIP_HEADS_MAX; i++)
        builder_printf(&body, "%s{\"log\":\"" ID "\",\"tree_size\":%d,\"timestamp\":1,\"signature\":\"AAAA\",\"root_hash\":\""
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}", i > 0 ? "," : "", i);
    builder_printf(&body, "]}%c", '\0');
    assert_int_equal(post((const char *)body.data), 200);
    assert_int_equal(sides[1].views, GOSSIP_VIEWS_MAX);
    int status = 200;
    for (int i = 0; i < 2 * GOSSIP_MESSAGES_BURST && status == 200; i++)
        status = post("{\"tree_heads\":[]}");
    assert_int_equal(status, 429);
    /* Others are answered meanwhile; addresses of one network of IPv6 are one; all together have an end too. */
    static const char *const network[] = {"2001:db8:1:2:3::4", "2001:db8:1:2:ff:ff:ff:ff", "2001:db8:1:2::"};
    unsigned answered = 0;
    for (unsigned i = 0; i < 3 * GOSSIP_MESSAGES_BURST; i++) {
        sender = network[i % 3];
        answered += post("{\"tree_heads\":[]}") == 200;
    }
    assert_int_equal(answered, GOSSIP_MESSAGES_BURST);
    for (unsigned i = 0; i < 2 * GOSSIP_ALL_BURST; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "198.51.100.%u", i % 200);
        sender = address;
        status = post("{\"tree_heads\":[]}");
    }
    assert_int_equal(status, 429);
    sender = "192.0.2.1";
    fake_loop_run(loop, 1000);
    assert_int_equal(post("{\"tree_heads\":[]}"), 200);
    builder_clear(&body);
}

/* ---- probes ---- */

struct probed {
    char seen[2000];
    uint64_t size;
};

static uint64_t tree_size(void *context, size_t log)
{
    const struct probed *p = context;
    (void)log;
    return p->size;
}

static void probe_contact(void *context, size_t log, const struct followed_contact *contact)
{
    struct probed *p = context;
    size_t len = strlen(p->seen);
    (void)snprintf(p->seen + len, sizeof p->seen - len, "%u:%s%s ", (unsigned)log, contact->endpoint, contact->is_good ? "" : "!");
}

static void answer_log(void *context, const char *path, const struct fetch_request *request, struct fake_answer *out)
{
    (void)context;
    out->status = strstr(path, "get-roots") != NULL ? 500 : strcmp(request->method, "POST") == 0 ? 400 : 200;
    if (strcmp(path, "x/tile/0/000.p/7") != 0 && strstr(path, "tile/0/") != NULL)
        out->status = 404;
    if (strcmp(path, "y/ct/v1/get-entries?start=0&end=0") == 0)
        builder_text(&out->body, "{\"entries\":[{\"leaf_input\":\"AAAA\",\"extra_data\":\"\"}]}");
    if (strstr(path, "get-proof-by-hash") != NULL && /* SHA-256 of four zero bytes, in base64, escaped */
        strcmp(path, "y/ct/v1/get-proof-by-hash?hash=%33%7A%39%68%6D%41%53%70%4C%39%74%41%56%78%6B%74%78%44%33%58%53%4F%70%33%69"
                     "%74%78%53%76%45%6D%4D%36%41%55%6B%77%42%53%34%45%52%6B%3D&tree_size=7") != 0)
        out->status = 400;
}

static void probes(void **state)
{
    (void)state;
    struct probed probed = {.size = 0};
    const struct fake_host host = {"https://log.example", NULL, answer_log};
    const struct prober_config config = {.clock = fake_loop_clock(loop), .timer = fake_loop_timer(loop), .fetch = fake_loop_fetch(loop),
                                         .interval_ms = 1000, .context = &probed, .tree_size = tree_size, .contact = probe_contact};
    const struct prober_log logs[] = {{PROBER_STATIC_CT, &hash_sm3, "https://log.example/x", ""},
                                       {PROBER_RFC6962, &hash_sha256, "https://log.example/y", ""}};
    struct prober *p;
    bool has_stopped = false;
    fake_loop_add_host(loop, &host);
    OK(prober_new(&config, &p, &err));
    OK(prober_add_log(p, &logs[0], &err));
    prober_start(p);
    fake_loop_run(loop, 1500);
    assert_string_equal(probed.seen, "0:checkpoint 0:get-roots! 0:add-chain 0:add-pre-chain "); /* nothing that needs a tree */
    probed.seen[0] = '\0';
    probed.size = 7;
    fake_loop_run(loop, 1000);
    assert_string_equal(probed.seen, "0:checkpoint 0:tile 0:data 0:get-roots! 0:add-chain 0:add-pre-chain ");
    OK(prober_add_log(p, &logs[1], &err));
    probed.seen[0] = '\0';
    fake_loop_run(loop, 1000);
    static const char *const expected[] = {"1:get-sth ", "1:get-sth-consistency ", "1:get-entries ", "1:get-proof-by-hash", "1:get-entry-and-proof ",
                                           "1:get-roots! ", "1:add-chain ", "1:add-pre-chain "};
    for (size_t i = 0; i < LENGTH(expected); i++)
        assert_non_null(strstr(probed.seen, expected[i]));
    prober_stop(p, note_stopped, &has_stopped);
    fake_loop_run(loop, 1000);
    assert_true(has_stopped);
    prober_free(p);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heads_are_exchanged), TEST(a_peer_that_fails_is_named), TEST(strangers), TEST(probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

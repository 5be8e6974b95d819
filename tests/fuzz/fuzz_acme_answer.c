/* A whole conversation with an ACME server that says whatever it wants: the client comes to an end, asks a bounded
 * number of times, asks for URLs only, and shows no token that could not be a file's name.
 *
 * Input: answers, each "STATUS\nName: value\n...\n\nbody", with a line "==" between them; the last one is given
 * again and again. */
#include <string.h>

#include "base/text.h"
#include "fuzz/fuzz_checks.h"
#include "service/acme_client/acme_client.h"

#define QUEUE_MAX 16
#define REQUESTS_MAX 400

struct answer {
    int status;
    struct bytes head, body;
};

/* What happens later: a timer, or an answer. */
struct later {
    void (*fire)(void *cookie);
    fetch_done *done;
    void *cookie;
};

struct server {
    struct bytes rest;
    struct answer answer;
    struct later queue[QUEUE_MAX];
    size_t count, requests;
    unsigned shown, started, issued, renewals;
    enum status status;
};

static void add(struct server *s, struct later later)
{
    require(s->count < QUEUE_MAX);
    s->queue[s->count++] = later;
}

static struct bytes split(struct bytes *rest, const char *separator)
{
    size_t len = strlen(separator);
    const uint8_t *at = rest->len > 0 ? memmem(rest->data, rest->len, separator, len) : NULL;
    struct bytes first = at != NULL ? bytes_of(rest->data, (size_t)(at - rest->data)) : *rest;
    *rest = at != NULL ? bytes_of(at + len, rest->len - first.len - len) : bytes_of(NULL, 0);
    return first;
}

static void next_answer(struct server *s)
{
    uint64_t status;
    if (s->rest.len == 0)
        return;
    struct bytes all = split(&s->rest, "\n==\n");
    s->answer.head = split(&all, "\n\n");
    s->answer.body = all;
    s->answer.status = text_parse_u64(split(&s->answer.head, "\n"), 999, &status) ? (int)status : 0;
}

static struct bytes header(void *headers, const char *name, unsigned n)
{
    const struct server *s = headers;
    struct bytes rest = s->answer.head;
    size_t len = strlen(name);
    while (rest.len > 0) {
        struct bytes line = split(&rest, "\n");
        if (line.len > len + 2 && memcmp(line.data, name, len) == 0 && line.data[len] == ':' && n-- == 0)
            return bytes_of(line.data + len + 2, line.len - len - 2);
    }
    return bytes_of(NULL, 0);
}

static enum status fetch(void *context, const struct fetch_request *request, fetch_done *done, void *cookie, struct error *err)
{
    struct server *s = context;
    (void)err;
    require(++s->requests < REQUESTS_MAX);
    require(strncmp(request->url, "https://", 8) == 0);
    for (const char *c = request->url; *c != '\0'; c++)
        require(*c > ' ' && *c < 0x7f && *c != '"' && *c != '\\');
    add(s, (struct later){.done = done, .cookie = cookie});
    return STATUS_OK;
}

static uint64_t start_timer(void *context, uint64_t delay_ms, void (*fire)(void *cookie), void *cookie)
{
    require(delay_ms <= 60000);
    add(context, (struct later){.fire = fire, .cookie = cookie});
    return 1;
}

static void provision(void *solver, const struct acme_client_challenge *c, acme_client_provisioned *done, void *cookie)
{
    struct server *s = solver;
    const struct error err = {.status = STATUS_OK};
    s->shown++;
    require(c->token[0] != '\0' && strpbrk(c->token, "/.\\ \n") == NULL && strchr(c->identifier, '/') == NULL);
    done(cookie, STATUS_OK, &err);
}

static void clean(void *solver, const struct acme_client_challenge *c)
{
    struct server *s = solver;
    (void)c;
    s->shown--;
}

static void on_started(void *cookie, enum status status, const struct error *err)
{
    struct server *s = cookie;
    require(++s->started == 1 && (status == STATUS_OK || err->text[0] != '\0'));
    s->status = status;
}

static void on_renewal(void *cookie, enum status status, int64_t start_s, int64_t end_s, int64_t retry_after_s, const struct error *err)
{
    struct server *s = cookie;
    s->renewals++;
    require(status == STATUS_OK ? end_s >= start_s && retry_after_s >= 0 : err->text[0] != '\0');
}

static void on_issued(void *cookie, enum status status, const struct acme_client_certificate *c, int64_t retry_after_s,
                      const struct error *err)
{
    struct server *s = cookie;
    require(retry_after_s >= 0);
    require(++s->issued == 1 && (c != NULL) == (status == STATUS_OK));
    require(c != NULL ? c->chain.len > 0 && strncmp(c->url, "https://", 8) == 0 : err->text[0] != '\0');
}

static void run(struct server *s)
{
    while (s->count > 0) {
        struct later later = s->queue[0];
        memmove(s->queue, s->queue + 1, --s->count * sizeof later);
        if (later.fire != NULL) {
            later.fire(later.cookie);
            continue;
        }
        next_answer(s);
        struct fetch_response r = {.failure_text = "", .status = s->answer.status, .body = s->answer.body, .header = header, .headers = s};
        if (r.status < 100) {
            r = (struct fetch_response){.failure = (enum fetch_failure)(FETCH_CONNECT + r.status % FETCH_STOPPED), .failure_text = "gone"};
        } else {
            r.retry_after = header(s, "Retry-After", 0);
        }
        later.done(later.cookie, &r);
    }
}

static struct private_key *the_key(void)
{
    static struct algorithms *algorithms;
    static struct private_key *key;
    if (key == NULL) {
        require(algorithms_new(&algorithms, NULL) == STATUS_OK);
        require(private_key_generate(algorithms_by_name(algorithms, bytes_of_text("ecdsa_p256_sha256")), &key, NULL) == STATUS_OK);
    }
    return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct server s = {.rest = bytes_of(data, size)};
    struct acme_client *client = NULL;
    const char *name = "www.example.com";
    const struct acme_client_config config = {
        .directory_url = "https://ca.example/directory", .key = the_key(), .challenge = "http-01", .solver = &s, .provision = provision,
        .clean = clean, .fetch = {&s, fetch}, .timer = {&s, start_timer, NULL}, .timeout_ms = 1000, .polls_max = 10};
    const struct acme_client_request request = {.names = &name, .name_count = 1, .csr = bytes_of_text("any")};
    require(acme_client_new(&config, &client, NULL) == STATUS_OK);
    acme_client_start(client, on_started, &s);
    run(&s);
    require(s.started == 1);
    if (s.status == STATUS_OK) {
        require(acme_client_issue(client, &request, on_issued, &s, NULL) == STATUS_OK);
        run(&s);
        require(s.issued == 1 && s.shown == 0);
    }
    if (s.status == STATUS_OK && acme_client_renewal(client, "AQID.BA", on_renewal, &s, NULL) == STATUS_OK) {
        run(&s);
        require(s.renewals == 1);
    }
    acme_client_free(client);
    return 0;
}

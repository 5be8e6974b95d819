/* Requests to a CT log: each is answered, an SCT is given for nothing but what was logged, and the log is well afterwards.
 *
 *   "GET " name [" " query] LF
 *   "POST " name LF body
 *   "CHAIN" LF *(position[2] xor[1])      a good chain of certificates in DER, spoiled there, to add-chain
 *   "PRECHAIN" LF ...                     and to add-pre-chain
 */
#include <stdio.h>
#include <string.h>

#include "fakes/ct_world.h"
#include "fuzz/fuzz_checks.h"

/* Then a new log: an old one has a longer memory than a fuzzer should. */
#define ROUNDS 2000
#define NAME_MAX_LEN 64
#define QUERY_MAX_LEN 512

static struct ct_world *w;
static unsigned rounds;
static uint8_t good[2][8192];
static size_t good_len[2], good_leaf_len[2];

static void new_world(void)
{
    struct error err;
    if (w != NULL)
        ct_world_free(w);
    w = ct_world_new(&ct_suite_intl);
    w->config.takes_mtc_entries = true;
    require(ct_world_open(w, &err) == STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct builder chain;
        builder_init(&chain, sizeof good[i]);
        ct_world_certificate(w, &(struct ct_world_certificate){.serial = 5, .is_precertificate = i == 1}, &chain);
        good_leaf_len[i] = chain.len;
        builder_bytes(&chain, builder_view(&w->issuer.der));
        good_len[i] = chain.len;
        memcpy(good[i], chain.data, chain.len);
        builder_clear(&chain);
    }
    rounds = 0;
}

static bool is_status(int status)
{
    static const int statuses[] = {200, 400, 403, 404, 405, 413, 429, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i] == status)
            return true;
    return false;
}

static int finish(struct ct_world_answer *answer)
{
    fake_loop_run(w->loop, 1000);
    require(answer->is_answered && is_status(answer->status));
    require(answer->status == 200 || memmem(answer->body.data, answer->body.len, "error_message", 13) != NULL);
    int status = answer->status;
    ct_world_forget(answer);
    struct ct_log_status log = ct_log_status(w->log);
    require(log.is_ready && log.pending_count == 0 && log.index_size == log.size);
    return status;
}

static void copy_word(struct bytes *rest, char *out, size_t max)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] != ' ')
        len++;
    (void)snprintf(out, max, "%.*s", (int)(len < max ? len : max - 1), (const char *)rest->data);
    *rest = bytes_of(rest->data + len, rest->len - len);
    if (rest->len > 0)
        *rest = bytes_of(rest->data + 1, rest->len - 1);
}

static void submit_spoiled(unsigned kind, struct bytes changes)
{
    uint8_t spoiled[sizeof good[0]];
    struct builder body;
    struct error err;
    bool is_changed = false;
    memcpy(spoiled, good[kind], good_len[kind]);
    for (; changes.len >= 3; changes = bytes_of(changes.data + 3, changes.len - 3)) {
        size_t at = ((size_t)changes.data[0] << 8 | changes.data[1]) % good_len[kind];
        spoiled[at] ^= changes.data[2];
    }
    is_changed = memcmp(spoiled, good[kind], good_leaf_len[kind]) != 0;
    const struct bytes chain[] = {bytes_of(spoiled, good_leaf_len[kind]),
                                  bytes_of(spoiled + good_leaf_len[kind], good_len[kind] - good_leaf_len[kind])};
    builder_init(&body, 65536);
    require(ct_json_write_chain(chain, 2, &body, &err) == STATUS_OK);
    int status = finish(ct_world_post(w, kind == 0 ? "add-chain" : "add-pre-chain", builder_view(&body)));
    /* A leaf with one bit changed is signed by nobody. */
    require(!is_changed || status == 400);
    require(status == 200 || is_changed || memcmp(spoiled, good[kind], good_len[kind]) != 0);
    builder_clear(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char method[16], name[NAME_MAX_LEN], query[QUERY_MAX_LEN];
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    if (end == NULL || memchr(data, 0, (size_t)(end - data)) != NULL)
        return 0;
    if (w == NULL || ++rounds == ROUNDS)
        new_world();
    struct bytes line = bytes_of(data, (size_t)(end - data)), rest = bytes_of(end + 1, size - line.len - 1);
    copy_word(&line, method, sizeof method);
    copy_word(&line, name, sizeof name);
    copy_word(&line, query, sizeof query);
    if (strcmp(method, "GET") == 0)
        (void)finish(ct_world_get(w, name, query));
    else if (strcmp(method, "POST") == 0)
        (void)finish(ct_world_post(w, name, rest));
    else if (strcmp(method, "CHAIN") == 0)
        submit_spoiled(0, rest);
    else if (strcmp(method, "PRECHAIN") == 0)
        submit_spoiled(1, rest);
    return 0;
}

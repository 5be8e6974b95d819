/* test_kill.c - kill -9 of a real process that appends to a log on the real disk.
 *
 * The child appends batches and says on a pipe what was acknowledged; the parent kills it at a random
 * moment, opens the log, checks that everything acknowledged is there, and goes on, round after round.
 * `test_crash_kill ct` does it to a CT log, whose tree head must only get younger. CATHAYA_CRASH_ROUNDS (200) and CATHAYA_CRASH_SEED may be set.
 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "codec/mtc/log_entry.h"
#include "adapters/local_key/local_key.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "base/text.h"
#include "log_engine/log_engine.h"

#define BATCH_MAX       700
#define KILL_AFTER_US   40000 /* a batch takes about 2 ms */
#define FSCK_EVERY      20    /* rounds: it reads the whole log */
#define LANDMARK_S      86400

/* What the child says after each acknowledged batch. */
struct receipt {
    uint64_t first, count, id;
};

struct rig {
    char path[64];
    struct algorithms *algorithms;
    struct private_key *key;
    struct cosigner cosigner;
    struct ct_signer ct_signer;
    bool is_ct;
    uint64_t head_ms; /* of the last tree head that was seen */
    struct log_config config;
    struct posix_object_store *public_store, *private_store;
    struct posix_record_store *record;
    struct log_engine *log;
};

static _Noreturn void fail(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "FAILED: %s%s%s\n", what, err != NULL ? ": " : "",
                  err != NULL ? err->text : "");
    exit(1);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void make_ct_entry(uint64_t id, uint64_t index, struct builder *out)
{
    uint8_t bytes[512], chain[HASH_SIZE] = {1}, memory[8];
    struct builder extensions;
    builder_init_fixed(&extensions, memory, sizeof memory);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(id + i);
    memcpy(bytes, &id, sizeof id);
    enum status s = sct_write_leaf_index(index, &extensions, NULL);
    struct leaf_tile tile = {.chain = BYTES_OF(chain),
                             .leaf = {.timestamp_ms = 1700000000000 + id,
                                      .type = LEAF_X509,
                                      .certificate = bytes_of(bytes, 8 + id * 131 % 500),
                                      .extensions = builder_view(&extensions)}};
    if (s != STATUS_OK || leaf_tile_write(&tile, out, NULL) != STATUS_OK)
        fail("making an entry", NULL);
}

static void make_entry(const struct rig *r, uint64_t id, uint64_t index, struct builder *out)
{
    if (r->is_ct) {
        make_ct_entry(id, index, out);
        return;
    }
    log_entry_write_start(out, LOG_ENTRY_TBS_CERT);
    builder_u64(out, id);
    for (uint64_t i = 0; i < id * 131 % 400; i++)
        builder_u8(out, (uint8_t)(id + i));
}

/* ---- the log ---- */

static void open_stores(struct rig *r, bool may_create)
{
    struct error err = {.status = STATUS_OK};
    char path[80];
    (void)snprintf(path, sizeof path, "%s/log", r->path);
    enum status s = posix_record_store_open(path, may_create, &r->record, &err);
    s = s ? s : posix_object_store_open(path, POSIX_PRIVATE, may_create, &r->private_store, &err);
    (void)snprintf(path, sizeof path, "%s/public", r->path);
    s = s ? s : posix_object_store_open(path, POSIX_PUBLIC, may_create, &r->public_store, &err);
    if (s != STATUS_OK)
        fail("opening the stores", &err);
    r->config.public_store = posix_object_store_port(r->public_store);
    r->config.private_store = posix_object_store_port(r->private_store);
    r->config.record = posix_record_store_port(r->record);
    if (may_create && log_create(&r->config, &err) != STATUS_OK)
        fail("founding the log", &err);
    if (log_open(&r->config, &r->log, &err) != STATUS_OK)
        fail("opening the log", &err);
    if (r->is_ct && log_tree_head(r->log)->timestamp_ms <= r->head_ms)
        fail("the tree head is not younger than the one before", NULL);
    r->head_ms = log_tree_head(r->log)->timestamp_ms;
}

static void close_stores(struct rig *r)
{
    struct error err = {.status = STATUS_OK};
    if (log_close(r->log, &err) != STATUS_OK)
        fail("closing the log", &err);
    posix_object_store_close(r->public_store);
    posix_object_store_close(r->private_store);
    posix_record_store_close(r->record);
}

static void configure_ct(struct rig *r)
{
    r->ct_signer = local_key_ct_signer(r->key);
    r->config.log_id = (struct tai){.len = 0};
    r->config.origin = "ct.example/kill";
    r->config.tree_head_signer = &r->ct_signer;
    r->config.cosigner_count = 0;
}

static void set_up(struct rig *r, bool is_ct)
{
    struct error err = {.status = STATUS_OK};
    struct tai ca;
    *r = (struct rig){.path = "/var/tmp/cathaya-kill-XXXXXX", .is_ct = is_ct};
    if (mkdtemp(r->path) == NULL)
        fail("cannot make a directory below /var/tmp", NULL);
    enum status s = algorithms_new(&r->algorithms, &err);
    const struct signature_alg *alg = algorithms_by_name(r->algorithms, bytes_of_text("sm2_sm3"));
    s = s ? s : private_key_generate(alg, &r->key, &err);
    s = s ? s : tai_parse_text(bytes_of_text("32473.1"), &ca, &err);
    s = s ? s : tai_log_id(&ca, 1, &r->config.log_id, &err);
    if (s != STATUS_OK)
        fail("setting up", &err);
    r->cosigner = local_key_cosigner(&ca, r->key);
    r->config.hash = &hash_sm3;
    r->config.clock = posix_clock();
    r->config.cosigners = &r->cosigner;
    r->config.cosigner_count = 1;
    if (is_ct)
        configure_ct(r);
    open_stores(r, true);
    close_stores(r);
}

static int remove_file(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

/* ---- the child ---- */

static void append_one(struct rig *r, uint64_t *id, uint64_t *random, int pipe_out)
{
    static struct log_entry_input entries[BATCH_MAX];
    static size_t ends[BATCH_MAX];
    struct error err = {.status = STATUS_OK};
    struct builder memory;
    struct receipt receipt = {.count = 1 + next_random(random) % BATCH_MAX, .id = *id};
    uint64_t size = log_state(r->log).size;
    builder_init(&memory, (size_t)1 << 20);
    for (uint64_t i = 0; i < receipt.count; i++) {
        make_entry(r, *id + i, size + i, &memory);
        ends[i] = memory.len;
    }
    for (uint64_t i = 0; i < receipt.count; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        entries[i].entry = bytes_of(memory.data + start, ends[i] - start);
        entries[i].not_after_s = 1900000000;
    }
    if (log_append(r->log, entries, receipt.count, &receipt.first, &err) != STATUS_OK)
        fail("appending", &err);
    /* Less than PIPE_BUF: whole or not at all. */
    if (write(pipe_out, &receipt, sizeof receipt) != (ssize_t)sizeof receipt)
        fail("writing a receipt", NULL);
    *id += receipt.count;
    builder_clear(&memory);
}

static _Noreturn void run_child(struct rig *r, uint64_t id, uint64_t random, int pipe_out)
{
    struct error err = {.status = STATUS_OK};
    bool is_new;
    open_stores(r, false);
    for (;;) {
        append_one(r, &id, &random, pipe_out);
        if (next_random(&random) % 8 != 0)
            continue;
        if (!r->is_ct && log_allocate_landmark(r->log, LANDMARK_S, &is_new, &err) != STATUS_OK)
            fail("allocating a landmark", &err);
        if (r->is_ct && log_refresh_checkpoint(r->log, &err) != STATUS_OK)
            fail("refreshing the tree head", &err);
    }
}

/* ---- the parent ---- */

struct history {
    struct receipt *receipts;
    size_t count, cap;
    uint64_t next_id;
};

static void add_receipt(struct history *h, const struct receipt *receipt)
{
    if (h->count == h->cap) {
        h->cap = h->cap == 0 ? 256 : 2 * h->cap;
        h->receipts = realloc(h->receipts, h->cap * sizeof *h->receipts);
        if (h->receipts == NULL)
            fail("no memory", NULL);
    }
    if (h->count > 0 && receipt->first <
                            h->receipts[h->count - 1].first + h->receipts[h->count - 1].count)
        fail("an index was given twice", NULL);
    h->receipts[h->count++] = *receipt;
    h->next_id = receipt->id + receipt->count;
}

static void kill_one(struct rig *r, struct history *h, uint64_t *random)
{
    int ends[2], state;
    struct receipt receipt;
    if (pipe(ends) != 0)
        fail("no pipe", NULL);
    uint64_t child_random = next_random(random);
    pid_t child = fork();
    if (child < 0)
        fail("cannot fork", NULL);
    if (child == 0) {
        (void)close(ends[0]);
        run_child(r, h->next_id, child_random, ends[1]);
    }
    (void)close(ends[1]);
    /* The ids of a batch that was committed without a receipt are used up too: the parent skips them. */
    uint64_t wait_us = next_random(random) % KILL_AFTER_US;
    /* Every second one lives until it has acknowledged something, however slow the machine is; the
     * others are killed while they recover, too. */
    if (next_random(random) % 2 == 0 &&
        read(ends[0], &receipt, sizeof receipt) == (ssize_t)sizeof receipt)
        add_receipt(h, &receipt);
    struct timespec pause = {.tv_nsec = (long)wait_us * 1000};
    (void)nanosleep(&pause, NULL);
    if (kill(child, SIGKILL) != 0 || waitpid(child, &state, 0) != child)
        fail("cannot kill", NULL);
    if (!WIFSIGNALED(state))
        fail("the child ended by itself", NULL);
    while (read(ends[0], &receipt, sizeof receipt) == (ssize_t)sizeof receipt)
        add_receipt(h, &receipt);
    (void)close(ends[0]);
    h->next_id += BATCH_MAX;
}

static void check_entries(struct rig *r, const struct receipt *receipt)
{
    struct error err = {.status = STATUS_OK};
    struct builder have, want;
    builder_init(&have, 65536);
    builder_init(&want, 65536);
    for (uint64_t i = 0; i < receipt->count; i++) {
        builder_reset(&have);
        builder_reset(&want);
        make_entry(r, receipt->id + i, receipt->first + i, &want);
        if (log_read_entry(r->log, receipt->first + i, &have, &err) != STATUS_OK)
            fail("an acknowledged entry", &err);
        if (!bytes_equal(builder_view(&have), builder_view(&want)))
            fail("an acknowledged entry is another one", NULL);
    }
    builder_clear(&have);
    builder_clear(&want);
}

static void report_problem(void *context, const char *text)
{
    (void)context;
    (void)fprintf(stderr, "fsck: %s\n", text);
}

static void audit(struct rig *r, const struct history *h, size_t from, bool is_whole)
{
    struct error err = {.status = STATUS_OK};
    struct log_fsck_report report;
    open_stores(r, false);
    for (size_t i = is_whole ? 0 : from; i < h->count; i++)
        check_entries(r, &h->receipts[i]);
    if (is_whole && log_fsck(r->log, report_problem, NULL, NULL, &report, &err) != STATUS_OK)
        fail("fsck", &err);
    close_stores(r);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    uint64_t value;
    const char *text = getenv(name);
    return text != NULL && text_parse_u64(bytes_of_text(text), UINT32_MAX, &value) ? value : otherwise;
}

int main(int argc, char **argv)
{
    struct rig r;
    struct history h = {.receipts = NULL};
    uint64_t rounds = number_from("CATHAYA_CRASH_ROUNDS", 200);
    uint64_t seed = number_from("CATHAYA_CRASH_SEED", (uint64_t)time(NULL) & UINT32_MAX);
    uint64_t random = seed, entries = 0;
    (void)printf("seed %llu, %llu rounds\n", (unsigned long long)seed, (unsigned long long)rounds);
    (void)fflush(stdout);
    set_up(&r, argc > 1 && strcmp(argv[1], "ct") == 0);
    for (uint64_t round = 1; round <= rounds; round++) {
        size_t before = h.count;
        kill_one(&r, &h, &random);
        audit(&r, &h, before, round % FSCK_EVERY == 0 || round == rounds);
    }
    for (size_t i = 0; i < h.count; i++)
        entries += h.receipts[i].count;
    (void)printf("%llu kills, %zu acknowledged batches, %llu entries, none lost\n",
                 (unsigned long long)rounds, h.count, (unsigned long long)entries);
    (void)nftw(r.path, remove_file, 16, FTW_DEPTH | FTW_PHYS);
    free(h.receipts);
    private_key_free(r.key);
    algorithms_free(r.algorithms);
    return h.count > 0 || rounds == 0 ? 0 : 1;
}

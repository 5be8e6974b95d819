/* bench_log.c - durable appends on the real disk: entries per second, and what the disk holds per entry
 * beyond the entry itself. Every append is cosigned, and durable when it returns. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/local_key/local_key.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "bench_log.h"
#include "codec/mtc/log_entry.h"
#include "load/load_time.h"
#include "merkle/node.h"
#include "log_engine/log_engine.h"

#define ENTRY_SIZE   300
#define BATCH_MAX    10000
#define POINTS_MAX   4
#define PATH_SIZE    64
#define RUNS         4 /* two suites, two sizes of batches */
#define LEVELS_AT_1E9 30.0

struct suite {
    const char *name;
    const struct hash_alg *hash;
    const char *algorithm;
    const char *ca;
};

struct rig {
    char path[PATH_SIZE];
    struct posix_object_store *public_store, *private_store;
    struct posix_record_store *record;
    struct private_key *key;
    struct cosigner cosigner;
    struct log_engine *log;
    uint8_t (*bytes)[ENTRY_SIZE];
    struct log_entry_input *entries;
};

/* nftw has no context argument. */
static uint64_t walked_bytes, walked_blocks;

static int add_file(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)path, (void)at;
    if (type == FTW_F)
        walked_bytes += (uint64_t)info->st_size;
    walked_blocks += (uint64_t)info->st_blocks * 512;
    return 0;
}

static int remove_file(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

static int failed(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "bench log: %s: %s\n", what, err->text);
    return 1;
}

static int open_rig(struct rig *r, const struct suite *suite, const struct algorithms *algorithms)
{
    struct error err = {.status = STATUS_OK};
    struct tai ca;
    char path[80];
    struct log_config config = {.hash = suite->hash, .clock = posix_clock()};
    const char *base = getenv("CATHAYA_BENCH_DIR");
    (void)snprintf(r->path, sizeof r->path, "%.40s/cathaya-bench-XXXXXX", base ? base : "/var/tmp");
    if (mkdtemp(r->path) == NULL)
        return failed(r->path, &(struct error){.text = "cannot make it"});
    enum status s = tai_parse_text(bytes_of_text(suite->ca), &ca, &err);
    s = s ? s : tai_log_id(&ca, 1, &config.log_id, &err);
    (void)snprintf(path, sizeof path, "%s/log", r->path);
    s = s ? s : posix_record_store_open(path, true, &r->record, &err);
    s = s ? s : posix_object_store_open(path, POSIX_PRIVATE, false, &r->private_store, &err);
    (void)snprintf(path, sizeof path, "%s/public", r->path);
    s = s ? s : posix_object_store_open(path, POSIX_PUBLIC, true, &r->public_store, &err);
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(suite->algorithm));
    s = s ? s : private_key_generate(alg, &r->key, &err);
    if (s != STATUS_OK)
        return failed("setting up", &err);
    r->cosigner = local_key_cosigner(&ca, r->key);
    config.public_store = posix_object_store_port(r->public_store);
    config.private_store = posix_object_store_port(r->private_store);
    config.record = posix_record_store_port(r->record);
    config.cosigners = &r->cosigner;
    config.cosigner_count = 1;
    s = log_create(&config, &err);
    s = s ? s : log_open(&config, &r->log, &err);
    return s == STATUS_OK ? 0 : failed("opening", &err);
}

static void close_rig(struct rig *r)
{
    (void)log_close(r->log, NULL);
    posix_object_store_close(r->public_store);
    posix_object_store_close(r->private_store);
    posix_record_store_close(r->record);
    private_key_free(r->key);
    free(r->bytes);
    free(r->entries);
}

static int make_entries(struct rig *r)
{
    r->bytes = calloc(BATCH_MAX, sizeof *r->bytes);
    r->entries = calloc(BATCH_MAX, sizeof *r->entries);
    if (r->bytes == NULL || r->entries == NULL)
        return 1;
    for (size_t i = 0; i < BATCH_MAX; i++) {
        r->bytes[i][3] = LOG_ENTRY_TBS_CERT;
        r->entries[i].entry = bytes_of(r->bytes[i], ENTRY_SIZE);
        r->entries[i].not_after_s = 1900000000;
    }
    return 0;
}

/* Appends until the log has `size` entries. */
static int append_until(struct rig *r, uint64_t size, size_t batch)
{
    struct error err = {.status = STATUS_OK};
    uint64_t done = log_state(r->log).size, first;
    for (; done < size; done += batch) {
        for (size_t i = 0; i < batch; i++) {
            uint64_t index = done + i;
            memcpy(r->bytes[i] + 4, &index, sizeof index); /* behind the type of the entry */
        }
        if (log_append(r->log, r->entries, batch, &first, &err) != STATUS_OK)
            return failed("appending", &err);
    }
    return 0;
}

static void print_disk(const struct rig *r, uint64_t size)
{
    walked_bytes = walked_blocks = 0;
    (void)nftw(r->path, add_file, 16, FTW_PHYS);
    double entries = (double)size * ENTRY_SIZE;
    (void)printf("    on disk beyond the entry: %.1f bytes per entry in files, %.1f in blocks\n",
                 ((double)walked_bytes - entries) / (double)size,
                 ((double)walked_blocks - entries) / (double)size);
}

/* One node hash, measured. */
static double node_us(const struct hash_alg *hash)
{
    struct hasher h;
    uint8_t node[HASH_SIZE] = {0};
    enum { ROUNDS = 200000 };
    if (hasher_init(&h, hash, NULL) != STATUS_OK)
        return 0;
    double begin = load_time_now_s();
    for (size_t i = 0; i < ROUNDS; i++)
        node_hash(&h, node, node, node);
    double took = load_time_now_s() - begin;
    hasher_clear(&h);
    return took * 1e6 / ROUNDS;
}

/* What grows with the log is paid once a batch, along the right edge: the root for the record and for
 * the checkpoint, and the two covering subtrees, each one node a level at the most. Everything else
 * (leaf, one node, bytes, the batch's fsyncs and signatures) is the same at every size. */
static void print_on_paper(const struct suite *suite, double cost_us, uint64_t size, size_t batch)
{
    double levels = LEVELS_AT_1E9;
    for (uint64_t n = size; n > 1; n /= 2)
        levels -= 1;
    double node = node_us(suite->hash), more = 4 * levels * node / (double)batch;
    (void)printf("    on paper at 10^9: %.0f levels more, 4 node hashes of %.2f us each a batch: %.2f us per entry\n",
                 levels, node, cost_us + more);
}

/* path is where the log was made: it is removed when all is measured, because a file system that is busy
 * with forgetting the run before is slow for this one. */
static int run(const struct suite *suite, const struct algorithms *algorithms, size_t batch,
               bool is_large, char path[PATH_SIZE])
{
    static const uint64_t sizes[POINTS_MAX] = {10000, 100000, 1000000, 10000000};
    struct rig r = {.log = NULL};
    double cost_us[POINTS_MAX], begin = load_time_now_s(), from = 0;
    size_t points = is_large ? 4 : 3;
    int result = open_rig(&r, suite, algorithms);
    result = result ? result : make_entries(&r);
    (void)printf("  %s (%s), batches of %zu, entries of %d bytes\n", suite->name, suite->algorithm,
                 batch, ENTRY_SIZE);
    begin = load_time_now_s();
    for (size_t i = 0; i < points && result == 0; i++) {
        uint64_t before = i == 0 ? 0 : sizes[i - 1];
        result = append_until(&r, sizes[i], batch);
        double to = load_time_now_s() - begin;
        cost_us[i] = (to - from) * 1e6 / (double)(sizes[i] - before);
        (void)printf("    to %9llu entries: %.2f us per entry, %.0f entries/s\n",
                     (unsigned long long)sizes[i], cost_us[i], 1e6 / cost_us[i]);
        from = to;
    }
    if (result == 0) {
        (void)printf("    all: %.0f durable entries/s\n", (double)sizes[points - 1] / from);
        print_on_paper(suite, from * 1e6 / (double)sizes[points - 1], sizes[points - 1], batch);
        struct error err = {.status = STATUS_OK};
        result = log_close(r.log, &err) == STATUS_OK ? 0 : failed("closing", &err);
        r.log = NULL;
        print_disk(&r, sizes[points - 1]);
    }
    close_rig(&r);
    (void)snprintf(path, PATH_SIZE, "%s", r.path);
    return result;
}

int bench_log(void)
{
    static const struct suite suites[] = {
        {"gm", &hash_sm3, "sm2_sm3", "32473.1"},
        {"intl", &hash_sha256, "mldsa44", "32473.2"},
    };
    struct error err = {.status = STATUS_OK};
    struct algorithms *algorithms = NULL;
    const char *large = getenv("CATHAYA_BENCH_LARGE");
    bool is_large = large != NULL && strcmp(large, "1") == 0;
    if (algorithms_new(&algorithms, &err) != STATUS_OK)
        return failed("algorithms", &err);
    (void)printf("append, one thread, fsync before each acknowledgement\n");
    int result = 0;
    char paths[RUNS][PATH_SIZE] = {""};
    for (size_t i = 0; i < RUNS && result == 0; i++)
        result = run(&suites[i / 2], algorithms, i % 2 == 0 ? 1000 : 10000, is_large, paths[i]);
    for (size_t i = 0; i < RUNS; i++)
        if (paths[i][0] != '\0')
            (void)nftw(paths[i], remove_file, 16, FTW_DEPTH | FTW_PHYS);
    algorithms_free(algorithms);
    return result;
}

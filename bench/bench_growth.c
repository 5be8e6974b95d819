/* bench_growth.c - the growth of a CT log: durable appends of TileLeafs on the real disk, to logs of 10^6 and as many
 * entries as are asked for, and in turns with it to a log of 10^5. Every batch that is measured is staged, committed, signed as
 * a tree head, and published when log_append returns. */
#include "bench_growth.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "adapters/local_key/local_key.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "bench.h"
#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "load/load_time.h"
#include "log_engine/log_engine.h"
#include "merkle/node.h"

/* A precertificate without poison, of a usual DV certificate with a P-256 or SM2 key, and two fingerprints. */
#define CERTIFICATE_LEN 1200
#define CHAIN_COUNT     2
#define BATCH           1000  /* 5,000 submissions a second, flushed every 200 ms */
#define BATCH_GROWING   40000 /* not measured: what makes the log large soon, below LOG_BATCH_BYTES_MAX */
#define REFERENCE_SIZE  100000
#define POWER_FIRST     6
#define POWER_MAX       9
#define ROUNDS          9
#define ROUND_BATCHES   40 /* the settling of one time and a little more */
#define PATH_SIZE       64
#define ENTRY_SIZE_MAX  2048

struct suite {
    const char *name;
    const struct hash_alg *hash;
    const char *algorithm;
};

/* A store that may throw away what is put below one folder: data tiles when the disk is too small, and what is staged
 * while the log only grows. */
struct thin_store {
    struct object_store inner;
    const char *folder;
    bool is_thin;
    uint64_t bytes; /* put below the folder */
};

struct growth {
    const struct suite *suite;
    char path[PATH_SIZE];
    struct posix_object_store *public_store, *private_store;
    struct posix_record_store *record;
    struct private_key *key;
    struct ct_signer signer;
    struct thin_store data, staged;
    struct log_engine *log;
    uint8_t (*bytes)[ENTRY_SIZE_MAX];
    struct log_entry_input *entries; /* BATCH_GROWING */
    size_t entry_len, index_at; /* where the leaf_index stands */
    uint64_t data_max;          /* bytes of data tiles that are kept */
};

/* Of an entry, in the best of some rounds. */
struct cost {
    double wall_us, cpu_us;
};

static int failed(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "bench growth: %s: %s\n", what, err->text);
    return 1;
}

/* ---- the store ---- */

static enum status thin_put(void *context, const char *name, struct bytes value, struct error *err)
{
    struct thin_store *t = context;
    bool is_below = strncmp(name, t->folder, strlen(t->folder)) == 0;
    if (is_below)
        t->bytes += value.len;
    if (is_below && t->is_thin)
        return STATUS_OK;
    return t->inner.put(t->inner.context, name, value, err);
}

static enum status thin_get(void *context, const char *name, struct builder *out, struct error *err)
{
    struct thin_store *t = context;
    return t->inner.get(t->inner.context, name, out, err);
}

static enum status thin_remove(void *context, const char *name, struct error *err)
{
    struct thin_store *t = context;
    return t->inner.remove(t->inner.context, name, err);
}

static enum status thin_list(void *context, const char *prefix,
                             enum status (*each)(void *each_context, const char *name, struct error *err),
                             void *each_context, struct error *err)
{
    struct thin_store *t = context;
    return t->inner.list(t->inner.context, prefix, each, each_context, err);
}

static enum status thin_sync(void *context, struct error *err)
{
    struct thin_store *t = context;
    return t->inner.sync(t->inner.context, err);
}

static struct object_store thin_port(struct thin_store *t)
{
    return (struct object_store){
        .context = t, .put = thin_put, .get = thin_get, .remove = thin_remove, .list = thin_list, .sync = thin_sync};
}

/* ---- setting up ---- */

static int remove_file(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

static int make_entries(struct growth *g)
{
    uint8_t memory[8], certificate[CERTIFICATE_LEN], chain[CHAIN_COUNT * HASH_SIZE] = {1};
    struct builder extensions, out;
    struct error err = {.status = STATUS_OK};
    builder_init_fixed(&extensions, memory, sizeof memory);
    enum status s = sct_write_leaf_index(0, &extensions, &err);
    g->bytes = calloc(BATCH_GROWING, sizeof *g->bytes);
    g->entries = calloc(BATCH_GROWING, sizeof *g->entries);
    if (g->bytes == NULL || g->entries == NULL)
        return failed("entries", &(struct error){.text = "no memory"});
    for (size_t i = 0; i < BATCH_GROWING && s == STATUS_OK; i++) {
        memset(certificate, (int)i, sizeof certificate);
        memcpy(certificate, &i, sizeof i);
        struct leaf_tile tile = {.chain = BYTES_OF(chain),
                                 .leaf = {.timestamp_ms = 1793283605000,
                                          .type = LEAF_X509,
                                          .certificate = BYTES_OF(certificate),
                                          .extensions = builder_view(&extensions)}};
        builder_init_fixed(&out, g->bytes[i], ENTRY_SIZE_MAX);
        s = leaf_tile_write(&tile, &out, &err);
        g->entries[i] = (struct log_entry_input){.entry = builder_view(&out), .not_after_s = 1900000000};
        g->entry_len = out.len;
    }
    /* The extensions end before the chain; the leaf_index is their end. */
    g->index_at = g->entry_len - sizeof chain - 2 - 5;
    return s == STATUS_OK ? 0 : failed("entries", &err);
}

static enum status open_stores(struct growth *g, struct error *err)
{
    char path[PATH_SIZE + 8];
    (void)snprintf(path, sizeof path, "%s/log", g->path);
    enum status s = posix_record_store_open(path, true, &g->record, err);
    s = s ? s : posix_object_store_open(path, POSIX_PRIVATE, false, &g->private_store, err);
    (void)snprintf(path, sizeof path, "%s/public", g->path);
    return s ? s : posix_object_store_open(path, POSIX_PUBLIC, true, &g->public_store, err);
}

static int open_growth(struct growth *g, const struct algorithms *algorithms)
{
    struct error err = {.status = STATUS_OK};
    struct statvfs disk;
    const char *base = getenv("CATHAYA_BENCH_DIR");
    (void)snprintf(g->path, sizeof g->path, "%.40s/cathaya-bench-XXXXXX", base ? base : "/var/tmp");
    if (mkdtemp(g->path) == NULL || statvfs(g->path, &disk) != 0)
        return failed(g->path, &(struct error){.text = "cannot make it"});
    g->data_max = (uint64_t)disk.f_bavail * disk.f_frsize / 3;
    enum status s = open_stores(g, &err);
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(g->suite->algorithm));
    s = s ? s : private_key_generate(alg, &g->key, &err);
    if (s != STATUS_OK)
        return failed("setting up", &err);
    g->signer = local_key_ct_signer(g->key);
    g->data = (struct thin_store){.inner = posix_object_store_port(g->public_store), .folder = "tile/data/"};
    g->staged = (struct thin_store){.inner = posix_object_store_port(g->private_store), .folder = "staged/"};
    struct log_config config = {.origin = "ct.example/bench",
                                .hash = g->suite->hash,
                                .public_store = thin_port(&g->data),
                                .private_store = thin_port(&g->staged),
                                .record = posix_record_store_port(g->record),
                                .clock = posix_clock(),
                                .tree_head_signer = &g->signer};
    s = log_create(&config, &err);
    s = s ? s : log_open(&config, &g->log, &err);
    return s == STATUS_OK ? make_entries(g) : failed("opening", &err);
}

static void close_growth(struct growth *g)
{
    (void)log_close(g->log, NULL);
    posix_object_store_close(g->public_store);
    posix_object_store_close(g->private_store);
    posix_record_store_close(g->record);
    private_key_free(g->key);
    free(g->bytes);
    free(g->entries);
    if (g->path[0] != '\0')
        (void)nftw(g->path, remove_file, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- appending ---- */

static int append_one(struct growth *g, size_t count)
{
    struct error err = {.status = STATUS_OK};
    uint64_t first, done = log_state(g->log).size;
    if (g->data.bytes > g->data_max)
        g->data.is_thin = true;
    for (uint64_t i = 0; i < count; i++)
        for (unsigned k = 0; k < 5; k++)
            g->bytes[i][g->index_at + k] = (uint8_t)((done + i) >> (8 * (4 - k)));
    return log_append(g->log, g->entries, count, &first, &err) == STATUS_OK ? 0 : failed("appending", &err);
}

/* Batches as large as can be, which are not staged: no power may fail here. */
static int grow_to(struct growth *g, uint64_t size)
{
    int result = 0;
    g->staged.is_thin = true;
    for (uint64_t done = log_state(g->log).size; done < size && result == 0; done = log_state(g->log).size)
        result = append_one(g, size - done < BATCH_GROWING ? (size_t)(size - done) : BATCH_GROWING);
    g->staged.is_thin = false;
    return result;
}

/* One round; the best one is kept. */
static int measure(struct growth *g, struct cost *best)
{
    double wall_s = load_time_now_s(), cpu_s = load_time_own_cpu_s(), entries = (double)ROUND_BATCHES * BATCH;
    int result = 0;
    for (size_t i = 0; i < ROUND_BATCHES && result == 0; i++)
        result = append_one(g, BATCH);
    double wall_us = (load_time_now_s() - wall_s) * 1e6 / entries;
    double cpu_us = (load_time_own_cpu_s() - cpu_s) * 1e6 / entries;
    best->wall_us = wall_us < best->wall_us ? wall_us : best->wall_us;
    best->cpu_us = cpu_us < best->cpu_us ? cpu_us : best->cpu_us;
    return result;
}

/* ---- comparing ---- */

/* One node hash, measured. */
static double node_us(const struct hash_alg *hash)
{
    struct hasher h;
    uint8_t node[HASH_SIZE] = {0};
    enum { NODES = 200000 };
    if (hasher_init(&h, hash, NULL) != STATUS_OK)
        return 0;
    double begin_s = load_time_own_cpu_s();
    for (size_t i = 0; i < NODES; i++)
        node_hash(&h, node, node, node);
    double took_s = load_time_own_cpu_s() - begin_s;
    hasher_clear(&h);
    return took_s * 1e6 / NODES;
}

/* Only the right edge grows: its hashes are needed for three roots a batch (staged, applied, signed). */
static void print_computed(const struct growth *g, const struct cost *cost, unsigned power, unsigned target)
{
    double levels = 3.3219 * (target - power), node = node_us(g->suite->hash);
    (void)printf("    not measured, computed for 10^%u: %.1f levels more, 3 node hashes of %.2f us each a batch: "
                 "%.2f us per entry\n", target, levels, node, cost->wall_us + 3 * levels * node / BATCH);
}

/* The large log and the small one take turns: what disturbs the machine disturbs both. */
static int compare(struct growth *large, struct growth *small, unsigned power, double *worst)
{
    struct cost at_large = {1e9, 1e9}, at_small = {1e9, 1e9};
    int result = 0;
    for (size_t i = 0; i < ROUNDS && result == 0; i++) {
        result = measure(large, &at_large);
        result = result ? result : measure(small, &at_small);
    }
    if (result != 0)
        return result;
    double ratio = at_large.wall_us / at_small.wall_us;
    (void)printf("    at 10^%u: %6.2f us per entry (%5.2f CPU), %7.0f entries/s; at 10^5: %6.2f us (%5.2f CPU); %.2f "
                 "times, CPU %.2f times%s\n", power, at_large.wall_us, at_large.cpu_us, 1e6 / at_large.wall_us,
                 at_small.wall_us, at_small.cpu_us, ratio, at_large.cpu_us / at_small.cpu_us,
                 large->data.is_thin ? " (data tiles hashed, not kept)" : "");
    *worst = ratio > *worst ? ratio : *worst;
    if (power < 8)
        print_computed(large, &at_large, power, 8);
    return 0;
}

static int run(struct growth *large, struct growth *small, const struct algorithms *algorithms, unsigned power_max)
{
    uint64_t size = 1000000;
    double worst = 0;
    int result = open_growth(large, algorithms);
    result = result ? result : open_growth(small, algorithms);
    result = result ? result : grow_to(small, REFERENCE_SIZE);
    if (result == 0)
        (void)printf("  %s (%s), batches of %d, TileLeafs of %zu bytes, best of %d rounds in turns\n",
                     large->suite->name, large->suite->algorithm, BATCH, large->entry_len, ROUNDS);
    for (unsigned power = POWER_FIRST; power <= power_max && result == 0; power++, size *= 10) {
        result = grow_to(large, size);
        small->data.is_thin = large->data.bytes > large->data_max;
        result = result ? result : compare(large, small, power, &worst);
    }
    if (result == 0)
        bench_target("time per entry of the largest log, next to that of 10^5", worst, " times", worst <= 1.3,
                     "at most 1.3");
    return result;
}

static int run_suite(const struct suite *suite, const struct algorithms *algorithms, unsigned power_max)
{
    struct growth *both = calloc(2, sizeof *both);
    if (both == NULL)
        return failed("setting up", &(struct error){.text = "no memory"});
    both[0].suite = both[1].suite = suite;
    int result = run(&both[0], &both[1], algorithms, power_max);
    close_growth(&both[0]);
    close_growth(&both[1]);
    free(both);
    return result;
}

int bench_growth(void)
{
    static const struct suite suites[] = {
        {"gm", &hash_sm3, "sm2_sm3"},
        {"intl", &hash_sha256, "ecdsa_p256_sha256"},
    };
    struct error err = {.status = STATUS_OK};
    struct algorithms *algorithms = NULL;
    const char *text = getenv("CATHAYA_BENCH_GROWTH"), *only = getenv("CATHAYA_BENCH_SUITE");
    int power = text != NULL ? atoi(text) : POWER_FIRST, result = 0;
    if (power < POWER_FIRST || power > POWER_MAX)
        return failed("CATHAYA_BENCH_GROWTH", &(struct error){.text = "is 6 to 9"});
    if (algorithms_new(&algorithms, &err) != STATUS_OK)
        return failed("algorithms", &err);
    bench_title("growth of a CT log on a real disk, one thread, fsync before each acknowledgement");
    for (size_t i = 0; i < sizeof suites / sizeof suites[0] && result == 0; i++)
        if (only == NULL || strcmp(only, suites[i].name) == 0)
            result = run_suite(&suites[i], algorithms, (unsigned)power);
    algorithms_free(algorithms);
    return result;
}

/* bench_growth.c - the growth of a CT log: durable appends of TileLeafs on the real disk, from 10^5 to as many entries
 * as are asked for. Every batch is staged, committed, signed as a tree head, and published when log_append returns. */
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
#define BATCH           1000 /* 5,000 submissions a second, flushed every 200 ms */
#define STEP_FIRST      5    /* 10^5 */
#define STEP_DEFAULT    6
#define STEP_MAX        9
#define PATH_SIZE       64
#define ENTRY_SIZE_MAX  2048

struct suite {
    const char *name;
    const struct hash_alg *hash;
    const char *algorithm;
};

/* What is put into the public store, with data tiles kept or not. */
struct thin_store {
    struct object_store inner;
    bool is_thin;
    uint64_t data_bytes;
};

struct growth {
    const struct suite *suite;
    char path[PATH_SIZE];
    struct posix_object_store *public_store, *private_store;
    struct posix_record_store *record;
    struct private_key *key;
    struct ct_signer signer;
    struct thin_store thin;
    struct log_engine *log;
    uint8_t (*bytes)[ENTRY_SIZE_MAX];
    struct log_entry_input entries[BATCH];
    size_t entry_len, index_at; /* where the leaf_index stands */
    uint64_t data_max;          /* bytes of data tiles that are kept */
};

struct step {
    double wall_us, cpu_us; /* of an entry */
    bool is_thin;
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
    bool is_data = strncmp(name, "tile/data/", 10) == 0;
    if (is_data && strstr(name, ".p/") == NULL)
        t->data_bytes += value.len;
    if (is_data && t->is_thin)
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
    g->bytes = calloc(BATCH, sizeof *g->bytes);
    if (g->bytes == NULL)
        return failed("entries", &(struct error){.text = "no memory"});
    for (size_t i = 0; i < BATCH && s == STATUS_OK; i++) {
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
    g->thin = (struct thin_store){.inner = posix_object_store_port(g->public_store)};
    struct log_config config = {.origin = "ct.example/bench",
                                .hash = g->suite->hash,
                                .public_store = thin_port(&g->thin),
                                .private_store = posix_object_store_port(g->private_store),
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
    if (g->path[0] != '\0')
        (void)nftw(g->path, remove_file, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- growing ---- */

static int append_until(struct growth *g, uint64_t size)
{
    struct error err = {.status = STATUS_OK};
    uint64_t first;
    for (uint64_t done = log_state(g->log).size; done < size; done += BATCH) {
        if (g->thin.data_bytes > g->data_max)
            g->thin.is_thin = true;
        for (uint64_t i = 0; i < BATCH; i++)
            for (unsigned k = 0; k < 5; k++)
                g->bytes[i][g->index_at + k] = (uint8_t)((done + i) >> (8 * (4 - k)));
        if (log_append(g->log, g->entries, BATCH, &first, &err) != STATUS_OK)
            return failed("appending", &err);
    }
    return 0;
}

static int grow(struct growth *g, uint64_t from, uint64_t to, struct step *step)
{
    double wall_s = load_time_now_s(), cpu_s = load_time_own_cpu_s();
    int result = append_until(g, to);
    step->wall_us = (load_time_now_s() - wall_s) * 1e6 / (double)(to - from);
    step->cpu_us = (load_time_own_cpu_s() - cpu_s) * 1e6 / (double)(to - from);
    step->is_thin = g->thin.is_thin;
    return result;
}

/* ---- what is printed ---- */

static void print_step(unsigned power, const struct step *step)
{
    if (power == STEP_FIRST)
        (void)printf("    to 10^%u:           ", power);
    else
        (void)printf("    from 10^%u to 10^%u: ", power - 1, power);
    (void)printf("%6.2f us per entry, %6.2f of them CPU, %7.0f entries/s%s\n", step->wall_us, step->cpu_us,
                 1e6 / step->wall_us, step->is_thin ? " (data tiles hashed, not kept)" : "");
}

static double spread(const struct step *steps, size_t count, bool is_cpu)
{
    double least = 1e9, most = 0;
    for (size_t i = 0; i < count; i++) {
        double us = is_cpu ? steps[i].cpu_us : steps[i].wall_us;
        least = us < least ? us : least;
        most = us > most ? us : most;
    }
    return most / least;
}

/* One node hash, measured. */
static double node_us(const struct hash_alg *hash)
{
    struct hasher h;
    uint8_t node[HASH_SIZE] = {0};
    enum { ROUNDS = 200000 };
    if (hasher_init(&h, hash, NULL) != STATUS_OK)
        return 0;
    double begin_s = load_time_own_cpu_s();
    for (size_t i = 0; i < ROUNDS; i++)
        node_hash(&h, node, node, node);
    double took_s = load_time_own_cpu_s() - begin_s;
    hasher_clear(&h);
    return took_s * 1e6 / ROUNDS;
}

/* Only the right edge grows: its hashes are needed for three roots a batch (staged, applied, signed), and each
 * level has a partial tile to put. Tenfold is 3.3 levels, and a tile of 8 KiB more every 2.4 tenfolds. */
static void print_computed(const struct growth *g, const struct step *last, unsigned power, unsigned target)
{
    double levels = 3.3219 * (target - power), node = node_us(g->suite->hash);
    double more = 3 * levels * node / BATCH;
    (void)printf("    not measured, computed for 10^%u: %.1f levels more, 3 node hashes of %.2f us each a batch: "
                 "%.2f us per entry\n", target, levels, node, last->wall_us + more);
}

static int run(const struct suite *suite, const struct algorithms *algorithms, unsigned power_max)
{
    struct growth *g = calloc(1, sizeof *g);
    struct step steps[STEP_MAX + 1];
    size_t count = 0;
    uint64_t size = 0, next = 100000;
    if (g == NULL)
        return failed("setting up", &(struct error){.text = "no memory"});
    g->suite = suite;
    int result = open_growth(g, algorithms);
    if (result == 0)
        (void)printf("  %s (%s), batches of %d, TileLeafs of %zu bytes\n", suite->name, suite->algorithm, BATCH,
                     g->entry_len);
    for (unsigned power = STEP_FIRST; power <= power_max && result == 0; power++, next *= 10) {
        result = grow(g, size, next, &steps[count]);
        if (result == 0)
            print_step(power, &steps[count++]);
        size = next;
    }
    if (result == 0 && power_max < 8)
        print_computed(g, &steps[count - 1], power_max, 8);
    if (result == 0 && count > 1) {
        (void)printf("    from the fastest step to the slowest: %.2f in time, %.2f in CPU\n",
                     spread(steps, count, false), spread(steps, count, true));
        bench_target("time per entry from 10^5 to the last, slowest to fastest step", spread(steps, count, false), "times",
                     spread(steps, count, false) <= 1.3, "at most 1.3");
    }
    close_growth(g);
    free(g);
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
    int power = text != NULL ? atoi(text) : STEP_DEFAULT, result = 0;
    if (power < STEP_FIRST || power > STEP_MAX)
        return failed("CATHAYA_BENCH_GROWTH", &(struct error){.text = "is 5 to 9"});
    if (algorithms_new(&algorithms, &err) != STATUS_OK)
        return failed("algorithms", &err);
    bench_title("growth of a CT log on a real disk, one thread, fsync before each acknowledgement");
    for (size_t i = 0; i < sizeof suites / sizeof suites[0] && result == 0; i++)
        if (only == NULL || strcmp(only, suites[i].name) == 0)
            result = run(&suites[i], algorithms, (unsigned)power);
    algorithms_free(algorithms);
    return result;
}

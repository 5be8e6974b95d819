/* cathaya-ct-tiles - a static-ct log made of nothing, for those who read: half certificates, half precertificates, whose leaves
 * differ in serial number and name and have a signature that is another's.
 *
 *   cathaya-ct-tiles --suite gm|intl --chain CHAIN.pem --pre-chain CHAIN.pem --issuer-key KEY --key LOG.key --origin NAME
 *                    --count N DIR
 *
 * Both chains are ct_template's, alike but for the poison. Its tree head and all hashes are right. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "codec/ct/ct_suite.h"
#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "codec/ct/tree_head.h"
#include "codec/x509/certificate.h"
#include "ctlog/ct_template.h"
#include "merkle/frontier.h"
#include "merkle/node.h"
#include "merkle/tile.h"

#define BUNDLE_MAX ((size_t)64 << 20)
#define PATH_SIZE 1024
#define LEVELS 6

struct maker {
    const char *suite_name, *chain, *pre_chain, *issuer_key, *key, *origin, *dir;
    uint64_t count;
    const struct ct_suite *suite;
    struct ct_template template, pre;
    struct private_key *log_key;
    struct hasher hasher;
    uint8_t issuer_key_hash[HASH_SIZE], fingerprints[CT_TEMPLATE_CHAIN_MAX * HASH_SIZE];
    struct frontier frontier;
    uint8_t hashes[LEVELS][TILE_WIDTH][HASH_SIZE]; /* the open tile of each level */
    unsigned widths[LEVELS];
    uint64_t tiles[LEVELS]; /* closed ones */
};

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "cathaya-ct-tiles: %s: %s\n", what, why);
    exit(1);
}

static void put(const struct maker *m, const char *name, struct bytes content)
{
    char path[PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/%s", m->dir, name) >= (int)sizeof path)
        die(name, "too long");
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            die(path, strerror(errno));
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content.data, 1, content.len, file) != content.len || fclose(file) != 0)
        die(path, "cannot be written");
}

static void put_tile(const struct maker *m, unsigned level, bool is_entries, uint64_t index, unsigned width, struct bytes content)
{
    char path[TILE_PATH_SIZE];
    struct tile tile = {.is_entries = is_entries, .level = level, .index = index, .width = width};
    tile_path_in(&tile, "data", path);
    put(m, path, content);
}

/* One more hash of a level; a full tile is written, and its root goes up. */
static void add_hash(struct maker *m, unsigned level, const uint8_t hash[HASH_SIZE])
{
    uint8_t root[TILE_WIDTH / 2][HASH_SIZE];
    if (level == LEVELS)
        die("tree", "too large");
    memcpy(m->hashes[level][m->widths[level]++], hash, HASH_SIZE);
    if (m->widths[level] < TILE_WIDTH)
        return;
    put_tile(m, level, false, m->tiles[level]++, TILE_WIDTH, bytes_of(m->hashes[level], TILE_SIZE_MAX));
    node_pairs(&m->hasher, m->hashes[level][0], TILE_WIDTH / 2, root);
    for (size_t count = TILE_WIDTH / 4; count > 0; count /= 2) {
        uint8_t above[TILE_WIDTH / 4][HASH_SIZE];
        node_pairs(&m->hasher, root[0], count, above);
        memcpy(root, above, count * HASH_SIZE);
    }
    m->widths[level] = 0;
    add_hash(m, level + 1, root[0]);
}

static void add_entry(struct maker *m, uint64_t index, uint64_t timestamp_ms, struct builder *memory, struct builder *bundle)
{
    struct error err = {.status = STATUS_OK};
    struct leaf_tile entry = {.leaf = {.timestamp_ms = timestamp_ms, .issuer_key_hash = bytes_of(m->issuer_key_hash, HASH_SIZE)}};
    uint8_t hash[HASH_SIZE];
    bool is_pre = index % 2 == 1;
    builder_reset(memory);
    if (sct_write_leaf_index(index, memory, &err) != STATUS_OK)
        die("entry", err.text);
    size_t one = memory->len, two;
    if (is_pre)
        ct_template_tbs(&m->template, index, memory);
    else
        ct_template_leaf(&m->template, index, false, memory);
    two = memory->len;
    if (is_pre)
        ct_template_leaf(&m->pre, index, false, memory);
    entry.leaf.extensions = bytes_of(memory->data, one);
    entry.leaf.type = is_pre ? LEAF_PRECERT : LEAF_X509;
    entry.leaf.certificate = entry.leaf.tbs = bytes_of(memory->data + one, two - one);
    entry.pre_certificate = bytes_of(memory->data + two, memory->len - two);
    entry.chain = bytes_of(m->fingerprints, (m->template.count - 1) * HASH_SIZE);
    size_t at = bundle->len;
    if (leaf_tile_write(&entry, bundle, &err) != STATUS_OK)
        die("entry", err.text);
    struct reader r;
    reader_init(&r, bytes_of(bundle->data + at, bundle->len - at));
    if (leaf_tile_next(&r, &entry, &err) != STATUS_OK)
        die("entry", err.text);
    leaf_hash(&m->hasher, entry.timestamped, hash);
    if (!frontier_append(&m->frontier, &m->hasher, hash))
        die("tree", "too large");
    add_hash(m, 0, hash);
}

static void add_entries(struct maker *m, uint64_t now_ms)
{
    struct builder memory, bundle;
    builder_init(&memory, BUNDLE_MAX);
    builder_init(&bundle, BUNDLE_MAX);
    for (uint64_t i = 0; i < m->count; i++) {
        add_entry(m, i, now_ms - 60000 + i * 50000 / m->count, &memory, &bundle);
        unsigned width = (unsigned)(i % TILE_WIDTH) + 1;
        if (width < TILE_WIDTH && i + 1 < m->count)
            continue;
        put_tile(m, 0, true, i / TILE_WIDTH, width, builder_view(&bundle));
        builder_reset(&bundle);
    }
    for (unsigned level = 0; level < LEVELS; level++)
        if (m->widths[level] > 0)
            put_tile(m, level, false, m->tiles[level], m->widths[level], bytes_of(m->hashes[level], m->widths[level] * HASH_SIZE));
    builder_clear(&memory);
    builder_clear(&bundle);
}

static void put_checkpoint(struct maker *m, uint64_t now_ms)
{
    struct error err = {.status = STATUS_OK};
    struct tree_head head = {.timestamp_ms = now_ms, .size = m->count};
    uint8_t input[TREE_HEAD_INPUT_SIZE], log_id[HASH_SIZE], key_id[NOTE_KEY_ID_SIZE];
    struct builder signature, payload, note, text;
    frontier_root(&m->frontier, &m->hasher, head.root);
    tree_head_write_input(&head, input);
    builder_init(&signature, 256);
    builder_init(&payload, 512);
    builder_init(&text, 1024);
    builder_init(&note, 4096);
    if (private_key_sign(m->log_key, bytes_of(input, sizeof input), &signature, &err) != STATUS_OK)
        die("tree head", err.text);
    struct digitally_signed signed_head = {.algorithm = m->suite->signature, .signature = builder_view(&signature)};
    tree_head_write_note_signature(now_ms, &signed_head, &payload);
    builder_printf(&text, "%s\n%llu\n", m->origin, (unsigned long long)m->count);
    text_write_base64(&text, bytes_of(head.root, HASH_SIZE));
    builder_text(&text, "\n");
    struct bytes name = bytes_of_text(m->origin);
    if (ct_suite_hash(m->suite, public_key_spki(private_key_public(m->log_key)), log_id, &err) != STATUS_OK ||
        tree_head_key_id(name, log_id, key_id, &err) != STATUS_OK || note_write_text(builder_view(&text), &note, &err) != STATUS_OK ||
        note_write_signature(name, key_id, builder_view(&payload), &note, &err) != STATUS_OK)
        die("checkpoint", err.text);
    put(m, "checkpoint", builder_view(&note));
    builder_clear(&signature);
    builder_clear(&payload);
    builder_clear(&text);
    builder_clear(&note);
}

static void put_issuers(struct maker *m)
{
    struct error err = {.status = STATUS_OK};
    struct certificate issuer;
    for (size_t i = 1; i < m->template.count; i++) {
        char name[128] = "issuer/";
        uint8_t *hash = m->fingerprints + (i - 1) * HASH_SIZE;
        if (ct_suite_hash(m->suite, builder_view(&m->template.ders[i]), hash, &err) != STATUS_OK)
            die("issuer", err.text);
        for (size_t k = 0; k < HASH_SIZE; k++)
            (void)snprintf(name + 7 + 2 * k, 3, "%02x", hash[k]);
        put(m, name, builder_view(&m->template.ders[i]));
    }
    if (certificate_parse(builder_view(&m->template.ders[1]), &issuer, &err) != STATUS_OK ||
        ct_suite_hash(m->suite, issuer.spki, m->issuer_key_hash, &err) != STATUS_OK)
        die("issuer", err.text);
}

static void read_options(int argc, char **argv, struct maker *m)
{
    static const struct option names[] = {{"suite", 1, NULL, 's'}, {"chain", 1, NULL, 'c'}, {"pre-chain", 1, NULL, 'p'}, {"issuer-key", 1, NULL, 'i'},
                                          {"key", 1, NULL, 'k'}, {"origin", 1, NULL, 'o'}, {"count", 1, NULL, 'n'}, {0}};
    m->suite_name = "gm";
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 's': m->suite_name = optarg; break;
        case 'c': m->chain = optarg; break;
        case 'p': m->pre_chain = optarg; break;
        case 'i': m->issuer_key = optarg; break;
        case 'k': m->key = optarg; break;
        case 'o': m->origin = optarg; break;
        case 'n':
            if (!text_parse_u64(bytes_of_text(optarg), UINT32_MAX, &m->count))
                die(optarg, "not a number");
            break;
        default: exit(2);
        }
    }
    m->suite = ct_suite_by_name(bytes_of_text(m->suite_name));
    if (m->suite == NULL || m->chain == NULL || m->pre_chain == NULL || m->issuer_key == NULL || m->key == NULL || m->origin == NULL ||
        m->count == 0 || optind + 1 != argc)
        die("usage", "see the head of ct_tiles.c");
    m->dir = argv[optind];
}

static struct private_key *read_key(const char *path, const struct signature_alg *alg)
{
    struct error err = {.status = STATUS_OK};
    struct private_key *key = NULL;
    uint8_t content[KEY_PEM_MAX];
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(content, 1, sizeof content, file);
    if (file == NULL || private_key_from_pem(alg, bytes_of(content, len), &key, &err) != STATUS_OK)
        die(path, file == NULL ? "cannot be read" : err.text);
    (void)fclose(file);
    return key;
}

int main(int argc, char **argv)
{
    static struct maker m;
    struct error err = {.status = STATUS_OK};
    struct algorithms *algorithms = NULL;
    read_options(argc, argv, &m);
    if (algorithms_new(&algorithms, &err) != STATUS_OK || hasher_init(&m.hasher, m.suite->hash, &err) != STATUS_OK)
        die("starting", err.text);
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(m.suite->algorithm));
    ct_template_open(&m.template, m.chain, m.issuer_key, alg);
    ct_template_open(&m.pre, m.pre_chain, m.issuer_key, alg);
    m.log_key = read_key(m.key, alg);
    frontier_init(&m.frontier);
    uint64_t now_ms = (uint64_t)time(NULL) * 1000;
    put_issuers(&m);
    add_entries(&m, now_ms);
    put_checkpoint(&m, now_ms);
    if (!hasher_is_good(&m.hasher))
        die("hash", "failed");
    ct_template_clear(&m.template);
    ct_template_clear(&m.pre);
    private_key_free(m.log_key);
    hasher_clear(&m.hasher);
    algorithms_free(algorithms);
    return 0;
}

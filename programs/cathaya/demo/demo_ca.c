#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/pem/pem.h"
#include "crypto/csr_make.h"
#include "demo/demo.h"
#include "input.h"
#include "output.h"

/* Generated entries of a batch: as many as a busy CA gathers in a second or two. */
#define GENERATED_BATCH 8192
#define GENERATED_ENTRY_MAX 512

int64_t demo_now_s(void)
{
    return (int64_t)time(NULL);
}

uint64_t demo_clock_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static enum status open_ca(struct demo_ca *ca, struct error *err)
{
    enum status s = ca_directory_open(&ca->dir, ca->path, CA_DIRECTORY_WRITE, 0, ca->algorithms, err);
    ca->is_open = true;
    return s;
}

static enum status close_ca(struct demo_ca *ca, struct error *err)
{
    ca->is_open = false;
    return ca_directory_close(&ca->dir, err);
}

enum status demo_ca_create(struct demo_ca *ca, const char *suite, const char *id,
                           const char *state_dir, struct algorithms *algorithms, struct error *err)
{
    struct ca_config config;
    struct bytes nothing = {NULL, 0};
    *ca = (struct demo_ca){.suite = suite, .id = id, .algorithms = algorithms};
    ca->sites = calloc(DEMO_SITES_MAX, sizeof *ca->sites);
    if (ca->sites == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (!ca_config_suite(suite, &config) ||
        snprintf(ca->path, sizeof ca->path, "%s/%s", state_dir, suite) >= (int)sizeof ca->path)
        return error_set(err, STATUS_USAGE, "%s: path too long", state_dir);
    enum status s = tai_parse_text(bytes_of_text(id), &config.id, err);
    if (s == STATUS_OK)
        s = ca_directory_create(ca->path, &config, nothing, algorithms, err);
    return s == STATUS_OK ? open_ca(ca, err) : s;
}

void demo_ca_clear(struct demo_ca *ca)
{
    if (ca->is_open)
        (void)close_ca(ca, NULL);
    for (size_t i = 0; i < ca->site_count; i++) {
        builder_clear(&ca->sites[i].csr);
        builder_clear(&ca->sites[i].key_pem);
        builder_clear(&ca->sites[i].standalone);
        builder_clear(&ca->sites[i].landmark);
    }
    free(ca->sites);
    cathaya_trust_free(ca->without_landmark);
    cathaya_trust_free(ca->with_landmark);
    cathaya_trust_free(ca->all_cosigners);
    *ca = (struct demo_ca){.sites = NULL};
}

enum status demo_ca_add_sites(struct demo_ca *ca, const char *kind, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (ca->site_count == DEMO_SITES_MAX)
            return error_set(err, STATUS_LIMIT, "more than %d sites", DEMO_SITES_MAX);
        struct demo_site *site = &ca->sites[ca->site_count++];
        builder_init(&site->csr, CERTIFICATE_SIZE_MAX);
        builder_init(&site->key_pem, KEY_PEM_MAX);
        builder_init(&site->standalone, CERTIFICATE_SIZE_MAX);
        builder_init(&site->landmark, CERTIFICATE_SIZE_MAX);
        (void)snprintf(site->name, sizeof site->name, "%s%zu.%s.demo.test", kind, i, ca->suite);
        enum status s = csr_make(kind, site->name, &site->csr, &site->key_pem, err);
        if (s != STATUS_OK)
            return s;
        output_progress("%s: %zu keys and requests", ca->suite, ca->site_count);
    }
    return STATUS_OK;
}

enum status demo_ca_issue(struct demo_ca *ca, size_t first, size_t end, struct error *err)
{
    struct bytes csrs[DEMO_SITES_MAX];
    uint64_t index = 0, before = demo_clock_ns();
    size_t bad = 0;
    for (size_t i = first; i < end; i++)
        csrs[i - first] = builder_view(&ca->sites[i].csr);
    enum status s = issuer_issue(&ca->dir.issuer, csrs, end - first, &index, &bad, err);
    if (s != STATUS_OK)
        return s;
    ca->issued_per_s = (double)(end - first) * 1e9 / (double)(demo_clock_ns() - before);
    for (size_t i = first; i < end; i++)
        ca->sites[i].index = index + (i - first);
    ca->entry_count = log_state(ca->dir.log).size;
    return STATUS_OK;
}

/* Entries like any other, for names that nobody asked for; all have the key of the first site. */
static enum status write_generated(struct demo_ca *ca, uint64_t number, struct bytes spki,
                                   int64_t now_s,
                                   struct builder *memory, struct log_entry_input *out,
                                   struct error *err)
{
    char name[DEMO_NAME_SIZE];
    uint8_t san[DEMO_NAME_SIZE + 2];
    int len = snprintf(name, sizeof name, "www.%llu.generated.test", (unsigned long long)number);
    san[0] = 0x82; /* dNSName */
    san[1] = (uint8_t)len;
    memcpy(san + 2, name, (size_t)len);
    size_t before = memory->len;
    struct issuer_request request = {.profile = &ca->dir.issuer.profile,
                                     .general_names = bytes_of(san, (size_t)len + 2), .spki = spki};
    int64_t not_before_s;
    enum status s = issuer_write_entry(&ca->dir.issuer, &request, now_s, memory, &not_before_s,
                                       &out->not_after_s, err);
    out->entry = bytes_of(memory->data + before, memory->len - before);
    return s;
}

static enum status generate_batch(struct demo_ca *ca, size_t count, const struct certificate *like,
                                  struct builder *memory, struct log_entry_input *inputs,
                                  struct error *err)
{
    uint64_t first;
    enum status s = STATUS_OK;
    builder_reset(memory);
    int64_t now_s = demo_now_s();
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = write_generated(ca, ca->entry_count + i, like->spki, now_s, memory, &inputs[i], err);
    if (s == STATUS_OK)
        s = log_append(ca->dir.log, inputs, count, &first, err);
    ca->entry_bytes += memory->len;
    return s;
}

static enum status generate(struct demo_ca *ca, uint64_t size, const struct certificate *like,
                            struct builder *memory, struct log_entry_input *inputs, struct error *err)
{
    enum status s = STATUS_OK;
    uint64_t before = demo_clock_ns(), first_count = ca->entry_count;
    while (s == STATUS_OK && ca->entry_count < size) {
        uint64_t left = size - ca->entry_count;
        size_t count = left < GENERATED_BATCH ? (size_t)left : GENERATED_BATCH;
        s = generate_batch(ca, count, like, memory, inputs, err);
        ca->entry_count = log_state(ca->dir.log).size;
        ca->batch_count++;
        output_progress("%s: %llu of %llu entries in the log", ca->suite,
                        (unsigned long long)ca->entry_count, (unsigned long long)size);
    }
    ca->generated_count = ca->entry_count - first_count;
    ca->generated_per_s = (double)ca->generated_count * 1e9 / (double)(demo_clock_ns() - before);
    return s;
}

enum status demo_ca_generate(struct demo_ca *ca, uint64_t size, struct error *err)
{
    struct builder memory, der;
    struct certificate like;
    struct log_entry_input *inputs = calloc(GENERATED_BATCH, sizeof *inputs);
    if (inputs == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    builder_init(&der, CERTIFICATE_SIZE_MAX);
    builder_init(&memory, (size_t)GENERATED_BATCH * GENERATED_ENTRY_MAX);
    /* The entries borrow from memory, which therefore must not move while it grows. */
    enum status s = builder_space(&memory, memory.max) != NULL ? STATUS_OK : builder_status(&memory, "batch", err);
    if (s == STATUS_OK)
        s = issuer_write_standalone(&ca->dir.issuer, ca->sites[0].index, &der, err);
    if (s == STATUS_OK)
        s = certificate_parse(builder_view(&der), &like, err);
    if (s == STATUS_OK)
        s = generate(ca, size, &like, &memory, inputs, err);
    builder_clear(&memory);
    builder_clear(&der);
    free(inputs);
    return s;
}

enum status demo_ca_add_cosigner(struct demo_ca *ca, const char *id, const char *algorithm,
                                 struct error *err)
{
    struct ca_config_cosigner cosigner = {.algorithm = ""};
    (void)snprintf(cosigner.algorithm, sizeof cosigner.algorithm, "%s", algorithm);
    enum status s = tai_parse_text(bytes_of_text(id), &cosigner.id, err);
    if (s == STATUS_OK)
        s = close_ca(ca, err);
    if (s == STATUS_OK)
        s = ca_directory_add_cosigner(ca->path, &cosigner, ca->algorithms, err);
    return s == STATUS_OK ? open_ca(ca, err) : s;
}

/* ---- what a client gets ---- */

static enum status outside(enum cathaya_status s, const struct cathaya_error *reason, struct error *err)
{
    return s == CATHAYA_OK ? STATUS_OK : error_set(err, (enum status)s, "%s", reason->reason);
}

static enum status make_trust(const struct demo_ca *ca, struct cathaya_trust **out, struct error *err)
{
    struct cathaya_error reason;
    enum status s = outside(cathaya_trust_new(out, &reason), &reason, err);
    if (s != STATUS_OK)
        return s;
    struct bytes der = builder_view(&ca->dir.ca_der);
    return outside(cathaya_trust_add_ca(*out, der.data, der.len, &reason), &reason, err);
}

static enum status add_landmark(struct demo_ca *ca, struct error *err)
{
    struct subtree both[2];
    struct cathaya_error reason;
    const struct landmarks *landmarks = log_landmarks(ca->dir.log);
    struct node_source source = log_node_source(ca->dir.log);
    enum status s = landmarks_subtrees(landmarks, landmarks->latest, both, err);
    for (size_t i = 0; s == STATUS_OK && i < 2; i++) {
        uint8_t hash[HASH_SIZE];
        if (subtree_size(both[i]) == 0)
            continue;
        s = proof_subtree_hash(&ca->dir.hasher, &source, both[i], hash, err);
        if (s == STATUS_OK)
            s = outside(cathaya_trust_add_subtree(ca->with_landmark, ca->id, ca->dir.log_number, both[i].start,
                                                  both[i].end, hash, &reason), &reason, err);
    }
    return s;
}

static enum status add_policy(struct demo_ca *ca, struct error *err)
{
    char path[CA_DIRECTORY_PATH_MAX + 16];
    struct builder text;
    struct cathaya_error reason;
    (void)snprintf(path, sizeof path, "%s/policy.txt", ca->path);
    builder_init(&text, CA_CONFIG_SIZE_MAX);
    enum status s = input_read(path, CA_CONFIG_SIZE_MAX, &text, err);
    if (s == STATUS_OK)
        s = outside(cathaya_trust_add_policy(ca->all_cosigners, (const char *)text.data, text.len, &reason),
                    &reason, err);
    builder_clear(&text);
    return s;
}

static enum status collect(struct demo_ca *ca, struct error *err)
{
    enum status s = STATUS_OK;
    uint64_t landmark;
    for (size_t i = 0; s == STATUS_OK && i < ca->site_count; i++) {
        struct demo_site *site = &ca->sites[i];
        s = issuer_write_standalone(&ca->dir.issuer, site->index, &site->standalone, err);
        if (s == STATUS_OK)
            s = issuer_write_landmark(&ca->dir.issuer, site->index, &site->landmark, &landmark, err);
    }
    return s;
}

enum status demo_ca_finish(struct demo_ca *ca, struct error *err)
{
    bool is_new;
    enum status s = log_allocate_landmark(ca->dir.log, ca->dir.config.lifetime_s, &is_new, err);
    if (s == STATUS_OK)
        s = collect(ca, err);
    if (s == STATUS_OK)
        s = make_trust(ca, &ca->without_landmark, err);
    if (s == STATUS_OK)
        s = make_trust(ca, &ca->with_landmark, err);
    if (s == STATUS_OK)
        s = make_trust(ca, &ca->all_cosigners, err);
    if (s == STATUS_OK)
        s = add_policy(ca, err);
    return s == STATUS_OK ? add_landmark(ca, err) : s;
}

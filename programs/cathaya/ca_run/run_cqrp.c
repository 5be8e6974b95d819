#include "ca_run/run_cqrp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ca/ca_directory.h"
#include "ca_run/run_peers.h"
#include "output.h"

#define DAY_S ((int64_t)86400)
/* Active cosigner #1: certificates of 7 days, some 220 landmarks in them. */
#define SHORT_S (7 * DAY_S)
#define SHORT_LANDMARKS 220
/* #2 to #4: 47 days, 370 landmarks. */
#define LONG_S (47 * DAY_S)
#define LONG_LANDMARKS 370
#define LOG_NUMBER_MAX 4
#define RETAIN_S (35 * DAY_S)
#define PRUNE_RETAIN_S (90 * DAY_S)

struct findings {
    const char *path, *ca;
    size_t count;
};

static void find(struct findings *f, const char *rule, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void find(struct findings *f, const char *rule, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(text, sizeof text, format, values);
    va_end(values);
    output_line("%s: ca \"%s\": %s: %s", f->path, f->ca, rule, text);
    f->count++;
}

bool run_cqrp_is_name(const char *name)
{
    return strcmp(name, "cqrp") == 0;
}

static void check_keys(struct findings *f, const struct ca_directory *dir, const struct run_peers *peers)
{
    if (dir->config.draft->hash != &hash_sha256)
        find(f, "tree-hash", "the tree hash is %s; only SHA-256 is allowed", dir->config.draft->hash->name);
    for (size_t i = 0; i < dir->cosigner_count; i++)
        if (strcmp(public_key_alg(dir->cosigners[i].key)->name, "mldsa44") != 0)
            find(f, "cosigner-key", "a cosigner's key is one of %s; only ML-DSA-44 is allowed", public_key_alg(dir->cosigners[i].key)->name);
    for (size_t i = 0; i < peers->count; i++)
        if (peers->externals[i].id.len > 0 && strcmp(public_key_alg(peers->externals[i].key)->name, "mldsa44") != 0)
            find(f, "mirror-key", "mirror %s has a key of %s; only ML-DSA-44 is allowed", peers->externals[i].name,
                 public_key_alg(peers->externals[i].key)->name);
}

/* Standalone certificates carry two cosignatures: the CA's and a mirror's. */
static void check_quorum(struct findings *f, const struct run_peers *peers)
{
    size_t mirrors = 0;
    for (size_t i = 0; i < peers->count; i++)
        if (peers->externals[i].id.len > 0)
            mirrors++;
    if (mirrors == 0)
        find(f, "quorum", "no mirror: certificates and checkpoints want a mirror's cosignature beside the CA's");
    else if (tlog_policy_is_met(peers->policy, NULL, 0))
        find(f, "quorum", "the policy is met by nobody at all: `quorum` must ask for a mirror");
}

static void check_landmarks(struct findings *f, const struct run_ca *ca, int64_t lifetime_s)
{
    int64_t active = (lifetime_s + ca->landmark_interval_s - 1) / ca->landmark_interval_s + 1;
    int64_t limit = lifetime_s <= SHORT_S ? SHORT_LANDMARKS : LONG_LANDMARKS;
    if (lifetime_s > LONG_S)
        find(f, "lifetime", "certificates of %lld days; 47 are the limit", (long long)(lifetime_s / DAY_S));
    if (active > limit)
        find(f, "landmark-count", "a landmark every %lld s makes %lld active ones; %lld are the limit", (long long)ca->landmark_interval_s,
             (long long)active, (long long)limit);
}

static void check_profiles(struct findings *f, const struct run_config *config, const struct run_ca *ca, const struct ca_directory *dir)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        const struct certificate_profile *p = &config->profiles[i];
        if (strcmp(p->ca, ca->name) != 0 || p->kind != PROFILE_MTC)
            continue;
        if (p->lifetime_s > dir->config.lifetime_s)
            find(f, "landmark-expiry", "profile %s is valid for longer than ca.conf's lifetime, which landmarks go by", p->name);
        if (p->has_client_auth)
            find(f, "client-auth", "profile %s has clientAuth; serverAuth alone is allowed", p->name);
        if (strcmp(p->policy_oid, "2.23.140.1.2.1") != 0)
            find(f, "policy-oid", "profile %s has the policy \"%s\"; 2.23.140.1.2.1 must be there", p->name, p->policy_oid);
        if ((p->keys & PROFILE_KEY_SM2) != 0)
            find(f, "subject-key", "profile %s takes SM2 keys: only those of the BR, or ML-DSA", p->name);
        if (p->mirrors_min == 0)
            find(f, "quorum", "profile %s asks for no mirror", p->name);
        check_landmarks(f, ca, p->lifetime_s);
    }
}

static enum status check_ca(struct findings *f, const struct run_config *config, const struct run_ca *ca,
                            struct algorithms *algorithms, struct error *err)
{
    struct ca_directory dir = {.log = NULL};
    struct run_peers peers = {.count = 0};
    f->ca = ca->name;
    enum status s = run_peers_read(&peers, ca->policy, algorithms, err);
    if (s == STATUS_OK)
        s = ca_directory_open(&dir, ca->directory, CA_DIRECTORY_READ, 0, algorithms, err);
    if (s == STATUS_OK) {
        check_keys(f, &dir, &peers);
        check_quorum(f, &peers);
        check_profiles(f, config, ca, &dir);
        if (dir.log_number > LOG_NUMBER_MAX)
            find(f, "log-number", "log %u; 0 to %d are trusted", dir.log_number, LOG_NUMBER_MAX);
        if (dir.config.retain_s < RETAIN_S)
            find(f, "retention", "entries are kept for %lld days after their end; 35 are asked for", (long long)(dir.config.retain_s / DAY_S));
        else if (dir.config.retain_s < PRUNE_RETAIN_S && peers.count == 0)
            find(f, "retention", "without mirrors entries should be kept for 90 days");
    }
    (void)ca_directory_close(&dir, NULL);
    run_peers_clear(&peers);
    return s;
}

int run_cqrp(const char *path, const struct run_config *config, struct algorithms *algorithms)
{
    struct findings f = {.path = path};
    struct error err = {.status = STATUS_OK};
    size_t looked_at = 0;
    for (size_t i = 0; i < config->ca_count; i++) {
        bool is_international = false;
        for (size_t k = 0; k < config->profile_count; k++)
            is_international = is_international || (strcmp(config->profiles[k].ca, config->cas[i].name) == 0 && !config->profiles[k].is_gm);
        if (!is_international)
            continue; /* a GM hierarchy is a realm of its own */
        looked_at++;
        if (check_ca(&f, config, &config->cas[i], algorithms, &err) != STATUS_OK)
            return output_failure(ROLE_NEEDED, &err);
    }
    if (config->acme.authz_reuse_s > 10 * DAY_S) {
        f.ca = "*";
        find(&f, "validation-reuse", "authorizations are used again for %lld days; 10 are the limit", (long long)(config->acme.authz_reuse_s / DAY_S));
    }
    if (f.count == 0)
        output_line("%s: nothing found in %zu international Merkle Tree CAs", path, looked_at);
    return f.count == 0 ? EXIT_YES : EXIT_NO;
}

#include "fetch/fetch_trust.h"

#include <stdlib.h>

#include "algorithms_file.h"
#include "codec/mtc/ca_certificate.h"
#include "input.h"
#include "rules/policy_text.h"
#include "trust/trust_directory.h"

struct fetch_trust {
    struct algorithms *algorithms;
    struct trust_directory *directory; /* --trust */
    struct trust_store *store;         /* or of the other options */
    struct peer_trust *peer;
};

void fetch_trust_free(struct fetch_trust *trust)
{
    if (trust == NULL)
        return;
    peer_trust_free(trust->peer);
    trust_store_free(trust->store);
    trust_directory_free(trust->directory);
    algorithms_free(trust->algorithms);
    free(trust);
}

const struct peer_trust *fetch_trust_peer(const struct fetch_trust *trust)
{
    return trust->peer;
}

/* ---- a trust directory ---- */

static enum status take_contents(struct fetch_trust *trust, struct error *err)
{
    const struct trust_contents *contents = trust_directory_contents(trust->directory);
    enum status s = peer_trust_new(contents->store, &trust->peer, err);
    return s == STATUS_OK ? peer_trust_add_contents(trust->peer, contents, err) : s;
}

static enum status load_directory(struct fetch_trust *trust, const char *path, int64_t at_s, struct error *err)
{
    const struct trust_contents_settings settings = {.now_s = at_s, .purpose = TRUST_BUNDLE_TLS};
    enum status s = trust_directory_load(path, trust->algorithms, &settings, &trust->directory, err);
    if (s == STATUS_OK)
        s = take_contents(trust, err);
    return error_prefix(err, s, "--trust");
}

/* ---- single files ---- */

static enum status add_certificate(struct fetch_trust *trust, struct bytes der, struct error *err)
{
    struct ca_certificate ca;
    enum status s = ca_certificate_parse(der, &ca, err);
    if (s == STATUS_OK) {
        s = trust_store_add_ca(trust->store, der, err);
        return s == STATUS_OK ? peer_trust_add_ca(trust->peer, der, err) : s;
    }
    return peer_trust_add_root(trust->peer, trust_contents_is_sm2(der) ? PEER_WORLD_GM : PEER_WORLD_INTL, der, 0, err);
}

static enum status add_intermediate(struct fetch_trust *trust, struct bytes der, struct error *err)
{
    return peer_trust_add_intermediate(trust->peer, der, err);
}

static enum status add_files(struct fetch_trust *trust, const struct options *options, const char *option,
                             enum status (*add)(struct fetch_trust *, struct bytes, struct error *), struct error *err)
{
    size_t at = 0;
    const char *path;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (path = options_next(options, option, &at)) != NULL) {
        struct input_blocks blocks;
        s = input_read_certificates(path, &blocks, err);
        for (size_t i = 0; s == STATUS_OK && i < blocks.count; i++) {
            if (!input_block_is(&blocks, i, PEM_CERTIFICATE))
                continue;
            s = add(trust, input_block_der(&blocks, i), err);
            s = error_prefix(err, s, "%s", path);
        }
        input_blocks_clear(&blocks);
    }
    return error_prefix(err, s, "--%s", option);
}

static enum status add_policy(struct fetch_trust *trust, const char *path, struct error *err)
{
    struct builder text;
    if (path == NULL)
        return STATUS_OK;
    builder_init(&text, INPUT_SIZE_MAX);
    enum status s = input_read(path, INPUT_SIZE_MAX, &text, err);
    if (s == STATUS_OK) {
        s = policy_text_read(builder_view(&text), trust->store, err);
        s = error_prefix(err, s, "%s", path);
    }
    builder_clear(&text);
    return error_prefix(err, s, "--policy");
}

/* An ID goes with its CA; one that is below none, such as a group of several, is sent by international clients too. */
static enum peer_world world_of(const struct fetch_trust *trust, const struct tai *id)
{
    static const struct peer_scope intl = {.has_mtc = true, .has_landmarks = true},
                                   every = {.has_gm = true, .has_mtc = true, .has_landmarks = true};
    struct tai known[TRUST_CAS_MAX];
    size_t count = peer_trust_anchors(trust->peer, &every, known, TRUST_CAS_MAX);
    for (size_t i = 0; i < count; i++)
        if (tai_is_within(id, &known[i]))
            return peer_trust_has_anchor(trust->peer, &intl, &known[i]) ? PEER_WORLD_INTL : PEER_WORLD_GM;
    return PEER_WORLD_INTL;
}

static enum status add_anchors(struct fetch_trust *trust, const struct options *options, struct error *err)
{
    size_t at = 0;
    const char *text;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (text = options_next(options, "anchor", &at)) != NULL) {
        struct tai id;
        s = tai_parse_text(bytes_of_text(text), &id, err);
        if (s == STATUS_OK)
            s = peer_trust_add_anchor(trust->peer, world_of(trust, &id), &id, err);
        if (s != STATUS_OK)
            s = error_prefix(err, STATUS_USAGE, "--anchor %.100s", text);
    }
    return s;
}

static enum status load_files(struct fetch_trust *trust, const struct options *options, struct error *err)
{
    enum status s = trust_store_new(trust->algorithms, &trust->store, err);
    if (s == STATUS_OK)
        s = peer_trust_new(trust->store, &trust->peer, err);
    if (s == STATUS_OK)
        s = add_files(trust, options, "ca", add_certificate, err);
    if (s == STATUS_OK)
        s = add_files(trust, options, "intermediate", add_intermediate, err);
    if (s == STATUS_OK)
        s = add_policy(trust, options_value(options, "policy"), err);
    return s == STATUS_OK ? add_anchors(trust, options, err) : s;
}

static enum status load(struct fetch_trust *trust, const struct options *options, int64_t at_s, struct error *err)
{
    static const char *const files[] = {"ca", "intermediate", "policy", "anchor"};
    const char *directory = options_value(options, "trust");
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &trust->algorithms, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; directory != NULL && i < sizeof files / sizeof *files; i++)
        if (options_has(options, files[i]))
            return error_set(err, STATUS_USAGE, "--trust and --%s: a directory has all of it; give one of them", files[i]);
    if (directory == NULL && !options_has(options, "ca"))
        return error_set(err, STATUS_USAGE, "who is trusted? Give --trust DIR, or --ca FILE");
    return directory != NULL ? load_directory(trust, directory, at_s, err) : load_files(trust, options, err);
}

enum status fetch_trust_load(const struct options *options, int64_t at_s, struct fetch_trust **out, struct error *err)
{
    *out = NULL;
    struct fetch_trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = load(trust, options, at_s, err);
    if (s == STATUS_OK)
        *out = trust;
    else
        fetch_trust_free(trust);
    return s;
}

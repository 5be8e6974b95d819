#include "fetch/fetch_trust.h"

#include <string.h>

#include "codec/mtc/ca_certificate.h"
#include "input.h"
#include "rules/policy_text.h"

/* ---- single files ---- */

static enum status add_certificate(struct judging_basis *basis, struct bytes der, struct error *err)
{
    struct ca_certificate ca;
    enum status s = ca_certificate_parse(der, &ca, err);
    if (s == STATUS_OK) {
        s = trust_store_add_ca(basis->store, der, err);
        return s == STATUS_OK ? peer_trust_add_ca(basis->peer, der, err) : s;
    }
    return peer_trust_add_root(basis->peer, trust_contents_is_sm2(der) ? PEER_WORLD_GM : PEER_WORLD_INTL, der, 0, err);
}

static enum status add_intermediate(struct judging_basis *basis, struct bytes der, struct error *err)
{
    return peer_trust_add_intermediate(basis->peer, der, err);
}

static enum status add_files(struct judging_basis *basis, const struct options *options, const char *option,
                             enum status (*add)(struct judging_basis *, struct bytes, struct error *), struct error *err)
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
            s = add(basis, input_block_der(&blocks, i), err);
            s = error_prefix(err, s, "%s", path);
        }
        input_blocks_clear(&blocks);
    }
    return error_prefix(err, s, "--%s", option);
}

static enum status add_policy(struct judging_basis *basis, const char *path, struct error *err)
{
    struct builder text;
    if (path == NULL)
        return STATUS_OK;
    builder_init(&text, INPUT_SIZE_MAX);
    enum status s = input_read(path, INPUT_SIZE_MAX, &text, err);
    if (s == STATUS_OK) {
        s = policy_text_read(builder_view(&text), basis->store, err);
        s = error_prefix(err, s, "%s", path);
    }
    builder_clear(&text);
    return error_prefix(err, s, "--policy");
}

/* An ID goes with its CA; one that is below none, such as a group of several, is sent by international clients too. */
static enum peer_world world_of(const struct judging_basis *basis, const struct tai *id)
{
    static const struct peer_scope intl = {.has_mtc = true, .has_landmarks = true},
                                   every = {.has_gm = true, .has_mtc = true, .has_landmarks = true};
    struct tai known[TRUST_CAS_MAX];
    size_t count = peer_trust_anchors(basis->peer, &every, known, TRUST_CAS_MAX);
    for (size_t i = 0; i < count; i++)
        if (tai_is_within(id, &known[i]))
            return peer_trust_has_anchor(basis->peer, &intl, &known[i]) ? PEER_WORLD_INTL : PEER_WORLD_GM;
    return PEER_WORLD_INTL;
}

static enum status add_anchors(struct judging_basis *basis, const struct options *options, struct error *err)
{
    size_t at = 0;
    const char *text;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (text = options_next(options, "anchor", &at)) != NULL) {
        struct tai id;
        s = tai_parse_text(bytes_of_text(text), &id, err);
        if (s == STATUS_OK)
            s = peer_trust_add_anchor(basis->peer, world_of(basis, &id), &id, err);
        if (s != STATUS_OK)
            s = error_prefix(err, STATUS_USAGE, "--anchor %.100s", text);
    }
    return s;
}

static enum status load_files(struct judging_basis *basis, const struct options *options, struct error *err)
{
    enum status s = add_files(basis, options, "ca", add_certificate, err);
    if (s == STATUS_OK)
        s = add_files(basis, options, "intermediate", add_intermediate, err);
    if (s == STATUS_OK)
        s = add_policy(basis, options_value(options, "policy"), err);
    basis->has_trust = true;
    return s == STATUS_OK ? add_anchors(basis, options, err) : s;
}

static enum status load_directory(struct judging_basis *basis, const char *path, int64_t at_s, struct error *err)
{
    enum status s = judging_basis_take_directory(basis, path, at_s, TRUST_BUNDLE_TLS, err);
    if (s == STATUS_OK && basis->directory->is_expired)
        trust_directory_print_warning(basis->directory, at_s);
    return error_prefix(err, s, "--trust");
}

static enum status load_trust(struct judging_basis *basis, const struct options *options, int64_t at_s, struct error *err)
{
    static const char *const files[] = {"ca", "intermediate", "policy", "anchor"};
    const char *directory = options_value(options, "trust");
    for (size_t i = 0; directory != NULL && i < sizeof files / sizeof *files; i++)
        if (options_has(options, files[i]))
            return error_set(err, STATUS_USAGE, "--trust and --%s: a directory has all of it; give one of them", files[i]);
    if (directory == NULL && !options_has(options, "ca"))
        return error_set(err, STATUS_USAGE, "who is trusted? Give --trust DIR, or --ca FILE");
    return directory != NULL ? load_directory(basis, directory, at_s, err) : load_files(basis, options, err);
}

static enum status load(struct judging_basis *basis, const struct options *options, int64_t at_s, struct error *err)
{
    const char *list = options_value(options, "log-list"), *check = options_value(options, "policy-check");
    enum status s = load_trust(basis, options, at_s, err);
    if (s == STATUS_OK && list != NULL)
        s = error_prefix(err, judging_basis_take_log_list(basis, list, err), "--log-list");
    if (s != STATUS_OK || (check != NULL && strcmp(check, "off") == 0))
        return s;
    s = judging_basis_take_options(basis, options, err);
    return s == STATUS_OK ? judging_basis_take_policy(basis, NULL, NULL, err) : s;
}

enum status fetch_trust_load(const struct options *options, int64_t at_s, struct judging_basis **out, struct error *err)
{
    *out = NULL;
    struct judging_basis *basis;
    enum status s = judging_basis_new(options_value(options, "algorithms"), &basis, err);
    if (s != STATUS_OK)
        return s;
    s = load(basis, options, at_s, err);
    if (s == STATUS_OK)
        *out = basis;
    else
        judging_basis_free(basis);
    return s;
}

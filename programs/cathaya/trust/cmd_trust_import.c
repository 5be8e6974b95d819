/* cathaya trust import - an operator says what a client trusts. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "adapters/posix/posix_record_store.h"
#include "algorithms_file.h"
#include "command.h"
#include "output.h"
#include "trust/trust_directory.h"
#include "trust/trust_import.h"
#include "trust/trust_held.h"

struct session {
    const char *dir;
    struct algorithms *algorithms;
    struct posix_record_store *lock;
    struct trust_directory *directory; /* as it was; NULL: there was none */
    struct trust_bundle fresh;
    struct trust_import import;
    struct trust_import_ca ca; /* the group that is being read */
    struct trust_import_ct_log ct_log;
    enum { GROUP_NONE, GROUP_ROOT, GROUP_INTERMEDIATE, GROUP_CA, GROUP_CT_LOG } group;
    const char *file; /* of a root or an intermediate */
    uint16_t purpose;
    bool is_pinning;
    struct bundle_keys keys;
    const char *url; /* of the distributor; NULL */
    int64_t now_s;
};

/* ---- groups: an option that names a thing, and those behind it that say more of it ---- */

static enum status end_group(struct session *s, struct error *err)
{
    switch (s->group) {
    case GROUP_ROOT:
        return trust_import_anchors(&s->import, s->file, TRUST_BUNDLE_ROOT, s->purpose, err);
    case GROUP_INTERMEDIATE:
        return trust_import_anchors(&s->import, s->file, TRUST_BUNDLE_INTERMEDIATE, s->purpose, err);
    case GROUP_CA:
        s->ca.purpose = s->purpose;
        return trust_import_ca(&s->import, &s->ca, err);
    case GROUP_CT_LOG:
        return trust_import_ct_log(&s->import, &s->ct_log, err);
    case GROUP_NONE:
        break;
    }
    return STATUS_OK;
}

static bool begin_group(struct session *s, const char *name, const char *value)
{
    if (strcmp(name, "root") == 0)
        s->group = GROUP_ROOT;
    else if (strcmp(name, "intermediate") == 0)
        s->group = GROUP_INTERMEDIATE;
    else if (strcmp(name, "ca") == 0)
        s->group = GROUP_CA;
    else
        s->group = GROUP_CT_LOG;
    s->file = value;
    s->purpose = TRUST_BUNDLE_TLS;
    s->ca = (struct trust_import_ca){.file = value};
    s->ct_log = (struct trust_import_ct_log){.key_file = value, .suite = TRUST_BUNDLE_GM, .now_s = s->now_s};
    return true;
}

static enum status set_purpose(struct session *s, const char *value, struct error *err)
{
    s->purpose = trust_bundle_purpose_by_name(bytes_of_text(value));
    if (s->purpose == 0)
        return error_set(err, STATUS_USAGE, "--purpose %s: tls, tls-intranet, tls-client, email, code, timestamp, document or e-invoice", value);
    return STATUS_OK;
}

static enum status set_suite(struct session *s, const char *value, struct error *err)
{
    if (strcmp(value, "gm") != 0 && strcmp(value, "intl") != 0)
        return error_set(err, STATUS_USAGE, "--suite %s: gm or intl", value);
    s->ct_log.suite = value[0] == 'g' ? TRUST_BUNDLE_GM : TRUST_BUNDLE_INTL;
    return STATUS_OK;
}

static enum status add_url(struct session *s, const char *value, struct error *err)
{
    if (s->group == GROUP_CT_LOG) {
        s->ct_log.url = value;
        return STATUS_OK;
    }
    if (s->ca.url_count == TRUST_BUNDLE_URLS_PER_CA_MAX)
        return error_set(err, STATUS_LIMIT, "a CA has more than %d URLs", TRUST_BUNDLE_URLS_PER_CA_MAX);
    if (strncmp(value, "http://", 7) != 0 && strncmp(value, "https://", 8) != 0)
        return error_set(err, STATUS_USAGE, "--log-url %s: http: or https:", value);
    s->ca.urls[s->ca.url_count++] = value;
    return STATUS_OK;
}

static enum status add_cosigner_operator(struct session *s, const char *value, struct error *err)
{
    if (strchr(value, '=') == NULL || s->ca.cosigner_operator_count == TRUST_BUNDLE_COSIGNERS_MAX)
        return error_set(err, STATUS_USAGE, "--cosigner-operator %s: ID=NAME is expected", value);
    s->ca.cosigner_operators[s->ca.cosigner_operator_count++] = value;
    return STATUS_OK;
}

/* Which options may stand behind which. */
static bool is_allowed(const struct session *s, const char *name)
{
    bool is_anchor = s->group == GROUP_ROOT || s->group == GROUP_INTERMEDIATE, is_ca = s->group == GROUP_CA;
    bool is_ct = s->group == GROUP_CT_LOG;
    if (strcmp(name, "purpose") == 0)
        return is_anchor || is_ca;
    if (strcmp(name, "log-url") == 0 || strcmp(name, "operator") == 0)
        return is_ca || is_ct;
    return strcmp(name, "suite") == 0 ? is_ct : is_ca;
}

static enum status set(struct session *s, const char *name, const char *value, struct error *err)
{
    if (!is_allowed(s, name))
        return error_set(err, STATUS_USAGE, "--%s has to stand behind what it says more about", name);
    if (strcmp(name, "purpose") == 0)
        return set_purpose(s, value, err);
    if (strcmp(name, "suite") == 0)
        return set_suite(s, value, err);
    if (strcmp(name, "log-url") == 0)
        return add_url(s, value, err);
    if (strcmp(name, "cosigner-operator") == 0)
        return add_cosigner_operator(s, value, err);
    if (strcmp(name, "policy") == 0)
        s->ca.policy = value;
    else
        s->ca.operator_name = s->ct_log.operator_name = value;
    return STATUS_OK;
}

static enum status read_groups(struct session *s, const struct options *options, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < options->value_count; i++) {
        const char *name = options->values[i].row->name, *value = options->values[i].value;
        if (strcmp(name, "dir") == 0 || strcmp(name, "algorithms") == 0)
            continue;
        bool is_begin = strcmp(name, "root") == 0 || strcmp(name, "intermediate") == 0 || strcmp(name, "ca") == 0 ||
                        strcmp(name, "ct-log") == 0;
        if (!is_begin)
            status = set(s, name, value, err);
        else if ((status = end_group(s, err)) == STATUS_OK)
            (void)begin_group(s, name, value);
    }
    return status == STATUS_OK ? end_group(s, err) : status;
}

/* ---- pinned keys ---- */

static enum status read_keys(struct session *s, const struct options *options, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < options->value_count; i++) {
        const char *name = options->values[i].row->name;
        if (strcmp(name, "dir") == 0 || strcmp(name, "algorithms") == 0)
            continue;
        if (strcmp(name, "log-origin") == 0 || strcmp(name, "bundle-url") == 0)
            continue;
        if (strcmp(name, "log-key") == 0)
            status = trust_keys_add_log(&s->keys, options->values[i].value, options_value(options, "log-origin"), s->algorithms, err);
        else if (strcmp(name, "bundle-key") == 0)
            status = trust_keys_add(&s->keys, options->values[i].value, s->algorithms, err);
        else
            return error_set(err, STATUS_USAGE, "--%s: what is trusted comes with the signed bundle where --bundle-key is given", name);
    }
    s->url = options_value(options, "bundle-url");
    return status;
}

/* A local bundle beside pins would be refused from then on: the operator has to decide for a new directory. */
static enum status pin(struct session *s, struct error *err)
{
    if (s->directory != NULL && !s->directory->is_signed)
        return error_set(err, STATUS_CONFLICT, "%s: has a local trust.bundle: keys are pinned in a new directory", s->dir);
    bool is_new_url = false;
    enum status status = STATUS_OK;
    /* The URL alone, for a directory that has keys. */
    if (s->keys.count > 0 || !trust_keys_exist(s->dir))
        status = trust_keys_pin(s->dir, &s->keys, s->algorithms, s->now_s, &s->import.is_changed, err);
    if (status == STATUS_OK && s->url != NULL)
        status = trust_held_write_url(s->dir, s->url, &is_new_url, err);
    s->import.is_changed |= is_new_url;
    return status;
}

/* ---- the directory ---- */

static enum status open_directory(struct session *s, struct error *err)
{
    enum status status = posix_record_store_open(s->dir, true, &s->lock, err);
    /* Nothing in it is secret, and services read it as other users. */
    if (status == STATUS_OK && chmod(s->dir, 0755) != 0)
        status = error_set(err, STATUS_IO, "%s: %s", s->dir, strerror(errno));
    if (status != STATUS_OK)
        return status;
    status = trust_directory_read(s->dir, s->algorithms, &s->directory, err);
    if (status == STATUS_NOT_FOUND && trust_keys_exist(s->dir) && !s->is_pinning)
        return error_set(err, STATUS_REFUSED, "%s: keys are pinned there: only signed bundles can be taken, with `trust update --bundle`",
                         s->dir);
    if (status == STATUS_NOT_FOUND) {
        s->fresh.issued_s = s->now_s;
        return STATUS_OK;
    }
    if (s->is_pinning)
        return status;
    if (status == STATUS_OK && s->directory->is_signed)
        status = error_set(err, STATUS_REFUSED, "%s: its trust.bundle is signed by others: nothing can be added to it", s->dir);
    return status;
}

static enum status write_back(struct session *s, struct error *err)
{
    struct trust_bundle *b = s->import.bundle;
    if (!s->import.is_changed && s->directory != NULL)
        return STATUS_OK;
    b->version++;
    b->issued_s = s->now_s;
    /* What could not be used must not be taken. */
    const struct trust_bundle *const bundles[] = {b};
    struct trust_contents *contents;
    struct trust_contents_settings settings = {.now_s = s->now_s};
    enum status status = trust_contents_new(bundles, 1, s->algorithms, &settings, &contents, err);
    if (status != STATUS_OK)
        return status;
    trust_contents_free(contents);
    return trust_directory_write_bundle(s->dir, b, err);
}

static enum status import(struct session *s, const struct options *options, struct error *err)
{
    enum status status = algorithms_file_open(options_value(options, "algorithms"), &s->algorithms, err);
    s->is_pinning = options_has(options, "bundle-key") || options_has(options, "log-key") || options_has(options, "bundle-url");
    if (status == STATUS_OK && s->is_pinning)
        status = read_keys(s, options, err);
    if (status == STATUS_OK)
        status = open_directory(s, err);
    if (status != STATUS_OK)
        return status;
    if (s->is_pinning)
        return pin(s, err);
    trust_import_init(&s->import, s->directory != NULL ? &s->directory->bundle : &s->fresh, s->algorithms);
    status = read_groups(s, options, err);
    return status == STATUS_OK ? write_back(s, err) : status;
}

static int run(const struct options *options)
{
    static struct session s;
    struct error err = {.status = STATUS_OK};
    s = (struct session){.dir = options_value(options, "dir"), .now_s = (int64_t)time(NULL)};
    trust_bundle_init(&s.fresh);
    enum status status = import(&s, options, &err);
    int exit_status = EXIT_YES;
    if (status != STATUS_OK)
        exit_status = output_failure(status == STATUS_CONFLICT ? ROLE_OBJECT : ROLE_NEEDED, &err);
    else if (s.is_pinning)
        output_line(s.import.is_changed ? "%s: %zu keys are pinned%s%s" : "%s: nothing new: %zu keys are pinned%s%s", s.dir, s.keys.count,
                    s.url != NULL ? ", updates come from " : "", s.url != NULL ? s.url : "");
    else if (s.import.is_changed || s.directory == NULL)
        output_line("%s: version %llu: %zu roots and intermediates, %zu MTC CAs, %zu cosigners, %zu CT logs", s.dir,
                    (unsigned long long)s.import.bundle->version, s.import.bundle->anchors.count, s.import.bundle->cas.count,
                    s.import.bundle->cosigners.count, s.import.bundle->ct_logs.count);
    else
        output_line("%s: nothing new", s.dir);
    trust_bundle_clear(&s.fresh);
    trust_import_clear(&s.import);
    bundle_keys_clear(&s.keys);
    trust_directory_free(s.directory);
    posix_record_store_close(s.lock);
    algorithms_free(s.algorithms);
    return exit_status;
}

static const struct option_row rows[] = {
    {.name = "dir", .metavar = "DIR", .is_required = true, .help = "trust directory; it is made"},
    {.name = "root", .metavar = "FILE", .is_repeatable = true, .help = "classic root certificates"},
    {.name = "intermediate", .metavar = "FILE", .is_repeatable = true, .help = "certificates that servers may forget to send"},
    {.name = "ca", .metavar = "FILE", .is_repeatable = true, .help = "certificate of a Merkle Tree CA"},
    {.name = "ct-log", .metavar = "FILE", .is_repeatable = true, .help = "public key of a CT log"},
    {.name = "bundle-key", .metavar = "FILE", .is_repeatable = true, .help = "public key that signed bundles have to be signed with: one of SM2 and one of ML-DSA-44; or a file with all keys"},
    {.name = "log-key", .metavar = "FILE", .is_repeatable = true, .help = "verifier key of the distributor's log of versions: one of SM2 and one of ML-DSA-44"},
    {.name = "log-origin", .metavar = "NAME", .help = "first line of its checkpoints; the name of its keys"},
    {.name = "bundle-url", .metavar = "URL", .help = "where `trust update` gets signed bundles from"},
    {.name = "purpose", .metavar = "NAME", .is_repeatable = true, .help = "behind --root, --intermediate, --ca: tls (the default), tls-intranet, tls-client, email, code, timestamp, document, e-invoice"},
    {.name = "log-url", .metavar = "URL", .is_repeatable = true, .help = "behind --ca, --ct-log: where it is served, without the log number; mirrors after the CA's own"},
    {.name = "policy", .metavar = "FILE", .is_repeatable = true, .help = "behind --ca: cosigners, those required, revoked ranges"},
    {.name = "operator", .metavar = "NAME", .is_repeatable = true, .help = "behind --ca, --ct-log: who runs it"},
    {.name = "cosigner-operator", .metavar = "ID=NAME", .is_repeatable = true, .help = "behind --ca: who runs a cosigner of its policy"},
    {.name = "suite", .metavar = "SUITE", .is_repeatable = true, .help = "behind --ct-log: gm (the default) or intl"},
    {.name = NULL},
};

const struct command command_trust_import = {
    .name = "trust import",
    .arguments = "",
    .summary = "say what a client trusts",
    .details = "Makes the directory or adds to it. What is there already is fine, what contradicts it is refused.\n",
    .options = rows,
    .run = run,
};

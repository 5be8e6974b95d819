#include "trust/trust_directory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil_time.h"
#include "input.h"
#include "output.h"
#include "rules/checkpoint_trust.h"
#include "trust/trust_directory_logs.h"
#include "trust/trust_held.h"

/* Whoever reads the directory may be another user than who updates it: nothing in it is secret. */
#define FILE_MODE 0644
#define FOLDER_MODE 0755
#define DAY_S 86400
#define WARNING_MAX 512
/* A writer that is faster than a reader so often is none that updates. */
#define READS_MAX 16

static enum status join(char out[PATH_MAX], const char *folder, const char *name, struct error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return error_set(err, STATUS_USAGE, "%s: the path is too long", folder);
    return STATUS_OK;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0 || errno != ENOENT;
}

/* ---- reading one file ---- */

static enum status read_whole(const char *path, size_t max, struct builder *out, struct error *err)
{
    builder_init(out, max);
    return input_read(path, max, out, err);
}

/* ---- a signed bundle ---- */

/* Section 9 takes the place of the keys by which the bundle was judged. */
static enum status next_keys(struct trust_directory *d, const struct algorithms *algorithms, struct error *err)
{
    struct bundle_keys fresh;
    if (d->bundle.keys.count == 0)
        return STATUS_OK;
    bool has_log = bundle_keys_count(&d->keys, TRUST_BUNDLE_KEY_VERSIONS, NULL) > 0;
    enum status s = bundle_keys_read(&d->bundle, algorithms, &fresh, err);
    if (s == STATUS_OK)
        s = bundle_keys_check_complete(&fresh, has_log, err);
    if (s != STATUS_OK) {
        bundle_keys_clear(&fresh);
        return error_prefix(err, s, "keys for later versions");
    }
    bundle_keys_clear(&d->keys);
    d->keys = fresh;
    return STATUS_OK;
}

static enum status parse_signed(struct trust_directory *d, struct trust_envelope *envelope, struct error *err)
{
    enum status s = trust_envelope_parse(builder_view(&d->memory), envelope, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(envelope->contents, &d->bundle, err);
    if (s == STATUS_OK)
        d->bundle_bytes = envelope->contents;
    return s;
}

/* The one that is held: what was taken once was new enough then. The time is looked at by who uses it. */
static enum status read_held(const char *path, struct trust_directory *d, const struct algorithms *algorithms, struct error *err)
{
    struct trust_envelope envelope;
    enum status s = parse_signed(d, &envelope, err);
    builder_init(&d->note, NOTE_SIZE_MAX);
    if (s == STATUS_OK)
        s = trust_held_read(path, d->bundle.version, algorithms, &d->keys, &d->note, err);
    if (s == STATUS_OK) {
        struct bundle_signature_pins pins = {.keys = &d->keys, .now_s = d->bundle.issued_s};
        s = bundle_signature_check(&envelope, &d->bundle, &pins, &d->checkpoint, err);
    }
    if (s == STATUS_OK)
        s = next_keys(d, algorithms, err);
    d->is_signed = s == STATUS_OK;
    return s;
}

/* One that came. d->keys becomes those in force behind it. */
static enum status read_offered(struct trust_directory *d, const struct bundle_signature_pins *held, const struct algorithms *algorithms,
                                struct version_checkpoint *checkpoint, struct error *err)
{
    struct trust_envelope envelope;
    enum status s = parse_signed(d, &envelope, err);
    if (s == STATUS_OK)
        s = bundle_signature_check(&envelope, &d->bundle, held, checkpoint, err);
    if (s == STATUS_OK)
        s = next_keys(d, algorithms, err);
    d->is_signed = s == STATUS_OK;
    return s;
}

/* Is there another file now than before? What the one that was read was judged by has been swept away then. */
static bool is_replaced(const char *bundle_path, const struct stat *before)
{
    struct stat now;
    return stat(bundle_path, &now) == 0 && (now.st_ino != before->st_ino || now.st_ctim.tv_sec != before->st_ctim.tv_sec ||
                                            now.st_ctim.tv_nsec != before->st_ctim.tv_nsec);
}

static enum status read_local(struct trust_directory *d, struct error *err)
{
    struct trust_file file;
    enum status s = trust_file_parse(builder_view(&d->memory), &file, err);
    if (s == STATUS_OK)
        d->bundle_bytes = file.contents;
    return s == STATUS_OK ? trust_bundle_parse(file.contents, &d->bundle, err) : s;
}

static enum status read_bundle(const char *path, struct trust_directory *d, const struct algorithms *algorithms, struct error *err)
{
    char bundle_path[PATH_MAX];
    enum status s = join(bundle_path, path, "trust.bundle", err);
    if (s != STATUS_OK)
        return s;
    if (!exists(bundle_path))
        return error_set(err, STATUS_NOT_FOUND, "%s: no such file; make it with `cathaya trust %s --dir %s`", bundle_path,
                         trust_keys_exist(path) ? "update --bundle FILE" : "import", path);
    struct stat before = {.st_ino = 0};
    (void)stat(bundle_path, &before); /* one that cannot be looked at cannot be read either */
    s = read_whole(bundle_path, TRUST_ENVELOPE_SIZE_MAX, &d->memory, err);
    if (s != STATUS_OK)
        return s;
    if (trust_envelope_is(builder_view(&d->memory))) {
        s = read_held(path, d, algorithms, err);
        if (s != STATUS_OK && s != STATUS_NO_MEMORY && is_replaced(bundle_path, &before))
            return error_set(err, STATUS_AGAIN, "%s: is replaced again and again", bundle_path);
    } else if (trust_keys_exist(path)) {
        s = error_set(err, STATUS_REFUSED, "not signed, and %s/trust.keys says that it has to be", path);
    } else {
        s = read_local(d, err);
    }
    return error_prefix(err, s, "%s", bundle_path);
}

/* ---- logs ---- */

const struct trust_directory_log *trust_directory_log_of(const struct trust_directory *directory, const struct tai *ca_id,
                                                         uint16_t log_number)
{
    for (size_t i = 0; i < directory->log_count; i++) {
        const struct trust_bundle_log *log = trust_bundle_log_at(&directory->logs[i].bundle, 0);
        if (log->log_number == log_number && tai_equal(&log->ca_id, ca_id))
            return &directory->logs[i];
    }
    return NULL;
}

/* ---- the whole ---- */

static enum status new_directory(struct trust_directory **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    trust_bundle_init(&(*out)->bundle);
    return STATUS_OK;
}

static enum status end_reading(enum status s, struct trust_directory **out)
{
    if (s == STATUS_OK)
        return s;
    trust_directory_free(*out);
    *out = NULL;
    return s;
}

enum status trust_directory_read(const char *path, const struct algorithms *algorithms, struct trust_directory **out,
                                 struct error *err)
{
    enum status s = STATUS_AGAIN;
    for (unsigned i = 0; s == STATUS_AGAIN && i < READS_MAX; i++) {
        s = new_directory(out, err);
        if (s == STATUS_OK)
            s = read_bundle(path, *out, algorithms, err);
        if (s == STATUS_OK)
            s = trust_directory_logs_read(path, *out, err);
        s = end_reading(s, out);
    }
    return s == STATUS_AGAIN ? error_set(err, STATUS_IO, "%s/trust.bundle: is replaced again and again", path) : s;
}

static enum status make_contents(struct trust_directory *d, const struct algorithms *algorithms,
                                 const struct trust_contents_settings *settings, struct error *err)
{
    const struct trust_bundle **bundles = calloc(1 + d->log_count, sizeof *bundles);
    if (bundles == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    bundles[0] = &d->bundle;
    for (size_t i = 0; i < d->log_count; i++)
        bundles[1 + i] = &d->logs[i].bundle;
    enum status s = trust_contents_new(bundles, 1 + d->log_count, algorithms, settings, &d->contents, err);
    free(bundles);
    return s;
}

enum status trust_directory_load(const char *path, const struct algorithms *algorithms,
                                 const struct trust_contents_settings *settings, struct trust_directory **out,
                                 struct error *err)
{
    struct trust_contents_settings own = *settings;
    enum status s = trust_directory_read(path, algorithms, out, err);
    if (s != STATUS_OK)
        return s;
    s = bundle_signature_check_use(&(*out)->bundle, own.now_s, &(*out)->is_expired, err);
    own.is_without_landmarks |= (*out)->is_expired;
    if (s == STATUS_OK)
        s = make_contents(*out, algorithms, &own, err);
    return error_prefix(err, end_reading(s, out), "%s", path);
}

void trust_directory_warn(const struct trust_directory *directory, int64_t now_s, struct builder *out)
{
    const struct trust_bundle *b = &directory->bundle;
    char until[CIVIL_TIME_TEXT_SIZE];
    long long days = (long long)((now_s - b->issued_s) / DAY_S);
    if (!directory->is_signed)
        return;
    civil_time_format(b->expires_s, until);
    if (bundle_signature_is_expired(b, now_s))
        builder_printf(out, "the trust bundle is %lld days old and has expired at %s: landmarks are not used until a newer one comes", days, until);
    else if (now_s - b->issued_s > (b->expires_s - b->issued_s) / 2)
        builder_printf(out, "the trust bundle is %lld days old, and nothing newer has come; it expires at %s", days, until);
}

void trust_directory_print_warning(const struct trust_directory *directory, int64_t now_s)
{
    struct builder text;
    builder_init(&text, WARNING_MAX);
    trust_directory_warn(directory, now_s, &text);
    if (builder_is_good(&text) && text.len > 0)
        output_error("warning: %.*s", (int)text.len, (const char *)text.data);
    builder_clear(&text);
}

/* A log's landmarks count when its checkpoint, which they were proven by, is signed as this bundle asks. */
static enum status leave_out_landmarks(const struct trust_store *store, struct trust_directory_log *log, struct error *err)
{
    struct trust_bundle_log *of = array_at(&log->bundle.logs, 0);
    const struct trust_ca *ca = trust_store_find_ca_by_id(store, &of->ca_id);
    struct checkpoint checkpoint;
    uint64_t time_s;
    if (ca == NULL || of->landmark_count == 0)
        return STATUS_OK;
    enum status s = checkpoint_trust_check(store, ca, of->log_number, log->note, &checkpoint, &time_s, NULL);
    if (s == STATUS_NO_MEMORY)
        return error_set(err, s, "out of memory");
    if (s == STATUS_OK)
        return s;
    log->is_outdated = true;
    of->first_landmark = of->size_before = 0;
    of->landmark_count = 0;
    log->bundle.landmarks.count = 0;
    return STATUS_OK;
}

static enum status leave_out_outdated(struct trust_directory *d, const struct algorithms *algorithms,
                                      const struct trust_contents_settings *settings, struct error *err)
{
    const struct trust_bundle *alone = &d->bundle;
    struct trust_contents_settings own = *settings;
    struct trust_contents *contents;
    own.is_without_landmarks = true;
    if (d->log_count == 0)
        return STATUS_OK;
    enum status s = trust_contents_new(&alone, 1, algorithms, &own, &contents, err);
    for (size_t i = 0; s == STATUS_OK && i < d->log_count; i++)
        s = leave_out_landmarks(contents->store, &d->logs[i], err);
    trust_contents_free(contents);
    return s;
}

enum status trust_directory_judge(const char *path, struct bytes envelope, const struct bundle_signature_pins *held,
                                  const struct algorithms *algorithms, struct trust_directory **out,
                                  struct version_checkpoint *checkpoint, struct error *err)
{
    struct trust_contents_settings settings = {.now_s = held->now_s};
    enum status s = new_directory(out, err);
    checkpoint->size = 0;
    if (s != STATUS_OK)
        return s;
    builder_init(&(*out)->memory, TRUST_ENVELOPE_SIZE_MAX);
    builder_bytes(&(*out)->memory, envelope);
    s = builder_status(&(*out)->memory, "trust bundle", err);
    if (s == STATUS_OK)
        s = read_offered(*out, held, algorithms, &(*out)->checkpoint, err);
    *checkpoint = (*out)->checkpoint;
    /* It lives as long as what came. */
    checkpoint->note = bytes_of(NULL, 0);
    if (checkpoint->size != 0)
        checkpoint->note = bytes_of(envelope.data + ((*out)->checkpoint.note.data - (*out)->memory.data), (*out)->checkpoint.note.len);
    if (s == STATUS_OK)
        s = trust_directory_logs_read(path, *out, err);
    if (s == STATUS_OK)
        s = leave_out_outdated(*out, algorithms, &settings, err);
    if (s == STATUS_OK)
        s = make_contents(*out, algorithms, &settings, err);
    return end_reading(s, out);
}

void trust_directory_free(struct trust_directory *directory)
{
    if (directory == NULL)
        return;
    trust_contents_free(directory->contents);
    for (size_t i = 0; i < directory->log_count; i++) {
        trust_bundle_clear(&directory->logs[i].bundle);
        builder_clear(&directory->logs[i].memory);
    }
    free(directory->logs);
    bundle_keys_clear(&directory->keys);
    builder_clear(&directory->note);
    trust_bundle_clear(&directory->bundle);
    builder_clear(&directory->memory);
    free(directory);
}

/* ---- writing ---- */

static enum status write_file(const char *path, const struct trust_bundle *bundle, struct bytes note, struct bytes revocations,
                              struct error *err)
{
    struct builder file;
    builder_init(&file, TRUST_FILE_SIZE_MAX);
    enum status s = trust_file_write(bundle, note, revocations, &file, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&file), FILE_MODE, err);
    builder_clear(&file);
    return s;
}

enum status trust_directory_write_bundle(const char *path, const struct trust_bundle *bundle, struct error *err)
{
    char file[PATH_MAX];
    enum status s = join(file, path, "trust.bundle", err);
    return s == STATUS_OK ? write_file(file, bundle, bytes_of(NULL, 0), bytes_of(NULL, 0), err) : s;
}

enum status trust_directory_write_signed(const char *path, struct bytes envelope, struct error *err)
{
    char file[PATH_MAX];
    enum status s = join(file, path, "trust.bundle", err);
    return s == STATUS_OK ? input_write_file(file, envelope, FILE_MODE, err) : s;
}

enum status trust_directory_write_log(const char *path, const struct trust_bundle *bundle, struct bytes note,
                                      struct bytes revocations, struct error *err)
{
    char folder[PATH_MAX], file[PATH_MAX], name[TAI_TEXT_SIZE];
    struct tai id;
    const struct trust_bundle_log *log = trust_bundle_log_at(bundle, 0);
    enum status s = tai_log_id(&log->ca_id, log->log_number, &id, err);
    if (s == STATUS_OK)
        s = join(folder, path, "logs", err);
    if (s != STATUS_OK)
        return s;
    if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST)
        return error_set(err, STATUS_IO, "%s: cannot make it: %s", folder, strerror(errno));
    tai_text(&id, name);
    s = join(file, folder, name, err);
    return s == STATUS_OK ? write_file(file, bundle, note, revocations, err) : s;
}

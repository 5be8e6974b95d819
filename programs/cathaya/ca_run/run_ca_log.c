#include "ca_run/run_ca_log.h"

#include <stdlib.h>
#include <string.h>

#include "ca/ca_chain.h"
#include "adapters/posix/posix_clock.h"
#include "codec/mtc/log_entry.h"
#include "codec/note/checkpoint.h"
#include "codec/pem/pem.h"
#include "merkle/node.h"

_Static_assert(SEQUENCER_COSIGNERS_MAX == LOG_COSIGNERS_MAX, "cosigners");

#define ENTRY_LENGTH_SIZE 2
/* How long a closed log is read as it was found. */
#define OLD_LOG_FRESH_S 60

/* ---- state and batches ---- */

static enum status get_state(void *context, struct sequencer_log_state *out, struct error *err)
{
    struct run_ca_log *log = context;
    if (log->directory.log == NULL)
        return error_set(err, STATUS_IO, "log %u is not open", log->directory.log_number);
    struct log_state state = log_state(log->directory.log);
    *out = (struct sequencer_log_state){log->directory.log_number, state.size, state.min_index, state.is_closed};
    return STATUS_OK;
}

static void link_issuer(struct run_ca_log *log)
{
    log->directory.issuer.lint = &log->lint;
    log->directory.issuer.recent_keys = log->recent_keys;
}

static enum status reopen(void *context, struct error *err)
{
    struct run_ca_log *log = context;
    enum status s = ca_directory_reopen_log(&log->directory, err);
    if (s == STATUS_OK)
        link_issuer(log);
    return s;
}

static void clear(void *context)
{
    struct run_ca_log *log = context;
    issuer_batch_clear(&log->batch);
    issuer_batch_init(&log->batch, LOG_BATCH_ENTRIES_MAX, LOG_BATCH_BYTES_MAX);
}

static enum status prepare(void *context, const struct sequencer_entry *entry, struct sequencer_prepared *out,
                           struct error *err)
{
    struct run_ca_log *log = context;
    struct issuer_request request = {entry->profile, entry->general_names, entry->spki, entry->not_before_s, entry->not_after_s};
    enum status s = issuer_prepare(&log->directory.issuer, &request, &log->batch, err);
    if (s != STATUS_OK)
        return s;
    const struct issuer_entry *made = issuer_batch_at(&log->batch, log->batch.entries.count - 1);
    *out = (struct sequencer_prepared){.not_before_s = made->not_before_s, .not_after_s = made->not_after_s};
    memcpy(out->leaf_hash, made->leaf_hash, HASH_SIZE);
    return STATUS_OK;
}

static enum status append(void *context, uint64_t *first, struct error *err)
{
    struct run_ca_log *log = context;
    return issuer_append(&log->directory.issuer, &log->batch, first, err);
}

/* ---- logs ---- */

static void close_old(struct run_old_log *old)
{
    if (old->directory != NULL)
        (void)ca_directory_close(old->directory, NULL);
    free(old->directory);
    *old = (struct run_old_log){.directory = NULL};
}

/* Its entries stay what they are; landmarks and pruning are an operator's commands, and seen after a while. */
static bool is_fresh(const struct run_old_log *old, int64_t now_s)
{
    return old->opened_s <= now_s && now_s - old->opened_s <= OLD_LOG_FRESH_S;
}

static enum status open_old(struct run_ca_log *log, uint16_t log_number, const struct ca_directory **out, struct error *err)
{
    struct clock_port clock = posix_clock();
    int64_t now_s = clock.now_ms(clock.context) / 1000;
    struct run_old_log *oldest = &log->old[0];
    for (size_t i = 0; i < RUN_OLD_LOGS_MAX; i++) {
        struct run_old_log *old = &log->old[i];
        if (old->directory != NULL && old->directory->log_number == log_number && is_fresh(old, now_s)) {
            *out = old->directory;
            return STATUS_OK;
        }
        if (old->directory != NULL && old->directory->log_number == log_number) {
            oldest = old;
            break;
        }
        if (oldest->directory != NULL && (old->directory == NULL || old->opened_s < oldest->opened_s))
            oldest = old;
    }
    close_old(oldest);
    oldest->directory = calloc(1, sizeof *oldest->directory);
    if (oldest->directory == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    oldest->opened_s = now_s;
    enum status s = ca_directory_open(oldest->directory, log->directory.path, CA_DIRECTORY_READ, log_number,
                                      log->directory.algorithms, err);
    if (s == STATUS_OK)
        *out = oldest->directory;
    else
        close_old(oldest);
    /* Not found is an entry that is not there, which would be given anew: never say so of a whole log. */
    return s == STATUS_NOT_FOUND ? error_prefix(err, STATUS_REFUSED, "log %u", log_number) : s;
}

/* The directory with the log of that number open. */
static enum status find_log(struct run_ca_log *log, uint16_t log_number, const struct ca_directory **out, struct error *err)
{
    *out = &log->directory;
    if (log_number == log->directory.log_number)
        return log->directory.log != NULL ? STATUS_OK : error_set(err, STATUS_IO, "log %u is not open", log_number);
    if (log_number > log->directory.log_number)
        return error_set(err, STATUS_REFUSED, "there is no log %u", log_number);
    return open_old(log, log_number, out, err);
}

static enum status find_leaf(void *context, uint16_t log_number, uint64_t index, struct sequencer_prepared *out,
                             struct error *err)
{
    struct run_ca_log *log = context;
    const struct ca_directory *dir;
    struct builder bytes;
    struct log_entry entry;
    struct tbs_entry tbs;
    struct reader r;
    struct bytes whole;
    builder_init(&bytes, LOG_ENTRY_SIZE_MAX);
    enum status s = find_log(log, log_number, &dir, err);
    if (s == STATUS_OK)
        s = log_read_entry(dir->log, index, &bytes, err);
    if (s == STATUS_OK)
        s = log_entry_parse(builder_view(&bytes), &entry, err);
    if (s == STATUS_OK && entry.type != LOG_ENTRY_TBS_CERT)
        s = error_set(err, STATUS_NOT_FOUND, "entry %llu is no certificate", (unsigned long long)index);
    if (s == STATUS_OK)
        s = tbs_entry_parse(entry.data, &tbs, err);
    if (s == STATUS_OK) {
        reader_init(&r, tbs.validity);
        s = certificate_read_validity(&r, &whole, &out->not_before_s, &out->not_after_s, err);
        node_leaf_hash(&log->directory.hasher, builder_view(&bytes), out->leaf_hash);
    }
    builder_clear(&bytes);
    return s;
}

static enum status find_batch_of(struct log_engine *log, uint64_t index, struct sequencer_batch *out, struct error *err)
{
    struct log_batch found;
    enum status s = log_batch_of(log, index, &found, err);
    if (s != STATUS_OK)
        return s;
    *out = (struct sequencer_batch){.start = found.start, .end = found.end, .subtree_count = found.subtree_count};
    for (size_t i = 0; i < found.subtree_count; i++) {
        struct sequencer_subtree *subtree = &out->subtrees[i];
        subtree->subtree = found.subtrees[i].subtree;
        memcpy(subtree->hash, found.subtrees[i].hash, HASH_SIZE);
        subtree->cosigner_count = found.subtrees[i].cosigner_count;
        memcpy(subtree->cosigners, found.subtrees[i].cosigners, subtree->cosigner_count * sizeof subtree->cosigners[0]);
    }
    return STATUS_OK;
}

static enum status find_batch(void *context, uint64_t index, struct sequencer_batch *out, struct error *err)
{
    struct run_ca_log *log = context;
    return find_batch_of(log->directory.log, index, out, err);
}

static enum status find_old_batch(void *context, uint16_t log_number, uint64_t index, struct sequencer_batch *out,
                                  struct error *err)
{
    const struct ca_directory *dir;
    enum status s = find_log(context, log_number, &dir, err);
    return s == STATUS_OK ? find_batch_of(dir->log, index, out, err) : s;
}

/* ---- cosignatures ---- */

static enum status read_published(void *context, struct builder *note, uint64_t *size, uint8_t root[HASH_SIZE],
                                  struct error *err)
{
    struct run_ca_log *log = context;
    struct note *parsed = calloc(1, sizeof *parsed);
    struct checkpoint checkpoint;
    if (parsed == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = log_read_published(log->directory.log, note, err);
    if (s == STATUS_OK)
        s = note_parse(builder_view(note), parsed, err);
    if (s == STATUS_OK)
        s = checkpoint_parse(parsed->text, &checkpoint, err);
    if (s == STATUS_OK) {
        *size = checkpoint.size;
        memcpy(root, checkpoint.root, HASH_SIZE);
    }
    free(parsed);
    return s;
}

static enum status add_cosignatures(void *context, uint64_t index, const struct sequencer_addition *additions, size_t count,
                                    struct error *err)
{
    struct run_ca_log *log = context;
    struct log_addition *converted = calloc(count, sizeof *converted);
    size_t added;
    if (converted == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        converted[i] = (struct log_addition){additions[i].subtree, additions[i].id, additions[i].signature};
    enum status s = log_add_cosignatures(log->directory.log, index, converted, count, &added, err);
    free(converted);
    return s;
}

static enum status add_line(void *context, uint64_t size, const char *name, uint64_t timestamp_s, struct bytes signature,
                            struct error *err)
{
    struct run_ca_log *log = context;
    struct log_checkpoint_addition addition = {name, timestamp_s, signature};
    size_t added;
    return log_add_checkpoint_cosignatures(log->directory.log, size, &addition, 1, &added, err);
}

/* ---- landmarks, pruning ---- */

static enum status allocate_landmark(void *context, bool *is_new, struct error *err)
{
    struct run_ca_log *log = context;
    return log_allocate_landmark(log->directory.log, log->directory.config.lifetime_s, is_new, err);
}

static enum status next_min_index(void *context, int64_t retain_s, uint64_t *min_index, struct error *err)
{
    struct run_ca_log *log = context;
    return log_next_min_index(log->directory.log, retain_s, min_index, err);
}

static enum status prune(void *context, int64_t retain_s, struct error *err)
{
    struct run_ca_log *log = context;
    uint64_t removed;
    return log_prune(log->directory.log, retain_s, &removed, err);
}

/* ---- chains ---- */

static enum status write_chain(void *context, uint16_t log_number, uint64_t index, enum sequencer_form form,
                               bool with_properties, struct builder *pem, bool *is_partial, struct error *err)
{
    struct run_ca_log *log = context;
    size_t sct_count = 0;
    const struct ca_directory *dir;
    struct object_store objects = sqlite_ca_store_objects(log->directory.database);
    enum status s = find_log(log, log_number, &dir, err);
    if (s == STATUS_REFUSED)
        s = STATUS_NOT_FOUND;
    if (s == STATUS_OK)
        s = ca_chain_write(dir, index, form == SEQUENCER_LANDMARK, with_properties, &objects, pem, &sct_count, err);
    *is_partial = with_properties && log_number == log->directory.log_number && sct_count < log->scts_wanted;
    /* certbot refuses chains of one [GM 8]. */
    if (s == STATUS_OK && !with_properties)
        builder_bytes(pem, builder_view(&log->ca_pem));
    return s == STATUS_OK ? builder_status(pem, "chain", err) : s;
}

struct sequencer_ca run_ca_log_sequencer(struct run_ca_log *log)
{
    return (struct sequencer_ca){
        .context = log, .get_state = get_state, .reopen = reopen, .clear = clear, .prepare = prepare, .append = append,
        .find_leaf = find_leaf, .find_batch = find_batch, .find_old_batch = find_old_batch, .read_published = read_published,
        .add_cosignatures = add_cosignatures, .add_line = add_line, .allocate_landmark = allocate_landmark,
        .next_min_index = next_min_index, .prune = prune, .write_chain = write_chain,
    };
}

/* ---- for the clients of mirrors ---- */

static enum status make_consistency(void *context, struct subtree s, uint64_t tree_size, struct builder *out,
                                    struct error *err)
{
    struct run_ca_log *log = context;
    if (log->directory.log == NULL)
        return error_set(err, STATUS_IO, "the log is not open");
    struct node_source source = log_node_source(log->directory.log);
    return proof_make_consistency(&log->directory.hasher, &source, s, tree_size, out, err);
}

static enum status subtree_hash(void *context, struct subtree s, uint8_t out[HASH_SIZE], struct error *err)
{
    struct run_ca_log *log = context;
    if (log->directory.log == NULL)
        return error_set(err, STATUS_IO, "the log is not open");
    struct node_source source = log_node_source(log->directory.log);
    return proof_subtree_hash(&log->directory.hasher, &source, s, out, err);
}

static enum status read_entries(void *context, uint64_t start, uint64_t end, struct builder *out, struct error *err)
{
    struct run_ca_log *log = context;
    enum status s = log->directory.log != NULL ? STATUS_OK : error_set(err, STATUS_IO, "the log is not open");
    for (uint64_t index = start; s == STATUS_OK && index < end; index++) {
        size_t mark = builder_open_vector(out, ENTRY_LENGTH_SIZE);
        s = log_read_entry(log->directory.log, index, out, err);
        builder_close_vector(out, mark, ENTRY_LENGTH_SIZE);
    }
    return s == STATUS_OK ? builder_status(out, "entries", err) : s;
}

struct cosigning_log run_ca_log_cosigning(struct run_ca_log *log)
{
    return (struct cosigning_log){log, make_consistency, subtree_hash, read_entries};
}

/* ---- ---- */

enum status run_ca_log_open(struct run_ca_log *log, const char *path, const struct ca_directory_peers *peers,
                            const struct lint_subject *lint, struct algorithms *algorithms, struct error *err)
{
    issuer_batch_init(&log->batch, LOG_BATCH_ENTRIES_MAX, LOG_BATCH_BYTES_MAX);
    builder_init(&log->ca_pem, 2 * CERTIFICATE_SIZE_MAX);
    log->lint = *lint;
    enum status s = ca_directory_open_for_service(&log->directory, path, peers, algorithms, err);
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, builder_view(&log->directory.ca_der), &log->ca_pem, err);
    if (s == STATUS_OK)
        s = recent_keys_new(&log->recent_keys, err);
    if (s == STATUS_OK)
        link_issuer(log);
    return s;
}

void run_ca_log_close(struct run_ca_log *log)
{
    for (size_t i = 0; i < RUN_OLD_LOGS_MAX; i++)
        close_old(&log->old[i]);
    (void)ca_directory_close(&log->directory, NULL); /* what is not settled is recovered */
    recent_keys_free(log->recent_keys);
    issuer_batch_clear(&log->batch);
    builder_clear(&log->ca_pem);
}

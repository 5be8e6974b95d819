#include "ca_run/run_mtc_scts.h"

#include "merkle/proof.h"

#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 60000

/* ---- the log, on the worker ---- */

static enum status check_open(const struct run_ca_log *log, struct error *err)
{
    return log->directory.log != NULL ? STATUS_OK : error_set(err, STATUS_IO, "the log is not open");
}

static enum status get_state(void *context, uint64_t *size, uint64_t *min_index, struct error *err)
{
    struct run_ca_log *log = context;
    enum status s = check_open(log, err);
    if (s != STATUS_OK)
        return s;
    struct log_state state = log_state(log->directory.log);
    *size = state.size;
    *min_index = state.min_index;
    return STATUS_OK;
}

static enum status read_entry(void *context, uint64_t index, struct builder *out, struct error *err)
{
    struct run_ca_log *log = context;
    enum status s = check_open(log, err);
    return s == STATUS_OK ? log_read_entry(log->directory.log, index, out, err) : s;
}

static enum status make_inclusion(void *context, uint64_t index, uint64_t tree_size, struct builder *out, struct error *err)
{
    struct run_ca_log *log = context;
    enum status s = check_open(log, err);
    if (s != STATUS_OK)
        return s;
    struct node_source source = log_node_source(log->directory.log);
    return proof_make_inclusion(&log->directory.hasher, &source, (struct subtree){0, tree_size}, index, out, err);
}

/* ---- ---- */

static void see(void *context, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    (void)root; /* the note has it */
    mtc_scts_see(context, size, note);
}

static void want(void *context, struct subtree subtree, const uint8_t hash[HASH_SIZE])
{
    (void)context, (void)subtree, (void)hash; /* a CT log signs entries, not subtrees */
}

struct sequencer_peer run_mtc_scts_peer(struct mtc_scts *client)
{
    return (struct sequencer_peer){.name = "mtc-scts", .context = client, .see = see, .want = want};
}

enum status run_mtc_scts_open(const struct certificate_profile *const *profiles, size_t profile_count,
                              const struct run_ct *settings, const struct run_mtc_scts_ports *ports, struct mtc_scts **out,
                              struct error *err)
{
    const struct ca_directory *dir = &ports->log->directory;
    struct mtc_scts_config config = {
        .ca = ports->ca, .log_number = dir->log_number, .ca_spki = public_key_spki(dir->cosigners[0].key),
        .suite = dir->config.draft == &draft_gm ? &ct_suite_gm : &ct_suite_intl,
        .first_index = log_state(dir->log).size, .source = {ports->log, get_state, read_entry, make_inclusion},
        .store = sqlite_ca_store_objects(dir->database), .algorithms = ports->algorithms, .worker = ports->worker, .pool = ports->pool,
        .fetch = ports->fetch, .timer = ports->timer, .clock = ports->clock, .events = ports->events, .metrics = ports->metrics,
        .metrics_labels = ports->labels, .ca_file = settings->ca_file[0] != '\0' ? settings->ca_file : NULL,
        .timeout_ms = (uint32_t)settings->log_timeout_ms, .retry_min_ms = RETRY_MIN_MS, .retry_max_ms = RETRY_MAX_MS,
    };
    for (size_t i = 0; i < profile_count; i++)
        if (profiles[i]->mtc_scts > config.needed)
            config.needed = profiles[i]->mtc_scts;
    if (config.needed == 0)
        return STATUS_OK;
    enum status s = tai_log_id(&dir->config.id, dir->log_number, &config.log_id, err);
    return s == STATUS_OK ? mtc_scts_new(&config, out, err) : s;
}

/* A peer contradicts: its published view is fetched and held against our own tree. When it has signed both
 * views, or our own key has, that is proven by a file that anybody can check. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/evidence/evidence.h"
#include "service/cosigning/cosigning_internal.h"

static void has_contradicted(struct cosigning *c, const char *why)
{
    if (!c->has_contradicted)
        cosigning_event(c, EVENT_ERROR, "cosigner-contradicts", why);
    c->has_contradicted = true;
    metric_add(c->refused_metric, 1);
    cosigning_fail(c, "cosigner-contradicts", why);
}

/* ---- evidence ---- */

/* Two notes that one key has signed: theirs of step->size with another root than ours (step->root), and one
 * of our tree. */
struct double_signed {
    struct checkpoint_verifier signer;
    struct bytes note;
    uint64_t size;
};

static enum status write_evidence(struct step *step, const struct double_signed *ours, struct builder *out)
{
    const struct cosigning_config *config = &step->c->config;
    uint8_t memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    bool is_same_size = ours->size == step->size;
    struct evidence e = {
        .kind = is_same_size ? EVIDENCE_TWO_ROOTS : EVIDENCE_NOT_A_PREFIX,
        .hash = config->hash,
        .origin = bytes_of_text(config->origin),
        .key_name = ours->signer.name,
        .key_oid = bytes_of_text(public_key_alg(ours->signer.key)->oid),
        .key_spki = public_key_spki(ours->signer.key),
        .seen_s = config->clock.now_ms(config->clock.context) / 1000,
        .where = bytes_of_text("the CA, at the mirror's monitoring prefix"),
        .statements = {{.is_note = true, .note = builder_view(&step->note)}, {.is_note = true, .note = ours->note}},
    };
    builder_init_fixed(&proof, memory, sizeof memory);
    memcpy(e.part_hash, step->root, HASH_SIZE);
    if (!is_same_size) {
        struct subtree part = {.start = 0, .end = step->size};
        enum status s = config->log.make_consistency(config->log.context, part, ours->size, &proof, &step->err);
        if (s != STATUS_OK)
            return s;
        if (!proof_lines_set(&e.proof, builder_view(&proof)))
            return error_set(&step->err, STATUS_LIMIT, "a proof that is too long");
    }
    return evidence_write(&e, out, &step->err);
}

/* ---- the second look, on the worker ---- */

static enum status parse_view(struct bytes text, struct note *note, struct checkpoint *checkpoint, struct error *err)
{
    enum status s = note_parse(text, note, err);
    return s == STATUS_OK ? checkpoint_parse(note->text, checkpoint, err) : s;
}

/* step->ticket is the note of our tree that the peer has signed, step->other the one that we have; the
 * evidence comes into body. */
static void run_judge(struct step *step)
{
    struct cosigning *c = step->c;
    const struct cosigning_log *log = &c->config.log;
    const struct cosigning_peer *peer = &c->config.peer;
    struct note note, signed_note;
    struct checkpoint view, signed_view;
    struct subtree whole = {.start = 0, .end = step->size};
    step->status = log->subtree_hash(log->context, whole, step->root, &step->err);
    if (step->status != STATUS_OK ||
        parse_view(builder_view(&step->note), &note, &view, &step->err) != STATUS_OK ||
        memcmp(view.root, step->root, HASH_SIZE) == 0)
        return;
    struct double_signed pairs[2] = {
        {{bytes_of_text(peer->name), peer->key_type, peer->key}, builder_view(&step->ticket), 0},
        {c->config.ca, builder_view(&step->other), 0},
    };
    for (size_t i = 0; i < 2 && step->body.len == 0; i++) {
        struct double_signed *pair = &pairs[i];
        if (pair->signer.key == NULL ||
            parse_view(pair->note, &signed_note, &signed_view, NULL) != STATUS_OK ||
            signed_view.size < step->size ||
            checkpoint_verify(&note, &view, &pair->signer, NULL) != STATUS_OK ||
            checkpoint_verify(&signed_note, &signed_view, &pair->signer, NULL) != STATUS_OK)
            continue;
        pair->size = signed_view.size;
        if (write_evidence(step, pair, &step->body) != STATUS_OK)
            builder_reset(&step->body);
    }
    step->old_size = 1; /* it is another tree, */
    step->is_proof = step->body.len > 0 && pairs[0].size > 0; /* and the peer has signed both */
}

static void judged(struct step *step, const struct fetch_response *response)
{
    struct cosigning *c = step->c;
    (void)response;
    if (step->old_size == 0 && step->is_watch)
        return;
    if (step->old_size == 0) {
        /* The same tree after all: it was restarted, or is behind itself. Begin anew. */
        c->pending_size = 0;
        c->knows_next = false;
        c->upload_end = 0;
        cosigning_fail(c, "cosigner-confused", "it refuses our checkpoint, but shows the same tree");
        return;
    }
    if (step->body.len > 0 && c->config.results.keep_evidence != NULL)
        c->config.results.keep_evidence(c->config.results.context, builder_view(&step->body));
    c->is_proven = step->is_proof;
    has_contradicted(c, c->is_proven ? "it has signed another tree than ours: it is not asked any more"
                                     : "it shows another tree than ours");
}

static void start_judge(struct cosigning *c, struct bytes theirs, uint64_t size, bool is_watch)
{
    struct step *step = step_new(c, run_judge);
    if (step == NULL)
        return;
    step->answer = judged;
    step->is_watch = is_watch;
    step->size = size;
    builder_bytes(&step->note, theirs);
    builder_bytes(&step->ticket, builder_view(&c->signed_note));
    builder_bytes(&step->other, builder_view(&c->seen_note));
    step_start(step);
}

/* ---- the first look, on the loop ---- */

static void fetched(struct step *step, const struct fetch_response *response)
{
    struct cosigning *c = step->c;
    struct note note;
    struct checkpoint view;
    bool is_there = response->failure == FETCH_NO_FAILURE && !response->is_cut && response->status == 200;
    if (!is_there && step->is_watch)
        cosigning_event(c, EVENT_DEBUG, "cosigner-not-watched", "its monitoring prefix does not answer");
    else if (!is_there)
        has_contradicted(c, step->err.text);
    else if (parse_view(response->body, &note, &view, NULL) != STATUS_OK ||
             !bytes_is_text(view.origin, c->config.origin))
        has_contradicted(c, "what it publishes is no checkpoint of our log");
    else if (view.size > c->seen_size)
        has_contradicted(c, "it publishes a checkpoint of more entries than our log has");
    else
        start_judge(c, response->body, view.size, step->is_watch);
}

static void run_fetch(struct step *step)
{
    (void)step; /* nothing of our own is needed yet */
}

static void start_fetch(struct cosigning *c, const char *why, bool is_watch)
{
    static const char suffix[] = "/checkpoint";
    uint8_t digest[HASH_SIZE];
    const struct bytes origin = bytes_of_text(c->config.origin);
    if (c->config.peer.monitoring_url == NULL || !hash_label_sha256(&origin, 1, digest)) {
        if (!is_watch)
            has_contradicted(c, why);
        return;
    }
    struct step *step = step_new(c, run_fetch);
    if (step == NULL)
        return;
    /* The path lives in the step's ticket, which nothing else needs here. */
    char hex[2 * HASH_SIZE + 1];
    text_hex(BYTES_OF(digest), hex);
    builder_text(&step->ticket, hex);
    builder_bytes(&step->ticket, BYTES_OF(suffix));
    step->path = (const char *)step->ticket.data;
    step->content_type = NULL;
    step->answer = fetched;
    step->is_watch = is_watch;
    (void)error_set(&step->err, STATUS_REFUSED, "%s", why);
    step_start(step);
}

void compare_step_start(struct cosigning *c, const char *why)
{
    start_fetch(c, why, false);
}

/* ---- now and then ---- */

static void look(void *cookie)
{
    struct cosigning *c = cookie;
    c->watch_timer = 0;
    if (c->is_stopped || c->is_proven)
        return;
    start_fetch(c, "", true);
    compare_step_watch(c);
}

void compare_step_watch(struct cosigning *c)
{
    if (c->watch_timer == 0 && c->config.watch_ms > 0 && c->config.peer.monitoring_url != NULL)
        c->watch_timer = c->config.timer.start(c->config.timer.context, c->config.watch_ms, look, c);
}

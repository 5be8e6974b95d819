/* test_power.c - power cuts, kills and failing calls at every mutating call of a log's life.
 *
 * For each call of a scenario, the process ends there; then the power goes, or not, and what was not
 * synced is lost in many ways; then the log is opened, audited against every promise ever made, appended
 * to, and opened and audited again. CATHAYA_CRASH_SEED may be set, and CATHAYA_CRASH_ROUNDS: above 200
 * every call is tried with every single loss, which takes minutes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fakes/log_world.h"

enum step_kind { APPEND, LANDMARK, REOPEN, PRUNE, WAIT_DAYS, CLOSE_FOR_GOOD, COSIGN };

/* What kind of log lives: an issuance log, a CT log, a CT log that cosigns the subtrees of its batches. */
enum log_kind { MTC, CT, CT_COSIGNING };

struct step {
    enum step_kind kind;
    unsigned count;
};

struct scenario {
    const char *name;
    const struct step *steps;
    size_t count;
    size_t first_tested; /* the calls of the steps before are not crashed at */
    uint64_t singles;    /* how many changed objects are lost, kept and torn alone, at each call */
    uint64_t stride;     /* which calls are tested: every one, every second, ... */
};

struct run {
    const struct scenario *scenario;
    const struct hash_alg *hash;
    const char *algorithm;
    enum log_kind kind;
    uint64_t seed, subsets, audit_every, recoveries;
};

static enum status take(struct world *w, const struct step *step, struct error *err)
{
    enum status status;
    switch (step->kind) {
    case APPEND:
        return world_append(w, step->count, err);
    case LANDMARK:
        return world_landmark(w, err);
    case REOPEN:
        status = world_close(w, err);
        return status == STATUS_OK ? world_open(w, err) : status;
    case PRUNE:
        return world_prune(w, err);
    case WAIT_DAYS:
        w->now_ms += (int64_t)step->count * 86400 * 1000;
        return STATUS_OK;
    case COSIGN:
        return world_cosign(w, step->count, err);
    case CLOSE_FOR_GOOD:
        return world_close_for_good(w, err);
    }
    return STATUS_USAGE;
}

static struct world *new_world(const struct run *run)
{
    return run->kind == MTC ? world_new(run->hash, run->algorithm)
                            : world_new_ct(run->hash, run->algorithm, run->kind == CT_COSIGNING);
}

/* Takes steps until one fails. *first_call is the number of the first call that is tested. */
static enum status play(struct world *w, const struct scenario *s, uint64_t *first_call,
                        struct error *err)
{
    enum status status = world_open(w, err);
    for (size_t i = 0; i < s->count && status == STATUS_OK; i++) {
        if (i == s->first_tested && first_call != NULL)
            *first_call = memory_disk_operations(w->disk);
        status = take(w, &s->steps[i], err);
    }
    return status;
}

/* A failed call stops the log: it says so, and keeps its first reason. */
static void check_dead(struct world *w, const struct error *first)
{
    struct error err = {.status = STATUS_OK};
    if (w->log == NULL)
        return;
    if (!log_has_failed(w->log) && !log_state(w->log).is_closed)
        world_fail(w, "the log does not know that it failed: %s", first->text);
    if (world_append(w, 1, &err) == STATUS_OK)
        world_fail(w, "the log went on after: %s", first->text);
    if (!log_state(w->log).is_closed && strstr(err.text, first->text) == NULL)
        world_fail(w, "the first reason \"%s\" became \"%s\"", first->text, err.text);
}

static void must(struct world *w, enum status status, const struct error *err, const char *what)
{
    if (status != STATUS_OK)
        world_fail(w, "%s: %s", what, err->text);
}

/* After a crash the log must open, be right, and go on. */
static void recover_and_go_on(struct run *run, struct world *w)
{
    struct error err = {.status = STATUS_OK};
    run->recoveries++;
    must(w, world_open(w, &err), &err, "opening after the crash");
    world_audit(w);
    if (!log_state(w->log).is_closed) {
        must(w, world_append(w, 3, &err), &err, "appending after the crash");
        must(w, world_cosign(w, 1, &err), &err, "cosigning after the crash");
        must(w, world_landmark(w, &err), &err, "a landmark after the crash");
        must(w, world_append(w, 260, &err), &err, "appending more");
    }
    must(w, world_prune(w, &err), &err, "pruning after the crash");
    must(w, world_close(w, &err), &err, "closing");
    must(w, world_open(w, &err), &err, "opening again");
    if (run->recoveries % run->audit_every == 0)
        world_audit(w);
    must(w, world_close(w, &err), &err, "closing again");
}

static void try_loss(struct run *run, const struct world *crashed, enum memory_loss loss,
                     uint64_t choice, const char *name)
{
    char label[160];
    struct world *w = world_copy(crashed);
    (void)snprintf(label, sizeof label, "%s, %s %llu", crashed->label, name,
                   (unsigned long long)choice);
    w->label = label;
    memory_disk_cut_power(w->disk, loss, choice);
    recover_and_go_on(run, w);
    world_free(w);
}

/* The process is killed, the next one recovers and goes on, and only then the power goes: what the dead
 * one put is durable only if the next one saw to it. */
static void try_kill_then_cut(struct run *run, const struct world *crashed, enum memory_loss loss,
                              uint64_t choice, bool is_settled)
{
    char label[160];
    struct error err = {.status = STATUS_OK};
    struct world *w = world_copy(crashed);
    (void)snprintf(label, sizeof label, "%s, killed, then %d %llu %d", crashed->label, (int)loss,
                   (unsigned long long)choice, is_settled);
    w->label = label;
    memory_disk_next_process(w->disk);
    must(w, world_open(w, &err), &err, "opening after the kill");
    if (!log_state(w->log).is_closed)
        must(w, world_append(w, 2, &err), &err, "appending after the kill");
    if (is_settled)
        must(w, world_close(w, &err), &err, "closing after the kill");
    struct world *later = world_copy(w);
    memory_disk_cut_power(later->disk, loss, choice);
    recover_and_go_on(run, later);
    world_free(later);
    world_free(w);
}

/* The power goes again while recovery is at work. */
static void try_crash_in_recovery(struct run *run, const struct world *crashed, uint64_t choice)
{
    char label[160];
    struct error err = {.status = STATUS_OK};
    for (uint64_t call = choice % 3;; call += 3) {
        struct world *w = world_copy(crashed);
        (void)snprintf(label, sizeof label, "%s, cut %llu, cut again at call %llu of recovery",
                       crashed->label, (unsigned long long)choice, (unsigned long long)call);
        w->label = label;
        memory_disk_cut_power(w->disk, MEMORY_LOSE_SOME, choice);
        memory_disk_set_fault(w->disk, memory_disk_operations(w->disk) + call, MEMORY_FAULT_CRASH);
        bool has_ended = world_open(w, &err) == STATUS_OK;
        if (!has_ended) {
            memory_disk_cut_power(w->disk, MEMORY_LOSE_SOME, choice + call + 1);
            recover_and_go_on(run, w);
        }
        world_free(w);
        if (has_ended)
            return;
    }
}

static void try_all_losses(struct run *run, const struct world *crashed)
{
    uint64_t changed = memory_disk_changed_count(crashed->disk);
    try_loss(run, crashed, MEMORY_LOSE_ALL, 0, "all lost");
    try_loss(run, crashed, MEMORY_KEEP_ALL, 0, "all kept");
    try_loss(run, crashed, MEMORY_TEAR_ALL, run->seed, "all torn");
    /* All of them, or some that move on from call to call. */
    uint64_t operations = memory_disk_operations(crashed->disk);
    uint64_t step = changed / (run->scenario->singles + 1) + 1;
    for (uint64_t i = operations % step; i < changed; i += step) {
        try_loss(run, crashed, MEMORY_LOSE_ONE, i, "lost only number");
        try_loss(run, crashed, MEMORY_KEEP_ONE, i, "kept only number");
        try_loss(run, crashed, MEMORY_TEAR_ONE, i, "torn only number");
    }
    for (uint64_t i = 0; i < run->subsets; i++)
        try_loss(run, crashed, MEMORY_LOSE_SOME, run->seed + operations * 1000 + i, "random loss");
    try_kill_then_cut(run, crashed, MEMORY_LOSE_ALL, 0, false);
    try_kill_then_cut(run, crashed, MEMORY_LOSE_ALL, 0, true);
    try_kill_then_cut(run, crashed, MEMORY_LOSE_SOME, run->seed + operations, false);
    try_kill_then_cut(run, crashed, MEMORY_LOSE_SOME, run->seed + operations, true);
    if (operations % 5 == 0)
        try_crash_in_recovery(run, crashed, run->seed + operations);
}

/* Plays up to the fault; false when the scenario ended before it. */
static bool crash_at(struct run *run, uint64_t call, enum memory_fault fault)
{
    char label[120];
    struct error err = {.status = STATUS_OK};
    struct world *w = new_world(run);
    (void)snprintf(label, sizeof label, "%s, seed %llu, call %llu, fault %d", run->scenario->name,
                   (unsigned long long)run->seed, (unsigned long long)call, (int)fault);
    w->label = label;
    memory_disk_set_fault(w->disk, call, fault);
    bool has_failed = play(w, run->scenario, NULL, &err) != STATUS_OK;
    if (has_failed) {
        if (fault != MEMORY_FAULT_CRASH)
            check_dead(w, &err);
        struct world *crashed = world_copy(w);
        if (fault == MEMORY_FAULT_CRASH) {
            try_all_losses(run, crashed);
        } else {
            try_loss(run, crashed, MEMORY_LOSE_ALL, 0, "all lost");
            try_loss(run, crashed, MEMORY_LOSE_SOME, run->seed + call, "random loss");
            try_kill_then_cut(run, crashed, MEMORY_LOSE_ALL, 0, true);
        }
        world_free(crashed);
    }
    world_free(w);
    return has_failed;
}

static void run_scenario(struct run *run)
{
    struct error err = {.status = STATUS_OK};
    struct world *w = new_world(run);
    uint64_t first_call = 0;
    w->label = run->scenario->name;
    must(w, play(w, run->scenario, &first_call, &err), &err, "the scenario without faults");
    world_audit(w);
    if (run->scenario->first_tested == 0)
        first_call = 0;
    uint64_t calls = memory_disk_operations(w->disk);
    world_free(w);
    run->recoveries = 0;
    for (uint64_t call = first_call + run->seed % run->scenario->stride; call < calls;
         call += run->scenario->stride) {
        for (int fault = MEMORY_FAULT_NOT_DONE; fault <= MEMORY_FAULT_CRASH; fault++) {
            if (!crash_at(run, call, (enum memory_fault)fault)) {
                (void)fprintf(stderr, "%s: the fault at call %llu did not show\n",
                              run->scenario->name, (unsigned long long)call);
                exit(1);
            }
        }
    }
    (void)printf("%s (%s, %s): %llu calls, %llu recoveries, all right\n", run->scenario->name,
                 run->hash->name, run->algorithm, (unsigned long long)((calls - first_call) / run->scenario->stride),
                 (unsigned long long)run->recoveries);
    (void)fflush(stdout);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    uint64_t value;
    const char *text = getenv(name);
    return text != NULL && text_parse_u64(bytes_of_text(text), UINT32_MAX, &value) ? value : otherwise;
}

static const struct step life[] = {
    {APPEND, 1},     {APPEND, 5},   {APPEND, 250}, {APPEND, 300},   {LANDMARK, 0}, {APPEND, 77},
    {REOPEN, 0},     {APPEND, 600}, {LANDMARK, 0}, {WAIT_DAYS, 10}, {APPEND, 2},   {LANDMARK, 0},
    {PRUNE, 0},      {APPEND, 3},   {REOPEN, 0},   {APPEND, 1},     {CLOSE_FOR_GOOD, 0}};

/* Mirrors sign: both of them one batch, one of them late, before and after the batch is settled. */
static const struct step mirrored[] = {
    {APPEND, 3}, {COSIGN, 0}, {APPEND, 300}, {COSIGN, 1}, {COSIGN, 0}, {COSIGN, 0},   {LANDMARK, 0},
    {REOPEN, 0}, {APPEND, 2}, {REOPEN, 0},   {COSIGN, 1}, {APPEND, 7}, {COSIGN, 0},   {WAIT_DAYS, 10},
    {APPEND, 1}, {LANDMARK, 0}, {COSIGN, 1}, {PRUNE, 0},  {COSIGN, 0}, {CLOSE_FOR_GOOD, 0}};

/* A CT log: tree heads are refreshed (LANDMARK), witnesses sign, before and after it is closed, and it is pruned when
 * it is over. */
static const struct step ct_life[] = {
    {APPEND, 1},   {LANDMARK, 0}, {APPEND, 255},      {COSIGN, 0},   {LANDMARK, 0}, {APPEND, 300}, {REOPEN, 0},
    {LANDMARK, 0}, {APPEND, 2},   {CLOSE_FOR_GOOD, 0}, {COSIGN, 1}, {REOPEN, 0},   {PRUNE, 0},    {REOPEN, 0}};

/* More batches than may stay unsettled, each of a few entries. */
#define TRICKLE_COUNT 66
#define TRICKLE_TESTED 62

int main(void)
{
    static struct step trickle[TRICKLE_COUNT];
    for (unsigned i = 0; i < TRICKLE_COUNT; i++)
        trickle[i] = (struct step){APPEND, 1 + i % 7};
    bool is_thorough = number_from("CATHAYA_CRASH_ROUNDS", 200) > 200;
    const struct scenario scenarios[] = {
        {"a log's life", life, sizeof life / sizeof *life, 0, is_thorough ? UINT32_MAX : 6, 1},
        {"mirrors", mirrored, sizeof mirrored / sizeof *mirrored, 0, is_thorough ? UINT32_MAX : 6, is_thorough ? 1 : 2},
        {"settling by itself", trickle, TRICKLE_COUNT, TRICKLE_TESTED, 1, is_thorough ? 1 : 9},
    };
    struct run run = {.scenario = &scenarios[0],
                      .hash = &hash_sm3,
                      .algorithm = "ecdsa_p256_sha256",
                      .seed = number_from("CATHAYA_CRASH_SEED", 1),
                      .subsets = is_thorough ? 20 : 3,
                      .audit_every = is_thorough ? 1 : 3};
    (void)printf("seed %llu\n", (unsigned long long)run.seed);
    (void)fflush(stdout);
    run_scenario(&run);
    run.scenario = &scenarios[1];
    run_scenario(&run);
    run.scenario = &scenarios[2];
    run.hash = &hash_sha256;
    run_scenario(&run);
    const struct scenario ct = {"a CT log's life", ct_life, sizeof ct_life / sizeof *ct_life, 0,
                                is_thorough ? UINT32_MAX : 6, 1};
    run.scenario = &ct;
    run.kind = CT;
    run_scenario(&run);
    const struct scenario ct_cosigning = {"a CT log that cosigns subtrees", ct_life, sizeof ct_life / sizeof *ct_life, 0,
                                          is_thorough ? UINT32_MAX : 6, 1};
    run.scenario = &ct_cosigning;
    run.kind = CT_COSIGNING;
    run_scenario(&run);
    const struct scenario ct_trickle = {"a CT log settles by itself", trickle, TRICKLE_COUNT, TRICKLE_TESTED, 1,
                                        is_thorough ? 1 : 9};
    run.scenario = &ct_trickle;
    run.kind = CT;
    run_scenario(&run);
    world_end_keys();
    return 0;
}

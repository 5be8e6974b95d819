/* A log over time: duplicates, restarts, failures, tree heads, states, roots, its end. */
#include "unit/service/ct_log/ct_checks.h"

#include "codec/mtc/cosigned_message.h"
#include "codec/pem/pem.h"
#include "ct_json/log_list_json.h"

/* ---- duplicates ---- */

static void a_duplicate_gets_the_same_promise(void **state)
{
    (void)state;
    const struct ct_world_certificate recipe = {.serial = 7}, other = {.serial = 8};
    struct builder body;
    struct promise first, second;
    uint64_t first_ms;
    builder_init(&body, 65536);
    ct_world_chain(w, &recipe, false, &body);
    (void)add_index(&other, NULL);
    /* Three at once: one entry. */
    struct ct_world_answer *answers[3];
    for (size_t i = 0; i < 3; i++)
        answers[i] = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    read_promise(answers[0], &first);
    first_ms = first.sct.timestamp_ms;
    assert_int_equal(first.index, 1);
    for (size_t i = 1; i < 3; i++) {
        read_promise(answers[i], &second);
        assert_int_equal(second.index, first.index);
        assert_int_equal(second.sct.timestamp_ms, first_ms);
        forget_promise(&second);
    }
    assert_int_equal(head_size(), 2);
    /* Later, in another life, and without its index. */
    for (unsigned life = 0; life < 3; life++) {
        fake_loop_run(w->loop, 60000);
        answers[0] = ct_world_post(w, "add-chain", builder_view(&body));
        fake_loop_run(w->loop, 1000);
        read_promise(answers[0], &second);
        assert_int_equal(second.index, 1);
        assert_int_equal(second.sct.timestamp_ms, first_ms);
        assert_bytes(second.sct.extensions, first.sct.extensions);
        forget_promise(&second);
        assert_int_equal(head_size(), 2);
        if (life == 1)
            memory_ct_index_lose(&w->index, 0);
        if (life < 2)
            ct_world_restart(w);
    }
    forget_promise(&first);
    builder_clear(&body);
}

static void a_certificate_and_its_precertificate_are_two(void **state)
{
    (void)state;
    assert_int_equal(add_index(&(struct ct_world_certificate){.serial = 1}, NULL), 0);
    assert_int_equal(add_index(&(struct ct_world_certificate){.serial = 1, .is_precertificate = true}, NULL), 1);
}

/* ---- the index ---- */

static void an_index_that_fails_loses_nothing(void **state)
{
    (void)state;
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    struct builder body;
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 2}, false, &body);
    w->index.fails = true; /* no duplicate can be looked for: nothing is taken */
    struct ct_world_answer *answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_true(ct_world_has_header(answer, "Retry-After: "));
    assert_refused(answer, 503, "submit it again");
    assert_int_equal(head_size(), 1);
    w->index.fails = false;
    answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    struct promise promise;
    read_promise(answer, &promise);
    assert_int_equal(promise.index, 1);
    forget_promise(&promise);
    builder_clear(&body);
}

static void an_index_that_is_behind_catches_up(void **state)
{
    (void)state;
    struct tree_head head;
    for (unsigned i = 0; i < 300; i++)
        (void)add_index(&(struct ct_world_certificate){.serial = i}, NULL);
    memory_ct_index_lose(&w->index, 7);
    ct_world_restart(w);
    assert_int_equal(w->index.count, 300);
    assert_int_equal(ct_log_status(w->log).index_size, 300);
    for (unsigned i = 0; i < 300; i += 50) /* signatures are new each time: the body is the certificate's first one */
        assert_int_equal(w->index.rows[i].index, i);
    get_head(&head);
    assert_int_equal(head.size, 300);
}

/* It is told of what is published: one that is ahead has seen more of the log than the log's files have. */
static void an_old_copy_of_the_log_is_told_by_its_index(void **state)
{
    (void)state;
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    w->index.rows[1] = w->index.rows[0];
    w->index.rows[1].index = 1;
    w->index.count = w->index.committed_count = 2;
    ct_world_close(w);
    assert_int_equal(ct_world_open(w, &err), STATUS_REFUSED);
    assert_non_null(strstr(err.text, "second history"));
    assert_int_equal(w->index.count, 2); /* the witness stays */
}

/* Reads say that they cannot know, while an entry is in the tree and not in the index. */
static void a_leaf_that_is_not_indexed_is_not_denied(void **state)
{
    (void)state;
    static const char query[] = "hash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&tree_size=1";
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    assert_refused(ct_world_get(w, "get-proof-by-hash", query), 404, "leaf hash");
    w->index.fails_to_add = true;
    (void)add_index(&(struct ct_world_certificate){.serial = 2}, NULL); /* it is in the log: that counts */
    assert_int_equal(head_size(), 2);
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-index-behind"), 1);
    assert_refused(ct_world_get(w, "get-proof-by-hash", query), 404, "leaf hash"); /* the first entry is indexed */
    char later[] = "hash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&tree_size=2";
    assert_refused(ct_world_get(w, "get-proof-by-hash", later), 503, "index");
    w->index.fails_to_add = false;
    assert_int_equal(add_index(&(struct ct_world_certificate){.serial = 3}, NULL), 2); /* caught up first */
    assert_int_equal(w->index.count, 3);
    assert_refused(ct_world_get(w, "get-proof-by-hash", later), 404, "leaf hash");
}

/* ---- failures ---- */

/* The submission's disk fails at each of its calls in turn: nobody gets an SCT whose entry is not in the tree. */
static void a_disk_that_fails_makes_no_false_promise(void **state)
{
    (void)state;
    uint64_t answered = 0, refused = 0, serial = 1000;
    for (enum memory_fault fault = MEMORY_FAULT_NOT_DONE; fault <= MEMORY_FAULT_DONE; fault++) {
        for (uint64_t after = 0; after < 12; after++) {
            uint64_t before = head_size();
            memory_disk_set_fault(w->disk, memory_disk_operations(w->disk) + after, fault);
            const struct ct_world_certificate recipe = {.serial = (unsigned)serial++};
            struct ct_world_answer *answer = ct_world_add(w, &recipe);
            memory_disk_set_fault(w->disk, UINT64_MAX, MEMORY_FAULT_NONE);
            if (answer->status == 200) {
                struct promise promise;
                read_promise(answer, &promise);
                assert_true(promise.index < head_size());
                forget_promise(&promise);
                answered++;
            } else {
                assert_refused(answer, 503, "submit it again");
                refused++;
            }
            fake_loop_run(w->loop, 5000); /* it is opened again */
            assert_true(ct_log_status(w->log).is_ready);
            assert_true(head_size() >= before);
            assert_int_equal(ct_log_status(w->log).index_size, head_size());
        }
    }
    assert_true(answered > 0 && refused > 0);
    assert_true(w->reopened > 0);
    assert_true(fake_loop_event_count(w->loop, "ct-log-stopped") == w->reopened);
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
}

/* Everything that an entry names is served, and every entry can be read. */
static void assert_readable(uint64_t size)
{
    for (uint64_t start = 0; start < size;) {
        char query[64];
        struct ct_json_entries entries;
        (void)snprintf(query, sizeof query, "start=%llu&end=%llu", (unsigned long long)start, (unsigned long long)size - 1);
        struct ct_world_answer *answer = ct_world_get(w, "get-entries", query);
        assert_int_equal(answer->status, 200);
        OK(ct_json_parse_entries(builder_view(&answer->body), &entries, &err));
        start += entries.count;
        ct_json_entries_clear(&entries);
        ct_world_forget(answer);
    }
}

/* The process dies at each call of a submission: the next life has what was promised. */
static void a_crash_keeps_every_promise(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 40; after++) { /* more than there are: the last ones crash in the next life's opening, or closing */
        const struct ct_world_certificate first = {.serial = (unsigned)(2000 + 2 * after)}, second = {.serial = (unsigned)(2001 + 2 * after)};
        struct builder body;
        uint64_t index, timestamp_ms;
        builder_init(&body, 65536);
        ct_world_chain(w, &first, false, &body);
        struct ct_world_answer *answer = ct_world_post(w, "add-chain", builder_view(&body));
        fake_loop_run(w->loop, 1000);
        struct promise promise;
        read_promise(answer, &promise);
        index = promise.index;
        timestamp_ms = promise.sct.timestamp_ms;
        forget_promise(&promise);
        memory_disk_set_fault(w->disk, memory_disk_operations(w->disk) + after, MEMORY_FAULT_CRASH);
        w->config.reopen_ms = 1000000; /* a process that is gone opens nothing */
        answer = ct_world_add(w, &second);
        bool is_promised = answer->status == 200;
        uint64_t second_index = UINT64_MAX;
        if (is_promised) {
            read_promise(answer, &promise);
            second_index = promise.index;
            forget_promise(&promise);
        } else {
            ct_world_forget(answer);
        }
        ct_world_cut_power(w, after % 2 == 0 ? MEMORY_LOSE_ALL : MEMORY_TEAR_ALL, after % 3 == 0 ? 0 : w->index.committed_count);
        assert_true(!is_promised || second_index < head_size());
        assert_readable(head_size());
        answer = ct_world_post(w, "add-chain", builder_view(&body));
        fake_loop_run(w->loop, 1000);
        read_promise(answer, &promise);
        assert_int_equal(promise.index, index);
        assert_int_equal(promise.sct.timestamp_ms, timestamp_ms);
        forget_promise(&promise);
        builder_clear(&body);
    }
}

static void a_log_that_is_going_down_takes_no_more(void **state)
{
    (void)state;
    struct builder body;
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1}, false, &body);
    struct ct_world_answer *waiting = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 50);
    assert_false(waiting->is_answered);
    ct_log_stop(w->log);
    struct ct_world_answer *late = ct_world_post(w, "add-chain", builder_view(&body));
    assert_refused(late, 503, "going down");
    fake_loop_run(w->loop, 50); /* without waiting for the flush */
    assert_int_equal(waiting->status, 200);
    ct_world_forget(waiting);
    assert_false(ct_log_has_work(w->log));
    builder_clear(&body);
}

/* ---- tree heads ---- */

static void a_tree_head_is_never_old(void **state)
{
    (void)state;
    struct tree_head before, after;
    get_head(&before);
    for (unsigned i = 0; i < 20; i++) {
        fake_loop_run(w->loop, 7000);
        get_head(&after);
        assert_true(after.timestamp_ms >= before.timestamp_ms);
        assert_true((uint64_t)fake_loop_now_ms(w->loop) - after.timestamp_ms <= 11000);
        assert_int_equal(after.size, before.size);
        before = after;
        if (i == 10)
            (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL), before.size++;
    }
    assert_true(ct_log_status(w->log).is_ready);
    for (size_t i = 1; i < w->head_count; i++)
        assert_true(w->heads[i].size >= w->heads[i - 1].size);
}

static int64_t clock_offset_ms;

static int64_t wrong_clock(void *context)
{
    (void)context;
    return fake_loop_now_ms(w->loop) + clock_offset_ms;
}

static void a_clock_that_is_set_back_makes_no_old_entries(void **state)
{
    (void)state;
    struct tree_head head;
    uint64_t timestamp_ms;
    clock_offset_ms = 0;
    w->config.clock = (struct clock_port){.now_ms = wrong_clock};
    ct_world_restart(w);
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    get_head(&head);
    clock_offset_ms = -30000;
    assert_int_equal(add_index(&(struct ct_world_certificate){.serial = 2}, &timestamp_ms), 1);
    assert_true(timestamp_ms >= head.timestamp_ms);
    get_head(&head);
    assert_true(head.timestamp_ms >= timestamp_ms);
    clock_offset_ms = -300000; /* wrong: nothing is dated by it */
    assert_add_refused(&(struct ct_world_certificate){.serial = 3}, 503, "submit it again");
    assert_int_equal(head_size(), 2);
    clock_offset_ms = 0;
    assert_int_equal(add_index(&(struct ct_world_certificate){.serial = 3}, NULL), 2);
}

static void metrics_say_what_was_done(void **state)
{
    (void)state;
    struct metrics *metrics;
    struct builder text;
    builder_init(&text, (size_t)1 << 20);
    OK(metrics_new(&metrics, &err));
    w->config.metrics = metrics;
    ct_world_restart(w);
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    assert_add_refused(&(struct ct_world_certificate){.serial = 2, .has_bad_signature = true}, 400, "");
    metrics_write(metrics, &text);
    builder_u8(&text, 0);
    static const char *const lines[] = {
        "cathaya_ctlog_size{log=\"2027h1\"} 1\n",
        "cathaya_ctlog_roots{log=\"2027h1\"} 1\n",
        "cathaya_ctlog_scts_total{log=\"2027h1\",kind=\"add-chain\"} 1\n",
        "cathaya_ctlog_refused_total{log=\"2027h1\",kind=\"add-chain\"} 1\n",
        "cathaya_ctlog_entries_total{log=\"2027h1\"} 1\n",
        "cathaya_ctlog_answer_seconds_count{log=\"2027h1\"} 1\n",
    };
    for (size_t i = 0; i < LENGTH(lines); i++) {
        if (strstr((const char *)text.data, lines[i]) == NULL)
            print_message("%s\n%s", lines[i], (const char *)text.data);
        assert_non_null(strstr((const char *)text.data, lines[i]));
    }
    ct_world_close(w);
    metrics_free(metrics);
    w->config.metrics = NULL;
    builder_clear(&text);
}

/* ---- witnesses ---- */

static void a_witness_s_line_is_published(void **state)
{
    (void)state;
    static const char name[] = "witness.example/w1";
    struct builder message, signature, note;
    struct object_store store = memory_disk_store(w->disk, CT_WORLD_PUBLIC);
    const struct public_key *key = private_key_public(w->stranger.key);
    const struct log_external external = {.name = name, .key_type = public_key_alg(key)->note_type, .key = key};
    builder_init(&message, 65536);
    builder_init(&signature, 65536);
    builder_init(&note, 65536);
    w->config.engine.externals = &external;
    w->config.engine.external_count = 1;
    ct_world_restart(w);
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    const struct ct_world_head *head = &w->heads[w->head_count - 1];
    struct cosigned_message m = {.cosigner_name = bytes_of_text(name), .log_origin = bytes_of_text("ct.example/2027h1"), .timestamp = 77,
                                 .subtree = {0, head->size}};
    memcpy(m.hash, head->root, HASH_SIZE);
    OK(cosigned_message_write(&m, &message, &err));
    OK(private_key_sign(w->stranger.key, builder_view(&message), &signature, &err));
    ct_log_add_line(w->log, head->size, name, 78, builder_view(&signature)); /* another time than was signed */
    fake_loop_run(w->loop, 10);
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-line-refused"), 1);
    ct_log_add_line(w->log, head->size + 1, name, 77, builder_view(&signature)); /* too late, or too early */
    fake_loop_run(w->loop, 10);
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-line-refused"), 1);
    ct_log_add_line(w->log, head->size, name, 77, builder_view(&signature));
    fake_loop_run(w->loop, 10);
    OK(store.get(store.context, "checkpoint", &note, &err));
    assert_non_null(memmem(note.data, note.len, name, strlen(name)));
    fake_loop_run(w->loop, 30000); /* a refreshed tree head keeps it */
    builder_reset(&note);
    OK(store.get(store.context, "checkpoint", &note, &err));
    assert_non_null(memmem(note.data, note.len, name, strlen(name)));
    ct_world_close(w);
    builder_clear(&message);
    builder_clear(&signature);
    builder_clear(&note);
}

/* ---- states ---- */

static void only_open_states_take_submissions(void **state)
{
    (void)state;
    static const struct {
        enum ct_log_state state;
        const char *word; /* NULL: takes */
    } states[] = {{CT_LOG_PENDING, NULL}, {CT_LOG_QUALIFIED, NULL}, {CT_LOG_USABLE, NULL}, {CT_LOG_READONLY, "read-only"}, {CT_LOG_RETIRED, "retired"}};
    for (unsigned i = 0; i < LENGTH(states); i++) {
        OK(ct_log_set_state(w->log, states[i].state, 0, &err));
        if (states[i].word == NULL)
            (void)add_index(&(struct ct_world_certificate){.serial = i}, NULL);
        else
            assert_add_refused(&(struct ct_world_certificate){.serial = i}, 403, states[i].word);
    }
    assert_int_equal(head_size(), 3);
    OK(ct_log_set_state(w->log, CT_LOG_USABLE, 0, &err)); /* it was not frozen */
    (void)add_index(&(struct ct_world_certificate){.serial = 9}, NULL);
}

struct outcome {
    unsigned count;
    enum status status;
};

static void note_outcome(void *cookie, enum status status, const struct error *reason)
{
    struct outcome *o = cookie;
    (void)reason;
    o->count++;
    o->status = status;
}

static void read_list(struct log_list *list)
{
    struct builder text;
    struct object_store store = memory_disk_store(w->disk, CT_WORLD_PUBLIC);
    builder_init(&text, LOG_LIST_JSON_SIZE_MAX);
    OK(store.get(store.context, "log.v3.json", &text, &err));
    OK(log_list_json_parse(builder_view(&text), list, &err));
    assert_int_equal(log_list_count(list), 1);
    builder_clear(&text);
}

static void freezing_is_for_good(void **state)
{
    (void)state;
    struct outcome outcome = {0}, second = {0};
    struct tree_head head, later;
    struct builder body;
    struct log_list list;
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1}, false, &body);
    struct ct_world_answer *waiting = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 10);
    ct_log_freeze(w->log, note_outcome, &outcome);
    ct_log_freeze(w->log, note_outcome, &second);
    assert_int_equal(second.status, STATUS_CONFLICT);
    assert_refused(ct_world_post(w, "add-chain", builder_view(&body)), 403, "read-only");
    fake_loop_run(w->loop, 1000);
    assert_int_equal(outcome.count, 1);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(waiting->status, 200); /* it came before */
    ct_world_forget(waiting);
    get_head(&head);
    assert_int_equal(head.size, 1);
    for (unsigned life = 0; life < 2; life++) {
        struct ct_log_status status = ct_log_status(w->log);
        assert_true(status.is_frozen && status.is_ready && status.state == CT_LOG_READONLY);
        fake_loop_run(w->loop, 300000);
        get_head(&later);
        assert_memory_equal(&head, &later, sizeof head); /* nothing is signed any more */
        assert_add_refused(&(struct ct_world_certificate){.serial = 2}, 403, "read-only");
        assert_int_equal(ct_log_set_state(w->log, CT_LOG_USABLE, 0, &err), STATUS_REFUSED);
        read_list(&list);
        assert_int_equal(log_list_at(&list, 0)->state, LOG_LIST_READONLY);
        assert_true(log_list_at(&list, 0)->has_final_tree_head);
        assert_int_equal(log_list_at(&list, 0)->final_size, 1);
        assert_int_equal(log_list_at(&list, 0)->state_since_s, head.timestamp_ms / 1000); /* in every life */
        assert_memory_equal(log_list_at(&list, 0)->final_root, head.root, HASH_SIZE);
        log_list_clear(&list);
        ct_world_restart(w);
    }
    ct_log_freeze(w->log, note_outcome, &second);
    assert_int_equal(second.status, STATUS_OK);
    builder_clear(&body);
}

static void the_list_entry_says_what_the_log_is(void **state)
{
    (void)state;
    struct log_list list;
    static const char *const emails[] = {"ct@example.com"};
    w->config.not_after_start_s = CT_WORLD_NOW_S;
    w->config.not_after_end_s = CT_WORLD_NOW_S + 180 * CT_WORLD_DAY_S;
    w->config.operator_emails = emails;
    w->config.operator_email_count = 1;
    w->config.monitoring_url = "https://read.example/x";
    w->config.state = CT_LOG_QUALIFIED;
    ct_world_restart(w);
    read_list(&list);
    const struct log_list_log *log = log_list_at(&list, 0);
    assert_ptr_equal(log->suite, w->suite);
    assert_true(log->is_tiled && log->has_interval);
    assert_string_equal(log->submission_url, "https://ct.example/2027h1");
    assert_string_equal(log->monitoring_url, "https://read.example/x");
    assert_int_equal(log->mmd_s, 60);
    assert_int_equal(log->state, LOG_LIST_QUALIFIED);
    assert_int_equal(log->interval_end_s, w->config.not_after_end_s);
    assert_bytes(log_list_key(log), public_key_spki(private_key_public(w->log_key)));
    log_list_clear(&list);
    /* As a list of one it says whose log it is. */
    struct builder text;
    builder_init(&text, LOG_LIST_JSON_SIZE_MAX);
    OK(ct_log_write_list(w->log, &text, &err));
    OK(log_list_json_parse(builder_view(&text), &list, &err));
    assert_int_equal(log_list_count(&list), 1);
    assert_string_equal(log_list_operator(&list, log_list_at(&list, 0)), "Example");
    builder_clear(&text);
    log_list_clear(&list);
    OK(ct_log_set_state(w->log, CT_LOG_USABLE, CT_WORLD_NOW_S, &err));
    fake_loop_run(w->loop, 10);
    read_list(&list);
    assert_int_equal(log_list_at(&list, 0)->state, LOG_LIST_USABLE);
    assert_int_equal(log_list_at(&list, 0)->state_since_s, CT_WORLD_NOW_S);
    log_list_clear(&list);
}

static void what_is_over_is_pruned(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    w->config.not_after_start_s = CT_WORLD_NOW_S;
    w->config.not_after_end_s = CT_WORLD_NOW_S + 100 * CT_WORLD_DAY_S;
    ct_world_restart(w);
    for (unsigned i = 0; i < 300; i++)
        (void)add_index(&(struct ct_world_certificate){.serial = i}, NULL);
    ct_log_prune(w->log, 0, note_outcome, &outcome);
    assert_int_equal(outcome.status, STATUS_AGAIN);
    ct_log_freeze(w->log, note_outcome, &outcome);
    fake_loop_run(w->loop, 1000);
    assert_int_equal(outcome.status, STATUS_OK);
    fake_loop_run(w->loop, (uint64_t)(101 * CT_WORLD_DAY_S) * 1000);
    ct_log_prune(w->log, 2 * CT_WORLD_DAY_S, note_outcome, &outcome);
    assert_int_equal(outcome.status, STATUS_AGAIN);
    ct_log_prune(w->log, CT_WORLD_DAY_S / 2, note_outcome, &outcome);
    fake_loop_run(w->loop, 1000);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.count, 4);
    assert_int_equal(ct_log_status(w->log).min_index, 256);
    assert_refused(ct_world_get(w, "get-entries", "start=0&end=1"), 404, "pruned");
    struct ct_world_answer *answer = ct_world_get(w, "get-entries", "start=299&end=299");
    assert_int_equal(answer->status, 200);
    ct_world_forget(answer);
    ct_world_restart(w);
    assert_int_equal(head_size(), 300);
    /* And an index that is lost then is missed by nobody. */
    memory_ct_index_lose(&w->index, 0);
    ct_world_restart(w);
    assert_true(ct_log_status(w->log).is_frozen);
}

/* ---- roots ---- */

static size_t root_count(void)
{
    struct ct_world_answer *answer = ct_world_get(w, "get-roots", "");
    struct ct_json_blobs roots;
    assert_int_equal(answer->status, 200);
    if (bytes_is_text(builder_view(&answer->body), "{\"certificates\":[]}")) {
        ct_world_forget(answer);
        return 0;
    }
    OK(ct_json_parse_roots(builder_view(&answer->body), &roots, &err));
    size_t count = roots.count;
    assert_int_equal(ct_log_status(w->log).root_count, count);
    ct_json_blobs_clear(&roots);
    ct_world_forget(answer);
    return count;
}

static void hash_name(const struct builder *der, char out[65])
{
    uint8_t hash[HASH_SIZE];
    struct bytes part = builder_view(der);
    assert_true(hash_label_sha256(&part, 1, hash));
    text_hex(BYTES_OF(hash), out);
}

static void roots_are_never_lost(void **state)
{
    (void)state;
    struct builder pem;
    builder_init(&pem, 65536);
    assert_int_equal(root_count(), 1);
    const struct ct_world_certificate strange = {.serial = 5, .issuer = &w->stranger};
    struct builder der, body;
    builder_init(&der, 65536);
    builder_init(&body, 65536);
    ct_world_certificate(w, &strange, &der);
    const struct bytes chain[] = {builder_view(&der)};
    OK(ct_json_write_chain(chain, 1, &body, &err));
    /* Another file with another root only: now there are two. */
    OK(pem_write(PEM_CERTIFICATE, builder_view(&w->stranger.der), &pem, &err));
    OK(ct_log_set_roots(w->log, builder_view(&pem), NULL, 0, &err));
    assert_int_equal(ct_log_set_roots(w->log, builder_view(&pem), NULL, 0, &err), STATUS_CONFLICT);
    fake_loop_run(w->loop, 10);
    assert_int_equal(root_count(), 2);
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-roots-kept"), 1);
    struct ct_world_answer *answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_int_equal(answer->status, 200);
    ct_world_forget(answer);
    /* A file that cannot be read changes nothing, an empty one neither, nor a restart with it. */
    OK(ct_log_set_roots(w->log, bytes_of_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), NULL, 0, &err));
    fake_loop_run(w->loop, 10);
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-roots-not-changed"), 1);
    assert_int_equal(root_count(), 2);
    w->config.roots_pem = (struct bytes){0};
    ct_world_cut_power(w, MEMORY_LOSE_ALL, 0);
    assert_int_equal(root_count(), 2);
    /* One that is named goes, and stays away. */
    char name[65];
    const char *removed[] = {name};
    hash_name(&w->stranger.der, name);
    OK(ct_log_set_roots(w->log, builder_view(&pem), removed, 1, &err));
    fake_loop_run(w->loop, 10);
    assert_int_equal(root_count(), 1);
    builder_reset(&body);
    builder_reset(&der);
    ct_world_certificate(w, &(struct ct_world_certificate){.serial = 6, .issuer = &w->stranger}, &der);
    const struct bytes second[] = {builder_view(&der)};
    OK(ct_json_write_chain(second, 1, &body, &err));
    answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_refused(answer, 400, "root");
    ct_world_restart(w);
    assert_int_equal(root_count(), 1);
    builder_clear(&pem);
    builder_clear(&der);
    builder_clear(&body);
}

/* What is known of an issuer from earlier chains does not outlive the root above it. */
static void a_removed_root_takes_its_issuers_along(void **state)
{
    (void)state;
    char name[65];
    const char *removed[] = {name};
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    hash_name(&w->root.der, name);
    OK(ct_log_set_roots(w->log, builder_view(&w->roots_pem), removed, 1, &err));
    fake_loop_run(w->loop, 10);
    assert_int_equal(root_count(), 0);
    assert_add_refused(&(struct ct_world_certificate){.serial = 2}, 400, "root");
    assert_int_equal(head_size(), 1);
    OK(ct_log_set_roots(w->log, builder_view(&w->roots_pem), NULL, 0, &err)); /* nobody removes it any more */
    fake_loop_run(w->loop, 10);
    assert_int_equal(add_index(&(struct ct_world_certificate){.serial = 2}, NULL), 1);
}

static void names_of_removed_roots_are_checked(void **state)
{
    (void)state;
    static const char *const removed[] = {"no hash"};
    OK(ct_log_set_roots(w->log, builder_view(&w->roots_pem), removed, 1, &err));
    fake_loop_run(w->loop, 10);
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-roots-not-changed"), 1);
}

/* ---- configuration ---- */

static void cannot_open(void)
{
    assert_int_equal(ct_world_open(w, &err), STATUS_USAGE);
    assert_null(w->log);
}

static void configurations_that_cannot_be_are_refused(void **state)
{
    (void)state;
    ct_world_close(w);
    const struct ct_log_config good = w->config;
    w->config.suite = w->suite == &ct_suite_gm ? &ct_suite_intl : &ct_suite_gm;
    cannot_open();
    w->config = good;
    w->config.not_after_start_s = w->config.not_after_end_s = CT_WORLD_NOW_S;
    cannot_open();
    w->config = good;
    w->config.flush_ms = 60000;
    cannot_open();
    w->config = good;
    w->config.refresh_s = 60;
    cannot_open();
    w->config = good;
    w->config.limits.chain_bytes_max = 1;
    cannot_open();
    w->config = good;
    w->config.submission_url = "https://ct.example/2027h1/";
    cannot_open();
    w->config = good;
    w->config.submission_url = "ct.example";
    cannot_open();
    w->config = good;
    OK(ct_world_open(w, &err));
}

static void another_log_s_directory_is_refused(void **state)
{
    (void)state;
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    ct_world_close(w);
    const struct ct_log_config good = w->config;
    w->config.submission_url = "https://ct.example/2028h1";
    assert_int_equal(ct_world_open(w, &err), STATUS_REFUSED);
    w->config = good;
    OK(ct_world_open(w, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GM_TEST(a_duplicate_gets_the_same_promise),
        INTL_TEST(a_duplicate_gets_the_same_promise),
        GM_TEST(a_certificate_and_its_precertificate_are_two),
        GM_TEST(an_index_that_fails_loses_nothing),
        INTL_TEST(an_index_that_is_behind_catches_up),
        GM_TEST(an_old_copy_of_the_log_is_told_by_its_index),
        GM_TEST(a_leaf_that_is_not_indexed_is_not_denied),
        INTL_TEST(a_disk_that_fails_makes_no_false_promise),
        GM_TEST(a_crash_keeps_every_promise),
        GM_TEST(a_log_that_is_going_down_takes_no_more),
        GM_TEST(a_tree_head_is_never_old),
        GM_TEST(a_clock_that_is_set_back_makes_no_old_entries),
        GM_TEST(metrics_say_what_was_done),
        GM_TEST(a_witness_s_line_is_published),
        GM_TEST(only_open_states_take_submissions),
        GM_TEST(freezing_is_for_good),
        INTL_TEST(freezing_is_for_good),
        GM_TEST(the_list_entry_says_what_the_log_is),
        INTL_TEST(what_is_over_is_pruned),
        GM_TEST(roots_are_never_lost),
        INTL_TEST(a_removed_root_takes_its_issuers_along),
        GM_TEST(names_of_removed_roots_are_checked),
        GM_TEST(configurations_that_cannot_be_are_refused),
        GM_TEST(another_log_s_directory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

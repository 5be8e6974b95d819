#include "unit/checks.h"

#include <stdio.h>

#include "codec/asn1/der.h"
#include "codec/ct/sct_input.h"
#include "codec/mtc/tbs_entry.h"
#include "ct_json/ct_json.h"
#include "fakes/fake_loop.h"
#include "fakes/memory_disk.h"
#include "rules/sct_check.h"
#include "service/mtc_scts/mtc_scts.h"

#define NOW_S ((int64_t)1795000000)
#define DAY_S ((int64_t)86400)
#define ENTRIES_MAX 1000
#define LOGS 4
#define NO_INDEX UINT64_MAX

static struct error err;

/* ---- CT logs that do as they are told ---- */

struct ct {
    struct world *w;
    char url[64];
    struct private_key *key;
    struct log_list_log row;
    int status;              /* 200, or what it answers instead; 0: nobody is there */
    uint64_t refused_index;  /* a request with this entry is refused */
    bool is_lying;           /* it signs something else */
    size_t request_count, entry_count, largest;
    bool has_crossed;        /* a request with entries of two blocks */
};

struct world {
    struct algorithms *algorithms;
    struct private_key *ca_key;
    struct fake_loop *loop;
    struct memory_disk *disk;
    struct mtc_scts *m;
    struct tai log_id;
    struct log_list list;
    struct ct cts[LOGS];
    size_t entry_count;
    uint64_t min_index;
    struct bytes entries[ENTRIES_MAX];
};

static void sign_one(struct ct *ct, const struct ct_json_mtc_entry *in, struct builder *memory, struct sct *out)
{
    struct world *w = ct->w;
    uint8_t key_hash[HASH_SIZE];
    struct leaf leaf;
    struct builder input;
    struct sct_check_subject subject = sct_check_mtc(tai_bytes(&w->log_id), in->index + ct->is_lying, in->entry,
                                                     public_key_spki(private_key_public(w->ca_key)));
    OK(sct_check_leaf(&subject, ct->row.suite, key_hash, &leaf, &err));
    leaf.timestamp_ms = (uint64_t)fake_loop_now_ms(w->loop);
    builder_init(&input, (size_t)1 << 20);
    OK(sct_input_write(&leaf, &input, &err));
    size_t at = memory->len;
    OK(private_key_sign(ct->key, builder_view(&input), memory, &err));
    *out = (struct sct){.log_id = BYTES_OF(ct->row.log_id), .timestamp_ms = leaf.timestamp_ms, .algorithm = ct->row.suite->signature,
                        .signature = bytes_of(NULL, memory->len - at)};
    builder_clear(&input);
}

static void answer(void *context, const char *path, const struct fetch_request *request, struct fake_answer *out)
{
    struct ct *ct = context;
    struct ct_json_mtc mtc;
    struct sct scts[CT_JSON_MTC_ENTRIES_MAX];
    struct builder memory;
    assert_string_equal(path, "ct/v1/add-mtc-entries");
    assert_string_equal(request->method, "POST");
    ct->request_count++;
    out->failure = ct->status == 0 ? FETCH_CONNECT : FETCH_NO_FAILURE;
    out->status = ct->status;
    if (ct->status != 200)
        return;
    OK(ct_json_parse_mtc(request->body, &mtc, &err));
    assert_true(bytes_is_text(mtc.checkpoint, "the note"));
    if (mtc.count > ct->largest)
        ct->largest = mtc.count;
    builder_init(&memory, (size_t)1 << 20);
    for (size_t i = 0; i < mtc.count; i++) {
        if (mtc.entries[i].index == ct->refused_index)
            out->status = 400;
        ct->has_crossed |= mtc.entries[i].index / MTC_SCTS_BULK != mtc.entries[0].index / MTC_SCTS_BULK;
        sign_one(ct, &mtc.entries[i], &memory, &scts[i]);
    }
    for (size_t i = 0, at = 0; i < mtc.count; i++) {
        scts[i].signature.data = memory.data + at;
        at += scts[i].signature.len;
    }
    if (out->status == 200) {
        ct->entry_count += mtc.count;
        OK(ct_json_write_scts(scts, mtc.count, &out->body, &err));
    }
    builder_clear(&memory);
    ct_json_mtc_clear(&mtc);
}

/* ---- an issuance log ---- */

static enum status get_state(void *context, uint64_t *size, uint64_t *min_index, struct error *e)
{
    struct world *w = context;
    (void)e;
    *size = w->entry_count;
    *min_index = w->min_index;
    return STATUS_OK;
}

static enum status read_entry(void *context, uint64_t index, struct builder *out, struct error *e)
{
    struct world *w = context;
    if (index < w->min_index)
        return error_set(e, STATUS_NOT_FOUND, "pruned");
    builder_bytes(out, w->entries[index]);
    return builder_status(out, "entry", e);
}

static enum status make_inclusion(void *context, uint64_t index, uint64_t tree_size, struct builder *out, struct error *e)
{
    assert_true(index < tree_size);
    (void)context;
    (void)memset(builder_space(out, HASH_SIZE), (int)index, HASH_SIZE);
    return builder_status(out, "proof", e);
}

static void add_entry(struct world *w, int64_t not_after_s)
{
    static const uint8_t version[] = {0xa0, 3, 2, 1, 2}, empty[] = {0x30, 0}, algorithm[] = {0x30, 5, 6, 3, 0x2b, 0x65, 0x70};
    static const uint8_t issuer[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 6, 0x13, 2, 'C', 'N'};
    static const uint8_t after[] = {0xa3, 0x0e, 0x30, 0x0c, 0x30, 0x0a, 6, 3, 0x55, 0x1d, 0x11, 4, 3, 0x30, 1, 2};
    uint8_t hash[HASH_SIZE] = {(uint8_t)w->entry_count, (uint8_t)(w->entry_count >> 8)};
    struct builder validity, b;
    builder_init(&validity, 64);
    builder_init(&b, 1024);
    size_t sequence = der_open(&validity, DER_SEQUENCE);
    der_write_time(&validity, NOW_S - DAY_S);
    der_write_time(&validity, not_after_s);
    der_close(&validity, sequence);
    struct tbs_entry entry = {.version = BYTES_OF(version), .issuer = BYTES_OF(issuer), .validity = builder_view(&validity),
                              .subject = BYTES_OF(empty), .spki_algorithm = BYTES_OF(algorithm), .spki_hash = BYTES_OF(hash),
                              .after_spki = BYTES_OF(after)};
    log_entry_write_start(&b, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&entry, &b);
    OK(builder_status(&b, "entry", &err));
    w->entries[w->entry_count++] = heap_copy(builder_view(&b));
    builder_clear(&b);
    builder_clear(&validity);
}

static void add_null(struct world *w)
{
    struct builder b;
    builder_init(&b, 64);
    log_entry_write_start(&b, LOG_ENTRY_NULL);
    w->entries[w->entry_count++] = heap_copy(builder_view(&b));
    builder_clear(&b);
}

static void add_entries(struct world *w, size_t count)
{
    while (count-- > 0)
        add_entry(w, NOW_S + 6 * DAY_S);
}

/* ---- the world ---- */

static void open_client(struct world *w, unsigned needed)
{
    struct mtc_scts_config config = {
        .ca = "gm", .log_id = w->log_id, .log_number = 1, .ca_spki = public_key_spki(private_key_public(w->ca_key)),
        .suite = &ct_suite_gm, .needed = needed, .first_index = w->entry_count, .source = {w, get_state, read_entry, make_inclusion},
        .store = memory_disk_store(w->disk, 0), .algorithms = w->algorithms, .worker = fake_loop_work(w->loop),
        .pool = fake_loop_work(w->loop), .fetch = fake_loop_fetch(w->loop), .timer = fake_loop_timer(w->loop),
        .clock = fake_loop_clock(w->loop), .events = fake_loop_events(w->loop), .metrics_labels = "", .timeout_ms = 1000,
        .retry_min_ms = 100, .retry_max_ms = 10000,
    };
    OK(mtc_scts_new(&config, &w->m, &err));
    OK(mtc_scts_set_logs(w->m, &w->list, &err));
}

static void make_ct(struct world *w, size_t i)
{
    struct ct *ct = &w->cts[i];
    struct log_list_operator operator = {.name = "Operator 0"};
    operator.name[9] = (char)('0' + i / 2); /* two logs each */
    if (i % 2 == 0)
        OK(array_insert(&w->list.operators, w->list.operators.count, &operator, "operators", &err));
    *ct = (struct ct){.w = w, .status = 200, .refused_index = NO_INDEX};
    (void)snprintf(ct->url, sizeof ct->url, "https://ct%zu.example/log", i);
    OK(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text("sm2_sm3")), &ct->key, &err));
    ct->row = (struct log_list_log){.suite = &ct_suite_gm, .operator_index = i / 2, .state = LOG_LIST_USABLE, .is_tiled = true};
    OK(log_list_set_key(&ct->row, public_key_spki(private_key_public(ct->key)), &err));
    memcpy(ct->row.submission_url, ct->url, sizeof ct->url);
    (void)snprintf(ct->row.description, sizeof ct->row.description, "log %zu", i);
    OK(array_insert(&w->list.logs, w->list.logs.count, &ct->row, "logs", &err));
    struct fake_host host = {ct->url, ct, answer};
    fake_loop_add_host(w->loop, &host);
}

static struct world *make_world(void)
{
    struct world *w = calloc(1, sizeof *w);
    struct tai ca;
    assert_non_null(w);
    OK(algorithms_new(&w->algorithms, &err));
    OK(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text("sm2_sm3")), &w->ca_key, &err));
    OK(tai_parse_text(bytes_of_text("32473.1"), &ca, &err));
    OK(tai_log_id(&ca, 1, &w->log_id, &err));
    w->loop = fake_loop_new(NOW_S * 1000);
    w->disk = memory_disk_new();
    log_list_init(&w->list);
    for (size_t i = 0; i < LOGS; i++)
        make_ct(w, i);
    return w;
}

static void free_world(struct world *w)
{
    mtc_scts_free(w->m);
    fake_loop_run(w->loop, 60000);
    fake_loop_free(w->loop);
    memory_disk_free(w->disk);
    log_list_clear(&w->list);
    for (size_t i = 0; i < w->entry_count; i++)
        heap_free(w->entries[i]);
    for (size_t i = 0; i < LOGS; i++)
        private_key_free(w->cts[i].key);
    private_key_free(w->ca_key);
    algorithms_free(w->algorithms);
    free(w);
}

static void see(struct world *w, uint64_t duration_ms)
{
    mtc_scts_see(w->m, w->entry_count, bytes_of_text("the note"));
    fake_loop_run(w->loop, duration_ms);
}

/* How many SCTs an entry has; each of them verifies. */
static size_t count_scts(struct world *w, uint64_t index)
{
    struct object_store store = memory_disk_store(w->disk, 0);
    struct builder list;
    struct sct_list parsed = {.count = 0};
    builder_init(&list, SCT_LIST_SIZE_MAX);
    enum status s = mtc_scts_read(&store, 1, index, &list, &err);
    if (s == STATUS_OK)
        OK(sct_list_parse(builder_view(&list), &parsed, &err));
    else
        assert_int_equal(s, STATUS_NOT_FOUND);
    for (size_t i = 0; i < parsed.count; i++) {
        struct sct_check_subject subject = sct_check_mtc(tai_bytes(&w->log_id), index, w->entries[index],
                                                         public_key_spki(private_key_public(w->ca_key)));
        struct sct_check check = {.subject = &subject, .log = log_list_find(&w->list, parsed.scts[i].log_id),
                                  .algorithms = w->algorithms, .at_s = fake_loop_now_ms(w->loop) / 1000};
        assert_non_null(check.log);
        OK(sct_check(&check, &parsed.scts[i], &err));
    }
    builder_clear(&list);
    return parsed.count;
}

/* ---- tests ---- */

static void every_certificate_gets_them(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 2);
    add_null(w);
    add_entries(w, 5);
    add_entry(w, NOW_S - 1); /* expired */
    see(w, 1000);
    assert_int_equal(count_scts(w, 0), 0);
    for (uint64_t i = 1; i <= 5; i++)
        assert_int_equal(count_scts(w, i), 2);
    assert_int_equal(count_scts(w, 6), 0);
    /* Of two operators; one request each. */
    assert_int_equal(w->cts[0].request_count, 1);
    assert_int_equal(w->cts[2].request_count, 1);
    assert_int_equal(w->cts[1].request_count + w->cts[3].request_count, 0);
    assert_int_equal(mtc_scts_state(w->m).done_size, 7);
    /* The same block goes on with the next checkpoint. */
    add_entries(w, 2);
    see(w, 1000);
    for (uint64_t i = 1; i <= 8; i++)
        assert_int_equal(count_scts(w, i), i == 6 ? 0 : 2);
    free_world(w);
}

static void what_was_there_before_stays(void **state)
{
    struct world *w = make_world();
    (void)state;
    add_entries(w, 10);
    open_client(w, 1);
    see(w, 1000);
    assert_int_equal(w->cts[0].entry_count, 0);
    add_entries(w, 3);
    see(w, 1000);
    assert_int_equal(count_scts(w, 9), 0);
    assert_int_equal(count_scts(w, 10), 1);
    /* Entries come, and the process ends before anybody was asked: the next one goes on. */
    add_entries(w, 3);
    mtc_scts_free(w->m);
    fake_loop_run(w->loop, 1000);
    open_client(w, 1);
    see(w, 1000);
    for (uint64_t i = 10; i < 16; i++)
        assert_int_equal(count_scts(w, i), 1);
    assert_int_equal(w->cts[0].entry_count, 6);
    free_world(w);
}

static void bulk_of_256(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 1);
    add_entries(w, 100);
    see(w, 1000);
    add_entries(w, 600);
    see(w, 5000);
    for (uint64_t i = 0; i < 700; i++)
        assert_int_equal(count_scts(w, i), 1);
    assert_int_equal(w->cts[0].request_count, 4); /* 0..99, 100..255, 256..511, 512..699 */
    assert_int_equal(w->cts[0].largest, 256);
    assert_false(w->cts[0].has_crossed);
    free_world(w);
}

/* A log that is gone gets another beside it, which gives what it owes; when it is back it goes on where it was. */
static void a_log_goes(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 2);
    add_entries(w, 3);
    see(w, 1000);
    w->cts[0].status = 0;
    add_entries(w, 3);
    see(w, 5000);
    for (uint64_t i = 3; i < 6; i++)
        assert_int_equal(count_scts(w, i), 2);
    assert_int_equal(w->cts[1].entry_count, 3); /* the first operator's other one: he has no SCT that counts now */
    assert_int_equal(fake_loop_event_count(w->loop, "mtc-scts-log-failing") >= 1, 1);
    w->cts[0].status = 200;
    fake_loop_run(w->loop, 30000);
    assert_int_equal(w->cts[0].entry_count, 6);
    assert_int_equal(count_scts(w, 3), 3);
    assert_int_equal(fake_loop_event_count(w->loop, "mtc-scts-log-well"), 1);
    free_world(w);
}

static void overloaded(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 1);
    w->cts[0].status = 429;
    add_entries(w, 3);
    see(w, 50);
    assert_int_equal(w->cts[0].request_count, 1);
    w->cts[0].status = 200;
    fake_loop_run(w->loop, 1000);
    assert_int_equal(count_scts(w, 0), 1);
    assert_int_equal(w->cts[0].request_count, 2);
    free_world(w);
}

/* One entry that a log does not want keeps no other from its SCT. */
static void one_is_refused(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 1);
    w->cts[0].refused_index = 7;
    add_entries(w, 20);
    see(w, 5000);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(count_scts(w, i), i != 7);
    assert_int_equal(fake_loop_event_count(w->loop, "mtc-scts-refused"), 1);
    free_world(w);
}

/* A log that wants none is not asked for each: another one is. */
static void all_are_refused(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 1);
    w->cts[0].status = 403;
    add_entries(w, 300);
    see(w, 5000);
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(count_scts(w, i), 1);
    assert_true(w->cts[0].request_count < 25);
    assert_int_equal(w->cts[2].entry_count + w->cts[1].entry_count, 300);
    assert_int_equal(fake_loop_event_count(w->loop, "mtc-scts-log-refuses"), 1);
    free_world(w);
}

static void a_lie_is_not_kept(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 1);
    for (size_t i = 0; i < LOGS; i++)
        w->cts[i].is_lying = true;
    add_entries(w, 2);
    see(w, 20000);
    assert_int_equal(count_scts(w, 0), 0);
    assert_true(fake_loop_event_count(w->loop, "mtc-scts-bad-answer") >= 3);
    w->cts[3].is_lying = false;
    fake_loop_run(w->loop, 60000);
    assert_int_equal(count_scts(w, 0), 1);
    free_world(w);
}

/* Shards: what a log does not take is not given to it; the next shard is there in time. */
static void shards(void **state)
{
    struct world *w = make_world();
    int64_t edge_s = NOW_S + 3 * DAY_S;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct log_list_log *row = array_at(&w->list.logs, i);
        row->has_interval = true;
        row->interval_start_s = i == 0 ? NOW_S - 100 * DAY_S : edge_s;
        row->interval_end_s = i == 0 ? edge_s : NOW_S + 100 * DAY_S;
    }
    for (size_t i = 2; i < LOGS; i++)
        ((struct log_list_log *)array_at(&w->list.logs, i))->state = LOG_LIST_READONLY;
    open_client(w, 1);
    add_entry(w, edge_s - 1);
    add_entry(w, edge_s);
    see(w, 1000);
    assert_int_equal(count_scts(w, 0), 1);
    assert_int_equal(count_scts(w, 1), 1);
    assert_int_equal(w->cts[0].entry_count, 1);
    assert_int_equal(w->cts[1].entry_count, 1);
    assert_int_equal(mtc_scts_state(w->m).log_count, 2);
    free_world(w);
}

static void pruned(void **state)
{
    struct world *w = make_world();
    (void)state;
    open_client(w, 1);
    w->cts[0].status = 0;
    for (size_t i = 1; i < LOGS; i++)
        w->cts[i].status = 0;
    add_entries(w, 10);
    see(w, 1000);
    w->min_index = 8;
    w->cts[0].status = 200;
    fake_loop_run(w->loop, 30000);
    assert_int_equal(count_scts(w, 7), 0);
    assert_int_equal(count_scts(w, 8), 1);
    free_world(w);
}

static enum status count_object(void *context, const char *name, struct error *e)
{
    (void)name, (void)e;
    ++*(size_t *)context;
    return STATUS_OK;
}

/* What is about entries that are pruned goes too, and what is about others stays. */
static void store_is_pruned(void **state)
{
    struct world *w = make_world();
    struct object_store store = memory_disk_store(w->disk, 0);
    size_t count = 0;
    (void)state;
    open_client(w, 2);
    add_entries(w, 700);
    see(w, 5000);
    OK(store.list(store.context, "mtcsct/", count_object, &count, &err));
    assert_int_equal(count, 6); /* three blocks of two logs */
    w->min_index = 600;
    add_entries(w, 1);
    see(w, 1000);
    count = 0;
    OK(store.list(store.context, "mtcsct/", count_object, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(count_scts(w, 511), 0);
    assert_int_equal(count_scts(w, 600), 2);
    free_world(w);
}

/* At every call of the store that fails: later everything is there. */
static void failing_store(void **state)
{
    (void)state;
    for (uint64_t at = 0; at < 8; at++) {
        struct world *w = make_world();
        open_client(w, 1);
        add_entries(w, 3);
        memory_disk_set_fault(w->disk, at, MEMORY_FAULT_CRASH);
        see(w, 1000);
        mtc_scts_free(w->m);
        fake_loop_run(w->loop, 60000);
        memory_disk_cut_power(w->disk, MEMORY_LOSE_ALL, 0);
        w->entry_count -= 3; /* the size when the new process begins is what it was: nobody was told of these */
        open_client(w, 1);
        w->entry_count += 3;
        see(w, 1000);
        for (uint64_t i = 0; i < 3; i++)
            assert_int_equal(count_scts(w, i), 1);
        free_world(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_certificate_gets_them), cmocka_unit_test(what_was_there_before_stays), cmocka_unit_test(bulk_of_256),
        cmocka_unit_test(a_log_goes), cmocka_unit_test(overloaded), cmocka_unit_test(one_is_refused),
        cmocka_unit_test(all_are_refused), cmocka_unit_test(a_lie_is_not_kept), cmocka_unit_test(shards), cmocka_unit_test(pruned), cmocka_unit_test(store_is_pruned),
        cmocka_unit_test(failing_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

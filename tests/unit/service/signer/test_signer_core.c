/* The rules of a signer: what it signs, what it never signs, and what it knows after every crash. */
#include "unit/checks.h"

#include <stdio.h>

#include "codec/ocsp/ocsp_response.h"
#include "codec/revocations/revocations.h"
#include "fakes/memory_disk.h"
#include "merkle/node.h"
#include "service/signer/signer_core.h"

#define OWN "oid/1.3.6.1.4.1.32473.1.0.1"
#define NAME "oid/1.3.6.1.4.1.32473.1"
#define LISTED "log.example/2"
#define TREE_MAX 64

static struct error err;
static struct algorithms *algorithms;
static struct private_key *keys[2];

/* ---- trees: entry i of history h is one byte pair ---- */

struct history {
    struct hasher hasher;
    uint8_t fork_at, id; /* from this entry on the history is its own */
};

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *e)
{
    struct history *h = context;
    (void)e;
    if (level == 0) {
        uint8_t entry[2] = {(uint8_t)index, index >= h->fork_at ? h->id : 0};
        node_leaf_hash(&h->hasher, BYTES_OF(entry), out);
        return STATUS_OK;
    }
    uint8_t left[HASH_SIZE], right[HASH_SIZE];
    (void)read_node(h, level - 1, 2 * index, left, e);
    (void)read_node(h, level - 1, 2 * index + 1, right, e);
    node_hash(&h->hasher, left, right, out);
    return STATUS_OK;
}

static struct history history(uint8_t id, uint8_t fork_at)
{
    struct history h = {.id = id, .fork_at = fork_at};
    OK(hasher_init(&h.hasher, &hash_sm3, &err));
    return h;
}

/* ---- a signer on a disk ---- */

struct world {
    struct memory_disk *disk;
    struct signer_key key;
    struct signer_core *core;
    struct history honest, forked; /* the same up to 8 entries */
    struct error refusal;
    struct builder answer;
};

static const char *const listed[] = {LISTED};

static void world_init(struct world *w)
{
    *w = (struct world){.disk = memory_disk_new(), .honest = history(0, 0), .forked = history(1, 8)};
    w->key = (struct signer_key){
        .id = "ca", .key = keys[0], .kinds = SIGNER_KIND_LOG | SIGNER_KIND_CRL | SIGNER_KIND_REVOCATIONS,
        .hash = &hash_sm3, .has_own_logs = true, .origins = listed, .origin_count = 1,
        .memory = memory_disk_record(w->disk),
    };
    OK(tai_parse_text(bytes_of_text("32473.1"), &w->key.cosigner, &err));
    OK(signer_core_new(&w->key, 1, &w->core, &err));
    builder_init(&w->answer, SIGNER_ANSWER_MAX + 2);
}

static void world_clear(struct world *w)
{
    signer_core_free(w->core);
    memory_disk_free(w->disk);
    hasher_clear(&w->honest.hasher);
    hasher_clear(&w->forked.hasher);
    builder_clear(&w->answer);
}

static void restart(struct world *w)
{
    signer_core_free(w->core);
    w->core = NULL;
    w->key.memory = memory_disk_record(w->disk);
    OK(signer_core_new(&w->key, 1, &w->core, &err));
}

static struct signer_answer ask(struct world *w, const struct signer_request *request)
{
    struct builder input;
    struct signer_answer answer;
    builder_init(&input, SIGNER_REQUEST_MAX);
    builder_reset(&w->answer);
    OK(signer_request_write(request, &input, &err));
    OK(signer_core_answer(w->core, builder_view(&input), &w->answer, &w->refusal));
    OK(signer_answer_parse(builder_view(&w->answer), &answer, &err));
    builder_clear(&input);
    assert_int_equal(answer.verdict == SIGNER_DONE, w->refusal.status == STATUS_OK);
    return answer;
}

struct statement {
    struct history *history;
    const char *origin;
    struct subtree subtree;
    uint64_t proof_size;  /* of a tree: the size that is proved; of a subtree: the tree that it is proved in */
    bool is_tree;
};

static struct signer_request request_of(const struct statement *s, struct builder *proof)
{
    struct node_source source = {s->history, read_node};
    struct signer_request r = {
        .operation = s->is_tree ? SIGNER_TREE : SIGNER_SUBTREE, .key_id = bytes_of_text("ca"),
        .statement = {bytes_of_text(NAME), bytes_of_text(s->origin), s->is_tree ? 1795000000 : 0, s->subtree, {0}}};
    OK(proof_subtree_hash(&s->history->hasher, &source, s->subtree, r.statement.hash, &err));
    struct subtree part = s->is_tree ? (struct subtree){0, s->proof_size} : s->subtree;
    uint64_t size = s->is_tree ? s->subtree.end : s->proof_size;
    if (s->proof_size > 0)
        OK(proof_make_consistency(&s->history->hasher, &source, part, size, proof, &err));
    r.proof = builder_view(proof);
    return r;
}

/* Asks, and checks the signature when there is one. */
static enum signer_verdict sign(struct world *w, struct statement s)
{
    struct builder proof, message;
    builder_init(&proof, SIGNER_PROOF_MAX);
    builder_init(&message, COSIGNED_MESSAGE_MAX);
    struct signer_request r = request_of(&s, &proof);
    struct signer_answer answer = ask(w, &r);
    if (answer.verdict == SIGNER_DONE) {
        OK(cosigned_message_write(&r.statement, &message, &err));
        OK(public_key_verify(private_key_public(keys[0]), builder_view(&message), answer.body, &err));
    }
    builder_clear(&proof);
    builder_clear(&message);
    return answer.verdict;
}

static enum signer_verdict tree(struct world *w, struct history *h, uint64_t size, uint64_t proved)
{
    return sign(w, (struct statement){h, OWN, {0, size}, proved, true});
}

static enum signer_verdict subtree(struct world *w, struct history *h, uint64_t start, uint64_t end, uint64_t size)
{
    return sign(w, (struct statement){h, OWN, {start, end}, size, false});
}

static void assert_refused(struct world *w, enum signer_verdict got, enum signer_verdict want, const char *word)
{
    assert_int_equal(got, want);
    if (strstr(w->refusal.text, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", w->refusal.text, word);
}

/* ---- tests ---- */

static void one_history(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_refused(&w, tree(&w, &w.honest, 5, 0), SIGNER_REFUSED, "adopt");
    assert_int_equal(tree(&w, &w.honest, 0, 0), SIGNER_DONE);
    assert_int_equal(tree(&w, &w.honest, 5, 0), SIGNER_DONE);
    assert_int_equal(tree(&w, &w.honest, 5, 0), SIGNER_DONE); /* again: another time, the same tree */
    assert_int_equal(tree(&w, &w.honest, 10, 5), SIGNER_DONE);
    assert_refused(&w, tree(&w, &w.forked, 10, 5), SIGNER_REFUSED, "another root");
    assert_refused(&w, tree(&w, &w.honest, 9, 5), SIGNER_REFUSED, "old copy");
    assert_refused(&w, tree(&w, &w.honest, 12, 0), SIGNER_NEEDS_PROOF, "second history");
    assert_refused(&w, tree(&w, &w.honest, 12, 5), SIGNER_NEEDS_PROOF, "second history");
    assert_refused(&w, tree(&w, &w.forked, 12, 10), SIGNER_NEEDS_PROOF, "second history");
    assert_int_equal(tree(&w, &w.honest, 12, 10), SIGNER_DONE);
    /* The time must be there, and the root of nothing is one. */
    struct signer_request r = {.operation = SIGNER_TREE, .key_id = bytes_of_text("ca"),
                               .statement = {bytes_of_text(NAME), bytes_of_text("oid/1.3.6.1.4.1.32473.1.0.2"), 5, {0, 0}, {1}}};
    assert_refused(&w, ask(&w, &r).verdict, SIGNER_REFUSED, "empty tree");
    world_clear(&w);
}

static void parts_of_the_tree(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_refused(&w, subtree(&w, &w.honest, 0, 4, 4), SIGNER_REFUSED, "no part");
    assert_int_equal(tree(&w, &w.honest, 0, 0), SIGNER_DONE);
    assert_int_equal(tree(&w, &w.honest, 13, 0), SIGNER_DONE);
    assert_int_equal(subtree(&w, &w.honest, 0, 13, 13), SIGNER_DONE);
    assert_int_equal(subtree(&w, &w.honest, 8, 13, 13), SIGNER_DONE);
    assert_int_equal(subtree(&w, &w.honest, 8, 12, 13), SIGNER_DONE);
    assert_int_equal(subtree(&w, &w.forked, 4, 8, 0), SIGNER_NEEDS_PROOF);
    assert_int_equal(subtree(&w, &w.honest, 8, 12, 12), SIGNER_NEEDS_PROOF);
    assert_refused(&w, subtree(&w, &w.forked, 8, 12, 13), SIGNER_NEEDS_PROOF, "is part");
    assert_refused(&w, subtree(&w, &w.honest, 8, 14, 14), SIGNER_REFUSED, "no part");
    assert_refused(&w, subtree(&w, &w.honest, 8, 8, 0), SIGNER_REFUSED, "no part");
    world_clear(&w);
}

static void only_its_logs_and_its_name(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    static const char *const others[] = {"oid/1.3.6.1.4.1.32473.2.0.1", "oid/1.3.6.1.4.1.32473.1.0.0", NAME,
                                         "oid/1.3.6.1.4.1.32473.1.1.1", "oid/1.3.6.1.4.1.32473.1.0.1.1", "log.example/3",
                                         "log.example", "a b", "log.example/2\n"};
    for (size_t i = 0; i < LENGTH(others); i++)
        assert_refused(&w, sign(&w, (struct statement){&w.honest, others[i], {0, 0}, 0, true}), SIGNER_REFUSED, "none of");
    assert_int_equal(sign(&w, (struct statement){&w.honest, LISTED, {0, 0}, 0, true}), SIGNER_DONE);
    assert_int_equal(sign(&w, (struct statement){&w.forked, OWN, {0, 0}, 0, true}), SIGNER_DONE);
    /* One log's memory is not the other's. */
    assert_int_equal(sign(&w, (struct statement){&w.honest, LISTED, {0, 20}, 0, true}), SIGNER_DONE);
    assert_int_equal(sign(&w, (struct statement){&w.forked, OWN, {0, 10}, 0, true}), SIGNER_DONE);
    struct signer_request r = {.operation = SIGNER_LAST, .key_id = bytes_of_text("ca"),
                               .statement = {.log_origin = bytes_of_text(LISTED)}};
    struct signer_last last;
    OK(signer_last_parse(ask(&w, &r).body, &last, &err));
    assert_true(last.is_known && last.size == 20);
    r.statement.log_origin = bytes_of_text("oid/1.3.6.1.4.1.32473.1.0.9");
    OK(signer_last_parse(ask(&w, &r).body, &last, &err));
    assert_false(last.is_known);
    r.statement.log_origin = bytes_of_text("log.example/3");
    assert_refused(&w, ask(&w, &r).verdict, SIGNER_REFUSED, "none of");
    struct signer_request named = {.operation = SIGNER_TREE, .key_id = bytes_of_text("ca"),
                                   .statement = {bytes_of_text(NAME ".5"), bytes_of_text(OWN), 5, {0, 10}, {0}}};
    assert_refused(&w, ask(&w, &named).verdict, SIGNER_REFUSED, "this key is");
    named.key_id = bytes_of_text("cb");
    assert_refused(&w, ask(&w, &named).verdict, SIGNER_NOT_FOUND, "no key cb");
    world_clear(&w);
}

static void restart_and_adoption(void **state)
{
    (void)state;
    static const char *const adopted[] = {OWN};
    struct world w;
    world_init(&w);
    w.key.adopted = adopted;
    w.key.adopted_count = 1;
    restart(&w);
    assert_int_equal(tree(&w, &w.honest, 10, 0), SIGNER_DONE);
    restart(&w);
    memory_disk_cut_power(w.disk, MEMORY_LOSE_ALL, 0);
    restart(&w);
    assert_refused(&w, tree(&w, &w.forked, 10, 0), SIGNER_REFUSED, "another root");
    assert_refused(&w, tree(&w, &w.forked, 20, 10), SIGNER_NEEDS_PROOF, "second history");
    assert_refused(&w, tree(&w, &w.honest, 8, 0), SIGNER_REFUSED, "old copy"); /* adopting is for what is unknown */
    assert_refused(&w, sign(&w, (struct statement){&w.honest, LISTED, {0, 3}, 0, true}), SIGNER_REFUSED, "adopt");
    assert_int_equal(tree(&w, &w.honest, 20, 10), SIGNER_DONE);
    /* The memory of one key is of no use to another. */
    signer_core_free(w.core);
    w.key.key = keys[1];
    assert_says(signer_core_new(&w.key, 1, &w.core, &err), &err, STATUS_REFUSED, "another key");
    world_clear(&w);
}

/* Every write of the memory fails, is done all the same, or is the last thing that happens; then the power
 * goes. Whatever was signed before and after is one history. */
static void power_cuts(void **state)
{
    (void)state;
    static const enum memory_fault faults[] = {MEMORY_FAULT_NOT_DONE, MEMORY_FAULT_DONE, MEMORY_FAULT_CRASH};
    static const enum memory_loss losses[] = {MEMORY_LOSE_ALL, MEMORY_KEEP_ALL, MEMORY_TEAR_ALL};
    static const uint64_t sizes[] = {0, 8, 9, 12, 20};
    size_t refused = 0;
    for (size_t at = 0; at < LENGTH(sizes); at++) {
        for (size_t i = 0; i < LENGTH(faults) * LENGTH(losses); i++) {
            struct world w;
            uint64_t signed_size = 0;
            world_init(&w);
            memory_disk_set_fault(w.disk, at, faults[i % LENGTH(faults)]);
            for (size_t step = 0; step < LENGTH(sizes); step++) {
                uint64_t before = step > 0 ? sizes[step - 1] : 0;
                enum signer_verdict verdict = tree(&w, &w.honest, sizes[step], before);
                if (verdict == SIGNER_DONE)
                    signed_size = sizes[step];
                else if (step == at)
                    assert_int_equal(verdict, SIGNER_FAILED);
                if (step == at)
                    break;
            }
            memory_disk_cut_power(w.disk, losses[i / LENGTH(faults)], 0);
            restart(&w);
            /* The other history, by every road: nothing that contradicts what was signed. */
            for (uint64_t size = 0; size <= 24; size++) {
                enum signer_verdict verdict = tree(&w, &w.forked, size, 8 < size ? 8 : 0);
                if (verdict == SIGNER_DONE && (size < signed_size || (size > 8 && signed_size > 8)))
                    fail_msg("two histories: %d entries after %d", (int)size, (int)signed_size);
                refused += verdict != SIGNER_DONE;
                if (verdict == SIGNER_DONE)
                    break;
            }
            world_clear(&w);
        }
    }
    assert_true(refused > 100);
}

/* Without a crash: a failed write is no memory and no signature; what was asked for is asked again. */
static void goes_on_after_a_failed_write(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct world w;
        world_init(&w);
        assert_int_equal(tree(&w, &w.honest, 0, 0), SIGNER_DONE);
        memory_disk_set_fault(w.disk, 1, i == 0 ? MEMORY_FAULT_NOT_DONE : MEMORY_FAULT_DONE);
        assert_int_equal(tree(&w, &w.honest, 10, 0), SIGNER_FAILED);
        if (i == 1) {
            assert_int_equal(tree(&w, &w.forked, 10, 0), SIGNER_REFUSED);
            assert_int_equal(tree(&w, &w.honest, 10, 0), SIGNER_DONE);
        } else {
            assert_int_equal(tree(&w, &w.forked, 10, 0), SIGNER_DONE); /* nobody has a signature of the other */
        }
        world_clear(&w);
    }
}

static enum signer_verdict document(struct world *w, struct bytes text)
{
    struct signer_request r = {.operation = SIGNER_DOCUMENT, .key_id = bytes_of_text("ca"), .document = text};
    struct signer_answer answer = ask(w, &r);
    if (answer.verdict == SIGNER_DONE)
        OK(public_key_verify(private_key_public(keys[0]), text, answer.body, &err));
    return answer.verdict;
}

static void write_crl(struct builder *out)
{
    static const uint8_t name[] = {0x30, 0x00}, key_id[] = {1, 2, 3};
    struct crl crl = {.algorithm = algorithm_identifier(public_key_alg(private_key_public(keys[0]))),
                      .issuer = BYTES_OF(name), .key_id = BYTES_OF(key_id), .this_update_s = 1795000000,
                      .next_update_s = 1795003600, .number = 1};
    crl_write_tbs(&crl, NULL, 0, out);
}

static void documents(void **state)
{
    (void)state;
    static const uint8_t certificate[] = {0x30, 0x07, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x05, 0x00};
    struct world w;
    struct builder crl, message;
    world_init(&w);
    builder_init(&crl, 4096);
    builder_init(&message, 4096);
    write_crl(&crl);
    const char *mine = REVOCATIONS_LABEL OWN "\nrevocations 1 1795000000 1795003600\nminimum-index 0\n";
    const char *other = REVOCATIONS_LABEL "oid/1.3.6.1.4.1.32473.2.0.1\nrevocations 1 1795000000 1795003600\nminimum-index 0\n";
    assert_int_equal(document(&w, builder_view(&crl)), SIGNER_DONE);
    assert_int_equal(document(&w, bytes_of_text(mine)), SIGNER_DONE);
    assert_refused(&w, document(&w, bytes_of_text(other)), SIGNER_REFUSED, "none of");
    assert_refused(&w, document(&w, BYTES_OF(certificate)), SIGNER_REFUSED, "no certificates");
    assert_refused(&w, document(&w, bytes_of(crl.data, crl.len - 1)), SIGNER_REFUSED, "neither");
    assert_int_equal(document(&w, bytes_of_text(REVOCATIONS_LABEL "x")), SIGNER_MALFORMED);
    /* Not by the back door: the bytes of a statement about a log. */
    struct cosigned_message m = {bytes_of_text(NAME), bytes_of_text(OWN), 0, {0, 8}, {1}};
    OK(cosigned_message_write(&m, &message, &err));
    assert_refused(&w, document(&w, builder_view(&message)), SIGNER_REFUSED, "neither");
    w.key.kinds = SIGNER_KIND_CERTIFICATE | SIGNER_KIND_CRL;
    restart(&w);
    assert_int_equal(document(&w, BYTES_OF(certificate)), SIGNER_DONE);
    assert_int_equal(document(&w, builder_view(&crl)), SIGNER_DONE);
    assert_refused(&w, document(&w, bytes_of_text(mine)), SIGNER_REFUSED, "no revocations");
    assert_refused(&w, tree(&w, &w.honest, 0, 0), SIGNER_REFUSED, "nothing about logs");
    builder_clear(&crl);
    builder_clear(&message);
    world_clear(&w);
}

#define SPACES_64 "                                                                "

static struct signer_answer handshake(struct world *w, struct bytes message)
{
    struct signer_request r = {.operation = SIGNER_HANDSHAKE, .key_id = bytes_of_text("ca"), .document = message};
    return ask(w, &r);
}

static void handshakes(void **state)
{
    (void)state;
    static const char server[] = SPACES_64 "TLS 1.3, server CertificateVerify\0" "0123456789abcdef0123456789abcdef0123456789abcdef";
    static const char client[] = SPACES_64 "TLS 1.3, client CertificateVerify\0" "0123456789abcdef0123456789abcdef";
    struct bytes long_hash = bytes_of(server, sizeof server - 1), short_hash = bytes_of(server, sizeof server - 17);
    struct world w;
    world_init(&w);
    assert_refused(&w, handshake(&w, short_hash).verdict, SIGNER_REFUSED, "signs no handshakes");
    w.key.kinds = SIGNER_KIND_TLS;
    restart(&w);
    struct signer_answer answer = handshake(&w, short_hash);
    assert_int_equal(answer.verdict, SIGNER_DONE);
    /* The ID is TLS's: nowhere else is this a signature. */
    assert_int_equal(public_key_verify(private_key_public(keys[0]), short_hash, answer.body, &err), STATUS_REFUSED);
    assert_int_equal(handshake(&w, long_hash).verdict, SIGNER_DONE);
    assert_refused(&w, handshake(&w, bytes_of(server, sizeof server - 2)).verdict, SIGNER_REFUSED, "not what a TLS");
    assert_refused(&w, handshake(&w, bytes_of(client, sizeof client - 1)).verdict, SIGNER_REFUSED, "not what a TLS");
    assert_refused(&w, handshake(&w, bytes_of_text("x")).verdict, SIGNER_REFUSED, "not what a TLS");
    assert_refused(&w, document(&w, short_hash), SIGNER_REFUSED, "neither");
    w.key.kinds = SIGNER_KIND_TLS | SIGNER_KIND_CRL;
    signer_core_free(w.core);
    w.core = NULL;
    assert_int_equal(signer_core_new(&w.key, 1, &w.core, &err), STATUS_USAGE);
    world_clear(&w);
}

/* A key for OCSP responses signs those, and no other key does. */
static void ocsp_responses(void **state)
{
    static const uint8_t name[] = {0x30, 0};
    struct world w;
    struct builder tbs;
    struct ocsp_response_data data = {
        .responder_name = BYTES_OF(name), .produced_s = 1795000000, .single_count = 1,
        .singles = {{.id = {.hash = CERT_ID_SM3, .issuer_name_hash = bytes_of(SPACES_64, 32), .issuer_key_hash = bytes_of(SPACES_64, 32),
                            .serial = bytes_of("\x01", 1)}, .this_update_s = 1795000000, .next_update_s = 1795086400}},
    };
    (void)state;
    builder_init(&tbs, 4096);
    ocsp_response_write_data(&data, &tbs);
    OK(builder_status(&tbs, "data", &err));
    world_init(&w);
    assert_refused(&w, document(&w, builder_view(&tbs)), SIGNER_REFUSED, "signs no OCSP responses");
    w.key.kinds = SIGNER_KIND_OCSP;
    restart(&w);
    assert_int_equal(document(&w, builder_view(&tbs)), SIGNER_DONE);
    assert_refused(&w, document(&w, bytes_of_text("x")), SIGNER_REFUSED, "neither");
    w.key.kinds = SIGNER_KIND_OCSP | SIGNER_KIND_CERTIFICATE;
    signer_core_free(w.core);
    w.core = NULL;
    assert_says(signer_core_new(&w.key, 1, &w.core, &err), &err, STATUS_USAGE, "nothing else");
    builder_clear(&tbs);
    world_clear(&w);
}

static void keys_that_contradict(void **state)
{
    (void)state;
    struct world w;
    struct signer_core *none;
    world_init(&w);
    struct signer_key two[2] = {w.key, w.key};
    assert_says(signer_core_new(two, 2, &none, &err), &err, STATUS_USAGE, "twice");
    two[1].id = "cb";
    assert_says(signer_core_new(two, 2, &none, &err), &err, STATUS_USAGE, "one memory");
    two[0].kinds |= SIGNER_KIND_CERTIFICATE;
    assert_says(signer_core_new(two, 1, &none, &err), &err, STATUS_USAGE, "no certificates");
    two[0] = w.key;
    two[0].cosigner.len = 0;
    assert_says(signer_core_new(two, 1, &none, &err), &err, STATUS_USAGE, "cosigner ID");
    two[0] = w.key;
    two[0].hash = NULL;
    assert_says(signer_core_new(two, 1, &none, &err), &err, STATUS_USAGE, "hash");
    assert_int_equal(signer_core_new(two, SIGNER_KEYS_MAX + 1, &none, &err), STATUS_LIMIT);
    world_clear(&w);
}

static void lists_and_refuses_garbage(void **state)
{
    (void)state;
    struct world w;
    struct reader r;
    struct signer_key_row row;
    world_init(&w);
    struct signer_request list = {.operation = SIGNER_LIST};
    struct bytes body = ask(&w, &list).body;
    reader_init(&r, body);
    OK(signer_key_row_read(&r, &row, &err));
    assert_true(bytes_is_text(row.key_id, "ca") && bytes_is_text(row.algorithm, "sm2_sm3"));
    assert_bytes(row.spki, public_key_spki(private_key_public(keys[0])));
    assert_int_equal(signer_key_row_read(&r, &row, &err), STATUS_NOT_FOUND);
    static const char *const garbage[] = {"", "\x01", "\x02\x01", "\x01\x06", "\x01\x01x", "\x01\x02\x02""ca\x00", "\x01\x05\x02""ca\x00\x00\x00"};
    static const size_t lens[] = {0, 1, 2, 2, 3, 6, 8};
    for (size_t i = 0; i < LENGTH(garbage); i++) {
        struct signer_answer answer;
        builder_reset(&w.answer);
        OK(signer_core_answer(w.core, bytes_of(garbage[i], lens[i]), &w.answer, NULL));
        OK(signer_answer_parse(builder_view(&w.answer), &answer, &err));
        assert_int_equal(answer.verdict, SIGNER_MALFORMED);
    }
    world_clear(&w);
}

static int make_keys(void **state)
{
    (void)state;
    OK(algorithms_new(&algorithms, &err));
    for (size_t i = 0; i < LENGTH(keys); i++)
        OK(private_key_generate(algorithms_by_name(algorithms, bytes_of_text("sm2_sm3")), &keys[i], &err));
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(keys); i++)
        private_key_free(keys[i]);
    algorithms_free(algorithms);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_history),
        cmocka_unit_test(parts_of_the_tree),
        cmocka_unit_test(only_its_logs_and_its_name),
        cmocka_unit_test(restart_and_adoption),
        cmocka_unit_test(power_cuts),
        cmocka_unit_test(goes_on_after_a_failed_write),
        cmocka_unit_test(documents),
        cmocka_unit_test(handshakes),
        cmocka_unit_test(ocsp_responses), cmocka_unit_test(keys_that_contradict),
        cmocka_unit_test(lists_and_refuses_garbage),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}

/* What the client makes of a signer that answers well, badly, late, or not at all. */
#include "unit/adapters/signer_client/scripted_signer.h"

#include <time.h>

#include "adapters/signer_client/signer_client.h"

#define ORIGIN "log.example/1"
/* Long enough for a busy machine where an answer comes; short where none does. */
#define LONG_MS 60000
#define SHORT_MS 100

static struct error err;
static struct algorithms *algorithms;
static const struct signature_alg *ed25519;
static struct private_key *key;
static struct scripted_signer signer;
static struct builder signature;

#define START(...) \
    do { \
        static const enum act acts[] = {__VA_ARGS__}; \
        signer_start(&signer, acts, LENGTH(acts)); \
    } while (0)

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct signer_client *open_client(void)
{
    struct signer_client *client;
    OK(signer_client_open(signer.path, "ca", ed25519, &client, &err));
    signer_client_set_timeout(client, LONG_MS);
    return client;
}

static struct tai cosigner_id(void)
{
    struct tai id;
    OK(tai_parse_text(bytes_of_text("32473.1"), &id, &err));
    return id;
}

/* ---- asking ---- */

static enum status sign_document(struct signer_client *client)
{
    struct document_signer port = signer_client_document_signer(client);
    builder_reset(&signature);
    return port.sign(port.context, bytes_of_text("a document"), &signature, &err);
}

struct proving {
    unsigned count;
    struct subtree asked[4];
    enum status status;
};

static enum status prove(void *context, struct subtree s, struct builder *proof, struct error *e)
{
    struct proving *p = context;
    uint8_t hash[HASH_SIZE] = {0};
    assert_true(p->count < LENGTH(p->asked));
    p->asked[p->count++] = s;
    if (p->status != STATUS_OK)
        return error_set(e, p->status, "no proof from here");
    builder_bytes(proof, BYTES_OF(hash));
    return STATUS_OK;
}

static enum status sign(struct signer_client *client, struct subtree s, uint64_t timestamp, struct proving *proving)
{
    struct tai id = cosigner_id();
    struct cosigner port = signer_client_cosigner(client, &id);
    struct subtree_prover prover = {proving, prove};
    struct cosigned_message m = {.cosigner_name = bytes_of_text("oid/1.3.6.1.4.1.32473.1"), .log_origin = bytes_of_text(ORIGIN),
                                 .timestamp = timestamp, .subtree = s};
    builder_reset(&signature);
    return port.sign(port.context, &m, proving != NULL ? &prover : NULL, &signature, &err);
}

static enum status sign_tree(struct signer_client *client, uint64_t size, struct proving *proving)
{
    return sign(client, (struct subtree){0, size}, 1234567890, proving);
}

/* ---- opening ---- */

static void test_open(void **state)
{
    (void)state;
    START(ACT_LIST, ACT_SIGN);
    struct signer_client *client = open_client();
    assert_bytes(public_key_spki(signer_client_key(client)), public_key_spki(private_key_public(key)));
    OK(sign_document(client));
    OK(public_key_verify(private_key_public(key), bytes_of_text("a document"), builder_view(&signature), &err));
    signer_client_close(client);
    signer_stop(&signer);
    assert_int_equal(signer.connection_count, 1);
}

static void refused_opening(const char *key_id, enum status status, const char *says)
{
    struct signer_client *client = (struct signer_client *)&err;
    assert_says(signer_client_open(signer.path, key_id, ed25519, &client, &err), &err, status, says);
    assert_null(client);
}

static void test_open_fails(void **state)
{
    (void)state;
    static const struct {
        enum act act;
        enum status status;
        const char *says;
    } cases[] = {
        {ACT_REFUSE, STATUS_REFUSED, "as the script says"},
        {ACT_FAIL, STATUS_IO, "as the script says"},
        {ACT_VERDICT, STATUS_MALFORMED, "no known verdict"},
        {ACT_GARBAGE, STATUS_MALFORMED, "another version"},
        {ACT_EMPTY, STATUS_LIMIT, "0 bytes"},
        {ACT_ENDLESS, STATUS_LIMIT, "4294967295 bytes"},
        {ACT_HALF, STATUS_IO, "closed"},
        {ACT_CLOSE, STATUS_IO, "closed"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        enum act acts[] = {cases[i].act, ACT_LIST};
        signer_start(&signer, acts, LENGTH(acts));
        refused_opening("ca", cases[i].status, cases[i].says);
        signer_stop(&signer);
        assert_int_equal(signer.count, 1); /* who opens does not wait for a signer */
    }
}

static void test_wrong_key(void **state)
{
    (void)state;
    char long_id[SIGNER_KEY_ID_MAX + 2];
    memset(long_id, 'a', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = '\0';
    START(ACT_LIST, ACT_LIST);
    refused_opening("cb", STATUS_USAGE, "no such key");
    refused_opening("", STATUS_USAGE, "1 to 63 bytes");
    refused_opening(long_id, STATUS_USAGE, "1 to 63 bytes");
    signer.algorithm = "sm2_sm3";
    refused_opening("ca", STATUS_USAGE, "a key of sm2_sm3");
    signer.algorithm = "ed25519";
    signer_stop(&signer);
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct signer_client *client;
    char long_path[200];
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    int64_t start_ms = now_ms();
    refused_opening("ca", STATUS_IO, "cannot connect");
    assert_says(signer_client_open(long_path, "ca", ed25519, &client, &err), &err, STATUS_USAGE, "at most 107 bytes");
    assert_true(now_ms() - start_ms < SIGNER_CLIENT_TIMEOUT_MS);
}

/* ---- documents ---- */

/* After an answer that is no answer the next call begins a connection of its own. */
static void test_bad_answers(void **state)
{
    (void)state;
    static const struct {
        enum act act;
        enum status status;
        const char *says;
        size_t connections;
    } cases[] = {
        {ACT_SIGN_BAD, STATUS_REFUSED, "what the signer gave", 1}, {ACT_REFUSE, STATUS_REFUSED, "as the script says", 1},
        {ACT_NOT_FOUND, STATUS_REFUSED, "as the script says", 1},  {ACT_NEEDS_PROOF, STATUS_REFUSED, "as the script says", 1},
        {ACT_FAIL, STATUS_IO, "as the script says", 1},            {ACT_VERDICT, STATUS_MALFORMED, "no known verdict", 2},
        {ACT_GARBAGE, STATUS_MALFORMED, "another version", 2},     {ACT_EMPTY, STATUS_LIMIT, "0 bytes", 2},
        {ACT_ENDLESS, STATUS_LIMIT, "bytes", 2},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        enum act acts[] = {ACT_LIST, cases[i].act, ACT_SIGN};
        signer_start(&signer, acts, LENGTH(acts));
        struct signer_client *client = open_client();
        assert_says(sign_document(client), &err, cases[i].status, cases[i].says);
        assert_non_null(strstr(err.text, "key ca"));
        assert_int_equal(signature.len, 0);
        OK(sign_document(client));
        signer_client_close(client);
        signer_stop(&signer);
        assert_int_equal(signer.count, LENGTH(acts));
        assert_int_equal(signer.connection_count, cases[i].connections);
    }
}

static void test_reconnects_once(void **state)
{
    (void)state;
    static const enum act breaks[] = {ACT_CLOSE, ACT_HALF};
    for (size_t i = 0; i < LENGTH(breaks); i++) {
        enum act acts[] = {ACT_LIST, breaks[i], ACT_SIGN, breaks[i], breaks[i], ACT_SIGN};
        signer_start(&signer, acts, LENGTH(acts));
        struct signer_client *client = open_client();
        OK(sign_document(client));
        assert_says(sign_document(client), &err, STATUS_IO, "closed");
        OK(sign_document(client));
        signer_client_close(client);
        signer_stop(&signer);
        assert_int_equal(signer.count, LENGTH(acts));
    }
}

static void test_no_answer(void **state)
{
    (void)state;
    START(ACT_LIST, ACT_SILENT, ACT_SIGN);
    struct signer_client *client = open_client();
    signer_client_set_timeout(client, SHORT_MS);
    assert_says(sign_document(client), &err, STATUS_IO, "does not answer");
    signer_client_set_timeout(client, LONG_MS);
    OK(sign_document(client));
    signer_client_close(client);
    signer_stop(&signer);
    assert_int_equal(signer.count, 3); /* the time was up: not asked again by itself */
}

static void test_signer_comes_back(void **state)
{
    (void)state;
    START(ACT_LIST);
    struct signer_client *client = open_client();
    signer_stop(&signer);
    signer_client_set_timeout(client, SHORT_MS);
    int64_t start_ms = now_ms();
    assert_says(sign_document(client), &err, STATUS_IO, "cannot connect");
    assert_true(now_ms() - start_ms >= SHORT_MS);
    /* It is known to be away: nobody waits for it any more. */
    signer_client_set_timeout(client, LONG_MS);
    start_ms = now_ms();
    assert_says(sign_document(client), &err, STATUS_IO, "cannot connect");
    assert_true(now_ms() - start_ms < LONG_MS / 2);
    START(ACT_SIGN);
    OK(sign_document(client));
    signer_client_close(client);
    signer_stop(&signer);
}

/* ---- statements ---- */

static void check_request(size_t i, enum signer_operation operation, size_t proof_len)
{
    assert_true(i < signer.count);
    assert_int_equal(signer.operations[i], operation);
    assert_int_equal(signer.proof_lens[i], proof_len);
}

static void check_asked(const struct proving *p, size_t i, uint64_t start, uint64_t end)
{
    assert_true(i < p->count);
    assert_int_equal(p->asked[i].start, start);
    assert_int_equal(p->asked[i].end, end);
}

static void test_trees(void **state)
{
    (void)state;
    struct proving proving = {.count = 0};
    START(ACT_LIST, ACT_LAST, ACT_SIGN, ACT_SIGN, ACT_SIGN);
    struct signer_client *client = open_client();
    OK(sign_tree(client, 8, &proving)); /* the signer knows none: nothing to prove */
    assert_int_equal(proving.count, 0);
    OK(sign_tree(client, 13, &proving));
    OK(sign(client, (struct subtree){8, 12}, 0, &proving));
    signer_client_close(client);
    signer_stop(&signer);
    check_request(1, SIGNER_LAST, 0);
    check_request(2, SIGNER_TREE, 0);
    check_request(3, SIGNER_TREE, HASH_SIZE);
    check_request(4, SIGNER_SUBTREE, HASH_SIZE);
    check_asked(&proving, 0, 0, 8);
    check_asked(&proving, 1, 8, 12);
    assert_int_equal(proving.count, 2);
}

/* The signer knows another tree than what was signed here last: it is asked, and gets the proof from there. */
static void test_needs_another_proof(void **state)
{
    (void)state;
    struct proving proving = {.count = 0};
    signer.last_size = 5;
    START(ACT_LIST, ACT_LAST, ACT_SIGN, ACT_NEEDS_PROOF, ACT_LAST, ACT_SIGN);
    struct signer_client *client = open_client();
    OK(sign_tree(client, 8, &proving));
    OK(sign_tree(client, 13, &proving));
    signer_client_close(client);
    signer_stop(&signer);
    signer.last_size = 0;
    check_asked(&proving, 0, 0, 5);
    check_asked(&proving, 1, 0, 8);
    check_asked(&proving, 2, 0, 5);
    check_request(5, SIGNER_TREE, HASH_SIZE);
}

static void test_proof_does_not_help(void **state)
{
    (void)state;
    struct proving proving = {.count = 0};
    signer.last_size = 9;
    /* Twice is enough; and what a larger tree of the signer's says about this one nobody can prove. */
    START(ACT_LIST, ACT_LAST, ACT_NEEDS_PROOF, ACT_LAST, ACT_NEEDS_PROOF, ACT_LAST, ACT_NEEDS_PROOF, ACT_LAST, ACT_NEEDS_PROOF);
    struct signer_client *client = open_client();
    assert_says(sign_tree(client, 13, &proving), &err, STATUS_REFUSED, "as the script says");
    assert_int_equal(proving.count, 2);
    assert_says(sign_tree(client, 8, &proving), &err, STATUS_REFUSED, "as the script says");
    assert_int_equal(proving.count, 2);
    signer_client_close(client);
    signer_stop(&signer);
    signer.last_size = 0;
    assert_int_equal(signer.count, 9);
}

static void test_no_proof(void **state)
{
    (void)state;
    struct proving proving = {.status = STATUS_NOT_FOUND};
    signer.last_size = 5;
    START(ACT_LIST, ACT_LAST, ACT_LAST, ACT_NEEDS_PROOF, ACT_LAST, ACT_NEEDS_PROOF);
    struct signer_client *client = open_client();
    assert_says(sign_tree(client, 8, &proving), &err, STATUS_NOT_FOUND, "no proof from here");
    assert_says(sign_tree(client, 8, NULL), &err, STATUS_REFUSED, "as the script says");
    signer_client_close(client);
    signer_stop(&signer);
    signer.last_size = 0;
    check_request(3, SIGNER_TREE, 0);
}

static void test_bad_statements(void **state)
{
    (void)state;
    START(ACT_LIST, ACT_LAST, ACT_SIGN_BAD);
    struct signer_client *client = open_client();
    assert_says(sign_tree(client, 8, NULL), &err, STATUS_REFUSED, "what the signer gave");
    assert_int_equal(signature.len, 0);
    signer_client_close(client);
    signer_stop(&signer);
    /* An answer about the last tree that is none. */
    START(ACT_LIST, ACT_GARBAGE, ACT_REFUSE, ACT_LAST, ACT_SIGN);
    client = open_client();
    assert_says(sign_tree(client, 8, NULL), &err, STATUS_MALFORMED, "another version");
    assert_says(sign_tree(client, 8, NULL), &err, STATUS_REFUSED, "as the script says");
    OK(sign_tree(client, 8, NULL));
    signer_client_close(client);
    signer_stop(&signer);
}

static int set_up(void **state)
{
    (void)state;
    OK(algorithms_new(&algorithms, &err));
    ed25519 = algorithms_by_name(algorithms, bytes_of_text("ed25519"));
    OK(private_key_generate(ed25519, &key, &err));
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    signer_make(&signer, key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    signer_clear(&signer);
    builder_clear(&signature);
    private_key_free(key);
    algorithms_free(algorithms);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),         cmocka_unit_test(test_open_fails),
        cmocka_unit_test(test_wrong_key),    cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_bad_answers),  cmocka_unit_test(test_reconnects_once),
        cmocka_unit_test(test_no_answer),    cmocka_unit_test(test_signer_comes_back),
        cmocka_unit_test(test_trees),        cmocka_unit_test(test_needs_another_proof),
        cmocka_unit_test(test_proof_does_not_help), cmocka_unit_test(test_no_proof),
        cmocka_unit_test(test_bad_statements),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

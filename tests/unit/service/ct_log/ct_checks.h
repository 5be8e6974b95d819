/* ct_checks.h - what the tests of the CT log ask for again and again. */
#ifndef CATHAYA_TESTS_CT_CHECKS_H
#define CATHAYA_TESTS_CT_CHECKS_H

#include "unit/checks.h"

#include <stdio.h>

#include "codec/ct/sct_input.h"
#include "fakes/ct_world.h"
#include "merkle/proof.h"

static struct error err;
static struct ct_world *w;

static inline int set_up_suite(const struct ct_suite *suite)
{
    w = ct_world_new(suite);
    OK(ct_world_open(w, &err));
    return 0;
}

static inline int set_up_gm(void **state)
{
    (void)state;
    return set_up_suite(&ct_suite_gm);
}

static inline int set_up_intl(void **state)
{
    (void)state;
    return set_up_suite(&ct_suite_intl);
}

static inline int tear_down(void **state)
{
    (void)state;
    ct_world_free(w);
    return 0;
}

#define GM_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_gm, tear_down)
#define INTL_TEST(function) {#function " (intl)", function, set_up_intl, tear_down, NULL}

/* An SCT as it was answered; borrows from memory. */
struct promise {
    struct builder memory;
    struct sct sct;
    uint64_t index;
};

static inline void read_promise(struct ct_world_answer *answer, struct promise *out)
{
    if (answer->status != 200)
        print_message("%d %.*s\n", answer->status, (int)answer->body.len, (const char *)answer->body.data);
    assert_int_equal(answer->status, 200);
    builder_init(&out->memory, 65536);
    OK(ct_json_parse_sct(builder_view(&answer->body), &out->memory, &out->sct, &err));
    OK(sct_leaf_index(&out->sct, &out->index, &err));
    ct_world_forget(answer);
}

static inline void forget_promise(struct promise *promise)
{
    builder_clear(&promise->memory);
}

/* Submits, and gives the index; the SCT's time too where it is asked for. */
static inline uint64_t add_index(const struct ct_world_certificate *recipe, uint64_t *timestamp_ms)
{
    struct promise promise;
    read_promise(ct_world_add(w, recipe), &promise);
    uint64_t index = promise.index;
    if (timestamp_ms != NULL)
        *timestamp_ms = promise.sct.timestamp_ms;
    forget_promise(&promise);
    return index;
}

static inline void assert_refused(struct ct_world_answer *answer, int status, const char *reason)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "%.*s", (int)answer->body.len, (const char *)answer->body.data);
    if (answer->status != status || strstr(text, reason) == NULL)
        print_message("%d %s\n", answer->status, text);
    assert_int_equal(answer->status, status);
    assert_non_null(strstr(text, "\"error_message\""));
    assert_non_null(strstr(text, reason));
    ct_world_forget(answer);
}

static inline void assert_add_refused(const struct ct_world_certificate *recipe, int status, const char *reason)
{
    assert_refused(ct_world_add(w, recipe), status, reason);
}

static inline void get_head(struct tree_head *head)
{
    struct ct_world_answer *answer = ct_world_get(w, "get-sth", "");
    struct builder signature;
    struct digitally_signed value;
    builder_init(&signature, 1024);
    assert_int_equal(answer->status, 200);
    OK(ct_json_parse_sth(w->suite, builder_view(&answer->body), head, &signature, &err));
    OK(digitally_signed_parse(builder_view(&signature), &value, &err));
    OK(tree_head_verify(private_key_public(w->log_key), head, &value, &err));
    builder_clear(&signature);
    ct_world_forget(answer);
}

static inline uint64_t head_size(void)
{
    struct tree_head head;
    get_head(&head);
    return head.size;
}

/* Is this leaf at this index of the published tree? By get-proof-by-hash. */
static inline void assert_included(const struct leaf *leaf, uint64_t index)
{
    struct tree_head head;
    struct builder encoded, proof, query, body;
    struct hasher h;
    uint8_t hash[HASH_SIZE], root[HASH_SIZE];
    uint64_t found = UINT64_MAX;
    builder_init(&encoded, (size_t)1 << 20);
    builder_init(&proof, 65536);
    builder_init(&query, 1024);
    builder_init(&body, 1024);
    OK(hasher_init(&h, w->suite->hash, &err));
    OK(leaf_write(leaf, &encoded, &err));
    leaf_hash(&h, builder_view(&encoded), hash);
    get_head(&head);
    builder_text(&query, "hash=");
    text_write_base64(&body, BYTES_OF(hash));
    for (size_t i = 0; i < body.len; i++) { /* as clients escape it */
        if (strchr("+/=", body.data[i]) != NULL)
            builder_printf(&query, "%%%02X", body.data[i]);
        else
            builder_u8(&query, body.data[i]);
    }
    builder_printf(&query, "&tree_size=%llu%c", (unsigned long long)head.size, 0);
    struct ct_world_answer *answer = ct_world_get(w, "get-proof-by-hash", (const char *)query.data);
    assert_int_equal(answer->status, 200);
    OK(ct_json_parse_inclusion(builder_view(&answer->body), &found, &proof, &err));
    ct_world_forget(answer);
    assert_int_equal(found, index);
    OK(proof_evaluate_inclusion(&h, (struct subtree){0, head.size}, index, hash, builder_view(&proof), root, &err));
    assert_memory_equal(root, head.root, HASH_SIZE);
    hasher_clear(&h);
    builder_clear(&encoded);
    builder_clear(&proof);
    builder_clear(&query);
    builder_clear(&body);
}

#endif

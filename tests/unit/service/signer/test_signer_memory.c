#include "unit/checks.h"

#include <stdio.h>

#include "service/signer/signer_memory.h"

#define HEAD "cathaya-signer-memory v1\nkey AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define ROOT "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static struct error err;

static void reads_what_it_writes(void **state)
{
    (void)state;
    static struct signer_memory memory;
    struct builder again;
    builder_init(&again, 65536);
    const char *text = HEAD "tree oid/1.3.6.1.4.1.32473.1.0.1 0 " ROOT "\ntree log.example/a 18446744073709551615 " ROOT "\n";
    OK(signer_memory_parse(bytes_of_text(text), &memory, &err));
    assert_int_equal(memory.count, 2);
    assert_null(signer_memory_find(&memory, bytes_of_text("log.example")));
    assert_true(signer_memory_find(&memory, bytes_of_text("log.example/a"))->size == UINT64_MAX);
    signer_memory_write(&memory, &again);
    assert_bytes(builder_view(&again), bytes_of_text(text));
    builder_clear(&again);
}

static void refuses(void **state)
{
    (void)state;
    static struct signer_memory memory;
    static const char *const bad[] = {
        "", "cathaya-signer-memory v2\nkey AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "cathaya-signer-memory v1\n", "cathaya-signer-memory v1\nkey AAAA\n", HEAD "\n", HEAD "tree a 1 " ROOT,
        HEAD "tree a 01 " ROOT "\n", HEAD "tree  1 " ROOT "\n", HEAD "tree a 1 AAAA\n", HEAD "tree a 1 " ROOT " \n",
        HEAD "tree a 1 " ROOT "\ntree a 2 " ROOT "\n", HEAD "tree a 18446744073709551616 " ROOT "\n",
        HEAD "leaf a 1 " ROOT "\n", HEAD "tree \x01 1 " ROOT "\n",
    };
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (signer_memory_parse(bytes_of_text(bad[i]), &memory, &err) != STATUS_MALFORMED)
            fail_msg("row %zu was taken", i);
}

/* As many of the longest lines as there may be fit a record; one more does not parse. */
static void has_room(void **state)
{
    (void)state;
    static struct signer_memory memory;
    struct builder text;
    builder_init(&text, 32768);
    builder_text(&text, HEAD);
    for (unsigned i = 0; i <= SIGNER_MEMORY_LOGS_MAX; i++) {
        if (i == SIGNER_MEMORY_LOGS_MAX)
            OK(signer_memory_parse(builder_view(&text), &memory, &err));
        builder_printf(&text, "tree %0255u 18446744073709551615 " ROOT "\n", i);
        if (i + 1 == SIGNER_MEMORY_LOGS_MAX)
            OK(builder_status(&text, "record", &err));
    }
    assert_int_equal(signer_memory_parse(builder_view(&text), &memory, &err), STATUS_MALFORMED);
    builder_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

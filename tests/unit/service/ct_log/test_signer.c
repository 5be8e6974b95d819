/* A signer that cannot be reached, or refuses, for a while. */
#include "unit/service/ct_log/ct_checks.h"

static struct ct_signer inner;
static enum status failure;

static enum status sign_sct(void *context, struct bytes input, struct builder *out, struct error *error)
{
    return inner.sign_sct(context, input, out, error);
}

static enum status sign_tree_head(void *context, uint64_t timestamp_ms, uint64_t tree_size, const uint8_t root[HASH_SIZE],
                                  struct builder *out, struct error *error)
{
    if (failure != STATUS_OK)
        return error_set(error, failure, "the test says that the signer is away");
    return inner.sign_tree_head(context, timestamp_ms, tree_size, root, out, error);
}

static void put_between(void)
{
    failure = STATUS_OK;
    inner = w->config.signer;
    w->config.signer.sign_sct = sign_sct;
    w->config.signer.sign_tree_head = sign_tree_head;
    ct_world_restart(w);
}

static void a_tree_head_waits_for_the_signer(void **state)
{
    (void)state;
    put_between();
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    failure = STATUS_IO;
    fake_loop_run(w->loop, 45000);
    size_t told = fake_loop_event_count(w->loop, "ct-log-tree-head-not-refreshed");
    assert_in_range(told, 2, 5); /* every ten seconds, and no more often */
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-stopped"), 0);
    assert_int_equal(head_size(), 1);
    assert_true(ct_log_status(w->log).is_ready);
    failure = STATUS_OK;
    fake_loop_run(w->loop, 11000);
    assert_true(ct_log_status(w->log).tree_head_age_ms <= 11000);
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-tree-head-not-refreshed"), told);
}

/* Whatever it says, the submission was good: it is to come again, and is then the entry that it had become. */
static void a_batch_that_is_not_signed_may_come_again(void **state)
{
    (void)state;
    static const enum status failures[] = {STATUS_IO, STATUS_REFUSED};
    put_between();
    for (unsigned i = 0; i < 2; i++) {
        failure = failures[i];
        assert_add_refused(&(struct ct_world_certificate){.serial = i, .is_precertificate = true}, 503, "submit it again");
        failure = STATUS_OK;
        fake_loop_run(w->loop, 5000);
        assert_int_equal(fake_loop_event_count(w->loop, "ct-log-reopened"), i + 1);
        assert_int_equal(add_index(&(struct ct_world_certificate){.serial = i, .is_precertificate = true}, NULL), i);
        assert_int_equal(head_size(), i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GM_TEST(a_tree_head_waits_for_the_signer),
        INTL_TEST(a_batch_that_is_not_signed_may_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

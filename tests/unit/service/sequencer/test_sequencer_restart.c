/* The process ends at every single step of a scenario, and starts anew on what is durable: every request ends
 * with exactly one entry, the one that it was told of before. */
#include "unit/checks.h"

#include "fakes/sequencer_world.h"

static struct error err;

#define REQUESTS 12

static void submit_all(struct sequencer_world *sw, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        OK(sw_submit(sw, i, &err));
}

/* Requests come while the job before is under way; one mirror is slow, one refuses for a while. */
static bool play(struct sequencer_world *sw, unsigned steps)
{
    submit_all(sw, 0, 5);
    for (unsigned i = 0; i < steps; i++) {
        if (i == 10)
            submit_all(sw, 5, 9);
        if (i == 40)
            submit_all(sw, 9, REQUESTS);
        if (!fake_loop_step(sw->loop, 3000))
            return false;
    }
    return sw_issued_count(sw, 0, REQUESTS) < REQUESTS;
}

static void end_at_every_step(bool is_power_cut, unsigned lives)
{
    bool goes_on = true;
    for (unsigned steps = 1; goes_on && steps < 400; steps++) {
        struct sequencer_world *sw = sw_new();
        sw->mirrors[0].delay_ms = 20;
        sw->mirrors[1].delay_ms = 300;
        sw->profile.mirrors_min = 2;
        sw_start(sw);
        goes_on = play(sw, steps);
        sw_kill(sw, is_power_cut);
        for (unsigned life = 1; life < lives; life++) {
            sw_start(sw);
            submit_all(sw, 0, REQUESTS);
            for (unsigned i = 0; i < (steps * 7 + life * 11) % 60; i++)
                (void)fake_loop_step(sw->loop, 3000);
            sw_kill(sw, is_power_cut);
        }
        sw_start(sw);
        submit_all(sw, 0, REQUESTS); /* nobody knows what became of them, so all are asked for again */
        fake_loop_run(sw->loop, 60000);
        assert_int_equal(sw_issued_count(sw, 0, REQUESTS), REQUESTS);
        assert_int_equal(log_state(sw->w->log).size, REQUESTS);
        sw_check(sw, REQUESTS);
        world_audit(sw->w);
        sw_free(sw);
    }
    assert_false(goes_on);
}

static void killed_at_every_step(void **state)
{
    (void)state;
    end_at_every_step(false, 1);
}

static void without_power_at_every_step(void **state)
{
    (void)state;
    end_at_every_step(true, 1);
}

static void killed_again_and_again(void **state)
{
    (void)state;
    end_at_every_step(false, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_every_step),
        cmocka_unit_test(without_power_at_every_step),
        cmocka_unit_test(killed_again_and_again),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_end_keys();
    return failed;
}

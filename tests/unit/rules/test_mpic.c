#include "unit/checks.h"

#include "rules/mpic.h"

static struct error err;

#define MAR_2025 1741996800
#define MAR_2026 1773532800
#define JUN_2026 1781481600
#define DEC_2026 1797292800

static void dates(void **state)
{
    (void)state;
    static const struct { int64_t now_s; unsigned remote_min, rir_min; } rows[] = {
        {MAR_2025 - 1, 0, 0}, {MAR_2025, 2, 0}, {MAR_2026 - 1, 2, 0}, {MAR_2026, 3, 2}, {JUN_2026 - 1, 3, 2},
        {JUN_2026, 4, 2}, {DEC_2026 - 1, 4, 2}, {DEC_2026, 5, 2}, {4102444800, 5, 2},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct mpic_phase phase = mpic_phase_at(&mpic_quorum_br, rows[i].now_s);
        assert_int_equal(phase.remote_min, rows[i].remote_min);
        assert_int_equal(phase.rir_min, rows[i].rir_min);
    }
    static const unsigned allowed[] = {0, 0, 1, 1, 1, 1, 2, 2, 2};
    for (size_t i = 0; i < LENGTH(allowed); i++)
        assert_int_equal(mpic_refusals_max(&mpic_quorum_br, i), allowed[i]);
}

/* Each remote is a region's letter and a vote: + - or ? for none yet. */
static enum mpic_vote decide(const char *text, int64_t now_s)
{
    static const struct { char letter; const char *rir; } rirs[] = {
        {'A', "ARIN"}, {'R', "RIPE"}, {'P', "APNIC"}, {'L', "LACNIC"}, {'F', "AFRINIC"}};
    struct mpic_remote remotes[8];
    size_t count = 0;
    for (; text[2 * count] != '\0'; count++) {
        for (size_t i = 0; i < LENGTH(rirs); i++)
            if (rirs[i].letter == text[2 * count])
                remotes[count].rir = rirs[i].rir;
        char vote = text[2 * count + 1];
        remotes[count].vote = vote == '+' ? MPIC_CORROBORATES : vote == '-' ? MPIC_REFUSES : MPIC_OPEN;
    }
    return mpic_decide(&mpic_quorum_br, now_s, remotes, count);
}

static void decisions(void **state)
{
    (void)state;
    static const struct { const char *votes; int64_t now_s; enum mpic_vote want; } rows[] = {
        {"", MAR_2025 - 1, MPIC_CORROBORATES},
        {"", MAR_2025, MPIC_REFUSES},
        {"A+", MAR_2025, MPIC_REFUSES},
        {"A+A?", MAR_2025, MPIC_CORROBORATES},
        {"A+A-", MAR_2025, MPIC_CORROBORATES},
        {"A-A-", MAR_2025, MPIC_REFUSES},
        {"A-A?", MAR_2025, MPIC_OPEN},
        {"A+R+", MAR_2026, MPIC_REFUSES},
        {"A+R+P-", MAR_2026, MPIC_CORROBORATES},
        {"A+R-P-", MAR_2026, MPIC_REFUSES},
        {"A+A+A+", MAR_2026, MPIC_REFUSES},  /* one region */
        {"A+A+R?", MAR_2026, MPIC_OPEN},     /* enough, but the second region is to come */
        {"A+A+R-", MAR_2026, MPIC_REFUSES},  /* and now it cannot */
        {"A+A+R+", MAR_2026, MPIC_CORROBORATES},
        {"A+R+P+L+", DEC_2026, MPIC_REFUSES},
        {"A+R+P+L+F?", DEC_2026, MPIC_CORROBORATES},
        {"A+R+P+L?F?", DEC_2026, MPIC_OPEN},
        {"A+R+P+L-F-", DEC_2026, MPIC_REFUSES},
        {"A-R-P?L?F?", DEC_2026, MPIC_REFUSES},
        {"A+R+P+L+F-A-", DEC_2026, MPIC_CORROBORATES},
        {"A+R+P+L-F-A-", DEC_2026, MPIC_REFUSES},
        {"A+R+P+L+F?A?", DEC_2026, MPIC_CORROBORATES},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (decide(rows[i].votes, rows[i].now_s) != rows[i].want)
            fail_msg("%s at %lld", rows[i].votes, (long long)rows[i].now_s);
}

static void sets(void **state)
{
    (void)state;
    static const char *const rirs[] = {"ARIN", "ARIN", "ARIN", "ARIN", "RIPE"};
    OK(mpic_check_set(&mpic_quorum_br, rirs, 5, DEC_2026, &err));
    assert_says(mpic_check_set(&mpic_quorum_br, rirs, 4, DEC_2026, &err), &err, STATUS_USAGE, "wants 5 in 2");
    assert_says(mpic_check_set(&mpic_quorum_br, rirs, 4, JUN_2026, &err), &err, STATUS_USAGE, "4 remote perspectives in 1");
    assert_says(mpic_check_set(&mpic_quorum_br, rirs, 33, JUN_2026, &err), &err, STATUS_USAGE, "at most");
    assert_true(mpic_rir_is_known("APNIC"));
    assert_false(mpic_rir_is_known("apnic"));
}

/* A configuration's own rule: the demo's two. */
static void another_table(void **state)
{
    (void)state;
    static const struct mpic_phase phases[] = {{0, 2, 1}};
    static const struct mpic_allowance allowances[] = {{3, 1}};
    static const struct mpic_quorum quorum = {phases, 1, allowances, 1};
    struct mpic_remote two[] = {{"ARIN", MPIC_CORROBORATES}, {"ARIN", MPIC_OPEN}};
    assert_int_equal(mpic_decide(&quorum, DEC_2026, two, 2), MPIC_OPEN);
    two[1].vote = MPIC_CORROBORATES;
    assert_int_equal(mpic_decide(&quorum, DEC_2026, two, 2), MPIC_CORROBORATES);
    two[1].vote = MPIC_REFUSES;
    assert_int_equal(mpic_decide(&quorum, DEC_2026, two, 2), MPIC_REFUSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dates), cmocka_unit_test(decisions),
                                       cmocka_unit_test(sets), cmocka_unit_test(another_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

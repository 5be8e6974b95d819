#include "rules/mpic.h"

#include <string.h>

/* [BR 3.2.2.9], "Phased Implementation Timeline". From 2025-03-15 it may go on without a quorum; that is
 * not made use of. */
static const struct mpic_phase br_phases[] = {
    {1741996800, 2, 0}, /* 2025-03-15 */
    {1773532800, 3, 2}, /* 2026-03-15 */
    {1781481600, 4, 2}, /* 2026-06-15 */
    {1797292800, 5, 2}, /* 2026-12-15 */
};

/* [BR 3.2.2.9], "Quorum Requirements". */
static const struct mpic_allowance br_allowances[] = {{2, 1}, {6, 2}};

const struct mpic_quorum mpic_quorum_br = {
    br_phases, sizeof br_phases / sizeof br_phases[0],
    br_allowances, sizeof br_allowances / sizeof br_allowances[0],
};

struct mpic_phase mpic_phase_at(const struct mpic_quorum *quorum, int64_t now_s)
{
    struct mpic_phase phase = {.remote_min = 0};
    for (size_t i = 0; i < quorum->phase_count; i++)
        if (quorum->phases[i].from_s <= now_s)
            phase = quorum->phases[i];
    return phase;
}

unsigned mpic_refusals_max(const struct mpic_quorum *quorum, size_t remote_count)
{
    unsigned max = 0;
    for (size_t i = 0; i < quorum->allowance_count; i++)
        if (quorum->allowances[i].remote_from <= remote_count)
            max = quorum->allowances[i].refusals_max;
    return max;
}

bool mpic_rir_is_known(const char *rir)
{
    static const char *const known[] = {"ARIN", "RIPE", "APNIC", "LACNIC", "AFRINIC"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(rir, known[i]) == 0)
            return true;
    return false;
}

/* How many regions there are among those whose vote is in the set of bits. */
static unsigned count_regions(const struct mpic_remote *remotes, size_t count, unsigned votes)
{
    unsigned regions = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_new = (1U << remotes[i].vote & votes) != 0;
        for (size_t j = 0; is_new && j < i; j++)
            is_new = (1U << remotes[j].vote & votes) == 0 || strcmp(remotes[i].rir, remotes[j].rir) != 0;
        regions += is_new;
    }
    return regions;
}

enum mpic_vote mpic_decide(const struct mpic_quorum *quorum, int64_t now_s,
                           const struct mpic_remote *remotes, size_t count)
{
    struct mpic_phase phase = mpic_phase_at(quorum, now_s);
    unsigned votes[3] = {0}, refusals_max = mpic_refusals_max(quorum, count);
    for (size_t i = 0; i < count; i++)
        votes[remotes[i].vote]++;
    unsigned yes = 1U << MPIC_CORROBORATES, possible = yes | 1U << MPIC_OPEN;
    if (count < phase.remote_min || votes[MPIC_REFUSES] > refusals_max ||
        count_regions(remotes, count, possible) < phase.rir_min)
        return MPIC_REFUSES;
    if (votes[MPIC_REFUSES] + votes[MPIC_OPEN] <= refusals_max &&
        count_regions(remotes, count, yes) >= phase.rir_min)
        return MPIC_CORROBORATES;
    return MPIC_OPEN;
}

enum status mpic_check_set(const struct mpic_quorum *quorum, const char *const *rirs, size_t count,
                           int64_t now_s, struct error *err)
{
    struct mpic_phase phase = mpic_phase_at(quorum, now_s);
    struct mpic_remote remotes[MPIC_REMOTES_MAX];
    if (count > MPIC_REMOTES_MAX)
        return error_set(err, STATUS_USAGE, "%zu remote perspectives, at most %d", count, MPIC_REMOTES_MAX);
    for (size_t i = 0; i < count; i++)
        remotes[i] = (struct mpic_remote){rirs[i], MPIC_CORROBORATES};
    unsigned regions = count_regions(remotes, count, 1U << MPIC_CORROBORATES);
    if (count >= phase.remote_min && regions >= phase.rir_min)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE,
                     "%zu remote perspectives in %u regions: the quorum wants %u in %u [BR 3.2.2.9]", count,
                     regions, phase.remote_min, phase.rir_min);
}

#include "rules/client_match.h"

/* The suites that both have. GM ones in our order; of the others all are good, and the client knows its
 * hardware. */
size_t client_match_suites(const struct choice_client *client, enum tls_world world,
                           enum tls_key_family family, uint16_t out[CHOICE_SUITES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < client->suites.count && count < CHOICE_SUITES_MAX; i++) {
        uint16_t code = client->suites.codes[i];
        const struct tls_suite_name *row = tls_names_suite(code);
        if (row == NULL || row->openssl_name == NULL || row->world != world ||
            row->is_tls13 != client->has_tls13 || row->family != family ||
            tls_codes_contain((struct tls_codes){out, count}, code))
            continue;
        size_t at = count++;
        for (; world == TLS_WORLD_GM && at > 0 && out[at - 1] > code; at--)
            out[at] = out[at - 1];
        out[at] = code;
    }
    return count;
}

/* The best group of a class that the client has: one with a key share first, so that no round trip is lost
 * where nothing is gained. 0: none. */
static uint16_t find_group_of(const struct choice_client *client, enum tls_world world, bool is_hybrid)
{
    uint16_t without_share = 0;
    const struct tls_group_name *row;
    for (size_t i = 0; (row = tls_names_group_at(i)) != NULL; i++) {
        if (row->openssl_name == NULL || row->world != world || row->is_hybrid != is_hybrid ||
            !tls_codes_contain(client->groups, row->code))
            continue;
        if (!client->has_tls13 || tls_codes_contain(client->key_shares, row->code))
            return row->code;
        if (without_share == 0)
            without_share = row->code;
    }
    return without_share;
}

/* A hybrid group goes first even where it costs a HelloRetryRequest: who records the connection today must
 * not read it later. */
uint16_t client_match_group(const struct choice_client *client, enum tls_world world)
{
    uint16_t hybrid = client->has_tls13 ? find_group_of(client, world, true) : 0;
    return hybrid != 0 ? hybrid : find_group_of(client, world, false);
}

uint16_t client_match_scheme(const struct choice_client *client, struct tls_codes makes)
{
    for (size_t i = 0; i < makes.count; i++)
        if (tls_codes_contain(client->schemes, makes.codes[i]))
            return makes.codes[i];
    return 0;
}

static bool is_asked_for(const struct properties *properties, const struct tai *id)
{
    if (tai_equal(&properties->trust_anchor_id, id))
        return true;
    for (size_t i = 0; i < properties->group_count; i++)
        if (tai_pattern_contains(&properties->groups[i], id))
            return true;
    return false;
}

bool client_match_anchor(const struct choice_client *client, const struct properties *properties)
{
    if (!client->has_tls13 || !client->has_trust_anchors || properties == NULL)
        return false;
    for (size_t i = 0; i < client->trust_anchor_count; i++)
        if (client->trust_anchors[i].len > 0 &&
            is_asked_for(properties, &client->trust_anchors[i]))
            return true;
    return false;
}

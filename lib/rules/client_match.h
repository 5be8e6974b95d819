/* client_match.h - what a client's offer has in common with a world, a key or a trust anchor. Part of the
 * certificate choice. */
#ifndef CATHAYA_RULES_CLIENT_MATCH_H
#define CATHAYA_RULES_CLIENT_MATCH_H

#include "rules/certificate_choice.h"

/* client_match_suites gives the suites of a world and, in TLS 1.2, of a kind of key (TLS_KEY_ANY in TLS 1.3)
 * that the client offers and we serve, best first; returns how many. */
size_t client_match_suites(const struct choice_client *client, enum tls_world world,
                           enum tls_key_family family, uint16_t out[CHOICE_SUITES_MAX]);

/* client_match_group is the group of a world to use with this client; 0: there is none. */
uint16_t client_match_group(const struct choice_client *client, enum tls_world world);

/* client_match_scheme is the best of the schemes that a key makes which the client takes; 0: there is none. */
uint16_t client_match_scheme(const struct choice_client *client, struct tls_codes makes);

/* client_match_anchor says whether the client asks for a trust anchor ID or a group of these properties (NULL:
 * none) in TLS 1.3. */
bool client_match_anchor(const struct choice_client *client, const struct properties *properties);

#endif

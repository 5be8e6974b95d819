/* ca_session.h - what the `ca` commands have in common: --dir, --log, --algorithms, and an open CA. */
#ifndef CATHAYA_PROGRAMS_CA_CA_SESSION_H
#define CATHAYA_PROGRAMS_CA_CA_SESSION_H

#include "ca/ca_directory.h"
#include "options.h"
#include "output.h"

#define CA_SESSION_DIR {.name = "dir", .metavar = "DIR", .help = "the CA's directory", .is_required = true}
#define CA_SESSION_LOG {.name = "log", .metavar = "N", .help = "log number; the current one when absent"}
#define CA_SESSION_JSON {.name = "json", .help = "print JSON, one object a line"}
#define CA_SESSION_KEY \
    {.name = "key", .metavar = "NAME", .help = "a key that is there already: a file, a URI, or signer:SOCKET#KEYID"}
#define CA_SESSION_KEY_PROVIDER \
    {.name = "key-provider", .metavar = "MODULE", .help = "OpenSSL provider of the key's URI: path of its module"}

struct ca_session {
    struct algorithms *algorithms;
    struct ca_directory dir;
    bool is_json;
};

/* ca_session_open opens the CA that the options name. On failure it has printed why, and *exit_status
 * says what to exit with. ca_session_close follows in any case. */
MUST_USE bool ca_session_open(struct ca_session *session, const struct options *options,
                              enum ca_directory_access mode, int *exit_status);

/* ca_session_open in two steps, for a command that has its own answer to a CA that cannot be opened:
 * ca_session_start prints its failure, ca_session_try gives it. */
MUST_USE bool ca_session_start(struct ca_session *session, const struct options *options,
                               int *exit_status);
MUST_USE enum status ca_session_try(struct ca_session *session, const struct options *options,
                                    enum ca_directory_access mode, struct error *err);

/* ca_session_algorithms loads --algorithms alone, for commands that have no CA yet. */
MUST_USE bool ca_session_algorithms(struct ca_session *session, const struct options *options,
                                    int *exit_status);

/* ca_session_key reads --key and --key-provider; "" and "" when they are not given. A configuration file keeps them: what
 * is relative to where the command runs is made absolute. */
MUST_USE enum status ca_session_key(const struct options *options, struct ca_config_key *where, struct error *err);

/* ca_session_close closes, and makes of exit_status the final one. */
int ca_session_close(struct ca_session *session, int exit_status);

#endif

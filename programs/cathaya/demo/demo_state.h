/* demo_state.h - where the demo keeps its CAs: a directory that is given, or one that goes away. */
#ifndef CATHAYA_PROGRAMS_DEMO_DEMO_STATE_H
#define CATHAYA_PROGRAMS_DEMO_DEMO_STATE_H

#include "ca/ca_directory.h"

struct demo_state {
    char path[CA_DIRECTORY_PATH_MAX];
    bool is_temporary;
};

/* demo_state_open makes path, or a temporary directory when it is NULL. demo_state_close removes a
 * temporary one with all that is in it. */
MUST_USE enum status demo_state_open(struct demo_state *state, const char *path, struct error *err);
void demo_state_close(struct demo_state *state);

#endif

/* registry_command.h - what the commands that keep a registry have in common: opening it, one change, and what lint says of the change. */
#ifndef CATHAYA_PROGRAM_REGISTRY_REGISTRY_COMMAND_H
#define CATHAYA_PROGRAM_REGISTRY_REGISTRY_COMMAND_H

#include "options.h"
#include "registry/registry_directory.h"
#include "registry/registry_lint.h"

#define REGISTRY_COMMAND_NAME_SIZE 160

struct registry_command {
    const struct options *options;
    struct algorithms *algorithms;
    struct registry_directory *directory;
    int64_t at_s;
    char day[24];          /* of at_s: "2026-02-01" */
    struct builder before; /* findings there were before the change, a line each */
    struct builder judged; /* files of which no finding about the thing itself may stay, a line each */
};

/* A thing of a command line: "roots/example-r1", or "registry" for registry.conf. */
struct registry_target {
    enum registry_kind kind;
    const char *id; /* borrowed of the argument; "" of the program */
    char conf[REGISTRY_COMMAND_NAME_SIZE], pem[REGISTRY_COMMAND_NAME_SIZE];
};

/* Options that each of these commands has: --registry DIR and --at DAY. */
#define REGISTRY_COMMAND_REGISTRY {.name = "registry", .metavar = "DIR", .is_required = true, .help = "the registry's directory"}
#define REGISTRY_COMMAND_AT {.name = "at", .metavar = "DAY", .help = "the day that counts, 2026-02-01 or a time; today when it is not given"}

/* registry_command_open reads --at and opens the registry; is_new starts one. registry_command_close follows in any case. */
enum registry_command_mode { REGISTRY_COMMAND_LOOK, REGISTRY_COMMAND_CHANGE, REGISTRY_COMMAND_NEW };
MUST_USE enum status registry_command_open(struct registry_command *c, const struct options *options, enum registry_command_mode mode,
                                           struct error *err);
void registry_command_close(struct registry_command *c);

/* registry_command_target takes an argument apart; is_there: the file has to be in the registry, or must not. */
MUST_USE enum status registry_command_target(const struct registry_command *c, const char *argument, bool is_there,
                                             struct registry_target *out, struct error *err);

/* registry_command_judge: what this file is about shall be trusted, so that what lint has found of the thing itself before counts as new. */
void registry_command_judge(struct registry_command *c, const struct registry_target *target);

/* registry_command_finish checks and writes the change, prints done (NULL: the caller prints JSON, and findings are not printed), and what lint finds that it did not find before. is_refusing:
 * new errors, and more findings than can be looked through, refuse the change: they are printed, nothing is written, and the exit status is EXIT_NO. */
MUST_USE int registry_command_finish(struct registry_command *c, bool is_refusing, const char *done);

/* registry_command_suppose accepts, in memory alone, what has been applied for: of one thing, or (NULL) of all. Nothing may be written
 * afterwards. STATUS_NOT_FOUND when nothing waits. */
MUST_USE enum status registry_command_suppose(struct registry_command *c, const struct registry_target *target, struct error *err);

/* registry_command_fail prints err and gives the exit status. */
MUST_USE int registry_command_fail(const struct error *err);

/* registry_command_print prints a finding in two lines: what, and what to do. */
void registry_command_print(const struct registry_finding *finding);

#endif

/* config_file.h - configuration in libconfuse's block syntax: errors with file and line, and the
 * `algorithm` blocks that every configuration may have. */
#ifndef CATHAYA_PROGRAM_CONFIG_FILE_H
#define CATHAYA_PROGRAM_CONFIG_FILE_H

#include <confuse.h>

#include "algorithms_file.h"

/* config_file_parse reads a file by a table of options. STATUS_USAGE, with file and line, for whatever
 * is wrong. cfg_free(*out) follows, also after a failure unless *out is NULL. */
MUST_USE enum status config_file_parse(const char *path, cfg_opt_t *options, cfg_t **out,
                                       struct error *err);

/* config_file_locate puts the file, and the line of the setting or block that the reason begins with
 * (`profile "gm-mtc": lifetime: 1 to 5`), in front of the reason of a failure, and returns status. cfg: of
 * the file, or NULL. */
enum status config_file_locate(const char *path, cfg_t *cfg, enum status status, struct error *err);

/* config_file_base writes the directory of a configuration, where its relative paths begin. STATUS_USAGE: longer than size. */
MUST_USE enum status config_file_base(const char *path, char *out, size_t size, struct error *err);

/* config_file_path writes a path that a setting names: a relative one begins at base. "" stays "". STATUS_USAGE: too
 * long. */
MUST_USE enum status config_file_path(const char *base, const char *value, char *out, size_t size, struct error *err);

/* config_file_algorithms is the row of a table of options for `algorithm` blocks. */
#define CONFIG_FILE_ALGORITHMS \
    CFG_SEC("algorithm", config_file_algorithm_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)
extern cfg_opt_t config_file_algorithm_options[];

/* config_file_add_algorithms gives every `algorithm` block to add. */
MUST_USE enum status config_file_add_algorithms(const char *path, cfg_t *cfg,
                                                algorithms_file_add *add, void *context,
                                                struct error *err);

#endif

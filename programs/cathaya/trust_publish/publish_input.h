/* publish_input.h - what a version is made of, from files: the registry, its log of website identities, its pages. */
#ifndef CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_INPUT_H
#define CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_INPUT_H

#include "registry/registry_lint.h"
#include "trust_publish/publish_config.h"

struct publish_input;

/* publish_input_read reads all of it as it is now. STATUS_USAGE with file and line for what cannot be read; STATUS_REFUSED for what
 * a bundle cannot say. config must outlive it. publish_input_free later; NULL is fine. */
MUST_USE enum status publish_input_read(const struct publish_config *config, int64_t now_s, struct publish_input **out,
                                        struct error *err);
void publish_input_free(struct publish_input *input);

/* publish_input_get borrows it for a build. */
const struct trust_publisher_input *publish_input_get(const struct publish_input *input);

/* publish_input_report is what lint says of the registry on that day; publish_input_left_out, how many MTC CAs are not in the
 * bundle because their rules cannot be met. */
const struct registry_report *publish_input_report(const struct publish_input *input);
size_t publish_input_left_out(const struct publish_input *input);

#endif

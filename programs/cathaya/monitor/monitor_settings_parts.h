/* monitor_settings_parts.h - the parts of the configuration. Inside programs/cathaya/monitor. */
#ifndef CATHAYA_PROGRAM_MONITOR_MONITOR_SETTINGS_PARTS_H
#define CATHAYA_PROGRAM_MONITOR_MONITOR_SETTINGS_PARTS_H

#include <confuse.h>

#include "monitor/monitor_settings.h"

extern cfg_opt_t monitor_settings_log_options[];

/* monitor_settings_read_log reads a `log` block, monitor_settings_read_list all logs of a list. */
MUST_USE enum status monitor_settings_read_log(struct monitor_settings *settings, cfg_t *section, struct error *err);
MUST_USE enum status monitor_settings_read_list(struct monitor_settings *settings, const char *name, struct error *err);
void monitor_settings_free_log(struct monitor_settings_log *log);

extern cfg_opt_t monitor_settings_trust_options[];
MUST_USE enum status monitor_settings_read_trust(struct monitor_settings *settings, cfg_t *section, struct error *err);
void monitor_settings_free_trust(struct monitor_settings_trust *trust);

/* monitor_settings_is_url: http: or https:, without a slash at the end, shorter than size. */
bool monitor_settings_is_url(const char *text, size_t size);

#endif

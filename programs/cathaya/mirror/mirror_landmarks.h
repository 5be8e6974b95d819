/* mirror_landmarks.h - fetching the landmarks of mirrored logs from their CAs, from time to time, for the mirror to judge and
 * to serve. */
#ifndef CATHAYA_PROGRAM_MIRROR_MIRROR_LANDMARKS_H
#define CATHAYA_PROGRAM_MIRROR_MIRROR_LANDMARKS_H

#include "adapters/event_loop/event_loop.h"
#include "mirror/mirror_config.h"

struct mirror_landmarks;

/* Everything is borrowed. */
MUST_USE enum status mirror_landmarks_new(const struct mirror_config_file *config, struct event_loop *loop, struct mirror *mirror,
                                          const struct events_port *events, struct mirror_landmarks **out, struct error *err);

/* mirror_landmarks_run fetches now, and again after each interval, for the CAs that have a prefix-url. */
void mirror_landmarks_run(struct mirror_landmarks *landmarks);

/* mirror_landmarks_stop ends that, with what is under way. */
void mirror_landmarks_stop(struct mirror_landmarks *landmarks);

/* mirror_landmarks_free: NULL is fine. */
void mirror_landmarks_free(struct mirror_landmarks *landmarks);

#endif

/* view.h - what `inspect` found, as one tree of names and values: printed for people or as JSON. */
#ifndef CATHAYA_PROGRAM_VIEW_H
#define CATHAYA_PROGRAM_VIEW_H

#include <jansson.h>

#include "base/bytes.h"

/* Setters: `at` is an object, name is snake_case and lives as long as the call. Texts may hold
 * anything; numbers above 2^53 become text, as a double cannot hold them. */
void view_text(json_t *at, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void view_bytes(json_t *at, const char *name, struct bytes value); /* as hex */
void view_number(json_t *at, const char *name, uint64_t value);
void view_time(json_t *at, const char *name, int64_t epoch_s);
void view_flag(json_t *at, const char *name, bool value);

/* view_object and view_list make a member and lend it; view_item appends an object to a list. */
json_t *view_object(json_t *at, const char *name);
json_t *view_list(json_t *at, const char *name);
json_t *view_item(json_t *list);

/* view_add appends a text to a list. */
void view_add(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* view_print prints for people: names aligned, lists and objects indented, long hex in lines. */
void view_print(const json_t *object);

#endif

/* object_store.h - where the objects of a log are kept: tiles, entry bundles, staged batches.
 *
 * Trust: untrusted for truth (whatever is read is checked against the record's root), trusted for
 * durability: what was put before a successful sync is there after any crash.
 */
#ifndef CATHAYA_PORTS_OBJECT_STORE_H
#define CATHAYA_PORTS_OBJECT_STORE_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

/* Names are relative paths of [a-z0-9._/-]; no empty, "." or ".." component. */
#define OBJECT_NAME_MAX 120

/* object_name_is_valid says whether a name is one of those, with at most OBJECT_NAME_MAX bytes. */
static inline bool object_name_is_valid(const char *name)
{
    size_t len = 0, part = 0, dots = 0;
    for (; len <= OBJECT_NAME_MAX && name[len] != '\0'; len++) {
        char c = name[len];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (c == '/' && (part == 0 || (part == dots && part <= 2)))
            return false;
        if (c != '/' && c != '.' && !is_plain)
            return false;
        part = c == '/' ? 0 : part + 1;
        dots = c == '/' ? 0 : dots + (c == '.');
    }
    return len <= OBJECT_NAME_MAX && part > 0 && !(part == dots && part <= 2);
}

struct object_store {
    void *context;

    /* put makes or replaces the object; readers see the old or the new whole, never a part. After a
     * crash without sync it may be old, new, empty or torn, also when the process died long before
     * the machine did: what an earlier process put without sync is made durable by putting it again. */
    enum status (*put)(void *context, const char *name, struct bytes value, struct error *err);

    /* get appends the object's bytes. STATUS_NOT_FOUND when there is none, STATUS_LIMIT when it is
     * longer than the builder allows. */
    enum status (*get)(void *context, const char *name, struct builder *out, struct error *err);

    /* remove deletes the object; STATUS_NOT_FOUND when there is none. Not durable before sync. */
    enum status (*remove)(void *context, const char *name, struct error *err);

    /* list calls each for every object whose name starts with prefix, which ends in '/', in no order,
     * and stops at the first status that is not STATUS_OK. each may remove the object it is called
     * for, and nothing else. */
    enum status (*list)(void *context, const char *prefix,
                        enum status (*each)(void *each_context, const char *name,
                                            struct error *err),
                        void *each_context, struct error *err);

    /* sync makes every put and remove so far durable. After a failure the store is unusable: what is
     * on disk is unknown, and a second sync could claim success for lost data. */
    enum status (*sync)(void *context, struct error *err);
};

#endif

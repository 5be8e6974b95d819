#include "tiled_tree/object_path.h"

#include <string.h>

#include "base/builder.h"

void object_path(const char *folder, uint64_t number, char out[OBJECT_PATH_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, OBJECT_PATH_SIZE);
    builder_printf(&b, "%s/", folder);
    uint64_t unit = 1;
    while (number / unit >= 1000)
        unit *= 1000;
    for (; unit > 1; unit /= 1000)
        builder_printf(&b, "x%03u/", (unsigned)(number / unit % 1000));
    builder_printf(&b, "%03u", (unsigned)(number % 1000));
    builder_u8(&b, '\0');
}

bool object_path_parse(const char *folder, const char *name, uint64_t *number)
{
    size_t len = strlen(folder);
    if (strncmp(name, folder, len) != 0 || name[len] != '/')
        return false;
    uint64_t value = 0;
    for (const char *at = name + len + 1; *at != '\0'; at++) {
        if (*at == 'x' || *at == '/')
            continue;
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return false;
    }
    /* There is one spelling per number, so writing it again decides. */
    char again[OBJECT_PATH_SIZE];
    object_path(folder, value, again);
    *number = value;
    return strcmp(again, name) == 0;
}

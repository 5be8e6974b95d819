#include <stdarg.h>
#include <stdio.h>

#include "service/acme/acme_frame.h"

/* Long enough for what was seen, from where, and what to do; longer texts are cut. */
#define DETAIL_SIZE 1024

/* A cut may be in the middle of a letter, and a name of somebody else's may be in the text: what JSON
 * cannot hold becomes '?'. */
static json_t *text_json(char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(text);
}

json_t *acme_problem_make(int status, const char *type, const char *format, va_list arguments)
{
    char full_type[128], detail[DETAIL_SIZE];
    (void)snprintf(full_type, sizeof full_type, ACME_PROBLEM_PREFIX "%s", type);
    (void)vsnprintf(detail, sizeof detail, format, arguments);
    json_t *problem = json_object();
    (void)json_object_set_new(problem, "type", json_string(full_type));
    (void)json_object_set_new(problem, "detail", text_json(detail));
    if (status != 0)
        (void)json_object_set_new(problem, "status", json_integer(status));
    return problem;
}

json_t *acme_problem_new(int status, const char *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *problem = acme_problem_make(status, type, format, arguments);
    va_end(arguments);
    return problem;
}

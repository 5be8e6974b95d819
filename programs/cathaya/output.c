#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

/* The longest line that is printed through a format: a path, a reason, and room. */
#define LINE_MAX_SIZE 16384

static bool is_progress_shown;

static void *allocate_or_end(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL) {
        static const char text[] = "cathaya: out of memory\n";
        if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
            _exit(EXIT_SURROUNDINGS);
        _exit(EXIT_SURROUNDINGS);
    }
    return memory;
}

void output_start(void)
{
    json_set_alloc_funcs(allocate_or_end, free);
    /* A message goes out in one piece: others may write into the same file. */
    (void)setvbuf(stderr, NULL, _IOLBF, LINE_MAX_SIZE);
}

int output_finish(int status)
{
    output_progress_end();
    errno = 0;
    bool is_lost = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (!is_lost || errno == EPIPE)
        return status;
    output_error("cannot write to stdout: %s", errno != 0 ? strerror(errno) : "output was lost");
    return output_worse(status, EXIT_SURROUNDINGS);
}

enum exit_status output_exit_status(enum role role, enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EXIT_YES;
    case STATUS_USAGE:
        return EXIT_WRONG_USAGE;
    case STATUS_NO_MEMORY:
        return EXIT_SURROUNDINGS;
    case STATUS_IO:
        return role == ROLE_NEEDED ? EXIT_WRONG_USAGE : EXIT_SURROUNDINGS;
    default:
        return role == ROLE_OBJECT ? EXIT_NO : EXIT_WRONG_USAGE;
    }
}

/* How many bytes at text are one printable character; 0: none is. */
static size_t printable_len(const char *text)
{
    size_t left = strnlen(text, 4);
    for (size_t len = 1; len <= left; len++)
        if (text_is_printable_utf8(bytes_of(text, len)))
            return len;
    return 0;
}

static void print_clean(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t len = printable_len(text);
        if (len > 0) {
            (void)fwrite(text, 1, len, out);
            text += len;
        } else {
            (void)fprintf(out, "\\x%02x", (unsigned char)*text++);
        }
    }
}

static void print_format(FILE *out, const char *before, const char *format, va_list values)
    __attribute__((format(printf, 3, 0)));

static void print_format(FILE *out, const char *before, const char *format, va_list values)
{
    static char line[LINE_MAX_SIZE];
    (void)vsnprintf(line, sizeof line, format, values);
    (void)fputs(before, out);
    print_clean(out, line);
    (void)fputc('\n', out);
}

void output_error(const char *format, ...)
{
    va_list values;
    output_progress_end();
    /* What was said before on stdout comes before, also where both go into one file. */
    (void)fflush(stdout);
    va_start(values, format);
    print_format(stderr, "cathaya: ", format, values);
    va_end(values);
}

int output_failure(enum role role, const struct error *err)
{
    output_error("%s", err->text);
    return (int)output_exit_status(role, err->status);
}

void output_line(const char *format, ...)
{
    va_list values;
    output_progress_end();
    va_start(values, format);
    print_format(stdout, "", format, values);
    va_end(values);
}

void output_lines(const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        output_line("%.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

void output_json_text(json_t *object, const char *name, const char *text)
{
    json_t *value = json_string(text);
    if (value == NULL) {
        char *clean = NULL;
        size_t len = 0;
        FILE *memory = open_memstream(&clean, &len);
        if (memory != NULL) {
            print_clean(memory, text);
            (void)fclose(memory);
        }
        value = json_stringn(clean != NULL ? clean : "", len);
        free(clean);
    }
    json_object_set_new(object, name, value);
}

void output_json(json_t *value)
{
    output_progress_end();
    (void)json_dumpf(value, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(value);
}

void output_progress(const char *format, ...)
{
    va_list values;
    if (!isatty(STDERR_FILENO))
        return;
    (void)fputs("\r\033[K", stderr);
    va_start(values, format);
    (void)vfprintf(stderr, format, values);
    va_end(values);
    (void)fflush(stderr);
    is_progress_shown = true;
}

void output_progress_end(void)
{
    if (!is_progress_shown)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    is_progress_shown = false;
}

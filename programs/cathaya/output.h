/* output.h - what the program says: lines and JSON on stdout, errors and progress on stderr, and the
 * exit status. */
#ifndef CATHAYA_PROGRAM_OUTPUT_H
#define CATHAYA_PROGRAM_OUTPUT_H

#include <jansson.h>

#include "base/status.h"

enum exit_status {
    EXIT_YES = 0,          /* yes, or done */
    EXIT_NO = 1,           /* the answer is no: something is wrong with the object that is judged */
    EXIT_WRONG_USAGE = 2,  /* wrong usage, or a file that the judgement needs cannot be read */
    EXIT_SURROUNDINGS = 3  /* disk, network, permission, memory */
};

/* What a failure is about decides what it means. */
enum role {
    ROLE_OBJECT, /* the thing that is judged, or done */
    ROLE_NEEDED, /* a file that the judgement needs: --ca, --policy, configuration */
    ROLE_STATE   /* what the program keeps and writes: a CA's directory */
};

/* output_start comes first in main. output_finish comes last: it writes what is left, and gives the
 * exit status, which becomes EXIT_SURROUNDINGS when output was lost for another reason than that
 * the reader went away. */
void output_start(void);
int output_finish(int status);

/* output_exit_status is what a status means for a thing of that role. */
enum exit_status output_exit_status(enum role role, enum status status);

/* output_worse is the exit status of two things done one after the other. */
static inline int output_worse(int a, int b)
{
    return a > b ? a : b;
}

/* output_error prints "cathaya: text" on stderr: what, where and what to do. */
void output_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* output_failure prints err as an error and gives the exit status. */
int output_failure(enum role role, const struct error *err);

/* output_line prints a line on stdout. Here and above control characters, and bytes that are not
 * UTF-8, are written as \xNN: names in certificates and files are somebody else's. */
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* output_lines prints a text of several lines so, line by line. */
void output_lines(const char *text);

/* output_json prints a value in one line, and takes it. Memory that json_* functions do not get ends
 * the program, so their results need no check. */
void output_json(json_t *value);

/* output_json_text sets a member to a text of somebody else's: bytes that are not UTF-8 become
 * \xNN. */
void output_json_text(json_t *object, const char *name, const char *text);

/* output_progress shows a line that replaces the one before, only when stderr is a terminal;
 * output_progress_end removes it. */
void output_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void output_progress_end(void);

#endif

/* text_columns.h - how wide a text is on a terminal, where a Chinese character takes two columns: lines of words in two
 * languages stand one below the other. */
#ifndef CATHAYA_PROGRAM_JUDGING_TEXT_COLUMNS_H
#define CATHAYA_PROGRAM_JUDGING_TEXT_COLUMNS_H

#include <stddef.h>

/* text_columns is the width of UTF-8 text by [UAX11]: 2 for wide and fullwidth characters, 0 for marks that combine, 1 for all
 * others, and for bytes that are not UTF-8. */
size_t text_columns(const char *text);

/* text_columns_pad is how many blanks bring a text to so many columns; at least min. */
size_t text_columns_pad(const char *text, size_t columns, size_t min);

#endif

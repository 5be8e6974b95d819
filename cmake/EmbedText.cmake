# cmake -DTEXT=FILE -DNAME=FUNCTION -DHEADER=FILE.h -DOUT=FILE.c -P EmbedText.cmake: a C function that gives the bytes of a file.
file(READ "${TEXT}" hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
get_filename_component(shown "${TEXT}" NAME)
file(WRITE "${OUT}" "/* Made of ${shown}. */\n#include \"${HEADER}\"\n\nstatic const uint8_t text[] = {\n${hex}};\n\n"
  "struct bytes ${NAME}(void)\n{\n    return BYTES_OF(text);\n}\n")

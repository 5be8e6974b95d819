# llhttp, the HTTP/1.1 parser: a libllhttp where there is one, else its C source, which Debian ships in
# node-llhttp. Strict, and without our warnings: the source is generated.
if(TARGET llhttp)
  return()
endif()

find_library(LLHTTP_LIBRARY llhttp)
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp)
find_path(LLHTTP_SOURCE_DIR NAMES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
if(NOT LLHTTP_INCLUDE_DIR OR NOT (LLHTTP_LIBRARY OR LLHTTP_SOURCE_DIR))
  message(FATAL_ERROR "llhttp is missing: install node-llhttp (Debian 12) or libllhttp-dev")
endif()

if(LLHTTP_LIBRARY)
  add_library(llhttp UNKNOWN IMPORTED)
  set_target_properties(llhttp PROPERTIES IMPORTED_LOCATION "${LLHTTP_LIBRARY}")
else()
  add_library(llhttp STATIC "${LLHTTP_SOURCE_DIR}/api.c" "${LLHTTP_SOURCE_DIR}/http.c"
    "${LLHTTP_SOURCE_DIR}/llhttp.c")
  target_compile_options(llhttp PRIVATE -w -fvisibility=hidden)
  if(CATHAYA_SANITIZE)
    target_compile_options(llhttp PRIVATE -fsanitize=address)
  endif()
  # The header says which of its numbers exist: its users must agree.
  target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
endif()
target_include_directories(llhttp SYSTEM INTERFACE "${LLHTTP_INCLUDE_DIR}")
if(NOT LLHTTP_LIBRARY)
  target_include_directories(llhttp SYSTEM PRIVATE "${LLHTTP_INCLUDE_DIR}")
endif()

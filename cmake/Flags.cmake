# One interface target carries the warnings and the hardening that every file is built with.
add_library(cathaya_flags INTERFACE)
target_compile_options(cathaya_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
  -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings -Werror=implicit-function-declaration
  -fstack-protector-strong -fvisibility=hidden -fno-strict-overflow)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(cathaya_flags INTERFACE -fstack-clash-protection -fcf-protection -Wlogical-op)
endif()
if(CATHAYA_WERROR)
  target_compile_options(cathaya_flags INTERFACE -Werror)
endif()
target_compile_definitions(cathaya_flags INTERFACE _GNU_SOURCE)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(cathaya_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
target_link_options(cathaya_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
if(CATHAYA_SANITIZE)
  target_compile_options(cathaya_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(cathaya_flags INTERFACE -fsanitize=address,undefined)
endif()
if(CATHAYA_FUZZ)
  target_compile_options(cathaya_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The private static OpenSSL >= 4.0 that scripts/get-openssl put in place.
set(CATHAYA_OPENSSL_PREFIX "${PROJECT_SOURCE_DIR}/build/deps/openssl" CACHE PATH "prefix of OpenSSL >= 4.0")
if(NOT EXISTS "${CATHAYA_OPENSSL_PREFIX}/include/openssl/opensslv.h")
  message(FATAL_ERROR "no OpenSSL in ${CATHAYA_OPENSSL_PREFIX}: run scripts/get-openssl, or `make build`, which does")
endif()

add_library(cathaya_crypto INTERFACE)
target_include_directories(cathaya_crypto SYSTEM INTERFACE "${CATHAYA_OPENSSL_PREFIX}/include")
# Symbols stay inside: a program may also load a library that uses the system's own OpenSSL.
target_link_options(cathaya_crypto INTERFACE -Wl,--exclude-libs,ALL)
target_link_libraries(cathaya_crypto INTERFACE "${CATHAYA_OPENSSL_PREFIX}/lib/libcrypto.a" z zstd dl pthread)

add_library(cathaya_ssl INTERFACE)
target_link_libraries(cathaya_ssl INTERFACE "${CATHAYA_OPENSSL_PREFIX}/lib/libssl.a" cathaya_crypto)

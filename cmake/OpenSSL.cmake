# The private static OpenSSL >= 4.0 that scripts/get-openssl put in place.
set(CATHAYA_OPENSSL_PREFIX "${PROJECT_SOURCE_DIR}/build/deps/openssl" CACHE PATH "prefix of OpenSSL >= 4.0")
if(NOT EXISTS "${CATHAYA_OPENSSL_PREFIX}/include/openssl/opensslv.h")
  message(FATAL_ERROR "no OpenSSL in ${CATHAYA_OPENSSL_PREFIX}: run scripts/get-openssl, or `make build`, which does")
endif()

# Imported, so that CMake knows that libssl comes before libcrypto on every link line.
add_library(openssl_crypto STATIC IMPORTED)
set_target_properties(openssl_crypto PROPERTIES
  IMPORTED_LOCATION "${CATHAYA_OPENSSL_PREFIX}/lib/libcrypto.a"
  INTERFACE_INCLUDE_DIRECTORIES "${CATHAYA_OPENSSL_PREFIX}/include"
  INTERFACE_LINK_LIBRARIES "z;zstd;dl;pthread")
add_library(openssl_ssl STATIC IMPORTED)
set_target_properties(openssl_ssl PROPERTIES
  IMPORTED_LOCATION "${CATHAYA_OPENSSL_PREFIX}/lib/libssl.a"
  INTERFACE_LINK_LIBRARIES openssl_crypto)

# Symbols stay inside: a program may also load a library that uses the system's own OpenSSL.
# Not ALL: the sanitizers are archives too, and have to replace malloc for the C library.
add_library(cathaya_crypto INTERFACE)
target_link_options(cathaya_crypto INTERFACE -Wl,--exclude-libs,libcrypto.a:libssl.a)
target_link_libraries(cathaya_crypto INTERFACE openssl_crypto)

add_library(cathaya_ssl INTERFACE)
target_link_libraries(cathaya_ssl INTERFACE openssl_ssl cathaya_crypto)

# A provider of the tests' own (tests/provider), with an Ed25519 key of nettle's: libcurl4-gnutls-dev brings it.
cathaya_package(HOGWEED hogweed nettle-dev)
add_library(cathayatest_provider MODULE "${PROJECT_SOURCE_DIR}/tests/provider/cathayatest.c")
# The headers alone: what loads it has its own libcrypto.
target_include_directories(cathayatest_provider SYSTEM PRIVATE $<TARGET_PROPERTY:cathaya_crypto,INTERFACE_INCLUDE_DIRECTORIES>
  $<TARGET_PROPERTY:cathaya_crypto,INTERFACE_SYSTEM_INCLUDE_DIRECTORIES>)
target_compile_options(cathayatest_provider PRIVATE -Wall -Wextra -fvisibility=hidden)
target_link_libraries(cathayatest_provider PRIVATE PkgConfig::HOGWEED)
set_target_properties(cathayatest_provider PROPERTIES PREFIX "" OUTPUT_NAME cathayatest)
cathaya_unit_test(crypto key_uri)
target_compile_definitions(test_crypto_key_uri PRIVATE PROVIDER="$<TARGET_FILE:cathayatest_provider>")
add_dependencies(test_crypto_key_uri cathayatest_provider)
cathaya_unit_test(crypto certificate_key)

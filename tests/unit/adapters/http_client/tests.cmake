add_library(fake_loopback_server STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/loopback_server.c"
  "${PROJECT_SOURCE_DIR}/tests/fakes/loopback_certificates.c")
target_include_directories(fake_loopback_server PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_loopback_server PUBLIC layer_tls)
cathaya_unit_test(adapters/http_client curl_fetch fake_loopback_server)

# A server with a real store, and clients that sign.
add_library(fake_acme STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/acme_world.c" "${PROJECT_SOURCE_DIR}/tests/fakes/acme_client.c")
target_include_directories(fake_acme PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_acme PUBLIC layer_service_acme layer_adapters_sqlite cmocka)

foreach(name acme_account acme_frame acme_limits)
  cathaya_unit_test(service/acme ${name} fake_acme)
endforeach()

# From the order to the certificate.
cathaya_unit_test(service/acme acme_names)
cathaya_unit_test(service/acme acme_order_text)
foreach(name acme_certificate acme_challenge acme_finalize acme_order)
  cathaya_unit_test(service/acme ${name} fake_acme)
endforeach()

# The role on a disk that forgets, with an ACME server that outlives it.
add_library(fake_acme_ca STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/fake_acme_ca.c")
target_include_directories(fake_acme_ca PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_acme_ca PUBLIC layer_service_site_certificates fake_network)
foreach(name life crash trouble)
  cathaya_unit_test(service/site_certificates ${name} fake_acme_ca fake_log_world)
endforeach()
cathaya_unit_test(service/site_certificates site_time)

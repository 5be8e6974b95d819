# A network that the tests write.
add_library(fake_network STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/fake_timer.c"
  "${PROJECT_SOURCE_DIR}/tests/fakes/fake_resolver.c" "${PROJECT_SOURCE_DIR}/tests/fakes/fake_fetch.c"
  "${PROJECT_SOURCE_DIR}/tests/fakes/fake_tls_probe.c")
target_include_directories(fake_network PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_network PUBLIC cathaya_flags layer_base layer_ports)

foreach(name caa_walk dns_methods http_01 tls_alpn_01)
  cathaya_unit_test(service/validation ${name} fake_network)
endforeach()
cathaya_unit_test(service/validation http_url)
foreach(name mpic_validator perspective)
  cathaya_unit_test(service/validation ${name} fake_network)
endforeach()

# The resolver against real name servers on loopback: nsd with signed zones, pebble-challtestsrv without.
add_executable(dns_resolve "${CMAKE_CURRENT_LIST_DIR}/resolve.c")
target_link_libraries(dns_resolve PRIVATE layer_adapters_dns)
add_test(NAME e2e/dns COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_dns.py")
set_tests_properties(e2e/dns PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
  ENVIRONMENT "CATHAYA_DNS_RESOLVE=$<TARGET_FILE:dns_resolve>")

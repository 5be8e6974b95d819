include("${CMAKE_CURRENT_LIST_DIR}/upstream_tests.cmake")
# The client's side and the core.
foreach(name forward proxy_state proxy_http1 proxy_listeners proxy_tls)
  cathaya_unit_test(adapters/proxy ${name})
endforeach()

# What scripts/bench-gateway runs: certificates of every kind, a load client, a server that is nothing but OpenSSL, a backend that
# costs nothing, and a slow link.
set(gateway_bench_folder "${CMAKE_CURRENT_LIST_DIR}")
function(cathaya_gateway_bench name)
  list(TRANSFORM ARGN PREPEND "${gateway_bench_folder}/")
  add_executable(${name} EXCLUDE_FROM_ALL ${ARGN})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/bench")
  target_link_libraries(${name} PRIVATE cathaya_flags)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endfunction()
cathaya_gateway_bench(cathaya-bench-certificates bench_certificates.c bench_made.c ../mtc_sample.c ../bench_kinds.c)
target_link_libraries(cathaya-bench-certificates PRIVATE layer_rules layer_tls)
cathaya_gateway_bench(cathaya-tls-load tls_load.c tls_load_options.c tls_load_report.c tls_load_wire.c ../load/load_time.c)
target_link_libraries(cathaya-tls-load PRIVATE layer_tls)
cathaya_gateway_bench(cathaya-bench-browser bench_browser.c bench_made.c tls_load_wire.c tls_load_report.c ../load/load_time.c
  ../mtc_sample.c ../bench_kinds.c)
target_link_libraries(cathaya-bench-browser PRIVATE layer_rules layer_tls)
cathaya_gateway_bench(cathaya-tls-reference tls_reference.c)
target_link_libraries(cathaya-tls-reference PRIVATE layer_tls)
cathaya_gateway_bench(cathaya-bench-backend bench_backend.c)
cathaya_gateway_bench(cathaya-bench-link bench_link.c)
add_custom_target(cathaya-gateway-bench DEPENDS cathaya-bench-certificates cathaya-bench-browser cathaya-tls-load cathaya-tls-reference
  cathaya-bench-backend cathaya-bench-link)

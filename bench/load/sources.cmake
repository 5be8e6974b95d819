# cathaya-acme-load: many ACME clients at once, and what a CA needs to validate them. scripts/bench-acme runs it.
add_executable(cathaya-acme-load EXCLUDE_FROM_ALL
  load/acme_load.c load/lean_http.c load/load_csr.c load/load_options.c load/load_result.c load/load_time.c load/load_world.c)
target_include_directories(cathaya-acme-load PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(cathaya-acme-load PRIVATE cathaya_flags layer_codec layer_tls layer_service_acme_client
  layer_adapters_event_loop)
set_target_properties(cathaya-acme-load PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

target_sources(cathaya_program PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/cmd_perspective_run.c ${CMAKE_CURRENT_LIST_DIR}/perspective_config.c
  ${CMAKE_CURRENT_LIST_DIR}/../service/dns_config.c)
target_link_libraries(cathaya_program PRIVATE layer_service_validation layer_adapters_http_client
  layer_adapters_tls_client layer_adapters_dns layer_adapters_posix)

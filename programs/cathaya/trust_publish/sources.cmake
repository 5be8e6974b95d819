set(trust_publish ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE
  ${trust_publish}/cmd_trust_build.c ${trust_publish}/cmd_trust_keygen.c ${trust_publish}/cmd_trust_serve.c
  ${trust_publish}/distributor.c ${trust_publish}/publish_config.c ${trust_publish}/publish_identity_log.c ${trust_publish}/publish_input.c
  ${trust_publish}/publish_report.c ${trust_publish}/publish_service.c)
target_link_libraries(cathaya_program PRIVATE layer_service_trust_publisher layer_registry layer_registry_page
  layer_adapters_event_loop layer_adapters_http_server layer_adapters_http_client)

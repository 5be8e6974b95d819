set(fetch ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE ${fetch}/cmd_fetch.c ${fetch}/fetch_connection.c ${fetch}/fetch_exchange.c
  ${fetch}/fetch_identity.c ${fetch}/fetch_json.c ${fetch}/fetch_report.c ${fetch}/fetch_trust.c)
target_link_libraries(cathaya_program PRIVATE layer_tls layer_adapters_http1 layer_service_validation)

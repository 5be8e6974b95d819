target_sources(cathaya_program PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/classic_directory.c ${CMAKE_CURRENT_LIST_DIR}/classic_responder.c ${CMAKE_CURRENT_LIST_DIR}/classic_root.c
  ${CMAKE_CURRENT_LIST_DIR}/cmd_ca_classic_crl.c ${CMAKE_CURRENT_LIST_DIR}/cmd_ca_classic_init.c)
target_link_libraries(cathaya_program PRIVATE layer_service_classic_issuer layer_adapters_sqlite)

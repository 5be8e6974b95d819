# What a CA that runs as a service has beside the commands.
target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/mtc_ca_port.c)
target_link_libraries(cathaya_program PRIVATE layer_service_sequencer layer_service_cosigning)

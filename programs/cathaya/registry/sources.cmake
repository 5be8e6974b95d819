set(registry ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE ${registry}/registry_directory.c)
target_link_libraries(cathaya_program PRIVATE layer_registry)

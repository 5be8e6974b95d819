target_sources(cathaya_program PRIVATE "${CMAKE_CURRENT_LIST_DIR}/inspect_ct.c")
target_link_libraries(cathaya_program PRIVATE layer_ct_json)

set(trust ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE ${trust}/trust_directory.c)

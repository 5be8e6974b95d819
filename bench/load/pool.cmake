# The pool of a CA without ACME: the service's own wiring, so all of the program but its main. Included by programs/, where
# the program's libraries are known.
get_target_property(program_sources cathaya_program SOURCES)
list(FILTER program_sources EXCLUDE REGEX "/main\\.c$")
list(TRANSFORM program_sources PREPEND "${PROJECT_SOURCE_DIR}/programs/" REGEX "^cathaya/")
add_executable(cathaya-pool-load EXCLUDE_FROM_ALL "${CMAKE_CURRENT_LIST_DIR}/pool_load.c" "${CMAKE_CURRENT_LIST_DIR}/load_time.c" ${program_sources})
target_include_directories(cathaya-pool-load PRIVATE "${PROJECT_SOURCE_DIR}/programs/cathaya" "${PROJECT_SOURCE_DIR}/bench")
target_compile_definitions(cathaya-pool-load PRIVATE CATHAYA_VERSION="${PROJECT_VERSION}")
get_target_property(program_libraries cathaya_program LINK_LIBRARIES)
target_link_libraries(cathaya-pool-load PRIVATE ${program_libraries})
set_target_properties(cathaya-pool-load PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

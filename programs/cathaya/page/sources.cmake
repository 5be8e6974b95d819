# The public pages of a root program.
set(page ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE ${page}/cmd_trust_page.c ${page}/page_published.c)
target_link_libraries(cathaya_program PRIVATE layer_registry_page)

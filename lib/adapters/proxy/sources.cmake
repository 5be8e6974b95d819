# The client's side and the core; the backends' side and HTTP/2 are in upstream.cmake.
set(proxy_upstream_sources "")
include("${CMAKE_CURRENT_LIST_DIR}/upstream.cmake" OPTIONAL)
cathaya_layer(adapters/proxy deadline.c forward.c name_table.c proxy_state.c ${proxy_upstream_sources})

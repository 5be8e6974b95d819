# The client's side and the core; the backends' side and HTTP/2 are in upstream.cmake.
set(proxy_upstream_sources "")
set(proxy_upstream_libraries "")
include("${CMAKE_CURRENT_LIST_DIR}/upstream.cmake" OPTIONAL)
cathaya_layer(adapters/proxy access_log.c address_counts.c client.c client_handshake.c client_io.c client_site.c client_time.c deadline.c
  forward.c h2_client.c http1_answer.c http1_begin.c http1_client.c listen_address.c listener.c name_table.c
  proxy.c proxy_listeners.c proxy_orders.c proxy_state.c tunnel.c worker.c ${proxy_upstream_sources})
target_link_libraries(layer_adapters_proxy PUBLIC ${proxy_upstream_libraries})

# The backends' side.
set(proxy_upstream_sources backend.c proxy_protocol.c
  upstream.c upstream_answer.c upstream_connection.c upstream_pool.c upstream_request.c)

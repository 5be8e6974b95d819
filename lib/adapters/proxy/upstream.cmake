# The backends' side, and HTTP/2.
cathaya_package(NGHTTP2 libnghttp2 libnghttp2-dev)
set(proxy_upstream_sources backend.c proxy_protocol.c health.c
  upstream.c upstream_answer.c upstream_connection.c upstream_pool.c upstream_request.c
  h2_answer.c h2_frames.c h2_session.c h2_stream.c)
set(proxy_upstream_libraries PkgConfig::NGHTTP2)

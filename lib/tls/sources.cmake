# TLS on OpenSSL: one file a line.
set(tls_sources
  classic_certificate.c
  classic_chain.c
  classic_sct.c
  memory_handshake.c
  proof_name.c
  tls_context.c
  tls_stream.c
  trust_anchors.c
)

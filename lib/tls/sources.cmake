# TLS on OpenSSL: one file a line.
set(tls_sources
  classic_certificate.c
  classic_chain.c
  classic_path.c
  classic_sct.c
  credential_chain.c
  credential_key.c
  credential_ocsp.c
  memory_handshake.c
  peer_trust.c
  proof_name.c
  tls_context.c
  tls_credential.c
  tls_sites.c
  tls_stream.c
  trust_anchors.c
)

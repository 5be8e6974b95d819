# What a TLS server sends to be believed: certificates, SCTs, an OCSP response.
cathaya_fuzz_target(peer_verify layer_tls)
cathaya_fuzz_target(peer_path layer_tls)

cathaya_fuzz_target(ocsp layer_codec)

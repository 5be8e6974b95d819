foreach(name jwk jws)
  cathaya_fuzz_target(${name} layer_jose)
endforeach()

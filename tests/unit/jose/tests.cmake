foreach(name jwk jws)
  cathaya_unit_test(jose ${name})
endforeach()

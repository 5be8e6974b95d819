foreach(name http_server http_limits static_files https)
  cathaya_unit_test(adapters/http_server ${name})
endforeach()

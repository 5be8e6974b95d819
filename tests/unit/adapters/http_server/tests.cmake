foreach(name http_server)
  cathaya_unit_test(adapters/http_server ${name})
endforeach()

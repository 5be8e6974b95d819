foreach(name request_parser response_parser)
  cathaya_unit_test(adapters/http1 ${name})
endforeach()

# The client against the real server in memory, with a wire in between that can do harm. (fake_acme has a client of its
# own, for the server's tests; nothing of it is used here.)
cathaya_unit_test(service/acme_client acme_client fake_acme)
cathaya_unit_test(service/acme_client client_answer)

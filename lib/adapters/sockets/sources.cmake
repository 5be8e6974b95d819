cathaya_layer(adapters/sockets socket_address.c)

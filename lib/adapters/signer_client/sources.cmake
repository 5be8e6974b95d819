cathaya_layer(adapters/signer_client signer_client.c signer_socket.c)

"""How an answer leaves: the pipeline, delivery, the servers. The only place with sockets."""

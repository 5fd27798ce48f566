"""The only input and output: the API server, Prometheus, the gateways."""

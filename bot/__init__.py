"""The edge: the only folder that awaits, opens sockets and reads the clock."""

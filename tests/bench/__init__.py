"""What `make bench` measures; every figure is made by running the product."""

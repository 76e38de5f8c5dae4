module penstock/benchmarks/peers

go 1.19
